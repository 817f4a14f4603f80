// SPDX-License-Identifier: MIT

#include "kernel/answer.h"

#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/paging/leaf.h"

namespace pxdfuzz {
namespace {

// Words by the value of the enumeration, or of the flag, that they stand for.
constexpr std::array<std::string_view, 7> kEnds = {
    "returned", "refused", "malformed", "fault", "bug", "endless", "overflow"};
constexpr std::array<std::string_view, 2> kRuns = {"get", "pin"};
constexpr std::array<std::string_view, 5> kLevels = {"pte", "pmd", "pud", "p4d",
                                                     "pgd"};
constexpr std::array<std::string_view, 3> kRoles = {"read", "again", "check"};
constexpr std::array<std::string_view, 4> kPlaces = {"table", "copy", "stack",
                                                     "nowhere"};
constexpr std::array<std::string_view, 5> kKinds = {"empty", "table", "leaf",
                                                    "swap", "malformed"};
constexpr std::array<std::string_view, 3> kPermissions = {"none", "ro", "rw"};
constexpr std::array<std::string_view, 2> kAges = {"old", "young"};
constexpr std::array<std::string_view, 2> kWritten = {"clean", "dirty"};
constexpr std::array<std::string_view, 2> kSpecial = {"normal", "special"};
constexpr std::array<std::string_view, 3> kEvents = {"change", "grab",
                                                     "give-back"};
constexpr std::string_view kFaulted = "fault";
constexpr std::string_view kUnknown = "?";

// Takes lines and words off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  std::string_view Line() { return Take('\n'); }
  std::string_view Word() { return Take(' '); }
  std::string_view rest() const { return text_; }

 private:
  std::string_view Take(char end) {
    const size_t at = text_.find(end);
    const std::string_view taken = text_.substr(0, at);
    text_.remove_prefix(at == std::string_view::npos ? text_.size() : at + 1);
    return taken;
  }
  std::string_view text_;
};

template <class Number>
bool ReadNumber(std::string_view word, Number& number) {
  int base = 10;
  if (word.starts_with("0x")) {
    word.remove_prefix(2);
    base = 16;
  }
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), number, base);
  return error == std::errc() && end == word.data() + word.size() &&
         !word.empty();
}

template <class Value>
bool ReadOneOf(std::span<const std::string_view> words, std::string_view word,
               Value& value) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != word) continue;
    value = static_cast<Value>(i);
    return true;
  }
  return false;
}

template <class Value>
std::string_view WordOf(std::span<const std::string_view> words, Value value) {
  return words[static_cast<size_t>(value)];
}

std::string KindWords(const EntryKind& kind) {
  std::string text(WordOf(kKinds, kind.tag));
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
    case EntryKind::Tag::kMalformed:
      return text;
    case EntryKind::Tag::kTable:
    case EntryKind::Tag::kSwap:
      return Concat({text, " ", Hex(kind.address)});
    case EntryKind::Tag::kLeaf:
      break;
  }
  return Concat({text, " ", Hex(kind.address), " ",
                 WordOf(kPermissions, kind.state.permission), " ",
                 WordOf(kAges, kind.state.young), " ",
                 WordOf(kWritten, kind.state.dirty), " ",
                 WordOf(kSpecial, kind.state.special)});
}

bool ReadKind(Scanner& words, EntryKind& kind) {
  if (!ReadOneOf(kKinds, words.Word(), kind.tag)) return false;
  switch (kind.tag) {
    case EntryKind::Tag::kEmpty:
    case EntryKind::Tag::kMalformed:
      return true;
    case EntryKind::Tag::kTable:
    case EntryKind::Tag::kSwap:
      return ReadNumber(words.Word(), kind.address);
    case EntryKind::Tag::kLeaf:
      break;
  }
  return ReadNumber(words.Word(), kind.address) &&
         ReadOneOf(kPermissions, words.Word(), kind.state.permission) &&
         ReadOneOf(kAges, words.Word(), kind.state.young) &&
         ReadOneOf(kWritten, words.Word(), kind.state.dirty) &&
         ReadOneOf(kSpecial, words.Word(), kind.state.special);
}

