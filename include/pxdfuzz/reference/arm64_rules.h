// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_ARM64_RULES_H_
#define PXDFUZZ_REFERENCE_ARM64_RULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pxdfuzz/arch/arm64.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/reference/translate_rules.h"

namespace pxdfuzz::rules {

// Rules for arm64 tables with any words, after the Arm Architecture Reference
// Manual (DDI 0487), chapter D8. Numbers are repeated here on purpose: a wrong
// mask in Arm64Page16K must not go unnoticed.
//
// A change to the entry read at some level does not affect any earlier read (no
// word is read twice, see Trial::distinct), so the translation reaches that
// entry again.
template <class A>
class RawRules<A, ArchId::kArm64Page16K> : ChangedTrial<typename A::Manual> {
  using Manual = typename A::Manual;
  using Base = ChangedTrial<Manual>;

 public:
  using Base::Base;

  void Check() {
    CheckInput();
    address_ &= (uint64_t{1} << Bits()) - 1;
    base_ = Run(control_, address_);
    CheckRoot();
    CheckAll();
    if (Repair()) CheckAll();
  }

 private:
  using Range = ChangedMemory::Range;

  using Base::address_, Base::base_, Base::choose_, Base::control_,
      Base::Expect, Base::ExpectEnd, Base::findings_, Base::machine_,
      Base::memory_, Base::Run, Base::RunWith, Base::written_;

  static constexpr uint64_t kValid = 1;
  static constexpr uint64_t kPointsOn = 2;
  static constexpr uint64_t kUser = 0x40;
  static constexpr uint64_t kReadOnly = 0x80;
  static constexpr uint64_t kAccessed = 0x400;
  static constexpr uint64_t kNoUserBelow = 0x2000'0000'0000'0000;
  static constexpr uint64_t kReadOnlyBelow = 0x4000'0000'0000'0000;
  // For an entry that points to a table: bits 2 to 11 except two of the
  // address, 51 to 60, where 59 and 60 are about execution, and 63.
  static constexpr uint64_t kIgnoredInTables = 0x9ff8'0000'0000'0cfc;
  // For a leaf: memory type, nG, GP, DBM, contiguous, execution permissions,
  // and bits for software.
  static constexpr uint64_t kIgnoredInLeaves = 0xfffc'0000'0000'083c;
  // Without LPA2 bits 8 and 9 are shareability, and 48 and 49 are ignored.
  static constexpr uint64_t kIgnoredWithoutLpa2 = 0x0003'0000'0000'0300;

  bool lpa2() const { return machine_.real(Level::kPgd); }
  int Bits() const { return lpa2() ? 52 : 47; }
  Level Root() const { return lpa2() ? Level::kPgd : Level::kPud; }
  static int Shift(Level level) {
    return level == Level::kPgd ? 47 : 14 + 11 * static_cast<int>(level);
  }
  // The lookup level of the manual.
  static int Number(Level level) {
    return level == Level::kPgd ? 0 : 3 - static_cast<int>(level);
  }
  static uint16_t Translation(Level level) {
    return static_cast<uint16_t>(0x84 + Number(level));
  }

