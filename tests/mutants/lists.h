// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_LISTS_H_
#define PXDFUZZ_TESTS_MUTANTS_LISTS_H_

#include "pxdfuzz/paging/level.h"
#include "tests/mutants/arm64_kernel.h"
#include "tests/mutants/contract.h"
#include "tests/mutants/gup_code.h"
#include "tests/mutants/kernel.h"
#include "tests/mutants/s390_kernel.h"
#include "tests/mutants/x86_kernel.h"

// All bugs that are planted in architecture types, for planting on any base:
//
//   S390KernelBugs::Visit<BasicS390<kTiny>>([]<class M>() { ... });
//
// calls the visitor with each bug's type, an architecture whose Kernel, Code or
// Contract has the bug. This includes those whose kInfo.equal explains why they
// are not bugs.

namespace pxdfuzz::mutants {

template <template <class> class... Bugs>
struct List {
  template <class Base, class Visitor>
  static constexpr void Visit(Visitor&& visitor) {
    (visitor.template operator()<Bugs<Base>>(), ...);
  }
};

// In the generic code, for every architecture.
using CodeBugs = List<
    WithCode<BoundaryNoMinusOne>::On, WithCode<BoundaryUnaligned>::On,
    WithCode<BoundaryMaskedBySize>::On, WithCode<BoundaryUnclipped>::On,
    WithCode<BoundaryIgnored>::On, WithCode<BoundaryIn32Bits>::On,
    WithCode<BoundaryAtMost>::On, WithCode<PastHole<Level::kPte>>::On,
    WithCode<PastHole<Level::kPmd>>::On, WithCode<PastHole<Level::kPud>>::On,
    WithCode<PastHole<Level::kP4d>>::On, WithCode<PastHole<Level::kPgd>>::On,
    WithCode<NoAdvanceAfterLeaf<Level::kPte>>::On,
    WithCode<NoAdvanceAfterLeaf<Level::kPmd>>::On,
    WithCode<NoAdvanceAfterLeaf<Level::kPud>>::On,
    WithCode<NoAdvanceAfterTable<Level::kPmd>>::On,
    WithCode<NoAdvanceAfterTable<Level::kPud>>::On,
    WithCode<NoAdvanceAfterTable<Level::kP4d>>::On,
    WithCode<NoAdvanceAfterTable<Level::kPgd>>::On,
    WithCode<TwoEntriesAhead<Level::kPte>>::On,
    WithCode<TwoEntriesAhead<Level::kPmd>>::On,
    WithCode<TwoEntriesAhead<Level::kPud>>::On,
    WithCode<LargeLeafGivesOnePage>::On,
    WithCode<PageCountedTwice<Level::kPmd>>::On,
    WithCode<PageCountedTwice<Level::kPud>>::On,
    WithCode<PageCountRoundedUp>::On, WithCode<SamePageAgain>::On,
    WithCode<EverySecondPage>::On>;

using S390KernelBugs = List<
    IndexTooNarrow<Level::kPte>::On, IndexTooNarrow<Level::kPmd>::On,
    IndexTooNarrow<Level::kPud>::On, IndexTooNarrow<Level::kP4d>::On,
    IndexTooWide<Level::kPte>::On, IndexTooWide<Level::kPmd>::On,
    IndexTooWide<Level::kPud>::On, IndexTooWide<Level::kP4d>::On,
    IndexShift<Level::kPte>::On, IndexShift<Level::kPmd>::On,
    IndexShift<Level::kPud>::On, IndexShift<Level::kP4d>::On,
    RootIndexTooNarrow, RootIndexTooWide, RootTypeUnread, RootIndexOfPgd,
    TakenForFolded<Level::kPte>::On, TakenForFolded<Level::kPmd>::On,
    TakenForFolded<Level::kPud>::On, TakenForFolded<Level::kP4d>::On,
    TakenForReal<Level::kPmd>::On, TakenForReal<Level::kPud>::On,
    TakenForReal<Level::kP4d>::On, FoldedOffsetRealigns, FoldedOffsetAddsIndex,
    PageTableOriginTooNarrow, BoundaryOfLevelBelow<Level::kPmd>::On,
    BoundaryOfLevelBelow<Level::kPud>::On,
    BoundaryOfLevelBelow<Level::kP4d>::On,
    BoundaryOfLevelBelow<Level::kPgd>::On,
    BoundaryOfLevelAbove<Level::kPmd>::On,
    BoundaryOfLevelAbove<Level::kPud>::On,
    BoundaryOfLevelAbove<Level::kP4d>::On, FoldedAwareStatic<Level::kP4d>::On,
    FoldedAwareStatic<Level::kPgd>::On, FoldedAwareAtLeastRegionThird,
    FoldedAwareOfLevelBelow, LeafTakenForTable<Level::kPmd>::On,
    LeafTakenForTable<Level::kPud>::On, TableTakenForLeaf<Level::kPmd>::On,
    TableTakenForLeaf<Level::kPud>::On, LargeTypeUnread,
    HoleTakenForTable<Level::kPmd>::On, HoleTakenForTable<Level::kPud>::On,
    HoleTakenForTable<Level::kP4d>::On, HoleTakenForTable<Level::kPgd>::On,
    FoldedPgdHasHoles, SwapTakenForTable<Level::kPmd>::On,
    SwapTakenForTable<Level::kPud>::On, SwapTakenForPage,
    InvalidTakenForHole<Level::kPte>::On, InvalidTakenForHole<Level::kPmd>::On,
    InvalidTakenForHole<Level::kPud>::On, WriteNotAsked<Level::kPte>::On,
    WriteNotAsked<Level::kPmd>::On, WriteNotAsked<Level::kPud>::On,
    WriteBitOf61, WriteAskedOfReaders<Level::kPte>::On,
    WriteAskedOfReaders<Level::kPmd>::On, WriteAskedOfReaders<Level::kPud>::On,
    NoneReturned<Level::kPte>::On, NoneReturned<Level::kPmd>::On,
    NoneRefused<Level::kPud>::On, SpecialReturned, OldRefused<Level::kPte>::On,
    OldRefused<Level::kPmd>::On, OldRefused<Level::kPud>::On,
    CleanRefused<Level::kPte>::On, CleanRefused<Level::kPmd>::On,
    CleanRefused<Level::kPud>::On, OffsetLost<Level::kPmd>::On,
    OffsetLost<Level::kPud>::On, OffsetTooNarrow<Level::kPud>::On,
    OffsetTooWide<Level::kPmd>::On, FrameTooWide<Level::kPmd>::On,
    FrameTooWide<Level::kPud>::On, FrameTooNarrow<Level::kPte>::On,
    FrameTooNarrow<Level::kPmd>::On, OffsetByOr>;

// Of attributes, which small worlds do not have.
using S390AttributeBugs = List<AttributeRefused<&LeafState::noexec>::On>;

// Bugs that only x86 has, or that differ there.
using X86KernelBugs =
    List<IndexTooNarrow<Level::kPmd>::On, IndexTooNarrow<Level::kP4d>::On,
         IndexShift<Level::kPud>::On, UserRootIndex, FiveLevelRootIndex,
         TakenForReal<Level::kP4d>::On, TakenForFolded<Level::kP4d>::On,
         FoldedOffsetRealigns, FoldedOffsetAddsIndex,
         BoundaryOfLevelBelow<Level::kPgd>::On,
         BoundaryOfLevelAbove<Level::kP4d>::On, PageSizeUnread,
         HoleTakenForTable<Level::kP4d>::On, SwapTakenForTable<Level::kPmd>::On,
         SwapTakenForTable<Level::kPud>::On, SwapTakenForPage,
         DevicePrivateReturned, WriteNotAsked<Level::kPud>::On,
         NoneReturned<Level::kPmd>::On, SpecialReturned,
         OldRefused<Level::kPte>::On, FrameInverted, UpperBitsInFrame,
         PatInFrame, UserNotAsked, AttributeRefused<&LeafState::noexec>::On,
         AttributeRefused<&LeafState::devmap>::On,
         OffsetTooWide<Level::kPmd>::On>;

// Bugs that only arm64 has, or that differ there.
using Arm64KernelBugs =
    List<IndexTooNarrow<Level::kPud>::On, IndexTooWide<Level::kPmd>::On,
         IndexShift<Level::kPte>::On, RootIndexTooNarrow,
         TakenForReal<Level::kPud>::On, TakenForFolded<Level::kPud>::On,
         TakenForReal<Level::kP4d>::On, FoldedPudHandsBack, FoldedPudUnaligned,
         FoldedPudAlignedTo4K, FoldedOffsetRealigns, FoldedOffsetAddsIndex,
         BoundaryOfLevelBelow<Level::kPud>::On,
         BoundaryOfLevelAbove<Level::kPud>::On, FoldedP4dHasHoles,
         HoleTakenForTable<Level::kP4d>::On, SectionsTakenForTables,
         PresentInvalidUnread, SwapTakenForTable<Level::kPmd>::On,
         SwapTakenForPage, DevicePrivateReturned, ReadOnlyAsked,
         WriteNotAsked<Level::kPmd>::On, NoneReturned<Level::kPte>::On,
         SpecialReturned, LargeSpecialReturned, UserNotAsked,
         AttributeRefused<&LeafState::exec>::On,
         AttributeRefused<&LeafState::devmap>::On, OldRefused<Level::kPmd>::On,
         OffsetLost<Level::kPmd>::On, OffsetTooWide<Level::kPmd>::On,
         SharedIsAddress, FirstOfBlock>;

using S390ContractBugs =
    List<ContractWriteNotAsked<Level::kPte>::On,
         ContractWriteNotAsked<Level::kPmd>::On,
         ContractWriteNotAsked<Level::kPud>::On,
         ContractOldRefused<Level::kPte>::On,
         ContractNoneReturned<Level::kPte>::On,
         ContractNoneReturned<Level::kPmd>::On, ContractPudNoneRefused,
         ContractSpecialReturned, ContractLargeRefused, LimitPageMore>;

using X86ContractBugs =
    List<ContractWriteNotAsked<Level::kPud>::On, ContractSpecialReturned>;

using Arm64ContractBugs = List<ContractWriteNotAsked<Level::kPmd>::On,
                               ContractOldRefused<Level::kPte>::On,
                               ContractNoneReturned<Level::kPmd>::On,
                               ContractSpecialReturned, ContractLargeRefused>;

// Bugs that only known answers can find.
using S390LimitBugs = List<LimitPageLess>;
using X86LimitBugs = List<LimitPageMore, LimitPageLess>;
using Arm64LimitBugs = List<LimitPageMore, LimitPageLess>;

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_LISTS_H_
