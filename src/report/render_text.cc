// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/render_text.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/report/text_picture.h"

namespace pxdfuzz {
namespace {

using PageRow = Explanation::PageRow;
using Iteration = Explanation::Iteration;

// `text`, padded with blanks to a width.
std::string Padded(std::string_view text, size_t width) {
  std::string padded(text);
  if (padded.size() < width) padded.append(width - padded.size(), ' ');
  return padded;
}

void AddTitle(std::string_view title, TextLines& out) {
  out.Blank();
  std::string line = Concat({"--- ", title, " "});
  if (line.size() < out.columns()) line.resize(out.columns(), '-');
  out.Line(line, LineStyle::kTitle);
}

// `header` is as long as each row. If its column `name` is too wide, "the walk"
// replaces the name. If rows are still too wide, each cell gets a line.
void AddPageRows(const std::vector<std::string>& header, size_t name,
                 const std::vector<PageRow>& rows, TextLines& out) {
  // Each column as wide as necessary, except the last.
  std::vector<std::string> titles = header;
  // If there is no room, the address is left out: it follows from the request's
  // start and the page number.
  constexpr size_t kAddress = 1;
  bool has_address = true;
  const auto widths = [&] {
    std::vector<size_t> wide;
    for (const std::string& title : titles) wide.push_back(title.size());
    for (const PageRow& row : rows) {
      for (size_t i = 0; i < row.cells.size(); ++i) {
        wide[i] = std::max(wide[i], row.cells[i].size());
      }
    }
    return wide;
  };
  const auto fits = [&] {
    const std::vector<size_t> wide = widths();
    size_t width = 1;
    for (size_t i = 0; i < wide.size(); ++i) {
      if (i != kAddress || has_address) width += wide[i] + 2;
    }
    return width <= out.columns();
  };
  if (!fits()) titles[name] = "the walk";
  if (header.size() > 4) has_address = fits();
  const bool as_table = fits() || header.size() <= 4;
  const std::vector<size_t> wide = widths();
  const auto add = [&](std::string_view margin,
                       const std::vector<std::string>& cells, LineStyle style) {
    std::string line(margin);
    for (size_t i = 0; i < cells.size(); ++i) {
      if (i == kAddress && !has_address) continue;
      const bool last = i + 1 == cells.size();
      line += last ? cells[i] : Padded(cells[i], wide[i] + 2);
    }
    out.Line(line, style);
  };
  const auto add_list = [&](std::string_view margin,
                            const std::vector<std::string>& cells,
                            LineStyle style) {
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string text =
          Concat({header[i], i == 0 ? " " : ": ", cells[i]});
      out.Wrap(i == 0 ? margin : "     ", "       ", text, style);
    }
  };
  if (as_table) add("   ", titles, LineStyle::kPlain);
  for (const PageRow& row : rows) {
    const std::string_view margin = row.marked ? ">> " : "   ";
    const LineStyle style = row.marked ? LineStyle::kMarked : LineStyle::kPlain;
    if (row.skips) {
      out.Line("   ...");
    } else if (as_table) {
      add(margin, row.cells, style);
    } else {
      add_list(margin, row.cells, style);
    }
  }
}

void AddChange(const Explanation::Change& change, TextLines& out) {
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

void AddTimeline(const Explanation::Timeline& timeline, TextLines& out) {
  out.Wrap("", "", HowToReadTimeline(timeline));
  out.Blank();
  const auto add_snapshot = [&](size_t snapshot) {
    std::string line = Concat({"   snapshot ", std::to_string(snapshot), ":"});
    bool is_first = true;
    for (const Explanation::Timeline::Step& step : timeline.steps) {
      if (step.snapshot != snapshot) continue;
      if (!is_first) line += ',';
      is_first = false;
      const std::string text =
          step.kind == Explanation::Timeline::Step::Kind::kRead
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
  add_snapshot(0);
  for (const Explanation::Change& change : timeline.changes) {
    if (change.made) {
      AddChange(change, out);
      add_snapshot(change.number);
    } else {
      out.Wrap("   ", "   ",
               Concat({Heading(change),
                       ". It is not made: the walk ended before it."}));
    }
  }
}

// `text` in lines of at most `width` columns, all but the first of a text
// indented by `hang`. Breaks words that are too long.
void WrapInto(std::string_view text, size_t width, size_t indent, size_t hang,
              std::vector<std::string>& lines) {
  std::string line(indent, ' ');
  bool has_word = false;
  while (!text.empty()) {
    const size_t end = text.find(' ');
    std::string_view word = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    if (has_word && line.size() + 1 + word.size() > width) {
      lines.push_back(std::move(line));
      line = std::string(indent + hang, ' ');
      has_word = false;
    }
    if (has_word) line += ' ';
    while (line.size() + word.size() > width && line.size() < width) {
      const size_t fits = width - line.size();
      line += word.substr(0, fits);
      word.remove_prefix(fits);
      lines.push_back(std::move(line));
      line = std::string(indent + hang, ' ');
    }
    line += word;
    has_word = true;
  }
  lines.push_back(std::move(line));
}

// The iterations, with the reference to the right. `compact` joins lines and
// leaves out rules, which are printed above.
void AddIterations(const std::vector<Iteration>& iterations,
                   std::string_view walk, std::string_view reference,
                   bool compact, TextLines& out) {
  constexpr std::string_view kMargin = "   ";
  constexpr std::string_view kBetween = " | ";
  const size_t room =
      std::max<size_t>(out.columns(), 60) - kMargin.size() - kBetween.size();
  const size_t left_width = room * 5 / 8;
  const size_t right_width = room - left_width;
  const auto add = [&](const std::vector<std::string>& left,
                       const std::vector<std::string>& right, bool marked) {
    for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
      std::string line(marked && i == 0 ? ">> " : kMargin);
      if (i < left.size()) line += left[i];
      line.resize(kMargin.size() + left_width, ' ');
      line += kBetween;
      if (i < right.size()) line += right[i];
      line.resize(line.find_last_not_of(' ') + 1);
      out.Line(line, marked ? LineStyle::kMarked : LineStyle::kPlain);
    }
  };
  add({std::string(walk)}, {std::string(reference)}, false);
  if (!compact) {
    add({std::string(left_width, '-')}, {std::string(right_width, '-')}, false);
  }
  for (const Iteration& iteration : iterations) {
    if (iteration.skips) {
      add({"..."}, {"..."}, false);
      continue;
    }
    if (iteration.change.has_value()) {
      AddChange(*iteration.change, out);
      continue;
    }
    const auto indent =
        static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(iteration.level));
    std::vector<std::string> left;
    std::vector<std::string> right;
    const auto add_left = [&](const std::string& text, size_t by, size_t hang) {
      if (!text.empty()) WrapInto(text, left_width, indent + by, hang, left);
    };
    const std::string place =
        iteration.place.empty() ? "" : Concat({"-> ", iteration.place});
    add_left(iteration.part, 0, 2);
    if (compact && iteration.rereads.empty()) {
      // The start of a loop matters if the loop goes wrong.
      const bool says_pointer =
          iteration.marked || iteration.pointer.find('=') == std::string::npos;
      add_left(says_pointer
                   ? Concat({iteration.pointer,
                             iteration.pointer.empty() ? "" : " ", place})
                   : place,
               2, 2);
    } else {
      add_left(iteration.pointer, 2, 2);
      for (const std::string& line : iteration.rereads) add_left(line, 2, 2);
      add_left(place, 4, 3);
    }
    add_left(iteration.read, 2, 2);
    // That a walk goes down is visible without a line.
    const bool goes_down = iteration.next.find("then ") != std::string::npos;
    if (!compact || !goes_down) add_left(iteration.next, 2, 2);
    for (const std::string& line : iteration.after) add_left(line, 2, 2);
    for (const std::string& line : iteration.reference) {
      WrapInto(line, right_width, 0, 2, right);
    }
    add(left, right, iteration.marked);
    for (const std::string* text : {&iteration.rule, &iteration.effect}) {
      if (text->empty() || (compact && text == &iteration.rule)) continue;
      out.Wrap(">>   ", ">>   ", *text, LineStyle::kMarked);
    }
  }
}

// -----------------------------------------------------------------------------
// The short form: the surroundings of the first difference.

std::vector<PageRow> RowsAround(const std::vector<PageRow>& rows) {
  constexpr size_t kMost = 5;
  if (rows.size() <= kMost) return rows;
  size_t middle = rows.size() - 1;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].marked) middle = i;
  }
  const size_t from =
      std::min(middle - std::min<size_t>(middle, 2), rows.size() - kMost);
  std::vector<PageRow> around(
      rows.begin() + static_cast<std::ptrdiff_t>(from),
      rows.begin() + static_cast<std::ptrdiff_t>(from + kMost));
  if (from > 0 && !around.front().skips) {
    around.insert(around.begin(), {.skips = true});
  }
  if (from + kMost < rows.size() && !around.back().skips) {
    around.push_back({.skips = true});
  }
  return around;
}

