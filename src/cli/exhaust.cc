// SPDX-License-Identifier: MIT

// pxdfuzz exhaust.

#include "pxdfuzz/exhaust.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/policy.h"
#include "pxdfuzz/space.h"
#include "pxdfuzz/text_lines.h"
#include "src/cli/commands.h"
#include "src/cli/json.h"
#include "src/cli/progress.h"

namespace pxdfuzz {
namespace {

// What to explore.
struct Scope {
  WorldBounds bounds;
  std::vector<Policy> walks{kAllWalks.begin(), kAllWalks.end()};
  std::vector<int> levels = {2, 3, 4, 5};
  std::vector<int> index_bits = {1, 2};
};

// One walk in one kind of space.
struct Explored {
  Policy walk;
  int levels = 0;
  int index_bits = 0;
  ExhaustResult result;
};

Cause KnownDefect(const Explored& explored) {
  return S390::KnownDefect(explored.walk, explored.levels);
}

std::string SpaceName(int levels) {
  return Name(Space{ArchId::kS390, static_cast<uint8_t>(levels)});
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
  void End(const ExhaustResult& result) { done_ += result.ranges; }

 private:
  Progress progress_{"exhaust"};
  const uint64_t ranges_;
  uint64_t done_ = 0;
  std::string what_;
  std::chrono::steady_clock::time_point shown_ =
      std::chrono::steady_clock::now();
};

std::vector<Explored> Explore(const Scope& scope) {
  std::vector<Explored> all;
  uint64_t ranges = 0;
  for (const Policy& walk : scope.walks) {
    for (const int levels : scope.levels) {
      for (const int bits : scope.index_bits) {
        all.push_back({walk, levels, bits, {}});
        ranges += RequestsWithinTiny(bits, levels, scope.bounds).size();
      }
    }
  }
  Bar bar(ranges);
  for (Explored& one : all) {
    bar.Begin(Concat({Name(one.walk), " ", SpaceName(one.levels), ", ",
                      Plural(one.index_bits, "index bit")}));
    one.result = ExhaustTiny(
        one.index_bits, one.levels, one.walk, scope.bounds,
        [&bar](const ExhaustProgress& progress) { bar.Show(progress); });
    bar.End(one.result);
  }
  return all;
}

// What is said of a walk: `holds`, `broken` as is known, or `differs`.
std::string_view VerdictOf(const Explored& explored) {
  if (explored.result.unexcused() > 0) return "differs";
  return explored.result.differ > 0 ? "broken" : "holds";
}

// The same of one or two kinds of space, for people.
std::string Verdict(const std::vector<const Explored*>& row) {
  uint64_t differ = 0;
  uint64_t unexcused = 0;
  for (const Explored* explored : row) {
    differ += explored->result.differ;
    unexcused += explored->result.unexcused();
  }
  const Cause cause = KnownDefect(*row[0]);
  if (unexcused > 0) return Concat({"DIFFERS in ", Grouped(unexcused)});
  if (differ > 0) {
    return Concat({"broken: ", Name(cause), " in ", Grouped(differ)});
  }
  // Ranges that are too short do not show a defect.
  return cause == Cause::kNone
             ? "holds"
             : Concat({"no difference; known: ", Name(cause)});
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
  std::string title = "walk, space ";
  for (const int bits : scope.index_bits) {
    title += Right(Plural(bits, "bit"), 12);
  }
  text.Line(Concat({title, "  invariant  verdict"}), LineStyle::kTitle);
  uint64_t behaviours = 0;
  uint64_t unexcused = 0;
  uint64_t differ = 0;
  const size_t columns = scope.index_bits.size();
  for (size_t i = 0; i < all.size(); i += columns) {
    if (i == 0 || all[i].walk != all[i - 1].walk) {
      text.Line(Name(all[i].walk));
    }
    std::string line = Concat({"  ", SpaceName(all[i].levels), "    "});
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
  for (const Explored& explored : all) {
    if (!explored.result.finding.has_value()) continue;
    text.Blank();
    text.Line(Concat({"The first that differs, with ",
                      Plural(explored.index_bits, "index bit"), " a level:"}),
              LineStyle::kTitle);
    text.Line(Describe(*explored.result.finding));
  }
  text.Blank();
  text.Line(Concat({Grouped(behaviours), " behaviours, ", Grouped(differ),
                    " differ, ", Grouped(differ - unexcused),
                    " of them by a known defect"}),
            LineStyle::kTitle);
  out.Write(text.text());
}

std::string Json(bool value) { return value ? "true" : "false"; }

void PrintJson(const Scope& scope, const std::vector<Explored>& all,
               Output& out) {
  out.Write(Concat({"{\n  \"pages\": ", std::to_string(scope.bounds.pages),
                    ",\n  \"walks\": ["}));
  for (const Explored& explored : all) {
    const ExhaustResult& result = explored.result;
    const Cause cause = KnownDefect(explored);
    std::string outcomes;
    for (size_t i = 0; i < kOutcomeCount; ++i) {
      outcomes += Concat({JsonString(Name(static_cast<Outcome>(i))), ": ",
                          std::to_string(result.outcomes[i]), ", "});
    }
    const std::optional<WorldWitness>& first =
        result.finding.has_value() ? result.finding : result.known;
    out.Write(Concat(
        {&explored == all.data() ? "\n" : ",\n",
         "    {\"walk\": ",
         JsonString(Name(explored.walk)),
         ", \"space\": ",
         JsonString(SpaceName(explored.levels)),
         ", \"index_bits\": ",
         std::to_string(explored.index_bits),
         ", \"verdict\": ",
         JsonString(VerdictOf(explored)),
         ", \"known_defect\": ",
         cause == Cause::kNone ? std::string("null") : JsonString(Name(cause)),
         ", \"ranges\": ",
         std::to_string(result.ranges),
         ", \"behaviours\": ",
         std::to_string(result.behaviours),
         ", \"differ\": ",
         std::to_string(result.differ),
         ", \"excused\": ",
         std::to_string(result.excused),
         ", \"outcomes\": {",
         outcomes,
         "\"endless\": ",
         std::to_string(result.endless),
         "}",
         ", \"invariant\": ",
         Json(result.invariant),
         ", \"first\": ",
         first.has_value() ? JsonString(Describe(*first)) : std::string("null"),
         "}"}));
  }
  out.Write("\n  ]\n}\n");
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
  if (arguments.Has("--pages")) {
    const std::string value = arguments.Value("--pages");
    constexpr int kMost = WorldBounds::kMostPages;
    const std::optional<int> pages = Number(value, 1, kMost);
    if (!pages.has_value()) {
      return UsageError("--pages", value,
                        Concat({"is not 1 to ", std::to_string(kMost)}));
    }
    scope.bounds.pages = static_cast<uint64_t>(*pages);
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
  const std::vector<Explored> all = Explore(scope);
  if (arguments.Has("--json")) {
    PrintJson(scope, all, out);
  } else {
    PrintTable(scope, all, out);
  }
  for (const Explored& explored : all) {
    if (explored.result.finding.has_value()) return kFinding;
  }
  return kNothingFound;
}

}  // namespace pxdfuzz
