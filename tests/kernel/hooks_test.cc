// SPDX-License-Identifier: MIT

// What others may do to the tables while kernel code walks: the callbacks of
// struct pxd_walk, and the record of reads and references.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/observe.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/tables/address_space.h"
#include "tests/kernel/all_kernels.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint64_t kPage = 0x1000;

// Tables as a tree writes them, and one walk over them.
template <class A>
class Hooked {
 public:
  using Space_ = AddressSpace<A, TreeEntries<A>>;

  Hooked(const pxd_kernel& kernel, int levels)
      : kernel_(kernel), walk_(std::make_unique<pxd_walk>()) {
    words_ = TreeEntries<A>::Compare(kernel, levels);
    kernel.enter(levels);
    mm_.emplace(arena_, levels, TreeEntries<A>(kernel, words_));
    walk_->root = Word(mm_->root().address());
    walk_->levels = levels;
    walk_->va_offset = WrappingSub(reinterpret_cast<uint64_t>(walk_->root),
                                   mm_->root().address());
    walk_->refused = UINT64_MAX;
    walk_->page = pages_.data();
    walk_->context = this;
  }

  Space_& mm() { return *mm_; }
  pxd_walk& walk() { return *walk_; }
  uint64_t* Word(uint64_t physical) {
    return const_cast<uint64_t*>(arena_.Find(physical));
  }
  // The physical address of a place in a table; nothing for other places.
  std::optional<uint64_t> PhysicalOf(const volatile void* place) const {
    const uint64_t physical =
        WrappingSub(reinterpret_cast<uint64_t>(place), walk_->va_offset);
    if (arena_.Find(physical) == nullptr) return std::nullopt;
    return physical;
  }
  // The word at a place in a table, for changing it.
  static uint64_t& At(const volatile void* place) {
    return *static_cast<uint64_t*>(const_cast<void*>(place));
  }

  // Actions before reads, and after grabs.
  std::function<void(int level, const volatile void* place)> before_read;
  std::function<void()> after_grab, before_walk;

  // Walks, and returns the pages.
  std::vector<uint64_t> Run(uint64_t start, uint64_t pages, bool pin = false) {
    walk_->start = start;
    walk_->pages = pages;
    walk_->pin = pin;
    if (before_read) {
      walk_->before_read = [](pxd_walk* walk, int level,
                              const volatile void* place) {
        static_cast<Hooked*>(walk->context)->before_read(level, place);
      };
    }
    if (after_grab) {
      walk_->after_grab = [](pxd_walk* walk) {
        static_cast<Hooked*>(walk->context)->after_grab();
      };
    }
    if (before_walk) {
      walk_->before_walk = [](pxd_walk* walk) {
        static_cast<Hooked*>(walk->context)->before_walk();
      };
    }
    EXPECT_EQ(RunGuarded(kernel_, *walk_), RunEnd::kReturned);
    EXPECT_LE(walk_->read_count, size_t{PXD_MAX_READS});
    return {walk_->page, walk_->page + walk_->count};
  }

  std::span<const pxd_read> reads() const {
    return {walk_->reads, walk_->read_count};
  }
  // The reads of that role, as levels.
  std::vector<int> LevelsOf(pxd_role role) const {
    std::vector<int> levels;
    for (const pxd_read& read : reads()) {
      if (read.role == role) levels.push_back(read.level);
    }
    return levels;
  }
  // The last iteration's read of that level, before read `i`.
  const pxd_read* IterationBefore(size_t i, int level) const {
    for (; i > 0; --i) {
      const pxd_read& read = walk_->reads[i - 1];
      if (read.role == PXD_ITERATION && read.level == level) return &read;
    }
    return nullptr;
  }

 private:
  const pxd_kernel& kernel_;
  Arena arena_ = MakeArena<A>();
  TreeWords words_;
  std::optional<Space_> mm_;
  std::unique_ptr<pxd_walk> walk_;
  std::array<uint64_t, 512> pages_{};
};

// Calls `visit` with each kernel code and each paging mode that it supports.
template <class Visit>
void WithPagingModes(std::span<const pxd_kernel* const> kernels, Visit visit) {
  for (const pxd_kernel* kernel : kernels) {
    for (const PagingMode& mode : kAllPagingModes) {
      if (!IsBuilt(mode) || Name(mode.arch) != kernel->arch) continue;
      SCOPED_TRACE(std::string(kernel->name) + ' ' +
                   std::string(Name(mode.arch)) + '/' +
                   std::to_string(mode.levels));
      VisitArch(mode.arch, [&]<class A>() {
        visit.template operator()<A>(*kernel, mode);
      });
    }
  }
}

