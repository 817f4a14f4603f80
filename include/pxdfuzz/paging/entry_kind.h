// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_PAGING_ENTRY_KIND_H_
#define PXDFUZZ_PAGING_ENTRY_KIND_H_

#include <cstdint>
#include <string_view>

#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// What a walk does with an entry.
enum class WalkStep : uint8_t { kStop, kLeaf, kDescend };

// What an entry is, if Linux wrote it.
struct EntryKind {
  enum class Tag : uint8_t {
    kEmpty,
    kTable,
    kLeaf,
    kSwap,
    kMalformed,
    kMigration,      // of a page that is moving to another place
    kHwPoison,       // of a page whose memory is broken
    kDevicePrivate,  // of a page in memory that only a device can use
  };

  Tag tag = Tag::kEmpty;
  // Physical address of the table or of the first page; for kSwap, the swapped
  // page's place.
  uint64_t address = 0;
  LeafState state;

  static constexpr EntryKind Empty() { return {}; }
  static constexpr EntryKind Table(uint64_t origin) {
    return {Tag::kTable, origin, {}};
  }
  static constexpr EntryKind Leaf(uint64_t frame, const LeafState& state) {
    return {Tag::kLeaf, frame, state};
  }
  static constexpr EntryKind Swap(uint64_t place) {
    return {Tag::kSwap, place, {}};
  }
  static constexpr EntryKind Migration(uint64_t frame) {
    return {Tag::kMigration, frame, {}};
  }
  static constexpr EntryKind HwPoison(uint64_t frame) {
    return {Tag::kHwPoison, frame, {}};
  }
  static constexpr EntryKind DevicePrivate(uint64_t frame) {
    return {Tag::kDevicePrivate, frame, {}};
  }
  static constexpr EntryKind Malformed() { return {Tag::kMalformed, 0, {}}; }

  friend constexpr bool operator==(const EntryKind&,
                                   const EntryKind&) = default;
};

inline constexpr size_t kEntryTagCount = 8;

// Neither empty nor present: Linux writes all of these as swap entries, of
// different types.
constexpr bool IsSwapEntry(EntryKind::Tag tag) {
  return tag == EntryKind::Tag::kSwap || tag == EntryKind::Tag::kMigration ||
         tag == EntryKind::Tag::kHwPoison ||
         tag == EntryKind::Tag::kDevicePrivate;
}

// Whether Linux writes them at pte only.
constexpr bool IsOfPteOnly(EntryKind::Tag tag) {
  return tag == EntryKind::Tag::kSwap || tag == EntryKind::Tag::kDevicePrivate;
}

// The types of swap entries above those of swap files, if the configuration has
// migration, memory failure and markers, and no device memory (linux/swap.h of
// 6.12).
inline constexpr uint64_t kHwPoisonType = 27;
inline constexpr uint64_t kMigrationType = 28;  // SWP_MIGRATION_READ

// The same with CONFIG_DEVICE_PRIVATE, which adds four types. `file` is that of
// entries of swapped pages.
struct DeviceSwapTypes {
  static constexpr uint64_t kHwPoison = 23;
  static constexpr uint64_t kMigration = 24;      // SWP_MIGRATION_READ
  static constexpr uint64_t kDevicePrivate = 28;  // SWP_DEVICE_READ

  // What a swap entry of that type means at `level`; and the inverse.
  static constexpr EntryKind Meaning(Level level, uint64_t type, uint64_t file,
                                     uint64_t address) {
    if (type == kMigration) return EntryKind::Migration(address);
    if (type == kHwPoison) return EntryKind::HwPoison(address);
    if (level != Level::kPte) return EntryKind::Malformed();
    if (type == file) return EntryKind::Swap(address);
    if (type == kDevicePrivate) return EntryKind::DevicePrivate(address);
    return EntryKind::Malformed();
  }
  static constexpr uint64_t Of(EntryKind::Tag tag, uint64_t file) {
    if (tag == EntryKind::Tag::kSwap) return file;
    if (tag == EntryKind::Tag::kMigration) return kMigration;
    return tag == EntryKind::Tag::kHwPoison ? kHwPoison : kDevicePrivate;
  }
};

constexpr std::string_view Name(EntryKind::Tag tag) {
  constexpr std::string_view kNames[] = {
      "empty",     "table",     "leaf",     "swap",
      "malformed", "migration", "hwpoison", "device-private"};
  return kNames[static_cast<size_t>(tag)];
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_PAGING_ENTRY_KIND_H_
