// SPDX-License-Identifier: MIT

#include "pxdfuzz/shrink/shrink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/generator.h"
#include "fuzz/generator/mutator.h"
#include "fuzz/harness/sha1.h"
#include "fuzz/targets.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "tests/known_cases.h"
#include "tests/random_case.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kPage = 0x1000;

const Reduction& Named(std::string_view name) {
  for (const Reduction& reduction : Reductions()) {
    if (reduction.name == name) return reduction;
  }
  ADD_FAILURE() << "no reduction " << name;
  return Reductions()[0];
}

// Whether one application of a reduction iterations `from` into `to`.
bool Makes(std::string_view name, const Case& from, const Case& to) {
  const std::vector<Case> simpler = Simpler(Named(name), from);
  return std::find(simpler.begin(), simpler.end(), to) != simpler.end();
}

// Judges like gup_strict_fuzzer, and then with all walks.
std::optional<std::string> SignatureOf(Oracle& oracle, const Case& c,
                                       WalkSet walks = WalkSet::All()) {
  const Verdict& verdict = oracle.Judge(c, walks, Waivers::kNone);
  if (!verdict.finding.has_value()) return std::nullopt;
  return Name(*verdict.finding);
}

// Judges like gup_race_strict_fuzzer.
constexpr WalkSet kRaceStrict = FindTarget("gup_race_strict_fuzzer")->walks;

Case Shrunk(Oracle& oracle, const Case& c, const std::string& signature,
            WalkSet walks = WalkSet::All()) {
  Shrinker shrinker([&](const Case& smaller) {
    return SignatureOf(oracle, smaller, walks) == signature;
  });
  return shrinker.Shrink(c);
}

// Findings of gup_race_strict_fuzzer in one paging mode, each from an empty
// input.
class RaceCrashes {
 public:
  RaceCrashes(Oracle& oracle, PagingMode mode, uint64_t seed)
      : oracle_(oracle),
        filter_(*PagingModeFilter::Parse(Name(mode))),
        seed_(seed) {}

  // With its signature; nothing if there is none for a long time.
  std::optional<std::pair<std::string, Case>> Next() {
    std::array<uint8_t, kMaxEncodedSize> buffer;
    size_t size = 0;
    for (int i = 0; i < 10'000; ++i) {
      if (i % 8 == 0) size = 0;
      size = Mutate(buffer, size, seed_++, filter_, Tables::kChanging, nullptr);
      const Case c = Decode(std::span(buffer).first(size));
      const auto signature = SignatureOf(oracle_, c, kRaceStrict);
      if (signature.has_value() && !c.concurrent.empty()) {
        return std::pair{*signature, c};
      }
    }
    return std::nullopt;
  }

 private:
  Oracle& oracle_;
  const PagingModeFilter filter_;
  uint64_t seed_;
};

// Two pages across 2 GiB.
Case Plain() {
  return MakeCase(3, {.start = 2 * kGiB - kPage, .pages = 2},
                  {MapPages(2 * kGiB - kPage, 1, kPage)});
}

// A page, and its page table that is detached while a walk is below it.
Case Detached() {
  Case c = MakeCase(3, {.pages = 1}, {MapPages(0, 1, kPage)});
  c.stack = {};
  c.concurrent.push_back(
      {{.kind = TableOp::Kind::kDetach, .level = Level::kPmd}, 8});
  return c;
}

// The result of `change` for a change of a case.
template <class Make>
Case With(const Case& c, size_t change, Make make) {
  Case made = c;
  make(made.concurrent[change]);
  Canonicalize(made);
  return made;
}

TEST(ReductionsTest, HaveUniqueNames) {
  std::set<std::string_view> names;
  for (const Reduction& reduction : Reductions()) {
    EXPECT_TRUE(names.insert(reduction.name).second) << reduction.name;
    EXPECT_FALSE(reduction.what.empty()) << reduction.name;
    EXPECT_NE(reduction.what.back(), '.') << reduction.name;
  }
}