// An address in the middle of the paging mode's range, where an entry of
// `level` begins.
uint64_t Middle(PagingMode mode, Level level) {
  const PagingModeInfo& info = InfoOf(mode);
  return info.limit / 2 & ~(info.geometry.span(level) - 1);
}

// Four pages below that.
template <class A>
uint64_t MapFour(Hooked<A>& hooked, PagingMode mode) {
  const uint64_t page = hooked.mm().geometry().page_size();
  const uint64_t start = Middle(mode, Level::kPmd) - 8 * page;
  hooked.mm().Map(Level::kPte, start, 4, 16 * page, LeafState());
  return start;
}

// Whether it treats the entries of 2 levels as a bug, or its pointers leave
// their local copies at once.
bool IsBroken(const pxd_kernel& kernel, PagingMode mode) {
  const std::string_view variant = kernel.variant;
  return (variant == "folded-aware-checked" && mode.levels == 2) ||
         (mode.arch == ArchId::kArm64Page16K && variant != "as-is" &&
          variant != "by-pointer");
}

TEST(HooksTest, EachReadIsAnnounced) {
  WithPagingModes(
      AllKernels(), []<class A>(const pxd_kernel& kernel, PagingMode mode) {
        if (IsBroken(kernel, mode)) return;
        Hooked<A> hooked(kernel, mode.levels);
        const uint64_t start = MapFour(hooked, mode);
        struct Seen {
          int level;
          const volatile void* place;
        };
        std::vector<Seen> seen;
        hooked.before_read = [&](int level, const volatile void* place) {
          const pxd_read& last = hooked.reads().back();
          EXPECT_EQ(last.value, 0u);
          EXPECT_EQ(last.level, level);
          EXPECT_EQ(last.place, place);
          seen.push_back({level, place});
        };
        EXPECT_EQ(hooked.Run(start, 4).size(), 4u);
        ASSERT_EQ(seen.size(), hooked.reads().size());
        for (size_t i = 0; i < seen.size(); ++i) {
          const pxd_read& read = hooked.reads()[i];
          EXPECT_EQ(seen[i].place, read.place) << i;
          EXPECT_EQ(seen[i].level, read.level) << i;
          if (hooked.PhysicalOf(read.place).has_value()) {
            EXPECT_EQ(hooked.At(read.place), read.value) << i;
            EXPECT_STREQ(read.file, "mm/gup.c");
          }
        }
      });
}

TEST(HooksTest, AReadSeesAChangeBeforeIt) {
  WithPagingModes(
      AllKernels(), []<class A>(const pxd_kernel& kernel, PagingMode mode) {
        if (IsBroken(kernel, mode)) return;
        Hooked<A> hooked(kernel, mode.levels);
        const uint64_t start = MapFour(hooked, mode);
        const uint64_t page = hooked.mm().geometry().page_size();
        int ptes = 0;
        hooked.before_read = [&](int level, const volatile void* place) {
          if (level != 0 || hooked.reads().back().role != PXD_ITERATION) return;
          if (++ptes != 3) return;
          hooked.At(place) =
              hooked.mm().entries().Leaf(Level::kPte, 64 * page, LeafState());
        };
        EXPECT_THAT(hooked.Run(start, 4),
                    ElementsAre(16 * page, 17 * page, 64 * page, 19 * page));
        // Without a callback the same words are read.
        hooked.walk().before_read = nullptr;
        hooked.before_read = nullptr;
        EXPECT_EQ(hooked.Run(start, 4)[2], 64 * page);
      });
}

// All of them, in as-is; each is where the iteration before it read.
template <class A>
void ExpectChecks(const Hooked<A>& hooked, const std::vector<int>& levels) {
  EXPECT_EQ(hooked.LevelsOf(PXD_CHECK), levels);
  for (size_t i = 0; i < hooked.reads().size(); ++i) {
    const pxd_read& read = hooked.reads()[i];
    if (read.role != PXD_CHECK) continue;
    const pxd_read* iteration = hooked.IterationBefore(i, read.level);
    ASSERT_NE(iteration, nullptr);
    EXPECT_EQ(read.place, iteration->place);
    EXPECT_EQ(read.value, iteration->value);
    EXPECT_TRUE(hooked.PhysicalOf(read.place).has_value());
    EXPECT_STREQ(read.file, "mm/gup.c");
    EXPECT_GT(read.line, iteration->line - 1000);
  }
}

