// SPDX-License-Identifier: MIT

#include "pxdfuzz/reference/translate_rules.h"

#include <tuple>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/reference/arm64_rules.h"
#include "pxdfuzz/reference/s390_rules.h"
#include "pxdfuzz/reference/x86_rules.h"

namespace pxdfuzz {
namespace {

std::string Outcome(const Translation& t, PagingMode mode) {
  std::string text;
  if (t.code == 0) {
    text = Hex(t.physical);
    if (t.is_protected) text += ", protected";
  } else {
    VisitArch(mode.arch,
              [&]<class A>() { text = A::Manual::CodeName(t.code); });
    text += " (" + Hex(t.code) + ")";
  }
  if (!t.fetched) return text + ", nothing read";
  VisitArch(mode.arch, [&]<class A>() {
    text += ", last read ";
    text += Hex(t.entry);
    text += " in a ";
    text += A::Manual::TableName(t.level);
  });
  return text;
}

std::string Line(std::string_view label, std::string_view text) {
  std::string line(label);
  line += text;
  return line + '\n';
}

}  // namespace

std::string Describe(const RuleViolation& violation, PagingMode mode) {
  std::string text = Line("rule:    ", violation.rule);
  text += Line("says:    ", violation.text);
  text += Line("before:  ", Hex(violation.address) + " under control " +
                                Hex(violation.control));
  text += Line("         ", Outcome(violation.result, mode));
  text += Line("after:   ", Hex(violation.changed_address) + " under control " +
                                Hex(violation.changed_control));
  if (violation.written.has_value()) {
    text += Line("         ", "with " + Hex(violation.word) + " at " +
                                  Hex(*violation.written));
  }
  text += Line("         ", Outcome(violation.changed_result, mode));
  return text;
}

TranslateRules::TranslateRules() {
  const auto add = [this]<class A>(const A&) {
    Arenas& arenas = arenas_[static_cast<size_t>(A::kId)];
    arenas.first.reset(new Arena(MakeArena<A>()));
    arenas.second.reset(new Arena(MakeArena<A>()));
  };
  std::apply([&add](const auto&... arch) { (add(arch), ...); },
             Architectures());
}

std::optional<RuleViolation> TranslateRules::Check(const Case& c) {
  std::optional<RuleViolation> violation;
  if (c.empty()) return violation;
  VisitArch(c.mode.arch, [&]<class A>() {
    const Arenas& arenas = arenas_[static_cast<size_t>(A::kId)];
    violation = rules::RuleChecker<A>(*arenas.first, *arenas.second).Check(c);
  });
  return violation;
}

}  // namespace pxdfuzz
