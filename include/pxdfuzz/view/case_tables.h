// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_VIEW_CASE_TABLES_H_
#define PXDFUZZ_VIEW_CASE_TABLES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/view/arch_view.h"

namespace pxdfuzz {

// A word of a table that a concurrent operation wrote.
struct ChangedWord {
  uint64_t physical = 0;
  uint64_t before = 0;
  uint64_t after = 0;
};

// The tables of a case in each of their snapshots, and how the hardware reads
// them. It allocates and is not used in fuzzing.
class CaseTables {
 public:
  // `c` must outlive the object, and its concurrent operations must be
  // possible.
  explicit CaseTables(const Case& c);

  const Case& source() const { return case_; }
  const ArchView& arch() const { return arch_; }
  const Arena& arena() const { return *arena_; }
  // At snapshot 0 except during a walk.
  Timeline& timeline() const { return timeline_; }
  // For the tables at the start of a walk.
  const Geometry& geometry() const { return geometry_; }
  // The manual's name of a table: "segment table".
  std::string_view TableName(Level level) const {
    return InfoOf(case_.mode).table_name[Ordinal(level)];
  }

  // Operation N, counted from 1, makes snapshot N.
  size_t snapshots() const { return timeline_.count(); }
  const Top& top(size_t snapshot) const { return timeline_.top(snapshot); }
  const Geometry& GeometryIn(size_t snapshot) const;
  // The words that an operation wrote, tables of higher levels first.
  const std::vector<ChangedWord>& changed_words(size_t operation) const {
    return changed_words_[operation];
  }
  // The last operation up to snapshot `last` that wrote the word, or 0.
  size_t WriterOf(uint64_t physical, size_t last) const;
  // The value of a word of an existing table in a snapshot.
  uint64_t WordIn(size_t snapshot, uint64_t physical) const;

  // The hardware's translation of an address in a snapshot.
  Translation Translate(uint64_t address, size_t snapshot,
                        const OnFetch& on_fetch = {}) const;
  std::unique_ptr<Reference> MakeReference(const Request& request) const;

 private:
  const Case& case_;
  const ArchView& arch_;
  std::unique_ptr<Arena> arena_;
  std::shared_ptr<void> mm_;  // keeps the tables
  mutable Timeline timeline_;
  Geometry geometry_;
  ArenaMemory memory_;
  // By operation; there is no operation 0.
  std::vector<std::vector<ChangedWord>> changed_words_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_VIEW_CASE_TABLES_H_
