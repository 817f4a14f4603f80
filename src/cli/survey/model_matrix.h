// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_MODEL_MATRIX_H_
#define PXDFUZZ_SRC_CLI_SURVEY_MODEL_MATRIX_H_

#include <string>
#include <vector>

#include "pxdfuzz/exhaust/exhaust.h"
#include "src/cli/survey/survey.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {

// The results of the model's walks in one paging mode.
struct ModelSurvey {
  ModeSurvey survey;
  // The results of small worlds, by position in kAllWalks; empty if there are
  // none.
  std::vector<ExhaustResult> worlds;

  SurveyResult ResultOf(size_t walk) const;
  bool has_finding() const;
};

// Surveys `cases` cases of a paging mode, and small worlds without changes.
ModelSurvey SurveyModel(PagingMode mode, uint64_t cases, Stillness tables);

// What `pxdfuzz matrix` prints about them; all must be of the same kind of
// tables: a table with a column for each, why walks go wrong, and which case
// shows it.
std::string ModelMatrixText(const std::vector<ModelSurvey>& surveys,
                            bool color);
// The same as a JSON list.
Json ModelMatrixJson(const std::vector<ModelSurvey>& surveys);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_MODEL_MATRIX_H_
