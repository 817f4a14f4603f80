// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_picture.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/report/words.h"

namespace pxdfuzz {
namespace {

using Picture = WalkPicture;

struct Strokes {
  std::string_view branch, last, down, to, from, line, tick, until, unseen;
  std::string_view top_left, top_right, bottom_left, bottom_right, side;
};

constexpr Strokes kBox = {
    .branch = "├─ ",
    .last = "└─ ",
    .down = "│  ",
    .to = "→",
    .from = "├",
    .line = "─",
    .tick = "┼",
    .until = "┤",
    .unseen = "╳",
    .top_left = "┌",
    .top_right = "┐",
    .bottom_left = "└",
    .bottom_right = "┘",
    .side = "│",
};
constexpr Strokes kAscii = {
    .branch = "+- ",
    .last = "`- ",
    .down = "|  ",
    .to = "->",
    .from = "|",
    .line = "-",
    .tick = "+",
    .until = "|",
    .unseen = "x",
    .top_left = "+",
    .top_right = "+",
    .bottom_left = "+",
    .bottom_right = "+",
    .side = "|",
};

std::string Padded(std::string text, size_t width) {
  const size_t has = TextWidth(text);
  if (has < width) text.append(width - has, ' ');
  return text;
}

class Drawing {
 public:
  Drawing(const Picture& picture, bool box, TextLines& out)
      : picture_(picture), s_(box ? kBox : kAscii), out_(out) {}

  void Add() {
    for (const std::string& note : FoldedNotes(picture_)) {
      out_.Wrap("- ", "  ", note);
    }
    AddRange();
    AddTables();
    if (picture_.stack.has_value()) AddStack();
  }

 private:
  void AddRange() {
    out_.Blank();
    out_.Wrap(
        "", "",
        Concat({"The range, ", Hex(picture_.start), " to ", Hex(picture_.end),
                ", and the boundaries inside it that the walk's pXd_addr_end() "
                "returns:"}));
    out_.Blank();
    for (const Picture::LevelInfo& info : picture_.levels) {
      const std::string name =
          Concat({Name(info.level), info.real ? "" : ", folded"});
      std::string text =
          Concat({info.marked ? ">> " : "   ", Padded(name, 11), "  ",
                  Padded(ByteSize(info.span), 7), "  ", Ruler(info), "  "});
      const std::string rest(TextWidth(text), ' ');
      out_.Wrap(text, rest, BoundariesText(info),
                info.marked ? LineStyle::kMarked : LineStyle::kPlain);
    }
    const std::string unseen = UnseenNote(picture_);
    if (!unseen.empty()) {
      out_.Wrap(">>   ", ">>   ", unseen, LineStyle::kMarked);
    }
  }

  std::string Ruler(const Picture::LevelInfo& info) const {
    constexpr size_t kWidth = 21;
    std::vector<std::string_view> cells(kWidth, s_.line);
    const auto put = [&](uint64_t address, std::string_view mark) {
      const double part = static_cast<double>(address - picture_.start) /
                          static_cast<double>(picture_.end - picture_.start);
      const auto at = static_cast<size_t>(part * (kWidth - 1) + 0.5);
      cells[std::clamp<size_t>(at, 1, kWidth - 2)] = mark;
    };
    if (info.unseen.has_value()) put(*info.unseen, s_.unseen);
    if (info.boundary.has_value()) {
      // If there are more tables than cells, they look the same.
      const uint64_t every = std::max<uint64_t>(1, info.boundaries / 64);
      for (uint64_t i = 0; i < info.boundaries; i += every) {
        put(*info.boundary + i * info.span, s_.tick);
      }
    }
    cells.front() = s_.from;
    cells.back() = s_.until;
    std::string ruler;
    for (const std::string_view cell : cells) ruler += cell;
    return ruler;
  }

  void AddTables() {
    out_.Blank();
    if (picture_.tables.empty()) return;
    drawn_.assign(picture_.tables.size(), false);
    AddTable(0, "   ");
    for (size_t i = 1; i < picture_.tables.size(); ++i) {
      if (!drawn_[i]) AddTable(i, "   ");
    }
  }

