// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_KNOWN_ANSWERS_H_
#define PXDFUZZ_TESTS_MUTANTS_KNOWN_ANSWERS_H_

#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/reference/translate.h"

namespace pxdfuzz::mutants {

// Words by physical address; nothing is in storage elsewhere. Records reads.
class WordMemory {
 public:
  void Set(uint64_t address, uint64_t word) { words_[address] = word; }
  void Remove(uint64_t address) { words_.erase(address); }
  std::vector<uint64_t>& reads() const { return reads_; }

  Loaded Load(Level /*level*/, EntryRef ref) const {
    const auto found = words_.find(ref.address());
    if (found == words_.end()) return {0, Source::kNowhere};
    reads_.push_back(ref.address());
    return {found->second, Source::kTable};
  }
  // For walks only.
  uint64_t LoadRootType(EntryRef /*root*/) const { return 0; }
  EntryRef Push(Level /*level*/, uint64_t /*value*/, EntryRef ref) {
    return ref;
  }
  bool Holds(EntryRef /*ref*/, uint64_t /*address*/) const { return true; }

 private:
  std::map<uint64_t, uint64_t> words_;
  mutable std::vector<uint64_t> reads_;
};

static_assert(Memory<WordMemory>);

// A known answer: the result of a translation. `Setting` is the input of an
// architecture's manual.
template <class Setting>
struct KnownAnswer {
  // The rule that it is for.
  std::string_view rule;
  WordMemory memory;
  Setting setting;
  uint64_t address = 0;
  Access access = Access::kFetch;
  // 0, or the exception's code; then the other members do not count.
  uint16_t code = 0;
  uint64_t physical = 0;
  bool is_protected = false;

  bool IsRight(const Translation& t) const {
    return t.code == code && t.physical == physical &&
           (code != 0 || t.is_protected == is_protected);
  }
  // The question and the result, one line.
  std::string Describe(const Translation& t) const {
    std::ostringstream text;
    text << std::hex << rule << ": " << address
         << (access == Access::kStore ? " (store)" : "") << " gives code "
         << t.code << ", " << t.physical << (t.is_protected ? " p" : "")
         << "; should give code " << code << ", " << physical
         << (is_protected ? " p" : "");
    return text.str();
  }
};

// Builds a list of known answers. `next` is the next question; it keeps its
// values from one answer to the next, except those that are changed.
template <class Setting>
struct AnswerList {
  KnownAnswer<Setting> next;
  std::vector<KnownAnswer<Setting>> list;

  void Set(uint64_t address, uint64_t word) { next.memory.Set(address, word); }
  void Add(uint16_t code, uint64_t physical, bool is_protected, Access access) {
    KnownAnswer<Setting>& answer = list.emplace_back(next);
    answer.code = code;
    answer.physical = physical;
    answer.is_protected = is_protected;
    answer.access = access;
  }
  void Gives(uint64_t physical, bool is_protected = false) {
    Add(0, physical, is_protected, Access::kFetch);
  }
  void Ends(uint16_t code, Access access = Access::kFetch) {
    Add(code, 0, false, access);
  }
};

// Asks `Manual` for each of `answers` and calls `on_wrong(answer, translation)`
// for wrong results.
template <class Manual, class Setting, class OnWrong>
void AskAll(const std::vector<KnownAnswer<Setting>>& answers,
            OnWrong&& on_wrong) {
  for (const KnownAnswer<Setting>& answer : answers) {
    const Translation t =
        Translate(answer.setting.template Make<Manual>(), answer.memory,
                  answer.address, answer.access);
    if (!answer.IsRight(t)) on_wrong(answer, t);
  }
}

// The rule of the first that `Manual` gets wrong; empty if it gets all right.
template <class Manual, class Setting>
std::string FirstWrong(const std::vector<KnownAnswer<Setting>>& answers) {
  std::string rule;
  AskAll<Manual>(answers, [&rule](const KnownAnswer<Setting>& answer,
                                  const Translation& /*t*/) {
    if (rule.empty()) rule = answer.rule;
  });
  return rule;
}

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_KNOWN_ANSWERS_H_
