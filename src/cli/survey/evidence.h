// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_SURVEY_EVIDENCE_H_
#define PXDFUZZ_SRC_CLI_SURVEY_EVIDENCE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/survey/survey.h"

namespace pxdfuzz {

// What iterations of walks show, over the cases of one paging mode.
struct IterationCounts {
  uint64_t requests = 0;
  // With the folded-aware boundary: iterations at pgd or p4d whose entry has a
  // type below region-third, for which the RFC checks.
  uint64_t low_types = 0;
  // Requests in which otherwise equal static and folded-aware walks have
  // different iterations; for by-pointer, in which they read other entries.
  uint64_t other_iterations = 0;
  uint64_t other_entries = 0;
  // Requests in which static-lockless loads an entry of a table again, and the
  // maximum number of loads of one entry.
  uint64_t reread = 0;
  uint64_t most_loads = 0;
};

// How many cases of each paging mode all walks walk, and for how many of them
// each iteration is checked.
inline constexpr uint64_t kSurveyed = 20'000;
inline constexpr uint64_t kTraced = 2'000;

// The data for all experiments.
class Evidence {
 public:
  explicit Evidence(Progress& progress);

  const IterationCounts& iterations(PagingMode mode) const {
    for (const auto& [of, counts] : iterations_) {
      if (of == mode) return counts;
    }
    return iterations_.front().second;
  }

  // The requests of s390 with `least` to `most` levels, and those that cross a
  // folded boundary: "81,504 requests, 22,576 of them across ...".
  std::string Requests(int least, int most) const {
    uint64_t requests = 0;
    uint64_t crossings = 0;
    ForS390(least, most, [&](const ModeSurvey& survey) {
      requests += survey.requests;
      crossings += survey.crossings;
    });
    return Concat({Grouped(requests), " requests, ", Grouped(crossings),
                   " of them across a boundary of a folded level"});
  }

  // Those requests, and in how many of them a walk disagreed.
  std::string Tried(Policy policy, int least, int most) const {
    uint64_t wrong = 0;
    ForS390(least, most, [&](const ModeSurvey& survey) {
      wrong += survey.requests - survey.walks[IndexOf(policy)].agreed;
    });
    return Concat({pxdfuzz::Name(policy),
                   " against the reference: ", Requests(least, most), ", ",
                   wrong == 0 ? "no difference"
                              : Concat({Grouped(wrong), " differences"})});
  }

  // Whether a walk returned what it may return in every request there.
  bool Agrees(Policy policy, int least, int most,
              Stillness tables = Stillness::kStill) const {
    bool agrees = true;
    ForS390(
        least, most,
        [&](const ModeSurvey& survey) {
          agrees &= survey.walks[IndexOf(policy)].agreed == survey.requests;
        },
        tables);
    return agrees;
  }

  // "12 of 300 requests with 2 levels, ...", over the levels 2 to 5.
  std::string Disagreements(Policy policy,
                            Stillness tables = Stillness::kStill) const {
    std::vector<std::string> texts;
    ForS390(
        2, 5,
        [&](const ModeSurvey& survey) {
          const uint64_t wrong =
              survey.requests - survey.walks[IndexOf(policy)].agreed;
          texts.push_back(
              Concat({Grouped(wrong), " of ", Grouped(survey.requests),
                      " requests with ", std::to_string(survey.mode.levels),
                      " levels"}));
        },
        tables);
    return Enumerate(texts);
  }

  // Requests in which a walk broke the loop invariant, over all levels of s390,
  // and those of them in which it still returned the right pages.
  uint64_t BrokeInvariant(Policy policy, bool with_right_pages) const {
    uint64_t count = 0;
    ForS390(2, 5, [&](const ModeSurvey& survey) {
      const WalkSurvey& walk = survey.walks[IndexOf(policy)];
      count +=
          with_right_pages ? walk.broke_invariant_only : walk.broke_invariant;
    });
    return count;
  }

  // "52,000 requests, a change met in 31,000 of them".
  std::string RequestsInChange(Policy policy) const {
    uint64_t requests = 0;
    uint64_t met = 0;
    ForS390(
        2, 5,
        [&](const ModeSurvey& survey) {
          requests += survey.requests;
          met += survey.walks[IndexOf(policy)].met_changes;
        },
        Stillness::kChanging);
    return Concat({Grouped(requests), " requests, a change met in ",
                   Grouped(met), " of them"});
  }

 private:
  template <class Visitor>
  void ForS390(int least, int most, Visitor visit,
               Stillness tables = Stillness::kStill) const {
    for (const ModeSurvey& survey : surveys_) {
      if (survey.tables == tables && survey.mode.arch == ArchId::kS390 &&
          survey.mode.levels >= least && survey.mode.levels <= most) {
        visit(survey);
      }
    }
  }

  std::vector<ModeSurvey> surveys_;
  std::vector<std::pair<PagingMode, IterationCounts>> iterations_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_SURVEY_EVIDENCE_H_
