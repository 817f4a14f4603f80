// SPDX-License-Identifier: MIT

// Rules of symmetry, for the reference and for each sound walk: changes that
// must not affect the pages of a range.

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "fuzz/generator/generator.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/walk/run_walk.h"
#include "tests/sanitized.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kCases = Budget(5'000);

using Pages = std::vector<uint64_t>;

// The reference, and all walks without an expected failure.
struct Finder {
  std::string name;
  std::optional<Policy> walk;
};

template <class A>
class MetamorphicTest : public ::testing::Test {
 protected:
  static std::vector<Finder> Finders(int levels) {
    std::vector<Finder> finders = {{"reference", std::nullopt}};
    for (const Policy& policy : kAllWalks) {
      if (A::ExpectedFailures(policy, levels).InStillTables() == Cause::kNone) {
        finders.push_back({std::string(Name(policy)), policy});
      }
    }
    return finders;
  }

  static Pages Find(const Finder& finder, AddressSpace<A>& mm,
                    const Request& request) {
    Pages pages(request.pages);
    const Stack stack;
    if (finder.walk.has_value()) {
      const PagingMode mode = {A::kId, static_cast<uint8_t>(mm.levels())};
      Timeline still;
      still.Begin(mm);
      WalkRun run{.pages = pages, .grabbed = {}};
      RunWalk({mode, mm.arena(), still, stack}, *finder.walk, request, run);
      pages.resize(run.count);
      return pages;
    }
    const typename A::Manual manual(mm.geometry(), mm.control());
    const ArenaMemory memory(mm.arena(), mm.geometry(), stack);
    pages.resize(ReferencePages<A>(manual, memory, mm.geometry().page_size(),
                                   request.start, request.write, pages));
    return pages;
  }

  // Calls `visit` with well-formed cases of paging modes with that many levels,
  // whose requests are permitted.
  template <class Visit>
  static void ForEachCase(int levels, Visit visit) {
    const PagingModeInfo& info = InfoOf({A::kId, static_cast<uint8_t>(levels)});
    for (uint64_t seed = 0; seed < kCases; ++seed) {
      Rng rng(Rng::Mix(seed));
      const Case c = Generator(rng, info).DrawCase();
      const Request& request = c.requests[0];
      if (Permitted<A>(levels, request.start, request.pages) ==
          Inconclusive::kNo) {
        visit(c, request, rng);
      }
    }
  }

  static uint64_t End(const Request& request, const Geometry& geometry) {
    return request.start + request.pages * geometry.page_size();
  }

  Arena arena_ = MakeArena<A>();
  Arena other_ = MakeArena<A>();
};

struct ArchName {
  template <class A>
  static std::string GetName(int) {
    std::string name(Name(A::kId));
    std::erase(name, '-');
    return name;
  }
};

template <class... A>
::testing::Types<A...> TypesOf(std::tuple<A...>*);
using ArchTypes = decltype(TypesOf(static_cast<Architectures*>(nullptr)));
TYPED_TEST_SUITE(MetamorphicTest, ArchTypes, ArchName);

TYPED_TEST(MetamorphicTest, ARootWithMoreLevelsChangesNothing) {
  size_t found = 0;
  for (int levels = TypeParam::kMinLevels; levels < TypeParam::kMaxLevels;
       ++levels) {
    for (int more = levels + 1; more <= TypeParam::kMaxLevels; ++more) {
      this->ForEachCase(
          levels, [&](const Case& c, const Request& request, Rng&) {
            AddressSpace<TypeParam> mm(this->arena_, levels);
            if (Populate(c, mm) != Inconclusive::kNo) return;
            AddressSpace<TypeParam> bigger(this->other_, more);
            Populate(c, bigger);
            const Pages pages = this->Find({"reference", {}}, mm, request);
            found += pages.size();
            for (const Finder& finder : this->Finders(more)) {
              ASSERT_EQ(this->Find(finder, bigger, request), pages)
                  << finder.name << ", " << levels << " and " << more;
            }
          });
    }
  }
  EXPECT_GT(found, kCases);
}

