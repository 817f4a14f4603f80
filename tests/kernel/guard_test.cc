// SPDX-License-Identifier: MIT

// Made-up walks that do not end, and how they are ended.

#include "kernel/guard.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cstdint>
#include <memory>

#include "tests/kernel/runaway.h"

namespace pxdfuzz {
namespace {

class GuardTest : public ::testing::Test {
 protected:
  RunEnd Run(void (*walk)(pxd_walk*)) {
    kernel_.walk = walk;
    walk_->root = &root_;
    walk_->pages = 512;
    walk_->refused = UINT64_MAX;
    walk_->page = room_.pages().data();
    return RunGuarded(kernel_, *walk_);
  }

  uint64_t root_ = 0;
  const PageRoom room_{512};
  pxd_kernel kernel_{};
  std::unique_ptr<pxd_walk> walk_ = std::make_unique<pxd_walk>();
};

TEST_F(GuardTest, AWalkThatReturns) {
  EXPECT_EQ(Run(&pxd_read_pages), RunEnd::kReturned);
  EXPECT_EQ(walk_->read_count, 512u);
}

TEST_F(GuardTest, ReadsAreBounded) {
  for (const auto walk : {&pxd_read_forever, &pxd_recurse_and_read}) {
    EXPECT_EQ(Run(walk), RunEnd::kEndless);
    // The maximum number of reads, and one more.
    EXPECT_EQ(walk_->read_count, PXD_ENDLESS + size_t{1});
  }
  walk_->pages = PXD_ENDLESS;
  kernel_.walk = &pxd_read_pages;
  EXPECT_EQ(RunGuarded(kernel_, *walk_), RunEnd::kReturned);
}

TEST_F(GuardTest, ReferencesAreBounded) {
  EXPECT_EQ(Run(&pxd_grab_forever), RunEnd::kEndless);
  EXPECT_EQ(walk_->grab_count, size_t{PXD_ENDLESS});
}

// The only test that takes time.
TEST_F(GuardTest, TimeIsBounded) {
  EXPECT_EQ(Run(&pxd_spin), RunEnd::kEndless);
  EXPECT_EQ(walk_->read_count, 0u);
}

TEST_F(GuardTest, TheStackIsBounded) {
  // The handler is installed each time, and has a separate stack.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Run(&pxd_recurse), RunEnd::kOverflow);
    EXPECT_EQ(Run(&pxd_recurse_far), RunEnd::kOverflow);
    EXPECT_EQ(Run(&pxd_large_frame), RunEnd::kOverflow);
    EXPECT_EQ(Run(&pxd_read_pages), RunEnd::kReturned);
  }
  stack_t stack;
  ASSERT_EQ(sigaltstack(nullptr, &stack), 0);
  EXPECT_EQ(stack.ss_flags, 0) << "the handler was left";
}

TEST_F(GuardTest, AFaultIsNoOverflow) {
  EXPECT_EQ(Run(&pxd_read_nowhere), RunEnd::kFault);
  EXPECT_EQ(Run(&pxd_read_nowhere), RunEnd::kFault);
}

TEST_F(GuardTest, PagesBehindTheRoomAreAFault) {
  EXPECT_EQ(Run(&pxd_write_forever), RunEnd::kFault);
  EXPECT_EQ(room_.pages().back(), 0x1000u);
  EXPECT_EQ(walk_->count, 513u);
}

TEST_F(GuardTest, RoomEndsWhereItsPagesEnd) {
  const PageRoom odd(3);
  EXPECT_EQ(odd.pages().size(), 3u);
  walk_->page = odd.pages().data();
  kernel_.walk = &pxd_write_forever;
  EXPECT_EQ(RunGuarded(kernel_, *walk_), RunEnd::kFault);
  EXPECT_EQ(walk_->count, 4u);
}

}  // namespace
}  // namespace pxdfuzz