TEST(HooksTest, RecordsTheRecheck) {
  WithPagingModes(FindKernels("as-is"), []<class A>(const pxd_kernel& kernel,
                                                    PagingMode mode) {
    Hooked<A> hooked(kernel, mode.levels);
    const uint64_t start = MapFour(hooked, mode);
    hooked.before_read = [](int, const volatile void*) {};
    EXPECT_EQ(hooked.Run(start, 4).size(), 4u);
    ExpectChecks(hooked, {1, 0, 1, 0, 1, 0, 1, 0});
    // Without a callback only explanations request them.
    hooked.walk().before_read = nullptr;
    hooked.before_read = nullptr;
    hooked.walk().notes_checks = true;
    EXPECT_EQ(hooked.Run(start, 4).size(), 4u);
    ExpectChecks(hooked, {1, 0, 1, 0, 1, 0, 1, 0});
    hooked.walk().notes_checks = false;
    EXPECT_EQ(hooked.Run(start, 4).size(), 4u);
    EXPECT_EQ(hooked.LevelsOf(PXD_CHECK).size() % 4, 0u);

    for (const Level level : {Level::kPmd, Level::kPud}) {
      if (!A::Entries::HasLeaf(level) || !hooked.mm().geometry().real(level)) {
        continue;
      }
      Hooked<A> large(kernel, mode.levels);
      const Geometry& geometry = large.mm().geometry();
      const uint64_t at = Middle(mode, level);
      large.mm().Map(level, at, 1, 3 * geometry.span(level), LeafState());
      large.before_read = [](int, const volatile void*) {};
      EXPECT_THAT(large.Run(at, 2),
                  ElementsAre(3 * geometry.span(level),
                              3 * geometry.span(level) + geometry.page_size()));
      ExpectChecks(large, {Ordinal(level)});
    }
  });
}

// What the RFC of 2020 did not repair: at a folded level the recheck's pointer
// is the address of the local copy.
TEST(HooksTest, AFoldedCheckReadsACopy) {
  int tried = 0;
  for (const auto& [variant, in_table] :
       {std::pair("folded-aware", false), {"as-is", true}}) {
    for (const pxd_kernel* kernel : FindKernels(variant, "s390")) {
      SCOPED_TRACE(kernel->name);
      ++tried;
      Hooked<S390> hooked(*kernel, 2);
      hooked.mm().Map(Level::kPte, 16 * kPage, 2, kPage, LeafState());
      hooked.before_read = [](int, const volatile void*) {};
      EXPECT_THAT(hooked.Run(16 * kPage, 2), ElementsAre(kPage, 2 * kPage));
      EXPECT_THAT(hooked.LevelsOf(PXD_CHECK), ElementsAre(1, 0, 1, 0));
      for (const pxd_read& read : hooked.reads()) {
        if (read.role != PXD_CHECK) continue;
        EXPECT_EQ(hooked.PhysicalOf(read.place).has_value(),
                  in_table || read.level == 0);
      }
      // A walk may read a copy.
      KernelJudge judge(*kernel);
      const Case c = MakeCase(2, {.start = 16 * kPage, .pages = 2},
                              {MapPages(16 * kPage, 2, kPage)});
      const Answer answer = Observe(judge, c, 0);
      EXPECT_EQ(answer.finding.name(), "");
      int checks = 0;
      for (const Event& event : answer.run.events) {
        if (event.kind != Event::Kind::kCheck) continue;
        ++checks;
        EXPECT_EQ(event.place.kind, in_table || event.level == Level::kPte
                                        ? Place::Kind::kTable
                                        : Place::Kind::kOwnCopy);
      }
      EXPECT_EQ(checks, 4);
    }
  }
  if (tried == 0) GTEST_SKIP() << "no kernel of s390";
}

// Empties the entry of `level` that the last iteration read.
template <class A>
void EmptyLast(Hooked<A>& hooked, Level level) {
  const pxd_read* iteration =
      hooked.IterationBefore(hooked.reads().size(), Ordinal(level));
  hooked.At(iteration->place) = hooked.mm().entries().Empty(level);
}

