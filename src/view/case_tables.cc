// SPDX-License-Identifier: MIT

#include "pxdfuzz/view/case_tables.h"

#include <map>
#include <optional>
#include <utility>

namespace pxdfuzz {

CaseTables::CaseTables(const Case& c)
    : case_(c),
      arch_(ViewOf(c.mode.arch)),
      arena_(arch_.make_arena()),
      memory_(*arena_, geometry_, c.stack) {
  mm_ = arch_.populate(c, *arena_, timeline_);
  timeline_.GoOn({.reads = 1});
  geometry_ = GeometryIn(timeline_.at());
  timeline_.GoTo(0);

  changed_words_.resize(snapshots());
  for (size_t operation = 1; operation < snapshots(); ++operation) {
    std::map<std::pair<int, uint64_t>, ChangedWord> words;
    for (const Write& write : timeline_.WritesOf(operation)) {
      const uint64_t physical = Arena::AddressOf(write.word);
      words.try_emplace({-Ordinal(arena_->TableLevel(physical)), physical},
                        ChangedWord{physical, write.before, write.after});
    }
    for (const auto& [place, word] : words) {
      if (word.before != word.after) changed_words_[operation].push_back(word);
    }
  }
}

const Geometry& CaseTables::GeometryIn(size_t snapshot) const {
  return InfoOf({case_.mode.arch, static_cast<uint8_t>(top(snapshot).levels)})
      .geometry;
}

size_t CaseTables::WriterOf(uint64_t physical, size_t last) const {
  for (size_t operation = last; operation > 0; --operation) {
    for (const ChangedWord& word : changed_words_[operation]) {
      if (word.physical == physical) return operation;
    }
  }
  return 0;
}

uint64_t CaseTables::WordIn(size_t snapshot, uint64_t physical) const {
  // The arena may be at another snapshot: if a word is written later, its value
  // before that write is known.
  std::optional<uint64_t> found;
  for (size_t operation = snapshots() - 1; operation > 0; --operation) {
    for (const ChangedWord& word : changed_words_[operation]) {
      if (word.physical != physical) continue;
      if (operation <= snapshot) return word.after;
      found = word.before;
    }
  }
  return found.has_value() ? *found : *arena_->Find(physical);
}

Translation CaseTables::Translate(uint64_t address, size_t snapshot,
                                  const OnFetch& on_fetch) const {
  timeline_.GoTo(snapshot);
  const Translation t =
      arch_.translate(top(snapshot), memory_, address, on_fetch);
  timeline_.GoTo(0);
  return t;
}

std::unique_ptr<Reference> CaseTables::MakeReference(
    const Request& request) const {
  auto reference = std::make_unique<Reference>();
  arch_.make_reference(timeline_, memory_, request, *reference);
  return reference;
}

}  // namespace pxdfuzz
