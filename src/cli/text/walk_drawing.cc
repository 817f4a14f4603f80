// SPDX-License-Identifier: MIT

#include "src/cli/text/walk_drawing.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {
namespace {

using Picture = WalkPicture;
using Step = WalkPicture::Step;

constexpr double kMargin = 20;
constexpr double kColumn = 220;
constexpr double kFoldedColumn = 76;
constexpr double kGap = 50;
constexpr double kPad = 8;
constexpr double kBetween = 22;
constexpr size_t kCharacters =
    static_cast<size_t>((kColumn - 2 * kPad) / kDrawnCharacter);

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

class Layout {
 public:
  Layout(const Picture& picture, std::string_view sentence)
      : picture_(picture), sentence_(sentence) {}

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
  struct Rect {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
    double right() const { return x + width; }
    double middle() const { return y + height / 2; }
  };
  // The lines of an entry: its value at the start, and below that its value
  // after each change.
  struct EntryRows {
    Rect start;
    std::vector<Rect> later;
  };

  static constexpr size_t kPages = kLevelCount;
  static size_t ColumnOf(Level level) {
    return static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(level));
  }
  // Whether the column of a level has tables. For a level that is folded for
  // the walk, a change may have added a root table.
  bool HasTables(size_t column) const {
    return picture_.levels[column].real || TableIn(column) != nullptr;
  }
  const Picture::Table* TableIn(size_t column) const {
    for (const Picture::Table& table : picture_.tables) {
      if (ColumnOf(table.level) == column) return &table;
    }
    return nullptr;
  }
  // The column of the target of an entry of `level`.
  size_t ColumnBehind(Level level) const {
    size_t column = ColumnOf(level) + 1;
    while (column < kPages && !HasTables(column)) ++column;
    return column;
  }

  void PlaceColumns() {
    double x = kMargin;
    for (size_t i = 0; i < kPages; ++i) {
      const bool has_tables = HasTables(i);
      x_[i] = x;
      // Adjacent folded levels share a column.
      if (!has_tables && i + 1 < kPages && !HasTables(i + 1)) continue;
      x += (has_tables ? kColumn : kFoldedColumn) + kGap;
    }
    x_[kPages] = x;
    out_.width = x + kColumn + kMargin;
    y_.fill(kTop);
  }

  void AddText(const std::string& kind, double x, double y,
               const std::string& text) {
    out_.texts.push_back({kind, x, y, text});
  }
  void AddBox(const std::string& kind, const Rect& rect) {
    out_.boxes.push_back({kind, rect.x, rect.y, rect.width, rect.height});
  }
  void AddLines(const std::string& kind, double x, double y,
                const std::vector<std::string>& lines) {
    for (size_t i = 0; i < lines.size(); ++i) {
      AddText(kind, x, y + kDrawnLine * static_cast<double>(i) + kDrawnFont,
              lines[i]);
    }
  }
  static double HeightOf(const std::vector<std::string>& lines) {
    return kDrawnLine * static_cast<double>(lines.size()) + 2 * kPad - 2;
  }
  // A box with lines in it, below the last box of its column.
  Rect AddFilled(const std::string& kind, size_t column,
                 const std::vector<std::string>& lines, double at_least = 0) {
    const Rect rect{x_[column], std::max(y_[column], at_least), kColumn,
                    HeightOf(lines)};
    AddBox(kind, rect);
    AddLines(Concat({kind, "-text"}), rect.x + kPad, rect.y + kPad - 2, lines);
    y_[column] = rect.y + rect.height + kBetween;
    return rect;
  }

  void AddLegend() {
    double x = kMargin;
    const auto entry = [&](const std::string& kind, char letter,
                           const std::string& text) {
      out_.arrows.push_back({kind, absl::StrFormat("M%.0f 24H%.0f", x, x + 56),
                             letter, x + 24, 24});
      AddText("legend", x + 66, 29, text);
      x += 66 + kDrawnCharacter * static_cast<double>(text.size()) + 30;
    };
    entry("reference", 'R', "reference");
    entry("walk", 'W', picture_.walk);
    entry("pointer", 0, "other entries");
    if (picture_.stack.has_value()) entry("copied", 0, "copied");
    out_.width = std::max(out_.width, x);
  }

