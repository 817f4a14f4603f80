// SPDX-License-Identifier: MIT

#include "src/cli/check/steps.h"

#include "absl/strings/str_format.h"
#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

constexpr double kBetweenLines = 30;

}  // namespace

void Steps::Begin(std::string_view what) {
  what_ = what;
  step_ = printed_ = Clock::now();
  Tick();
}

void Steps::Tick(std::string_view where) {
  const std::string text =
      Concat({what_, absl::StrFormat(" (%.0f s)", step_seconds()),
              where.empty() ? "" : ": ", where});
  progress_.Say(text);
  if (!is_terminal_ && Since(printed_) >= kBetweenLines) Say(text);
}

void Steps::Say(std::string_view text) {
  progress_.End();
  out_.Write(Concat({"  ", text, "\n"}));
  printed_ = Clock::now();
}

void Steps::End(std::string_view more) {
  progress_.End();
  out_.Write(Concat({what_, " ... ", absl::StrFormat("%.0f s", step_seconds()),
                     more.empty() ? "" : ", ", more, "\n"}));
}

}  // namespace pxdfuzz
