// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ARCH_ARM64_H_
#define PXDFUZZ_ARCH_ARM64_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// The kernel is built for 52-bit addresses in both cases, so pgd's shift is 47
// in both. With 3 levels the root is a whole table of pud entries.
constexpr Geometry Arm64Page16KGeometry(int levels) {
  const bool four = levels == 4;
  return {{{
      {.shift = 14, .index_bits = 11, .real = true},
      {.shift = 25, .index_bits = 11, .real = true},
      {.shift = 36, .index_bits = 11, .real = true},
      {.shift = 47, .index_bits = 5, .real = false},
      {.shift = 47, .index_bits = 5, .real = four},
  }}};
}

// arm64 with pages of 16 KiB, as a Linux 6.12 built for 52-bit addresses runs
// it: with LPA2 there are 4 levels, and a processor that lacks it has 3 and 47
// bits. p4d is folded when the kernel is built; with 3 levels pud is folded
// into it at boot.
//
// The parts are those of S390. They share bit masks and nothing else.
struct Arm64Page16K {
  static constexpr ArchId kId = ArchId::kArm64Page16K;
  static constexpr int kMinLevels = 3;
  static constexpr int kMaxLevels = 4;

  // Masks of a 64-bit entry; arch/arm64/include/asm/pgtable-hwdef.h and
  // pgtable-prot.h, and the Arm Architecture Reference Manual (DDI 0487),
  // section D8.3, "Translation table descriptor formats".
  struct Mask {
    static constexpr uint64_t kValid = 0x001;
    static constexpr uint64_t kTable = 0x002;     // in a page entry: page
    static constexpr uint64_t kUser = 0x040;      // AP[1]
    static constexpr uint64_t kReadOnly = 0x080;  // AP[2]
    // Shareability; with LPA2 bits 50 and 51 of the address.
    static constexpr uint64_t kShared = 0x300;
    static constexpr uint64_t kAccessed = 0x400;
    static constexpr uint64_t kNotGlobal = 0x800;
    static constexpr uint64_t kWrite = uint64_t{1} << 51;  // DBM
    static constexpr uint64_t kContiguous = uint64_t{1} << 52;
    static constexpr uint64_t kPrivilegedNoExecute = uint64_t{1} << 53;
    static constexpr uint64_t kUserNoExecute = uint64_t{1} << 54;
    static constexpr uint64_t kDirty = uint64_t{1} << 55;    // for software
    static constexpr uint64_t kSpecial = uint64_t{1} << 56;  // for software
    static constexpr uint64_t kDevmap = uint64_t{1} << 57;   // for software
    // In entries that point to tables.
    static constexpr uint64_t kTableNoExecute = uint64_t{1} << 59;  // PXN
    static constexpr uint64_t kTableNoUser = uint64_t{1} << 61;  // APTable[0]
    static constexpr uint64_t kTableReadOnly = uint64_t{1} << 62;
    // The address of a table or page: bits 14 to 47, and two more with LPA2.
    static constexpr uint64_t kFrame = 0x0000'ffff'ffff'c000;
    static constexpr uint64_t kFrameLpa2 = 0x0003'ffff'ffff'c000;
  };

  static constexpr Geometry GeometryOf(int levels) {
    return Arm64Page16KGeometry(levels);
  }

  // ---------------------------------------------------------------------------
  // What Linux writes, 6.12. Leaves of 64 GiB exist with 4 KiB pages only
  // (pud_sect_supported()). The words are those of a processor with LPA2. A
  // processor that lacks LPA2 also has kShared set in leaves, which no reader
  // of them looks at.
  struct Entries {
    static constexpr bool HasLeaf(Level level) { return level <= Level::kPmd; }
    static constexpr bool HasSpecial(Level level) { return HasLeaf(level); }
    // Whether the walks take a leaf for special: they ask pte_devmap() first.
    static constexpr bool IsSpecial(Level level, uint64_t word) {
      return (word & Mask::kSpecial) != 0 &&
             (level != Level::kPte || (word & Mask::kDevmap) == 0);
    }
    static constexpr bool HasSwap(Level level) { return level == Level::kPte; }
    // Migration and hwpoison.
    static constexpr bool HasMigration(Level level) { return HasLeaf(level); }