// Marked iterations, each with the one before it, and changes; if none is
// marked, the last three.
std::vector<Iteration> IterationsAround(
    const std::vector<Iteration>& iterations) {
  const bool has_mark =
      std::any_of(iterations.begin(), iterations.end(),
                  [](const Iteration& iteration) { return iteration.marked; });
  constexpr size_t kLast = 3;
  std::vector<Iteration> around;
  for (size_t i = 0; i < iterations.size(); ++i) {
    size_t next = i + 1;
    while (next < iterations.size() && iterations[next].change.has_value())
      ++next;
    const bool next_is_marked =
        next < iterations.size() && iterations[next].marked;
    const bool shown = iterations[i].change.has_value() ||
                       iterations[i].marked || next_is_marked ||
                       (!has_mark && i + kLast >= iterations.size());
    if (shown && !iterations[i].skips) {
      around.push_back(iterations[i]);
    } else if (!around.empty() && !around.back().skips) {
      around.push_back({.skips = true});
    }
  }
  if (!around.empty() && around.back().skips) around.pop_back();
  return around;
}

class TextRenderer {
 public:
  TextRenderer(const Explanation& explanation, const TextOptions& options)
      : e_(explanation),
        options_(options),
        out_(options.color, options.columns) {}

  std::string Make() {
    out_.Wrap("", "", e_.headline, LineStyle::kTitle);
    if (options_.full) {
      AddAll();
    } else {
      AddShort();
    }
    if (!e_.token.empty()) {
      out_.Blank();
      out_.Line(Concat({"DEDUP_TOKEN: ", e_.token}));
    }
    for (const ReportCommand& command : options_.commands) {
      const bool is_first = &command == options_.commands.data();
      if (options_.full || (is_first && e_.token.empty())) out_.Blank();
      out_.Wrap("", "", command.purpose + ":");
      out_.Line("  " + command.command);
    }
    return out_.text();
  }