// For each reduction a case, and its result after one application.
TEST(ReductionsTest, DoWhatTheirNamesSay) {
  std::set<std::string_view> tried;
  const auto expect = [&tried](std::string_view name, const Case& from,
                               const Case& to) {
    tried.insert(name);
    EXPECT_TRUE(Makes(name, from, to)) << name << '\n'
                                       << ToText(from) << ToText(to);
    // And not the reverse, which would not end.
    for (const Reduction& reduction : Reductions()) {
      EXPECT_FALSE(Makes(reduction.name, to, from)) << reduction.name;
    }
  };
  const Case plain = Plain();
  Case c = plain;
  c.requests.push_back({.start = 0x5000, .pages = 3});
  expect("one-request", c, plain);

  c = plain;
  for (int i = 0; i < 3; ++i) c.setup.push_back(MapPages(0, 1, kPage));
  Case half = plain;
  half.setup.push_back(MapPages(0, 1, kPage));
  expect("drop-setup", c, half);
  expect("drop-setup", half, plain);

  c = plain;
  c.stack.words.push_back({.distance = 1, .content = StackContent::kZero});
  expect("drop-words", c, plain);
  Case around = plain;
  around.stack.around = StackContent::kZero;
  expect("drop-words", c, around);

  c = plain;
  c.pages.push_back({.kind = PageKind::kFile, .frame = kPage, .count = 8});
  expect("fewer-kinds", c, plain);
  Case fewer_pages = c;
  fewer_pages.pages[0].count = 4;
  expect("fewer-kinds", c, fewer_pages);
  c.pages[0].level = Level::kPmd;
  c.pages[0].frame = 0;
  fewer_pages = c;
  fewer_pages.pages[0].level = Level::kPte;
  expect("fewer-kinds", c, fewer_pages);

  c = plain;
  c.mode.levels = 4;
  expect("fewer-levels", c, plain);

  c = plain;
  c.requests[0].pages = 40;
  expect("fewer-pages", c, plain);
  c.requests[0].start -= 9 * kPage;
  expect("fewer-pages", c, plain);

  c = plain;
  c.setup.push_back(MapPages(2 * kGiB, 1, 0x7000));
  Case merged = plain;
  merged.setup[0].count = 2;
  expect("merge-setup", c, merged);

  c = plain;
  c.setup[0] = {.kind = TableOp::Kind::kSwap,
                .address = 2 * kGiB - kPage,
                .frame = kPage};
  expect("plain-setup", c, plain);
  c.setup[0].kind = TableOp::Kind::kHwPoison;
  expect("plain-setup", c, plain);
  Case device = c;
  device.setup[0].kind = TableOp::Kind::kDevicePrivate;
  Case returned = plain;
  device.mode = returned.mode = {ArchId::kX86, 4};
  expect("plain-setup", device, returned);
  c.setup[0] = {.kind = TableOp::Kind::kPoke,
                .address = 2 * kGiB - kPage,
                .word = 0x103d};
  Case mapped = plain;
  mapped.setup[0].frame = 0;
  expect("plain-setup", c, mapped);

  c = plain;
  c.setup[0] = MapLarge(Level::kPud, 0, 0);
  mapped.setup[0].frame = 2 * kGiB - kPage;
  expect("smaller-leaf", c, mapped);

  c = plain;
  c.setup[0] = MapPages(2 * kGiB - 4 * kPage, 8, kPage);
  mapped.setup[0].frame = 4 * kPage;
  expect("fewer-entries", c, mapped);

  c = plain;
  c.requests[0].write = true;
  expect("read", c, plain);

  c = plain;
  c.requests[0].references = References::kPin;
  expect("fewer-failures", c, plain);
  c = plain;
  c.requests[0].longterm = true;
  expect("fewer-failures", c, plain);
  for (const auto page : {&Request::refused, &Request::inaccessible}) {
    c = plain;
    c.requests[0].*page = uint16_t{1};
    expect("fewer-failures", c, plain);
    Case lower = plain;
    lower.requests[0].*page = uint16_t{0};
    expect("fewer-failures", c, lower);
  }

  for (const LeafState& state :
       {LeafState{.permission = Permission::kNone}, LeafState{.young = false},
        LeafState{.dirty = false}, LeafState{.special = true}}) {
    c = plain;
    c.setup[0].state = state;
    expect("plain-state", c, plain);
  }
  Case x86 = plain;
  x86.mode = {ArchId::kX86, 4};
  c = x86;
  c.setup[0].state.kernel = true;
  expect("plain-state", c, x86);
  c.setup[0].state = {.key = 3};
  expect("plain-state", c, x86);
  c = x86;
  c.pkru = 8;
  expect("plain-state", c, x86);

  c = plain;
  c.stack.position = 200;
  expect("plain-stack", c, plain);
  c = plain;
  c.stack.around = StackContent::kNext;
  expect("plain-stack", c, plain);

  c = plain;
  c.setup.push_back(MapPages(0, 1, 2 * kPage));
  Case sorted = plain;
  sorted.setup.clear();
  sorted.setup.push_back(c.setup[1]);
  sorted.setup.push_back(c.setup[0]);
  expect("sort-setup", c, sorted);

  c = plain;
  c.requests[0].start += 6 * kGiB;
  c.setup[0].address += 6 * kGiB;
  expect("lower-addresses", c, plain);

  c = plain;
  c.setup[0].address += kPage;
  expect("move-op", c, plain);

  c = plain;
  c.setup[0].frame = 0x123000;
  expect("plain-frames", c, plain);
  c = MakeCase(3, {.start = 2 * kGiB - kPage, .pages = 2},
               {MapPages(0, 3, 0x77000), MapPages(2 * kGiB, 1, 0x66000),
                MapLarge(Level::kPmd, 4 * kGiB, 0x700000)});
  Case in_order = c;
  in_order.setup[0].frame = 0x1000;
  in_order.setup[1].frame = 0x4000;
  in_order.setup[2].frame = 0x100000;
  expect("plain-frames", c, in_order);

  c = MakeCase(3, {.start = 2 * kGiB - kPage, .pages = 2},
               {MapPages(2 * kGiB - kPage, 1, kPage),
                {.kind = TableOp::Kind::kClear, .address = 2 * kGiB}});
  Case neighbour = plain;
  neighbour.setup.push_back(MapPages(2 * kGiB + kPage, 1, 2 * kPage));
  expect("start-over", c, neighbour);

  // Concurrent operations.
  const Case detached = Detached();
  c = detached;
  c.concurrent.push_back({{.kind = TableOp::Kind::kClear}, 9});
  expect("drop-concurrent", c, detached);
  c.concurrent.push_back({{.kind = TableOp::Kind::kUpgrade}, 9});
  expect("drop-concurrent", c, detached);
  Case quiet = detached;
  quiet.concurrent.clear();
  expect("drop-concurrent", c, quiet);

  // A page fault before the walk begins has no effect.
  c = detached;
  c.setup.clear();
  c.concurrent.clear();
  c.concurrent.push_back({{.kind = TableOp::Kind::kMap, .frame = kPage}});
  c.concurrent.push_back(detached.concurrent[0]);
  expect("setup-for-concurrent", c, detached);

  c = detached;
  c.concurrent[0] = {{.kind = TableOp::Kind::kClear, .count = 2}, 8};
  c.concurrent.push_back(
      {{.kind = TableOp::Kind::kClear, .address = 2 * kPage}, 9});
  expect("merge-concurrent", c, With(detached, 0, [](ConcurrentOp& change) {
           change = {{.kind = TableOp::Kind::kClear, .count = 3}, 9};
         }));

  const Case cleared = With(detached, 0, [](ConcurrentOp& change) {
    change.kind = TableOp::Kind::kClear;
  });
  expect("plain-concurrent", detached, cleared);
  c = detached;
  c.concurrent[0] = {{.kind = TableOp::Kind::kUpgrade}, 8};
  expect("plain-concurrent", c, detached);
  for (Case* there : {&c, &quiet}) {
    *there = detached;
    there->requests[0].start = 7 * kMiB;
    there->concurrent[0].address = 7 * kMiB;
  }
  c.concurrent[0] = {{.kind = TableOp::Kind::kUpgrade}, 8};
  expect("plain-concurrent", c, quiet);

  c = cleared;
  expect("smaller-leaf", c,
         With(c, 0, [](ConcurrentOp& change) { change.level = Level::kPte; }));
  c.concurrent[0].count = 40;
  expect("fewer-entries", c, cleared);
  c.concurrent[0].address = 2 * kGiB;
  c.concurrent[0].count = 1;
  expect("move-op", c, cleared);

  c = detached;
  c.concurrent.push_back(
      {{.kind = TableOp::Kind::kRefill, .address = kMiB, .frame = 2 * kPage},
       8});
  const Case refilled = c;
  c.concurrent[1].frame = 0x77000;
  expect("plain-frames", c, refilled);
  c = refilled;
  c.concurrent[1].state.dirty = false;
  expect("plain-state", c, refilled);
  c = refilled;
  c.concurrent[1].number = 200;
  expect("earlier-reads", c, refilled);
  c.concurrent[0].number = 200;
  expect("earlier-reads", c, refilled);
  c.concurrent[1].number = 205;
  Case both = refilled;
  both.concurrent[1].number = 13;
  expect("earlier-reads", c, both);
  c = refilled;
  c.concurrent[0].number = 7;
  expect("earlier-reads", c, refilled);

  for (const uint16_t read : {uint16_t{9}, uint16_t{8}}) {
    c = detached;
    c.concurrent[0].number = read;
    c.concurrent.push_back({{.kind = TableOp::Kind::kClear}, 9});
    c.concurrent.push_back(
        {{.kind = TableOp::Kind::kMap, .frame = 2 * kPage}, 30});
    if (read == 9) both = c;
  }
  expect("earlier-reads", c, both);

  const auto late = [&](std::initializer_list<uint16_t> reads) {
    Case three = both;
    size_t i = 0;
    for (const uint16_t read : reads) three.concurrent[i++].number = read;
    return three;
  };
  expect("earlier-reads", late({40, 50, 60}), late({50, 50, 50}));

  const auto pinned = [&](Moment moment, uint16_t number) {
    return With(detached, 0, [&](ConcurrentOp& change) {
      change.moment = moment;
      change.number = number;
    });
  };
  expect("pin-to-events", detached, pinned(Moment::kGrab, 1));
  expect("pin-to-events", detached, pinned(Moment::kPmd, 2));
  expect("pin-to-events", pinned(Moment::kPmd, 1), pinned(Moment::kGrab, 0));
  expect("earlier-reads", pinned(Moment::kGrab, 9), pinned(Moment::kGrab, 1));

  // A case with the signature of `detached`, from which no single step leads to
  // it.
  c = detached;
  c.setup[0] = {.kind = TableOp::Kind::kClear};
  c.concurrent[0].kind = TableOp::Kind::kClear;
  expect("start-over", c, detached);

  for (const Reduction& reduction : Reductions()) {
    EXPECT_TRUE(tried.contains(reduction.name)) << reduction.name;
  }
}

