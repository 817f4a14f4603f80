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
// ...": about the folded level at which a walk went wrong, or empty.
std::string UnseenNote(const WalkPicture& picture);

// "0x10080000000 and 3 more": a level's boundaries inside the range.
std::string BoundariesText(const WalkPicture::LevelInfo& info);

// The content of the copy's word of a stack, and of the one that was read.
std::string CopyText(const WalkPicture::Stack& stack);
std::string LeftWordText(const WalkPicture::Stack& stack);

// "page 1 by static-by-value: wrong and mapped at 0x10000000000".
std::string RolesText(const WalkPicture::Page& page);

// Draws the range with its boundaries, the tables and the stack; with box
// characters if `box` is true.
void AddPicture(const WalkPicture& picture, bool box, TextLines& out);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_TEXT_PICTURE_H_
