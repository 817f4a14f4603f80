// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_X86_RULES_H_
#define PXDFUZZ_REFERENCE_X86_RULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/reference/translate_rules.h"

namespace pxdfuzz::rules {

// Rules for x86-64 tables with any words, after the Software Developer's
// Manual, volume 3, chapter 4. Numbers are repeated here on purpose: a wrong
// mask in X86 must not go unnoticed.
//
// A change to the entry read at some level does not affect any earlier read (no
// word is read twice, see Trial::distinct), so the translation reaches that
// entry again.
template <class A>
class RawRules<A, ArchId::kX86> : ChangedTrial<typename A::Manual> {
  using Manual = typename A::Manual;
  using Base = ChangedTrial<Manual>;

 public:
  using Base::Base;

  void Check() {
    CheckCanonical();
    address_ &= (uint64_t{1} << (Bits() - 1)) - 1;
    base_ = Run(control_, address_);
    CheckAll();
    if (Repair()) CheckAll();
  }

 private:
  using Range = ChangedMemory::Range;

  using Base::address_, Base::base_, Base::choose_, Base::control_,
      Base::Expect, Base::ExpectEnd, Base::findings_, Base::machine_,
      Base::memory_, Base::Run, Base::RunWith, Base::written_;

  static constexpr uint64_t kPresent = 1;
  static constexpr uint64_t kWritable = 2;
  static constexpr uint64_t kUser = 4;
  static constexpr uint64_t kLarge = 0x80;
  static constexpr uint64_t kOrigin = 0x000f'ffff'ffff'f000;
  // Write-through, cache-disable, accessed, dirty and the bits for software;
  // bit 63 only prevents execution.
  static constexpr uint64_t kIgnored = 0xfff0'0000'0000'0e78;

  int Bits() const { return machine_.real(Level::kP4d) ? 57 : 48; }
  static int Shift(Level level, int bits) {
    return level == Level::kPgd ? bits - 9 : 12 + 9 * static_cast<int>(level);
  }
  int Shift(Level level) const { return Shift(level, Bits()); }

  void CheckCanonical() {
    written_.reset();
    const uint64_t low = address_ & ((uint64_t{1} << (Bits() - 1)) - 1);
    const uint64_t high = ~((uint64_t{1} << (Bits() - 1)) - 1);
    base_ = Run(control_, low);
    const std::string_view rule = "x86.canonical";
    const std::string_view text =
        "an address whose upper bits differ is refused, and no other";
    Expect(base_.result.code != Manual::kNotCanonical, rule, text, base_);
    const Trial upper = Run(control_, low | high);
    Expect(upper.result.code != Manual::kNotCanonical, rule, text, upper);
    const int bit = Bits() - 1 + static_cast<int>(choose_.Below(65 - Bits()));
    const Trial bad = Run(control_, low | uint64_t{1} << bit);
    Expect(bad.result.code == Manual::kNotCanonical && bad.path.empty(), rule,
           text, bad);
  }

  void CheckAll() {
    if (!base_.distinct()) return;
    for (size_t i = 0; i < base_.path.size() && !findings_.any(); ++i) {
      CheckEntry(i);
      CheckTable(i);
    }
  }

  bool IsLeaf(const Fetch& fetch) const {
    return fetch.level == Level::kPte ||
           (fetch.level <= Level::kPud && (fetch.entry & kLarge) != 0);
  }

