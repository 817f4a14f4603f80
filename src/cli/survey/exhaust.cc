// SPDX-License-Identifier: MIT

// pxdfuzz exhaust.

#include "pxdfuzz/exhaust/exhaust.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

// What to explore.
struct Scope {
  WorldBounds bounds;
  // The same while an entry changes; skipped if ranges have no pages.
  WorldBounds changes{.changes = EntryChanges::kBeforeUse};
  std::vector<Policy> walks{kAllWalks.begin(), kAllWalks.end()};
  std::vector<int> levels = {2, 3, 4, 5};
  std::vector<int> index_bits = {1, 2};
};

// One walk in one paging mode.
struct Explored {
  Policy walk;
  int levels = 0;
  int index_bits = 0;
  ExhaustResult result;

  // The expected failures of the walk where entries change, and where none
  // does.
  Causes expected() const { return S390::ExpectedFailures(walk, levels); }
  Cause expected_still() const { return expected().InStillTables(); }
};

// Everything in the scope.
struct AllExplored {
  std::vector<Explored> still;
  std::vector<Explored> changing;
};

// The members of `causes` that satisfy `wanted`, as a list of names.
template <class Wanted>
std::string List(Causes causes, Wanted&& wanted) {
  std::string text;
  for (const Cause cause : kAllCauses) {
    if (!causes.Contains(cause) || !wanted(cause)) continue;
    text += Concat({text.empty() ? "" : ", ", Name(cause)});
  }
  return text;
}

std::string ModeName(int levels) {
  return Name(PagingMode{ArchId::kS390, static_cast<uint8_t>(levels)});
}

std::string Right(std::string text, size_t columns) {
  if (text.size() < columns) text.insert(0, columns - text.size(), ' ');
  return text;
}

// The total progress.
class Bar {
 public:
  explicit Bar(uint64_t ranges) : ranges_(ranges) {}

  // The subject of the next calls of Show().
  void Begin(std::string what) { what_ = std::move(what); }
  void Show(const ExhaustProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - shown_ < std::chrono::milliseconds(100)) return;
    shown_ = now;
    constexpr uint64_t kColumns = 20;
    const uint64_t done = done_ + progress.ranges_done;
    std::string bar(done * kColumns / ranges_, '#');
    bar.resize(kColumns, '.');
    progress_.Say(Concat(
        {"[", bar, "] ", std::to_string(done * 100 / ranges_), " %, ", what_}));
  }
  void End(uint64_t ranges) { done_ += ranges; }

 private:
  Progress progress_{"exhaust"};
  const uint64_t ranges_;
  uint64_t done_ = 0;
  std::string what_;
  std::chrono::steady_clock::time_point shown_ =
      std::chrono::steady_clock::now();
};

// All walks in all paging modes, nothing explored yet.
std::vector<Explored> Modes(const Scope& scope, const WorldBounds& bounds,
                            uint64_t& ranges) {
  std::vector<Explored> all;
  if (bounds.pages == 0) return all;
  for (const Policy& walk : scope.walks) {
    for (const int levels : scope.levels) {
      for (const int bits : scope.index_bits) {
        all.push_back({walk, levels, bits, {}});
        ranges += RequestsWithinTiny(bits, levels, bounds).size();
      }
    }
  }
  return all;
}

void Explore(const WorldBounds& bounds, Bar& bar, std::vector<Explored>& all) {
  const bool changing = bounds.changes != EntryChanges::kNever;
  for (Explored& one : all) {
    bar.Begin(Concat({Name(one.walk), " ", ModeName(one.levels), ", ",
                      Plural(one.index_bits, "index bit"),
                      changing ? ", changes" : ""}));
    one.result = ExhaustTiny(
        one.index_bits, one.levels, one.walk,
        changing ? Recheck::kYes : Recheck::kNo, bounds,
        [&bar](const ExhaustProgress& progress) { bar.Show(progress); });
    bar.End(one.result.ranges);
  }
}

