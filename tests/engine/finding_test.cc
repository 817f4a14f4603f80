// SPDX-License-Identifier: MIT

#include "pxdfuzz/engine/finding.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace pxdfuzz {
namespace {

// Every finding with a distinct name.
std::vector<Finding> AllFindings() {
  std::vector<std::string_view> walks = {
      "kernel-6.1-s390", "kernel-6.12-x86-64-by-value", "kernel-fake"};
  for (const Policy& policy : kAllWalks) walks.push_back(Name(policy));
  std::vector<Finding> whats;
  for (size_t i = 1; i < kOutcomeCount; ++i) {
    whats.push_back({.outcome = static_cast<Outcome>(i)});
  }
  for (size_t i = 1; i < kWalkRuleCount; ++i) {
    whats.push_back({.rule = static_cast<WalkRule>(i)});
  }
  for (const RunEnd end : {RunEnd::kEndless, RunEnd::kOverflow,
                           RunEnd::kSanitizer, RunEnd::kDied}) {
    whats.push_back({.outcome = Outcome::kFault, .end = end});
  }
  std::vector<Finding> findings;
  for (Finding finding : whats) {
    for (const std::string_view walk : walks) {
      finding.walk = walk;
      for (const PagingMode& mode : kAllPagingModes) {
        finding.mode = mode;
        for (const bool changing : {false, true}) {
          finding.changing = changing;
          if (finding.end == RunEnd::kSanitizer ||
              finding.end == RunEnd::kDied) {
            findings.push_back(finding);
            continue;
          }
          for (const Level level : kAllLevels) {
            finding.level = level;
            for (size_t tag = 0; tag < kEntryTagCount; ++tag) {
              finding.entry = static_cast<EntryKind::Tag>(tag);
              findings.push_back(finding);
            }
            if (finding.outcome != Outcome::kStrayRead) continue;
            finding.entry.reset();
            findings.push_back(finding);
          }
        }
      }
    }
  }
  return findings;
}

TEST(FindingTest, EveryNameIsReadBack) {
  std::set<std::string> names;
  const std::vector<Finding> findings = AllFindings();
  for (const Finding& finding : findings) {
    const std::string name = Name(finding);
    names.insert(name);
    const std::optional<Finding> read = FindingFromName(name);
    ASSERT_TRUE(read.has_value()) << name;
    EXPECT_EQ(read->mode, finding.mode) << name;
    EXPECT_EQ(read->walk, finding.walk) << name;
    EXPECT_EQ(read->changing, finding.changing) << name;
    EXPECT_EQ(read->rule, finding.rule) << name;
    EXPECT_EQ(read->outcome, finding.outcome) << name;
    EXPECT_EQ(read->end, finding.end) << name;
    EXPECT_EQ(read->translate_rule, "") << name;
    if (finding.end == RunEnd::kSanitizer || finding.end == RunEnd::kDied) {
      continue;
    }
    EXPECT_EQ(read->level, finding.level) << name;
    EXPECT_EQ(read->entry, finding.entry) << name;
  }
  EXPECT_EQ(names.size(), findings.size());
  EXPECT_GT(names.size(), 80'000u);
}

TEST(FindingTest, NamesDoNotChange) {
  EXPECT_EQ(Name(Finding{.mode = {ArchId::kS390, 3},
                         .walk = "static-by-value",
                         .outcome = Outcome::kWrongPage,
                         .entry = EntryKind::Tag::kLeaf}),
            "s390-3.static-by-value.wrong-page.pte-leaf");
  EXPECT_EQ(Name(Finding{.mode = {ArchId::kX86, 4},
                         .walk = "static-by-pointer",
                         .changing = true,
                         .outcome = Outcome::kFault,
                         .level = Level::kPmd}),
            "x86-64-4.static-by-pointer.changing.fault.pmd-empty");
  EXPECT_EQ(Name(Finding{.mode = {ArchId::kArm64Page16K, 3},
                         .walk = "kernel-6.12-arm64-16k",
                         .rule = WalkRule::kPageSize,
                         .level = Level::kPud,
                         .entry = EntryKind::Tag::kTable}),
            "kernel-6.12-arm64-16k.arm64-16k-3.page-size.pud-table");
  EXPECT_EQ(Name(Finding{.mode = {ArchId::kS390, 2},
                         .walk = "kernel-6.1-s390",
                         .outcome = Outcome::kStrayRead,
                         .level = Level::kPud,
                         .entry = std::nullopt}),
            "kernel-6.1-s390.s390-2.stray-read.pud");
  EXPECT_EQ(Name(Finding{.walk = "kernel-6.1-s390", .end = RunEnd::kDied}),
            "kernel-6.1-s390.s390-3.died");
}

TEST(FindingTest, FindingsOfTranslateHaveNoWalk) {
  const std::string name = "translate.s390.common-bit";
  EXPECT_EQ(Name(Finding{.translate_rule = "s390.common-bit"}), name);
  const std::optional<Finding> read = FindingFromName(name);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->translate_rule, "s390.common-bit");
  EXPECT_EQ(read->walk, "");
}

TEST(FindingTest, RefusesOtherNames) {
  for (const std::string_view name : {
           "",
           ".",
           "translate",
           "translate.",
           "crash.gup_pud_range",
           "s390-3",
           "s390-9.static-by-value.wrong-page.pte-leaf",
           "s390-3.static-by-luck.wrong-page.pte-leaf",
           "s390-3.static-by-value",
           "s390-3.static-by-value.agrees.pte-leaf",
           "s390-3.static-by-value.pages.pte-leaf",
           "s390-3.static-by-value.returned.pte-leaf",
           "s390-3.static-by-value.wrong-page",
           "s390-3.static-by-value.wrong-page.",
           "s390-3.static-by-value.wrong-page.pte",
           "s390-3.static-by-value.wrong-page.pxd-leaf",
           "s390-3.static-by-value.wrong-page.pte-bough",
           "s390-3.static-by-value.wrong-page.pte-",
           "s390-3.static-by-value.wrong-page.pte-leaf.",
           "s390-3.static-by-value.wrong-page.pte-leaf.more",
           "s390-3.static-by-value..wrong-page.pte-leaf",
           "s390-3.static-by-value.changing.changing.wrong-page.pte-leaf",
           "s390-3.kernel-6.1-s390.wrong-page.pte-leaf",
           "kernel-6.1-s390.wrong-page.pte-leaf",
           "kernel-6.1-s390.s390-3",
           "kernel-6.1-s390.s390-3.sanitizer.pte-leaf",
           "walk.s390-3.wrong-page.pte-leaf",
           ".s390-3.wrong-page.pte-leaf",
       }) {
    EXPECT_FALSE(FindingFromName(name).has_value()) << name;
  }
}

TEST(FindingTest, GroupsShareAPrefix) {
  EXPECT_EQ(GroupOf("s390-3.static-by-value.wrong-page.pte-leaf"), "s390-3");
  EXPECT_EQ(GroupOf("kernel-6.1-s390.s390-3.changing.fork.pte-leaf"),
            "kernel-6.1-s390");
  EXPECT_EQ(GroupOf("translate.s390.common-bit"), "translate");
  EXPECT_EQ(GroupOf("crash.gup_pud_range"), "crash.gup_pud_range");
}

}  // namespace
}  // namespace pxdfuzz
