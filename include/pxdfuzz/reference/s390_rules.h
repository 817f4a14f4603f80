// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_S390_RULES_H_
#define PXDFUZZ_REFERENCE_S390_RULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/reference/s390_trial.h"
#include "pxdfuzz/reference/translate_rules.h"

namespace pxdfuzz::rules {

// Rules for s390 tables with any words, after the Principles of Operation
// (SA22-7832), chapter 3. Numbers are repeated here on purpose: a wrong mask in
// S390 must not go unnoticed.
//
// Why each rule is exact: a change to the entry read at some level does not
// affect any earlier read (no word is read twice, see Trial::distinct), so the
// translation reaches that entry again, and the rule's text in the manual says
// what happens then. New tables lie where no passed word leads.
template <class A>
class RawRules<A, ArchId::kS390> : S390Trial<typename A::Manual> {
  using Base = S390Trial<typename A::Manual>;

 public:
  using Base::Base;

  void Check() {
    CheckReal();
    control_ &= ~kReal;
    CheckAsceType();
    // The tables as they are.
    base_ = Run(control_, address_);
    CheckAll();
    // The tables with every entry on the path made valid.
    if (Repair()) CheckAll();
  }

 private:
  using Base::address_, Base::base_, Base::choose_, Base::control_,
      Base::Expect, Base::ExpectEnd, Base::findings_, Base::machine_,
      Base::memory_, Base::Run, Base::RunWith, Base::written_,
      Base::kAddressing, Base::kAsceIgnored, Base::kAsceType, Base::kCommon,
      Base::kFormat, Base::kInTable, Base::kInvalid, Base::kOffsetAndLength,
      Base::kPageIgnored, Base::kPageInvalid, Base::kPageZero, Base::kPrivate,
      Base::kProtect, Base::kReal, Base::kSpecification, Base::kType,
      Base::TypeOf, Base::Shift, Base::IndexBits, Base::TranslationCode,
      Base::NotOrigin, Base::LargeAt, Base::ProtectsAt, Base::CommonCheckedAt,
      Base::Passable, Base::Parent, Base::RunWithParent, Base::ExpectAlike,
      Base::Scratch, Base::Root, Base::AddressBits, Base::Repair;
  using typename Base::Range;

  // ---------------------------------------------------------------------------
  // The control element.

  void CheckReal() {
    written_.reset();
    const Trial real = Run(control_ | kReal, address_);
    Expect(real.result.code == 0 && real.result.physical == address_ &&
               !real.result.is_protected && real.path.empty(),
           "s390.real-space", "a real space translates each address to itself",
           Run(control_, address_), real);
  }

  void CheckAsceType() {
    written_.reset();
    const Trial as_is = Run(control_, address_);
    const std::string_view text =
        "ASCE-type exception exactly for addresses beyond the root table, "
        "whatever its length";
    if (AddressBits() >= 64) {
      Expect(as_is.result.code != kAsceType, "s390.asce-type", text, as_is,
             as_is);
      return;
    }
    const int bit =
        AddressBits() + static_cast<int>(choose_.Below(64 - AddressBits()));
    const Trial beyond = Run((control_ & ~uint64_t{3}) | choose_.Below(4),
                             address_ | uint64_t{1} << bit);
    Expect(beyond.result.code == kAsceType && beyond.path.empty(),
           "s390.asce-type", text, as_is, beyond);
    const Trial within =
        Run(control_, address_ & ((uint64_t{1} << AddressBits()) - 1));
    Expect(within.result.code != kAsceType, "s390.asce-type", text, as_is,
           within);
  }

  // The table is below the first entry of a new root: the same address space,
  // with one more level. Lengths and their exceptions move with the table.
  void CheckUpperTable() {
    if (Root() == Level::kPgd || address_ >> AddressBits() != 0) return;
    const ChangedMemory::Undo undo(memory_);
    const uint64_t table = Scratch();
    const uint64_t type = TypeOf(Above(Root())) << 2;
    written_ = {table, (control_ & ~kInTable) | type | (control_ & 3)};
    memory_.Write(written_->address, written_->value);
    const Trial deeper =
        Run(table | type | (control_ & kPrivate) | choose_.Below(4), address_);
    if (!base_.distinct()) return;
    Expect(deeper.result.code == base_.result.code &&
               deeper.result.physical == base_.result.physical &&
               (base_.result.code != 0 ||
                deeper.result.is_protected == base_.result.is_protected) &&
               deeper.path.size() == base_.path.size() + 1,
           "s390.upper-table",
           "a root under the first entry of a new root gives the same", base_,
           deeper);
  }