    // CONT_PTES: how many page entries a contiguous block has; it is aligned to
    // its size, and so is what it maps.
    static constexpr uint64_t kContPtes = 128;
    // pte_valid_cont() and pte_mknoncont(), of page entries.
    static constexpr bool IsContiguous(uint64_t word) {
      constexpr uint64_t kBits = Mask::kValid | Mask::kContiguous;
      return (word & kBits) == kBits;
    }
    static constexpr uint64_t Unfolded(uint64_t word) {
      return word & ~Mask::kContiguous;
    }

    // PGD_SIZE with 4 levels, else a page.
    static constexpr uint64_t TableAlignment(Level level) {
      return level == Level::kPgd ? 256 : 16384;
    }

    static constexpr uint64_t Empty(Level /*level*/) { return 0; }

    static constexpr uint64_t Table(Level /*level*/, uint64_t origin) {
      return origin | kTableBits;
    }

    // PAGE_SHARED, PAGE_READONLY and PAGE_NONE, and what pte_mkdirty() and
    // others make of them; PAGE_SHARED_EXEC and its like, and PAGE_EXECONLY. A
    // clean page with write permission is read-only to the hardware.
    // pmd_mkinvalid() clears the valid bit, and does not change a PROT_NONE
    // leaf.
    static constexpr uint64_t Leaf(Level level, uint64_t frame,
                                   const LeafState& state) {
      const bool none = state.permission == Permission::kNone;
      const bool write = state.permission == Permission::kReadWrite;
      const bool kernel = !none && state.kernel;
      const bool exec = !kernel && state.exec;
      uint64_t word = (frame & FrameMask(level)) | Mask::kNotGlobal |
                      Mask::kPrivilegedNoExecute;
      if (level == Level::kPte) word |= Mask::kTable;
      if (!exec) word |= Mask::kUserNoExecute;
      if (!none && !kernel) word |= Mask::kUser;
      if ((!none || exec) && !state.invalid) word |= Mask::kValid;
      if (write) word |= Mask::kWrite;
      if (!write || !state.dirty) word |= Mask::kReadOnly;
      if (state.young) word |= Mask::kAccessed;
      if (state.dirty) word |= Mask::kDirty;
      if (state.special) word |= Mask::kSpecial;
      if (state.devmap) word |= DevmapOf(level);
      if (state.contiguous && MayBeContiguous(level, state)) {
        word |= Mask::kContiguous;
      }
      return word;
    }

    // __swp_entry() of type 1: the offset from bit 12 up. With type 0 the entry
    // of offset 0, where a swap area has its header, would be empty.
    static constexpr uint64_t Swap(uint64_t place) {
      return SwapOfType(kSwapType, place);
    }
    static constexpr uint64_t SwapEntry(EntryKind::Tag tag, Level /*level*/,
                                        uint64_t frame) {
      return SwapOfType(DeviceSwapTypes::Of(tag, kSwapType), frame);
    }

