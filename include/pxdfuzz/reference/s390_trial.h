// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_S390_TRIAL_H_
#define PXDFUZZ_REFERENCE_S390_TRIAL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/rule_trial.h"

namespace pxdfuzz::rules {

// What the rules for s390's raw tables are tried with: the format of entries
// and the ways to change a translation. Numbers stand here a second time on
// purpose: a mask that is wrong in S390 is to be noticed.
template <class Manual>
class S390Trial : public ChangedTrial<Manual, typename Manual::Facilities> {
  using Base = ChangedTrial<Manual, typename Manual::Facilities>;

 public:
  S390Trial(const Arena& arena, const Geometry& /*geometry*/, uint64_t control,
            uint64_t address, Rng choose, Findings findings)
      : Base(arena, {}, control, address, choose, findings) {
    // EDAT-2 requires EDAT-1. Every second case has both.
    const uint64_t kind = choose_.Below(4);
    machine_ = {.edat1 = kind != 0, .edat2 = kind >= 2};
  }

 protected:
  using Range = ChangedMemory::Range;

  using Base::address_, Base::base_, Base::choose_, Base::control_,
      Base::Expect, Base::findings_, Base::machine_, Base::memory_, Base::Run,
      Base::RunWith, Base::written_;

  // Address-space control elements.
  static constexpr uint64_t kPrivate = 0x100;
  static constexpr uint64_t kReal = 0x20;
  static constexpr uint64_t kAsceIgnored = 0xed0;
  // Region and segment entries.
  static constexpr uint64_t kFormat = 0x400;
  static constexpr uint64_t kProtect = 0x200;
  static constexpr uint64_t kInvalid = 0x20;
  static constexpr uint64_t kCommon = 0x10;
  static constexpr uint64_t kType = 0x0c;
  static constexpr uint64_t kOffsetAndLength = 0xc3;
  static constexpr uint64_t kInTable = 0xfff;
  static constexpr uint64_t kInPageTable = 0x7ff;
  // Page entries.
  static constexpr uint64_t kPageZero = 0x800;
  static constexpr uint64_t kPageInvalid = 0x400;
  static constexpr uint64_t kPageIgnored = 0x1ff;

  static constexpr uint16_t kAddressing = 0x05;
  static constexpr uint16_t kSpecification = 0x12;
  static constexpr uint16_t kAsceType = 0x38;

  // The number that an entry's type bits hold: 3 for region-first to 0 for
  // segment. `level` is not pte.
  static constexpr uint64_t TypeOf(Level level) {
    return static_cast<uint64_t>(level) - 1;
  }
  static constexpr int Shift(Level level) {
    return level == Level::kPte ? 12
                                : 20 + 11 * static_cast<int>(TypeOf(level));
  }
  static constexpr int IndexBits(Level level) {
    return level == Level::kPte ? 8 : 11;
  }
  static constexpr uint16_t TranslationCode(Level level) {
    switch (level) {
      case Level::kPte:
        return 0x11;
      case Level::kPmd:
        return 0x10;
      case Level::kPud:
        return 0x3b;
      case Level::kP4d:
        return 0x3a;
      case Level::kPgd:
        return 0x39;
    }
    return 0;
  }
  // The bits of an entry, or of the control element, that are not the origin of
  // the table of `level`.
  static constexpr uint64_t NotOrigin(Level level) {
    return level == Level::kPte ? kInPageTable : kInTable;
  }

  // Whether an entry of `level` can map a page.
  bool LargeAt(Level level) const {
    return (level == Level::kPmd && machine_.edat1) ||
           (level == Level::kPud && machine_.edat2);
  }
  bool ProtectsAt(Level level) const {
    return level <= Level::kPmd || machine_.edat1;
  }
  bool CommonCheckedAt(Level level) const {
    return level == Level::kPmd || (level == Level::kPud && machine_.edat2);
  }
  // `entry`, changed so that it causes no exception.
  static uint64_t Passable(Level level, uint64_t entry) {
    if (level == Level::kPte) return entry & ~(kPageInvalid | kPageZero);
    return (entry & ~(kInvalid | kType | kCommon)) | TypeOf(level) << 2;
  }

