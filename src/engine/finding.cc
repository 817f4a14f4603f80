// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/finding.h"

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/engine/kernel_code.h"

namespace pxdfuzz {
namespace {

constexpr std::string_view kTranslate = "translate";
constexpr std::string_view kChanging = "changing";
// Ends with a separate name; others are faults. The last two are about a
// process, not about an entry.
constexpr std::array<RunEnd, 4> kNamedEnds = {
    RunEnd::kEndless, RunEnd::kOverflow, RunEnd::kSanitizer, RunEnd::kDied};

bool HasName(RunEnd end) {
  for (const RunEnd named : kNamedEnds) {
    if (named == end) return true;
  }
  return false;
}

bool EndsProcess(RunEnd end) {
  return end == RunEnd::kSanitizer || end == RunEnd::kDied;
}

// "s390-3".
std::string ModeName(PagingMode mode) {
  return Concat({Name(mode.arch), "-", std::to_string(mode.levels)});
}

std::optional<PagingMode> ModeFromName(std::string_view name) {
  for (const PagingMode& mode : kAllPagingModes) {
    if (ModeName(mode) == name) return mode;
  }
  return std::nullopt;
}

bool ReadWhat(std::string_view word, Finding& finding) {
  for (const RunEnd end : kNamedEnds) {
    if (Name(end) != word) continue;
    finding.end = end;
    finding.outcome = Outcome::kFault;
    return true;
  }
  for (size_t i = 1; i < kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (Name(outcome) != word) continue;
    finding.outcome = outcome;
    return true;
  }
  for (size_t i = 1; i < kWalkRuleCount; ++i) {
    finding.rule = static_cast<WalkRule>(i);
    if (Name(finding.rule) == word) return true;
  }
  return false;
}

// "pmd-leaf", "pud".
bool ReadEntry(std::string_view word, Finding& finding) {
  const size_t dash = word.find('-');
  for (const Level level : kAllLevels) {
    if (Name(level) != word.substr(0, dash)) continue;
    finding.level = level;
    finding.entry.reset();
    if (dash == word.npos) return finding.outcome == Outcome::kStrayRead;
    for (size_t i = 0; i < kEntryTagCount; ++i) {
      const auto tag = static_cast<EntryKind::Tag>(i);
      if (Name(tag) == word.substr(dash + 1)) finding.entry = tag;
    }
    return finding.entry.has_value();
  }
  return false;
}

// Takes words from the front of a name.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }
  std::string_view Next() {
    const size_t end = rest_.find('.');
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    return word;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::string_view What(const Finding& finding) {
  if (HasName(finding.end)) return Name(finding.end);
  return finding.rule == WalkRule::kPages ? Name(finding.outcome)
                                          : Name(finding.rule);
}

std::string Name(const Finding& finding) {
  if (!finding.translate_rule.empty()) {
    return Concat({kTranslate, ".", finding.translate_rule});
  }
  const std::string mode = ModeName(finding.mode);
  const std::string name =
      Concat({IsKernelName(finding.walk) ? finding.walk : mode, ".",
              IsKernelName(finding.walk) ? mode : finding.walk,
              finding.changing ? "." : "", finding.changing ? kChanging : "",
              ".", What(finding)});
  if (EndsProcess(finding.end)) return name;
  return Concat({name, ".", Name(finding.level),
                 finding.entry.has_value() ? "-" : "",
                 finding.entry.has_value() ? Name(*finding.entry) : ""});
}

std::optional<Finding> FindingFromName(std::string_view name) {
  Finding finding;
  Words words(name);
  std::string_view word = words.Next();
  if (word == kTranslate) {
    finding.translate_rule = words.rest();
    if (words.done()) return std::nullopt;
    return finding;
  }
  std::optional<PagingMode> mode = ModeFromName(word);
  if (mode.has_value()) {
    finding.walk = words.Next();
    if (!PolicyFromName(finding.walk).has_value()) return std::nullopt;
  } else {
    // The name of kernel code contains its tree's version.
    size_t size = 0;
    while (!mode.has_value() && !words.done()) {
      size = name.size() - words.rest().size() - 1;
      mode = ModeFromName(words.Next());
    }
    finding.walk = name.substr(0, size);
    if (!mode.has_value() || !IsKernelName(finding.walk)) return std::nullopt;
  }
  finding.mode = *mode;
  word = words.Next();
  finding.changing = word == kChanging;
  if (finding.changing) word = words.Next();
  if (!ReadWhat(word, finding)) return std::nullopt;
  if (!EndsProcess(finding.end) && !ReadEntry(words.Next(), finding)) {
    return std::nullopt;
  }
  // Whether the name was read completely, and has no empty word.
  if (Name(finding) != name) return std::nullopt;
  return finding;
}

std::string GroupOf(std::string_view name) {
  const std::optional<Finding> finding = FindingFromName(name);
  if (!finding.has_value()) return std::string(name);
  if (!finding->translate_rule.empty()) return std::string(kTranslate);
  return IsKernelName(finding->walk) ? std::string(finding->walk)
                                     : ModeName(finding->mode);
}

}  // namespace pxdfuzz
