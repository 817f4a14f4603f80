// SPDX-License-Identifier: MIT

#include "pxdfuzz/shrink/shrink.h"

#include <array>

#include "src/shrink/reductions.h"

namespace pxdfuzz {
namespace {

constexpr std::array kReductions = {
    Reduction{"one-request", "one of several requests, or one less",
              shrink::OneRequest},
    Reduction{"drop-setup",
              "a shorter set-up: half of it, down to one operation less",
              shrink::DropSetup},
    Reduction{"drop-concurrent", "fewer concurrent operations",
              shrink::DropConcurrent},
    Reduction{"drop-words", "fewer words on the stack", shrink::DropWords},
    Reduction{"fewer-kinds", "fewer pages of other kinds", shrink::FewerKinds},
    Reduction{"fewer-levels", "the same with fewer levels of tables",
              shrink::FewerLevels},
    Reduction{"fewer-pages", "shorter requests, around a boundary for one",
              shrink::FewerPages},
    Reduction{"merge-setup", "one operation for two that touch",
              shrink::MergeSetup},
    Reduction{"setup-for-concurrent", "before the walk what is concurrent",
              shrink::SetupForConcurrent},
    Reduction{"merge-concurrent", "one concurrent operation for two that touch",
              shrink::MergeConcurrent},
    Reduction{"plain-concurrent", "a concurrent operation of a simpler kind",
              shrink::PlainConcurrent},
    Reduction{"plain-setup", "a mapping for what is none", shrink::PlainSetup},
    Reduction{"smaller-leaf", "small pages for a large one",
              shrink::SmallerLeaves},
    Reduction{"fewer-entries", "operations on fewer entries",
              shrink::FewerEntries},
    Reduction{"read", "reading for writing", shrink::ReadInsteadOfWrite},
    Reduction{"fewer-failures", "less that fails, or earlier",
              shrink::FewerFailures},
    Reduction{"plain-state", "states nearer to rw young dirty",
              shrink::PlainState},
    Reduction{"earlier-reads", "concurrent operations earlier, or at one time",
              shrink::EarlierReads},
    Reduction{"plain-stack", "a stack nearer to zeroes, at its page's start",
              shrink::PlainStack},
    Reduction{"sort-setup", "the set-up in the order of its addresses",
              shrink::SortSetup},
    Reduction{"lower-addresses", "all of it further down, at a first boundary",
              shrink::LowerAddresses},
    Reduction{"move-op", "one operation on tables further down",
              shrink::MoveOp},
    Reduction{"plain-frames", "frames one after the other, in order",
              shrink::PlainFramesOnly},
    Reduction{"start-over", "the simplest cases of a few operations",
              shrink::StartOver},
    Reduction{"pin-to-events", "references or entries to wait for, not reads",
              shrink::PinToEvents},
};

}  // namespace

std::span<const Reduction> Reductions() { return kReductions; }

std::vector<Case> Simpler(const Reduction& reduction, const Case& c) {
  std::vector<Case> proposals;
  reduction.propose(c, proposals);
  const Complexity most(c);
  std::vector<Case> simpler;
  for (Case& proposal : proposals) {
    Canonicalize(proposal);
    if (Complexity(proposal) < most) simpler.push_back(proposal);
  }
  return simpler;
}

bool Shrinker::Apply(const Reduction& reduction, Case& c) {
  for (const Case& simpler : Simpler(reduction, c)) {
    if (go_on_ && !go_on_(c)) {
      stopped_ = true;
      return false;
    }
    ++trials_;
    if (!keeps_(simpler)) continue;
    c = simpler;
    return true;
  }
  return false;
}

Case Shrinker::Shrink(const Case& c) {
  Case best = c;
  stopped_ = false;
  // Starts again with the first reduction whenever one has helped: the first
  // ones make a case smaller, which makes all others cheaper.
  for (size_t i = 0; i < kReductions.size() && !stopped_;) {
    i = Apply(kReductions[i], best) ? 0 : i + 1;
  }
  return best;
}

}  // namespace pxdfuzz