// A move or a reduction includes the changes in the same place.
TEST(ReductionsTest, IncludeChanges) {
  const Case detached = Detached();
  Case c = detached;
  c.requests[0].start += 6 * kGiB;
  c.setup[0].address += 6 * kGiB;
  c.concurrent[0].address += 6 * kGiB;
  EXPECT_TRUE(Makes("lower-addresses", c, detached));

  // A request that stays does not prevent this.
  c = detached;
  c.setup[0].address += 2 * kGiB;
  c.concurrent[0].address += 2 * kGiB;
  EXPECT_TRUE(Makes("move-op", c, detached));
  c = detached;
  c.setup[0].address += 2 * kGiB;
  c.concurrent[0].address += 4 * kGiB;
  Case alone = c;
  alone.setup[0].address = 0;
  EXPECT_TRUE(Makes("move-op", c, alone));
  alone.concurrent[0].address = 2 * kGiB;
  EXPECT_FALSE(Makes("move-op", c, alone));

  c = detached;
  c.setup[0] = MapLarge(Level::kPmd, 0, kMiB);
  c.concurrent[0].kind = TableOp::Kind::kClear;
  const Case small = With(detached, 0, [](ConcurrentOp& change) {
    change = {{.kind = TableOp::Kind::kClear}, 8};
  });
  for (const uint16_t read : {uint16_t{8}, uint16_t{6}, uint16_t{10}}) {
    c.concurrent[0].number = read;
    Case pages = small;
    pages.setup[0].frame = kMiB;
    EXPECT_TRUE(Makes("smaller-leaf", c, pages)) << read;
  }

  // The last page of forty: a walk of only that page reaches it 117 reads
  // earlier.
  c = detached;
  c.requests[0].pages = 40;
  c.setup[0].count = 40;
  c.concurrent[0].number = 125;
  Case last = c;
  last.requests[0] = {.start = 39 * kPage};
  last.concurrent[0].number = 8;
  EXPECT_TRUE(Makes("fewer-pages", c, last));

  // Where something changes, something may also be mapped.
  c = detached;
  c.setup[0].address = 0x123'4567'8000;
  c.concurrent[0].address = 7 * kMiB;
  Case there = c;
  there.setup[0].address = 7 * kMiB;
  EXPECT_TRUE(Makes("move-op", c, there));
}

