// SPDX-License-Identifier: MIT

#include "pxdfuzz/text_report.h"

#include <array>

#include "pxdfuzz/case_text.h"

namespace pxdfuzz {
namespace {

// `text` and blanks up to a width.
std::string Padded(std::string_view text, size_t width) {
  std::string padded(text);
  if (padded.size() < width) padded.append(width - padded.size(), ' ');
  return padded;
}

}  // namespace

void AddTitle(std::string_view title, TextLines& out) {
  out.Blank();
  std::string line = Concat({"--- ", title, " "});
  if (line.size() < out.columns()) line.resize(out.columns(), '-');
  out.Line(line, LineStyle::kTitle);
  out.Blank();
}

std::string DescribeIncomparable(const Case& c, Incomparable reason,
                                 size_t request) {
  std::string what = "The case";
  if (c.requests.size() > 1 && (reason == Incomparable::kOverflow ||
                                reason == Incomparable::kBeyondLimit)) {
    what = Concat({"Request ", std::to_string(request + 1), " of ",
                   std::to_string(c.requests.size())});
  }
  return Concat({what, " is not comparable, which is no agreement: ",
                 Describe(reason), ". No walk is run."});
}

void AddIncomparable(const Case& c, Incomparable reason, size_t request,
                     TextLines& out) {
  out.Wrap("", "", DescribeIncomparable(c, reason, request), LineStyle::kTitle);
  AddTitle("Case", out);
  const std::string text = ToText(c, out.columns());
  out.Line(std::string_view(text).substr(0, text.size() - 1));
}

std::vector<CaseLine> CaseLines(const Case& c, size_t request, bool went_wrong,
                                size_t columns) {
  std::vector<CaseLine> lines;
  const std::string text = ToText(c, columns);
  const bool several = c.requests.size() > 1;
  bool in_requests = false;
  size_t seen = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (in_requests && line.starts_with("- ")) {
      const bool marked = several && seen++ == request;
      if (marked) {
        lines.push_back({went_wrong ? "# the one that went wrong:"
                                    : "# the one that is told:",
                         true});
      }
      lines.push_back({line, marked});
      continue;
    }
    if (!line.starts_with(" ")) in_requests = line == "requests:";
    lines.push_back({line, false});
  }
  return lines;
}

void AddCase(const Case& c, size_t request, bool went_wrong, TextLines& out) {
  AddTitle("Case", out);
  for (const CaseLine& line :
       CaseLines(c, request, went_wrong, out.columns())) {
    out.Line(line.text, line.marked ? LineStyle::kMarked : LineStyle::kPlain);
  }
}

void AddCommands(const ReportOptions& options, TextLines& out) {
  for (const ReportCommand& command : options.commands) {
    out.Blank();
    out.Wrap("", "", command.purpose + ":");
    out.Line("  " + command.command);
  }
}

std::vector<PageRow> PageRows(const PagesTable& table) {
  std::vector<PageRow> rows;
  constexpr size_t kRows = 15;
  constexpr size_t kBefore = 6;
  const size_t shown = std::min(table.total, kRows);
  const size_t wanted = table.difference - std::min(table.difference, kBefore);
  const size_t from = std::min(wanted, table.total - shown);
  const size_t to = from + shown;
  if (from > 0) rows.push_back({.skips = true, .cells = {}});
  for (size_t page = from; page < to; ++page) {
    rows.push_back(
        {.marked = table.marks_difference && page == table.difference,
         .cells = {std::to_string(page), table.address(page),
                   table.reference(page), table.found(page)}});
  }
  if (to < table.total) rows.push_back({.skips = true, .cells = {}});
  return rows;
}

void AddPageRows(std::string_view name, const std::vector<PageRow>& rows,
                 TextLines& out) {
  std::array<std::string, 4> header = {"page", "address", "reference",
                                       std::string(name)};
  std::array<size_t, 4> widths{};
  const auto widen = [&widths](const std::array<std::string, 4>& cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      widths[i] = std::max(widths[i], cells[i].size());
    }
  };
  widen(header);
  for (const PageRow& row : rows) widen(row.cells);
  if (3 + widths[0] + widths[1] + widths[2] + widths[3] + 6 > out.columns()) {
    header[3] = "the walk";
  }
  const auto add = [&](std::string_view margin,
                       const std::array<std::string, 4>& cells,
                       LineStyle style) {
    out.Line(Concat({margin, Padded(cells[0], widths[0]), "  ",
                     Padded(cells[1], widths[1]), "  ",
                     Padded(cells[2], widths[2]), "  ", cells[3]}),
             style);
  };
  add("   ", header, LineStyle::kPlain);
  for (const PageRow& row : rows) {
    if (row.skips) {
      out.Line("   ...");
    } else if (row.marked) {
      add(">> ", row.cells, LineStyle::kMarked);
    } else {
      add("   ", row.cells, LineStyle::kPlain);
    }
  }
}

}  // namespace pxdfuzz
