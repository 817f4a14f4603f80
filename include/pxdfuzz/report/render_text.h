// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_RENDER_TEXT_H_
#define PXDFUZZ_REPORT_RENDER_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/explanation.h"

namespace pxdfuzz {

// A command that the reader can paste, and what it is for.
struct ReportCommand {
  std::string purpose;  // "reproduce"
  std::string command;
};

struct TextOptions {
  bool color = false;
  // Draws with box characters in UTF-8 instead of ASCII.
  bool box = false;
  // Everything that is known: the glossary, the drawing of the tables, every
  // iteration that matters, the reference's path. Otherwise what differs and
  // why, the case, and the pages and iterations around the first difference.
  bool full = false;
  size_t columns = kTextColumns;
  // Printed at the end, in this order.
  std::vector<ReportCommand> commands;
};

// An explanation as text for a terminal.
std::string RenderText(const Explanation& explanation,
                       const TextOptions& options);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_RENDER_TEXT_H_
