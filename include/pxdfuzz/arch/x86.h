// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ARCH_X86_H_
#define PXDFUZZ_ARCH_X86_H_

#include <array>
#include <cstdint>
#include <string_view>

#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/manual.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

constexpr Geometry X86Geometry(int levels) {
  const bool five = levels == 5;
  const uint8_t top = five ? 48 : 39;
  return {{{
      {.shift = 12, .index_bits = 9, .real = true},
      {.shift = 21, .index_bits = 9, .real = true},
      {.shift = 30, .index_bits = 9, .real = true},
      {.shift = 39, .index_bits = 9, .real = five},
      {.shift = top, .index_bits = 9, .real = true},
  }}};
}

// x86-64 with 4 and 5 levels: the number is decided at boot. With 4, Linux
// folds p4d, and a pgd entry spans what a p4d entry would.
//
// The parts are those of S390. They share bit masks and nothing else.
struct X86 {
  static constexpr ArchId kId = ArchId::kX86;
  static constexpr int kMinLevels = 4;
  static constexpr int kMaxLevels = 5;

  // Masks of a 64-bit entry; arch/x86/include/asm/pgtable_types.h, and the
  // Intel Software Developer's Manual, volume 3, chapter 4.
  struct Mask {
    static constexpr uint64_t kPresent = 0x001;
    static constexpr uint64_t kWritable = 0x002;
    static constexpr uint64_t kUser = 0x004;
    static constexpr uint64_t kWriteThrough = 0x008;
    static constexpr uint64_t kCacheDisable = 0x010;
    static constexpr uint64_t kAccessed = 0x020;
    static constexpr uint64_t kDirty = 0x040;
    static constexpr uint64_t kLarge = 0x080;    // page size, above pte level
    static constexpr uint64_t kGlobal = 0x100;   // in an entry that is not
                                                 // present: PROT_NONE
    static constexpr uint64_t kSpecial = 0x200;  // for software
    static constexpr uint64_t kFrame = 0x000f'ffff'ffff'f000;
    // In a large leaf the lowest bit of the frame field is PAT.
    static constexpr uint64_t kLargePat = 0x1000;
    static constexpr uint64_t kPat = 0x080;                 // of a page entry
    static constexpr uint64_t kDevmap = uint64_t{1} << 58;  // for software
    static constexpr int kKeyShift = 59;                    // 4 bits
    static constexpr uint64_t kNoExecute = uint64_t{1} << 63;
  };

  static constexpr Geometry GeometryOf(int levels) {
    return X86Geometry(levels);
  }

  // ---------------------------------------------------------------------------
  // What Linux writes, 6.1.
  struct Entries {
    static constexpr bool HasLeaf(Level level) { return level <= Level::kPud; }
    // Large leaves since 6.12.
    static constexpr bool HasSpecial(Level level) { return HasLeaf(level); }
    // Whether the walks take a leaf for special: they ask pte_devmap() first.
    static constexpr bool IsSpecial(Level level, uint64_t word) {
      return (word & Mask::kSpecial) != 0 &&
             (level != Level::kPte || (word & Mask::kDevmap) == 0);
    }
    static constexpr bool HasSwap(Level level) { return level == Level::kPte; }
    // Migration and hwpoison; above pmd, only hugetlb has them.
    static constexpr bool HasMigration(Level level) { return HasLeaf(level); }

    // No contiguous page entries.
    static constexpr uint64_t kContPtes = 1;

    static constexpr uint64_t TableAlignment(Level /*level*/) { return 4096; }

    static constexpr uint64_t Empty(Level /*level*/) { return 0; }

    // _PAGE_TABLE: tables allow everything; leaves decide.
    static constexpr uint64_t Table(Level /*level*/, uint64_t origin) {
      return origin | kTableBits;
    }

    // A PROT_NONE page is not present and marked global, and its frame is
    // inverted (asm/pgtable-invert.h, against speculation). An invalid one
    // (pmd_mkinvalid()) has neither bit, and its frame is inverted too.
    static constexpr uint64_t Leaf(Level level, uint64_t frame,
                                   const LeafState& state) {
      const bool none = state.permission == Permission::kNone;
      const bool write = state.permission == Permission::kReadWrite;
      uint64_t word = frame & FrameMask(level);
      if (none || state.invalid) word ^= FrameMask(level);
      word |= none           ? Mask::kGlobal
              : state.kernel ? Mask::kPresent
                             : Mask::kPresent | Mask::kUser;
      if (state.invalid) word &= ~(Mask::kPresent | Mask::kGlobal);
      if (write) word |= Mask::kWritable;
      if (state.young) word |= Mask::kAccessed;
      if (state.dirty) word |= Mask::kDirty;
      if (state.special) word |= Mask::kSpecial;
      if (state.devmap) word |= DevmapOf(level);
      if (level != Level::kPte) word |= Mask::kLarge;
      if (state.noexec && !none) word |= Mask::kNoExecute;
      if (state.pwt) word |= Mask::kWriteThrough;
      if (state.pcd) word |= Mask::kCacheDisable;
      if (state.pat) word |= PatOf(level);
      return word | uint64_t{state.key} << Mask::kKeyShift;
    }

