// SPDX-License-Identifier: MIT

// pxdfuzz exhaust.

#include "pxdfuzz/exhaust/exhaust.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/exhaust/exhaust_changes.h"
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
  // The same while an entry is changed; ranges of no pages leave that out.
  WorldBounds changes;
  std::vector<Policy> walks{kAllWalks.begin(), kAllWalks.end()};
  std::vector<int> levels = {2, 3, 4, 5};
  std::vector<int> index_bits = {1, 2};
};

// One walk in one paging mode.
template <class Result>
struct ExploredMode {
  Policy walk;
  int levels = 0;
  int index_bits = 0;
  Result result;
};
using Explored = ExploredMode<ExhaustResult>;
using ExploredRaces = ExploredMode<RaceResult>;

// Everything in the scope.
struct AllExplored {
  std::vector<Explored> quiet;
  std::vector<ExploredRaces> races;
};

Cause ExpectedInStillTables(const Explored& explored) {
  return S390::ExpectedFailures(explored.walk, explored.levels).InStillTables();
}

// What of `causes` satisfies `wanted`, as a list of names.
template <class Wanted>
std::string List(Causes causes, Wanted&& wanted) {
  std::string text;
  for (size_t i = 0; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
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

// How far all of it is.
class Bar {
 public:
  explicit Bar(uint64_t ranges) : ranges_(ranges) {}

  // What the next calls of Show() are about.
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

// One result for each walk in each paging mode, all of them empty so far.
template <class Result>
std::vector<ExploredMode<Result>> Modes(const Scope& scope,
                                        const WorldBounds& bounds,
                                        uint64_t& ranges) {
  std::vector<ExploredMode<Result>> all;
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

AllExplored Explore(const Scope& scope) {
  uint64_t ranges = 0;
  AllExplored all{
      .quiet = Modes<ExhaustResult>(scope, scope.bounds, ranges),
      .races = Modes<RaceResult>(scope, scope.changes, ranges),
  };
  Bar bar(ranges);
  const auto show = [&bar](const ExhaustProgress& progress) {
    bar.Show(progress);
  };
  const auto begin = [&bar](const auto& one, std::string_view changes) {
    bar.Begin(Concat({Name(one.walk), " ", ModeName(one.levels), ", ",
                      Plural(one.index_bits, "index bit"), changes}));
  };
  for (Explored& one : all.quiet) {
    begin(one, "");
    one.result =
        ExhaustTiny(one.index_bits, one.levels, one.walk, scope.bounds, show);
    bar.End(one.result.ranges);
  }
  for (ExploredRaces& one : all.races) {
    begin(one, ", changes");
    one.result = ExhaustChangesTiny(one.index_bits, one.levels, one.walk,
                                    Recheck::kYes, scope.changes, show);
    bar.End(one.result.ranges);
  }
  return all;
}

// What is said of a walk: `holds`, `broken` as is known, or `differs`.
template <class Result>
std::string_view VerdictOf(const ExploredMode<Result>& explored) {
  if (explored.result.unexcused() > 0) return "differs";
  return explored.result.differ > 0 ? "broken" : "holds";
}

// The same of one or two paging modes, for people.
std::string Verdict(const std::vector<const Explored*>& row) {
  uint64_t differ = 0;
  uint64_t unexcused = 0;
  for (const Explored* explored : row) {
    differ += explored->result.differ;
    unexcused += explored->result.unexcused();
  }
  const Cause cause = ExpectedInStillTables(*row[0]);
  if (unexcused > 0) return Concat({"DIFFERS in ", Grouped(unexcused)});
  if (differ > 0) {
    return Concat({"broken: ", Name(cause), " in ", Grouped(differ)});
  }
  // Ranges that are too short do not show a defect.
  return cause == Cause::kNone
             ? "holds"
             : Concat({"no difference; known: ", Name(cause)});
}

// "walk, paging mode        1 bit      2 bits", and what else there is.
void AddTitle(const Scope& scope, std::string_view rest, TextLines& text) {
  std::string title = "walk, space ";
  for (const int bits : scope.index_bits) {
    title += Right(Plural(bits, "bit"), 12);
  }
  text.Line(Concat({title, rest}), LineStyle::kTitle);
}

// "The first that differs, ...", and the world in some lines.
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

// What goes wrong first, if nothing excuses it.
template <class Result>
void AddFindings(const std::vector<ExploredMode<Result>>& all,
                 TextLines& text) {
  for (const ExploredMode<Result>& explored : all) {
    if (!explored.result.finding.has_value()) continue;
    AddWorld("that differs", explored.index_bits,
             Describe(*explored.result.finding), text);
  }
}

void PrintTable(const Scope& scope, const std::vector<Explored>& all,
                Output& out) {
  TextLines text(out.color());
  text.Wrap("", "",
            Concat({"Ranges of up to ", Plural(scope.bounds.pages, "page"),
                    " (a smaller space: all of it), at each page, for reading "
                    "and for writing; behaviours by index bits of a level, and "
                    "those that differ from the reference."}));
  text.Blank();
  AddTitle(scope, "  invariant  verdict", text);
  uint64_t behaviours = 0;
  uint64_t unexcused = 0;
  uint64_t differ = 0;
  const size_t columns = scope.index_bits.size();
  for (size_t i = 0; i < all.size(); i += columns) {
    if (i == 0 || all[i].walk != all[i - 1].walk) {
      text.Line(Name(all[i].walk));
    }
    std::string line = Concat({"  ", ModeName(all[i].levels), "    "});
    std::vector<const Explored*> row;
    bool invariant = true;
    for (size_t j = i; j < i + columns; ++j) {
      const ExhaustResult& result = all[j].result;
      row.push_back(&all[j]);
      line += Right(Grouped(result.behaviours), 12);
      behaviours += result.behaviours;
      unexcused += result.unexcused();
      differ += result.differ;
      invariant &= result.invariant;
    }
    line += invariant ? "  kept       " : "  broken     ";
    bool is_finding = false;
    for (const Explored* explored : row) {
      is_finding |= explored->result.finding.has_value();
    }
    text.Line(line + Verdict(row),
              is_finding ? LineStyle::kMarked : LineStyle::kPlain);
  }
  AddFindings(all, text);
  text.Blank();
  text.Line(Concat({Grouped(behaviours), " behaviours, ", Grouped(differ),
                    " differ, ", Grouped(differ - unexcused),
                    " of them by a expected failure"}),
            LineStyle::kTitle);
  out.Write(text.text());
}

// As above, of paging modes in which an entry is changed.
std::string Verdict(const std::vector<const ExploredRaces*>& row) {
  uint64_t differ = 0;
  uint64_t unexcused = 0;
  std::array<uint64_t, kCauseCount> excused{};
  for (const ExploredRaces* explored : row) {
    const RaceResult& result = explored->result;
    differ += result.differ;
    unexcused += result.unexcused();
    for (size_t i = 0; i < kCauseCount; ++i) excused[i] += result.excused[i];
  }
  if (unexcused > 0) return Concat({"DIFFERS in ", Grouped(unexcused)});
  const Causes known = S390::ExpectedFailures(row[0]->walk, row[0]->levels);
  const std::string unseen = List(known, [&](Cause cause) {
    return excused[static_cast<size_t>(cause)] == 0;
  });
  if (differ == 0) {
    return unseen.empty() ? "holds"
                          : Concat({"no difference; known: ", unseen});
  }
  std::string verdict;
  for (size_t i = 0; i < kCauseCount; ++i) {
    if (excused[i] == 0) continue;
    verdict += Concat({verdict.empty() ? "broken: " : ", ",
                       Name(static_cast<Cause>(i)), " ", Grouped(excused[i])});
  }
  // Ranges that are too short do not show every cause.
  if (!unseen.empty()) verdict += Concat({"; known: ", unseen});
  return verdict;
}

// The first world of each cause that takes a change to show.
void AddWitnesses(const std::vector<ExploredRaces>& all, TextLines& text) {
  for (size_t i = 0; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    const auto shows_it = [cause, i](const ExploredRaces& one) {
      return one.result.known[i].has_value() &&
             S390::ExpectedFailures(one.walk, one.levels).InStillTables() !=
                 cause;
    };
    const auto first = std::find_if(all.begin(), all.end(), shows_it);
    if (first == all.end()) continue;
    AddWorld(Concat({"by ", Name(cause)}), first->index_bits,
             Describe(*first->result.known[i]), text);
  }
}

void PrintTable(const Scope& scope, const std::vector<ExploredRaces>& all,
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
                    "page that was not there, or not any more, stops early or "
                    "reads what it may not."}));
  text.Blank();
  AddTitle(scope, "  verdict", text);
  uint64_t worlds = 0;
  uint64_t changed = 0;
  uint64_t differ = 0;
  uint64_t unexcused = 0;
  const size_t columns = scope.index_bits.size();
  for (size_t i = 0; i < all.size(); i += columns) {
    if (i == 0 || all[i].walk != all[i - 1].walk) {
      text.Line(Name(all[i].walk));
    }
    std::string line = Concat({"  ", ModeName(all[i].levels), "    "});
    std::vector<const ExploredRaces*> row;
    bool is_finding = false;
    for (size_t j = i; j < i + columns; ++j) {
      const RaceResult& result = all[j].result;
      row.push_back(&all[j]);
      line += Right(Grouped(result.behaviours), 12);
      worlds += result.behaviours;
      changed += result.changed;
      differ += result.differ;
      unexcused += result.unexcused();
      is_finding |= result.finding.has_value();
    }
    text.Line(Concat({line, "  ", Verdict(row)}),
              is_finding ? LineStyle::kMarked : LineStyle::kPlain);
  }
  AddWitnesses(all, text);
  AddFindings(all, text);
  text.Blank();
  text.Line(Concat({Grouped(worlds), " worlds, ", Grouped(changed),
                    " changed, ", Grouped(differ), " go wrong, ",
                    Grouped(differ - unexcused), " as known"}),
            LineStyle::kTitle);
  out.Write(text.text());
}

// How often each of Kind's values is seen, by name.
template <class Kind, size_t kCount>
Json JsonCounts(const std::array<uint64_t, kCount>& counts) {
  Json json;
  for (size_t i = 0; i < kCount; ++i) {
    json[std::string(Name(static_cast<Kind>(i)))] = counts[i];
  }
  return json;
}

// What each object begins with.
template <class Result>
Json JsonMode(const ExploredMode<Result>& explored) {
  return {{"walk", Name(explored.walk)},
          {"space", ModeName(explored.levels)},
          {"index_bits", explored.index_bits},
          {"verdict", VerdictOf(explored)}};
}

Json JsonOf(const Explored& explored) {
  const ExhaustResult& result = explored.result;
  const Cause cause = ExpectedInStillTables(explored);
  const std::optional<WorldWitness>& first =
      result.finding.has_value() ? result.finding : result.known;
  Json json = JsonMode(explored);
  json["expected_failure"] = cause == Cause::kNone ? Json() : Json(Name(cause));
  json["ranges"] = result.ranges;
  json["behaviours"] = result.behaviours;
  json["differ"] = result.differ;
  json["excused"] = result.excused;
  json["outcomes"] = JsonCounts<Outcome>(result.outcomes);
  json["outcomes"]["endless"] = result.endless;
  json["invariant"] = result.invariant;
  json["first"] = first.has_value() ? Json(Describe(*first)) : Json();
  return json;
}

Json JsonOf(const ExploredRaces& explored) {
  const RaceResult& result = explored.result;
  Json known = Json::array();
  Json first = Json::object();
  const auto add_first = [&](Cause cause,
                             const std::optional<RaceWitness>& witness) {
    if (!witness.has_value()) return;
    first[std::string(Name(cause))] = Describe(*witness);
  };
  add_first(Cause::kNone, result.finding);
  for (size_t i = 1; i < kCauseCount; ++i) {
    const auto cause = static_cast<Cause>(i);
    add_first(cause, result.known[i]);
    if (!S390::ExpectedFailures(explored.walk, explored.levels)
             .Contains(cause)) {
      continue;
    }
    known.push_back(Name(cause));
  }
  Json json = JsonMode(explored);
  json["known"] = known;
  json["ranges"] = result.ranges;
  json["worlds"] = result.behaviours;
  json["changed"] = result.changed;
  json["outcomes"] = JsonCounts<Outcome>(result.outcomes);
  json["outcomes"]["endless"] = result.endless;
  json["by_cause"] = JsonCounts<Cause>(result.excused);
  json["first"] = first;
  return json;
}

template <class Result>
Json JsonList(const std::vector<ExploredMode<Result>>& all) {
  Json list = Json::array();
  for (const ExploredMode<Result>& explored : all) {
    list.push_back(JsonOf(explored));
  }
  return list;
}

void PrintJson(const Scope& scope, const AllExplored& all, Output& out) {
  out.Write(JsonText(Json{
      {"pages", scope.bounds.pages},
      {"walks", JsonList(all.quiet)},
      {"changes",
       {{"pages", scope.changes.pages}, {"walks", JsonList(all.races)}}}}));
}

int UsageError(std::string_view flag, std::string_view value,
               std::string_view wanted) {
  PrintError(Concat({"exhaust: ", flag, "=", value, ": ", wanted}));
  return kUsage;
}

// The value of a flag as a number from `least` to `most`.
std::optional<int> Number(const std::string& text, int least, int most) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || parsed != end || number < least ||
      number > most) {
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
    PrintTable(scope, all.quiet, out);
    PrintTable(scope, all.races, out);
  }
  const auto is_finding = [](const auto& explored) {
    return explored.result.finding.has_value();
  };
  return std::any_of(all.quiet.begin(), all.quiet.end(), is_finding) ||
                 std::any_of(all.races.begin(), all.races.end(), is_finding)
             ? kFinding
             : kNothingFound;
}

}  // namespace pxdfuzz
