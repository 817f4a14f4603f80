// SPDX-License-Identifier: MIT

// A map of the case space: which kinds of situation the statistics of fuzz
// targets contain, and which they do not. cell_map TEXT|HTML STATS...: writes
// text, or a page with a picture and a link to the lines, to standard output.

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/harness/cell_mask.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/oracle/cells.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {
namespace {

constexpr int kUsage = 2;
constexpr int kUnreadable = 3;

// By position in Cells(); nothing if a file contains no cells.
std::optional<std::vector<bool>> ReadReached(
    const std::vector<std::string>& files) {
  std::vector<bool> reached(Cells().size());
  for (const std::string& file : files) {
    std::ifstream in(file);
    const auto stats =
        nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
    const nlohmann::json::json_pointer path("/cells/mask");
    const std::string mask =
        stats.contains(path) ? stats.value(path, std::string()) : "";
    if (mask.size() != (Cells().size() + 3) / 4 || !IsCellMask(mask)) {
      return std::nullopt;
    }
    for (size_t i = 0; i < reached.size(); ++i) {
      if ((FourCells(mask[i / 4]) >> (i % 4) & 1) != 0) reached[i] = true;
    }
  }
  return reached;
}

// Cells in one row of the picture: the same paging mode, access and boundary.
std::string RowName(const Cell& cell) {
  if (cell.outcome == Cell::Outcome::kRefused) return "refused";
  return Concat({cell.write ? "write" : "read", ", ",
                 cell.crossed.has_value()
                     ? Concat({"crosses ", Name(*cell.crossed)})
                     : "crosses nothing"});
}

struct Row {
  PagingMode mode;
  std::string name;
  std::vector<size_t> cells;
};

std::vector<Row> Rows() {
  std::vector<Row> rows;
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < Cells().size(); ++i) {
    const Cell& cell = Cells()[i];
    const std::string name = RowName(cell);
    const auto [place, is_new] =
        places.emplace(Concat({Name(cell.mode), " ", name}), rows.size());
    if (is_new) rows.push_back({cell.mode, name, {}});
    rows[place->second].cells.push_back(i);
  }
  return rows;
}

std::string Share(size_t part, size_t whole) {
  return Concat({Grouped(part), " of ", Grouped(whole)});
}

size_t CountIn(const Row& row, const std::vector<bool>& reached) {
  size_t count = 0;
  for (const size_t cell : row.cells) count += reached[cell] ? 1 : 0;
  return count;
}

size_t Total(const std::vector<bool>& reached) {
  size_t count = 0;
  for (const bool is_reached : reached) count += is_reached ? 1 : 0;
  return count;
}

std::string ToText(const std::vector<bool>& reached) {
  std::string text = Concat(
      {"cells reached: ", Share(Total(reached), reached.size()), "\n\n"});
  for (const Row& row : Rows()) {
    std::string line = Concat({Name(row.mode), "  ", row.name});
    line.resize(34, ' ');
    text +=
        Concat({line, Share(CountIn(row, reached), row.cells.size()), "\n"});
  }
  text += "\nnever reached:\n";
  for (size_t i = 0; i < reached.size(); ++i) {
    if (!reached[i]) text += Concat({"  ", Describe(Cells()[i]), "\n"});
  }
  return text;
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  }
  return escaped;
}

std::string ToHtml(const std::vector<bool>& reached) {
  constexpr int kSide = 9;
  constexpr int kLeft = 230;
  constexpr int kRow = 16;
  const std::vector<Row> rows = Rows();
  size_t widest = 0;
  for (const Row& row : rows) widest = std::max(widest, row.cells.size());
  std::string picture;
  int y = 0;
  for (const Row& row : rows) {
    y += kRow;
    picture += Concat({"<text x=\"0\" y=\"", std::to_string(y - 3), "\">",
                       Name(row.mode), " ", row.name, "</text>\n"});
    for (size_t i = 0; i < row.cells.size(); ++i) {
      const size_t cell = row.cells[i];
      picture +=
          Concat({"<rect class=\"", reached[cell] ? "yes" : "no", "\" x=\"",
                  std::to_string(kLeft + static_cast<int>(i) * kSide),
                  "\" y=\"", std::to_string(y - kRow + 4), "\" width=\"",
                  std::to_string(kSide - 1), "\" height=\"",
                  std::to_string(kRow - 5), "\"><title>",
                  Escaped(Describe(Cells()[cell])), "</title></rect>\n"});
    }
  }
  std::string never;
  for (size_t i = 0; i < reached.size(); ++i) {
    if (!reached[i]) {
      never += Concat({"<li>", Escaped(Describe(Cells()[i])), "</li>\n"});
    }
  }
  return Concat(
      {"<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
       "<title>pxdfuzz: what the corpus reaches</title>\n<style>\n"
       ":root {color-scheme: light dark}\n"
       "body {font: 15px/1.5 sans-serif; max-width: 70em; margin: 2em auto; "
       "padding: 0 1em}\n"
       "svg {max-width: 100%; height: auto}\n"
       "svg text {font: 11px sans-serif; fill: currentColor}\n"
       ".yes {fill: #2e8b57} .no {fill: none; stroke: #c0392b}\n"
       "</style>\n<h1>What the corpus reaches</h1>\n"
       "<p>Lines: <a href=\"lines/index.html\">the sources with counts</a>.\n"
       "<p>Kinds of situation: ",
       Share(Total(reached), reached.size()),
       ". Each square is one, filled where an input of the corpus is such a "
       "situation; a row has all those of one kind of address space, access "
       "and highest boundary that the range crosses. Point at a square for its "
       "name.\n<svg viewBox=\"0 0 ",
       std::to_string(kLeft + static_cast<int>(widest) * kSide), " ",
       std::to_string(y + 6),
       "\" role=\"img\" aria-label=\"map of the case "
       "space\">\n",
       picture, "</svg>\n<h2>Never reached</h2>\n",
       never.empty() ? "<p>None.\n" : Concat({"<ul>\n", never, "</ul>\n"}),
       "</html>\n"});
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  if (argc < 3 || (words[1] != "TEXT" && words[1] != "HTML")) {
    std::fprintf(stderr, "usage: cell_map TEXT|HTML STATS...\n");
    return pxdfuzz::kUsage;
  }
  const auto reached = pxdfuzz::ReadReached({words.begin() + 2, words.end()});
  if (!reached.has_value()) {
    std::fprintf(
        stderr,
        "cell_map: a file does not contain statistics of this version\n");
    return pxdfuzz::kUnreadable;
  }
  if (std::find(reached->begin(), reached->end(), true) == reached->end()) {
    std::fprintf(stderr, "cell_map: no cell was reached\n");
    return pxdfuzz::kUnreadable;
  }
  const std::string text = words[1] == "TEXT" ? pxdfuzz::ToText(*reached)
                                              : pxdfuzz::ToHtml(*reached);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}