    static constexpr EntryKind Classify(Level level, uint64_t word) {
      if (word == Empty(level)) return EntryKind::Empty();
      if (HasMigration(level) && (word & kSwapClear) == 0) {
        const uint64_t place = word >> 12 << 14;
        const uint64_t type = word >> 6 & 31;
        if (word != SwapOfType(type, place)) return EntryKind::Malformed();
        return DeviceSwapTypes::Meaning(level, type, kSwapType, place);
      }
      if (level != Level::kPte && (word & Mask::kTable) != 0) {
        const uint64_t origin = word & Mask::kFrame;
        return word == Table(level, origin) ? EntryKind::Table(origin)
                                            : EntryKind::Malformed();
      }
      if (!HasLeaf(level)) return EntryKind::Malformed();
      const bool valid = (word & Mask::kValid) != 0;
      const bool write = (word & Mask::kWrite) != 0;
      const bool user = (word & Mask::kUser) != 0;
      const bool exec = (word & Mask::kUserNoExecute) == 0;
      const bool kernel = !user && !exec && (valid || write);
      const LeafState state = {
          .permission = !user && !kernel ? Permission::kNone
                        : write          ? Permission::kReadWrite
                                         : Permission::kRead,
          .young = (word & Mask::kAccessed) != 0,
          .dirty = (word & Mask::kDirty) != 0,
          .special =
              (word & (Mask::kSpecial | Mask::kDevmap)) == Mask::kSpecial,
          .invalid = level == Level::kPmd && !valid && (user || exec || kernel),
          .kernel = kernel,
          .exec = exec,
          .devmap = (word & Mask::kDevmap) != 0,
          .contiguous = (word & Mask::kContiguous) != 0,
      };
      const uint64_t frame = word & FrameMask(level);
      return word == Leaf(level, frame, state) ? EntryKind::Leaf(frame, state)
                                               : EntryKind::Malformed();
    }

    // TTBR0_EL1: the address of the root table.
    static constexpr uint64_t Control(int /*levels*/, uint64_t root) {
      return root;
    }

   private:
    static constexpr uint64_t kTableBits =
        Mask::kValid | Mask::kTable | Mask::kTableNoExecute;
    static constexpr uint64_t kSwapType = 1;
    // Bits that swap entries have clear, around the type from bit 6 up.
    static constexpr uint64_t kSwapClear = 0x83f;
    static constexpr uint64_t SwapOfType(uint64_t type, uint64_t place) {
      return place >> 14 << 12 | type << 6;
    }
    // pte_mkdevmap() sets kSpecial too.
    static constexpr uint64_t DevmapOf(Level level) {
      return Mask::kDevmap | (level == Level::kPte ? Mask::kSpecial : 0);
    }
    // contpte_try_fold() leaves out special entries; a block is one folio of
    // user space.
    static constexpr bool MayBeContiguous(Level level, const LeafState& state) {
      return level == Level::kPte && state.permission != Permission::kNone &&
             !state.special && !state.devmap && !state.kernel;
    }
    static constexpr uint64_t FrameMask(Level level) {
      return Mask::kFrame & ~(Arm64Page16KGeometry(kMaxLevels).span(level) - 1);
    }
  };

  // ---------------------------------------------------------------------------
  // How Linux's walks read entries: arch/arm64/include/asm/pgtable.h and
  // asm-generic/pgtable-nop4d.h of 6.12.
  class Kernel {
   public:
    explicit constexpr Kernel(int levels)
        : geometry_(GeometryOf(levels)), lpa2_(levels == kMaxLevels) {}

    // pgd_offset(): with 3 levels always entry 0 for user space. The entries
    // there are pud entries, and the walk does not look at them as pgd entries.
    static constexpr bool ReadsRootType() { return false; }
    constexpr uint64_t RootIndex(uint64_t /*first_entry*/,
                                 uint64_t address) const {
      return geometry_.index(Level::kPgd, address);
    }

    // p4d_offset() returns the pgd's pointer, and pgtable_l4_enabled() says
    // whether pud_offset() follows a p4d entry.
    constexpr bool Descends(Level parent, uint64_t /*entry*/) const {
      return parent != Level::kPgd && (parent != Level::kP4d || lpa2_);
    }
    constexpr uint64_t TableOrigin(Level /*parent*/, uint64_t entry) const {
      return Physical(entry);
    }
    constexpr uint64_t Index(Level level, uint64_t address) const {
      return geometry_.index(level, address);
    }
    // p4d_to_folded_pud() expects a pointer into the root table: it aligns the
    // pointer to the start of that page and adds the index. For a pointer to a
    // local copy the result is wrong; 36639013b346 passes the pointer into the
    // table.
    constexpr EntryRef FoldedOffset(Level level, EntryRef pointer,
                                    uint64_t address) const {
      if (level != Level::kPud) return pointer;
      return pointer.AlignDown(geometry_.page_size())
          .Plus(geometry_.index(level, address));
    }