  void CheckControlBits() {
    written_.reset();
    ExpectAlike("s390.control-ignored",
                "bits of the control element that have no meaning change "
                "nothing",
                base_,
                Run(control_ ^ (choose_.Next() & kAsceIgnored), address_));
    bool common = false;
    for (const Fetch& fetch : base_.path) {
      common |= CommonCheckedAt(fetch.level) && (fetch.entry & kCommon) != 0;
    }
    if (common) return;
    ExpectAlike("s390.private",
                "a private space differs by common entries only", base_,
                Run(control_ ^ kPrivate, address_));
  }

  // ---------------------------------------------------------------------------
  // Entries.

  void CheckAll() {
    if (!base_.distinct()) return;
    CheckControlBits();
    CheckUpperTable();
    for (size_t i = 0; i < base_.path.size() && !findings_.any(); ++i) {
      CheckTable(i);
      if (base_.path[i].level == Level::kPte) {
        CheckPageEntry(i);
      } else {
        CheckTableEntry(i);
      }
    }
    CheckUnprotected();
  }

  // The table in which the i-th read entry is.
  void CheckTable(size_t i) {
    const Level level = base_.path[i].level;
    const bool page_table = level == Level::kPte;
    const uint64_t not_origin = NotOrigin(level);
    const uint64_t parent = Parent(i);
    const uint64_t bytes = uint64_t{8} << IndexBits(level);
    const uint64_t place =
        Scratch() + (page_table ? 0x800 * (1 + choose_.Below(7))
                                : 0x1000 * (1 + choose_.Below(7)));
    const uint64_t moved = (parent & not_origin) | place;

    ExpectEnd(i, kAddressing, "s390.addressing",
              "a table that is not in storage gives an addressing exception",
              RunWithParent(i, moved));
    {
      const ChangedMemory::Undo undo(memory_);
      memory_.Add({.kind = Range::Kind::kAlias,
                   .address = place,
                   .bytes = bytes,
                   .first = parent & ~not_origin});
      ExpectAlike("s390.moved-table", "a table can stand anywhere", base_,
                  RunWithParent(i, moved));
    }

    uint64_t whole = parent;
    if (!page_table) {
      whole = i == 0 ? parent | 3 : (parent & ~kOffsetAndLength) | 3;
      CheckLength(i, whole);
    }
    CheckIndex(i, (whole & not_origin) | place, place, bytes);
  }

  // `whole` leads to the table of the i-th read and declares it complete.
  void CheckLength(size_t i, uint64_t whole) {
    const Level level = base_.path[i].level;
    const uint64_t quarter = address_ >> (Shift(level) + 9) & 3;
    const uint64_t bare =
        i == 0 ? whole & ~uint64_t{3} : whole & ~kOffsetAndLength;
    const auto part = [bare](uint64_t first, uint64_t last) {
      return bare | first << 6 | last;
    };
    const std::string_view rule = "s390.table-length";
    const std::string_view text =
        "a table consists of the quarters that its offset and length say";
    ExpectAlike(rule, text, base_, RunWithParent(i, whole));
    // The control element has no offset.
    const uint64_t first = i == 0 ? 0 : quarter;
    ExpectAlike(rule, text, base_, RunWithParent(i, part(first, quarter)));
    if (quarter > 0) {
      ExpectEnd(i, TranslationCode(level), rule, text,
                RunWithParent(i, part(0, choose_.Below(quarter))));
    }
    if (quarter < 3 && i > 0) {
      const uint64_t beyond = quarter + 1 + choose_.Below(3 - quarter);
      ExpectEnd(i, TranslationCode(level), rule, text,
                RunWithParent(i, part(beyond, choose_.Below(4))));
    }
  }