    // __swp_entry() of type 0: the inverted offset, from bit 9 up.
    static constexpr uint64_t Swap(uint64_t place) {
      return SwapOfType(0, place);
    }
    static constexpr uint64_t SwapEntry(EntryKind::Tag tag, Level /*level*/,
                                        uint64_t frame) {
      return SwapOfType(DeviceSwapTypes::Of(tag, 0), frame);
    }

    static constexpr EntryKind Classify(Level level, uint64_t word) {
      if (word == Empty(level)) return EntryKind::Empty();
      if (HasMigration(level) && (word & kSwapClear) == 0) {
        const uint64_t place = ~(word << 5) >> 14 << 12;
        return DeviceSwapTypes::Meaning(level, word >> 59, 0, place);
      }
      const bool large = level != Level::kPte && (word & Mask::kLarge) != 0;
      if (level != Level::kPte && !large) {
        const uint64_t origin = word & Mask::kFrame;
        return word == Table(level, origin) ? EntryKind::Table(origin)
                                            : EntryKind::Malformed();
      }
      if (!HasLeaf(level)) return EntryKind::Malformed();
      const bool absent = (word & Mask::kPresent) == 0;
      const bool write = (word & Mask::kWritable) != 0;
      const bool user = (word & Mask::kUser) != 0;
      const bool none = absent && !user && !write;
      const LeafState state = {
          .permission = none    ? Permission::kNone
                        : write ? Permission::kReadWrite
                                : Permission::kRead,
          .young = (word & Mask::kAccessed) != 0,
          .dirty = (word & Mask::kDirty) != 0,
          .special =
              (word & (Mask::kSpecial | Mask::kDevmap)) == Mask::kSpecial,
          .invalid =
              level == Level::kPmd && absent && (word & Mask::kGlobal) == 0,
          .kernel = !none && !user,
          .noexec = (word & Mask::kNoExecute) != 0,
          .pwt = (word & Mask::kWriteThrough) != 0,
          .pcd = (word & Mask::kCacheDisable) != 0,
          .pat = (word & PatOf(level)) != 0,
          .devmap = (word & Mask::kDevmap) != 0,
          .key = static_cast<uint8_t>(word >> Mask::kKeyShift & 15),
      };
      const uint64_t frame = (absent ? ~word : word) & FrameMask(level);
      return word == Leaf(level, frame, state) ? EntryKind::Leaf(frame, state)
                                               : EntryKind::Malformed();
    }

    // CR3: the address of the root table.
    static constexpr uint64_t Control(int /*levels*/, uint64_t root) {
      return root;
    }

   private:
    static constexpr uint64_t kTableBits = Mask::kPresent | Mask::kWritable |
                                           Mask::kUser | Mask::kAccessed |
                                           Mask::kDirty;
    // Bits that swap entries have clear: the offset is above them.
    static constexpr uint64_t kSwapClear = 0x1ff;
    static constexpr uint64_t SwapOfType(uint64_t type, uint64_t place) {
      return ~(place >> 12) << 14 >> 5 | type << 59;
    }
    static constexpr uint64_t PatOf(Level level) {
      return level == Level::kPte ? Mask::kPat : Mask::kLargePat;
    }
    // pte_mkdevmap() sets kSpecial too.
    static constexpr uint64_t DevmapOf(Level level) {
      return Mask::kDevmap | (level == Level::kPte ? Mask::kSpecial : 0);
    }
    static constexpr uint64_t FrameMask(Level level) {
      return Mask::kFrame & ~(X86Geometry(kMaxLevels).span(level) - 1);
    }
  };

  // ---------------------------------------------------------------------------
  // How Linux's walks read entries: arch/x86/include/asm/pgtable*.h of 6.1.
  class Kernel {
   public:
    explicit constexpr Kernel(int levels)
        : geometry_(GeometryOf(levels)), five_(levels == kMaxLevels) {}