TEST(HooksTest, AChangeAfterTheGrabDropsThePage) {
  WithPagingModes(FindKernels("as-is"), []<class A>(const pxd_kernel& kernel,
                                                    PagingMode mode) {
    for (const Level changed : {Level::kPte, Level::kPmd}) {
      Hooked<A> hooked(kernel, mode.levels);
      const uint64_t start = MapFour(hooked, mode);
      hooked.after_grab = [&] {
        if (hooked.walk().grab_count == 3) EmptyLast(hooked, changed);
      };
      EXPECT_EQ(hooked.Run(start, 4).size(), 2u) << Name(changed);
      EXPECT_EQ(hooked.walk().held, 2u);
      EXPECT_EQ(hooked.walk().grab_count, 4u);
      EXPECT_EQ(hooked.walk().grabs[3].refs, -1);
    }
    for (const Level level : {Level::kPmd, Level::kPud}) {
      Hooked<A> hooked(kernel, mode.levels);
      const Geometry& geometry = hooked.mm().geometry();
      if (!A::Entries::HasLeaf(level) || !geometry.real(level)) continue;
      const uint64_t at = Middle(mode, level);
      hooked.mm().Map(level, at, 1, 3 * geometry.span(level), LeafState());
      hooked.after_grab = [&] { EmptyLast(hooked, level); };
      EXPECT_THAT(hooked.Run(at, 2), IsEmpty()) << Name(level);
      EXPECT_EQ(hooked.walk().held, 0u);
    }
  });
}

TEST(HooksTest, WithoutThePmdCheckAClearedPmdGoesUnnoticed) {
  const auto kernels = FindKernels("no-pmd-check", "s390");
  if (kernels.empty()) GTEST_SKIP() << "no such kernel";
  for (const pxd_kernel* kernel : kernels) {
    SCOPED_TRACE(kernel->name);
    for (const Level changed : {Level::kPmd, Level::kPte}) {
      Hooked<S390> hooked(*kernel, 3);
      const uint64_t start = MapFour(hooked, {ArchId::kS390, 3});
      hooked.before_read = [](int, const volatile void*) {};
      hooked.after_grab = [&] {
        if (hooked.walk().grab_count == 3) EmptyLast(hooked, changed);
      };
      const bool noticed = changed == Level::kPte;
      EXPECT_EQ(hooked.Run(start, 4).size(), noticed ? 2u : 4u);
      EXPECT_EQ(hooked.walk().held, noticed ? 2u : 4u);
      for (const pxd_read& read : hooked.reads()) {
        if (read.role != PXD_CHECK) continue;
        EXPECT_EQ(hooked.PhysicalOf(read.place).has_value(), read.level == 0);
      }
    }
    // Large leaves have a separate recheck.
    Hooked<S390> large(*kernel, 3);
    large.mm().Map(Level::kPmd, kMiB, 1, 4 * kMiB, LeafState());
    large.after_grab = [&] { EmptyLast(large, Level::kPmd); };
    EXPECT_THAT(large.Run(kMiB, 2), IsEmpty());
    // Without a change it is right, and reads only what it may.
    KernelJudge judge(*kernel);
    const Answer answer = Observe(judge, Crossing(3, 4 * kGiB, 0), 0);
    EXPECT_EQ(answer.finding.name(), "");
    EXPECT_EQ(answer.run.pages.size(), 2u);
  }
}

TEST(HooksTest, AForkDropsPins) {
  WithPagingModes(FindKernels("as-is"), []<class A>(const pxd_kernel& kernel,
                                                    PagingMode mode) {
    for (const bool pin : {true, false}) {
      Hooked<A> hooked(kernel, mode.levels);
      const uint64_t start = MapFour(hooked, mode);
      hooked.after_grab = [&] {
        if (hooked.walk().grab_count == 2) {
          hooked.walk().write_protect_seq += 2;
        }
      };
      const size_t count = pin ? 0 : 4;
      EXPECT_EQ(hooked.Run(start, 4, pin).size(), count);
      EXPECT_EQ(hooked.walk().held, count);
      EXPECT_EQ(hooked.walk().grab_count, pin ? 8u : 4u);
      for (size_t i = 4; i < hooked.walk().grab_count; ++i) {
        const pxd_grab& given_back = hooked.walk().grabs[i];
        EXPECT_EQ(given_back.pfn, hooked.walk().grabs[i - 4].pfn);
        EXPECT_EQ(given_back.refs, -1);
        EXPECT_TRUE(given_back.pin);
      }
      // A fork() that ended before does not matter.
      hooked.after_grab = [] {};
      EXPECT_EQ(hooked.Run(start, 4, pin).size(), 4u);
      // During fork(), no pin is taken.
      hooked.walk().write_protect_seq = 1;
      EXPECT_EQ(hooked.Run(start, 4, pin).size(), count);
      EXPECT_EQ(hooked.walk().grab_count, count);
    }
  });
}

