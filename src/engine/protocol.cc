// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/protocol.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"

namespace pxdfuzz {
namespace {

// Words by the value of the enumeration or flag that they represent.
template <class Value, size_t kCount>
constexpr std::array<std::string_view, kCount> NamesOf() {
  std::array<std::string_view, kCount> names;
  for (size_t i = 0; i < kCount; ++i) names[i] = Name(static_cast<Value>(i));
  return names;
}
constexpr auto kEnds = NamesOf<RunEnd, kRunEndCount>();
constexpr auto kReasons = NamesOf<Inconclusive, kInconclusiveCount>();
constexpr auto kCauses = NamesOf<Cause, kCauseCount>();
constexpr auto kTags = NamesOf<EntryKind::Tag, kEntryTagCount>();
constexpr auto kLevels = NamesOf<Level, kLevelCount>();
constexpr auto kKinds = NamesOf<PageKind, kPageKindCount>();
constexpr std::array<std::string_view, 2> kCalls = {"get", "pin"};
constexpr std::array<std::string_view, 6> kEvents = {
    "iteration", "reread", "check", "grab", "put", "change"};
constexpr std::array<std::string_view, 4> kPlaces = {"table", "copy", "stack",
                                                     "nowhere"};
constexpr std::array<std::string_view, 3> kSteps = {"stop", "leaf", "descend"};
constexpr std::array<std::string_view, 3> kPermissions = {"none", "ro", "rw"};
constexpr std::array<std::string_view, 2> kAges = {"old", "young"};
constexpr std::array<std::string_view, 2> kWritten = {"clean", "dirty"};
constexpr std::array<std::string_view, 2> kSpecial = {"normal", "special"};
constexpr std::array<std::string_view, 2> kInvalid = {"valid", "invalid"};
constexpr std::array<std::string_view, 2> kPassedOn = {"tested", "passed-on"};
constexpr std::array<std::string_view, 2> kHolds = {"outside", "holds"};
constexpr std::array<std::string_view, 2> kInvariant = {"broken", "kept"};
constexpr std::string_view kFaulted = "fault";
constexpr std::string_view kUnknown = "?";
constexpr std::string_view kNowhere = "nowhere";
constexpr std::string_view kOffInvariant = "invariant";

// Takes lines and words from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  std::string_view Line() { return Take('\n'); }
  std::string_view Word() { return Take(' '); }
  std::string_view rest() const { return text_; }

  template <class Number>
  bool Read(Number& number) {
    std::string_view word = Word();
    const bool hex = word.starts_with("0x");
    if (hex) word.remove_prefix(2);
    const auto [end, error] = std::from_chars(
        word.data(), word.data() + word.size(), number, hex ? 16 : 10);
    return error == std::errc() && end == word.data() + word.size() &&
           !word.empty();
  }
  template <class Value>
  bool ReadOneOf(std::span<const std::string_view> words, Value& value) {
    const std::string_view word = Word();
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] != word) continue;
      value = static_cast<Value>(i);
      return true;
    }
    return false;
  }
  bool ReadName(std::string& name) {
    name = std::exchange(text_, "");
    return !name.empty();
  }

 private:
  std::string_view Take(char end) {
    const size_t at = text_.find(end);
    const std::string_view taken = text_.substr(0, at);
    text_.remove_prefix(at == std::string_view::npos ? text_.size() : at + 1);
    return taken;
  }
  std::string_view text_;
};

template <class Value>
std::string_view WordOf(std::span<const std::string_view> words, Value value) {
  return words[static_cast<size_t>(value)];
}

std::string Line(std::initializer_list<std::string_view> words) {
  std::string line;
  for (const std::string_view word : words) {
    line += Concat({line.empty() ? "" : " ", word});
  }
  return line + '\n';
}

std::string Number(uint64_t number) { return std::to_string(number); }