  void AddHeaders() {
    for (size_t i = 0; i < kPages; ++i) {
      const Picture::LevelInfo& info = picture_.levels[i];
      if (info.real) {
        AddText("level", x_[i], 64, std::string(Name(info.level)));
        AddText("header", x_[i], 82, info.table);
        AddText("header", x_[i], 99,
                Concat({"entries of ", ByteSize(info.span)}));
      } else if (const Picture::Table* table = TableIn(i)) {
        AddText("level", x_[i], 64, std::string(Name(info.level)));
        AddText("header", x_[i], 82, "folded for the walk");
        AddText("header", x_[i], 99,
                Concat({"entries of ", ByteSize(table->span)}));
      } else if (i == 0 || HasTables(i - 1)) {
        std::string names;
        for (size_t j = i; j < kPages && !HasTables(j); ++j) {
          names += Concat(
              {names.empty() ? "" : " ", Name(picture_.levels[j].level)});
        }
        AddText("level", x_[i], 64, names);
        AddText("header", x_[i], 82, "folded:");
        AddText("header", x_[i], 99, "no table");
      }
    }
    AddText("level", x_[kPages], 64, "pages");
  }

  // The column of folded levels is empty, and paths lead through it.
  void AddFoldedBands() {
    for (size_t i = 0; i < kPages; ++i) {
      if (HasTables(i)) continue;
      if (i > 0 && !HasTables(i - 1)) continue;
      const double bottom = *std::max_element(y_.begin(), y_.end());
      out_.boxes.insert(out_.boxes.begin(),
                        {"folded", x_[i] - 8, kTop - 8, kFoldedColumn + 8,
                         bottom - kTop - kBetween + 16});
    }
  }

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

  static constexpr double kTop = 122;

  const Picture& picture_;
  const std::string_view sentence_;
  WalkDrawing out_;
  // By column: where it begins, and where it has room.
  std::array<double, kPages + 1> x_{};
  std::array<double, kPages + 1> y_{};
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

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string ToSvg(const WalkDrawing& drawing, std::string_view title,
                  std::string_view description) {
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
      "aria-labelledby=\"drawing-title drawing-desc\" width=\"%.0f\" "
      "height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n"
      "<title id=\"drawing-title\">%s</title>\n"
      "<desc id=\"drawing-desc\">%s</desc>\n"
      "<defs>\n",
      drawing.width, drawing.height, drawing.width, drawing.height,
      Escaped(title), Escaped(description));
  for (const std::string_view kind :
       {"pointer", "reference", "walk", "copied", "leaves"}) {
    svg += absl::StrFormat(
        "<marker id=\"head-%s\" class=\"head %s\" viewBox=\"0 0 8 8\" "
        "refX=\"6\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
        "markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
        "<path d=\"M0 0L8 4L0 8Z\"/></marker>\n",
        kind, kind);
  }
  svg += "</defs>\n";
  for (const WalkDrawing::Box& box : drawing.boxes) {
    svg += absl::StrFormat(
        "<rect class=\"%s\" x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" "
        "height=\"%.0f\"/>\n",
        box.kind, box.x, box.y, box.width, box.height);
  }
  for (const WalkDrawing::Arrow& arrow : drawing.arrows) {
    if (arrow.path.empty()) continue;
    svg += absl::StrFormat(
        "<path class=\"arrow %s\" d=\"%s\" marker-end=\"url(#head-%s)\"/>\n",
        arrow.kind, arrow.path, arrow.kind);
  }
  for (const WalkDrawing::Arrow& arrow : drawing.arrows) {
    if (arrow.letter == 0) continue;
    if (arrow.letter == 'x') {
      svg += absl::StrFormat(
          "<circle class=\"letter leaves\" cx=\"%.0f\" cy=\"%.0f\" r=\"9\"/>"
          "<path class=\"cross\" d=\"M%.0f %.0fl8 8m0 -8l-8 8\"/>\n",
          arrow.x, arrow.y, arrow.x - 4, arrow.y - 4);
      continue;
    }
    svg += absl::StrFormat(
        "<circle class=\"letter %s\" cx=\"%.0f\" cy=\"%.0f\" r=\"8\"/>"
        "<text class=\"letter-text\" x=\"%.0f\" y=\"%.0f\">%c</text>\n",
        arrow.kind, arrow.x, arrow.y, arrow.x - 4, arrow.y + 4, arrow.letter);
  }
  for (const WalkDrawing::Text& text : drawing.texts) {
    svg +=
        absl::StrFormat("<text class=\"%s\" x=\"%.0f\" y=\"%.0f\">%s</text>\n",
                        text.kind, text.x, text.y, Escaped(text.text));
  }
  return svg + "</svg>\n";
}

}  // namespace pxdfuzz
