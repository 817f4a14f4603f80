// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_MATRIX_ROW_H_
#define PXDFUZZ_SRC_CLI_SURVEY_MATRIX_ROW_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz {

// `cells` in columns wide enough for the name of any cause, behind `name`,
// which has `width` characters. A long cell uses room of the next one.
inline std::string MatrixRow(std::string_view name, size_t width,
                             const std::vector<std::string>& cells) {
  constexpr size_t kColumns = 17;
  std::string line(name);
  for (size_t i = 0; i < cells.size(); ++i) {
    line.resize(std::max(line.size() + 1, width + i * kColumns), ' ');
    line += cells[i];
  }
  return line;
}

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_MATRIX_ROW_H_