std::string MeaningWords(const EntryKind& kind) {
  std::string text(WordOf(kTags, kind.tag));
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
    case EntryKind::Tag::kMalformed:
      return text;
    case EntryKind::Tag::kTable:
    case EntryKind::Tag::kSwap:
    case EntryKind::Tag::kMigration:
    case EntryKind::Tag::kHwPoison:
    case EntryKind::Tag::kDevicePrivate:
      return Concat({text, " ", Hex(kind.address)});
    case EntryKind::Tag::kLeaf:
      break;
  }
  return Concat({text, " ", Hex(kind.address), " ",
                 WordOf(kPermissions, kind.state.permission), " ",
                 WordOf(kAges, kind.state.young), " ",
                 WordOf(kWritten, kind.state.dirty), " ",
                 WordOf(kSpecial, kind.state.special), " ",
                 WordOf(kInvalid, kind.state.invalid), " ",
                 Hex(AttributesOf(kind.state))});
}

bool ReadMeaning(Scanner& words, EntryKind& kind) {
  if (!words.ReadOneOf(kTags, kind.tag)) return false;
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
    case EntryKind::Tag::kMalformed:
      return true;
    case EntryKind::Tag::kTable:
    case EntryKind::Tag::kSwap:
    case EntryKind::Tag::kMigration:
    case EntryKind::Tag::kHwPoison:
    case EntryKind::Tag::kDevicePrivate:
      return words.Read(kind.address);
    case EntryKind::Tag::kLeaf:
      break;
  }
  uint16_t attributes = 0;
  const bool is_read = words.Read(kind.address) &&
                       words.ReadOneOf(kPermissions, kind.state.permission) &&
                       words.ReadOneOf(kAges, kind.state.young) &&
                       words.ReadOneOf(kWritten, kind.state.dirty) &&
                       words.ReadOneOf(kSpecial, kind.state.special) &&
                       words.ReadOneOf(kInvalid, kind.state.invalid) &&
                       words.Read(attributes);
  SetAttributes(attributes, kind.state);
  return is_read;
}

std::string PlaceWords(const Place& place) {
  const std::string_view word = WordOf(kPlaces, place.kind);
  switch (place.kind) {
    case Place::Kind::kTable:
    case Place::Kind::kNowhere:
      return Concat({word, " ", Hex(place.physical)});
    case Place::Kind::kOwnCopy:
      return Concat({word, " ", Name(place.copy_of)});
    case Place::Kind::kStack:
      break;
  }
  return Concat({word, " ", Name(place.copy_of), " ",
                 place.distance.has_value() ? std::to_string(*place.distance)
                                            : std::string(kUnknown)});
}

bool ReadPlace(Scanner& words, Place& place) {
  if (!words.ReadOneOf(kPlaces, place.kind)) return false;
  switch (place.kind) {
    case Place::Kind::kTable:
    case Place::Kind::kNowhere:
      return words.Read(place.physical);
    case Place::Kind::kOwnCopy:
      return words.ReadOneOf(kLevels, place.copy_of);
    case Place::Kind::kStack:
      break;
  }
  if (!words.ReadOneOf(kLevels, place.copy_of)) return false;
  Scanner distance(words.Word());
  return distance.rest() == kUnknown || distance.Read(place.distance.emplace());
}

std::string PartWords(const IterationPart& part) {
  return Line({"part", Hex(part.address), Hex(part.next),
               WordOf(kSteps, part.step), WordOf(kPassedOn, part.passed_on),
               WordOf(kHolds, part.holds), WordOf(kInvariant, part.invariant)});
}

bool ReadPart(Scanner& words, IterationPart& part) {
  return words.Read(part.address) && words.Read(part.next) &&
         words.ReadOneOf(kSteps, part.step) &&
         words.ReadOneOf(kPassedOn, part.passed_on) &&
         words.ReadOneOf(kHolds, part.holds) &&
         words.ReadOneOf(kInvariant, part.invariant) && words.done();
}

std::string EventLines(const Event& event) {
  std::string text =
      Concat({WordOf(kEvents, event.kind), " ", Number(event.read), " ",
              Number(event.snapshot), " ", Number(event.held)});
  if (!event.is_read()) {
    if (event.kind != Event::Kind::kChange) text += ' ' + Number(event.count);
    return text + '\n';
  }
  text += Concat(
      {" ", Name(event.level), " ", PlaceWords(event.place), " ",
       event.value.has_value() ? Hex(*event.value) : std::string(kFaulted), " ",
       MeaningWords(event.meaning)});
  if (!event.file.empty()) {
    text += Concat({" ", std::to_string(event.line), " ", event.file});
  }
  text += '\n';
  if (event.part.has_value()) text += PartWords(*event.part);
  return text;
}

