// SPDX-License-Identifier: MIT

// pxdfuzz replay.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_client.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/kernel_programs.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

// What became of a file.
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
  // In the summary, of one case and of several.
  std::string_view one;
  std::string_view several;
};
using ResultTexts = std::array<ResultText, kResults>;
constexpr ResultTexts kModelTexts = {{
    {"agrees", "agrees", "agree"},
    {"expected-failure", "expected failure", "expected failures"},
    {"finding", "finding", "findings"},
    {"inconclusive", "inconclusive", "inconclusive"},
    {"unreadable", "unreadable", "unreadable"},
}};
// Kernel code has no defects that are excused, but it has findings that are
// known.
constexpr ResultTexts kKernelCodes = [] {
  ResultTexts texts = kModelTexts;
  texts[static_cast<size_t>(Result::kExpectedFailure)] = {
      "known-finding", "known finding", "known findings"};
  return texts;
}();

Result ResultOf(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kInconclusive:
      return Result::kInconclusive;
    case Verdict::Kind::kAgrees:
      return Result::kAgrees;
    case Verdict::Kind::kExpectedFailure:
      return Result::kExpectedFailure;
    case Verdict::Kind::kFinding:
      return Result::kFinding;
  }
  return Result::kUnreadable;
}

// Walks that went wrong in any request and whose excuse is `cause`.
std::vector<std::string> WalksWith(const Verdict& verdict, Cause cause) {
  std::vector<std::string> names;
  for (size_t i = 0; i < kWalkCount; ++i) {
    for (const RequestVerdict& request : verdict.requests) {
      const WalkVerdict& walk = request.walks[i];
      if (walk.outcome == Outcome::kAgrees || walk.excuse != cause) continue;
      names.emplace_back(Name(kAllWalks[i]));
      break;
    }
  }
  return names;
}

// "static-by-value (stack-escape)".
std::string ExpectedFailures(const Verdict& verdict) {
  std::string text;
  for (const Cause cause : kAllCauses) {
    const std::vector<std::string> walks = WalksWith(verdict, cause);
    if (walks.empty()) continue;
    text += Concat(
        {text.empty() ? "" : "; ", Enumerate(walks), " (", Name(cause), ")"});
  }
  return text;
}

// "; request 2: refused: ...": requests of a case that can be judged which
// cannot.
std::string RefusedRequests(const Verdict& verdict) {
  std::string text;
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    const Inconclusive reason = verdict.requests[i].inconclusive;
    if (reason == Inconclusive::kNo) continue;
    text += Concat({"; request ", std::to_string(i + 1),
                    " inconclusive: ", Describe(reason)});
  }
  return text;
}

Inconclusive ReasonOf(const Verdict& verdict) {
  if (verdict.inconclusive != Inconclusive::kNo || verdict.requests.empty()) {
    return verdict.inconclusive;
  }
  return verdict.requests[0].inconclusive;
}

std::string Line(const Verdict& verdict) {
  switch (ResultOf(verdict)) {
    case Result::kAgrees:
      return "agrees" + RefusedRequests(verdict);
    case Result::kExpectedFailure:
      return Concat({"expected failure: ", ExpectedFailures(verdict),
                     RefusedRequests(verdict)});
    case Result::kFinding: {
      const std::vector<std::string> walks = WalksWith(verdict, Cause::kNone);
      std::string text = Concat({"FINDING ", Name(verdict.finding->signature)});
      if (walks.size() > 1) {
        text += Concat({" (wrong: ", Enumerate(walks), ")"});
      }
      if (const std::string known = ExpectedFailures(verdict); !known.empty()) {
        text += Concat({"; expected failure: ", known});
      }
      return text + RefusedRequests(verdict);
    }
    case Result::kInconclusive:
      return Concat({"inconclusive: ", Describe(ReasonOf(verdict))});
    case Result::kUnreadable:
      break;
  }
  return "";
}

Json JsonWalks(const Verdict& verdict) {
  Json walks = Json::array();
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    for (size_t j = 0; j < kWalkCount; ++j) {
      const WalkVerdict& walk = verdict.requests[i].walks[j];
      if (walk.outcome == Outcome::kAgrees) continue;
      Json cause;
      if (walk.excuse != Cause::kNone) cause = Name(walk.excuse);
      walks.push_back({{"request", i + 1},
                       {"walk", Name(kAllWalks[j])},
                       {"outcome", Name(walk.outcome)},
                       {"cause", cause}});
    }
  }
  return walks;
}

Json JsonRequests(const Verdict& verdict) {
  Json requests = Json::array();
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    const Inconclusive reason = verdict.requests[i].inconclusive;
    if (reason == Inconclusive::kNo) continue;
    requests.push_back({{"request", i + 1}, {"reason", Describe(reason)}});
  }
  return requests;
}

// What became of a case, as text and as members of a JSON object.
struct Replayed {
  Result result = Result::kAgrees;
  std::string line;
  Json json = Json::object();
};

Replayed ReplayModel(const Verdict& verdict) {
  Replayed replayed{.result = ResultOf(verdict), .line = Line(verdict)};
  replayed.json["walks"] = JsonWalks(verdict);
  replayed.json["refused"] = JsonRequests(verdict);
  if (replayed.result == Result::kFinding) {
    replayed.json["signature"] = Name(verdict.finding->signature);
  }
  if (replayed.result == Result::kInconclusive) {
    replayed.json["reason"] = Describe(ReasonOf(verdict));
  }
  return replayed;
}

Json JsonAnswers(const std::vector<Answer>& answers) {
  const auto or_null = [](const std::string& text) {
    return text.empty() ? Json() : Json(text);
  };
  Json json = Json::array();
  for (const Answer& answer : answers) {
    json.push_back({{"request", json.size() + 1},
                    {"end", Name(answer.run.end)},
                    {"pages", answer.run.count},
                    {"finding", or_null(answer.finding)},
                    {"known", or_null(answer.known)}});
  }
  return json;
}