AllExplored Explore(const Scope& scope) {
  uint64_t ranges = 0;
  AllExplored all{
      .still = Modes(scope, scope.bounds, ranges),
      .changing = Modes(scope, scope.changes, ranges),
  };
  Bar bar(ranges);
  Explore(scope.bounds, bar, all.still);
  Explore(scope.changes, bar, all.changing);
  return all;
}

// The verdict on a walk: `holds`, `broken` as expected, or `differs`.
std::string_view VerdictOf(const Explored& explored) {
  if (explored.result.unexpected() > 0) return "differs";
  return explored.result.differ > 0 ? "broken" : "holds";
}

// One walk in one paging mode, the sum over index bits.
struct Row {
  Causes expected;  // of those that can show in it
  uint64_t behaviours = 0;
  uint64_t changed = 0;
  uint64_t differ = 0;
  std::array<uint64_t, kCauseCount> by_cause{};
  bool invariant = true;

  uint64_t unexpected() const {
    return by_cause[static_cast<size_t>(Cause::kNone)];
  }

  void Add(const ExhaustResult& result) {
    behaviours += result.behaviours;
    changed += result.changed;
    differ += result.differ;
    for (size_t i = 0; i < kCauseCount; ++i) by_cause[i] += result.by_cause[i];
    invariant &= result.invariant;
  }
};

// The same for people.
std::string Verdict(const Row& row) {
  if (row.unexpected() > 0) {
    return Concat({"DIFFERS in ", Grouped(row.unexpected())});
  }
  const auto count = [&row](Cause cause) {
    return row.by_cause[static_cast<size_t>(cause)];
  };
  const std::string unseen =
      List(row.expected, [&](Cause cause) { return count(cause) == 0; });
  if (row.differ == 0) {
    return unseen.empty() ? "holds"
                          : Concat({"no difference; known: ", unseen});
  }
  std::string verdict;
  for (const Cause cause : kAllCauses) {
    if (count(cause) == 0) continue;
    verdict += Concat({verdict.empty() ? "broken: " : ", ", Name(cause), " ",
                       Grouped(count(cause))});
  }
  // Ranges that are too short do not show every cause.
  if (!unseen.empty()) verdict += Concat({"; known: ", unseen});
  return verdict;
}

// "walk, paging mode        1 bit      2 bits", and further columns.
void AddTitle(const Scope& scope, std::string_view rest, TextLines& text) {
  std::string title = "walk, mode  ";
  for (const int bits : scope.index_bits) {
    title += Right(Plural(bits, "bit"), 12);
  }
  text.Line(Concat({title, rest}), LineStyle::kTitle);
}

// "The first that differs, ...", and the world in a few lines.
void AddWorld(std::string_view which, int index_bits, std::string lines,
              TextLines& text) {
  lines.pop_back();  // its last end of line
  text.Blank();
  text.Line(Concat({"The first ", which, ", with ",
                    Plural(static_cast<uint64_t>(index_bits), "index bit"),
                    " a level:"}),
            LineStyle::kTitle);
  text.Line(lines);
}

// The first world of each cause that requires a change.
void AddWitnesses(const std::vector<Explored>& all, TextLines& text) {
  for (const Cause cause : kAllCauses) {
    const auto first =
        std::find_if(all.begin(), all.end(), [cause](const Explored& one) {
          return one.result.first_by(cause).has_value() &&
                 one.expected_still() != cause;
        });
    if (first == all.end()) continue;
    AddWorld(Concat({"by ", Name(cause)}), first->index_bits,
             Describe(*first->result.first_by(cause)), text);
  }
}

// The first failure that is not expected.
void AddFindings(const std::vector<Explored>& all, TextLines& text) {
  for (const Explored& explored : all) {
    if (!explored.result.finding().has_value()) continue;
    AddWorld("that differs", explored.index_bits,
             Describe(*explored.result.finding()), text);
  }
}

