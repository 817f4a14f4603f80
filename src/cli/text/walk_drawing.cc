// SPDX-License-Identifier: MIT

#include "src/cli/text/walk_drawing.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/report/words.h"
#include "src/cli/text/walk_canvas.h"

namespace pxdfuzz {
namespace {

using Picture = WalkPicture;
using Step = WalkPicture::Step;

// Between words if possible.
std::vector<std::string> Wrapped(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const size_t end = text.find(' ');
    std::string_view word = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    if (!lines.back().empty() &&
        lines.back().size() + 1 + word.size() > width) {
      lines.emplace_back();
    }
    if (!lines.back().empty()) lines.back() += ' ';
    while (word.size() > width) {
      lines.back() += word.substr(0, width);
      word.remove_prefix(width);
      lines.emplace_back();
    }
    lines.back() += word;
  }
  return lines;
}

void Append(const std::vector<std::string>& more,
            std::vector<std::string>& lines) {
  lines.insert(lines.end(), more.begin(), more.end());
}

class Layout : private WalkCanvas {
 public:
  Layout(const Picture& picture, std::string_view sentence)
      : WalkCanvas(picture), sentence_(sentence) {}

  WalkDrawing Make() {
    PlaceColumns();
    AddLegend();
    AddHeaders();
    AddTables();
    PlaceStrays();
    AddPages();
    AddFoldedBands();
    AddPointers();
    AddPath(picture_.reference_path, reference_stop_, "reference", 'R', -6);
    AddPath(picture_.walk_path, walk_stop_, "walk", 'W', 6);
    AddSentence();
    return std::move(out_);
  }

 private:
  // The lines of an entry: its value at the start, and below that its value
  // after each change.
  struct EntryRows {
    Rect start;
    std::vector<Rect> later;
  };

  void AddTables() {
    std::vector<size_t> order(picture_.tables.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [this](size_t a, size_t b) {
      constexpr uint64_t kLast = ~uint64_t{0};
      return std::pair(picture_.tables[a].base.value_or(kLast), a) <
             std::pair(picture_.tables[b].base.value_or(kLast), b);
    });
    tables_.resize(picture_.tables.size());
    entries_.resize(picture_.tables.size());
    for (const size_t i : order) AddTable(i);
  }

  void AddTable(size_t at) {
    const Picture::Table& table = picture_.tables[at];
    const size_t column = ColumnOf(table.level);
    Rect rect{x_[column], y_[column], kColumn, 0};
    double y = rect.y;
    const std::vector<std::string> title = Wrapped(table.name, kCharacters);
    AddLines("table-text", rect.x + kPad, y + kPad - 2, title);
    tables_[at] = {rect.x, y, kColumn, HeightOf(title)};
    y += HeightOf(title);
    std::optional<uint64_t> expected = 0;
    for (const Picture::Entry& entry : table.entries) {
      if (expected != entry.index) y = AddDots(rect.x, y);
      expected = entry.index + 1;
      std::vector<std::string> lines;
      std::string first = Concat({"[", std::to_string(entry.index), "]"});
      if (const auto address = Picture::AddressOf(table, entry)) {
        first += Concat({" ", Hex(*address)});
      }
      Append(Wrapped(first, kCharacters), lines);
      const size_t heading = lines.size();
      Append(Wrapped(entry.meaning, kCharacters), lines);
      // What a change overwrites is struck out, and the new value is below it.
      EntryRows rows;
      rows.start = AddRow("entry", entry, rect.x, y, lines,
                          entry.later.empty() ? lines.size() : heading);
      y += rows.start.height;
      for (const Picture::Later& later : entry.later) {
        const bool is_last = &later == &entry.later.back();
        const std::vector<std::string> text =
            Wrapped(Concat({"change ", std::to_string(later.change), ": ",
                            later.meaning}),
                    kCharacters);
        rows.later.push_back(
            AddRow("later", later, rect.x, y, text, is_last ? text.size() : 0));
        y += rows.later.back().height;
      }
      entries_[at].push_back(std::move(rows));
    }
    if (expected != table.size) y = AddDots(rect.x, y);
    rect.height = y - rect.y;
    out_.boxes.insert(out_.boxes.begin(),
                      {"table", rect.x, rect.y, rect.width, rect.height});
    y_[column] = y + kBetween;
  }

  // The content of an entry: lines, of which those from `struck` on are struck
  // out.
  Rect AddRow(const std::string& kind, const Picture::Content& content,
              double x, double y, const std::vector<std::string>& lines,
              size_t struck) {
    const Rect row{x, y, kColumn, HeightOf(lines)};
    AddBox(kind, row);
    if (content.by_reference) AddBox("on-reference", row);
    if (content.by_walk) {
      AddBox("on-walk", {row.x + 4, row.y + 4, row.width - 8, row.height - 8});
    }
    const auto middle = lines.begin() + static_cast<std::ptrdiff_t>(struck);
    AddLines(Concat({kind, "-text"}), x + kPad, y + kPad - 2,
             {lines.begin(), middle});
    AddLines(Concat({kind, "-text struck"}), x + kPad,
             y + kPad - 2 + kDrawnLine * static_cast<double>(struck),
             {middle, lines.end()});
    return row;
  }

