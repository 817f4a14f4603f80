// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_CASE_CASE_TEXT_H_
#define PXDFUZZ_CASE_CASE_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/table_op.h"
#include "pxdfuzz/paging/leaf.h"

namespace pxdfuzz {

// "rw young dirty": "rw", "ro" or "none", the page's age, whether it was
// written, and "special" if it is.
std::string Describe(const LeafState& state);

// Sets the attribute that a word of a state stands for: "kernel", "key-5".
// False if there is no such attribute, or if it is set.
bool TakeAttribute(std::string_view word, LeafState& state);

// "clear 4 pte of 0x1007fffe000", "map pte of 0x1000 to 0x2000, rw young
// dirty". A count of 1 is left out.
std::string Describe(const TableOp& op);

// The key of an operation's frame, if it has one: "frame" or "place".
std::string_view FrameKey(TableOp::Kind kind);

// When a concurrent operation is done: "before read 7", "before grab of page
// 0", "after read 2 of pmd".
std::string DescribeMoment(const ConcurrentOp& op);

// `c` as canonical YAML: addresses and frames are absolute and hexadecimal, and
// numbers that need an explanation have a comment. Equal cases give equal text,
// and different cases that bytes can represent give different text. Lines are
// broken at `columns`.
std::string ToText(const Case& c, size_t columns = kTextColumns);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_CASE_CASE_TEXT_H_
