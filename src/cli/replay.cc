// SPDX-License-Identifier: MIT

// pxdfuzz replay.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/oracle/compare.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

// The result of a file.
enum class Result : uint8_t {
  kAgrees,
  kExpectedFailure,
  kFinding,
  kInconclusive,
  kUnreadable,
};
constexpr size_t kResults = 5;

struct ResultText {
  std::string_view json;
  // In the summary, for one case and for several.
  std::string_view one;
  std::string_view several;
};
constexpr std::array<ResultText, kResults> kTexts = {{
    {"agrees", "agrees", "agree"},
    {"expected-failure", "expected failure", "expected failures"},
    {"finding", "finding", "findings"},
    {"inconclusive", "inconclusive", "inconclusive"},
    {"unreadable", "unreadable", "unreadable"},
}};

// A failure of a walk in one request.
struct Failure {
  size_t request = 0;
  size_t engine = 0;  // its position
  std::string_view walk;
  Answer answer;

  bool is_expected(Waivers waivers) const {
    return waivers != Waivers::kNone &&
           (answer.cause != Cause::kNone || answer.finding.empty());
  }
  // "stack-escape", "docs/findings/s390-readonly-2g-write.md".
  std::string WhyExpected() const {
    return answer.cause != Cause::kNone ? std::string(Name(answer.cause))
                                        : KnownFindingFile(answer.known);
  }
  // A failure that only a known finding explains has no separate name.
  const std::string& name() const {
    return answer.finding.empty() ? answer.known : answer.finding.name();
  }
};

// The result of a case.
struct Replayed {
  // By request and walk.
  std::vector<Failure> failures;
  // Of each request.
  std::vector<Inconclusive> reasons;
  // Why nothing was compared, or empty.
  std::string inconclusive;
};

// Each once, in order of occurrence.
void AddOnce(std::string_view name, std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    names.emplace_back(name);
  }
}

// "static-by-value (stack-escape); static-by-pointer (double-fetch)".
std::string ExpectedFailures(const Replayed& replayed, Waivers waivers) {
  std::vector<std::string> reasons;
  for (const Cause cause : kAllCauses) reasons.emplace_back(Name(cause));
  for (const Failure& failure : replayed.failures) {
    if (failure.is_expected(waivers)) AddOnce(failure.WhyExpected(), reasons);
  }
  std::string text;
  for (const std::string& reason : reasons) {
    std::vector<std::string> walks;
    for (const Failure& failure : replayed.failures) {
      if (failure.is_expected(waivers) && failure.WhyExpected() == reason) {
        AddOnce(failure.walk, walks);
      }
    }
    if (walks.empty()) continue;
    text +=
        Concat({text.empty() ? "" : "; ", Enumerate(walks), " (", reason, ")"});
  }
  return text;
}

// "; request 2 inconclusive: ...": inconclusive requests of a case with others.
std::string RefusedRequests(const Replayed& replayed) {
  std::string text;
  for (size_t i = 0; i < replayed.reasons.size(); ++i) {
    const Inconclusive reason = replayed.reasons[i];
    if (reason == Inconclusive::kNo) continue;
    text += Concat({"; request ", std::to_string(i + 1),
                    " inconclusive: ", Describe(reason)});
  }
  return text;
}

const Failure* FirstFinding(const Replayed& replayed, Waivers waivers) {
  for (const Failure& failure : replayed.failures) {
    if (!failure.is_expected(waivers)) return &failure;
  }
  return nullptr;
}

Result ResultOf(const Replayed& replayed, Waivers waivers) {
  if (FirstFinding(replayed, waivers) != nullptr) return Result::kFinding;
  if (!replayed.inconclusive.empty()) return Result::kInconclusive;
  return replayed.failures.empty() ? Result::kAgrees : Result::kExpectedFailure;
}