  double AddDots(double x, double y) {
    AddText("dots", x + kColumn / 2 - 12, y + 12, "...");
    return y + 19;
  }

  // The stack, and places without a table, in the column of the level that
  // looked there.
  void PlaceStrays() {
    for (const Step& step : picture_.walk_path) {
      if (step.at == Step::At::kStack && !stack_.has_value() &&
          picture_.stack.has_value()) {
        AddStack(ColumnOf(step.level));
      } else if (step.at == Step::At::kNowhere && !nowhere_.has_value()) {
        nowhere_ = AddFilled("left", ColumnOf(step.level),
                             Wrapped(picture_.nowhere, kCharacters));
      }
    }
  }

  void AddStack(size_t column) {
    const Picture::Stack& stack = *picture_.stack;
    std::vector<std::string> copy = {
        Concat({"local copy of ", Name(stack.copy)}),
        Concat({"= ", Hex(stack.copy_word)})};
    if (!stack.copied_from.empty()) {
      Append(Wrapped(Concat({"copied from ", stack.copied_from}), kCharacters),
             copy);
    }
    std::vector<std::string> left;
    Append(Wrapped(Concat({DistanceFromCopy(stack.distance), " = ",
                           Hex(stack.word)}),
                   kCharacters),
           left);
    Append(Wrapped(stack.content, kCharacters), left);
    Append(Wrapped(Concat({"read as: ", stack.meaning}), kCharacters), left);
    constexpr double kIndent = 36;
    std::vector<std::string> mark = {"leaves the copy:"};
    Append(
        Wrapped(stack.pointer, static_cast<size_t>((kColumn - kIndent - kPad) /
                                                   kDrawnCharacter)),
        mark);

    const double x = x_[column];
    // A lane for the arrow from the entry that was copied.
    double y = y_[column] + 8;
    const double top = y;
    const std::vector<std::string> title = {"the walk's stack"};
    AddLines("stack-text", x + kPad, y + kPad - 2, title);
    y += HeightOf(title);
    const auto cell = [&](const std::string& kind,
                          const std::vector<std::string>& lines) {
      const Rect rect{x, y, kColumn, HeightOf(lines)};
      AddBox(kind, rect);
      AddLines(Concat({kind, "-text"}), x + kPad, y + kPad - 2, lines);
      y += rect.height;
      return rect;
    };
    const auto gap = [&](bool up) {
      const double height = HeightOf(mark) + 6;
      const double from = up ? y + height : y;
      const double to = up ? y + 4 : y + height - 4;
      out_.arrows.push_back(
          {"leaves", absl::StrFormat("M%.0f %.0fV%.0f", x + 20, from, to), 'x',
           x + 20, y + height / 2});
      AddLines("leaves-text", x + kIndent, y + kPad + 1, mark);
      y += height;
    };
    Rect copied;
    if (stack.distance.value_or(1) > 0) {
      stack_ = cell("left", left);
      gap(/*up=*/true);
      copied = cell("copy", copy);
    } else {
      copied = cell("copy", copy);
      gap(/*up=*/false);
      stack_ = cell("left", left);
    }
    out_.boxes.insert(out_.boxes.begin(), {"stack", x, top, kColumn, y - top});
    y_[column] = y + kBetween;
    if (stack.copied.has_value()) AddCopied(*stack.copied, copied);
  }

  void AddCopied(const Step& from, const Rect& copy) {
    const Rect entry = RectOf(from);
    const std::string path =
        entry.x == copy.x
            ? absl::StrFormat("M%.0f %.0fH%.0fV%.0fH%.0f", entry.x,
                              entry.middle(), entry.x - 14, copy.middle(),
                              copy.x - 3)
            : Curve(entry.right(), entry.middle(), copy.x - 3, copy.middle());
    out_.arrows.push_back({.kind = "copied", .path = path});
  }

  void AddPages() {
    // The entry that maps each page.
    std::vector<double> wanted(picture_.pages.size(), 0);
    for (size_t i = 0; i < picture_.tables.size(); ++i) {
      for (size_t j = 0; j < entries_[i].size(); ++j) {
        const Picture::Entry& entry = picture_.tables[i].entries[j];
        for (size_t k = 0; k < entry.later.size(); ++k) {
          const size_t page = entry.later[k].page;
          if (page != Picture::kNone) wanted[page] = entries_[i][j].later[k].y;
        }
        if (entry.page != Picture::kNone) {
          wanted[entry.page] = entries_[i][j].start.y;
        }
      }
    }
    std::vector<size_t> order(picture_.pages.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&wanted](size_t a, size_t b) {
      return std::pair(wanted[a], a) < std::pair(wanted[b], b);
    });
    pages_.resize(picture_.pages.size());
    for (const size_t i : order) {
      const Picture::Page& page = picture_.pages[i];
      std::vector<std::string> lines;
      Append(Wrapped(Concat({"page ", Hex(page.frame)}), kCharacters), lines);
      for (const std::string& role : page.roles) {
        Append(Wrapped(role, kCharacters), lines);
      }
      const bool wrong = picture_.differs && page.by_walk && !page.by_reference;
      pages_[i] = AddFilled(wrong ? "wrong-page" : "page",
                            ColumnBehind(page.leaf), lines, wanted[i]);
    }
    const auto stop = [this](const std::vector<Step>& path,
                             std::string_view who,
                             const std::string& why) -> std::optional<Rect> {
      if (path.empty() || why.empty()) return std::nullopt;
      std::vector<std::string> lines;
      Append(Wrapped(Concat({who, " stops: ", why}), kCharacters), lines);
      return AddFilled("stop", ColumnBehind(path.back().level), lines,
                       RectOf(path.back()).y);
    };
    reference_stop_ =
        stop(picture_.reference_path, "reference", picture_.reference_stop);
    walk_stop_ = stop(picture_.walk_path, picture_.walk, picture_.walk_stop);
  }