TEST(ComplexityTest, DistinguishesDifferentCases) {
  Rng rng(1);
  Generator generator(rng, InfoOf({ArchId::kS390, 3}));
  for (int i = 0; i < 2000; ++i) {
    const Case a = generator.DrawCase();
    Case b = a;
    switch (i % 9) {
      case 6:
        b.requests[0].references = References::kGet;
        break;
      case 7:
        b.requests[0].refused = 0;
        break;
      case 8:
        b.requests[0].inaccessible = 0;
        break;
      case 0:
        b.requests[0].write = !b.requests[0].write;
        break;
      case 1:
        b.stack.position ^= 1;
        break;
      case 2:
        if (!b.setup.empty()) b.setup[0].frame ^= uint64_t{1} << 32;
        break;
      case 3:
        if (!b.setup.empty()) b.setup[0].state.dirty ^= true;
        break;
      case 4:
        b.requests[0].start ^= kPage;
        break;
      default:
        b.stack.words.push_back({.distance = 3});
    }
    Canonicalize(b);
    EXPECT_EQ(a == b, Complexity(a) == Complexity(b));
    EXPECT_EQ(Complexity(a) < Complexity(b), Complexity(b) > Complexity(a));
  }
}

// Also by the members of a change.
TEST(ComplexityTest, DistinguishesDifferentChanges) {
  RandomCase random(3);
  int told_apart = 0;
  for (int i = 0; i < 12'000; ++i) {
    const Case a = random.Next();
    if (a.concurrent.empty()) continue;
    Case b = a;
    ConcurrentOp& first = b.concurrent[0];
    ConcurrentOp& change = b.concurrent[b.concurrent.size() - 1];
    switch (i % 13) {
      case 0:
        change.kind = kConcurrentKinds[i / 12 % kConcurrentKinds.size()];
        break;
      case 1:
        change.level = static_cast<Level>(i / 12 % kLevelCount);
        break;
      case 2:
        ++change.number;
        break;
      case 3:
        change.address ^= uint64_t{1} << 40;
        break;
      case 4:
        change.count ^= 1;
        break;
      case 5:
        change.frame ^= uint64_t{1} << 32;
        break;
      case 6:
        change.state.young ^= true;
        break;
      case 7:
        b.concurrent.erase(b.concurrent.size() - 1);
        break;
      case 8:
        std::swap(first.kind, change.kind);
        break;
      case 9:
        std::swap(first.level, change.level);
        break;
      case 10:
        std::swap(first.count, change.count);
        break;
      case 11:
        change.moment = static_cast<Moment>(i / 13 % kMomentCount);
        break;
      default:
        std::swap(first.state, change.state);
    }
    Canonicalize(b);
    told_apart += a == b ? 0 : 1;
    EXPECT_EQ(a == b, Complexity(a) == Complexity(b)) << ToText(a) << ToText(b);
    EXPECT_EQ(Complexity(a) < Complexity(b), Complexity(b) > Complexity(a));
  }
  EXPECT_GT(told_apart, 4000);
}