// A row for each walk in each paging mode. Returns the sum of all.
Row AddRows(const Scope& scope, const std::vector<Explored>& all, bool changing,
            TextLines& text) {
  AddTitle(scope, changing ? "  verdict" : "  invariant  verdict", text);
  Row sum;
  const size_t columns = scope.index_bits.size();
  for (size_t i = 0; i < all.size(); i += columns) {
    if (i == 0 || all[i].walk != all[i - 1].walk) {
      text.Line(Name(all[i].walk));
    }
    std::string line = Concat({"  ", ModeName(all[i].levels), "    "});
    Row row{.expected = changing ? all[i].expected()
                                 : Causes().Add(all[i].expected_still())};
    for (size_t j = i; j < i + columns; ++j) {
      line += Right(Grouped(all[j].result.behaviours), 12);
      row.Add(all[j].result);
      sum.Add(all[j].result);
    }
    line += changing ? "  " : row.invariant ? "  kept       " : "  broken     ";
    text.Line(line + Verdict(row),
              row.unexpected() > 0 ? LineStyle::kMarked : LineStyle::kPlain);
  }
  return sum;
}

void PrintStill(const Scope& scope, const std::vector<Explored>& all,
                Output& out) {
  TextLines text(out.color());
  text.Wrap(
      "", "",
      Concat(
          {"Ranges of up to ", Plural(scope.bounds.pages, "page"),
           " (a smaller address space: all of it), at each page, for reading "
           "and for writing; behaviours by index bits of a level, and "
           "those that differ from the reference."}));
  text.Blank();
  const Row sum = AddRows(scope, all, /*changing=*/false, text);
  AddFindings(all, text);
  text.Blank();
  text.Line(
      Concat({Grouped(sum.behaviours), " behaviours, ", Grouped(sum.differ),
              " differ, ", Grouped(sum.differ - sum.unexpected()),
              " of them by an expected failure"}),
      LineStyle::kTitle);
  out.Write(text.text());
}

void PrintChanging(const Scope& scope, const std::vector<Explored>& all,
                   Output& out) {
  if (all.empty()) return;
  TextLines text(out.color());
  text.Blank();
  text.Wrap("", "",
            Concat({"While another processor changes one entry, or none, each "
                    "in each way and at each time: ranges of up to ",
                    Plural(scope.changes.pages, "page"),
                    ", walks that have gup_fast's recheck; worlds by index "
                    "bits of a level, and those in which the walk returns a "
                    "page that was not there or no longer there, stops early "
                    "or reads what it may not."}));
  text.Blank();
  const Row sum = AddRows(scope, all, /*changing=*/true, text);
  AddWitnesses(all, text);
  AddFindings(all, text);
  text.Blank();
  text.Line(Concat({Grouped(sum.behaviours), " worlds, ", Grouped(sum.changed),
                    " changed, ", Grouped(sum.differ), " go wrong, ",
                    Grouped(sum.differ - sum.unexpected()), " as expected"}),
            LineStyle::kTitle);
  out.Write(text.text());
}

// How often each of Kind's values occurs, by name.
template <class Kind, size_t kCount>
Json JsonCounts(const std::array<uint64_t, kCount>& counts) {
  Json json;
  for (size_t i = 0; i < kCount; ++i) {
    json[std::string(Name(static_cast<Kind>(i)))] = counts[i];
  }
  return json;
}

// The members of both kinds of objects.
Json JsonOf(const Explored& explored) {
  const ExhaustResult& result = explored.result;
  Json json = {{"walk", Name(explored.walk)},
               {"space", ModeName(explored.levels)},
               {"index_bits", explored.index_bits},
               {"verdict", VerdictOf(explored)},
               {"ranges", result.ranges},
               {"outcomes", JsonCounts<Outcome>(result.outcomes)}};
  json["outcomes"]["endless"] = result.endless;
  return json;
}

Json JsonOfStill(const Explored& explored) {
  const ExhaustResult& result = explored.result;
  const Cause cause = explored.expected_still();
  const std::optional<WorldWitness>& first =
      result.finding().has_value() ? result.finding() : result.first_by(cause);
  Json json = JsonOf(explored);
  json["expected_failure"] = cause == Cause::kNone ? Json() : Json(Name(cause));
  json["behaviours"] = result.behaviours;
  json["differ"] = result.differ;
  json["expected_failures"] = result.expected();
  json["invariant"] = result.invariant;
  json["first"] = first.has_value() ? Json(Describe(*first)) : Json();
  return json;
}

