// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_RULE_TRIAL_H_
#define PXDFUZZ_REFERENCE_RULE_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/translate.h"

// What rules of Translate are tried with.

namespace pxdfuzz {

// A rule that did not hold.
struct RuleViolation {
  // "s390.common-bit": usable as a file name and a DEDUP_TOKEN.
  std::string_view rule;
  // The rule in one line.
  std::string_view text;
  // The translation before the change.
  uint64_t control = 0;
  uint64_t address = 0;
  Translation result;
  // The translation after the change.
  uint64_t changed_control = 0;
  uint64_t changed_address = 0;
  Translation changed_result;
  // The last word that was written for it: address and value.
  std::optional<uint64_t> written;
  uint64_t word = 0;
};

namespace rules {

// An arena with changes on top: words that differ, and ranges in places where
// the arena has nothing. The latest addition has priority.
class ChangedMemory {
 public:
  struct Range {
    enum class Kind : uint8_t {
      kAlias,   // the words from `first` on
      kSeries,  // `first`, first + step, ...
      kNoise,   // any words
    };
    Kind kind = Kind::kAlias;
    uint64_t address = 0;
    uint64_t bytes = 0;
    uint64_t first = 0;
    uint64_t step = 0;
  };
  struct Word {
    uint64_t address = 0;
    uint64_t value = 0;
  };

  explicit ChangedMemory(const Arena& arena) : arena_(arena) {}

  void Write(uint64_t address, uint64_t value) {
    words_.push_back({address, value});
  }
  void Add(const Range& range) { ranges_.push_back(range); }

  // Its destructor removes what was added since its construction.
  class Undo {
   public:
    explicit Undo(ChangedMemory& memory)
        : memory_(memory),
          words_(memory.words_.size()),
          ranges_(memory.ranges_.size()) {}
    ~Undo() {
      while (memory_.words_.size() > words_) memory_.words_.erase(words_);
      while (memory_.ranges_.size() > ranges_) memory_.ranges_.erase(ranges_);
    }
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;

   private:
    ChangedMemory& memory_;
    size_t words_;
    size_t ranges_;
  };

  Loaded Load(Level level, EntryRef ref) const {
    uint64_t address = ref.address();
    size_t i = ranges_.size();
    while (true) {
      for (size_t w = words_.size(); w > 0; --w) {
        if (words_[w - 1].address == address) {
          return {words_[w - 1].value, Source::kTable};
        }
      }
      while (i > 0 && WrappingSub(address, ranges_[i - 1].address) >=
                          ranges_[i - 1].bytes) {
        --i;
      }
      if (i == 0) break;
      const Range& range = ranges_[--i];
      const uint64_t inside = WrappingSub(address, range.address);
      switch (range.kind) {
        case Range::Kind::kAlias:
          address = WrappingAdd(range.first, inside);
          continue;
        case Range::Kind::kSeries:
          return {WrappingAdd(range.first,
                              WrappingMul(inside / kEntrySize, range.step)),
                  Source::kTable};
        case Range::Kind::kNoise:
          return {Rng::Mix(range.first ^ address), Source::kTable};
      }
    }
    const uint64_t* word = arena_.Find(address);
    if (word == nullptr) return {arena_.empty(level), Source::kNowhere};
    return {*word, Source::kTable};
  }

 private:
  const Arena& arena_;
  InlineVector<Word, 64> words_;
  InlineVector<Range, 16> ranges_;
};

static_assert(ReadableMemory<ChangedMemory>);

struct Fetch {
  Level level = Level::kPte;
  uint64_t address = 0;
  uint64_t entry = 0;
};

// One translation and the entries that it read.
struct Trial {
  uint64_t control = 0;
  uint64_t address = 0;
  Translation result;
  InlineVector<Fetch, kLevelCount> path;

