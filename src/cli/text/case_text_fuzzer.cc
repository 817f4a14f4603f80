// SPDX-License-Identifier: MIT

// Any bytes as the text of a case. Either the parser refuses them in one line,
// or they are a case that bytes can represent and whose text reads back to it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "src/cli/text/case_reader.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<pxdfuzz::Case> c = pxdfuzz::ReadCaseText(text, "x");
  if (!c.ok()) {
    const std::string message(c.status().message());
    Require(message.starts_with("x:"));
    Require(message.find('\n') == std::string::npos);
    return 0;
  }
  const std::string canonical = pxdfuzz::ToText(*c);
  const absl::StatusOr<pxdfuzz::Case> again =
      pxdfuzz::ReadCaseText(canonical, "x");
  Require(again.ok() && *again == *c);
  std::array<uint8_t, pxdfuzz::kMaxEncodedSize> bytes;
  const size_t length = pxdfuzz::Encode(*c, bytes);
  Require(pxdfuzz::Decode(std::span(bytes).first(length)) == *c);
  return 0;
}
