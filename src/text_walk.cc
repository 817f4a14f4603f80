// SPDX-License-Identifier: MIT

#include "pxdfuzz/text_walk.h"

namespace pxdfuzz {

std::string OffsetCall(Policy policy, Level level) {
  if (level == Level::kPgd) return "pgd_offset(mm, addr)";
  const std::string parent(Name(Above(level)));
  // gup maps page tables by value in all of its versions.
  const std::string name = level == Level::kPte
                               ? "pte_offset_map"
                               : Concat({Name(level), "_offset"});
  switch (policy.descent) {
    case Descent::kByPointer:
      return Concat({name, "(", parent, "p, addr)"});
    case Descent::kLockless:
      if (level != Level::kPte) {
        return Concat({name, "_lockless(", parent, "p, ", parent, ", addr)"});
      }
      [[fallthrough]];
    case Descent::kByValue:
      return Concat({name, "(&", parent, ", addr)"});
  }
  return "";
}

std::string BoundaryCall(Policy policy, Level level) {
  const bool folded =
      policy.boundary == BoundaryRule::kFoldedAware && level >= Level::kP4d;
  return Concat({Name(level), folded ? "_addr_end_folded()" : "_addr_end()"});
}

std::string DescribeStackWord(const StackWord& word, Level level) {
  switch (word.content) {
    case StackContent::kZero:
      return "a word of zeros";
    case StackContent::kCopy:
      return Concat({"an older copy of the same ", Name(level)});
    case StackContent::kNext:
      return Concat({"an older copy of the entry behind that ", Name(level)});
    case StackContent::kWord:
      return "a stray word";
  }
  return "";
}

std::string DescribeStackPlace(int64_t distance, Level level) {
  const bool below = distance < 0;
  const auto words = static_cast<uint64_t>(below ? -distance : distance);
  return Concat({"the stack, ", Plural(words, "word"),
                 below ? " below" : " above", " the local copy of ",
                 Name(level)});
}

}  // namespace pxdfuzz