  void AddTable(size_t at, const std::string& prefix) {
    const Picture::Table& table = picture_.tables[at];
    drawn_[at] = true;
    if (prefix == "   ") {
      std::string what = at == 0 ? "root: " : "elsewhere: ";
      if (table.root_since != 0) {
        what =
            Concat({"change ", std::to_string(table.root_since), ", root: "});
      }
      out_.Line(Concat({prefix, what, table.name, " (", Name(table.level),
                        "), ", Extent(table)}));
    }
    for (size_t i = 0; i < table.entries.size(); ++i) {
      const bool last = i + 1 == table.entries.size() && table.others == 0;
      AddEntry(table, table.entries[i], last, prefix);
    }
    if (table.others > 0) {
      out_.Line(Concat({prefix, s_.last, "... ", std::to_string(table.others),
                        " more that ", table.others == 1 ? "is" : "are",
                        " not empty"}));
    }
  }

  static std::string Extent(const Picture::Table& table) {
    return Concat(
        {std::to_string(table.size), " entries of ", ByteSize(table.span)});
  }

  void AddEntry(const Picture::Table& table, const Picture::Entry& entry,
                bool last, const std::string& prefix) {
    const std::string below = Concat({prefix, last ? "   " : s_.down});
    std::string text = Concat({"[", std::to_string(entry.index), "] "});
    if (const auto address = Picture::AddressOf(table, entry)) {
      text += Concat({Hex(*address), " "});
    }
    text += ContentText(entry);
    // What is drawn below it, in order.
    std::vector<size_t> tables;
    const auto draws = [&](size_t to) {
      if (to == Picture::kNone || drawn_[to]) return;
      if (std::find(tables.begin(), tables.end(), to) == tables.end()) {
        tables.push_back(to);
      }
    };
    draws(entry.table);
    for (const Picture::Later& later : entry.later) draws(later.table);
    const std::string rest =
        Concat({below, tables.empty() ? "   " : s_.down, "  "});
    out_.Wrap(Concat({prefix, last ? s_.last : s_.branch}), rest, text,
              LineStyle::kPlain);
    AddRoles(entry, below);
    for (const Picture::Later& later : entry.later) {
      std::string margin = rest;
      margin.replace(0, 3, "== ");
      out_.Wrap(margin, margin,
                Concat({"change ", std::to_string(later.change), ": ",
                        ContentText(later)}),
                LineStyle::kTitle);
      AddRoles(later, below);
    }
    for (const size_t to : tables) {
      if (!drawn_[to]) AddTable(to, below);
    }
  }

  std::string ContentText(const Picture::Content& content) const {
    if (content.tag != EntryKind::Tag::kTable) return content.meaning;
    std::string text = Concat({s_.to, " ", content.meaning});
    if (content.table != Picture::kNone) {
      const Picture::Table& to = picture_.tables[content.table];
      text += Concat({" (", Name(to.level), "), ", Extent(to)});
    }
    return text;
  }

  void AddRoles(const Picture::Content& content, const std::string& below) {
    if (content.page == Picture::kNone) return;
    const Picture::Page& page = picture_.pages[content.page];
    const bool marked = picture_.differs && (page.by_walk != page.by_reference);
    for (const std::string& role : page.roles) {
      std::string margin = below;
      if (marked) margin.replace(0, 3, ">> ");
      out_.Wrap(Concat({margin, "    "}), Concat({below, "    "}), role,
                marked ? LineStyle::kMarked : LineStyle::kPlain);
    }
  }