Json JsonOfChanging(const Explored& explored) {
  const ExhaustResult& result = explored.result;
  Json known = Json::array();
  Json first = Json::object();
  for (size_t i = 0; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    if (result.first[i].has_value()) {
      first[std::string(Name(cause))] = Describe(*result.first[i]);
    }
    if (explored.expected().Contains(cause)) known.push_back(Name(cause));
  }
  Json json = JsonOf(explored);
  json["known"] = known;
  json["worlds"] = result.behaviours;
  json["changed"] = result.changed;
  json["by_cause"] = JsonCounts<Cause>(result.by_cause);
  json["first"] = first;
  return json;
}

template <class One>
Json JsonList(const std::vector<Explored>& all, One&& one) {
  Json list = Json::array();
  for (const Explored& explored : all) list.push_back(one(explored));
  return list;
}

void PrintJson(const Scope& scope, const AllExplored& all, Output& out) {
  out.Write(
      JsonText(Json{{"pages", scope.bounds.pages},
                    {"walks", JsonList(all.still, JsonOfStill)},
                    {"changes",
                     {{"pages", scope.changes.pages},
                      {"walks", JsonList(all.changing, JsonOfChanging)}}}}));
}

int UsageError(std::string_view flag, std::string_view value,
               std::string_view wanted) {
  PrintError(Concat({"exhaust: ", flag, "=", value, ": ", wanted}));
  return kUsage;
}

// The value of a flag as a number from `least` to `most`.
std::optional<int> Number(const std::string& text, int least, int most) {
  int number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return std::nullopt;
  }
  return number;
}

}  // namespace

int RunExhaust(const Arguments& arguments, Output& out) {
  Scope scope;
  struct PagesFlag {
    const char* flag;
    int least;
    WorldBounds& bounds;
  };
  for (const PagesFlag& one : {PagesFlag{"--pages", 1, scope.bounds},
                               PagesFlag{"--changes", 0, scope.changes}}) {
    if (!arguments.Has(one.flag)) continue;
    const std::string value = arguments.Value(one.flag);
    constexpr int kMost = WorldBounds::kMostPages;
    const std::optional<int> pages = Number(value, one.least, kMost);
    if (!pages.has_value()) {
      return UsageError(one.flag, value,
                        Concat({"is not ", std::to_string(one.least), " to ",
                                std::to_string(kMost)}));
    }
    one.bounds.pages = static_cast<uint64_t>(*pages);
  }
  if (arguments.Has("--index-bits")) {
    const std::string value = arguments.Value("--index-bits");
    const std::optional<int> bits = Number(value, 1, 2);
    if (bits.has_value()) {
      scope.index_bits = {*bits};
    } else if (value != "both") {
      return UsageError("--index-bits", value, "is not 1, 2 or both");
    }
  }
  if (arguments.Has("--levels")) {
    const std::string value = arguments.Value("--levels");
    const std::optional<int> levels =
        Number(value, S390::kMinLevels, S390::kMaxLevels);
    if (!levels.has_value()) {
      return UsageError("--levels", value, "is not 2 to 5");
    }
    scope.levels = {*levels};
  }
  if (arguments.Has("--walk")) {
    const std::string value = arguments.Value("--walk");
    const std::optional<Policy> walk = PolicyFromName(value);
    if (!walk.has_value()) {
      return UsageError("--walk", value,
                        "there is no such walk; 'pxdfuzz walks' names them");
    }
    scope.walks = {*walk};
  }
  const AllExplored all = Explore(scope);
  if (arguments.Has("--json")) {
    PrintJson(scope, all, out);
  } else {
    PrintStill(scope, all.still, out);
    PrintChanging(scope, all.changing, out);
  }
  const auto is_finding = [](const Explored& explored) {
    return explored.result.finding().has_value();
  };
  return std::any_of(all.still.begin(), all.still.end(), is_finding) ||
                 std::any_of(all.changing.begin(), all.changing.end(),
                             is_finding)
             ? kFinding
             : kNothingFound;
}

}  // namespace pxdfuzz