std::string LineOf(const Replayed& replayed, Waivers waivers) {
  if (const Failure* first = FirstFinding(replayed, waivers)) {
    std::vector<std::string> walks;
    for (const Failure& failure : replayed.failures) {
      if (!failure.is_expected(waivers)) AddOnce(failure.walk, walks);
    }
    std::string text = Concat({"FINDING ", first->name()});
    if (walks.size() > 1) {
      text += Concat({" (wrong: ", Enumerate(walks), ")"});
    }
    if (const std::string expected = ExpectedFailures(replayed, waivers);
        !expected.empty()) {
      text += Concat({"; expected failure: ", expected});
    }
    return text + RefusedRequests(replayed);
  }
  if (!replayed.inconclusive.empty()) {
    return Concat({"inconclusive: ", replayed.inconclusive});
  }
  return (replayed.failures.empty()
              ? "agrees"
              : Concat({"expected failure: ",
                        ExpectedFailures(replayed, waivers)})) +
         RefusedRequests(replayed);
}

// "wrong-page"; "references" if that rule is broken.
std::string_view OutcomeOf(const Answer& answer) {
  const std::optional<Finding> finding = answer.finding.Get();
  if (!finding.has_value()) return "known";
  return finding->rule == WalkRule::kPages ? Name(finding->outcome)
                                           : Name(finding->rule);
}

Json JsonOf(const Replayed& replayed, Waivers waivers) {
  const auto or_null = [](std::string_view text) {
    return text.empty() ? Json() : Json(text);
  };
  Json json = {{"walks", Json::array()}, {"refused", Json::array()}};
  for (const Failure& failure : replayed.failures) {
    const Answer& answer = failure.answer;
    const bool is_expected = failure.is_expected(waivers);
    json["walks"].push_back(
        {{"request", failure.request + 1},
         {"walk", failure.walk},
         {"end", Name(answer.run.end)},
         {"pages", answer.run.count},
         {"outcome", OutcomeOf(answer)},
         {"finding", or_null(answer.finding.name())},
         {"cause", or_null(is_expected && answer.cause != Cause::kNone
                               ? Name(answer.cause)
                               : "")},
         {"known", or_null(answer.known)}});
  }
  for (size_t i = 0; i < replayed.reasons.size(); ++i) {
    const Inconclusive reason = replayed.reasons[i];
    if (reason == Inconclusive::kNo) continue;
    json["refused"].push_back(
        {{"request", i + 1}, {"reason", Describe(reason)}});
  }
  if (const Failure* first = FirstFinding(replayed, waivers)) {
    json["signature"] = first->name();
  } else if (!replayed.inconclusive.empty()) {
    json["reason"] = replayed.inconclusive;
  }
  return json;
}

LineStyle StyleOf(Result result) {
  return result == Result::kFinding ? LineStyle::kMarked : LineStyle::kPlain;
}

// Writes the result of each file, and counts.
class Replayer {
 public:
  // `walk` is the value of --walk, or empty.
  Replayer(bool json, Waivers waivers, const Engines& engines,
           std::string_view walk, Output& out)
      : json_(json),
        waivers_(waivers),
        engines_(engines),
        walk_(walk),
        out_(out) {}

  void Replay(const std::string& file) {
    const absl::StatusOr<Case> c = ReadCase(file);
    if (!c.ok()) {
      AddUnreadable(file, c.status());
      return;
    }
    const absl::StatusOr<Replayed> replayed = Judge(*c);
    if (!replayed.ok()) {
      AddUnreadable(file, replayed.status());
      return;
    }
    const Result result = ResultOf(*replayed, waivers_);
    Count(result);
    if (json_) {
      AddJson(file, result, JsonOf(*replayed, waivers_));
      return;
    }
    TextLines text(out_.color());
    text.Line(Concat({file, ": ", LineOf(*replayed, waivers_)}),
              StyleOf(result));
    out_.Write(text.text());
  }

  void AddUnreadable(const std::string& file, const absl::Status& status) {
    Count(Result::kUnreadable);
    PrintError(status);
    if (!json_) return;
    AddJson(file, Result::kUnreadable,
            {{"error", std::string(status.message())}});
  }