    // pgd_offset(): by a shift that is fixed at boot.
    static constexpr bool ReadsRootType() { return false; }
    constexpr uint64_t RootIndex(uint64_t /*first_entry*/,
                                 uint64_t address) const {
      return geometry_.index(Level::kPgd, address);
    }

    // p4d_offset() returns the pgd's pointer with 4 levels.
    constexpr bool Descends(Level parent, uint64_t /*entry*/) const {
      return parent != Level::kPgd || five_;
    }
    constexpr uint64_t TableOrigin(Level /*parent*/, uint64_t entry) const {
      return entry & Mask::kFrame;
    }
    constexpr uint64_t Index(Level level, uint64_t address) const {
      return geometry_.index(level, address);
    }
    constexpr EntryRef FoldedOffset(Level /*level*/, EntryRef pointer,
                                    uint64_t /*address*/) const {
      return pointer;
    }

    constexpr int StaticShift(Level level) const {
      return geometry_.shift(level);
    }
    // Entries do not encode their span: the argument changes nothing.
    constexpr int FoldedAwareShift(Level level, uint64_t /*entry*/) const {
      return geometry_.shift(level);
    }

    // pgd_none(), p4d_none(), pud_present(), pmd_present(), pte_present(), and
    // what is large. A PROT_NONE page is present to them below pud.
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      switch (level) {
        case Level::kPgd:
          return five_ && entry == 0 ? WalkStep::kStop : WalkStep::kDescend;
        case Level::kP4d:
          // Some processors set these bits in empty entries.
          return (entry & ~(Mask::kAccessed | Mask::kDirty)) == 0
                     ? WalkStep::kStop
                     : WalkStep::kDescend;
        case Level::kPud:
          if ((entry & Mask::kPresent) == 0) return WalkStep::kStop;
          return (entry & Mask::kLarge) != 0 ? WalkStep::kLeaf
                                             : WalkStep::kDescend;
        case Level::kPmd:
          if ((entry & (Mask::kPresent | Mask::kGlobal | Mask::kLarge)) == 0) {
            return WalkStep::kStop;
          }
          return (entry & (Mask::kPresent | Mask::kLarge)) == Mask::kPresent
                     ? WalkStep::kDescend
                     : WalkStep::kLeaf;
        case Level::kPte:
          return (entry & (Mask::kPresent | Mask::kGlobal)) != 0
                     ? WalkStep::kLeaf
                     : WalkStep::kStop;
      }
      return WalkStep::kStop;
    }