  Rect RectOf(const Step& step) const {
    switch (step.at) {
      case Step::At::kEntry: {
        const EntryRows& rows = entries_[step.table][step.entry];
        return step.later == Picture::kNone ? rows.start
                                            : rows.later[step.later];
      }
      case Step::At::kStack:
        return stack_.value_or(Rect());
      case Step::At::kNowhere:
        return nowhere_.value_or(Rect());
      case Step::At::kPage:
        return pages_[step.table];
    }
    return {};
  }

  static std::string Curve(double x1, double y1, double x2, double y2) {
    const double bend = std::min(40.0, (x2 - x1) / 2);
    return absl::StrFormat("M%.0f %.0fC%.0f %.0f %.0f %.0f %.0f %.0f", x1, y1,
                           x1 + bend, y1, x2 - bend, y2, x2, y2);
  }

  // Entries that are on neither path.
  void AddPointers() {
    for (size_t i = 0; i < picture_.tables.size(); ++i) {
      for (size_t j = 0; j < entries_[i].size(); ++j) {
        const Picture::Entry& entry = picture_.tables[i].entries[j];
        AddPointer(entry, entries_[i][j].start);
        for (size_t k = 0; k < entry.later.size(); ++k) {
          AddPointer(entry.later[k], entries_[i][j].later[k]);
        }
      }
    }
  }
  void AddPointer(const Picture::Content& content, const Rect& from) {
    if (content.by_reference || content.by_walk) return;
    if (content.table != Picture::kNone) {
      AddArrow("pointer", 0, from, tables_[content.table], 0);
    } else if (content.page != Picture::kNone) {
      AddArrow("pointer", 0, from, pages_[content.page], 0);
    }
  }

  void AddArrow(const std::string& kind, char letter, const Rect& from,
                const Rect& to, double shift) {
    if (to.x <= from.x) return;
    const double y1 = from.middle() + shift;
    const double y2 = to.middle() + shift;
    const double x2 = to.x - 3;
    // In the middle of a cubic curve, or a little before or behind it.
    const double t = letter == 'R' ? 0.2 : 0.8;
    const double bend = std::min(40.0, (x2 - from.right()) / 2);
    const auto at = [t](double a, double b, double c, double d) {
      const double u = 1 - t;
      return u * u * u * a + 3 * u * u * t * b + 3 * u * t * t * c +
             t * t * t * d;
    };
    out_.arrows.push_back({kind, Curve(from.right(), y1, x2, y2), letter,
                           at(from.right(), from.right() + bend, x2 - bend, x2),
                           at(y1, y1, y2, y2)});
  }

  void AddPath(const std::vector<Step>& path, const std::optional<Rect>& stop,
               const std::string& kind, char letter, double shift) {
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      AddArrow(kind, letter, RectOf(path[i]), RectOf(path[i + 1]), shift);
    }
    if (stop.has_value()) {
      AddArrow(kind, letter, RectOf(path.back()), *stop, shift);
    }
  }

  void AddSentence() {
    double y = *std::max_element(y_.begin(), y_.end());
    if (!sentence_.empty()) {
      const double width = out_.width - 2 * kMargin;
      constexpr double kIndent = 40;
      const std::vector<std::string> lines = Wrapped(
          sentence_,
          static_cast<size_t>((width - kIndent - kPad) / kDrawnCharacter));
      const Rect rect{kMargin, y, width, HeightOf(lines)};
      AddBox("sentence", rect);
      out_.arrows.push_back({.kind = "mark",
                             .path = "",
                             .letter = 'x',
                             .x = rect.x + 20,
                             .y = rect.middle()});
      AddLines("sentence-text", rect.x + kIndent, rect.y + kPad - 2, lines);
      y += rect.height + kBetween;
    }
    out_.height = y;
  }

  const std::string_view sentence_;
  std::vector<Rect> tables_;  // their headings
  std::vector<std::vector<EntryRows>> entries_;
  std::vector<Rect> pages_;
  std::optional<Rect> stack_;
  std::optional<Rect> nowhere_;
  std::optional<Rect> reference_stop_;
  std::optional<Rect> walk_stop_;
};

}  // namespace

WalkDrawing LayOut(const WalkPicture& picture, std::string_view sentence) {
  return Layout(picture, sentence).Make();
}

}  // namespace pxdfuzz
