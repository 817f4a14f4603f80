// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_race.h"

#include <algorithm>

namespace pxdfuzz {

std::string PageNumbers(size_t first, uint64_t count) {
  if (count == 1) return Concat({"page ", std::to_string(first)});
  return Concat({"pages ", std::to_string(first), " to ",
                 std::to_string(first + std::max(count, uint64_t{1}) - 1)});
}

std::string VersionNumbers(size_t first, size_t last) {
  if (first == last) return Concat({"version ", std::to_string(first)});
  return Concat({"versions ", std::to_string(first),
                 first + 1 == last ? " and " : " to ", std::to_string(last)});
}

std::string Heading(const ToldChange& change) {
  return Concat({"change ", std::to_string(change.number), ", before read ",
                 std::to_string(change.read), ": ", change.what});
}

std::string HowToReadTimeline(const ReadTimeline& timeline) {
  return Concat({"The walk reads ", std::to_string(timeline.reads),
                 timeline.reads == 1 ? " entry. " : " entries. ",
                 "What another processor does between two of its reads makes "
                 "the next version of the tables. The reads of each:"});
}

void AddTimeline(const ReadTimeline& timeline, TextLines& out) {
  out.Wrap("", "", HowToReadTimeline(timeline));
  out.Blank();
  const auto add_version = [&](size_t version) {
    std::string line = Concat({"   version ", std::to_string(version), ":"});
    bool is_first = true;
    for (const ReadTimeline::Step& step : timeline.steps) {
      if (step.version != version) continue;
      if (!is_first) line += ',';
      is_first = false;
      const std::string text =
          step.kind == ReadTimeline::Step::Kind::kRead
              ? Concat({std::to_string(step.read), " ", step.text})
              : step.text;
      if (line.size() + text.size() + 2 > out.columns()) {
        out.Line(line);
        line = "    ";
      }
      line += Concat({" ", text});
    }
    out.Line(is_first ? line + " none" : line);
  };
  add_version(0);
  for (const ToldChange& change : timeline.changes) {
    if (change.made) {
      AddChange(change, out);
      add_version(change.number);
    } else {
      out.Wrap("   ", "   ",
               Concat({Heading(change),
                       ". It is not done: the walk has ended before."}));
    }
  }
}

void AddChange(const ToldChange& change, TextLines& out) {
  std::string line = Concat({"== ", Heading(change), " "});
  if (line.size() < out.columns()) {
    line.resize(out.columns(), '=');
    out.Line(line, LineStyle::kTitle);
  } else {
    out.Wrap("== ", "==   ", Heading(change), LineStyle::kTitle);
  }
  for (const std::string& wrote : change.wrote) {
    out.Wrap("==   ", "==     ", wrote);
  }
}

}  // namespace pxdfuzz
