// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_TABLE_OP_H_
#define PXDFUZZ_CASE_TABLE_OP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// One operation on page tables. A case's set-up is a list of them; ConcurrentOp
// is for operations during a walk.
struct TableOp {
  enum class Kind : uint8_t {
    // Maps leaves of `level`. As a concurrent operation, only where nothing is
    // mapped: a page fault, or the end of a collapse.
    kMap,
    // Empties entries of `level`, also in a detached page table. As a
    // concurrent operation, pages are unmapped, or an empty table is freed.
    kClear,

    // In a set-up only.
    kSwap,           // makes swap entries
    kMigration,      // makes migration entries of `level`
    kHwPoison,       // makes hwpoison entries of `level`
    kDevicePrivate,  // makes swap entries of pages that a device has
    kPoke,           // writes `word` into one entry of `level`
    kPokeControl,    // gives the hardware `word` instead of the root's address

    // Concurrent only. Linux does each of them in one step, or in steps that a
    // walk cannot distinguish.
    //
    // Empties the pmd entry of a page table that may still hold pages, the
    // first step of collapse.
    kDetach,
    // Replaces a large leaf at pmd by a table of its pages, whether or not it
    // is invalid; or a migration entry there by a table of such entries.
    kSplit,
    // Makes a large leaf at pmd invalid: pmdp_invalidate(), the first step of a
    // split and of migration.
    kInvalidate,
    // Replaces leaves of `level` by migration entries. kMap ends it.
    kMigrate,
    // Removes write access from leaves of `level`: fork.
    kWriteProtect,
    // Empties the page table that was detached last, fills it with pages for
    // another place and installs it there.
    kRefill,
    // Gives the mm a root table above the present one.
    kUpgrade,
    // Empties the pud entry of a pmd table that hugetlb shares with another
    // process: huge_pmd_unshare(). That process goes on with the table and maps
    // large leaves in it, after all walks have ended (OtherSide).
    kUnshare,
  };

  Kind kind = Kind::kMap;
  // pte for kSwap, kDevicePrivate, kPokeControl, kRefill and kUpgrade, pmd for
  // kDetach, kSplit, kInvalidate and kUnshare.
  Level level = Level::kPte;
  // Virtual address of the first entry, a multiple of its span; 0 if
  // HasAddress() is false.
  uint64_t address = 0;
  // Entries, 1 to Case::kMaxPages and within one table for kRefill and
  // kUnshare; 1 if HasCount() is false.
  uint16_t count = 1;
  // For kMap, kRefill and kUnshare the physical address of the first page, a
  // multiple of an entry's span and below 2^32 pages, for kMigration and
  // kHwPoison that of the page that was mapped, and for kDevicePrivate that of
  // the device's page; for kSwap the place, in the same form. Otherwise 0.
  uint64_t frame = 0;
  LeafState state = {};  // the default if HasState() is false
  uint64_t word = 0;     // for kPoke and kPokeControl, else 0

  friend constexpr bool operator==(const TableOp&, const TableOp&) = default;
};

// The kinds of a set-up, and those of concurrent operations.
inline constexpr std::array kSetupKinds = {
    TableOp::Kind::kMap,         TableOp::Kind::kClear,
    TableOp::Kind::kSwap,        TableOp::Kind::kPoke,
    TableOp::Kind::kPokeControl, TableOp::Kind::kMigration,
    TableOp::Kind::kHwPoison,    TableOp::Kind::kDevicePrivate};
inline constexpr std::array kConcurrentKinds = {
    TableOp::Kind::kClear,        TableOp::Kind::kDetach,
    TableOp::Kind::kMap,          TableOp::Kind::kSplit,
    TableOp::Kind::kWriteProtect, TableOp::Kind::kRefill,
    TableOp::Kind::kUpgrade,      TableOp::Kind::kInvalidate,
    TableOp::Kind::kMigrate,      TableOp::Kind::kUnshare};

constexpr std::string_view Name(TableOp::Kind kind) {
  constexpr std::array<std::string_view, 16> kNames = {
      "map",           "clear",          "swap",       "migration",
      "hwpoison",      "device-private", "poke",       "poke-control",
      "detach",        "split",          "invalidate", "migrate",
      "write-protect", "refill",         "upgrade",    "unshare"};
  return kNames[static_cast<size_t>(kind)];
}