  // The address in an entry of any kind.
  uint64_t AddressIn(uint64_t entry) const {
    return lpa2() ? (entry & 0x0003'ffff'ffff'c000) |
                        (entry & 0x300) / 0x100 * 0x0004'0000'0000'0000
                  : entry & 0x0000'ffff'ffff'c000;
  }
  // `entry` with the address of a table.
  static uint64_t Pointing(uint64_t entry, uint64_t table) {
    return (entry & ~uint64_t{0x0003'ffff'ffff'c300}) | table | 3;
  }

  // Bits above those that the tables translate.
  void CheckInput() {
    written_.reset();
    const uint64_t low = address_ & ((uint64_t{1} << Bits()) - 1);
    base_ = Run(control_, low);
    const std::string_view rule = "arm64.input-size";
    const std::string_view text =
        "an address that is too large is refused at level 0, and no other";
    Expect(!base_.path.empty() || base_.result.code == Manual::kNotInStorage,
           rule, text, base_);
    const auto above = static_cast<uint64_t>(64 - Bits());
    const uint64_t bit =
        uint64_t{1} << (static_cast<uint64_t>(Bits()) + choose_.Below(above));
    const Trial bad = Run(control_, low | bit);
    Expect(bad.result.code == 0x84 && bad.path.empty(), rule, text, bad);
  }

  // TTBR0_EL1 has an ASID above the address, and below it nothing except, with
  // LPA2, the address's four highest bits.
  void CheckRoot() {
    written_.reset();
    const uint64_t ignored =
        lpa2() ? 0xffff'0000'0000'00c3 : 0xffff'0000'0000'3fff;
    const Trial other = Run(control_ ^ (choose_.Next() & ignored), address_);
    Expect(EndAlike(base_, other), "arm64.root-ignored",
           "what is no address in TTBR0_EL1 changes nothing", other);
    if (base_.path.empty()) return;
    const uint64_t table =
        lpa2() ? (control_ & 0x0000'ffff'ffff'ff00) |
                     (control_ & 0x3c) / 4 * 0x0001'0000'0000'0000
               : control_ & 0x0000'ffff'ffff'c000;
    Expect(base_.path[0].level == Root() &&
               base_.path[0].address == table + 8 * IndexAt(Root()),
           "arm64.root", "the first table is where TTBR0_EL1 says", base_);
  }

  uint64_t IndexAt(Level level) const {
    return address_ >> Shift(level) & (level == Level::kPgd ? 31 : 2047);
  }

  void CheckAll() {
    if (!base_.distinct()) return;
    for (size_t i = 0; i < base_.path.size() && !findings_.any(); ++i) {
      CheckEntry(i);
      CheckTable(i);
    }
  }

  static bool IsLeaf(const Fetch& fetch) {
    return fetch.level == Level::kPte || (fetch.entry & kPointsOn) == 0;
  }
  bool MayBeBlock(Level level) const {
    return level == Level::kPmd || (level == Level::kPud && lpa2());
  }

  void CheckEntry(size_t i) {
    const auto& [level, place, entry] = base_.path[i];
    ExpectEnd(i + 1, Translation(level), "arm64.valid",
              "an entry that is not valid ends the translation",
              RunWith(i, entry & ~kValid));
    uint64_t ignored =
        IsLeaf(base_.path[i]) ? kIgnoredInLeaves : kIgnoredInTables;
    if (!lpa2()) ignored |= kIgnoredWithoutLpa2;
    const Trial same = RunWith(i, entry ^ (choose_.Next() & ignored));
    Expect(!same.distinct() || EndAlike(base_, same), "arm64.ignored",
           "bits without a meaning here change nothing", same);
    if (!MayBeBlock(level)) {
      ExpectEnd(i + 1, Translation(level), "arm64.block",
                "there are blocks at level 2, and with LPA2 at level 1",
                RunWith(i, (entry & ~kPointsOn) | kValid));
    } else {
      const Trial block =
          RunWith(i, (entry & ~kPointsOn) | kValid | kUser | kAccessed);
      const uint64_t inside = (uint64_t{1} << Shift(level)) - 1;
      Expect(block.path.size() == i + 1 &&
                 (block.result.code == 0
                      ? block.result.physical ==
                            ((AddressIn(entry) & ~inside) | (address_ & inside))
                      : block.result.code == 0x8c + Number(level)),
             "arm64.block", "a block maps all that its entry spans", block);
    }
    if (base_.result.code != 0) return;

    // The translation passed all levels: their permissions are combined.
    const bool leaf = IsLeaf(base_.path[i]);
    const Trial read_only =
        RunWith(i, entry | (leaf ? kReadOnly : kReadOnlyBelow));
    Expect(read_only.result.code == 0 && read_only.result.is_protected &&
               read_only.result.physical == base_.result.physical,
           "arm64.read-only",
           "one read-only entry on the way makes the page so", read_only);
    ExpectEnd(base_.path.size(),
              static_cast<uint16_t>(0x8c + Number(base_.path.back().level)),
              "arm64.user", "one entry on the way keeps users out",
              RunWith(i, leaf ? entry & ~kUser : entry | kNoUserBelow));
    bool writable = true;
    for (const Fetch& fetch : base_.path) {
      writable &=
          (fetch.entry & (IsLeaf(fetch) ? kReadOnly : kReadOnlyBelow)) == 0;
    }
    Expect(base_.result.is_protected == !writable, "arm64.read-only",
           "a page is writable where no entry on the way forbids it", base_);
    if (!leaf) return;
    ExpectEnd(i + 1, static_cast<uint16_t>(0x88 + Number(level)),
              "arm64.access-flag", "a page whose Access flag is clear faults",
              RunWith(i, entry & ~kAccessed));
    const uint64_t inside = (uint64_t{1} << Shift(level)) - 1;
    Expect(base_.result.physical ==
               ((AddressIn(entry) & ~inside) | (address_ & inside)),
           "arm64.frame", "the leaf's address, and the place in it", base_);
  }

  // The table in which the i-th read entry is.
  void CheckTable(size_t i) {
    if (i == 0) return;
    const auto& [level, place, entry] = base_.path[i];
    written_.reset();
    Expect(place == AddressIn(base_.path[i - 1].entry) + 8 * IndexAt(level),
           "arm64.index", "eleven bits of the address for each level", base_);
  }

  // Makes every entry on the path valid, with new tables where it leads to
  // none: raw cases then reach full depth.
  bool Repair() {
    bool changed = false;
    for (int iterations = 0; iterations < 2 * kLevelCount; ++iterations) {
      base_ = Run(control_, address_);
      if (base_.result.code == 0) return changed && base_.distinct();
      if (base_.path.empty()) return false;
      const Fetch& last = base_.path.back();
      const bool block =
          MayBeBlock(last.level) && (last.entry & kPointsOn) == 0;
      uint64_t word = last.entry | kValid;
      if (last.level == Level::kPte || block) {
        word |= kUser | kAccessed;
        if (!block) word |= kPointsOn;
        for (const Fetch& fetch : base_.path) {
          if (IsLeaf(fetch)) continue;
          memory_.Write(fetch.address, fetch.entry & ~kNoUserBelow);
        }
      } else {
        const uint64_t table = uint64_t{0x80'0000'0000} +
                               (static_cast<uint64_t>(last.level) << 20);
        memory_.Add({.kind = Range::Kind::kNoise,
                     .address = table,
                     .bytes = 16384,
                     .first = choose_.Next()});
        word = Pointing(word, table);
      }
      memory_.Write(last.address, word);
      changed = true;
    }
    return false;
  }
};

}  // namespace pxdfuzz::rules

#endif  // PXDFUZZ_REFERENCE_ARM64_RULES_H_
