// SPDX-License-Identifier: MIT

// pxdfuzz contract, and the comparison of docs/contract.md with its output.
// Runs in the project's folder.

#include <gtest/gtest.h>

#include <string>

#include "pxdfuzz/reference/contract.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

TEST(ContractPageTest, MatchesTheOutput) {
  const Ran ran = RunCommand(Program("pxdfuzz") + " contract");
  EXPECT_EQ(ran.exit_code, 0);
  const std::string page = Contents("docs/contract.md");
  const size_t begin = page.find("| entry |");
  ASSERT_NE(begin, page.npos);
  EXPECT_EQ(page.substr(begin), ran.output)
      << "write the output of 'pxdfuzz contract' into docs/contract.md";
}

ContractQuestion Small(PageKind page, EntryMeaning entry, CallFlags flags) {
  return {
      .entry = entry, .page = page, .flags = flags, .rules = TreeRules::All()};
}

// Answers that were typed in.
TEST(ContractTest, KnownAnswers) {
  constexpr CallFlag kWrite = CallFlag::kWrite;
  constexpr CallFlag kPin = CallFlag::kPin;
  constexpr CallFlag kLongterm = CallFlag::kLongterm;
  constexpr EntryMeaning kReadOnly = EntryMeaning::kReadOnly;
  constexpr EntryMeaning kWritable = EntryMeaning::kWritable;
  using enum PageKind;
  EXPECT_EQ(Decide(Small(kAnonymous, kReadOnly, {kPin, kLongterm})),
            Duty::kReturn);
  EXPECT_EQ(Decide(Small(kAnonymous, kReadOnly, {kWrite})), Duty::kRefuse);
  EXPECT_EQ(Decide(Small(kAnonymous, EntryMeaning::kNoLeaf, {})),
            Duty::kRefuse);
  EXPECT_EQ(Decide(Small(kSharedAnonymous, kReadOnly, {})), Duty::kReturn);
  EXPECT_EQ(Decide(Small(kSharedAnonymous, kReadOnly, {kPin})), Duty::kRefuse);
  EXPECT_EQ(Decide(Small(kSharedAnonymous, kWritable, {kPin})), Duty::kEither);
  EXPECT_EQ(Decide(Small(kFile, kWritable, {kWrite, kPin})), Duty::kReturn);
  EXPECT_EQ(Decide(Small(kFile, kWritable, {kWrite, kPin, kLongterm})),
            Duty::kRefuse);
  EXPECT_EQ(Decide(Small(kShmem, kWritable, {kWrite, kPin, kLongterm})),
            Duty::kReturn);
  EXPECT_EQ(Decide(Small(kSecretmem, kWritable, {})), Duty::kRefuse);
  EXPECT_EQ(Decide(Small(kMovable, kWritable, {kPin})), Duty::kReturn);
  EXPECT_EQ(Decide(Small(kMovable, kWritable, {kPin, kLongterm})),
            Duty::kRefuse);
  ContractQuestion old = Small(kMovable, kWritable, {kPin, kLongterm});
  old.rules = {};
  EXPECT_EQ(Decide(old), Duty::kReturn);
  ContractQuestion hugetlb = Small(kFile, kWritable, {kWrite, kPin, kLongterm});
  hugetlb.size = LeafSize::kPud;
  EXPECT_EQ(Decide(hugetlb), Duty::kReturn);
}

}  // namespace
}  // namespace pxdfuzz