  void CheckEntry(size_t i) {
    const auto& [level, place, entry] = base_.path[i];
    ExpectEnd(i + 1, Manual::kNotPresent, "x86.present",
              "an entry that is not present ends the translation",
              RunWith(i, entry & ~kPresent));
    const Trial ignored = RunWith(i, entry ^ (choose_.Next() & kIgnored));
    Expect(!ignored.distinct() || EndAlike(base_, ignored), "x86.ignored",
           "bits without a meaning here change nothing", ignored);
    if (level > Level::kPud) {
      ExpectEnd(i + 1, Manual::kReservedBit, "x86.page-size",
                "no large pages above page-directory pointers",
                RunWith(i, entry | kPresent | kLarge));
    } else if (level != Level::kPte) {
      // Frames of large pages are aligned, except for the bit that is PAT.
      const uint64_t bits =
          ((uint64_t{1} << Shift(level)) - 1) & kOrigin & ~uint64_t{0x1000};
      const uint64_t aligned = (entry & ~bits) | kPresent | kLarge;
      const uint64_t reserved = uint64_t{0x2000} << choose_.Below(
                                    static_cast<uint64_t>(Shift(level) - 13));
      ExpectEnd(i + 1, Manual::kReservedBit, "x86.frame-bits",
                "the frame of a large page is a multiple of its size",
                RunWith(i, aligned | reserved));
    }
    if (base_.result.code != 0) return;

    // The translation passed all levels: their permissions are combined.
    const Trial read_only = RunWith(i, entry & ~kWritable);
    Expect(read_only.result.code == 0 && read_only.result.is_protected &&
               read_only.result.physical == base_.result.physical,
           "x86.writable", "one read-only entry on the way makes the page so",
           read_only);
    ExpectEnd(base_.path.size(), Manual::kUserMode, "x86.user",
              "one supervisor entry on the way makes the page so",
              RunWith(i, entry & ~kUser));
    bool writable = true;
    for (const Fetch& fetch : base_.path) {
      writable &= (fetch.entry & kWritable) != 0;
    }
    Expect(base_.result.is_protected == !writable, "x86.writable",
           "a page is writable where all entries on the way are", base_);
    if (IsLeaf(base_.path[i])) {
      const uint64_t inside = (uint64_t{1} << Shift(level)) - 1;
      Expect(base_.result.physical ==
                 ((entry & kOrigin & ~inside) | (address_ & inside)),
             "x86.frame", "the leaf's frame, and the place in it", base_);
    }
  }

  // The table in which the i-th read entry is.
  void CheckTable(size_t i) {
    const auto& [level, place, entry] = base_.path[i];
    const uint64_t parent = i == 0 ? control_ : base_.path[i - 1].entry;
    const uint64_t index = address_ >> Shift(level) & 511;
    written_.reset();
    Expect(place == (parent & kOrigin) + 8 * index, "x86.index",
           "nine bits of the address for each level", base_);
  }

  // Makes every entry on the path present, with new tables where it leads to
  // none: raw cases then reach full depth.
  bool Repair() {
    bool changed = false;
    for (int iterations = 0; iterations < kLevelCount + 1; ++iterations) {
      base_ = Run(control_, address_);
      if (base_.result.code == 0) return changed && base_.distinct();
      if (base_.path.empty()) return false;
      const Fetch& last = base_.path.back();
      uint64_t word = last.entry | kPresent | kUser | kWritable;
      if (last.level > Level::kPud) word &= ~kLarge;
      if (IsLeaf({last.level, last.address, word}) &&
          last.level != Level::kPte) {
        word &= ~(((uint64_t{1} << Shift(last.level)) - 1) & kOrigin &
                  ~uint64_t{0x1000});
      }
      if (last.level != Level::kPte && !IsLeaf({last.level, 0, word}) &&
          (word == last.entry || base_.result.code == Manual::kNotInStorage)) {
        const uint64_t table = uint64_t{0x80'0000'0000} +
                               (static_cast<uint64_t>(last.level) << 20);
        memory_.Add({.kind = Range::Kind::kNoise,
                     .address = table,
                     .bytes = 4096,
                     .first = choose_.Next()});
        word = (word & ~kOrigin) | table;
      }
      if (base_.result.code == Manual::kUserMode) {
        for (const Fetch& fetch : base_.path) {
          memory_.Write(fetch.address, fetch.entry | kUser);
        }
      }
      memory_.Write(last.address, word);
      changed = true;
    }
    return false;
  }
};

}  // namespace pxdfuzz::rules

#endif  // PXDFUZZ_REFERENCE_X86_RULES_H_