// Which members an operation of that kind has.
constexpr bool IsPoke(TableOp::Kind kind) {
  return kind == TableOp::Kind::kPoke || kind == TableOp::Kind::kPokeControl;
}
constexpr bool HasAddress(TableOp::Kind kind) {
  return kind != TableOp::Kind::kPokeControl && kind != TableOp::Kind::kUpgrade;
}
constexpr bool HasState(TableOp::Kind kind) {
  return kind == TableOp::Kind::kMap || kind == TableOp::Kind::kRefill ||
         kind == TableOp::Kind::kUnshare;
}
// The entries that it makes in a set-up, if they are swap entries of any type:
// see IsSwapEntry().
constexpr std::optional<EntryKind::Tag> SwapTagOf(TableOp::Kind kind) {
  switch (kind) {
    case TableOp::Kind::kSwap:
      return EntryKind::Tag::kSwap;
    case TableOp::Kind::kMigration:
      return EntryKind::Tag::kMigration;
    case TableOp::Kind::kHwPoison:
      return EntryKind::Tag::kHwPoison;
    case TableOp::Kind::kDevicePrivate:
      return EntryKind::Tag::kDevicePrivate;
    default:
      return std::nullopt;
  }
}
constexpr bool MakesSwapEntries(TableOp::Kind kind) {
  return SwapTagOf(kind).has_value();
}
// Whether version 1 of the formats has it.
constexpr bool IsInV1(TableOp::Kind kind) {
  return kind != TableOp::Kind::kMigration &&
         kind != TableOp::Kind::kHwPoison &&
         kind != TableOp::Kind::kDevicePrivate &&
         kind != TableOp::Kind::kInvalidate &&
         kind != TableOp::Kind::kMigrate && kind != TableOp::Kind::kUnshare;
}
// What version 1 of the case format has of the state of a leaf: no attributes,
// and no large leaf of x86-64 is special.
constexpr LeafState StateInV1(LeafState state, ArchId arch, Level level) {
  if (arch == ArchId::kX86 && level != Level::kPte) state.special = false;
  SetAttributes(0, state);
  return state;
}
constexpr bool HasFrame(TableOp::Kind kind) {
  return HasState(kind) || MakesSwapEntries(kind);
}
constexpr bool HasCount(TableOp::Kind kind) {
  return HasFrame(kind) || kind == TableOp::Kind::kClear ||
         kind == TableOp::Kind::kWriteProtect ||
         kind == TableOp::Kind::kMigrate;
}

// The level of an operation of a kind that exists at one level only.
constexpr std::optional<Level> OnlyLevel(TableOp::Kind kind) {
  switch (kind) {
    case TableOp::Kind::kSwap:
    case TableOp::Kind::kDevicePrivate:
    case TableOp::Kind::kPokeControl:
    case TableOp::Kind::kRefill:
    case TableOp::Kind::kUpgrade:
      return Level::kPte;
    case TableOp::Kind::kDetach:
    case TableOp::Kind::kSplit:
    case TableOp::Kind::kInvalidate:
    case TableOp::Kind::kUnshare:
      return Level::kPmd;
    case TableOp::Kind::kMap:
    case TableOp::Kind::kClear:
    case TableOp::Kind::kMigration:
    case TableOp::Kind::kHwPoison:
    case TableOp::Kind::kPoke:
    case TableOp::Kind::kWriteProtect:
    case TableOp::Kind::kMigrate:
      break;
  }
  return std::nullopt;
}

// What a concurrent operation waits for. Reads of local copies count too, so
// that otherwise equal walks have equal numbers. pgd_offset()'s read of the
// root does not count.
enum class Moment : uint8_t {
  // The walk's read of that number, counted from 1.
  kRead,
  // The reference to the page of that index in the request.
  kGrab,
  // The end of the walk's read of that number, counted from 1, among those of
  // entries of the level. Behind it is the next read, or a reference.
  kPte,
  kPmd,
  kPud,
  kP4d,
  kPgd,
};

inline constexpr size_t kMomentCount = 7;

constexpr std::string_view Name(Moment moment) {
  constexpr std::array<std::string_view, kMomentCount> kNames = {
      "read", "grab", "pte", "pmd", "pud", "p4d", "pgd"};
  return kNames[static_cast<size_t>(moment)];
}

// For a read of a level's entries: the moment behind it, and the level of such
// a moment.
constexpr Moment MomentAfter(Level level) {
  return static_cast<Moment>(static_cast<int>(Moment::kPte) + Ordinal(level));
}
constexpr Level LevelOf(Moment moment) {
  return static_cast<Level>(static_cast<int>(moment) -
                            static_cast<int>(Moment::kPte));
}

// What another processor does to the tables during a walk. It happens
// completely between two reads.
struct ConcurrentOp : TableOp {
  static constexpr uint16_t kMaxRead = 2048;

  // It is done before the walk's read with that number, 1 to kMaxRead; before
  // the walk takes a reference to the page with that index, 0 to
  // Case::kMaxPages - 1; or after a read of a level's entry. It is never done
  // if the walk does not get there. If the operation before it in the case is
  // done later, both are done then. A walk takes a reference after what is done
  // before its next read, and reads the root after what is done before its
  // first read.
  uint16_t number = 1;
  Moment moment = Moment::kRead;

  friend constexpr bool operator==(const ConcurrentOp&,
                                   const ConcurrentOp&) = default;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_TABLE_OP_H_
