// SPDX-License-Identifier: MIT

#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "src/cli/text/walk_drawing.h"

namespace pxdfuzz {

std::string Escaped(std::string_view text) {
  return absl::StrReplaceAll(std::string(text), {{"&", "&amp;"},
                                                 {"<", "&lt;"},
                                                 {">", "&gt;"},
                                                 {"\"", "&quot;"},
                                                 {"'", "&#39;"}});
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