std::string PlaceWords(const KernelRead& read) {
  const std::string text(WordOf(kPlaces, read.place));
  switch (read.place) {
    case KernelRead::Place::kTable:
      return Concat({text, " ", Hex(read.physical.value_or(0))});
    case KernelRead::Place::kNowhere:
      return Concat({text, " ", Hex(read.nowhere)});
    case KernelRead::Place::kCopy:
      return text;
    case KernelRead::Place::kStack:
      break;
  }
  return Concat({text, " ",
                 read.above_copy.has_value() ? std::to_string(*read.above_copy)
                                             : std::string(kUnknown)});
}

bool ReadPlace(Scanner& words, KernelRead& read) {
  if (!ReadOneOf(kPlaces, words.Word(), read.place)) return false;
  switch (read.place) {
    case KernelRead::Place::kTable:
      return ReadNumber(words.Word(), read.physical.emplace());
    case KernelRead::Place::kNowhere:
      return ReadNumber(words.Word(), read.nowhere);
    case KernelRead::Place::kCopy:
      return true;
    case KernelRead::Place::kStack:
      break;
  }
  const std::string_view distance = words.Word();
  return distance == kUnknown ||
         ReadNumber(distance, read.above_copy.emplace());
}

bool ReadRead(Scanner words, KernelRead& read) {
  if (!ReadOneOf(kLevels, words.Word(), read.level)) return false;
  if (!ReadPlace(words, read)) return false;
  const std::string_view value = words.Word();
  if (value != kFaulted && !ReadNumber(value, read.value.emplace())) {
    return false;
  }
  if (!ReadKind(words, read.kind)) return false;
  // There is no table below that level.
  if (read.level == Level::kPte && read.kind.tag == EntryKind::Tag::kTable) {
    return false;
  }
  if (!ReadNumber(words.Word(), read.line)) return false;
  read.file = words.rest();
  return !read.file.empty();
}

bool ReadRun(Scanner words, KernelAnswer& answer) {
  if (!ReadOneOf(kRuns, words.Word(), answer.pin)) return false;
  return words.done() ||
         (ReadNumber(words.Word(), answer.refused.emplace()) && words.done());
}

bool ReadRace(Scanner words, KernelRaceFinding& race) {
  std::array<std::string_view, kOutcomeCount> outcomes;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    outcomes[i] = Name(static_cast<Outcome>(i));
  }
  std::array<std::string_view, kCauseCount> causes;
  for (size_t i = 0; i < causes.size(); ++i) {
    causes[i] = Name(static_cast<Cause>(i));
  }
  return ReadOneOf(outcomes, words.Word(), race.outcome) &&
         ReadNumber(words.Word(), race.page) &&
         ReadOneOf(causes, words.Word(), race.known) && words.done();
}

bool ReadEvent(Scanner words, KernelEvent& event) {
  if (event.kind != KernelEvent::Kind::kChange &&
      (!ReadNumber(words.Word(), event.count) || event.count == 0)) {
    return false;
  }
  return words.done();
}

// What came when `reads` reads had been made, from event `next` on.
std::string EventLines(const std::vector<KernelEvent>& events, size_t reads,
                       size_t& next) {
  std::string text;
  for (; next < events.size() && events[next].reads <= reads; ++next) {
    text += WordOf(kEvents, events[next].kind);
    if (events[next].kind != KernelEvent::Kind::kChange) {
      text += ' ' + std::to_string(events[next].count);
    }
    text += '\n';
  }
  return text;
}

bool ReadName(Scanner words, std::string& name) {
  name = words.rest();
  return !name.empty();
}

}  // namespace

std::string_view Name(KernelAnswer::End end) { return WordOf(kEnds, end); }

std::string ToLines(const KernelText& text) {
  return Concat({"name ", text.name, "\nversion ", text.version, "\ncut ",
                 text.cut, "\narch ", text.arch, "\nvariant ", text.variant,
                 "\n"});
}

