// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_CHANGES_H_
#define PXDFUZZ_REPORT_CHANGES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "pxdfuzz/report/explanation.h"
#include "pxdfuzz/report/facts.h"

namespace pxdfuzz {

// Sentences about concurrent operations and their effect on pages.
class ChangeText {
 public:
  // `facts` outlives the object.
  explicit ChangeText(const Facts& facts) : facts_(facts) {}

  // The operation of that number, counted from 1.
  Explanation::Change Make(size_t number) const;
  // "change 1 (clear 1 pmd of 0x100000, before read 6)".
  std::string Named(size_t number) const;
  // "change 1": the operation that gave a word its value in a snapshot.
  std::string Writer(uint64_t physical, size_t snapshot) const;
  // "0x1000000 in snapshot 0, no page in snapshots 1 and 2 (empty pte, then
  // empty pmd)": the page at an address during the walk.
  std::string BySnapshot(size_t page) const;
  // "0x1000000", or why there is no page.
  std::string In(size_t snapshot, size_t page) const;
  // "1", "0, gone", "none": the snapshot that a returned page belongs to.
  std::string BelongsTo(size_t page) const;
  // "FIRST DIFFERENCE: page 1 becomes 0x3000; the reference has 0x2000.": how
  // an iteration made the pages differ. Empty if none did.
  std::string FirstDifference() const;

  // What happens between which reads.
  Explanation::Timeline Time() const;

 private:
  // The page at an address in a snapshot, or why there is none.
  std::pair<std::string, std::string> Has(size_t page, size_t snapshot) const;
  // A step of a walk, in a word or two.
  static std::string StepText(const Event& event);

  const Facts& facts_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_CHANGES_H_
