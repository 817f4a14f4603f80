// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_TEXT_PICTURE_H_
#define PXDFUZZ_REPORT_TEXT_PICTURE_H_

#include <string>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/picture.h"

namespace pxdfuzz {

// "p4d: folded. There is no table; what Linux calls a p4d entry here is the
// region-third entry.", for each level that is folded.
std::vector<std::string> FoldedNotes(const WalkPicture& picture);

// "p4d_addr_end() knows entries of 4 TiB and does not stop at 0x10080000000,
// ...": of the folded level by which a walk went wrong, or nothing.
std::string UnseenNote(const WalkPicture& picture);

// "0x10080000000 and 3 more": the boundaries of a level that are
// inside the range.
std::string BoundariesText(const WalkPicture::LevelInfo& info);

// What stands in the copy's word of a stack, and in the one that was read.
std::string CopyText(const WalkPicture::Stack& stack);
std::string LeftWordText(const WalkPicture::Stack& stack);

// "page 1 by static-by-value: wrong and mapped at 0x10000000000".
std::string RolesText(const WalkPicture::Page& page);

// Draws the range with its boundaries, the tables and the stack, with box
// characters or, where `box` is false, without.
void AddPicture(const WalkPicture& picture, bool box, TextLines& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_PICTURE_H_