TEST(ComplexityTest, OrdersCasesBySimplicity) {
  const Case detached = Detached();
  const auto expect = [](const Case& simple, const Case& other) {
    EXPECT_LT(Complexity(simple), Complexity(other))
        << ToText(simple) << ToText(other);
  };
  // A record is simpler than a change with the same effect.
  Case mapped = detached;
  mapped.setup.clear();
  mapped.concurrent.push_back(mapped.concurrent[0]);
  mapped.concurrent[0] = {{.kind = TableOp::Kind::kMap, .frame = kPage}};
  expect(detached, mapped);
  // One thing fewer is simpler, even a record.
  mapped.concurrent.erase(0);
  expect(mapped, detached);
  // One time for both is simpler than an earlier time for one.
  Case two = detached;
  two.concurrent.push_back({{.kind = TableOp::Kind::kClear}, 8});
  Case apart = two;
  apart.concurrent[0].number = 1;
  expect(two, apart);
  expect(detached, two);
  // Few entries and plain states are simpler than low numbers.
  Case few = detached;
  few.concurrent[0] = {{.kind = TableOp::Kind::kMap, .frame = kPage}, 9};
  Case many = few;
  many.concurrent[0].count = 2;
  many.concurrent[0].number = 1;
  expect(few, many);
  many = few;
  many.concurrent[0].state.dirty = false;
  many.concurrent[0].number = 1;
  expect(few, many);
  // Numbers come last.
  Case far = detached;
  far.concurrent[0].number = 100;
  Case clear = far;
  clear.concurrent[0].kind = TableOp::Kind::kClear;
  expect(clear, detached);
  expect(detached, far);
}

