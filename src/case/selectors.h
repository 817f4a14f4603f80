// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CASE_SELECTORS_H_
#define PXDFUZZ_SRC_CASE_SELECTORS_H_

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/page_kind.h"
#include "pxdfuzz/paging/paging_mode.h"

// The meaning of each of the 256 values of a byte. Both versions share them,
// except for kinds of records. They never change.

namespace pxdfuzz {

template <class T>
struct Share {
  T value;
  int values;
};

template <class T>
using Selector = std::array<T, 256>;

template <class T>
inline constexpr Selector<T> MakeSelector(
    std::initializer_list<Share<T>> shares) {
  Selector<T> selector{};
  size_t at = 0;
  for (const Share<T>& share : shares) {
    for (int i = 0; i < share.values; ++i) selector.at(at++) = share.value;
  }
  // A table that is not full does not compile.
  if (at != selector.size()) throw "the shares do not add up to 256";
  return selector;
}

// The first byte that means `value`; `value` is in the table.
template <class T>
uint8_t ByteFor(const Selector<T>& selector, const T& value) {
  const auto found = std::find(selector.begin(), selector.end(), value);
  assert(found != selector.end());
  return static_cast<uint8_t>(found - selector.begin());
}

template <class T>
bool Says(const Selector<T>& selector, const T& value) {
  return std::find(selector.begin(), selector.end(), value) != selector.end();
}

inline constexpr Selector<PagingMode> kPagingModes = MakeSelector<PagingMode>({
    {{ArchId::kS390, 3}, 64},
    {{ArchId::kS390, 4}, 64},
    {{ArchId::kS390, 2}, 48},
    {{ArchId::kS390, 5}, 24},
    {{ArchId::kX86, 4}, 20},
    {{ArchId::kX86, 5}, 12},
    {{ArchId::kArm64Page16K, 4}, 12},
    {{ArchId::kArm64Page16K, 3}, 12},
});

// The number of a paging mode in version 2: that of the architecture in the
// high byte. In the low one, bits 0 to 3 are the number of levels, bits 4 and 5
// the page size (4, 16, 64 KiB) and bits 6 and 7 a variant.
struct PagingModeNumber {
  uint16_t number;
  PagingMode mode;
};

inline constexpr std::array<PagingModeNumber, 8> kPagingModeNumbers = {{
    {0x0102, {ArchId::kS390, 2}},
    {0x0103, {ArchId::kS390, 3}},
    {0x0104, {ArchId::kS390, 4}},
    {0x0105, {ArchId::kS390, 5}},
    {0x0204, {ArchId::kX86, 4}},
    {0x0205, {ArchId::kX86, 5}},
    {0x0313, {ArchId::kArm64Page16K, 3}},
    {0x0314, {ArchId::kArm64Page16K, 4}},
}};

// Other numbers select by their low byte, as in version 1.
constexpr PagingMode PagingModeOf(uint16_t number) {
  for (const PagingModeNumber& known : kPagingModeNumbers) {
    if (known.number == number) return known.mode;
  }
  return kPagingModes[number & 0xff];
}

constexpr uint16_t NumberOf(PagingMode mode) {
  for (const PagingModeNumber& known : kPagingModeNumbers) {
    if (known.mode == mode) return known.number;
  }
  return 0;
}

// How bytes represent the start of the first request.
struct StartMode {
  enum class Kind : uint8_t { kBoundary, kLimit, kInside, kAnywhere };
  Kind kind = Kind::kInside;
  Level level = Level::kPte;  // for kBoundary
  friend constexpr bool operator==(const StartMode&,
                                   const StartMode&) = default;
};

inline constexpr Selector<StartMode> kStartModes = MakeSelector<StartMode>({
    {{StartMode::Kind::kBoundary, Level::kPud}, 64},
    {{StartMode::Kind::kBoundary, Level::kP4d}, 56},
    {{StartMode::Kind::kBoundary, Level::kPmd}, 36},
    {{StartMode::Kind::kBoundary, Level::kPgd}, 8},
    {{StartMode::Kind::kInside, Level::kPte}, 64},
    {{StartMode::Kind::kLimit, Level::kPte}, 24},
    {{StartMode::Kind::kAnywhere, Level::kPte}, 4},
});

// How bytes represent every other address, relative to the start of the first
// request.
struct AddressMode {
  enum class Kind : uint8_t { kNear, kMiddle, kSpans, kAnywhere };
  Kind kind = Kind::kNear;
  Level level = Level::kPte;  // for kSpans
  friend constexpr bool operator==(const AddressMode&,
                                   const AddressMode&) = default;
};

inline constexpr Selector<AddressMode> kAddressModes =
    MakeSelector<AddressMode>({
        {{AddressMode::Kind::kNear, Level::kPte}, 100},
        {{AddressMode::Kind::kMiddle, Level::kPte}, 36},
        {{AddressMode::Kind::kSpans, Level::kPmd}, 36},
        {{AddressMode::Kind::kSpans, Level::kPud}, 40},
        {{AddressMode::Kind::kSpans, Level::kP4d}, 30},
        {{AddressMode::Kind::kSpans, Level::kPgd}, 4},
        {{AddressMode::Kind::kAnywhere, Level::kPte}, 10},
    });

// Pages from a boundary or a limit: usually a few pages before it.
inline constexpr Selector<int8_t> kOffsets = MakeSelector<int8_t>({
    {-1, 31}, {-2, 26}, {-3, 20}, {-4, 16}, {0, 10},   {-5, 8},  {-6, 6},
    {-7, 6},  {-8, 6},  {1, 6},   {-9, 1},  {-10, 1},  {-11, 1}, {-12, 1},
    {-13, 1}, {-14, 1}, {-15, 1}, {-16, 1}, {-17, 1},  {-18, 1}, {-19, 1},
    {-20, 1}, {-21, 1}, {-22, 1}, {-23, 1}, {-24, 1},  {-25, 1}, {-26, 1},
    {-27, 1}, {-28, 1}, {-29, 1}, {-30, 1}, {-31, 1},  {-32, 1}, {-33, 1},
    {-34, 1}, {-35, 1}, {-36, 1}, {-37, 1}, {-38, 1},  {-39, 1}, {-40, 1},
    {-41, 1}, {-42, 1}, {-43, 1}, {-44, 1}, {-45, 1},  {-46, 1}, {-47, 1},
    {-48, 1}, {-56, 1}, {-64, 1}, {-96, 1}, {-128, 1}, {2, 9},   {3, 8},
    {4, 6},   {5, 5},   {6, 4},   {7, 4},   {8, 4},    {9, 3},   {10, 3},
    {11, 3},  {12, 3},  {13, 3},  {14, 3},  {15, 3},   {16, 3},  {17, 1},
    {18, 1},  {19, 1},  {20, 1},  {24, 1},  {28, 1},   {32, 1},  {40, 1},
    {48, 1},  {56, 1},  {64, 1},  {96, 1},  {127, 1},
});

// How many: a number, or 0 for "in the next byte and the lowest bit".
inline constexpr Selector<uint16_t> kCounts = MakeSelector<uint16_t>({
    {2, 40}, {3, 24}, {4, 24}, {1, 16}, {5, 12},  {6, 12}, {7, 12},
    {8, 12}, {9, 4},  {10, 4}, {11, 4}, {12, 4},  {13, 4}, {14, 4},
    {15, 4}, {16, 4}, {17, 2}, {18, 2}, {19, 2},  {20, 2}, {21, 2},
    {22, 2}, {23, 2}, {24, 2}, {25, 2}, {26, 2},  {27, 2}, {28, 2},
    {29, 2}, {30, 2}, {31, 2}, {32, 2}, {33, 1},  {34, 1}, {36, 1},
    {40, 1}, {48, 1}, {64, 1}, {96, 1}, {128, 1}, {0, 32},
});

// The kind of a record.
struct RecordType {
  enum class Kind : uint8_t {
    kSetup,
    kRequest,
    kStackWord,
    kConcurrent,
    kLaterConcurrent,  // of the kinds that version 1 lacks
    kPages,
    kUnknown
  };
  Kind kind = Kind::kSetup;
  TableOp::Kind op = TableOp::Kind::kMap;  // for kSetup
  Level level = Level::kPte;               // for kSetup but pokes
  friend constexpr bool operator==(const RecordType&,
                                   const RecordType&) = default;