TYPED_TEST(MetamorphicTest, SplittingALargeLeafChangesNothing) {
  using Entries = typename TypeParam::Entries;
  size_t split = 0;
  for (int levels = TypeParam::kMinLevels; levels <= TypeParam::kMaxLevels;
       ++levels) {
    this->ForEachCase(levels, [&](const Case& c, const Request& request, Rng&) {
      AddressSpace<TypeParam> mm(this->arena_, levels);
      if (Populate(c, mm) != Inconclusive::kNo) return;
      const std::vector<Finder> finders = this->Finders(levels);
      std::vector<Pages> before;
      for (const Finder& finder : finders) {
        before.push_back(this->Find(finder, mm, request));
      }
      // A small leaf replaces each page of a large leaf with a permission.
      // (PROT_NONE is treated differently by the size of a leaf; and Linux
      // treats an old, clean region-third leaf for frame 0 as empty.)
      const Stack stack;
      const ArenaMemory memory(mm.arena(), mm.geometry(), stack);
      const uint64_t end = this->End(request, mm.geometry());
      std::vector<std::tuple<uint64_t, uint64_t, LeafState>> small;
      for (uint64_t address = request.start; address != end;
           address += mm.geometry().page_size()) {
        const typename TypeParam::Manual manual(mm.geometry(), mm.control());
        const Translation t = Translate(manual, memory, address);
        if (!t.fetched || t.level == Level::kPte) continue;
        const EntryKind kind = Entries::Classify(t.level, t.entry);
        if (kind.tag != EntryKind::Tag::kLeaf ||
            kind.state.permission == Permission::kNone || kind.address == 0) {
          continue;
        }
        small.emplace_back(
            address, TypeParam::Manual::FrameAddress(t.level, t.entry, address),
            kind.state);
      }
      if (small.empty()) return;
      // A first page replaces its leaf by an empty table; all others follow.
      for (const auto& [address, frame, state] : small) {
        mm.Map(Level::kPte, address, 1, frame, state);
      }
      ++split;
      for (size_t i = 0; i < finders.size(); ++i) {
        ASSERT_EQ(this->Find(finders[i], mm, request), before[i])
            << finders[i].name << ", " << levels;
      }
    });
  }
  // arm64 has two paging modes, and large leaves of one size.
  EXPECT_GT(split, kCases / 3);
}

TYPED_TEST(MetamorphicTest, AMappingOutsideARangeChangesNothing) {
  size_t mapped = 0;
  for (int levels = TypeParam::kMinLevels; levels <= TypeParam::kMaxLevels;
       ++levels) {
    this->ForEachCase(levels, [&](const Case& c, const Request& request,
                                  Rng& rng) {
      AddressSpace<TypeParam> mm(this->arena_, levels);
      if (Populate(c, mm) != Inconclusive::kNo) return;
      const Geometry& geometry = mm.geometry();
      // Near the range as often as far away, and where there is no large leaf.
      const uint64_t page =
          rng.Chance(1, 2)
              ? (rng.Chance(1, 2)
                     ? this->End(request, geometry)
                     : WrappingSub(request.start, geometry.page_size()))
              : rng.Next() & geometry.last_address() &
                    ~(geometry.page_size() - 1);
      if (WrappingSub(page, request.start) <
          request.pages * geometry.page_size()) {
        return;
      }
      const Stack stack;
      const ArenaMemory memory(mm.arena(), geometry, stack);
      const typename TypeParam::Manual manual(geometry, mm.control());
      const Translation t = Translate(manual, memory, page);
      if (!t.fetched || (t.level != Level::kPte &&
                         TypeParam::Entries::Classify(t.level, t.entry).tag ==
                             EntryKind::Tag::kLeaf)) {
        return;
      }
      const std::vector<Finder> finders = this->Finders(levels);
      std::vector<Pages> before;
      for (const Finder& finder : finders) {
        before.push_back(this->Find(finder, mm, request));
      }
      mm.Map(Level::kPte, page, 1, page, LeafState{});
      ++mapped;
      for (size_t i = 0; i < finders.size(); ++i) {
        ASSERT_EQ(this->Find(finders[i], mm, request), before[i])
            << finders[i].name << ", " << levels;
      }
    });
  }
  EXPECT_GT(mapped, kCases);
}

TYPED_TEST(MetamorphicTest, ARangeInTwoPartsHasThePagesOfTheWhole) {
  size_t cut_within = 0;
  for (int levels = TypeParam::kMinLevels; levels <= TypeParam::kMaxLevels;
       ++levels) {
    this->ForEachCase(
        levels, [&](const Case& c, const Request& request, Rng& rng) {
          if (request.pages < 2) return;
          AddressSpace<TypeParam> mm(this->arena_, levels);
          if (Populate(c, mm) != Inconclusive::kNo) return;
          Request first = request;
          first.pages = static_cast<uint16_t>(1 + rng.Below(request.pages - 1));
          Request second = request;
          second.start = this->End(first, mm.geometry());
          second.pages = static_cast<uint16_t>(request.pages - first.pages);
          for (const Finder& finder : this->Finders(levels)) {
            Pages parts = this->Find(finder, mm, first);
            if (parts.size() == first.pages) {
              const Pages rest = this->Find(finder, mm, second);
              cut_within += rest.empty() ? 0 : 1;
              parts.insert(parts.end(), rest.begin(), rest.end());
            }
            ASSERT_EQ(parts, this->Find(finder, mm, request))
                << finder.name << ", " << levels;
          }
        });
  }
  EXPECT_GT(cut_within, kCases);
}

}  // namespace
}  // namespace pxdfuzz