// The candidates of a reduction for `c` are simpler, and bytes can represent
// them.
void ExpectSayable(const Reduction& reduction, const Case& c) {
  for (const Case& simpler : Simpler(reduction, c)) {
    std::array<uint8_t, kMaxEncodedSize> bytes;
    const size_t size = Encode(simpler, bytes);
    ASSERT_EQ(Decode(std::span(bytes.data(), size)), simpler)
        << reduction.name << '\n'
        << ToText(simpler);
    ASSERT_LT(Complexity(simpler), Complexity(c)) << reduction.name;
  }
}

TEST(ShrinkerTest, CandidatesCanBeEncoded) {
  Rng rng(2);
  for (const PagingMode& mode : kAllPagingModes) {
    Generator generator(rng, InfoOf(mode));
    for (int i = 0; i < 20; ++i) {
      const Case c = generator.DrawCase();
      for (const Reduction& reduction : Reductions()) {
        if (reduction.name == "start-over" && i > 1) continue;
        ASSERT_NO_FATAL_FAILURE(ExpectSayable(reduction, c));
      }
    }
  }
}

TEST(ShrinkerTest, CandidatesWithChangesCanBeEncoded) {
  RandomCase random(5);
  for (int i = 0; i < 60; ++i) {
    const Case c = random.Next();
    for (const Reduction& reduction : Reductions()) {
      if (reduction.name == "start-over" && i > 2) continue;
      ASSERT_NO_FATAL_FAILURE(ExpectSayable(reduction, c));
    }
  }
}

// No candidate of one reduction for a result has the finding.
void ExpectMinimal(Oracle& oracle, const Case& c, const std::string& signature,
                   const std::string& name, WalkSet walks = WalkSet::All()) {
  EXPECT_EQ(SignatureOf(oracle, c, walks), signature) << name;
  for (const Reduction& reduction : Reductions()) {
    for (const Case& simpler : Simpler(reduction, c)) {
      EXPECT_NE(SignatureOf(oracle, simpler, walks), signature)
          << name << ": " << reduction.name << '\n'
          << ToText(simpler);
    }
  }
}

// Runs in the project's folder.
TEST(ShrinkerTest, RegressionsBecomeMinimal) {
  Oracle oracle;
  size_t found = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("corpus/regressions")) {
    if (entry.path().extension() != ".bin") continue;
    const Case c = Decode(Bytes(ReadFile(entry.path()).value_or("")));
    const std::optional<std::string> signature = SignatureOf(oracle, c);
    if (!signature.has_value()) continue;
    ++found;
    const Case small = Shrunk(oracle, c, *signature);
    EXPECT_FALSE(Complexity(c) < Complexity(small));
    ExpectMinimal(oracle, small, *signature, entry.path().string());
  }
  EXPECT_GE(found, 8u);
}

TEST(ShrinkerTest, TheThreadsExampleBecomesItsCore) {
  Oracle oracle;
  const Case c = Crossing(3, 513 * 2 * kGiB, 2 * kGiB);
  const auto signature = SignatureOf(oracle, c);
  ASSERT_EQ(signature, "s390-3.static-by-value.wrong-page.pte-leaf");
  EXPECT_EQ(Shrunk(oracle, c, *signature),
            MakeCase(3, {.start = 2 * kGiB - kPage, .pages = 2},
                     {MapPages(0, 1, kPage),
                      MapPages(2 * kGiB - kPage, 2, 2 * kPage)}));
}

// Random cases of one signature shrink to one text, and each is minimal.
TEST(ShrinkerTest, CasesOfOneSignatureBecomeOneText) {
  Oracle oracle;
  size_t cases = 0;
  for (const uint8_t levels : {uint8_t{2}, uint8_t{3}, uint8_t{4}}) {
    Rng rng(levels);
    Generator generator(rng, InfoOf({ArchId::kS390, levels}));
    std::map<std::string, Case> first;
    for (int i = 0; i < 300; ++i) {
      const Case c = generator.DrawCase();
      const auto signature = SignatureOf(oracle, c);
      if (!signature.has_value()) continue;
      ++cases;
      const Case small = Shrunk(oracle, c, *signature);
      const auto [it, is_new] = first.emplace(*signature, small);
      if (is_new) {
        ExpectMinimal(oracle, small, *signature, *signature);
      } else {
        EXPECT_EQ(ToText(it->second), ToText(small)) << *signature;
      }
    }
    EXPECT_GE(first.size(), 5u);
  }
  EXPECT_GE(cases, 100u);
}