    // pXd_protnone(), pXd_access_permitted(), pte_devmap(), pXd_special(),
    // which asks large leaves since 6.12.
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      if ((entry & Mask::kPresent) == 0) return false;
      if ((entry & Mask::kUser) == 0) return false;
      if (write && (entry & Mask::kWritable) == 0) return false;
      return !Entries::IsSpecial(level, entry);
    }

    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t inside = geometry_.span(level) - 1;
      return (entry & Mask::kFrame & ~inside) +
             (address & inside & Mask::kFrame);
    }

   private:
    Geometry geometry_;
    bool five_;
  };

  // ---------------------------------------------------------------------------
  // Paging of IA-32e mode: Software Developer's Manual, volume 3, section 4.5,
  // for an access in user mode with CR0.WP and EFER.NXE set and 52 bits of
  // physical addresses.
  class Manual {
   public:
    // The manual has one exception with an error code, and one for addresses;
    // these codes distinguish the reasons.
    enum Code : uint16_t {
      kNotPresent = 1,    // #PF, P = 0
      kReservedBit = 2,   // #PF, RSVD = 1
      kUserMode = 3,      // #PF: a supervisor-mode address
      kReadOnly = 4,      // #PF: a store, R/W = 0
      kNotCanonical = 5,  // #GP
      kNoSuchMemory = 6,  // nothing answers at that physical address
    };
    static constexpr uint16_t kNotInStorage = kNoSuchMemory;

    static constexpr std::string_view CodeName(uint16_t code) {
      switch (code) {
        case kNotPresent:
          return "page fault: not present";
        case kReservedBit:
          return "page fault: reserved bit set";
        case kUserMode:
          return "page fault: supervisor page";
        case kReadOnly:
          return "page fault: read-only page";
        case kNotCanonical:
          return "general protection: address is not canonical";
        case kNoSuchMemory:
          return "no memory at that physical address";
      }
      return "no exception";
    }
    static constexpr std::string_view TableName(Level level) {
      constexpr std::array<std::string_view, kLevelCount> kNames = {
          "page table", "page directory", "page-directory-pointer table",
          "PML4 table", "top table"};
      return kNames[Ordinal(level)];
    }

    // `cr3`: the root; CR4.LA57 is in the geometry.
    constexpr Manual(const Geometry& geometry, uint64_t cr3)
        : geometry_(geometry), cr3_(cr3) {}

    constexpr ManualStep Start(uint64_t address) const {
      // The bits from the highest translated one upwards are all equal.
      const int top = geometry_.address_bits() - 1;
      const uint64_t high = address >> top;
      if (high != 0 && high != ~uint64_t{0} >> top) {
        return ManualStep::Exception(kNotCanonical);
      }
      return Enter(geometry_.root(), cr3_, address);
    }

    constexpr ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      if ((entry & Mask::kPresent) == 0) {
        return ManualStep::Exception(kNotPresent);
      }
      const bool leaf = level == Level::kPte || (entry & Mask::kLarge) != 0;
      if (leaf && level > Level::kPud) {
        return ManualStep::Exception(kReservedBit);
      }
      if (leaf && level != Level::kPte) {
        const uint64_t below = geometry_.span(level) - 1;
        if ((entry & below & Mask::kFrame & ~Mask::kLargePat) != 0) {
          return ManualStep::Exception(kReservedBit);
        }
      }
      writable_ &= (entry & Mask::kWritable) != 0;
      user_ &= (entry & Mask::kUser) != 0;
      if (!leaf) return Enter(geometry_.real_below(level), entry, address);
      if (!user_) return ManualStep::Exception(kUserMode);
      return ManualStep::Done(FrameAddress(level, entry, address));
    }

    constexpr bool is_protected() const { return !writable_; }
    static constexpr uint16_t kStoreToProtected = kReadOnly;

    static constexpr uint64_t FrameAddress(Level level, uint64_t entry,
                                           uint64_t address) {
      const uint64_t inside = X86Geometry(kMaxLevels).span(level) - 1;
      return (entry & Mask::kFrame & ~inside) | (address & inside);
    }

    // Which entry of its table an address selects.
    constexpr uint64_t Index(Level level, uint64_t address) const {
      return geometry_.index(level, address);
    }

   private:
    constexpr ManualStep Enter(Level level, uint64_t entry,
                               uint64_t address) const {
      return ManualStep::Fetch(
          level, (entry & Mask::kFrame) | Index(level, address) * kEntrySize);
    }

    Geometry geometry_;
    uint64_t cr3_;
    bool writable_ = true;
    bool user_ = true;
  };

  // ---------------------------------------------------------------------------
  // Which requests and which leaves gup_fast may serve.
  struct Contract {
    // `end` may have no bit above the user half: the limit is one page less
    // than the half.
    static constexpr uint64_t Limit(int levels) {
      return (uint64_t{1} << (levels == kMaxLevels ? 56 : 47)) - 4096;
    }
    static constexpr bool Permits(int levels, uint64_t end) {
      return end >> (levels == kMaxLevels ? 56 : 47) == 0;
    }

    static constexpr bool Allows(Level level, uint64_t entry, bool write) {
      uint64_t wanted = Mask::kPresent | Mask::kUser;
      if (write) wanted |= Mask::kWritable;
      if (level != Level::kPte) {
        if (!Entries::HasLeaf(level)) return false;
        wanted |= Mask::kLarge;
      }
      return (entry & wanted) == wanted && !Entries::IsSpecial(level, entry);
    }
  };

  // All processes have as many levels as the machine was started with.
  static constexpr bool CanUpgrade(int /*levels*/) { return false; }
  // Whether hugetlb shares pmd tables: CONFIG_ARCH_WANT_HUGE_PMD_SHARE.
  static constexpr bool kSharesTables = true;
  // Whether it has CONFIG_DEVICE_PRIVATE, which depends on ZONE_DEVICE.
  static constexpr bool kHasDevicePrivate = true;

  // Where p4d is folded, a pgd entry's part of the range is in one p4d entry:
  // in tables that do not change all walks hold.
  static constexpr Causes ExpectedFailures(Policy policy, int /*levels*/) {
    Causes causes;
    // An offset function that gets a pointer reads an entry that was not
    // tested.
    if (policy.descent == Descent::kByPointer) causes.Add(Cause::kDoubleFetch);
    return causes;
  }
  static constexpr std::string_view Witness(int /*levels*/) { return ""; }
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ARCH_X86_H_
