// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_WALK_DRAWING_H_
#define PXDFUZZ_SRC_CLI_TEXT_WALK_DRAWING_H_

#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/report/picture.h"

namespace pxdfuzz {

// A picture laid out on paper, in pixels: tables as columns from the root to
// the pages, and the places on the two paths. All characters have the same
// width, so the end of a text is known.
struct WalkDrawing {
  // CSS classes: what a thing is, not how it looks.
  struct Box {
    std::string kind;  // "table", "entry", "page", "stack", "left", ...
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
  };
  struct Text {
    std::string kind;
    double x = 0;  // of the first character
    double y = 0;  // of the base line
    std::string text;
  };
  struct Arrow {
    std::string kind;  // "pointer", "reference", "walk", "copied", "leaves"
    std::string path;  // as in SVG
    // The position of its letter, if it has one: R or W.
    char letter = 0;
    double x = 0;
    double y = 0;
  };

  double width = 0;
  double height = 0;
  std::vector<Box> boxes;
  std::vector<Arrow> arrows;
  std::vector<Text> texts;
};

// Sizes for the layout of texts.
inline constexpr double kDrawnFont = 13;
inline constexpr double kDrawnCharacter = 8;
inline constexpr double kDrawnLine = 17;

// `sentence` is drawn below the tables, at the mark where the walk went wrong.
WalkDrawing LayOut(const WalkPicture& picture, std::string_view sentence);

// An <svg> element with that title and description. Escapes `&`, `<` and
// similar characters.
std::string ToSvg(const WalkDrawing& drawing, std::string_view title,
                  std::string_view description);

// `text` for HTML and XML, between tags and in quoted attributes.
std::string Escaped(std::string_view text);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_WALK_DRAWING_H_