  // What led to the table of the i-th read, and a run with another word in its
  // place.
  uint64_t Parent(size_t i) const {
    return i == 0 ? control_ : base_.path[i - 1].entry;
  }
  Trial RunWithParent(size_t i, uint64_t word, uint64_t address) {
    if (i > 0) return RunWith(i - 1, word, control_, address);
    written_.reset();
    return Run(word, address);
  }
  Trial RunWithParent(size_t i, uint64_t word) {
    return RunWithParent(i, word, address_);
  }

  void ExpectAlike(std::string_view rule, std::string_view text,
                   const Trial& before, const Trial& after) {
    if (!before.distinct() || !after.distinct()) return;
    Expect(EndAlike(before, after), rule, text, before, after);
  }
  // A place for new tables, 1 MiB long, to which no passed word leads: six
  // words can rule out at most six of eight places.
  uint64_t Scratch() const {
    for (uint64_t i = 1;; ++i) {
      const uint64_t place = (i << 40) + (uint64_t{1} << 31);
      const auto leads_there = [place](uint64_t word) {
        return word >> 40 == place >> 40;
      };
      bool free = !leads_there(control_);
      for (const Fetch& fetch : base_.path) free &= !leads_there(fetch.entry);
      if (free) return place;
    }
  }

  // The level of the root table.
  Level Root() const { return static_cast<Level>((control_ >> 2 & 3) + 1); }
  int AddressBits() const { return Shift(Root()) + IndexBits(Root()); }

  // Repairs what stops the translation, one thing at a time, until nothing
  // does: then base_ is a complete path, and most of its words are unchanged.
  // False if nothing was wrong, or if a word is used for two levels.
  bool Repair() {
    if (base_.result.code == 0) return false;
    // One step for the address, and for each level one for each thing that can
    // be wrong with the path to an entry and with the entry.
    constexpr int kSteps = 1 + 4 * kLevelCount;
    for (int step = 0; step <= kSteps; ++step) {
      if (!base_.distinct() || findings_.any()) return false;
      if (base_.result.code == 0) return true;
      RepairStep();
      base_ = Run(control_, address_);
    }
    written_.reset();
    Expect(false, "s390.repair",
           "a path of which each entry was made passable ends at a page", base_,
           base_);
    return false;
  }

  void RepairStep() {
    const size_t reads = base_.path.size();
    const uint16_t code = base_.result.code;
    if (code == kAsceType) {
      address_ &= (uint64_t{1} << AddressBits()) - 1;
      return;
    }
    const bool by_entry =
        reads > 0 && (code == kSpecification ||
                      code == TranslationCode(base_.path.back().level));
    if (by_entry) {
      const Fetch& last = base_.path.back();
      memory_.Write(last.address, Passable(last.level, last.entry));
      return;
    }
    // Something is wrong on the path to the next table.
    const Level next = reads == 0 ? Root() : Below(base_.path.back().level);
    uint64_t parent = Parent(reads);
    if (code == kAddressing) {
      const uint64_t place =
          (uint64_t{0x80} << 40) + (static_cast<uint64_t>(next) << 20);
      memory_.Add({.kind = Range::Kind::kNoise,
                   .address = place,
                   .bytes = uint64_t{8} << IndexBits(next),
                   .first = choose_.Next()});
      parent = (parent & NotOrigin(next)) | place;
    } else {
      parent = reads == 0 ? parent | 3 : (parent & ~kOffsetAndLength) | 3;
    }
    if (reads == 0) {
      control_ = parent;
    } else {
      memory_.Write(base_.path.back().address, parent);
    }
  }
};

}  // namespace pxdfuzz::rules

#endif  // PXDFUZZ_REFERENCE_S390_TRIAL_H_
