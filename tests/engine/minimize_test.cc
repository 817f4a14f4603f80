// SPDX-License-Identifier: MIT

// libFuzzer's own minimisation, which works on bytes: with PXDFUZZ_SIGNATURE it
// keeps one finding of a file that shows two.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "fuzz/targets.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "tests/engine/program.h"
#include "tests/known_cases.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

constexpr char kFirst[] = "s390-3.static-by-value.wrong-page.pte-leaf";
constexpr char kSecond[] = "s390-3.static-by-value.short.pte-leaf";

std::optional<std::string> SignatureOf(const Case& c) {
  Oracle oracle;
  const Verdict& verdict =
      oracle.Judge(c, FindTarget("gup_strict_fuzzer")->walks, Waivers::kNone);
  if (!verdict.finding.has_value()) return std::nullopt;
  return Name(*verdict.finding);
}

std::optional<std::string> SignatureOf(const fs::path& file) {
  return SignatureOf(Decode(Bytes(Contents(file))));
}

// A wrong page in the first request and a missing page in the second.
Case TwoFindings() {
  Case c = Crossing(3, kThreadBorder, 2 * kGiB);
  const TableOp decoy = c.setup.back();
  c.setup.erase(c.setup.size() - 1);
  c.requests.push_back({.start = 8 * kGiB - 4096, .pages = 2});
  c.setup.push_back(MapPages(8 * kGiB - 4096, 2, 0x8000));
  for (int i = 0; i < 4; ++i) {
    c.setup.push_back(MapPages(0x40000000, 1, 0x9000));
  }
  // Last, so that the first finding needs what is easiest to drop.
  c.setup.push_back(decoy);
  Canonicalize(c);
  return c;
}

TEST(MinimizeTest, KeepsTheRequestedSignature) {
  const Case two = TwoFindings();
  ASSERT_EQ(SignatureOf(two), kFirst);
  Case second = two;
  second.requests.erase(0);
  ASSERT_EQ(SignatureOf(second), kSecond);

  ScratchFolder scratch;
  const fs::path file = scratch.path() / "two";
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(two, bytes);
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(size));
  const auto minimize = [&](const std::string& environment) {
    const fs::path small = scratch.path() / "small";
    std::error_code ignored;
    fs::remove(small, ignored);
    RunCommand(environment + Program("gup_strict_fuzzer") +
               " -minimize_crash=1 -seed=1 -runs=20000 -max_total_time=60 "
               "-exact_artifact_path='" +
               small.string() + "' '" + file.string() + "'");
    EXPECT_TRUE(fs::exists(small));
    EXPECT_LT(fs::file_size(small, ignored), size);
    return SignatureOf(small);
  };
  EXPECT_EQ(minimize(std::string("PXDFUZZ_SIGNATURE=") + kFirst + " "), kFirst);
}

}  // namespace
}  // namespace pxdfuzz
