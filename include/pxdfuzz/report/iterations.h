// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_ITERATIONS_H_
#define PXDFUZZ_REPORT_ITERATIONS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/report/changes.h"
#include "pxdfuzz/report/explanation.h"
#include "pxdfuzz/report/facts.h"

namespace pxdfuzz {

// Describes a walk, iteration by iteration: what it read and did, what the
// reference did, and for marked iterations why they are wrong.
class IterationText {
 public:
  // Both outlive the object.
  IterationText(const Facts& facts, const ChangeText& changes)
      : facts_(facts), changes_(changes) {}

  // Shortens long walks to their start, the surroundings of each mark and each
  // change, and their end.
  std::vector<Explanation::Iteration> Make() const;
  // The title of the reference column.
  std::string ReferenceTitle() const;

  // "pudp++", "pudp = pud_offset(&p4d, addr)": how an iteration made its
  // pointer; for kernel code the line that reads.
  std::string Pointer(size_t iteration) const;
  // "read 4", "read 4, mm/gup.c:2613": an event's read.
  std::string ReadName(const Event& event) const;
  // "an older copy of the same p4d": the content of the stack where it was
  // read.
  std::string StackContent(const Event& event) const;
  // "*pudp was segment table 0 when it was tested (read 5), and change 3 has
  // made it empty": about an entry that was read again and had changed.
  std::string Became(size_t event) const;
  // The first event of an iteration whose recheck saw a change, if any.
  std::optional<size_t> SeenByRecheck(size_t iteration) const;
  // The operation that gave the entry of an event its value.
  std::string Writer(size_t event) const;

 private:
  // Iterations that are shown together: one, or several of page entries.
  struct Block {
    size_t first = 0;
    size_t last = 0;
  };

  const Event& ReadOf(size_t iteration) const {
    return facts_.ReadOf(iteration);
  }
  bool IsMarked(const Block& block) const;
  bool IsPlain(size_t iteration) const;
  std::vector<Block> Blocks() const;
  bool IsShown(const std::vector<Block>& blocks, size_t i) const;

  Explanation::Iteration Begin(size_t first, size_t last) const;
  Explanation::Iteration Run(const Block& block) const;
  void Add(size_t iteration, std::vector<Explanation::Iteration>& out) const;

  std::string PlaceText(const Event& event) const;
  std::string EntryText(const Event& event) const;
  std::string Action(size_t iteration) const;
  std::string Boundary(const Event& read) const;
  std::string Number(const Event& event) const;
  std::string RereadText(size_t event) const;
  std::string CheckText(size_t event) const;
  std::vector<std::string> ReferenceOf(size_t iteration) const;
  std::string ReferenceOfRun(const Block& block, size_t snapshot) const;

  std::string RuleText(size_t event) const;
  std::string EscapeRule(size_t iteration) const;
  std::string WrongEntryRule(size_t iteration) const;
  std::string EffectText(size_t iteration) const;

  const Facts& facts_;
  const ChangeText& changes_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_ITERATIONS_H_