    constexpr int StaticShift(Level level) const {
      return geometry_.shift(level);
    }
    // Entries do not encode their span: the argument changes nothing.
    constexpr int FoldedAwareShift(Level level, uint64_t /*entry*/) const {
      return geometry_.shift(level);
    }

    // pgd_none(), p4d_present(), pud_present(), pmd_present(), pte_present(),
    // and pXd_leaf(). A PROT_NONE page is present for them.
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      switch (level) {
        case Level::kPgd:
          return WalkStep::kDescend;
        case Level::kP4d:
          return lpa2_ && entry == 0 ? WalkStep::kStop : WalkStep::kDescend;
        case Level::kPud:
        case Level::kPmd:
          if (!IsPresent(entry)) return WalkStep::kStop;
          return (entry & (Mask::kValid | Mask::kTable)) ==
                         (Mask::kValid | Mask::kTable)
                     ? WalkStep::kDescend
                     : WalkStep::kLeaf;
        case Level::kPte:
          return IsPresent(entry) ? WalkStep::kLeaf : WalkStep::kStop;
      }
      return WalkStep::kStop;
    }

    // pXd_access_permitted(), pXd_special(). They do not check whether the
    // hardware has an entry read-only, and a pud is never special.
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      if ((entry & Mask::kValid) == 0) return false;
      if ((entry & Mask::kUser) == 0) return false;
      if (write && (entry & Mask::kWrite) == 0) return false;
      return level == Level::kPud || !Entries::IsSpecial(level, entry);
    }

    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t inside =
          geometry_.span(level) - geometry_.span(Level::kPte);
      return Physical(entry) + (address & inside);
    }

   private:
    // Valid, or marked by PTE_PRESENT_INVALID.
    static constexpr bool IsPresent(uint64_t entry) {
      return (entry & (Mask::kValid | Mask::kNotGlobal)) != 0;
    }
    // __pte_to_phys(): without LPA2 the bits of PTE_MAYBE_SHARED are not part
    // of the address.
    constexpr uint64_t Physical(uint64_t entry) const {
      const uint64_t low = entry & Mask::kFrameLpa2;
      return lpa2_ ? low | (entry & Mask::kShared) << 42 : low;
    }

    Geometry geometry_;
    bool lpa2_;
  };

  // ---------------------------------------------------------------------------
  // Stage 1 of the EL1&0 translation regime of VMSAv8-64, Arm Architecture
  // Reference Manual (DDI 0487), chapter D8, with the 16 KiB granule: a load
  // from EL0 through TTBR0_EL1. TCR_EL1.DS is LPA2, T0SZ 12 with it and 17
  // without. The hardware manages neither Access flag nor dirty state (HA and
  // HD are 0), hierarchical permissions are on (HPD0 is 0), and addresses have
  // no tag (TBI0 is 0: Linux strips tags before it walks).
  class Manual {
   public:
    // The fault status code of ESR_EL1 (D24.2, ISS of a data abort), and 0x80
    // so that none is 0. The two lowest bits are the lookup level.
    enum Code : uint16_t {
      kAddressSize = 0x80,
      kTranslation = 0x84,
      kAccessFlag = 0x88,
      kPermission = 0x8c,
      kExternalAbort = 0x94,  // on a table walk; without a level
      kStoreRefused = 0xcc,   // a permission fault with WnR; without a level
    };
    static constexpr uint16_t kNotInStorage = kExternalAbort;

    static constexpr std::string_view CodeName(uint16_t code) {
      constexpr std::array<std::string_view, 16> kNames = {
          "level 0 address size fault", "level 1 address size fault",
          "level 2 address size fault", "level 3 address size fault",
          "level 0 translation fault",  "level 1 translation fault",
          "level 2 translation fault",  "level 3 translation fault",
          "level 0 access flag fault",  "level 1 access flag fault",
          "level 2 access flag fault",  "level 3 access flag fault",
          "level 0 permission fault",   "level 1 permission fault",
          "level 2 permission fault",   "level 3 permission fault"};
      if (code >= kAddressSize && code < kAddressSize + kNames.size()) {
        return kNames[code - kAddressSize];
      }
      if (code == kExternalAbort) return "external abort on a table walk";
      if (code == kStoreRefused) return "permission fault on a store";
      return "no exception";
    }
    static constexpr std::string_view TableName(Level level) {
      constexpr std::array<std::string_view, kLevelCount> kNames = {
          "level 3 table", "level 2 table", "level 1 table", "level 0 table",
          "level 0 table"};
      return kNames[Ordinal(level)];
    }

    // The code of a fault at the lookup level of `level`'s entries.
    static constexpr uint16_t At(Code fault, Level level) {
      return static_cast<uint16_t>(fault + LookupLevel(level));
    }

    // `ttbr`: TTBR0_EL1. `physical_bits`: TCR_EL1.IPS, 52 or 48 with LPA2; 48
    // or less without.
    constexpr Manual(const Geometry& geometry, uint64_t ttbr)
        : Manual(geometry, ttbr, geometry.real(Level::kPgd) ? 52 : 48) {}
    constexpr Manual(const Geometry& geometry, uint64_t ttbr, int physical_bits)
        : geometry_(geometry),
          ttbr_(ttbr),
          physical_bits_(physical_bits),
          lpa2_(geometry.real(Level::kPgd)) {}

    constexpr ManualStep Start(uint64_t address) const {
      if (address >> geometry_.address_bits() != 0) {
        return ManualStep::Exception(At(kTranslation, Level::kPgd));
      }
      // The table is aligned to its size; lower bits are ignored.
      const Level root = geometry_.root();
      uint64_t base = ttbr_ & 0x0000'ffff'ffff'fffe;
      if (lpa2_) base |= (ttbr_ >> 2 & 0xf) << 48;
      base &= ~(geometry_.table_size(root) - 1);
      if (IsTooLarge(base)) {
        return ManualStep::Exception(At(kAddressSize, Level::kPgd));
      }
      return Enter(root, base, address);
    }

    constexpr ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      const bool points = (entry & Mask::kTable) != 0;
      const bool leaf = level == Level::kPte || !points;
      if ((entry & Mask::kValid) == 0 || (leaf && !HasLeaf(level, points))) {
        return ManualStep::Exception(At(kTranslation, level));
      }
      const uint64_t inside = geometry_.span(leaf ? level : Level::kPte) - 1;
      const uint64_t base = OutputBase(entry) & ~inside;
      if (IsTooLarge(base)) {
        return ManualStep::Exception(At(kAddressSize, level));
      }
      if (!leaf) {
        user_ &= (entry & Mask::kTableNoUser) == 0;
        writable_ &= (entry & Mask::kTableReadOnly) == 0;
        return Enter(geometry_.real_below(level), base, address);
      }
      if ((entry & Mask::kAccessed) == 0) {
        return ManualStep::Exception(At(kAccessFlag, level));
      }
      writable_ &= (entry & Mask::kReadOnly) == 0;
      if (!user_ || (entry & Mask::kUser) == 0) {
        return ManualStep::Exception(At(kPermission, level));
      }
      return ManualStep::Done(base | (address & inside));
    }

    constexpr bool is_protected() const { return !writable_; }
    static constexpr uint16_t kStoreToProtected = kStoreRefused;

    // For leaves that Linux writes: their addresses have at most 48 bits, for
    // which the two formats are the same.
    static constexpr uint64_t FrameAddress(Level level, uint64_t entry,
                                           uint64_t address) {
      const uint64_t inside = Arm64Page16KGeometry(kMaxLevels).span(level) - 1;
      return (entry & Mask::kFrame & ~inside) | (address & inside);
    }

    // Which entry of its table an address selects.
    constexpr uint64_t Index(Level level, uint64_t address) const {
      return geometry_.index(level, address);
    }

   private:
    static constexpr int LookupLevel(Level level) {
      return level >= Level::kP4d ? 0 : 3 - Ordinal(level);
    }
    // Whether an entry of `level` maps memory: with bit 1 set it is a page,
    // without it a block. Blocks exist at level 2, and with LPA2 at level 1.
    constexpr bool HasLeaf(Level level, bool is_page) const {
      if (level == Level::kPte) return is_page;
      return level == Level::kPmd || (level == Level::kPud && lpa2_);
    }
    constexpr uint64_t OutputBase(uint64_t entry) const {
      if (!lpa2_) return entry & Mask::kFrame;
      return (entry & Mask::kFrameLpa2) | (entry >> 8 & 3) << 50;
    }
    constexpr bool IsTooLarge(uint64_t physical) const {
      return physical >> physical_bits_ != 0;
    }
    constexpr ManualStep Enter(Level level, uint64_t base,
                               uint64_t address) const {
      return ManualStep::Fetch(level,
                               base + Index(level, address) * kEntrySize);
    }

    Geometry geometry_;
    uint64_t ttbr_;
    int physical_bits_;
    bool lpa2_;
    bool writable_ = true;
    bool user_ = true;
  };

  // ---------------------------------------------------------------------------
  // Which requests and which leaves gup_fast may serve.
  struct Contract {
    // TASK_SIZE. gup_fast checks against TASK_SIZE_MAX, which is 2^52 with 3
    // levels too. No process maps anything between the two, and the walk would
    // wrap there.
    static constexpr uint64_t Limit(int levels) {
      return uint64_t{1} << (levels == kMaxLevels ? 52 : 47);
    }
    static constexpr bool Permits(int levels, uint64_t end) {
      return end <= Limit(levels);
    }

    // Valid, a user page and not special; for a write, with the write bit set.
    static constexpr bool Allows(Level level, uint64_t entry, bool write) {
      if (!Entries::HasLeaf(level)) return false;
      uint64_t wanted = Mask::kValid | Mask::kUser;
      if (write) wanted |= Mask::kWrite;
      if (level == Level::kPte) wanted |= Mask::kTable;
      return (entry & (wanted | Mask::kTable)) == wanted &&
             !Entries::IsSpecial(level, entry);
    }
  };

  // All processes have as many levels as the machine was started with.
  static constexpr bool CanUpgrade(int /*levels*/) { return false; }
  // Whether hugetlb shares pmd tables: CONFIG_ARCH_WANT_HUGE_PMD_SHARE.
  static constexpr bool kSharesTables = true;
  // Whether it has CONFIG_DEVICE_PRIVATE, which depends on ZONE_DEVICE.
  static constexpr bool kHasDevicePrivate = true;

  // With 3 levels p4d_to_folded_pud() must not get a pointer to a local copy.
  // All else holds in tables that do not change: each folded level's part of a
  // range is in one entry of it, and calling pud_offset() again gives the
  // next entry.
  static constexpr Causes ExpectedFailures(Policy policy, int levels) {
    Causes causes;
    if (levels == kMinLevels && policy.descent == Descent::kByValue) {
      causes.Add(Cause::kStackEscape);
    }
    // An offset function that gets a pointer reads an entry that was not
    // tested.
    if (policy.descent == Descent::kByPointer) causes.Add(Cause::kDoubleFetch);
    return causes;
  }
  static constexpr std::string_view Witness(int levels) {
    return levels == kMinLevels ? "arm64-realigned" : "";
  }
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ARCH_ARM64_H_