  void AddStack() {
    const Picture::Stack& stack = *picture_.stack;
    struct Cell {
      std::string text;
      bool marked;
    };
    const std::string above =
        Concat({DistanceFromCopy(stack.distance), ": ", LeftWordText(stack)});
    std::vector<Cell> cells = {{above, true}, {CopyText(stack), false}};
    if (stack.distance.value_or(1) < 0) std::swap(cells[0], cells[1]);
    if (stack.distance == 0) cells = {{above, true}};
    out_.Blank();
    out_.Wrap("   ", "   ", "the walk's stack, higher addresses above:");
    const size_t width = out_.columns() - 3;
    std::string edge;
    for (size_t i = 0; i + 2 < width; ++i) edge += s_.line;
    out_.Line(Concat({"   ", s_.top_left, edge, s_.top_right}));
    for (const Cell& cell : cells) {
      TextLines inside(/*color=*/false, width - 4);
      inside.Wrap("", "  ", cell.text);
      std::string_view text = inside.text();
      bool first = true;
      while (!text.empty()) {
        const size_t end = text.find('\n');
        out_.Line(Concat({cell.marked && first ? ">> " : "   ", s_.side, " ",
                          Padded(std::string(text.substr(0, end)), width - 4),
                          " ", s_.side}),
                  cell.marked ? LineStyle::kMarked : LineStyle::kPlain);
        text.remove_prefix(end + 1);
        first = false;
      }
    }
    out_.Line(Concat({"   ", s_.bottom_left, edge, s_.bottom_right}));
  }

  const Picture& picture_;
  const Strokes& s_;
  TextLines& out_;
  std::vector<bool> drawn_;
};

}  // namespace

std::vector<std::string> FoldedNotes(const WalkPicture& picture) {
  // Levels that pass on an entry of the same table share a note.
  std::vector<std::string> notes;
  for (size_t i = 0; i < picture.levels.size();) {
    const WalkPicture::LevelInfo& first = picture.levels[i];
    std::vector<std::string> names;
    for (; i < picture.levels.size() && !picture.levels[i].real &&
           picture.levels[i].table == first.table;
         ++i) {
      names.emplace_back(Name(picture.levels[i].level));
    }
    if (names.empty()) {
      ++i;
      continue;
    }
    std::string either;
    for (const std::string& name : names) {
      either += Concat({either.empty() ? "" : " or ", name});
    }
    notes.push_back(
        Concat({Enumerate(names), ": folded, without a table. A ", either,
                " entry of Linux is an entry of the ", first.table, "."}));
  }
  return notes;
}

std::string UnseenNote(const WalkPicture& picture) {
  for (const WalkPicture::LevelInfo& info : picture.levels) {
    if (!info.marked || !info.unseen.has_value()) continue;
    return Concat({"x: the entry that ", Name(info.level), " passes on spans ",
                   ByteSize(info.entry_span), " and ends at ",
                   Hex(*info.unseen), ", but ", Name(info.level),
                   "_addr_end() assumes ", ByteSize(info.span),
                   " and does not stop there."});
  }
  return "";
}

std::string BoundariesText(const WalkPicture::LevelInfo& info) {
  if (info.boundary.has_value()) {
    std::string text = Hex(*info.boundary);
    if (info.boundaries > 1) {
      text += Concat({" and ", Grouped(info.boundaries - 1), " more"});
    }
    return text;
  }
  if (info.unseen.has_value()) {
    return Concat({"none; passes over ", Hex(*info.unseen)});
  }
  return "none";
}

std::string CopyText(const WalkPicture::Stack& stack) {
  std::string text =
      Concat({"local copy of ", Name(stack.copy), " = ", Hex(stack.copy_word)});
  if (!stack.copied_from.empty()) {
    text += Concat({", copied from ", stack.copied_from});
  }
  return text;
}

std::string LeftWordText(const WalkPicture::Stack& stack) {
  return Concat({stack.pointer, " points here; ", Hex(stack.word), ", ",
                 stack.content, ": ", stack.meaning});
}

std::string RolesText(const WalkPicture::Page& page) {
  return Enumerate(page.roles);
}

void AddPicture(const WalkPicture& picture, bool box, TextLines& out) {
  Drawing(picture, box, out).Add();
}

}  // namespace pxdfuzz
