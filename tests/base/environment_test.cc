// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/environment.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

namespace pxdfuzz {
namespace {

class EnvironmentTest : public testing::Test {
 protected:
  EnvironmentTest() {
    for (const char* name : kNames) unsetenv(name);
  }
  ~EnvironmentTest() override {
    for (const char* name : kNames) unsetenv(name);
  }

  static constexpr const char* kNames[] = {
      "PXDFUZZ_ONLY",     "PXDFUZZ_SIGNATURE", "PXDFUZZ_STATS",
      "PXDFUZZ_FINDINGS", "PXDFUZZ_KERNEL",    "PXDFUZZ_KERNEL_PROGRAMS",
      "PXDFUZZ_COLOR",    "NO_COLOR"};
};

TEST_F(EnvironmentTest, ReadsEachVariable) {
  EXPECT_EQ(Environment::Read().only, "");
  for (const char* name : kNames) setenv(name, name, 1);
  setenv("PXDFUZZ_COLOR", "never", 1);
  const Environment environment = Environment::Read();
  EXPECT_EQ(environment.only, "PXDFUZZ_ONLY");
  EXPECT_EQ(environment.signature, "PXDFUZZ_SIGNATURE");
  EXPECT_EQ(environment.stats, "PXDFUZZ_STATS");
  EXPECT_EQ(environment.findings, "PXDFUZZ_FINDINGS");
  EXPECT_EQ(environment.kernel, "PXDFUZZ_KERNEL");
  EXPECT_EQ(environment.kernel_programs, "PXDFUZZ_KERNEL_PROGRAMS");
  EXPECT_EQ(environment.color, false);
  EXPECT_EQ(environment.error, "");
}

TEST_F(EnvironmentTest, ColorIsForTerminalsUnlessAVariableDecides) {
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(terminal, 0);
  const auto has_color = [](int descriptor) {
    return Environment::Read().HasColor(descriptor);
  };
  EXPECT_TRUE(has_color(terminal));
  EXPECT_FALSE(has_color(null));
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(has_color(terminal));
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(has_color(terminal));
  setenv("PXDFUZZ_COLOR", "always", 1);
  EXPECT_TRUE(has_color(null));
  setenv("PXDFUZZ_COLOR", "red", 1);
  EXPECT_EQ(Environment::Read().error,
            "PXDFUZZ_COLOR=red: say always or never");
  close(terminal);
  close(null);
}

}  // namespace
}  // namespace pxdfuzz