// The mm gets one more level, as by crst_table_upgrade().
TEST(HooksTest, UsesTheRootBeforeTheWalk) {
  int tried = 0;
  for (const pxd_kernel* kernel : AllKernels()) {
    if (kernel->arch != std::string_view("s390")) continue;
    if (kernel->variant == std::string_view("by-value")) continue;
    SCOPED_TRACE(kernel->name);
    ++tried;
    Hooked<S390> hooked(*kernel, 4);
    hooked.mm().Map(Level::kPte, 16 * kPage, 2, kPage, LeafState());
    uint64_t* const upgraded = hooked.walk().root;
    const EntryKind old =
        hooked.mm().entries().Classify(Level::kP4d, *upgraded);
    ASSERT_EQ(old.tag, EntryKind::Tag::kTable);
    uint64_t* const before = hooked.Word(old.address);

    hooked.walk().root = before;
    hooked.walk().levels = 3;
    EXPECT_THAT(hooked.Run(16 * kPage, 2), ElementsAre(kPage, 2 * kPage));
    EXPECT_EQ(hooked.reads()[0].place, before);

    hooked.before_walk = [&] {
      EXPECT_EQ(hooked.walk().read_count, 0u);
      hooked.walk().root = upgraded;
      hooked.walk().levels = 4;
    };
    EXPECT_THAT(hooked.Run(16 * kPage, 2), ElementsAre(kPage, 2 * kPage));
    EXPECT_EQ(hooked.reads()[0].place, upgraded);

    // A request beyond the earlier limit is refused before, and not tested
    // again.
    hooked.walk().root = before;
    hooked.walk().levels = 3;
    EXPECT_THAT(hooked.Run(4 * kTiB, 1), IsEmpty());
    EXPECT_EQ(hooked.walk().root, before);
  }
  if (tried == 0) GTEST_SKIP() << "no kernel of s390";
}

// The number of levels changes too.
TEST(HooksTest, UsesTheLevelsBeforeTheWalk) {
  const auto kernels = FindKernels("as-is", "x86-64");
  if (kernels.empty()) GTEST_SKIP() << "no kernel of x86-64";
  for (const pxd_kernel* kernel : kernels) {
    SCOPED_TRACE(kernel->name);
    Hooked<X86> hooked(*kernel, 5);
    hooked.mm().Map(Level::kPte, 16 * kPage, 2, kPage, LeafState());
    const EntryKind below =
        hooked.mm().entries().Classify(Level::kPgd, *hooked.walk().root);
    ASSERT_EQ(below.tag, EntryKind::Tag::kTable);
    hooked.before_walk = [&] {
      hooked.walk().root = hooked.Word(below.address);
      hooked.walk().levels = 4;
    };
    EXPECT_THAT(hooked.Run(16 * kPage, 2), ElementsAre(kPage, 2 * kPage));
    EXPECT_EQ(hooked.reads()[0].place, hooked.Word(below.address));
  }
}

