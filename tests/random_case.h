// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_RANDOM_CASE_H_
#define PXDFUZZ_TESTS_RANDOM_CASE_H_

#include <cstdint>
#include <optional>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"

namespace pxdfuzz {

// Canonical cases whose parts are random field by field, not made from bytes:
// what a person might write, and what bytes rarely represent.
class RandomCase {
 public:
  explicit RandomCase(uint64_t seed) : rng_(seed) {}

  // At most this many records, and changes: 0 to 3, or one more, which is left
  // out.
  Case Next(uint64_t most_records = 5) {
    Case c;
    do {
      c.mode = kAllPagingModes[rng_.Below(kAllPagingModes.size())];
    } while (!IsBuilt(c.mode));
    c.stack.position = static_cast<uint16_t>(rng_.Next());
    c.stack.around = static_cast<StackContent>(rng_.Below(4));
    for (uint64_t n = rng_.Below(6); n > 0; --n) {
      c.stack.words.push_back(
          {.distance = static_cast<int16_t>(rng_.Next() >> rng_.Below(64)),
           .content = static_cast<StackContent>(rng_.Below(4)),
           .word = rng_.Next()});
    }
    for (uint64_t n = 1 + rng_.Below(4); n > 0; --n) {
      c.requests.push_back(
          {.start = Address(),
           .pages = static_cast<uint16_t>(rng_.Next()),
           .write = rng_.Chance(1, 2),
           .references = static_cast<References>(rng_.Below(3)),
           .longterm = rng_.Chance(1, 2),
           .refused = MaybePage(),
           .inaccessible = MaybePage()});
    }
    for (uint64_t n = rng_.Below(4); n > 0; --n) {
      c.pages.push_back(
          {.kind = static_cast<PageKind>(rng_.Below(kPageKindCount)),
           .level = AnyLevel(),
           .frame = rng_.Next(),
           .count = static_cast<uint16_t>(rng_.Next())});
    }
    for (uint64_t n = rng_.Below(most_records + 1); n > 0; --n) {
      c.setup.push_back({.kind = kSetupKinds[rng_.Below(kSetupKinds.size())],
                         .level = AnyLevel(),
                         .address = Address(),
                         .count = static_cast<uint16_t>(rng_.Next()),
                         .frame = rng_.Next(),
                         .state = State(),
                         .word = rng_.Next()});
    }
    for (uint64_t n = rng_.Below(5); n > 0; --n) {
      ConcurrentOp op;
      op.kind = kConcurrentKinds[rng_.Below(kConcurrentKinds.size())];
      op.level = AnyLevel();
      op.number = static_cast<uint16_t>(rng_.Next() >> rng_.Below(64));
      op.moment = static_cast<Moment>(rng_.Below(kMomentCount));
      op.address = Address();
      op.count = static_cast<uint16_t>(rng_.Next() >> rng_.Below(64));
      op.frame = rng_.Next();
      op.state = State();
      c.concurrent.push_back(op);
    }
    Canonicalize(c);
    return c;
  }

 private:
  std::optional<uint16_t> MaybePage() {
    if (rng_.Chance(1, 2)) return std::nullopt;
    return static_cast<uint16_t>(rng_.Next() >> rng_.Below(64));
  }
  Level AnyLevel() { return static_cast<Level>(rng_.Below(kLevelCount)); }
  uint64_t Address() {
    const uint64_t base = rng_.Pick({rng_.Next(), rng_.Next() >> rng_.Below(64),
                                     uint64_t{1} << rng_.Below(64)});
    return WrappingAdd(base, static_cast<uint64_t>(rng_.Between(-5, 5)) << 12);
  }
  LeafState State() {
    return {.permission = static_cast<Permission>(rng_.Below(3)),
            .young = rng_.Chance(1, 2),
            .dirty = rng_.Chance(1, 2),
            .special = rng_.Chance(1, 2)};
  }

  Rng rng_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_RANDOM_CASE_H_