std::optional<KernelText> TextFromLines(std::string_view lines) {
  KernelText text;
  Scanner scanner(lines);
  for (const auto& [key, value] : {std::pair("name", &text.name),
                                   {"version", &text.version},
                                   {"cut", &text.cut},
                                   {"arch", &text.arch},
                                   {"variant", &text.variant}}) {
    Scanner line(scanner.Line());
    if (line.Word() != key || line.done()) return std::nullopt;
    *value = line.rest();
  }
  if (!scanner.done()) return std::nullopt;
  return text;
}

std::string ToLines(const KernelAnswer& answer) {
  std::string text = Concat({"request ", WordOf(kEnds, answer.end)});
  if (!answer.bug.empty()) text += ' ' + answer.bug;
  text += Concat({"\nrun ", WordOf(kRuns, answer.pin)});
  if (answer.refused.has_value()) {
    text += ' ' + std::to_string(*answer.refused);
  }
  text += Concat({"\nheld ", std::to_string(answer.held), "\n"});
  if (!answer.finding.empty()) {
    text += Concat({"finding ", answer.finding, "\n"});
  }
  if (!answer.known.empty()) text += Concat({"known ", answer.known, "\n"});
  if (answer.race.has_value()) {
    text += Concat({"race ", Name(answer.race->outcome), " ",
                    std::to_string(answer.race->page), " ",
                    Name(answer.race->known), "\n"});
  }
  if (!answer.pages.empty()) {
    text += "pages";
    for (const uint64_t page : answer.pages) text += ' ' + Hex(page);
    text += '\n';
  }
  size_t next = 0;
  for (size_t i = 0; i < answer.reads.size(); ++i) {
    text += EventLines(answer.events, i, next);
    const KernelRead& read = answer.reads[i];
    text += Concat(
        {WordOf(kRoles, read.role), " ", WordOf(kLevels, read.level), " ",
         PlaceWords(read), " ",
         read.value.has_value() ? Hex(*read.value) : std::string(kFaulted), " ",
         KindWords(read.kind), " ", std::to_string(read.line), " ", read.file,
         "\n"});
  }
  text += EventLines(answer.events, answer.reads.size(), next);
  return text + std::string(kAnswerEnd);
}

std::optional<KernelAnswer> AnswerFromLines(std::string_view lines) {
  KernelAnswer answer;
  Scanner scanner(lines);
  Scanner first(scanner.Line());
  if (first.Word() != "request" ||
      !ReadOneOf(kEnds, first.Word(), answer.end)) {
    return std::nullopt;
  }
  answer.bug = first.rest();
  if (answer.bug.empty() != (answer.end != KernelAnswer::End::kBug)) {
    return std::nullopt;
  }
  while (!scanner.done()) {
    Scanner line(scanner.Line());
    const std::string_view key = line.Word();
    bool understood = false;
    if (key == "end") {
      // Without its end of line it may have been cut off, as a longer word.
      if (!line.done() || !scanner.done() || !lines.ends_with(kAnswerEnd)) {
        return std::nullopt;
      }
      return answer;
    }
    if (key == "run") {
      understood = ReadRun(line, answer);
    } else if (key == "held") {
      understood = ReadNumber(line.rest(), answer.held);
    } else if (key == "finding") {
      understood = ReadName(line, answer.finding);
    } else if (key == "known") {
      understood = ReadName(line, answer.known);
    } else if (key == "race") {
      understood = ReadRace(line, answer.race.emplace());
    } else if (KernelEvent event{.reads = answer.reads.size()};
               ReadOneOf(kEvents, key, event.kind)) {
      understood = ReadEvent(line, event);
      answer.events.push_back(event);
    } else if (key == "pages") {
      understood = !line.done();
      while (understood && !line.done()) {
        understood = ReadNumber(line.Word(), answer.pages.emplace_back());
      }
    } else if (KernelRead::Role role; ReadOneOf(kRoles, key, role)) {
      KernelRead& read = answer.reads.emplace_back();
      read.role = role;
      understood = ReadRead(line, read);
    }
    if (!understood) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace pxdfuzz
