// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_MATRIX_TEXT_H_
#define PXDFUZZ_SRC_CLI_SURVEY_MATRIX_TEXT_H_

#include <string>
#include <vector>

#include "pxdfuzz/engine/engine.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {

// Walks, all of the model or all of kernel code, in paging modes.
struct Matrix {
  Stillness tables = Stillness::kStill;
  std::vector<Walker> walkers;
  // Each with the walks of `walkers`.
  std::vector<ModeSurvey> modes;

  bool is_kernel() const {
    return !walkers.empty() && walkers[0].kernel.has_value();
  }
  SurveyResult ResultOf(const ModeSurvey& survey, size_t walk) const;
  bool has_finding() const;
};

// What `pxdfuzz matrix` says of it: a table with a column for each paging mode,
// why walks go wrong, and what shows it.
std::string MatrixText(const Matrix& matrix, bool color);
// The same as a JSON list.
Json MatrixJson(const Matrix& matrix);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_MATRIX_TEXT_H_
