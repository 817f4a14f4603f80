// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_CONTRACT_H_
#define PXDFUZZ_REFERENCE_CONTRACT_H_

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/page_kind.h"
#include "pxdfuzz/paging/paging_mode.h"

// What gup_fast must return and must refuse, as one table: by the meaning of an
// entry, the kind of the page that it maps, and the flags of the call.
// docs/contract.md is the output of `pxdfuzz contract`.

namespace pxdfuzz {

// kEither: no rule says. A walk that returns the page is right, and so is one
// that stops there; it is no agreement either.
enum class Duty : uint8_t { kRefuse, kReturn, kEither };

constexpr std::string_view Name(Duty duty) {
  constexpr std::string_view kNames[] = {"refuse", "return", "either"};
  return kNames[static_cast<size_t>(duty)];
}

// A set of values of an enumeration with at most 16.
template <class Value>
class EnumSet {
 public:
  constexpr EnumSet() = default;
  constexpr EnumSet(std::initializer_list<Value> values) {
    for (const Value value : values) Add(value);
  }
  static constexpr EnumSet All() {
    EnumSet all;
    all.bits_ = 0xffff;
    return all;
  }
  constexpr void Add(Value value) { bits_ |= Bit(value); }
  constexpr bool Contains(Value value) const {
    return (bits_ & Bit(value)) != 0;
  }
  constexpr bool ContainsAll(EnumSet other) const {
    return (other.bits_ & ~bits_) == 0;
  }
  constexpr bool ContainsAnyOf(EnumSet other) const {
    return (other.bits_ & bits_) != 0;
  }
  friend constexpr bool operator==(EnumSet, EnumSet) = default;

 private:
  static constexpr uint16_t Bit(Value value) {
    return static_cast<uint16_t>(1 << static_cast<int>(value));
  }
  uint16_t bits_ = 0;
};

// What the entry at which a translation ends means. A leaf has the first of
// these that fits.
enum class EntryMeaning : uint8_t {
  kNoLeaf,   // empty, a table, swapped out
  kSpecial,  // no struct page behind it
  kInvalid,  // x86-64, arm64: large, after pmdp_invalidate()
  kKernel,   // not for user mode
  kExecuteOnly,
  kHugeAtZero,  // s390: a region-third leaf of frame 0, old and clean
  kProtNone,
  kReadOnly,
  kWritable,
};
inline constexpr size_t kEntryMeaningCount = 9;

// Of the leaf.
enum class LeafSize : uint8_t { kPte, kPmd, kPud };

// What else a leaf may be.
enum class LeafTrait : uint8_t {
  kMixed,      // it maps pages of several kinds
  kForbidden,  // the thread's rights forbid such a call on pages of its key
  kDevmap,     // it maps device memory
};
using LeafTraits = EnumSet<LeafTrait>;

enum class CallFlag : uint8_t { kWrite, kPin, kLongterm };
using CallFlags = EnumSet<CallFlag>;

// Rules that came as features: a tree has them or not, recognized by what it
// contains.
enum class TreeRule : uint8_t {
  // pud_present() of s390 is true for an old and clean leaf of frame 0.
  kHugeAtZero,
  // CONFIG_TRANSPARENT_HUGEPAGE: a leaf at pmd is no hugetlb page.
  kTransparentHuge,
  // gup_must_unshare(), and the one that gets a VMA.
  kUnsharing,
  kLongtermUnsharing,
  // folio_fast_pin_allowed() or gup_fast_folio_allowed().
  kLongtermFile,
  // mm/gup.c includes linux/secretmem.h, and CONFIG_SECRETMEM.
  kSecretmem,
  // The text of try_grab_folio() or try_grab_folio_fast() runs: it asks
  // is_longterm_pinnable_page() or folio_is_longterm_pinnable().
  kLongtermPinnable,
};
using TreeRules = EnumSet<TreeRule>;

// What the contract is asked about one page.
struct ContractQuestion {
  ArchId arch = ArchId::kS390;
  EntryMeaning entry = EntryMeaning::kNoLeaf;
  LeafSize size = LeafSize::kPte;
  PageKind page = PageKind::kAnonymous;
  LeafTraits traits;
  CallFlags flags;
  TreeRules rules;
};

// The meaning of what Linux wrote.
constexpr EntryMeaning MeaningOf(ArchId arch, Level level,
                                 const EntryKind& kind, TreeRules rules) {
  if (kind.tag != EntryKind::Tag::kLeaf) return EntryMeaning::kNoLeaf;
  if (kind.state.special) return EntryMeaning::kSpecial;
  if (kind.state.invalid && arch != ArchId::kS390) {
    return EntryMeaning::kInvalid;
  }
  if (kind.state.kernel) return EntryMeaning::kKernel;
  if (kind.state.exec && kind.state.permission == Permission::kNone) {
    return EntryMeaning::kExecuteOnly;
  }
  if (arch == ArchId::kS390 && level == Level::kPud && kind.address == 0 &&
      !kind.state.young && !kind.state.dirty &&
      !rules.Contains(TreeRule::kHugeAtZero)) {
    return EntryMeaning::kHugeAtZero;
  }
  switch (kind.state.permission) {
    case Permission::kNone:
      return EntryMeaning::kProtNone;
    case Permission::kRead:
      return EntryMeaning::kReadOnly;
    case Permission::kReadWrite:
      break;
  }
  return EntryMeaning::kWritable;
}

// A row holds for a question that has one of its entries, sizes, architectures
// and pages, all of its traits and all of the flags `with`, in a tree that has
// all of the rules `needs` and none of those that it `lacks`. The first row
// that holds has the answer.
struct ContractRow {
  EnumSet<EntryMeaning> entries = EnumSet<EntryMeaning>::All();
  EnumSet<LeafSize> sizes = EnumSet<LeafSize>::All();
  EnumSet<ArchId> arches = EnumSet<ArchId>::All();
  EnumSet<PageKind> pages = EnumSet<PageKind>::All();
  LeafTraits traits;
  CallFlags with;
  TreeRules needs;
  TreeRules lacks;
  Duty duty = Duty::kReturn;
  // The function that decides, or why no rule says.
  std::string_view source;
  // Where the rule holds: its commit, and the release.
  std::string_view trees = "all";