  int End() {
    size_t total = 0;
    for (const size_t count : counts_) total += count;
    if (json_) {
      Json document = {{"strict", waivers_ == Waivers::kNone}};
      if (!walk_.empty()) document["walk"] = walk_;
      document["cases"] = std::move(cases_);
      Json& summary = document["summary"];
      summary["cases"] = total;
      for (size_t i = 0; i < kResults; ++i) {
        summary[std::string(kTexts[i].json)] = counts_[i];
      }
      out_.Write(JsonText(document));
    } else {
      std::string summary = Plural(total, "case");
      for (size_t i = 0; i < kResults; ++i) {
        // The count of findings is printed even if it is 0.
        if (counts_[i] == 0 && i != static_cast<size_t>(Result::kFinding)) {
          continue;
        }
        summary +=
            Concat({", ", std::to_string(counts_[i]), " ",
                    counts_[i] == 1 ? kTexts[i].one : kTexts[i].several});
      }
      TextLines text(out_.color());
      text.Line(summary, LineStyle::kTitle);
      out_.Write(text.text());
    }
    if (counts_[static_cast<size_t>(Result::kFinding)] > 0) return kFinding;
    if (counts_[static_cast<size_t>(Result::kUnreadable)] > 0) {
      return kUnreadable;
    }
    if (counts_[static_cast<size_t>(Result::kInconclusive)] < total) {
      return kNothingFound;
    }
    PrintError(Concat({"replay: nothing was compared: ",
                       total == 1 ? "the case is" : "all cases are",
                       " inconclusive"}));
    return kFailed;
  }

 private:
  absl::StatusOr<Replayed> Judge(const Case& c) {
    Replayed replayed;
    replayed.reasons.resize(c.requests.size());
    if (c.empty()) {
      replayed.inconclusive = Describe(Inconclusive::kEmptyCase);
      return replayed;
    }
    bool compared = false;
    for (size_t position = 0; position < engines_.size(); ++position) {
      Engine* const engine = engines_[position].get();
      if (!engine->Takes(c.mode)) {
        replayed.inconclusive = Concat({"the case is of ", Name(c.mode),
                                        ", which is not for ", engine->name()});
        continue;
      }
      Answers answers = engine->Run(c, /*recorded=*/false);
      if (!answers.ok()) return absl::UnavailableError(answers.error);
      for (size_t i = 0; i < answers.of_request.size(); ++i) {
        Answer& answer = answers.of_request[i];
        replayed.reasons[i] = answer.inconclusive;
        compared |= answer.inconclusive == Inconclusive::kNo;
        if (answer.finding.empty() && answer.known.empty()) continue;
        replayed.failures.push_back({.request = i,
                                     .engine = position,
                                     .walk = engine->name(),
                                     .answer = std::move(answer)});
      }
    }
    std::sort(replayed.failures.begin(), replayed.failures.end(),
              [](const Failure& a, const Failure& b) {
                return std::pair(a.request, a.engine) <
                       std::pair(b.request, b.engine);
              });
    if (compared) {
      replayed.inconclusive.clear();
    } else if (replayed.inconclusive.empty()) {
      replayed.inconclusive = Describe(replayed.reasons[0]);
    }
    return replayed;
  }

  void Count(Result result) { ++counts_[static_cast<size_t>(result)]; }

  void AddJson(const std::string& file, Result result, const Json& members) {
    Json one = {{"file", file},
                {"result", kTexts[static_cast<size_t>(result)].json}};
    one.update(members);
    cases_.push_back(std::move(one));
  }

  const bool json_;
  const Waivers waivers_;
  const Engines& engines_;
  const std::string_view walk_;
  Output& out_;
  std::array<size_t, kResults> counts_{};
  Json cases_ = Json::array();
};

}  // namespace

int RunReplay(const Arguments& arguments, Output& out) {
  const std::string walk = WalkOf(arguments);
  int exit_code = 0;
  const Engines engines = OpenEngines("replay", walk, exit_code);
  if (engines.empty()) return exit_code;
  Replayer replayer(
      arguments.Has("--json"),
      arguments.Has("--strict") ? Waivers::kNone : Waivers::kExpectedFailures,
      engines, walk, out);
  for (const std::string& operand : arguments.operands) {
    const absl::StatusOr<std::vector<std::string>> files = FilesAt(operand);
    if (!files.ok()) {
      replayer.AddUnreadable(operand, files.status());
      continue;
    }
    for (const std::string& file : *files) replayer.Replay(file);
  }
  return replayer.End();
}

}  // namespace pxdfuzz
