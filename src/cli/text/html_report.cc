// SPDX-License-Identifier: MIT

#include "src/cli/text/html_report.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/report/text_picture.h"
#include "src/cli/text/walk_drawing.h"

namespace pxdfuzz {
namespace {

constexpr std::string_view kStyle = R"(
:root {
  color-scheme: light dark;
  --back: #ffffff; --text: #1b1d21; --faint: #5b616b; --line: #9aa1ac;
  --table: #f4f5f7; --right: #0b57a4; --right-back: #e3effb;
  --wrong: #a62018; --wrong-back: #fdeae7; --copy: #6a4c00;
  --copy-back: #fff6dc; --other: #5b2a86; --other-back: #f3eafa;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #15171a; --text: #e6e8eb; --faint: #a8afb9; --line: #6f7782;
    --table: #1f2328; --right: #7fc0ff; --right-back: #13304d;
    --wrong: #ff9d90; --wrong-back: #4a1d19; --copy: #f0cf7a;
    --copy-back: #3b3112; --other: #d3b0f2; --other-back: #352445;
  }
}
@media print {
  :root {
    color-scheme: light;
    --back: #ffffff; --text: #000000; --faint: #444444; --line: #777777;
    --table: #f4f5f7; --right: #0b57a4; --right-back: #e3effb;
    --wrong: #a62018; --wrong-back: #fdeae7; --copy: #6a4c00;
    --copy-back: #fff6dc; --other: #5b2a86; --other-back: #f3eafa;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 84rem; background: var(--back);
  color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
h1 { font-size: 1.35rem; line-height: 1.35; margin: .5rem 0 1rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, ul, ol, dl { max-width: 60rem; }
li { margin: .2rem 0; }
dt { font-weight: 600; }
dd { margin: 0 0 .4rem 1.2rem; }
code, pre, td, svg text {
  font-family: "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas,
    monospace;
}
code { font-size: .9em; }
pre { font-size: .85rem; line-height: 1.4; margin: .5rem 0; }
.scroll {
  overflow-x: auto; border: 1px solid var(--line); border-radius: 4px;
  padding: .5rem; overflow-wrap: normal;
}
.scroll:focus-visible { outline: 3px solid var(--right); }
figure { margin: 1rem 0; }
figcaption { color: var(--faint); margin-top: .4rem; max-width: 60rem; }
table { border-collapse: collapse; font-size: .85rem; }
th, td {
  text-align: left; vertical-align: top; padding: .25rem .8rem .25rem .4rem;
  border-bottom: 1px solid var(--line);
}
tr.wrong td, tr.wrong th { background: var(--wrong-back); }
tr.why td { padding: .6rem .6rem; background: var(--wrong-back); }
td p { margin: 0; max-width: 46rem; font-family: system-ui, sans-serif; }
.iterations { min-width: 46rem; width: 100%; }
.iterations td { width: 62%; }
.iterations td + td { width: 38%; }
.iterations ul { list-style: none; margin: 0; padding: 0 0 0 .8rem; }
.iterations li { margin: 0; padding-left: 1.2rem; text-indent: -1.2rem; }
.in0 { padding-left: 0; } .in1 { padding-left: 1rem; }
.in2 { padding-left: 2rem; } .in3 { padding-left: 3rem; }
.in4 { padding-left: 4rem; }
.narrow { display: none; color: var(--text); margin: .4rem 0; }
@media (max-width: 62rem) { .narrow { display: block; } }
.mark { color: var(--wrong); font-weight: 700; }
tr.change td { padding: .6rem; background: var(--other-back);
  border-left: 4px solid var(--other); }
.change strong { color: var(--other); }
.change ul { list-style: none; margin: .2rem 0 0; padding: 0;
  font-size: .85rem; }
.time { list-style: none; margin: .5rem 0; padding: 0; max-width: none; }
.time > li { margin: 0; padding: .4rem 0 .4rem 0; }
.time > li.change { border: 0 solid var(--other); border-left-width: 4px;
  background: var(--other-back); padding: .5rem .6rem; }
.reads { display: flex; flex-wrap: wrap; gap: .3rem; list-style: none;
  margin: .3rem 0 0; padding: 0; max-width: none; }
.reads li { margin: 0; padding: .1rem .5rem; border: 1px solid var(--line);
  border-radius: 3px; background: var(--table); font-size: .85rem; }
.reads li.grab { border: 2px solid var(--copy); background: var(--copy-back); }
.reads li.skipped { border-style: dashed; }
.reads li.wrong { border: 2px dashed var(--wrong);
  background: var(--wrong-back); }
svg { display: block; }
svg text { font-size: 13px; fill: var(--text); white-space: pre; }
svg .level { font-weight: 700; }
svg .struck { text-decoration: line-through; fill: var(--faint); }
svg .later-text { fill: var(--other); font-weight: 700; }
svg .later-text.struck { font-weight: 400; }
svg .header, svg .dots { fill: var(--faint); }
svg .table-text, svg .stack-text { font-weight: 700; }
rect { fill: none; stroke: none; }
rect.table { fill: var(--table); stroke: var(--line); }
rect.entry { fill: var(--back); stroke: var(--line); }
rect.later { fill: var(--other-back); stroke: var(--other); }
rect.on-reference { fill: var(--right-back); stroke: var(--right);
  stroke-width: 2; }
rect.on-walk { stroke: var(--wrong); stroke-width: 2;
  stroke-dasharray: 7 4; }
rect.page { fill: var(--table); stroke: var(--text); }
rect.wrong-page { fill: var(--wrong-back); stroke: var(--wrong);
  stroke-width: 2; stroke-dasharray: 7 4; }
rect.stack { fill: var(--table); stroke: var(--copy); stroke-width: 2; }
rect.copy { fill: var(--copy-back); stroke: var(--copy); }
rect.left { fill: var(--wrong-back); stroke: var(--wrong); stroke-width: 2;
  stroke-dasharray: 7 4; }
rect.stop { fill: var(--back); stroke: var(--text); stroke-dasharray: 2 3; }
rect.folded { stroke: var(--line); stroke-dasharray: 2 5; }
rect.sentence { fill: var(--wrong-back); stroke: var(--wrong); }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.5; }
.arrow.reference { stroke: var(--right); stroke-width: 2.5; }
.arrow.walk, .arrow.leaves { stroke: var(--wrong); stroke-width: 2.5;
  stroke-dasharray: 7 4; }
.arrow.copied { stroke: var(--copy); stroke-width: 2;
  stroke-dasharray: 2 4; }
.head path { fill: var(--line); }
.head.reference path { fill: var(--right); }
.head.walk path, .head.leaves path { fill: var(--wrong); }
.head.copied path { fill: var(--copy); }
circle.letter { fill: var(--back); stroke: var(--wrong); stroke-width: 1.5; }
circle.letter.reference { stroke: var(--right); }
.cross { fill: none; stroke: var(--wrong); stroke-width: 2.5; }
@media print {
  .narrow, .screen { display: none; }
  @page { size: A4 landscape; margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; border: 0; padding: 0; }
  svg { max-width: 100%; height: auto; max-height: 112mm; }
  h1 { font-size: 13pt; }
  pre { white-space: pre-wrap; }
  figure, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .iterations { min-width: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)";

class Page {
 public:
  explicit Page(const Explanation& explanation) : e_(explanation) {}

  std::string Make() {
    Out("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, "
        "initial-scale=1\">\n<title>");
    Out(Escaped(Title()));
    Out("</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<main>\n");
    Out("<h1>", Escaped(e_.headline), "</h1>\n");
    if (e_.picture.has_value()) {
      if (e_.timeline.has_value()) AddTimeline(*e_.timeline);
      AddDrawing();
    }
    if (!e_.terms.empty()) AddTerms();
    if (!e_.source.empty()) AddCase();
    if (e_.picture.has_value()) {
      AddAddressSpace();
      AddPages();
      AddIterations();
      AddReference();
    }
    if (!e_.token.empty()) {
      Out("<p><code>DEDUP_TOKEN: ", Escaped(e_.token), "</code></p>\n");
    }
    Out("</main>\n</body>\n</html>\n");
    return std::move(html_);
  }

 private:
  template <class... Parts>
  void Out(const Parts&... parts) {
    html_ += Concat({parts...});
  }

  std::string Title() const {
    return Concat({"pxdfuzz: ", e_.walk,
                   !e_.conclusive            ? ", inconclusive"
                   : e_.is_wrong             ? " goes wrong"
                   : e_.timeline.has_value() ? " holds"
                                             : " agrees"});
  }

  void BeginScroll(std::string_view label) {
    Out("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"",
        label, "\">\n");
  }

  void AddTimeline(const Explanation::Timeline& timeline) {
    Out("<h2>Changes</h2>\n<p>", Escaped(HowToReadTimeline(timeline)),
        "</p>\n<ul class=\"time\">\n");
    AddReads(timeline, 0);
    for (const Explanation::Change& change : timeline.changes) {
      Out("<li class=\"change\">");
      AddChange(change);
      Out("</li>\n");
      if (change.made) AddReads(timeline, change.number);
    }
    Out("</ul>\n");
  }

  void AddReads(const Explanation::Timeline& timeline, size_t snapshot) {
    Out("<li>snapshot ", std::to_string(snapshot), "\n<ol class=\"reads\">\n");
    bool has_any = false;
    for (const Explanation::Timeline::Step& step : timeline.steps) {
      if (step.snapshot != snapshot) continue;
      has_any = true;
      std::string_view kind;
      if (step.kind == Explanation::Timeline::Step::Kind::kGrab) kind = "grab";
      if (step.kind == Explanation::Timeline::Step::Kind::kSkipped)
        kind = "skipped";
      if (step.marked) kind = "wrong";
      Out(kind.empty() ? "<li>" : Concat({"<li class=\"", kind, "\">"}),
          step.marked ? "<span class=\"mark\">&gt;&gt;</span> " : "",
          step.kind == Explanation::Timeline::Step::Kind::kRead
              ? Concat({"<strong>", std::to_string(step.read), "</strong> "})
              : "",
          Escaped(step.text), "</li>\n");
    }
    if (!has_any) Out("<li class=\"skipped\">no read</li>\n");
    Out("</ol></li>\n");
  }

  void AddChange(const Explanation::Change& change) {
    Out("<strong>== ", Escaped(Heading(change)), "</strong>",
        change.made ? "" : ". It is not made: the walk ended before it.");
    if (change.wrote.empty()) return;
    Out("\n<ul>\n");
    for (const std::string& wrote : change.wrote) {
      Out("<li>", Escaped(wrote), "</li>\n");
    }
    Out("</ul>");
  }

  void AddDrawing() {
    const WalkPicture& picture = *e_.picture;
    Out("<h2>The two paths</h2>\n<figure>\n");
    BeginScroll("Drawing of the two paths");
    Out(ToSvg(
        LayOut(picture, e_.wrong_iteration),
        Concat({"The paths of the reference and of ", picture.walk, " to page ",
                std::to_string(picture.page), ", ", Hex(picture.address)}),
        Concat({e_.headline,
                " The same is drawn as text below, under Address "
                "space."})));
    Out("</div>\n<figcaption>");
    if (!e_.wrong_iteration.empty()) {
      Out("<p class=\"narrow\">", Escaped(e_.wrong_iteration), "</p>\n");
    }
    Out("Tables from the root on the left to the pages on "
        "the right; of each, the entries on these paths, each with the first "
        "address that it maps. Solid lines with an R are the reference&#39;s",
        e_.timeline.has_value()
            ? Concat({" in snapshot ", std::to_string(picture.snapshot)})
            : "",
        ", dashed lines with a W those of ", Escaped(picture.walk), ".",
        e_.timeline.has_value()
            ? " What a change rewrites is struck out, and below it stands what "
              "the change makes of it."
            : "",
        "<span class=\"screen\"> Scroll the drawing sideways where it is "
        "wider than the page.</span></figcaption>\n</figure>\n");
  }

  // "name: what it is", with the name highlighted.
  void AddNamed(std::string_view text) {
    const size_t colon = text.find(": ");
    Out("<dt>", Escaped(text.substr(0, colon)), "</dt>\n<dd>",
        Escaped(colon == text.npos ? "" : text.substr(colon + 2)), "</dd>\n");
  }

  void AddTerms() {
    Out("<h2>What is compared</h2>\n<dl>\n");
    for (const std::string& term : e_.terms) AddNamed(term);
    Out("</dl>\n<h2>Terms</h2>\n<dl>\n");
    for (const Explanation::Term& word : e_.glossary) {
      Out("<dt>", Escaped(word.name), "</dt>\n<dd>", Escaped(word.meaning),
          "</dd>\n");
    }
    Out("</dl>\n");
  }

  void AddCase() {
    Out("<h2>Case</h2>\n");
    BeginScroll("The case as text");
    Out("<pre>");
    for (const Explanation::CaseLine& line : e_.source) {
      Out(line.marked ? "<span class=\"mark\">" : "", Escaped(line.text),
          line.marked ? "</span>" : "", "\n");
    }
    Out("</pre>\n</div>\n");
  }

  void AddAddressSpace() {
    const WalkPicture& picture = *e_.picture;
    Out("<h2>Address space</h2>\n");
    BeginScroll("The range and the tables as text");
    TextLines text(/*color=*/false);
    AddPicture(picture, /*box=*/true, text);
    Out("<pre>", Escaped(text.text()), "</pre>\n</div>\n");
  }

  void AddPages() {
    Out("<h2>Pages</h2>\n");
    BeginScroll("Pages of the reference and of the walk");
    Out("<table>\n<tr>");
    for (const std::string& title : e_.page_header) {
      Out("<th scope=\"col\">", Escaped(title), "</th>");
    }
    Out("</tr>\n");
    for (const Explanation::PageRow& row : e_.pages) {
      if (row.skips) {
        Out("<tr><td colspan=\"", std::to_string(e_.page_header.size()),
            "\">...</td></tr>\n");
        continue;
      }
      Out(row.marked ? "<tr class=\"wrong\">" : "<tr>");
      for (size_t i = 0; i < row.cells.size(); ++i) {
        Out("<td>",
            i == 0 && row.marked ? "<span class=\"mark\">&gt;&gt;</span> " : "",
            Escaped(row.cells[i]), "</td>");
      }
      Out("</tr>\n");
    }
    Out("</table>\n</div>\n");
    if (e_.notes.empty() && e_.other_walks.empty()) return;
    Out("<ul>\n");
    for (const auto* notes : {&e_.notes, &e_.other_walks}) {
      for (const std::string& note : *notes) {
        Out("<li>", Escaped(note), "</li>\n");
      }
    }
    Out("</ul>\n");
  }

  void AddIterations() {
    Out("<h2>Iterations of ", Escaped(e_.walk), "</h2>\n<p>",
        Escaped(HowToReadIterations(e_)), "</p>\n");
    BeginScroll("Iterations of the walk and of the reference");
    Out("<table class=\"iterations\">\n<tr><th scope=\"col\">",
        Escaped(e_.walk), "</th><th scope=\"col\">",
        Escaped(e_.reference_title), "</th></tr>\n");
    for (const Explanation::Iteration& iteration : e_.iterations) {
      if (iteration.skips) {
        Out("<tr><td colspan=\"2\">...</td></tr>\n");
        continue;
      }
      if (iteration.change.has_value()) {
        Out("<tr class=\"change\"><td colspan=\"2\">");
        AddChange(*iteration.change);
        Out("</td></tr>\n");
        continue;
      }
      Out(iteration.marked ? "<tr class=\"wrong\">" : "<tr>",
          "<td><div class=\"in",
          std::to_string(Ordinal(Level::kPgd) - Ordinal(iteration.level)),
          "\">",
          iteration.marked ? "<span class=\"mark\">&gt;&gt;</span> " : "");
      if (!iteration.part.empty()) {
        Out("<strong>", Escaped(iteration.part), "</strong>");
      }
      Out("\n<ul>\n");
      std::vector<std::string> lines = {iteration.pointer};
      lines.insert(lines.end(), iteration.rereads.begin(),
                   iteration.rereads.end());
      lines.push_back(
          iteration.place.empty() ? "" : Concat({"-> ", iteration.place}));
      lines.push_back(iteration.read);
      lines.push_back(iteration.next);
      lines.insert(lines.end(), iteration.after.begin(), iteration.after.end());
      for (const std::string& line : lines) {
        if (!line.empty()) Out("<li>", Escaped(line), "</li>\n");
      }
      Out("</ul></div></td><td>");
      for (size_t i = 0; i < iteration.reference.size(); ++i) {
        Out(i > 0 ? "<br>" : "", Escaped(iteration.reference[i]));
      }
      Out("</td></tr>\n");
      for (const std::string* text : {&iteration.rule, &iteration.effect}) {
        if (text->empty()) continue;
        Out("<tr class=\"why\"><td colspan=\"2\"><p><span class=\"mark\">"
            "&gt;&gt;</span> ",
            Escaped(*text), "</p></td></tr>\n");
      }
    }
    Out("</table>\n</div>\n");
  }

  void AddReference() {
    for (const Explanation::Path& reference : e_.references) {
      Out("<h2>", Escaped(reference.title), "</h2>\n<ol>\n");
      for (const std::string& step : reference.steps) {
        Out("<li><code>", Escaped(step), "</code></li>\n");
      }
      Out("</ol>\n<p>", Escaped(reference.result), "</p>\n");
    }
  }

  const Explanation& e_;
  std::string html_;
};

}  // namespace

std::string HtmlReport(const Explanation& explanation) {
  return Page(explanation).Make();
}

}  // namespace pxdfuzz
