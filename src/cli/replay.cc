// SPDX-License-Identifier: MIT

// pxdfuzz replay.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/case.h"
#include "pxdfuzz/compare.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/text_lines.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/json.h"

namespace pxdfuzz {
namespace {

// What became of a file.
enum class Result : uint8_t {
  kAgrees,
  kKnownDefect,
  kFinding,
  kNotComparable,
  kUnreadable,
};
constexpr size_t kResults = 5;

struct ResultText {
  std::string_view json;
  // In the summary, of one case and of several.
  std::string_view one;
  std::string_view several;
};
constexpr std::array<ResultText, kResults> kTexts = {{
    {"agrees", "agrees", "agree"},
    {"known-defect", "known defect", "known defects"},
    {"finding", "finding", "findings"},
    {"not-comparable", "not comparable", "not comparable"},
    {"unreadable", "unreadable", "unreadable"},
}};

Result ResultOf(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kNotComparable:
      return Result::kNotComparable;
    case Verdict::Kind::kAgrees:
      return Result::kAgrees;
    case Verdict::Kind::kKnownDefect:
      return Result::kKnownDefect;
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

// "static-by-value (left-copy)".
std::string KnownDefects(const Verdict& verdict) {
  std::string text;
  for (const Cause cause : {Cause::kLeftCopy, Cause::kStuck}) {
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
    const Incomparable reason = verdict.requests[i].incomparable;
    if (reason == Incomparable::kNo) continue;
    text += Concat({"; request ", std::to_string(i + 1),
                    " not comparable: ", Describe(reason)});
  }
  return text;
}

Incomparable ReasonOf(const Verdict& verdict) {
  if (verdict.incomparable != Incomparable::kNo || verdict.requests.empty()) {
    return verdict.incomparable;
  }
  return verdict.requests[0].incomparable;
}

std::string Line(const Verdict& verdict) {
  switch (ResultOf(verdict)) {
    case Result::kAgrees:
      return "agrees" + RefusedRequests(verdict);
    case Result::kKnownDefect:
      return Concat(
          {"known defect: ", KnownDefects(verdict), RefusedRequests(verdict)});
    case Result::kFinding: {
      const std::vector<std::string> walks = WalksWith(verdict, Cause::kNone);
      std::string text = Concat({"FINDING ", Name(verdict.finding->signature)});
      if (walks.size() > 1) {
        text += Concat({" (wrong: ", Enumerate(walks), ")"});
      }
      if (const std::string known = KnownDefects(verdict); !known.empty()) {
        text += Concat({"; known defect: ", known});
      }
      return text + RefusedRequests(verdict);
    }
    case Result::kNotComparable:
      return Concat({"not comparable: ", Describe(ReasonOf(verdict))});
    case Result::kUnreadable:
      break;
  }
  return "";
}

LineStyle StyleOf(Result result) {
  return result == Result::kFinding ? LineStyle::kMarked : LineStyle::kPlain;
}

std::string JsonWalks(const Verdict& verdict) {
  std::string json;
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    for (size_t j = 0; j < kWalkCount; ++j) {
      const WalkVerdict& walk = verdict.requests[i].walks[j];
      if (walk.outcome == Outcome::kAgrees) continue;
      json += Concat(
          {json.empty() ? "" : ", ", "{\"request\": ", std::to_string(i + 1),
           ", \"walk\": ", JsonString(Name(kAllWalks[j])),
           ", \"outcome\": ", JsonString(Name(walk.outcome)), ", \"cause\": ",
           walk.excuse == Cause::kNone ? std::string("null")
                                       : JsonString(Name(walk.excuse)),
           "}"});
    }
  }
  return Concat({"[", json, "]"});
}

std::string JsonRequests(const Verdict& verdict) {
  std::string json;
  for (size_t i = 0; i < verdict.requests.size(); ++i) {
    const Incomparable reason = verdict.requests[i].incomparable;
    if (reason == Incomparable::kNo) continue;
    json += Concat({json.empty() ? "" : ", ",
                    "{\"request\": ", std::to_string(i + 1),
                    ", \"reason\": ", JsonString(Describe(reason)), "}"});
  }
  return Concat({"[", json, "]"});
}

// Writes what becomes of each file, and counts.
class Replayer {
 public:
  Replayer(bool json, Excuses excuses, Output& out)
      : json_(json), excuses_(excuses), out_(out) {}

  void Begin() {
    if (!json_) return;
    out_.Write(Concat(
        {"{\n  \"strict\": ", excuses_ == Excuses::kNone ? "true" : "false",
         ",\n  \"cases\": ["}));
  }

  void Replay(const std::string& file) {
    const absl::StatusOr<Case> c = ReadCase(file);
    if (!c.ok()) {
      AddUnreadable(file, c.status());
      return;
    }
    const Verdict& verdict = oracle_.Judge(*c, WalkSet::All(), excuses_);
    const Result result = ResultOf(verdict);
    Count(result);
    if (json_) {
      std::string members = Concat({"\"walks\": ", JsonWalks(verdict),
                                    ", \"refused\": ", JsonRequests(verdict)});
      if (result == Result::kFinding) {
        members += Concat({", \"signature\": ",
                           JsonString(Name(verdict.finding->signature))});
      }
      if (result == Result::kNotComparable) {
        members +=
            Concat({", \"reason\": ", JsonString(Describe(ReasonOf(verdict)))});
      }
      AddJson(file, result, members);
      return;
    }
    TextLines text(out_.color());
    text.Line(Concat({file, ": ", Line(verdict)}), StyleOf(result));
    out_.Write(text.text());
  }

  void AddUnreadable(const std::string& file, const absl::Status& status) {
    Count(Result::kUnreadable);
    PrintError(status);
    if (!json_) return;
    AddJson(file, Result::kUnreadable,
            Concat({"\"error\": ", JsonString(std::string(status.message()))}));
  }

  int End() {
    size_t total = 0;
    for (const size_t count : counts_) total += count;
    if (json_) {
      std::string summary = Concat({"\"cases\": ", std::to_string(total)});
      for (size_t i = 0; i < kResults; ++i) {
        summary += Concat({", ", JsonString(kTexts[i].json), ": ",
                           std::to_string(counts_[i])});
      }
      out_.Write(Concat({is_first_ ? "" : "\n  ", "],\n  \"summary\": {",
                         summary, "}\n}\n"}));
    } else {
      std::string summary = Plural(total, "case");
      for (size_t i = 0; i < kResults; ++i) {
        // Findings are counted even where there are none.
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
    return counts_[static_cast<size_t>(Result::kUnreadable)] > 0
               ? kUnreadable
               : kNothingFound;
  }

 private:
  void Count(Result result) { ++counts_[static_cast<size_t>(result)]; }

  void AddJson(const std::string& file, Result result,
               std::string_view members) {
    out_.Write(Concat(
        {is_first_ ? "\n" : ",\n", "    {\"file\": ", JsonString(file),
         ", \"result\": ", JsonString(kTexts[static_cast<size_t>(result)].json),
         ", ", members, "}"}));
    is_first_ = false;
  }

  const bool json_;
  const Excuses excuses_;
  Output& out_;
  Oracle oracle_;
  std::array<size_t, kResults> counts_{};
  bool is_first_ = true;
};

}  // namespace

int RunReplay(const Arguments& arguments, Output& out) {
  Replayer replayer(
      arguments.Has("--json"),
      arguments.Has("--strict") ? Excuses::kNone : Excuses::kKnownDefects, out);
  replayer.Begin();
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
