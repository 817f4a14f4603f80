// SPDX-License-Identifier: MIT

// pxdfuzz decode, pxdfuzz encode.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"

namespace pxdfuzz {
int RunDecode(const Arguments& arguments, Output& out) {
  const absl::StatusOr<Case> c = ReadCase(arguments.operands[0]);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  return WriteResult(ToText(*c), arguments, kNothingFound, out);
}

int RunEncode(const Arguments& arguments, Output& out) {
  if (!arguments.Has("--output") && out.is_terminal()) {
    PrintError("encode: bytes are not for a terminal; name a file: -o OUT");
    return kUsage;
  }
  const absl::StatusOr<Case> c = ReadCase(arguments.operands[0]);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(*c, bytes);
  return WriteResult({reinterpret_cast<const char*>(bytes.data()), size},
                     arguments, kNothingFound, out);
}

}  // namespace pxdfuzz
