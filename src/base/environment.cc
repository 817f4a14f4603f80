// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/environment.h"

#include <unistd.h>

#include <cstdlib>

namespace pxdfuzz {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Environment Environment::Read() {
  Environment environment;
  environment.only = Variable("PXDFUZZ_ONLY");
  environment.signature = Variable("PXDFUZZ_SIGNATURE");
  environment.stats = Variable("PXDFUZZ_STATS");
  environment.findings = Variable("PXDFUZZ_FINDINGS");
  environment.kernel = Variable("PXDFUZZ_KERNEL");
  environment.kernel_programs = Variable("PXDFUZZ_KERNEL_PROGRAMS");
  const std::string other_side = Variable("PXDFUZZ_OTHER_SIDE");
  environment.other_side_goes_on = other_side == "goes-on";
  if (!other_side.empty() && other_side != "goes-on" && other_side != "waits") {
    environment.error =
        "PXDFUZZ_OTHER_SIDE=" + other_side + ": say waits or goes-on";
  }
  const std::string color = Variable("PXDFUZZ_COLOR");
  if (color == "always" || color == "never") {
    environment.color = color == "always";
  } else if (!Variable("NO_COLOR").empty()) {
    environment.color = false;
  }
  if (!color.empty() && color != "always" && color != "never") {
    environment.error = "PXDFUZZ_COLOR=" + color + ": say always or never";
  }
  return environment;
}

bool Environment::HasColor(int descriptor) const {
  return color.value_or(isatty(descriptor) != 0);
}

}  // namespace pxdfuzz