  // `parent` leads to a table of the level of the i-th read at `place`, in
  // storage of `bytes`. Each entry there contains its number and is invalid.
  void CheckIndex(size_t i, uint64_t parent, uint64_t place, uint64_t bytes) {
    const Level level = base_.path[i].level;
    const int shift = Shift(level);
    const int bits = IndexBits(level);
    const ChangedMemory::Undo undo(memory_);
    memory_.Add({.kind = Range::Kind::kSeries,
                 .address = place,
                 .bytes = bytes,
                 .first = kInvalid | kPageInvalid,
                 .step = 0x1000});
    const auto number = [](const Trial& trial) {
      return trial.result.entry >> 12;
    };
    const std::string_view rule = "s390.index";
    const std::string_view text =
        "the bits of the address at a level's place count its entries";
    const Trial here = RunWithParent(i, parent);
    ExpectEnd(i + 1, TranslationCode(level), rule, text, here);
    const uint64_t mask = ((uint64_t{1} << bits) - 1) << shift;
    const Trial zero = RunWithParent(i, parent, address_ & ~mask);
    Expect(zero.path.size() == i + 1 && number(zero) == 0, rule, text, here,
           zero);
    // One bit that matters, and one of the lower bits, which do not.
    const int counts = static_cast<int>(choose_.Below(bits));
    const Trial other =
        RunWithParent(i, parent, address_ ^ uint64_t{1} << (shift + counts));
    Expect(other.path.size() == i + 1 &&
               (number(other) ^ number(here)) == uint64_t{1} << counts,
           rule, text, here, other);
    const Trial inside = RunWithParent(
        i, parent, address_ ^ uint64_t{1} << choose_.Below(shift));
    Expect(inside.path.size() == i + 1 && number(inside) == number(here), rule,
           text, here, inside);
  }

  void CheckPageEntry(size_t i) {
    const uint64_t any = choose_.Next();
    const uint64_t good = Passable(Level::kPte, base_.path[i].entry);
    ExpectEnd(i + 1, 0x11, "s390.page-invalid",
              "an invalid page entry gives page-translation, whatever else it "
              "holds",
              RunWith(i, any | kPageInvalid));
    ExpectEnd(i + 1, kSpecification, "s390.page-zero",
              "bit 800 of a valid page entry gives translation-specification",
              RunWith(i, (any & ~kPageInvalid) | kPageZero));
    const Trial plain = RunWith(i, good);
    ExpectEnd(i + 1, 0, "s390.page-valid", "any other page entry gives a page",
              plain);
    CheckProtect(i, good);
    CheckFrame(i, good, plain);
    ExpectAlike("s390.page-ignored",
                "the low 9 bits of a page entry change nothing", base_,
                RunWith(i, base_.path[i].entry ^ (any & kPageIgnored)));
  }

  // A region or segment entry.
  void CheckTableEntry(size_t i) {
    const Level level = base_.path[i].level;
    const uint64_t entry = base_.path[i].entry;
    const uint64_t type = TypeOf(level);
    const uint64_t any = choose_.Next();
    ExpectEnd(i + 1, TranslationCode(level), "s390.invalid",
              "an invalid entry gives the translation exception of its level, "
              "whatever else it holds",
              RunWith(i, any | kInvalid));
    const uint64_t other_type = (type + 1 + choose_.Below(3)) & 3;
    ExpectEnd(i + 1, kSpecification, "s390.type",
              "a valid entry of another type gives translation-specification",
              RunWith(i, (any & ~(kInvalid | kType)) | other_type << 2));

    const uint64_t good = Passable(level, entry);
    const Trial plain = RunWith(i, good);
    Expect(plain.path.size() > i + 1 ||
               (plain.result.code != TranslationCode(level) &&
                plain.result.code != kSpecification),
           "s390.valid",
           "a valid entry of its table's type that is not common is passed",
           base_, plain);
    CheckCommon(i, good, plain);
    CheckProtect(i, good);
    const uint64_t as_leaf = good | kFormat;
    const Trial leaf = RunWith(i, as_leaf);
    if (LargeAt(level)) {
      ExpectEnd(i + 1, 0, "s390.format",
                "an entry with the format control is a leaf where the facility "
                "is installed",
                leaf);
      CheckFrame(i, as_leaf, leaf);
      CheckSplit(i, as_leaf, leaf);
    } else {
      ExpectAlike("s390.format",
                  "the format control is ignored where there is no facility",
                  RunWith(i, good & ~kFormat), leaf);
    }
    ExpectAlike("s390.ignored",
                "bits of an entry that have no meaning change nothing", base_,
                RunWith(i, entry ^ (any & IgnoredIn(level, entry))));
  }

  uint64_t IgnoredIn(Level level, uint64_t entry) const {
    uint64_t ignored = 0x100;
    if (!ProtectsAt(level)) ignored |= kProtect;
    if (!CommonCheckedAt(level)) ignored |= kCommon;
    if (!LargeAt(level)) {
      ignored |= kFormat;
    } else if ((entry & kFormat) != 0) {
      return ignored | kOffsetAndLength | 0x800 |
             (((uint64_t{1} << Shift(level)) - 1) & ~kInTable);
    }
    // A page table's origin has one more bit, and there is no length.
    return ignored | (level == Level::kPmd ? kOffsetAndLength : 0x800);
  }