bool ReadEvent(Scanner& words, Event& event) {
  if (!words.Read(event.read) || !words.Read(event.snapshot) ||
      !words.Read(event.held)) {
    return false;
  }
  if (event.kind == Event::Kind::kChange) return words.done();
  if (!event.is_read()) {
    return words.Read(event.count) && event.count != 0 && words.done();
  }
  if (!words.ReadOneOf(kLevels, event.level)) return false;
  if (!ReadPlace(words, event.place)) return false;
  Scanner value(words.Word());
  if (value.rest() != kFaulted && !value.Read(event.value.emplace())) {
    return false;
  }
  if (!ReadMeaning(words, event.meaning)) return false;
  // There is no table below that level.
  if (event.level == Level::kPte &&
      event.meaning.tag == EntryKind::Tag::kTable) {
    return false;
  }
  return words.done() || (words.Read(event.line) && words.ReadName(event.file));
}

std::string ViolationLines(const FirstViolations& violations) {
  std::string text;
  for (const Cause cause : kAllCauses) {
    if (violations.First(cause) == FirstViolations::kNever) continue;
    text += Line({"violation", Name(cause), Number(violations.First(cause))});
  }
  if (violations.nowhere != FirstViolations::kNever) {
    text += Line({"violation", kNowhere, Number(violations.nowhere)});
  }
  if (!violations.invariant) text += Line({"violation", kOffInvariant});
  return text;
}

bool ReadViolation(Scanner& words, FirstViolations& violations) {
  Scanner name(words.Word());
  if (name.rest() == kOffInvariant) {
    violations.invariant = false;
    return words.done();
  }
  size_t* first = nullptr;
  if (name.rest() == kNowhere) {
    first = &violations.nowhere;
  } else if (Cause cause; name.ReadOneOf(kCauses, cause)) {
    first = cause == Cause::kStackEscape      ? &violations.stack_escape
            : cause == Cause::kWrongEntry     ? &violations.wrong_entry
            : cause == Cause::kDoubleFetch    ? &violations.double_fetch
            : cause == Cause::kVacuousRecheck ? &violations.vacuous_recheck
                                              : nullptr;
  }
  return first != nullptr && words.Read(*first) && words.done();
}

bool ReadPage(Scanner& words, ReturnedPage& page) {
  return words.Read(page.physical) && words.Read(page.snapshot) &&
         words.Read(page.read) && words.done();
}

// A line of an answer other than the first and the last.
bool ReadLine(std::string_view key, Scanner& words, Answer& answer) {
  Recording& run = answer.run;
  if (key == "inconclusive") {
    return words.ReadOneOf(kReasons, answer.inconclusive) && words.done();
  }
  if (key == "call") {
    return words.ReadOneOf(kCalls, run.pin) &&
           (words.done() ||
            (words.Read(run.refused.emplace()) && words.done()));
  }
  if (key == "inaccessible") {
    return words.Read(run.inaccessible.emplace()) && words.done();
  }
  if (key == "count") return words.Read(run.count) && words.done();
  if (key == "held") return words.Read(run.held) && words.done();
  if (key == "reads") {
    return words.Read(run.reads) && words.Read(run.snapshot) && words.done();
  }
  if (key == "finding") {
    std::string name;
    if (!words.Read(answer.page) || !words.ReadName(name)) return false;
    answer.finding = std::move(name);
    return answer.finding.Get().has_value();
  }
  if (key == "cause") {
    return words.ReadOneOf(kCauses, answer.cause) && words.done();
  }
  if (key == "known") return words.ReadName(answer.known);
  if (key == "contract") {
    ContractBreak& contract = answer.contract.emplace();
    return words.Read(contract.page) && words.Read(contract.row) &&
           contract.row < std::size(kContract) &&
           words.ReadOneOf(kKinds, contract.kind) && words.done();
  }
  if (key == "violation") return ReadViolation(words, run.violations);
  if (key == "page") return ReadPage(words, run.pages.emplace_back());
  if (key == "part") {
    if (run.events.empty() ||
        run.events.back().kind != Event::Kind::kIteration ||
        run.events.back().part.has_value()) {
      return false;
    }
    return ReadPart(words, run.events.back().part.emplace());
  }
  Event& event = run.events.emplace_back();
  return Scanner(key).ReadOneOf(kEvents, event.kind) && ReadEvent(words, event);
}

}  // namespace