  // Whether no word was read twice. Tables may overlap; then a change for one
  // level also changes another, and the trial proves nothing.
  bool distinct() const {
    for (size_t i = 0; i < path.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (path[i].address == path[j].address) return false;
      }
    }
    return true;
  }
};

template <class Manual, ReadableMemory M>
Trial Try(const Manual& manual, const M& memory, uint64_t control,
          uint64_t address, Access access = Access::kFetch) {
  Trial trial{.control = control, .address = address};
  trial.result =
      Translate(manual, memory, address, access,
                [&trial](Level level, EntryRef ref, uint64_t entry) {
                  trial.path.push_back({level, ref.address(), entry});
                });
  return trial;
}

// Whether two trials have the same result after the same number of reads. The
// protection collected before an exception does not matter.
inline bool EndAlike(const Trial& a, const Trial& b) {
  return a.result.code == b.result.code &&
         a.result.physical == b.result.physical &&
         (a.result.code != 0 ||
          a.result.is_protected == b.result.is_protected) &&
         a.path.size() == b.path.size();
}

// The first violation found.
class Findings {
 public:
  explicit Findings(std::optional<RuleViolation>& out) : out_(out) {}

  bool any() const { return out_.has_value(); }

  // Reports `rule` unless it `holds`: `before` became `after` when `word` was
  // written.
  void Expect(bool holds, std::string_view rule, std::string_view text,
              const Trial& before, const Trial& after,
              std::optional<ChangedMemory::Word> written = std::nullopt) {
    if (holds || any()) return;
    out_ = RuleViolation{.rule = rule,
                         .text = text,
                         .control = before.control,
                         .address = before.address,
                         .result = before.result,
                         .changed_control = after.control,
                         .changed_address = after.address,
                         .changed_result = after.result};
    if (written.has_value()) {
      out_->written = written->address;
      out_->word = written->value;
    }
  }

 private:
  std::optional<RuleViolation>& out_;
};

// A translation whose entries are changed one at a time, for rules of raw
// tables.
//
//   Machine   what the manual needs besides a control word: the geometry, or
//             s390's facilities
template <class Manual, class Machine = Geometry>
class ChangedTrial {
 public:
  ChangedTrial(const Arena& arena, const Machine& machine, uint64_t control,
               uint64_t address, Rng choose, Findings findings)
      : memory_(arena),
        machine_(machine),
        control_(control),
        address_(address),
        choose_(choose),
        findings_(findings) {}

 protected:
  Trial Run(uint64_t control, uint64_t address,
            Access access = Access::kFetch) const {
    return Try(ManualOf(control), memory_, control, address, access);
  }
  // The translation with `word` in place of the i-th entry that was read.
  Trial RunWith(size_t i, uint64_t word) {
    return RunWith(i, word, control_, address_);
  }
  Trial RunWith(size_t i, uint64_t word, uint64_t control, uint64_t address) {
    const ChangedMemory::Undo undo(memory_);
    written_ = {base_.path[i].address, word};
    memory_.Write(written_->address, written_->value);
    return Run(control, address);
  }

  void Expect(bool holds, std::string_view rule, std::string_view text,
              const Trial& before, const Trial& after) {
    findings_.Expect(holds, rule, text, before, after, written_);
  }
  void Expect(bool holds, std::string_view rule, std::string_view text,
              const Trial& after) {
    Expect(holds, rule, text, base_, after);
  }
  // Expects that `after` ends with `code` after `reads` entries.
  void ExpectEnd(size_t reads, uint16_t code, std::string_view rule,
                 std::string_view text, const Trial& after) {
    Expect(after.result.code == code && after.path.size() == reads, rule, text,
           after);
  }

  ChangedMemory memory_;
  Machine machine_;
  uint64_t control_;
  uint64_t address_;
  Rng choose_;
  Findings findings_;
  // The tables that are changed: as they are, or repaired.
  Trial base_;
  std::optional<ChangedMemory::Word> written_;

 private:
  Manual ManualOf(uint64_t control) const {
    if constexpr (std::is_same_v<Machine, Geometry>) {
      return Manual(machine_, control);
    } else {
      return Manual(control, machine_);
    }
  }
};

}  // namespace rules
}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_RULE_TRIAL_H_