  constexpr bool Holds(const ContractQuestion& question) const {
    return entries.Contains(question.entry) && sizes.Contains(question.size) &&
           arches.Contains(question.arch) && pages.Contains(question.page) &&
           question.traits.ContainsAll(traits) &&
           question.flags.ContainsAll(with) &&
           question.rules.ContainsAll(needs) &&
           !question.rules.ContainsAnyOf(lacks);
  }
};

inline constexpr ContractRow kContract[] = {
    {.entries = {EntryMeaning::kNoLeaf},
     .duty = Duty::kRefuse,
     .source = "`pmd_present()` and its like, `pte_access_permitted()`"},
    {.entries = {EntryMeaning::kSpecial},
     .duty = Duty::kRefuse,
     .source = "`pte_special()`, `pmd_special()`, `pud_special()`",
     .trees = "all; above pte since ae3c99e650da (6.12)"},
    {.entries = {EntryMeaning::kInvalid},
     .duty = Duty::kRefuse,
     .source = "`pmd_access_permitted()` asks for the present or valid bit; "
               "s390's walk asks for neither"},
    {.entries = {EntryMeaning::kKernel, EntryMeaning::kExecuteOnly},
     .duty = Duty::kRefuse,
     .source = "`pte_access_permitted()` and its like ask for the user bit"},
    {.arches = {ArchId::kX86},
     .traits = {LeafTrait::kForbidden},
     .duty = Duty::kRefuse,
     .source = "`__pkru_allows_pkey()`",
     .trees = "all; since 33a709b25a76 (4.6)"},
    {.traits = {LeafTrait::kDevmap},
     .with = {CallFlag::kLongterm},
     .duty = Duty::kRefuse,
     .source = "`pte_devmap()` and its like, with `FOLL_LONGTERM`",
     .trees = "up to 6.12"},
    {.entries = {EntryMeaning::kHugeAtZero},
     .duty = Duty::kRefuse,
     .source =
         "`pud_present()` asks for any bit of the origin; the bits of young "
         "and dirty are among them",
     .trees = "s390 whose `pud_present()` is false for frame 0"},
    {.entries = {EntryMeaning::kProtNone},
     .arches = {ArchId::kX86, ArchId::kArm64Page16K},
     .duty = Duty::kRefuse,
     .source = "`pte_access_permitted()`, `pmd_access_permitted()`, "
               "`pud_access_permitted()`"},
    {.entries = {EntryMeaning::kProtNone},
     .sizes = {LeafSize::kPte, LeafSize::kPmd},
     .duty = Duty::kRefuse,
     .source = "`pte_protnone()`, `pmd_protnone()`"},
    {.entries = {EntryMeaning::kProtNone, EntryMeaning::kReadOnly},
     .with = {CallFlag::kWrite},
     .duty = Duty::kRefuse,
     .source = "`pte_access_permitted()` and its like"},
    {.sizes = {LeafSize::kPmd, LeafSize::kPud},
     .traits = {LeafTrait::kMixed},
     .duty = Duty::kEither,
     .source = "Linux maps no large page of several kinds"},
    {.sizes = {LeafSize::kPmd, LeafSize::kPud},
     .pages = {PageKind::kSharedAnonymous, PageKind::kFile, PageKind::kShmem,
               PageKind::kZero, PageKind::kSecretmem, PageKind::kNoMapping},
     .traits = {LeafTrait::kDevmap},
     .duty = Duty::kEither,
     .source = "the walk asks no kind of large pages of device memory"},
    {.entries = {EntryMeaning::kWritable},
     .pages = {PageKind::kSharedAnonymous, PageKind::kZero},
     .duty = Duty::kEither,
     .source = "Linux maps such a page read-only"},
    {.sizes = {LeafSize::kPmd, LeafSize::kPud},
     .pages = {PageKind::kSecretmem},
     .duty = Duty::kEither,
     .source = "secretmem is small"},
    {.sizes = {LeafSize::kPud},
     .pages = {PageKind::kZero},
     .duty = Duty::kEither,
     .source = "the huge zero page has the size of a pmd"},
    {.sizes = {LeafSize::kPmd},
     .pages = {PageKind::kZero},
     .lacks = {TreeRule::kTransparentHuge},
     .duty = Duty::kEither,
     .source = "the tree has no huge zero page",
     .trees = "without `CONFIG_TRANSPARENT_HUGEPAGE`"},
    {.pages = {PageKind::kSecretmem},
     .needs = {TreeRule::kSecretmem},
     .duty = Duty::kRefuse,
     .source = "`page_is_secretmem()`, `secretmem_mapping()`",
     .trees = "since 1507f51255c9 (5.14), with `CONFIG_SECRETMEM`"},
    {.pages = {PageKind::kSecretmem},
     .duty = Duty::kEither,
     .source = "the tree has no such pages"},
    {.pages = {PageKind::kMovable},
     .with = {CallFlag::kPin, CallFlag::kLongterm},
     .needs = {TreeRule::kLongtermPinnable},
     .duty = Duty::kRefuse,
     .source = "`is_longterm_pinnable_page()`, `folio_is_longterm_pinnable()`",
     .trees = "whose `try_grab_folio()` or `try_grab_folio_fast()` asks"},
    {.sizes = {LeafSize::kPte},
     .pages = {PageKind::kFile, PageKind::kNoMapping},
     .with = {CallFlag::kWrite, CallFlag::kPin, CallFlag::kLongterm},
     .needs = {TreeRule::kLongtermFile},
     .duty = Duty::kRefuse,
     .source = "`folio_fast_pin_allowed()`, `gup_fast_folio_allowed()`",
     .trees = "since a6e79df92e4a (6.5)"},
    {.sizes = {LeafSize::kPmd},
     .pages = {PageKind::kFile, PageKind::kNoMapping},
     .with = {CallFlag::kWrite, CallFlag::kPin, CallFlag::kLongterm},
     .needs = {TreeRule::kLongtermFile, TreeRule::kTransparentHuge},
     .duty = Duty::kRefuse,
     .source = "the same; hugetlb pages are allowed",
     .trees = "since a6e79df92e4a (6.5)"},
    {.entries = {EntryMeaning::kProtNone, EntryMeaning::kReadOnly},
     .pages = {PageKind::kSharedAnonymous},
     .with = {CallFlag::kPin},
     .needs = {TreeRule::kUnsharing},
     .duty = Duty::kRefuse,
     .source = "`gup_must_unshare()`",
     .trees = "since a7f226604170 (5.19)"},
    {.entries = {EntryMeaning::kProtNone, EntryMeaning::kReadOnly},
     .pages = {PageKind::kFile, PageKind::kShmem, PageKind::kZero,
               PageKind::kNoMapping},
     .with = {CallFlag::kPin, CallFlag::kLongterm},
     .needs = {TreeRule::kLongtermUnsharing},
     .duty = Duty::kRefuse,
     .source = "`gup_must_unshare()` without a VMA",
     .trees = "since 84209e87c696 (6.2)"},
    {.duty = Duty::kReturn, .source = "`gup_fast_pte_range()` and its like"},
};

// The row that answers, by its position. The last row holds for all questions.
constexpr size_t RowFor(const ContractQuestion& question) {
  size_t row = 0;
  while (!kContract[row].Holds(question)) ++row;
  return row;
}

// The answer of the table.
constexpr Duty Decide(const ContractQuestion& question) {
  return kContract[RowFor(question)].duty;
}

// A page that was returned, or was not, although the contract says otherwise of
// pages of its kind.
struct ContractBreak {
  size_t row = 0;
  PageKind kind = PageKind::kAnonymous;
  size_t page = 0;  // its position in the request

  friend bool operator==(const ContractBreak&, const ContractBreak&) = default;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_CONTRACT_H_
