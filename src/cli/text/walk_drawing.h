// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_TEXT_WALK_DRAWING_H_
#define PXDFUZZ_SRC_CLI_TEXT_WALK_DRAWING_H_

#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/report/picture.h"

namespace pxdfuzz {

// A picture laid out on paper, in pixels: tables as columns from the root to
// the pages, and what the two paths lead over. All text is of one width a
// character, so where it ends is known.
struct WalkDrawing {
  // Classes of its style sheet: what a thing is, never how it looks.
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
    // Where its letter stands, if it has one: R or W.
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

// Sizes that texts are laid out with.
inline constexpr double kDrawnFont = 13;
inline constexpr double kDrawnCharacter = 8;
inline constexpr double kDrawnLine = 17;

// `sentence` stands below the tables, by the mark where the walk went wrong.
WalkDrawing LayOut(const WalkPicture& picture, std::string_view sentence);

// An <svg> element with that title and description. `&`, `<` and such in texts
// are escaped.
std::string ToSvg(const WalkDrawing& drawing, std::string_view title,
                  std::string_view description);

// `text` for HTML and XML, between tags and in quoted attributes.
std::string Escaped(std::string_view text);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_TEXT_WALK_DRAWING_H_