// By pointer each pXd_offset() reads the entry again that the loop just read.
// It does so in a table, once.
TEST(HooksTest, ByPointerReadsEntriesTwice) {
  WithPagingModes(
      AllKernels(), []<class A>(const pxd_kernel& kernel, PagingMode mode) {
        if (IsBroken(kernel, mode)) return;
        Hooked<A> hooked(kernel, mode.levels);
        const uint64_t start = MapFour(hooked, mode);
        hooked.before_read = [](int, const volatile void*) {};
        EXPECT_EQ(hooked.Run(start, 4).size(), 4u);
        std::vector<int> reread;
        for (size_t i = 0; i < hooked.reads().size(); ++i) {
          const pxd_read& read = hooked.reads()[i];
          if (read.role != PXD_REREAD) continue;
          ASSERT_GT(i, 0u);
          const pxd_read* iteration = hooked.IterationBefore(i, read.level);
          ASSERT_NE(iteration, nullptr);
          EXPECT_EQ(read.value, iteration->value);
          if (!hooked.PhysicalOf(read.place).has_value()) continue;
          EXPECT_EQ(read.place, iteration->place);
          reread.push_back(read.level);
        }
        if (kernel.variant != std::string_view("by-pointer")) {
          EXPECT_THAT(reread, IsEmpty());
        } else if (mode.arch == ArchId::kArm64Page16K ||
                   (mode.arch == ArchId::kX86 && mode.levels == 4)) {
          EXPECT_THAT(reread, ElementsAre(3, 2));  // its p4d_offset() is a cast
        } else {
          EXPECT_THAT(reread, ElementsAre(4, 3, 2));
        }
      });
}

TEST(HooksTest, ByPointerAChangeInBetweenLeadsElsewhere) {
  for (const std::string_view variant : {"by-pointer", "as-is"}) {
    for (const pxd_kernel* kernel : FindKernels(variant, "s390")) {
      SCOPED_TRACE(kernel->name);
      Hooked<S390> hooked(*kernel, 3);
      hooked.mm().Map(Level::kPte, 2 * kGiB, 2, 16 * kPage, LeafState());
      hooked.mm().Map(Level::kPte, 6 * kGiB, 2, 64 * kPage, LeafState());
      uint64_t* const root = hooked.walk().root;
      hooked.before_read = [&](int, const volatile void* place) {
        if (place != &root[1]) return;
        // The first is that of the pgd loop; by pointer, that of pmd_offset()
        // is the last.
        const size_t times = hooked.reads().size();
        if (times == (variant == "as-is" ? 4u : 6u)) root[1] = root[3];
      };
      EXPECT_THAT(hooked.Run(2 * kGiB, 2),
                  variant == "as-is" ? ElementsAre(16 * kPage, 17 * kPage)
                                     : ElementsAre(64 * kPage, 65 * kPage));
    }
  }
}

TEST(HooksTest, RecordsGrabsBetweenReads) {
  WithPagingModes(FindKernels("as-is"),
                  []<class A>(const pxd_kernel& kernel, PagingMode mode) {
                    Hooked<A> hooked(kernel, mode.levels);
                    const uint64_t start = MapFour(hooked, mode);
                    hooked.before_read = [](int, const volatile void*) {};
                    EXPECT_EQ(hooked.Run(start, 4, /*pin=*/true).size(), 4u);
                    ASSERT_EQ(hooked.walk().grab_count, 4u);
                    for (size_t i = 0; i < 4; ++i) {
                      const size_t at = hooked.walk().grabs[i].reads;
                      ASSERT_GT(at, 0u);
                      ASSERT_LT(at, hooked.reads().size());
                      EXPECT_EQ(hooked.reads()[at - 1].role, PXD_ITERATION);
                      EXPECT_EQ(hooked.reads()[at - 1].level, 0);
                      EXPECT_EQ(hooked.reads()[at].role, PXD_CHECK);
                    }
                  });
}

// The record has room for the longest walks.
TEST(HooksTest, RecordsTheLongestWalkCompletely) {
  WithPagingModes(
      AllKernels(), []<class A>(const pxd_kernel& kernel, PagingMode mode) {
        if (IsBroken(kernel, mode)) return;
        if (kernel.variant == std::string_view("by-value")) return;
        Hooked<A> hooked(kernel, mode.levels);
        const Geometry& geometry = hooked.mm().geometry();
        const uint64_t page = geometry.page_size();
        // Across a boundary of the highest real level.
        const uint64_t start = Middle(mode, geometry.root()) - 256 * page;
        hooked.mm().Map(Level::kPte, start, 512, 1024 * page, LeafState());
        size_t checks = 0;
        hooked.before_read = [&](int, const volatile void*) {
          checks += hooked.reads().back().role == PXD_CHECK;
        };
        EXPECT_EQ(hooked.Run(start, 512).size(), 512u);
        EXPECT_EQ(checks, 1024u);
        EXPECT_LE(hooked.walk().read_count, size_t{PXD_MAX_READS});
      });
}

}  // namespace
}  // namespace pxdfuzz
