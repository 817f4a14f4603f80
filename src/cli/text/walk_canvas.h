// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_WALK_CANVAS_H_
#define PXDFUZZ_SRC_CLI_TEXT_WALK_CANVAS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/report/picture.h"
#include "src/cli/text/walk_drawing.h"

namespace pxdfuzz {

// The columns of a drawing, one for each level and one for pages, and boxes and
// texts in them.
class WalkCanvas {
 public:
  explicit WalkCanvas(const WalkPicture& picture) : picture_(picture) {}

 protected:
  using Picture = WalkPicture;

  static constexpr double kMargin = 20;
  static constexpr double kColumn = 220;
  static constexpr double kFoldedColumn = 76;
  static constexpr double kGap = 50;
  static constexpr double kPad = 8;
  static constexpr double kBetween = 22;
  static constexpr size_t kCharacters =
      static_cast<size_t>((kColumn - 2 * kPad) / kDrawnCharacter);
  static constexpr double kTop = 122;

  struct Rect {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
    double right() const { return x + width; }
    double middle() const { return y + height / 2; }
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

  const Picture& picture_;
  WalkDrawing out_;
  // By column: where it begins, and where it has room.
  std::array<double, kPages + 1> x_{};
  std::array<double, kPages + 1> y_{};
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_WALK_CANVAS_H_