  static constexpr RecordType Setup(TableOp::Kind op, Level level) {
    return {Kind::kSetup, op, level};
  }
};

inline constexpr Selector<RecordType> kV1RecordTypes =
    MakeSelector<RecordType>({
        {RecordType::Setup(TableOp::Kind::kMap, Level::kPte), 120},
        {RecordType::Setup(TableOp::Kind::kMap, Level::kPmd), 40},
        {RecordType::Setup(TableOp::Kind::kMap, Level::kPud), 32},
        {RecordType::Setup(TableOp::Kind::kClear, Level::kPte), 12},
        {RecordType::Setup(TableOp::Kind::kClear, Level::kPmd), 4},
        {RecordType::Setup(TableOp::Kind::kClear, Level::kPud), 3},
        {RecordType::Setup(TableOp::Kind::kClear, Level::kP4d), 2},
        {RecordType::Setup(TableOp::Kind::kClear, Level::kPgd), 1},
        {RecordType::Setup(TableOp::Kind::kSwap, Level::kPte), 12},
        {{.kind = RecordType::Kind::kRequest}, 16},
        {{.kind = RecordType::Kind::kStackWord}, 11},
        {RecordType::Setup(TableOp::Kind::kPoke, Level::kPte), 2},
        {{.kind = RecordType::Kind::kConcurrent}, 1},
    });

inline constexpr Selector<RecordType> kRecordTypes = MakeSelector<RecordType>({
    {RecordType::Setup(TableOp::Kind::kMap, Level::kPte), 104},
    {RecordType::Setup(TableOp::Kind::kMap, Level::kPmd), 36},
    {RecordType::Setup(TableOp::Kind::kMap, Level::kPud), 30},
    {RecordType::Setup(TableOp::Kind::kClear, Level::kPte), 12},
    {RecordType::Setup(TableOp::Kind::kClear, Level::kPmd), 4},
    {RecordType::Setup(TableOp::Kind::kClear, Level::kPud), 3},
    {RecordType::Setup(TableOp::Kind::kClear, Level::kP4d), 2},
    {RecordType::Setup(TableOp::Kind::kClear, Level::kPgd), 1},
    {RecordType::Setup(TableOp::Kind::kSwap, Level::kPte), 12},
    {{.kind = RecordType::Kind::kRequest}, 16},
    {{.kind = RecordType::Kind::kStackWord}, 11},
    {RecordType::Setup(TableOp::Kind::kPoke, Level::kPte), 2},
    {{.kind = RecordType::Kind::kConcurrent}, 7},
    {{.kind = RecordType::Kind::kPages}, 1},
    {{.kind = RecordType::Kind::kUnknown}, 3},
    {{.kind = RecordType::Kind::kLaterConcurrent}, 2},
    {RecordType::Setup(TableOp::Kind::kMigration, Level::kPmd), 3},
    {RecordType::Setup(TableOp::Kind::kMigration, Level::kPud), 2},
    {RecordType::Setup(TableOp::Kind::kMigration, Level::kPte), 1},
    {RecordType::Setup(TableOp::Kind::kHwPoison, Level::kPmd), 2},
    {RecordType::Setup(TableOp::Kind::kHwPoison, Level::kPud), 1},
    {RecordType::Setup(TableOp::Kind::kHwPoison, Level::kPte), 1},
});

// The place of a poke.
struct PokeTarget {
  bool control = false;
  Level level = Level::kPte;
  friend constexpr bool operator==(const PokeTarget&,
                                   const PokeTarget&) = default;
};

inline constexpr Selector<PokeTarget> kPokeTargets = MakeSelector<PokeTarget>({
    {{false, Level::kPte}, 60},
    {{false, Level::kPmd}, 60},
    {{false, Level::kPud}, 50},
    {{false, Level::kP4d}, 40},
    {{false, Level::kPgd}, 26},
    {{true, Level::kPte}, 20},
});

// The kind and level of a concurrent operation.
struct ConcurrentType {
  TableOp::Kind kind = TableOp::Kind::kClear;
  Level level = Level::kPte;
  friend constexpr bool operator==(const ConcurrentType&,
                                   const ConcurrentType&) = default;
};

inline constexpr Selector<ConcurrentType> kConcurrentTypes =
    MakeSelector<ConcurrentType>({
        {{TableOp::Kind::kClear, Level::kPte}, 40},
        {{TableOp::Kind::kClear, Level::kPmd}, 32},
        {{TableOp::Kind::kClear, Level::kPud}, 16},
        {{TableOp::Kind::kClear, Level::kP4d}, 4},
        {{TableOp::Kind::kClear, Level::kPgd}, 4},
        {{TableOp::Kind::kDetach, Level::kPmd}, 32},
        {{TableOp::Kind::kMap, Level::kPte}, 24},
        {{TableOp::Kind::kMap, Level::kPmd}, 20},
        {{TableOp::Kind::kMap, Level::kPud}, 8},
        {{TableOp::Kind::kSplit, Level::kPmd}, 16},
        {{TableOp::Kind::kWriteProtect, Level::kPte}, 16},
        {{TableOp::Kind::kWriteProtect, Level::kPmd}, 8},
        {{TableOp::Kind::kWriteProtect, Level::kPud}, 4},
        {{TableOp::Kind::kRefill, Level::kPte}, 24},
        {{TableOp::Kind::kUpgrade, Level::kPte}, 8},
    });

// The same for the kinds that version 1 lacks.
inline constexpr Selector<ConcurrentType> kLaterConcurrentTypes =
    MakeSelector<ConcurrentType>({
        {{TableOp::Kind::kInvalidate, Level::kPmd}, 80},
        {{TableOp::Kind::kUnshare, Level::kPmd}, 16},
        {{TableOp::Kind::kMigrate, Level::kPmd}, 96},
        {{TableOp::Kind::kMigrate, Level::kPte}, 32},
        {{TableOp::Kind::kMigrate, Level::kPud}, 32},
    });

// What a concurrent operation waits for, in version 2.
inline constexpr Selector<Moment> kMoments = MakeSelector<Moment>({
    {Moment::kRead, 128},
    {Moment::kGrab, 56},
    {Moment::kPte, 20},
    {Moment::kPmd, 24},
    {Moment::kPud, 16},
    {Moment::kP4d, 6},
    {Moment::kPgd, 6},
});

// Before which read a concurrent operation is done: a number, or 0 for "in the
// lowest three bits and the next byte".
inline constexpr Selector<uint16_t> kReads = [] {
  Selector<uint16_t> selector{};
  for (size_t i = 0; i < 192; ++i) {
    selector[i] = static_cast<uint16_t>(1 + i / 4);
  }
  return selector;
}();

constexpr LeafState State(Permission permission, bool young, bool dirty,
                          bool special = false) {
  return {permission, young, dirty, special};
}

inline constexpr Selector<LeafState> kStates = MakeSelector<LeafState>({
    {State(Permission::kReadWrite, true, true), 100},
    {State(Permission::kReadWrite, false, true), 16},
    {State(Permission::kReadWrite, true, false), 16},
    {State(Permission::kReadWrite, false, false), 16},
    {State(Permission::kRead, true, true), 10},
    {State(Permission::kRead, false, true), 10},
    {State(Permission::kRead, true, false), 10},
    {State(Permission::kRead, false, false), 10},
    {State(Permission::kNone, true, true), 5},
    {State(Permission::kNone, false, true), 5},
    {State(Permission::kNone, true, false), 5},
    {State(Permission::kNone, false, false), 5},
    {State(Permission::kReadWrite, true, true, true), 4},
    {State(Permission::kReadWrite, false, true, true), 4},
    {State(Permission::kReadWrite, true, false, true), 4},
    {State(Permission::kReadWrite, false, false, true), 4},
    {State(Permission::kRead, true, true, true), 4},
    {State(Permission::kRead, false, true, true), 4},
    {State(Permission::kRead, true, false, true), 4},
    {State(Permission::kRead, false, false, true), 4},
    {State(Permission::kNone, true, true, true), 4},
    {State(Permission::kNone, false, true, true), 4},
    {State(Permission::kNone, true, false, true), 4},
    {State(Permission::kNone, false, false, true), 4},
});

// What a swap entry of a page entry stands for, in version 2.
inline constexpr Selector<TableOp::Kind> kSwapKinds =
    MakeSelector<TableOp::Kind>({
        {TableOp::Kind::kSwap, 192},
        {TableOp::Kind::kDevicePrivate, 64},
    });

inline constexpr Selector<PageKind> kPageKinds = MakeSelector<PageKind>({
    {PageKind::kSharedAnonymous, 72},
    {PageKind::kFile, 40},
    {PageKind::kMovable, 40},
    {PageKind::kSecretmem, 32},
    {PageKind::kNoMapping, 24},
    {PageKind::kZero, 24},
    {PageKind::kShmem, 16},
    {PageKind::kAnonymous, 8},
});

// The level whose leaves a range of pages is counted in.
inline constexpr Selector<Level> kRangeLevels = MakeSelector<Level>({
    {Level::kPte, 128},
    {Level::kPmd, 72},
    {Level::kPud, 56},
});

inline constexpr Selector<bool> kWrites = MakeSelector<bool>({
    {false, 128},
    {true, 128},
});

inline constexpr Selector<StackContent> kArounds = MakeSelector<StackContent>({
    {StackContent::kCopy, 128},
    {StackContent::kZero, 96},
    {StackContent::kNext, 32},
});

inline constexpr Selector<StackContent> kContents = MakeSelector<StackContent>({
    {StackContent::kWord, 96},
    {StackContent::kCopy, 64},
    {StackContent::kNext, 48},
    {StackContent::kZero, 48},
});

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CASE_SELECTORS_H_
