// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_report.h"

#include <utility>

#include "pxdfuzz/case/case_text.h"

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

std::string DescribeInconclusive(const Case& c, Inconclusive reason,
                                 size_t request) {
  std::string what = "The case";
  if (c.requests.size() > 1 && (reason == Inconclusive::kOverflow ||
                                reason == Inconclusive::kBeyondLimit)) {
    what = Concat({"Request ", std::to_string(request + 1), " of ",
                   std::to_string(c.requests.size())});
  }
  return Concat({what, " is inconclusive, which is no agreement: ",
                 Describe(reason), ". No walk is run."});
}

void AddInconclusive(const Case& c, Inconclusive reason, size_t request,
                     TextLines& out) {
  out.Wrap("", "", DescribeInconclusive(c, reason, request), LineStyle::kTitle);
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
    PageRow row{.marked = table.marks_difference && page == table.difference,
                .cells = table.cells(page)};
    row.cells.insert(row.cells.begin(), std::to_string(page));
    rows.push_back(std::move(row));
  }
  if (to < table.total) rows.push_back({.skips = true, .cells = {}});
  return rows;
}

void AddPageRows(const std::vector<std::string>& header, size_t name,
                 const std::vector<PageRow>& rows, TextLines& out) {
  // Each column as wide as it needs to be, but for the last.
  std::vector<std::string> titles = header;
  // Where there is no room for it the address is left out: it is that of the
  // request, and so many pages on.
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

}  // namespace pxdfuzz
