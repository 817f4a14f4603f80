// SPDX-License-Identifier: MIT

// The reference alone: rules that Translate must keep whatever words the tables
// hold. No failure is expected.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "fuzz/harness/harness.h"
#include "fuzz/targets.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/engine/finding.h"
#include "pxdfuzz/reference/translate_rules.h"

PXDFUZZ_THIS_TARGET

namespace {

[[noreturn, gnu::noinline]] void AbortByTranslateRule() { std::abort(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using pxdfuzz::Harness;
  static pxdfuzz::TranslateRules& rules = *new pxdfuzz::TranslateRules();
  pxdfuzz::Case c;
  if (!Harness::Get().Begin({data, size}, c)) return 0;
  const std::optional<pxdfuzz::RuleViolation> violation = rules.Check(c);
  Harness::Get().stats().CountJudged();
  if (!violation.has_value()) return 0;
  const std::string signature =
      Name(pxdfuzz::Finding{.translate_rule = violation->rule});
  if (!Harness::Get().Wants(signature)) return 0;
  const auto report = [&] {
    std::string text = Describe(*violation, c.mode) + '\n' + ToText(c) + '\n';
    for (const auto& [purpose, command] :
         Harness::Get().Commands({data, size}, signature)) {
      text += "  # " + purpose + "\n  " + command + '\n';
    }
    return text + "\nDEDUP_TOKEN: " + signature + '\n';
  };
  if (!Harness::Get().AbortsFor({data, size}, c, signature, report)) return 0;
  AbortByTranslateRule();
}