 private:
  void AddShort() {
    for (const Iteration& iteration : e_.iterations) {
      if (iteration.rule.empty()) continue;
      out_.Blank();
      out_.Wrap("", "", iteration.rule, LineStyle::kMarked);
    }
    if (e_.iterations.empty()) {
      for (const std::string& term : e_.terms) out_.Wrap("- ", "  ", term);
    }
    AddCase();
    if (e_.page_header.empty()) return;
    AddTitle("Pages", out_);
    AddPageRows(e_.page_header, e_.found_column, RowsAround(e_.pages), out_);
    for (const std::string& note : e_.notes) out_.Wrap("- ", "  ", note);
    if (e_.iterations.empty()) return;
    AddTitle(e_.outcome == Outcome::kAgrees
                 ? "The last iterations"
                 : "Iterations around the difference",
             out_);
    AddIterations(IterationsAround(e_.iterations), e_.walk, e_.reference_title,
                  /*compact=*/true, out_);
  }

  void AddAll() {
    if (!e_.terms.empty()) out_.Blank();
    for (const std::string& term : e_.terms) out_.Wrap("- ", "  ", term);
    if (!e_.glossary.empty()) {
      out_.Blank();
      out_.Line("Terms:");
    }
    for (const Explanation::Term& term : e_.glossary) {
      out_.Wrap("- ", "  ", Concat({term.name, ": ", term.meaning}));
    }
    AddCase();
    if (e_.page_header.empty()) return;
    if (e_.timeline.has_value()) {
      Title("Changes");
      AddTimeline(*e_.timeline, out_);
    }
    if (e_.picture.has_value()) {
      Title("Address space");
      AddPicture(*e_.picture, options_.box, out_);
    }
    Title("Pages");
    AddPageRows(e_.page_header, e_.found_column, e_.pages, out_);
    if (!e_.notes.empty() || !e_.other_walks.empty()) out_.Blank();
    for (const std::string& note : e_.notes) out_.Wrap("- ", "  ", note);
    for (const std::string& note : e_.other_walks) out_.Wrap("- ", "  ", note);
    Title(Concat({"Iterations of ", e_.walk}));
    if (!e_.iterations.empty()) {
      out_.Wrap("", "", HowToReadIterations(e_));
      out_.Blank();
      AddIterations(e_.iterations, e_.walk, e_.reference_title,
                    /*compact=*/false, out_);
    }
    for (const Explanation::Path& path : e_.references) {
      Title(path.title);
      for (const std::string& step : path.steps) {
        out_.Wrap("   ", "       ", step);
      }
      out_.Wrap("   ", "   ", path.result);
    }
  }

  void Title(std::string_view title) {
    AddTitle(title, out_);
    out_.Blank();
  }

  void AddCase() {
    if (e_.source.empty()) return;
    AddTitle("Case", out_);
    if (options_.full) out_.Blank();
    for (const Explanation::CaseLine& line : e_.source) {
      out_.Line(line.text,
                line.marked ? LineStyle::kMarked : LineStyle::kPlain);
    }
  }

  const Explanation& e_;
  const TextOptions& options_;
  TextLines out_;
};

}  // namespace

std::string RenderText(const Explanation& explanation,
                       const TextOptions& options) {
  return TextRenderer(explanation, options).Make();
}

}  // namespace pxdfuzz