  // `plain` is the run with `good`.
  void CheckCommon(size_t i, uint64_t good, const Trial& plain) {
    const Level level = base_.path[i].level;
    const std::string_view rule = "s390.common";
    const std::string_view text =
        "common entries are refused in private spaces, in segment tables and, "
        "with EDAT-2, in region-third tables";
    const Trial common = RunWith(i, good | kCommon);
    if ((control_ & kPrivate) != 0 && CommonCheckedAt(level)) {
      ExpectEnd(i + 1, kSpecification, rule, text, common);
    } else {
      ExpectAlike(rule, text, plain, common);
    }
    // The same where nothing is private.
    const uint64_t asce = control_ & ~kPrivate;
    ExpectAlike(rule, text, RunWith(i, good, asce, address_),
                RunWith(i, good | kCommon, asce, address_));
  }

  void CheckProtect(size_t i, uint64_t good) {
    const Trial open = RunWith(i, good & ~kProtect);
    const Trial closed = RunWith(i, good | kProtect);
    if (!open.distinct() || !closed.distinct()) return;
    const bool counts = ProtectsAt(base_.path[i].level);
    Expect(
        open.result.code == closed.result.code &&
            open.result.physical == closed.result.physical &&
            open.path.size() == closed.path.size() &&
            (open.result.code != 0 || closed.result.is_protected ==
                                          (counts || open.result.is_protected)),
        "s390.protect",
        "the protection bit of one entry protects, above segments with "
        "EDAT-1 only, and does nothing else",
        open, closed);
  }

  void CheckUnprotected() {
    const ChangedMemory::Undo undo(memory_);
    written_.reset();
    for (const Fetch& fetch : base_.path) {
      memory_.Write(fetch.address, fetch.entry & ~kProtect);
    }
    const Trial open = Run(control_, address_);
    if (!open.distinct()) return;
    Expect(open.result.code == base_.result.code &&
               open.result.physical == base_.result.physical &&
               (open.result.code != 0 || !open.result.is_protected),
           "s390.protect", "without protection bits nothing is protected",
           base_, open);
  }

  // `whole` is a leaf, and `leaf` the run with it.
  void CheckFrame(size_t i, uint64_t whole, const Trial& leaf) {
    const int shift = Shift(base_.path[i].level);
    const std::string_view rule = "s390.frame";
    const uint64_t inside = (uint64_t{1} << shift) - 1;
    Expect((leaf.result.physical & inside) == (address_ & inside), rule,
           "a leaf leaves the low bits of the address alone", base_, leaf);
    const uint64_t bit =
        uint64_t{1} << (shift + static_cast<int>(choose_.Below(64 - shift)));
    const Trial other = RunWith(i, whole ^ bit);
    Expect(other.result.code == 0 &&
               (other.result.physical ^ leaf.result.physical) == bit,
           rule, "the high bits of a leaf are those of the result", leaf,
           other);
    const Trial none = RunWith(i, whole & inside);
    Expect(none.result.code == 0 && none.result.physical <= inside, rule,
           "the high bits of a leaf are those of the result", leaf, none);
  }

  // `whole` is a segment or region-third leaf, and `leaf` the run with it. A
  // table of smaller leaves with the same protection replaces it.
  void CheckSplit(size_t i, uint64_t whole, const Trial& leaf) {
    const Level level = base_.path[i].level;
    const bool segment = level == Level::kPmd;
    const ChangedMemory::Undo undo(memory_);
    const uint64_t place = Scratch();
    const uint64_t frame = whole & ~((uint64_t{1} << Shift(level)) - 1);
    memory_.Add({.kind = Range::Kind::kSeries,
                 .address = place,
                 .bytes = segment ? uint64_t{0x800} : uint64_t{0x4000},
                 .first = frame | (whole & kProtect) | (segment ? 0 : kFormat),
                 .step = segment ? uint64_t{0x1000} : uint64_t{0x10'0000}});
    const Trial split =
        RunWith(i, place | TypeOf(level) << 2 | (segment ? 0 : 3));
    Expect(split.result.code == 0 &&
               split.result.physical == leaf.result.physical &&
               split.result.is_protected == leaf.result.is_protected &&
               split.path.size() == i + 2,
           "s390.split", "a large leaf is a table of smaller ones", leaf,
           split);
  }
};

}  // namespace pxdfuzz::rules

#endif  // PXDFUZZ_REFERENCE_S390_RULES_H_