std::string Greeting(const KernelCode& code) {
  return Concat({kProtocolLine, "name ", code.name, "\nversion ", code.version,
                 "\nslice ", code.slice, "\narch ", code.arch, "\nvariant ",
                 code.variant, "\n", kGreetingEnd});
}

std::optional<KernelCode> ReadGreeting(std::string_view lines) {
  if (!lines.starts_with(kProtocolLine)) return std::nullopt;
  Scanner scanner(lines.substr(kProtocolLine.size()));
  KernelCode code;
  for (const auto& [key, value] : {std::pair("name", &code.name),
                                   {"version", &code.version},
                                   {"slice", &code.slice},
                                   {"arch", &code.arch},
                                   {"variant", &code.variant}}) {
    Scanner line(scanner.Line());
    if (line.Word() != key || !line.ReadName(*value)) return std::nullopt;
  }
  if (scanner.rest() != kGreetingEnd) return std::nullopt;
  return code;
}

std::string ToLines(const Answer& answer, bool recorded) {
  const Recording& run = answer.run;
  std::string text = Concat({"request ", Name(run.end)});
  if (!run.bug.empty()) text += ' ' + run.bug;
  text += '\n';
  if (answer.inconclusive != Inconclusive::kNo) {
    text += Line({"inconclusive", Name(answer.inconclusive)});
  }
  text += Concat({"call ", WordOf(kCalls, run.pin)});
  if (run.refused.has_value()) text += ' ' + Number(*run.refused);
  text += '\n';
  if (run.inaccessible.has_value()) {
    text += Line({"inaccessible", Hex(*run.inaccessible)});
  }
  text += Line({"count", Number(run.count)});
  text += Line({"held", Number(run.held)});
  if (!answer.finding.empty()) {
    text += Line({"finding", Number(answer.page), answer.finding.name()});
  }
  if (answer.cause != Cause::kNone) text += Line({"cause", Name(answer.cause)});
  if (!answer.known.empty()) text += Line({"known", answer.known});
  if (const auto& contract = answer.contract; contract.has_value()) {
    text += Line({"contract", Number(contract->page), Number(contract->row),
                  Name(contract->kind)});
  }
  if (recorded) {
    text += Line({"reads", Number(run.reads), Number(run.snapshot)});
    text += ViolationLines(run.violations);
    for (const ReturnedPage& page : run.pages) {
      text += Line({"page", Hex(page.physical), Number(page.snapshot),
                    Number(page.read)});
    }
    for (const Event& event : run.events) text += EventLines(event);
  }
  return text + std::string(kAnswerEnd);
}

std::optional<Answer> ReadAnswer(std::string_view lines) {
  // Without its line break the last word may be incomplete.
  if (!lines.ends_with(kAnswerEnd)) return std::nullopt;
  Answer answer;
  Scanner scanner(lines);
  Scanner first(scanner.Line());
  if (first.Word() != "request" || !first.ReadOneOf(kEnds, answer.run.end)) {
    return std::nullopt;
  }
  answer.run.bug = first.rest();
  const bool has_place =
      answer.run.end == RunEnd::kBug || answer.run.end == RunEnd::kTrap;
  if (answer.run.bug.empty() == has_place) {
    return std::nullopt;
  }
  while (scanner.rest() != kAnswerEnd) {
    Scanner line(scanner.Line());
    const std::string_view key = line.Word();
    if (scanner.done() || !ReadLine(key, line, answer)) return std::nullopt;
  }
  return answer;
}

}  // namespace pxdfuzz