// Results for cases without changes are the same as before there were changes.
TEST(ShrinkerTest, ResultsForQuietCasesDoNotChange) {
  Oracle oracle;
  std::vector<uint8_t> all;
  size_t cases = 0;
  for (const PagingMode& mode : kAllPagingModes) {
    Rng rng(9);
    Generator generator(rng, InfoOf(mode));
    for (int i = 0; i < 150; ++i) {
      const Case c = generator.DrawCase();
      const auto signature = SignatureOf(oracle, c);
      if (!signature.has_value()) continue;
      ++cases;
      std::array<uint8_t, kMaxEncodedSize> bytes;
      const size_t size = Encode(Shrunk(oracle, c, *signature), bytes);
      all.insert(all.end(), bytes.begin(),
                 bytes.begin() + static_cast<ptrdiff_t>(size));
    }
  }
  EXPECT_EQ(cases, 305u);
  EXPECT_EQ(Sha1Hex(all), "4ffc1ea580077531c9ac996b7a5da52cdcdc34c1");
}

// Findings of gup_race_strict_fuzzer: one text for each signature, always the
// same, and each is minimal.
TEST(ShrinkerTest, ChangingCasesOfOneSignatureBecomeOneText) {
  Oracle oracle;
  size_t cases = 0;
  std::map<std::string, Case> first;
  for (const PagingMode& mode : kAllPagingModes) {
    RaceCrashes crashes(oracle, mode, 1);
    for (int i = 0; i < 20; ++i) {
      const auto crash = crashes.Next();
      if (!crash.has_value()) break;
      const auto& [signature, c] = *crash;
      ++cases;
      const Case small = Shrunk(oracle, c, signature, kRaceStrict);
      const auto [it, is_new] = first.emplace(signature, small);
      if (is_new) {
        ExpectMinimal(oracle, small, signature, signature, kRaceStrict);
        EXPECT_EQ(Shrunk(oracle, c, signature, kRaceStrict), small);
        EXPECT_LE(small.concurrent.size(), 2u) << ToText(small);
        EXPECT_LE(small.setup.size(), 2u) << ToText(small);
      } else {
        EXPECT_EQ(ToText(it->second), ToText(small)) << signature;
      }
    }
  }
  EXPECT_GE(cases, 150u);
  EXPECT_GE(first.size(), 20u);
  EXPECT_EQ(first["s390-3.static-by-pointer.changing.fault.pmd-empty"],
            With(Detached(), 0, [](ConcurrentOp& change) {
              change.moment = Moment::kPmd;
              change.number = 1;
            }));
}

// Equivalent cases: another boundary, other frames, another order, and
// something else that no walk reaches.
TEST(ShrinkerTest, EquivalentCasesBecomeOneText) {
  Oracle oracle;
  Rng rng(5);
  std::set<std::string> texts;
  for (int i = 0; i < 100; ++i) {
    const uint64_t border =
        2 * kGiB * static_cast<uint64_t>(rng.Between(1, 1000));
    Case c = MakeCase(3, {.start = border - kPage, .pages = 2}, {});
    std::vector<TableOp> records = {
        MapPages(border - kPage, 1, kPage * rng.Below(1000)),
        MapPages(border, 1, kPage * (1000 + rng.Below(1000))),
        MapPages(border - 2 * kGiB, 1, kPage * (2000 + rng.Below(1000))),
        MapPages(border + 0x500000, 3, kPage * rng.Below(1000))};
    while (!records.empty()) {
      const size_t at = rng.Below(records.size());
      c.setup.push_back(records[at]);
      records.erase(records.begin() + static_cast<ptrdiff_t>(at));
    }
    const auto signature = SignatureOf(oracle, c);
    ASSERT_EQ(signature, "s390-3.static-by-value.wrong-page.pte-leaf");
    texts.insert(ToText(Shrunk(oracle, c, *signature)));
  }
  EXPECT_EQ(texts.size(), 1u);
}