// The same of kernel code, of which `verdict` says alone what cannot be
// compared.
Replayed ReplayKernel(const KernelCode& text, const Case& c,
                      const Verdict& verdict,
                      const std::vector<Answer>& answers, Excuses excuses) {
  Replayed replayed;
  std::vector<std::string> findings;
  std::vector<std::string> known;
  const auto add = [](const std::string& name,
                      std::vector<std::string>& names) {
    if (name.empty() ||
        std::find(names.begin(), names.end(), name) != names.end()) {
      return;
    }
    names.push_back(name);
  };
  bool compared = false;
  for (const Answer& answer : answers) {
    add(answer.finding, findings);
    add(answer.known, excuses == Excuses::kNone ? findings : known);
    compared |= !answer.inconclusive;
  }
  replayed.json["requests"] = JsonAnswers(answers);
  if (!findings.empty()) {
    replayed.result = Result::kFinding;
    replayed.line = Concat({"FINDING ", Enumerate(findings)});
    if (!known.empty()) {
      replayed.line += Concat({"; known finding: ", Enumerate(known)});
    }
    replayed.line += RefusedRequests(verdict);
    replayed.json["signature"] = findings[0];
  } else if (!compared) {
    const std::string reason =
        !c.empty() && Name(c.mode.arch) != text.arch
            ? Concat({"the case is of ", Name(c.mode.arch), ", the text of ",
                      text.arch})
            : std::string(Describe(ReasonOf(verdict)));
    replayed.result = Result::kInconclusive;
    replayed.line = Concat({"inconclusive: ", reason});
    replayed.json["reason"] = reason;
  } else if (!known.empty()) {
    replayed.result = Result::kExpectedFailure;
    for (std::string& name : known) name = KnownFindingFile(name);
    replayed.line =
        Concat({"known finding: ", Enumerate(known), RefusedRequests(verdict)});
  } else {
    replayed.line = "agrees" + RefusedRequests(verdict);
  }
  return replayed;
}

LineStyle StyleOf(Result result) {
  return result == Result::kFinding ? LineStyle::kMarked : LineStyle::kPlain;
}

// Writes what becomes of each file, and counts.
class Replayer {
 public:
  // By all walks of the model, or by `kernel` where that is one.
  Replayer(bool json, Excuses excuses, KernelProgram* kernel, Output& out)
      : json_(json),
        excuses_(excuses),
        kernel_(kernel),
        texts_(kernel == nullptr ? kModelTexts : kKernelCodes),
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
    Count(replayed->result);
    if (json_) {
      AddJson(file, replayed->result, replayed->json);
      return;
    }
    TextLines text(out_.color());
    text.Line(Concat({file, ": ", replayed->line}), StyleOf(replayed->result));
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
      Json document = {{"strict", excuses_ == Excuses::kNone}};
      if (kernel_ != nullptr) document["walk"] = kernel_->text().name;
      document["cases"] = std::move(cases_);
      Json& summary = document["summary"];
      summary["cases"] = total;
      for (size_t i = 0; i < kResults; ++i) {
        summary[std::string(texts_[i].json)] = counts_[i];
      }
      out_.Write(JsonText(document));
    } else {
      std::string summary = Plural(total, "case");
      for (size_t i = 0; i < kResults; ++i) {
        // Findings are counted even where there are none.
        if (counts_[i] == 0 && i != static_cast<size_t>(Result::kFinding)) {
          continue;
        }
        summary +=
            Concat({", ", std::to_string(counts_[i]), " ",
                    counts_[i] == 1 ? texts_[i].one : texts_[i].several});
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
    if (kernel_ == nullptr) {
      return ReplayModel(oracle_.Judge(c, WalkSet::All(), excuses_));
    }
    Answers answers;
    if (!c.empty() && kernel_->Takes(c.mode)) {
      answers = kernel_->Ask(c, /*recorded=*/false);
      if (!answers.ok()) return absl::UnavailableError(answers.error);
    }
    return ReplayKernel(kernel_->text(), c,
                        oracle_.Judge(c, WalkSet(), Excuses::kNone),
                        answers.of_request, excuses_);
  }

  void Count(Result result) { ++counts_[static_cast<size_t>(result)]; }

  void AddJson(const std::string& file, Result result, const Json& members) {
    Json one = {{"file", file},
                {"result", texts_[static_cast<size_t>(result)].json}};
    one.update(members);
    cases_.push_back(std::move(one));
  }

  const bool json_;
  const Excuses excuses_;
  KernelProgram* const kernel_;
  const ResultTexts& texts_;
  Output& out_;
  Oracle oracle_;
  std::array<size_t, kResults> counts_{};
  Json cases_ = Json::array();
};

}  // namespace

int RunReplay(const Arguments& arguments, Output& out) {
  std::unique_ptr<KernelProgram> kernel;
  if (arguments.Has("--walk")) {
    const std::string name = arguments.Value("--walk");
    if (!IsKernelName(name)) {
      PrintError(Concat({"replay: --walk=", name,
                         ": all walks of the model are judged together; name "
                         "kernel code, kernel-...: 'pxdfuzz walks' lists it"}));
      return kUsage;
    }
    int exit_code = 0;
    kernel = OpenKernelProgramFor("replay", name, exit_code);
    if (kernel == nullptr) return exit_code;
  }
  Replayer replayer(
      arguments.Has("--json"),
      arguments.Has("--strict") ? Excuses::kNone : Excuses::kExpectedFailures,
      kernel.get(), out);
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
