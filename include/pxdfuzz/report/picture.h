// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_PICTURE_H_
#define PXDFUZZ_REPORT_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {

// The content of a drawing of a walk: the tables that matter for one page, the
// first that differs, and two paths to it, the reference's and the walk's.
// Plain values, independent of architecture and layout.
struct WalkPicture {
  static constexpr size_t kNone = std::numeric_limits<size_t>::max();

  struct LevelInfo {
    Level level = Level::kPte;
    bool real = true;
    // The manual's name of its table, or for a folded level that of the table
    // whose entry is passed on: "region-third table".
    std::string table;
    // The span that the walk's pXd_addr_end() assumes for an entry of the
    // level, and the first and the number of multiples of that span inside the
    // range.
    uint64_t span = 0;
    std::optional<uint64_t> boundary;
    uint64_t boundaries = 0;
    // If an entry that a folded level passes on ends inside the range and its
    // pXd_addr_end() does not stop there: the real span, and the first such
    // place.
    uint64_t entry_span = 0;
    std::optional<uint64_t> unseen;
    // The walk went wrong for that reason.
    bool marked = false;
  };
  // The value of an entry: at the start, or after a change.
  struct Content {
    uint64_t word = 0;
    EntryKind::Tag tag = EntryKind::Tag::kEmpty;
    std::string meaning;  // "segment table 0", "empty"
    // What it leads to: positions in `tables` and `pages`, or kNone.
    size_t table = kNone;
    size_t page = kNone;
    // The paths that contain it.
    bool by_reference = false;
    bool by_walk = false;
  };
  struct Later : Content {
    size_t change = 0;  // its number
  };
  struct Entry : Content {
    uint64_t index = 0;
    std::vector<Later> later;
  };
  struct Table {
    Level level = Level::kPte;
    std::string name;  // "segment table 0"
    uint64_t physical = 0;
    // The first address that it maps, where that is known.
    std::optional<uint64_t> base;
    uint64_t size = 0;           // entries
    uint64_t span = 0;           // bytes that each maps
    std::vector<Entry> entries;  // those that matter, by index
    // The number of other entries that are not empty.
    uint64_t others = 0;
    // The change that made it the root table, if any.
    size_t root_since = 0;
  };
  struct Page {
    uint64_t frame = 0;
    Level leaf = Level::kPte;  // the level of the entry that maps it
    bool large = false;
    // "page 1 of the reference".
    std::vector<std::string> roles;
    bool by_reference = false;
    bool by_walk = false;
  };
  // A place on a path.
  struct Step {
    enum class At : uint8_t { kEntry, kStack, kNowhere, kPage };
    At at = At::kEntry;
    Level level = Level::kPte;
    // For kEntry, positions of table and entry; for kPage, `table` is that of
    // the page.
    size_t table = kNone;
    size_t entry = kNone;
    // For kEntry, the position in Entry::later of the value that was read;
    // kNone if that is the value at the start.
    size_t later = kNone;

    friend bool operator==(const Step&, const Step&) = default;
  };

  // The stack around a local copy that the walk stepped off.
  struct Stack {
    Level level = Level::kPte;  // of the loop whose pointer stepped off
    Level copy = Level::kPmd;   // of the copied entry
    uint64_t copy_word = 0;
    std::string copied_from;     // "region-third table 0, entry 512"
    std::optional<Step> copied;  // the same, if the picture has it
    std::string pointer;         // the expression that did: "pudp++"
    // Bytes from the copy; above it if positive.
    std::optional<int64_t> distance;
    uint64_t word = 0;
    std::string content;  // "an older copy of the same p4d"
    std::string meaning;  // "segment table 0"
    size_t table = kNone;
  };
  std::string walk;  // its name
  uint64_t start = 0;
  uint64_t end = 0;
  // The page to which the paths lead, and whether it is the first difference.
  size_t page = 0;
  uint64_t address = 0;
  bool differs = false;
  // The snapshot of the reference's path. Tables are as they are at the start,
  // with their changes.
  size_t snapshot = 0;
  std::vector<LevelInfo> levels;  // pgd first
  std::vector<Table> tables;      // the root first
  std::vector<Page> pages;
  std::optional<Stack> stack;
  std::vector<Step> reference_path;
  std::vector<Step> walk_path;
  // If a path ends without a page: "empty pte".
  std::string reference_stop;
  std::string walk_stop;
  // For kNowhere, the walk's pointer: "physical 0x0, where no table is".
  std::string nowhere;

  // The value of an entry when a path led over it.
  Content& At(const Step& step) {
    Entry& entry = tables[step.table].entries[step.entry];
    return step.later == kNone ? static_cast<Content&>(entry)
                               : entry.later[step.later];
  }

  const LevelInfo& info(Level level) const {
    return levels[static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(level))];
  }
  // The first address that an entry of a table maps, where that is known.
  static std::optional<uint64_t> AddressOf(const Table& table,
                                           const Entry& entry) {
    if (!table.base.has_value()) return std::nullopt;
    return WrappingAdd(*table.base, WrappingMul(entry.index, table.span));
  }
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_PICTURE_H_
