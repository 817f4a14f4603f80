// SPDX-License-Identifier: MIT

#include "fuzz/generator/mutator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <set>
#include <vector>

#include "fuzz/generator/change_check.h"
#include "fuzz/generator/generator.h"
#include "fuzz/harness/sha1.h"
#include "fuzz/harness/stats.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/oracle.h"
#include "tests/random_case.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

using Buffer = std::array<uint8_t, 1024>;

// Runs `steps` mutations, each on the previous result, and calls `see` with
// each result.
template <class See>
void Chain(uint64_t seed, int steps, size_t max_size,
           const PagingModeFilter& filter, Tables tables, See see) {
  Buffer buffer{};
  size_t size = 0;
  for (int i = 0; i < steps; ++i) {
    size = Mutate({buffer.data(), max_size}, size,
                  WrappingAdd(seed, static_cast<uint64_t>(i)), filter, tables,
                  nullptr);
    ASSERT_LE(size, max_size);
    see(std::span<const uint8_t>(buffer.data(), size));
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(MutatorTest, WritesCanonicalCases) {
  for (const Tables tables :
       {Tables::kWellFormed, Tables::kRaw, Tables::kChanging}) {
    Chain(1, Budget(50'000), 1024, PagingModeFilter(), tables,
          [](std::span<const uint8_t> bytes) {
            const Case c = Decode(bytes);
            ASSERT_FALSE(c.empty());
            Buffer reread;
            ASSERT_EQ(Encode(c, reread), bytes.size());
            ASSERT_TRUE(std::equal(bytes.begin(), bytes.end(), reread.begin()));
          });
  }
}

// For tables without changes, the results are today's, byte for byte, and they
// stay without changes.
TEST(MutatorTest, OutputForQuietTablesDoesNotChange) {
  const auto digest = [](Tables tables) {
    std::vector<uint8_t> all;
    for (uint64_t seed = 0; seed < 20'000; seed += 16) {
      Chain(seed, 16, 640, PagingModeFilter(), tables,
            [&all](std::span<const uint8_t> bytes) {
              const Case c = Decode(bytes);
              ASSERT_TRUE(c.concurrent.empty());
              all.insert(all.end(), bytes.begin(), bytes.end());
            });
    }
    return Sha1Hex(all);
  };
  EXPECT_EQ(digest(Tables::kWellFormed),
            "3e340af70390b970d4f40304ca5b300d2bbcdcf5");
  EXPECT_EQ(digest(Tables::kRaw), "08a32687ddef689b810929c78620a721222de1fd");
}

// Cases that only kernel code distinguishes are few, and all kinds of them are
// among them.
TEST(MutatorTest, NamesFailures) {
  constexpr int kCases = Budget(40'000);
  int refused = 0;
  int inaccessible = 0;
  int longterm = 0;
  std::map<PageKind, int> kinds;
  std::map<References, int> references;
  Chain(5, kCases, kMaxEncodedSize, PagingModeFilter(), Tables::kWellFormed,
        [&](std::span<const uint8_t> bytes) {
          const Case c = Decode(bytes);
          for (const PageRange& pages : c.pages) ++kinds[pages.kind];
          for (const Request& request : c.requests) {
            longterm += request.longterm;
            refused += request.refused.has_value();
            inaccessible += request.inaccessible.has_value();
            ++references[request.references];
          }
        });
  EXPECT_GE(refused, kCases / 200);
  EXPECT_GE(inaccessible, kCases / 200);
  EXPECT_GE(longterm, kCases / 200);
  EXPECT_GE(kinds.size(), kPageKindCount - 1);
  for (const auto& [kind, count] : kinds) {
    if (kind != PageKind::kAnonymous) EXPECT_GE(count, kCases / 500);
  }
  EXPECT_GE(references[References::kGet], kCases / 200);
  EXPECT_GE(references[References::kPin], kCases / 200);
  EXPECT_GE(references[References::kEach], kCases / 2);
}

// Cases with each attribute of each architecture that has it are few, and all
// kinds of them are among them.
TEST(MutatorTest, DrawsAttributes) {
  constexpr int kCases = 20'000;
  struct Minimum {
    const char* mode;
    LeafState state;
    Level level;
  };
  for (const Minimum& minimum : {
           Minimum{"x86-64/4", {.special = true}, Level::kPmd},
           Minimum{"x86-64/4", {.special = true}, Level::kPud},
           Minimum{"x86-64/4", {.kernel = true}, Level::kPte},
           Minimum{"x86-64/5", {.kernel = true}, Level::kPmd},
           Minimum{"x86-64/5", {.kernel = true}, Level::kPud},
           Minimum{"x86-64/4", {.noexec = true}, Level::kPte},
           Minimum{"x86-64/4", {.pwt = true}, Level::kPmd},
           Minimum{"x86-64/4", {.pcd = true}, Level::kPte},
           Minimum{"x86-64/4", {.pat = true}, Level::kPmd},
           Minimum{"x86-64/5", {.pat = true}, Level::kPud},
           Minimum{"x86-64/5", {.key = 1}, Level::kPte},
           Minimum{"arm64-16k/3", {.kernel = true}, Level::kPte},
           Minimum{"arm64-16k/4", {.exec = true}, Level::kPmd},
           Minimum{"arm64-16k/3", {.contiguous = true}, Level::kPte},
           Minimum{"s390/3", {.noexec = true}, Level::kPte},
           Minimum{"s390/5", {.noexec = true}, Level::kPud},
       }) {
    const LeafState& wanted = minimum.state;
    int found = 0;
    int others = 0;
    Chain(6, kCases, kMaxEncodedSize, *PagingModeFilter::Parse(minimum.mode),
          Tables::kWellFormed, [&](std::span<const uint8_t> bytes) {
            const Case c = Decode(bytes);
            bool has = false;
            for (const TableOp& op : c.setup) {
              has |= op.kind == TableOp::Kind::kMap &&
                     op.level == minimum.level &&
                     (wanted.key != 0
                          ? op.state.key != 0 && c.pkru != 0
                          : AttributesOf(op.state) == AttributesOf(wanted)) &&
                     op.state.special == wanted.special;
            }
            ++(has ? found : others);
          });
    EXPECT_GE(found, kCases / 400) << minimum.mode << ' ' << Describe(wanted);
    EXPECT_GE(others, kCases / 2) << minimum.mode << ' ' << Describe(wanted);
  }
}

// By the shares of docs/format.md.
TEST(MutatorTest, DrawsPagingModesByTheirShares) {
  std::map<std::string, int> modes;
  constexpr int kCases = 4'096;
  for (int seed = 0; seed < kCases; ++seed) {
    Buffer buffer{};
    const size_t size = Mutate(buffer, 0, static_cast<uint64_t>(seed),
                               PagingModeFilter(), Tables::kRaw, nullptr);
    ++modes[Name(Decode(std::span(buffer).first(size)).mode)];
  }
  EXPECT_EQ(modes.size(), kAllPagingModes.size());
  EXPECT_NEAR(modes["s390/3"], kCases / 4, kCases / 32);
  EXPECT_NEAR(modes["s390/5"], kCases * 24 / 256, kCases / 32);
  EXPECT_NEAR(modes["x86-64/5"], kCases * 12 / 256, kCases / 64);
}

// Even if the bytes contain a change: for a target without changes, one such
// input would soon become many.
TEST(MutatorTest, QuietTablesStayQuiet) {
  int changing = 0;
  Chain(3, 2'000, kMaxEncodedSize, PagingModeFilter(), Tables::kChanging,
        [&](std::span<const uint8_t> bytes) {
          const Case c = Decode(bytes);
          if (c.concurrent.empty()) return;
          ++changing;
          const auto as_they_are = [](uint8_t* /*data*/, size_t size,
                                      size_t /*max_size*/) { return size; };
          for (const Tables tables : {Tables::kWellFormed, Tables::kRaw}) {
            for (uint64_t seed = 0; seed < 64; ++seed) {
              Buffer buffer{};
              std::copy(bytes.begin(), bytes.end(), buffer.begin());
              const size_t size =
                  Mutate(buffer, bytes.size(), seed, PagingModeFilter(), tables,
                         as_they_are);
              ASSERT_TRUE(
                  Decode(std::span(buffer).first(size)).concurrent.empty());
            }
          }
        });
  EXPECT_GT(changing, 1'000);
}

TEST(MutatorTest, KeepsToTheRequestedPagingModes) {
  for (const char* only : {"s390/2", "s390/3", "s390/4", "s390/5"}) {
    const PagingModeFilter filter = *PagingModeFilter::Parse(only);
    for (const Tables tables : {Tables::kWellFormed, Tables::kChanging}) {
      Chain(2, 5'000, 1024, filter, tables,
            [only](std::span<const uint8_t> bytes) {
              ASSERT_EQ(Name(Decode(bytes).mode), only);
            });
    }
  }
}

TEST(MutatorTest, FitsTheBuffer) {
  for (const Tables tables : {Tables::kWellFormed, Tables::kChanging}) {
    for (size_t max_size = 0; max_size < 720; ++max_size) {
      Chain(max_size, 40, max_size, PagingModeFilter(), tables,
            [max_size](std::span<const uint8_t> bytes) {
              ASSERT_TRUE(max_size == 0 || !Decode(bytes).empty()) << max_size;
            });
    }
  }
}

TEST(MutatorTest, DependsOnlyOnTheSeed) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    for (const Tables tables : {Tables::kWellFormed, Tables::kChanging}) {
      std::vector<std::vector<uint8_t>> runs[2];
      for (auto& run : runs) {
        Chain(seed, 200, 640, PagingModeFilter(), tables,
              [&run](std::span<const uint8_t> bytes) {
                run.emplace_back(bytes.begin(), bytes.end());
              });
      }
      EXPECT_EQ(runs[0], runs[1]);
    }
  }
}

TEST(MutatorTest, WordsThatLinuxWouldNotWriteAreRare) {
  int poked = 0;
  int raw_poked = 0;
  const auto count = [](int& counter) {
    return [&counter](std::span<const uint8_t> bytes) {
      const Case c = Decode(bytes);
      for (const TableOp& record : c.setup) {
        if (record.kind == TableOp::Kind::kPoke ||
            record.kind == TableOp::Kind::kPokeControl) {
          ++counter;
          return;
        }
      }
    };
  };
  // Each from an empty input, so that pokes do not accumulate.
  for (uint64_t seed = 0; seed < 20'000; ++seed) {
    Chain(seed, 1, 640, PagingModeFilter(), Tables::kWellFormed, count(poked));
    Chain(seed, 1, 640, PagingModeFilter(), Tables::kRaw, count(raw_poked));
  }
  EXPECT_LT(poked, 200);
  EXPECT_GT(poked, 20);
  EXPECT_EQ(raw_poked, 20'000);
}

// The results of a run of cases with changes.
struct ChangingRun {
  int cases = 0;
  int changing = 0;
  int several = 0;     // with more changes than one
  int comparable = 0;  // of those that change
  int impossible = 0;
  int requests = 0;
  int met = 0;      // ... with a change during the walk
  int dropped = 0;  // ... that return less than there was at the start
  // Comparable cases by kinds that they have.
  std::map<TableOp::Kind, int> kinds;
  // Operations by what they wait for.
  std::map<Moment, int> moments;
};

ChangingRun RunChanging(const PagingMode& mode, int cases) {
  ChangingRun run;
  Oracle oracle;
  const PagingModeFilter filter = *PagingModeFilter::Parse(Name(mode));
  const auto see = [&](std::span<const uint8_t> bytes) {
    const Case c = Decode(bytes);
    ++run.cases;
    if (c.concurrent.empty()) return;
    ++run.changing;
    run.several += c.concurrent.size() > 1;
    const Verdict& verdict = oracle.Judge(c, WalkSet::Of(kStaticLockless),
                                          Waivers::kExpectedFailures);
    ASSERT_FALSE(verdict.finding.has_value()) << ToText(c);
    run.impossible += verdict.inconclusive >= Inconclusive::kFreesPages;
    if (verdict.kind == Verdict::Kind::kInconclusive) return;
    ++run.comparable;
    std::set<TableOp::Kind> kinds;
    for (const ConcurrentOp& op : c.concurrent) {
      kinds.insert(op.kind);
      ++run.moments[op.moment];
    }
    for (const TableOp::Kind kind : kinds) ++run.kinds[kind];
    for (const RequestVerdict& request : verdict.requests) {
      if (request.inconclusive != Inconclusive::kNo) continue;
      const WalkVerdict& walk = request.walks[IndexOf(kStaticLockless)];
      ++run.requests;
      run.met += walk.changes > 0;
      run.dropped += walk.pages < request.pages;
    }
  };
  for (int i = 0; i < cases; i += 8) {
    Chain(static_cast<uint64_t>(i), 8, kMaxEncodedSize, filter,
          Tables::kChanging, see);
  }
  return run;
}

// Minimum results for cases with changes, in every paging mode.
TEST(MutatorTest, ReachesTheMinimumForChanges) {
  for (const PagingMode& mode : kAllPagingModes) {
    SCOPED_TRACE(Name(mode));
    ChangingRun run = RunChanging(mode, Budget(40'000));
    EXPECT_EQ(run.cases, Budget(40'000));
    EXPECT_GE(run.changing, run.cases * 95 / 100);
    EXPECT_LT(run.changing, run.cases);
    EXPECT_GE(run.several, run.changing * 25 / 100);
    EXPECT_GE(run.comparable, run.changing * 85 / 100);
    // The oracle also gets some operations that Linux never does.
    EXPECT_GE(run.impossible, run.changing / 100);
    EXPECT_GE(run.met, run.requests * 35 / 100);
    EXPECT_GE(run.dropped, run.requests * 14 / 100);
    EXPECT_GE(run.moments[Moment::kRead], run.comparable * 30 / 100);
    EXPECT_GE(run.moments[Moment::kGrab], run.comparable * 10 / 100);
    EXPECT_GE(run.moments[Moment::kPte], run.comparable / 100);
    EXPECT_GE(run.moments[Moment::kPmd], run.comparable / 100);
    for (const TableOp::Kind kind : kConcurrentKinds) {
      const bool unshares = kind == TableOp::Kind::kUnshare;
      if ((kind == TableOp::Kind::kUpgrade && !InfoOf(mode).can_upgrade) ||
          (unshares && !InfoOf(mode).shares_tables)) {
        EXPECT_LE(run.kinds[kind], 10) << Name(kind);
      } else {
        const int share = run.comparable * (unshares ? 1 : 2) / 100;
        // Sanitized builds run a tenth of the cases.
        EXPECT_GE(run.kinds[kind], kAddressSanitizer ? share * 2 / 3 : share)
            << Name(kind);
      }
    }
  }
}

// A long run meets everything that Linux never does.
TEST(MutatorTest, MakesImpossibleChanges) {
  // And kNo.
  constexpr size_t kAll = static_cast<size_t>(Inconclusive::kUpgradesNothing) -
                          static_cast<size_t>(Inconclusive::kFreesPages) + 2;
  ChangeCheck check;
  std::set<Inconclusive> met;
  for (uint64_t seed = 0; seed < 400'000; seed += 8) {
    Chain(seed, 8, kMaxEncodedSize, PagingModeFilter(), Tables::kChanging,
          [&](std::span<const uint8_t> bytes) {
            met.insert(check.Ask(Decode(bytes)));
          });
    if (met.size() == kAll) break;
  }
  EXPECT_EQ(met.size(), kAll);
}

// Its answers match the oracle's.
TEST(ChangeCheckTest, MatchesTheOracle) {
  ChangeCheck check;
  Oracle oracle;
  RandomCase random(4);
  int impossible = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Case c = random.Next();
    const Verdict& verdict = oracle.Judge(c, WalkSet(), Waivers::kNone);
    const bool malformed =
        verdict.inconclusive >= Inconclusive::kMalformedWord &&
        verdict.inconclusive <= Inconclusive::kMalformedControl;
    const Inconclusive answer = check.Ask(c);
    EXPECT_EQ(answer, malformed ? Inconclusive::kNo : verdict.inconclusive)
        << ToText(c);
    impossible += answer != Inconclusive::kNo;
  }
  EXPECT_GT(impossible, 1000);
}

// Minimum results for random cases, in each paging mode with a folded level.
TEST(GeneratorTest, ReachesTheMinimum) {
  for (const uint8_t levels : std::initializer_list<uint8_t>{2, 3, 4}) {
    const PagingMode mode{ArchId::kS390, levels};
    Rng rng(levels);
    Generator generator(rng, InfoOf(mode));
    Oracle oracle;
    constexpr int kCases = Budget(50'000);
    int returned = 0;
    int returned_two = 0;
    int crossed = 0;
    int both_sides = 0;
    for (int i = 0; i < kCases; ++i) {
      const Case c = generator.DrawCase();
      const Verdict& verdict =
          oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
      ASSERT_FALSE(verdict.finding.has_value()) << ToText(c);
      bool did[4] = {};
      for (const RequestVerdict& request : verdict.requests) {
        did[0] |= request.pages >= 1;
        did[1] |= request.pages >= 2;
        did[2] |= request.crosses_folded;
        did[3] |= request.both_sides;
      }
      returned += did[0];
      returned_two += did[1];
      crossed += did[2];
      both_sides += did[3];
    }
    EXPECT_GE(returned, kCases * 60 / 100) << Name(mode);
    EXPECT_GE(returned_two, kCases * 40 / 100) << Name(mode);
    EXPECT_GE(crossed, kCases * 20 / 100) << Name(mode);
    EXPECT_GE(both_sides, kCases * 5 / 100) << Name(mode);
  }
}

TEST(GeneratorTest, ReachesEveryCell) {
  std::vector<bool> reached(Cells().size());
  Oracle oracle;
  for (const PagingMode& mode : kAllPagingModes) {
    if (!InfoOf(mode).built) continue;
    Rng rng(7);
    Generator generator(rng, InfoOf(mode));
    for (int i = 0; i < 150'000; ++i) {
      const Verdict& verdict =
          oracle.Judge(generator.DrawCase(), WalkSet(), Waivers::kNone);
      for (const RequestVerdict& request : verdict.requests) {
        if (request.cell.has_value()) reached[*request.cell] = true;
      }
    }
  }
  for (size_t i = 0; i < reached.size(); ++i) {
    EXPECT_TRUE(reached[i]) << Describe(Cells()[i]);
  }
}

TEST(PagingModeFilterTest, Parse) {
  const PagingMode two{ArchId::kS390, 2};
  const PagingMode three{ArchId::kS390, 3};
  EXPECT_TRUE(PagingModeFilter().Allows(two));
  EXPECT_TRUE(PagingModeFilter::Parse("s390/3")->Allows(three));
  EXPECT_FALSE(PagingModeFilter::Parse("s390/3")->Allows(two));
  EXPECT_TRUE(PagingModeFilter::Parse("s390/3,s390/2")->Allows(two));
  EXPECT_TRUE(PagingModeFilter::Parse("s390")->Allows(two));
  EXPECT_FALSE(PagingModeFilter::Parse("s390/6").has_value());
  EXPECT_FALSE(PagingModeFilter::Parse("s390/3,").has_value() &&
               !PagingModeFilter::Parse("s390/3,")->Allows(three));
  EXPECT_FALSE(PagingModeFilter::Parse("vax").has_value());
}

}  // namespace
}  // namespace pxdfuzz