TEST(ShrinkerTest, IsDeterministic) {
  Oracle oracle;
  Rng rng(6);
  Generator generator(rng, InfoOf({ArchId::kS390, 2}));
  for (int i = 0; i < 30; ++i) {
    const Case c = generator.DrawCase();
    const auto signature = SignatureOf(oracle, c);
    if (!signature.has_value()) continue;
    std::vector<std::string> asked[2];
    for (std::vector<std::string>& texts : asked) {
      Shrinker shrinker([&](const Case& smaller) {
        texts.push_back(ToText(smaller));
        return SignatureOf(oracle, smaller) == signature;
      });
      texts.push_back(ToText(shrinker.Shrink(c)));
      EXPECT_EQ(shrinker.trials() + 1, texts.size());
    }
    EXPECT_EQ(asked[0], asked[1]);
  }
}

// A late reduction may make an earlier one possible.
TEST(ShrinkerTest, TriesAgainWhatDidNotHelpBefore) {
  Case c = Plain();
  c.requests[0].write = true;
  Shrinker shrinker([](const Case& smaller) {
    return !smaller.requests[0].write || !smaller.setup.empty();
  });
  EXPECT_TRUE(shrinker.Shrink(c).setup.empty());
}

TEST(ShrinkerTest, AResultDoesNotChange) {
  Oracle oracle;
  const Case c = Crossing(4, 8 * kTiB, 4 * kTiB);
  const auto signature = SignatureOf(oracle, c);
  ASSERT_TRUE(signature.has_value());
  const Case small = Shrunk(oracle, c, *signature);
  EXPECT_EQ(Shrunk(oracle, small, *signature), small);
}

// A property that every case has: little remains.
TEST(ShrinkerTest, WithAnyPropertyLittleRemains) {
  Rng rng(8);
  for (const PagingMode& mode : kAllPagingModes) {
    Generator generator(rng, InfoOf(mode));
    Shrinker shrinker([](const Case&) { return true; });
    const Case small = shrinker.Shrink(generator.DrawCase());
    ASSERT_EQ(small.requests.size(), 1u);
    EXPECT_EQ(small.requests[0], Request{});
    EXPECT_TRUE(small.setup.empty());
    EXPECT_EQ(small.stack, Stack{});
    EXPECT_FALSE(shrinker.stopped());
  }
}

// Only a change: the simplest possible one.
TEST(ShrinkerTest, WithAnyPropertyTheSimplestChangeRemains) {
  RandomCase random(8);
  int changing = 0;
  for (int i = 0; i < 40; ++i) {
    const Case c = random.Next();
    if (c.concurrent.empty()) continue;
    ++changing;
    Shrinker any([](const Case&) { return true; });
    EXPECT_TRUE(any.Shrink(c).concurrent.empty());
    Shrinker changes(
        [](const Case& smaller) { return !smaller.concurrent.empty(); });
    const Case small = changes.Shrink(c);
    ASSERT_EQ(small.concurrent.size(), 1u);
    EXPECT_EQ(small.concurrent[0],
              (ConcurrentOp{{.kind = TableOp::Kind::kClear}, 0, Moment::kGrab}))
        << ToText(small);
    EXPECT_TRUE(small.setup.empty()) << ToText(small);
  }
  EXPECT_GT(changing, 20);
}

TEST(ShrinkerTest, StopsAndKeepsTheBest) {
  Oracle oracle;
  const Case c = Crossing(3, 513 * 2 * kGiB, 2 * kGiB);
  const std::string signature = *SignatureOf(oracle, c);
  const Case whole = Shrunk(oracle, c, signature);
  bool got_better = false;
  for (size_t most = 0; most < 40; ++most) {
    size_t asked = 0;
    Shrinker shrinker(
        [&](const Case& smaller) {
          return SignatureOf(oracle, smaller) == signature;
        },
        [&](const Case&) { return asked++ < most; });
    const Case best = shrinker.Shrink(c);
    EXPECT_TRUE(shrinker.stopped());
    EXPECT_EQ(shrinker.trials(), most);
    EXPECT_EQ(SignatureOf(oracle, best), signature);
    EXPECT_FALSE(Complexity(c) < Complexity(best));
    got_better = got_better || Complexity(best) < Complexity(c);
    EXPECT_NE(best, whole);
  }
  EXPECT_TRUE(got_better);
}

}  // namespace
}  // namespace pxdfuzz
