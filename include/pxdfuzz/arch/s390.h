// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ARCH_S390_H_
#define PXDFUZZ_ARCH_S390_H_

#include <array>
#include <cstdint>
#include <optional>
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

// Region-first, region-second, region-third, segment and page tables.
inline constexpr Geometry kS390Geometry = {{{
    {.shift = 12, .index_bits = 8, .real = true},
    {.shift = 20, .index_bits = 11, .real = true},
    {.shift = 31, .index_bits = 11, .real = true},
    {.shift = 42, .index_bits = 11, .real = true},
    {.shift = 53, .index_bits = 11, .real = true},
}}};

// s390: each process has its own number of real levels, and the type bits in
// every region and segment entry encode the level.
//
// Four parts that share only bit masks:
//   Entries   what Linux writes into tables
//   Kernel    how Linux's walks read them
//   Manual    how the hardware reads them
//   Contract  which leaves gup_fast may return
//
// In `kShape` all five levels are real. A tiny space for exhaustive tests is
// the same type with fewer index bits and smaller shifts.
template <Geometry kShape = kS390Geometry>
struct BasicS390 {
  static constexpr ArchId kId = ArchId::kS390;
  static constexpr int kMinLevels = 2;
  static constexpr int kMaxLevels = 5;

  // Masks of a 64-bit entry; arch/s390/include/asm/pgtable.h and the
  // Principles of Operation, chapter 3.
  struct Mask {
    // Region and segment entries.
    static constexpr uint64_t kOrigin = ~uint64_t{0xfff};
    static constexpr uint64_t kPageTableOrigin = ~uint64_t{0x7ff};
    static constexpr uint64_t kLarge = 0x400;  // format control
    static constexpr uint64_t kTableProtect = 0x200;
    static constexpr uint64_t kTableNoExecute = 0x100;  // of large leaves
    static constexpr uint64_t kTableOffset = 0xc0;
    static constexpr uint64_t kTableInvalid = 0x20;
    static constexpr uint64_t kCommon = 0x10;  // Linux: a swap entry
    static constexpr uint64_t kType = 0x0c;
    static constexpr uint64_t kTableLength = 0x03;
    // Large leaves, for software.
    static constexpr uint64_t kLargeDirty = 0x2000;
    static constexpr uint64_t kLargeYoung = 0x1000;
    static constexpr uint64_t kLargeRead = 0x1;
    static constexpr uint64_t kLargeWrite = 0x2;
    // Page entries, for the hardware.
    static constexpr uint64_t kPageInvalid = 0x400;
    static constexpr uint64_t kPageProtect = 0x200;
    static constexpr uint64_t kPageNoExecute = 0x100;
    static constexpr uint64_t kPageZero = 0x800;
    // Page entries, for software.
    static constexpr uint64_t kPagePresent = 0x001;
    static constexpr uint64_t kPageYoung = 0x004;
    static constexpr uint64_t kPageDirty = 0x008;
    static constexpr uint64_t kPageRead = 0x010;
    static constexpr uint64_t kPageWrite = 0x020;
    static constexpr uint64_t kPageSpecial = 0x040;
    // Address-space control elements.
    static constexpr uint64_t kPrivateSpace = 0x100;
    static constexpr uint64_t kRealSpace = 0x20;
    static constexpr uint64_t kDesignationType = 0x0c;
  };

  // The shape of a paging mode with that many real levels.
  static constexpr Geometry GeometryOf(int levels) {
    Geometry geometry = kShape;
    for (const Level level : kAllLevels) {
      geometry.levels[Ordinal(level)].real = Ordinal(level) < levels;
    }
    return geometry;
  }

  // The bits that stand for a table's level in its entries: 3 for region-first
  // to 0 for segment. `level` is pmd or above.
  static constexpr uint64_t TypeOf(Level level) { return Ordinal(level) - 1; }
  static constexpr Level LevelOfType(uint64_t type) {
    return static_cast<Level>(type + 1);
  }

  // ---------------------------------------------------------------------------
  // What Linux writes. 6.1 and later; see Kernel for the one bit that moved.
  struct Entries {
    static constexpr bool HasLeaf(Level level) { return level <= Level::kPud; }
    static constexpr bool HasSpecial(Level level) {
      return level == Level::kPte;
    }
    static constexpr bool HasSwap(Level level) { return level == Level::kPte; }
    // Migration and hwpoison. Above pte in 7.2; 6.12 and earlier trees write
    // nothing of this kind there.
    static constexpr bool HasMigration(Level level) { return HasLeaf(level); }

    // No contiguous page entries.
    static constexpr uint64_t kContPtes = 1;

    // Minimum alignment of a table's address, in bytes.
    static constexpr uint64_t TableAlignment(Level level) {
      return level == Level::kPte ? ~Mask::kPageTableOrigin + 1
                                  : ~Mask::kOrigin + 1;
    }

    static constexpr uint64_t Empty(Level level) {
      if (level == Level::kPte) return Mask::kPageInvalid;
      return TypeOf(level) << 2 | Mask::kTableInvalid;
    }

    // The entry of `level` that points to a table at `origin`. Region entries
    // contain the length of a full table; segment entries contain only the
    // origin.
    static constexpr uint64_t Table(Level level, uint64_t origin) {
      const uint64_t length =
          level == Level::kPmd ? 0 : uint64_t{Mask::kTableLength};
      return origin | TypeOf(level) << 2 | length;
    }

    // The entry of `level` that maps the page at physical address `frame`,
    // which is a multiple of what the entry spans. The hardware's bits depend
    // on young and dirty too: an old page is invalid and a clean page is
    // protected, whatever its permission. pmdp_invalidate() changes young and
    // readable segment leaves only.
    static constexpr uint64_t Leaf(Level level, uint64_t frame,
                                   const LeafState& state) {
      const bool read = state.permission != Permission::kNone;
      const bool write = state.permission == Permission::kReadWrite;
      const bool invalid = !(read && state.young) || state.invalid;
      const bool protect = !(write && state.dirty);
      const bool noexec = read && state.noexec;
      if (level == Level::kPte) {
        return frame | Mask::kPagePresent | Bit(read, Mask::kPageRead) |
               Bit(write, Mask::kPageWrite) |
               Bit(state.young, Mask::kPageYoung) |
               Bit(state.dirty, Mask::kPageDirty) |
               Bit(state.special, Mask::kPageSpecial) |
               Bit(invalid, Mask::kPageInvalid) |
               Bit(protect, Mask::kPageProtect) |
               Bit(noexec, Mask::kPageNoExecute);
      }
      return frame | Mask::kLarge | TypeOf(level) << 2 |
             Bit(read, Mask::kLargeRead) | Bit(write, Mask::kLargeWrite) |
             Bit(state.young, Mask::kLargeYoung) |
             Bit(state.dirty, Mask::kLargeDirty) |
             Bit(invalid, Mask::kTableInvalid) |
             Bit(protect, Mask::kTableProtect) |
             Bit(noexec, Mask::kTableNoExecute);
    }

    // A page entry for a page that was swapped out, with its place.
    static constexpr uint64_t Swap(uint64_t frame) {
      return frame | Mask::kPageInvalid | Mask::kPageProtect;
    }
    // mk_swap_pte(), and mk_swap_rste() with the type of the table.
    static constexpr uint64_t SwapEntry(EntryKind::Tag tag, Level level,
                                        uint64_t frame) {
      if (tag == EntryKind::Tag::kSwap) return Swap(frame);
      const uint64_t type =
          tag == EntryKind::Tag::kMigration ? kMigrationType : kHwPoisonType;
      if (level == Level::kPte) return Swap(frame) | type << 2;
      return frame | type << 6 | TypeOf(level) << 2 | Mask::kTableInvalid |
             Mask::kCommon;
    }

    // What kind of entry of `level` a word is, if Linux writes such words.
    static constexpr EntryKind Classify(Level level, uint64_t word) {
      if (word == Empty(level)) return EntryKind::Empty();
      if (level == Level::kPte) {
        const uint64_t frame = word & Mask::kOrigin;
        if (word == Swap(frame)) return EntryKind::Swap(frame);
        if ((word & Mask::kPagePresent) == 0) {
          return ClassifyMigration(level, word, frame);
        }
        const LeafState state = {
            .permission =
                PermissionOf(word & Mask::kPageRead, word & Mask::kPageWrite),
            .young = (word & Mask::kPageYoung) != 0,
            .dirty = (word & Mask::kPageDirty) != 0,
            .special = (word & Mask::kPageSpecial) != 0,
            .noexec = (word & Mask::kPageNoExecute) != 0,
        };
        if (word == Leaf(level, frame, state)) {
          return EntryKind::Leaf(frame, state);
        }
        return EntryKind::Malformed();
      }
      if (HasMigration(level) && (word & Mask::kCommon) != 0) {
        return ClassifyMigration(level, word, word & Mask::kOrigin);
      }
      if (HasLeaf(level) && (word & Mask::kLarge) != 0) {
        const uint64_t frame = word & ~(kShape.span(level) - 1);
        const LeafState state = {
            .permission =
                PermissionOf(word & Mask::kLargeRead, word & Mask::kLargeWrite),
            .young = (word & Mask::kLargeYoung) != 0,
            .dirty = (word & Mask::kLargeDirty) != 0,
            .invalid = level == Level::kPmd && IsInvalidated(word),
            .noexec = (word & Mask::kTableNoExecute) != 0,
        };
        if (word == Leaf(level, frame, state)) {
          return EntryKind::Leaf(frame, state);
        }
        return EntryKind::Malformed();
      }
      const uint64_t origin =
          word &
          (level == Level::kPmd ? Mask::kPageTableOrigin : Mask::kOrigin);
      if (word == Table(level, origin)) return EntryKind::Table(origin);
      return EntryKind::Malformed();
    }

    // The address-space control element of a process: a private space of full
    // tables.
    static constexpr uint64_t Control(int levels, uint64_t root) {
      const uint64_t type = TypeOf(static_cast<Level>(levels - 1));
      return root | Mask::kPrivateSpace | type << 2 | Mask::kTableLength;
    }

   private:
    static constexpr EntryKind ClassifyMigration(Level level, uint64_t word,
                                                 uint64_t frame) {
      if (word == SwapEntry(EntryKind::Tag::kMigration, level, frame)) {
        return EntryKind::Migration(frame);
      }
      if (word == SwapEntry(EntryKind::Tag::kHwPoison, level, frame)) {
        return EntryKind::HwPoison(frame);
      }
      return EntryKind::Malformed();
    }
    // A segment leaf that would be valid.
    static constexpr bool IsInvalidated(uint64_t word) {
      constexpr uint64_t kBits =
          Mask::kLargeRead | Mask::kLargeYoung | Mask::kTableInvalid;
      return (word & kBits) == kBits;
    }
    static constexpr uint64_t Bit(bool set, uint64_t mask) {
      return set ? mask : 0;
    }
    static constexpr Permission PermissionOf(uint64_t read, uint64_t write) {
      if (write != 0) return Permission::kReadWrite;
      return read != 0 ? Permission::kRead : Permission::kNone;
    }
  };

  // ---------------------------------------------------------------------------
  // How Linux's walks read entries: arch/s390/include/asm/pgtable.h of 6.1.
  // Each function is one decision of that header, and none calls another that a
  // planted bug might replace.
  class Kernel {
   public:
    // Differences between versions and configurations. The write bit of
    // region-third leaves is 1 in 6.1's header and 2 in 6.12's; hugetlbpage.c
    // writes 2 in both.
    struct SoftwareBits {
      uint64_t region_third_write = Mask::kLargeWrite;
      // Whether pte_protnone() and pmd_protnone() can return true: they cannot
      // if CONFIG_NUMA_BALANCING is off.
      bool tells_protnone = true;
      // pud_present() asks a bit from 7.0 on, and before that whether there is
      // an origin.
      bool has_pud_at_zero = false;
    };

    explicit constexpr Kernel(int /*levels*/) {}
    constexpr Kernel(int /*levels*/, const SoftwareBits& bits) : bits_(bits) {}

    // pgd_offset(): which entry of the root table. The type of the table's
    // first entry decides.
    static constexpr bool ReadsRootType() { return true; }
    constexpr uint64_t RootIndex(uint64_t first_entry, uint64_t address) const {
      return kShape.index(TypeLevel(first_entry), address);
    }

    // Whether the offset function below `parent` follows the entry of `parent`
    // to a table. If not, the level below is folded.
    constexpr bool Descends(Level parent, uint64_t entry) const {
      return parent == Level::kPmd || TypeLevel(entry) >= parent;
    }
    // Where that table is.
    constexpr uint64_t TableOrigin(Level parent, uint64_t entry) const {
      return entry &
             (parent == Level::kPmd ? Mask::kPageTableOrigin : Mask::kOrigin);
    }
    // pXd_index().
    constexpr uint64_t Index(Level level, uint64_t address) const {
      return kShape.index(level, address);
    }
    // What an offset function returns if its level is folded: the pointer that
    // it got.
    constexpr EntryRef FoldedOffset(Level /*level*/, EntryRef pointer,
                                    uint64_t /*address*/) const {
      return pointer;
    }

    // log2 of the span that pXd_addr_end() assumes for an entry: a fixed size.
    constexpr int StaticShift(Level level) const { return kShape.shift(level); }
    // The same for pXd_addr_end_folded() of the RFC (v2): for pgd and p4d, the
    // span depends on the type of the entry.
    constexpr int FoldedAwareShift(Level level, uint64_t entry) const {
      if (level < Level::kP4d) return kShape.shift(level);
      return kShape.shift(TypeLevel(entry));
    }

    // The kind of an entry: pXd_none(), pXd_present(), pXd_leaf(). At a folded
    // level the answer is always "a table".
    constexpr WalkStep Classify(Level level, uint64_t entry) const {
      switch (level) {
        case Level::kPgd:
          if (TypeLevel(entry) < Level::kPgd) return WalkStep::kDescend;
          return (entry & Mask::kTableInvalid) != 0 ? WalkStep::kStop
                                                    : WalkStep::kDescend;
        case Level::kP4d:
          if (TypeLevel(entry) < Level::kP4d) return WalkStep::kDescend;
          return entry == Entries::Empty(level) ? WalkStep::kStop
                                                : WalkStep::kDescend;
        case Level::kPud:
          if (TypeLevel(entry) < Level::kPud) return WalkStep::kDescend;
          if (entry == Entries::Empty(level) || IsSwap(entry)) {
            return WalkStep::kStop;
          }
          if (!bits_.has_pud_at_zero && (entry & Mask::kOrigin) == 0) {
            return WalkStep::kStop;
          }
          return TypeLevel(entry) == Level::kPud && (entry & Mask::kLarge) != 0
                     ? WalkStep::kLeaf
                     : WalkStep::kDescend;
        case Level::kPmd:
          if (entry == Entries::Empty(level) || IsSwap(entry)) {
            return WalkStep::kStop;
          }
          return (entry & Mask::kLarge) != 0 ? WalkStep::kLeaf
                                             : WalkStep::kDescend;
        case Level::kPte:
          return (entry & Mask::kPagePresent) != 0 ? WalkStep::kLeaf
                                                   : WalkStep::kStop;
      }
      return WalkStep::kStop;
    }

    // Whether gup_fast takes a leaf: pXd_protnone(), pXd_access_permitted(),
    // pte_special(). Region-third leaves are not tested for PROT_NONE.
    constexpr bool MayReturn(Level level, uint64_t entry, bool write) const {
      switch (level) {
        case Level::kPte:
          if (bits_.tells_protnone && (entry & Mask::kPageRead) == 0) {
            return false;
          }
          if ((entry & Mask::kPageSpecial) != 0) return false;
          return !write || (entry & Mask::kPageWrite) != 0;
        case Level::kPmd:
          if (bits_.tells_protnone && (entry & Mask::kLargeRead) == 0) {
            return false;
          }
          return !write || (entry & Mask::kLargeWrite) != 0;
        default:
          return !write || (entry & bits_.region_third_write) != 0;
      }
    }

    // pXd_page() and the pages into it: physical address of the page that holds
    // `address`.
    constexpr uint64_t LeafPage(Level level, uint64_t entry,
                                uint64_t address) const {
      const uint64_t inside = kShape.span(level) - 1;
      return (entry & ~inside) + (address & inside & Mask::kOrigin);
    }

   private:
    // Segment and region-third entries: trees with swap entries there have a
    // bit for present ones, which these lack.
    static constexpr bool IsSwap(uint64_t entry) {
      return (entry & (Mask::kCommon | Mask::kTableInvalid)) ==
             (Mask::kCommon | Mask::kTableInvalid);
    }
    // The level of the table in which an entry is, by the entry's type
    // bits.
    static constexpr Level TypeLevel(uint64_t entry) {
      return static_cast<Level>(((entry & Mask::kType) >> 2) + 1);
    }

    SoftwareBits bits_;
  };

  // ---------------------------------------------------------------------------
  // Dynamic address translation, z/Architecture Principles of Operation
  // (SA22-7832), chapter 3, in the manual's order. One object translates one
  // address.
  class Manual {
   public:
    // Program-interruption codes.
    enum Code : uint16_t {
      kProtection = 0x04,
      kAddressing = 0x05,
      kSegmentTranslation = 0x10,
      kPageTranslation = 0x11,
      kTranslationSpecification = 0x12,
      kAsceType = 0x38,
      kRegionFirstTranslation = 0x39,
      kRegionSecondTranslation = 0x3a,
      kRegionThirdTranslation = 0x3b,
    };
    static constexpr uint16_t kNotInStorage = kAddressing;

    static constexpr std::string_view CodeName(uint16_t code) {
      switch (code) {
        case kProtection:
          return "protection exception";
        case kAddressing:
          return "addressing exception";
        case kSegmentTranslation:
          return "segment-translation exception";
        case kPageTranslation:
          return "page-translation exception";
        case kTranslationSpecification:
          return "translation-specification exception";
        case kAsceType:
          return "ASCE-type exception";
        case kRegionFirstTranslation:
          return "region-first-translation exception";
        case kRegionSecondTranslation:
          return "region-second-translation exception";
        case kRegionThirdTranslation:
          return "region-third-translation exception";
      }
      return "no exception";
    }
    static constexpr std::string_view TableName(Level level) {
      constexpr std::array<std::string_view, kLevelCount> kNames = {
          "page table", "segment table", "region-third table",
          "region-second table", "region-first table"};
      return kNames[Ordinal(level)];
    }

    // Enhanced DAT: 1 MiB frames and protection above segments; 2 GiB frames.
    struct Facilities {
      bool edat1 = true;
      bool edat2 = true;
    };

    // `asce`: the address-space control element; it says how many levels are
    // real.
    constexpr Manual(const Geometry& /*geometry*/, uint64_t asce)
        : Manual(asce, Facilities{}) {}
    constexpr Manual(uint64_t asce, Facilities facilities)
        : asce_(asce), facilities_(facilities) {}

    // The first step for `address`.
    constexpr ManualStep Start(uint64_t address) const {
      if ((asce_ & Mask::kRealSpace) != 0) return ManualStep::Done(address);
      const Level top = LevelOfType((asce_ & Mask::kDesignationType) >> 2);
      const int bits = kShape.shift(top) + kShape.index_bits(top);
      if (bits < 64 && address >> bits != 0) {
        return ManualStep::Exception(kAsceType);
      }
      return Enter(top, asce_ & Mask::kOrigin, 0, asce_ & Mask::kTableLength,
                   address);
    }

    // The step after `entry` of `level` was fetched.
    constexpr ManualStep Next(Level level, uint64_t entry, uint64_t address) {
      if (level == Level::kPte) return Page(entry, address);
      if ((entry & Mask::kTableInvalid) != 0) {
        return ManualStep::Exception(TranslationException(level));
      }
      if ((entry & Mask::kType) >> 2 != TypeOf(level)) {
        return ManualStep::Exception(kTranslationSpecification);
      }
      const bool common_checked =
          level == Level::kPmd || (level == Level::kPud && facilities_.edat2);
      if (common_checked && (entry & Mask::kCommon) != 0 &&
          (asce_ & Mask::kPrivateSpace) != 0) {
        return ManualStep::Exception(kTranslationSpecification);
      }
      if (level == Level::kPmd || facilities_.edat1) {
        protected_ |= (entry & Mask::kTableProtect) != 0;
      }
      const bool large_level = (level == Level::kPmd && facilities_.edat1) ||
                               (level == Level::kPud && facilities_.edat2);
      if (large_level && (entry & Mask::kLarge) != 0) {
        return ManualStep::Done(FrameAddress(level, entry, address));
      }
      if (level == Level::kPmd) {
        return ManualStep::Fetch(Level::kPte,
                                 (entry & Mask::kPageTableOrigin) +
                                     kEntrySize * Index(Level::kPte, address));
      }
      return Enter(Below(level), entry & Mask::kOrigin,
                   (entry & Mask::kTableOffset) >> 6,
                   entry & Mask::kTableLength, address);
    }

    // Whether an entry passed so far allows no store.
    constexpr bool is_protected() const { return protected_; }
    static constexpr uint16_t kStoreToProtected = kProtection;

    // The absolute address that a leaf of `level` gives `address`, valid or
    // not.
    static constexpr uint64_t FrameAddress(Level level, uint64_t entry,
                                           uint64_t address) {
      const uint64_t inside = kShape.span(level) - 1;
      return (entry & ~inside) | (address & inside);
    }

    // Which entry of its table an address selects.
    static constexpr uint64_t Index(Level level, uint64_t address) {
      return kShape.index(level, address);
    }

   private:
    // A table whose origin, offset and length are known: tables come in
    // quarters, of which `first` to `last` exist.
    static constexpr ManualStep Enter(Level level, uint64_t origin,
                                      uint64_t first, uint64_t last,
                                      uint64_t address) {
      const uint64_t index = Index(level, address);
      const int quarter_bits = kShape.index_bits(level) - 2;
      if (quarter_bits >= 0) {
        const uint64_t quarter = index >> quarter_bits;
        if (quarter < first || quarter > last) {
          return ManualStep::Exception(TranslationException(level));
        }
      }
      return ManualStep::Fetch(level, WrappingAdd(origin, kEntrySize * index));
    }

    constexpr ManualStep Page(uint64_t entry, uint64_t address) {
      if ((entry & Mask::kPageInvalid) != 0) {
        return ManualStep::Exception(kPageTranslation);
      }
      if ((entry & Mask::kPageZero) != 0) {
        return ManualStep::Exception(kTranslationSpecification);
      }
      protected_ |= (entry & Mask::kPageProtect) != 0;
      return ManualStep::Done(FrameAddress(Level::kPte, entry, address));
    }

    static constexpr uint16_t TranslationException(Level level) {
      constexpr std::array<uint16_t, kLevelCount> kCodes = {
          kPageTranslation, kSegmentTranslation, kRegionThirdTranslation,
          kRegionSecondTranslation, kRegionFirstTranslation};
      return kCodes[Ordinal(level)];
    }

    uint64_t asce_;
    Facilities facilities_;
    bool protected_ = false;
  };

  // ---------------------------------------------------------------------------
  // Which requests and which leaves gup_fast may serve.
  struct Contract {
    // Highest end of a range: the mm's limit. gup_fast refuses a request beyond
    // it, or whose start and length overflow, as a whole. The last page of a
    // 5-level space never belongs to user space.
    static constexpr uint64_t Limit(int levels) {
      const Geometry geometry = GeometryOf(levels);
      if (levels == kMaxLevels) return WrappingSub(0, geometry.page_size());
      return geometry.last_address() + 1;
    }
    static constexpr bool Permits(int levels, uint64_t end) {
      return end <= Limit(levels);
    }

    // Whether `entry`, where a translation of `level` ended, is a page that
    // gup_fast may return. Page entries: present, not special, readable, and
    // writable for a write. Segment leaves: the same, without special.
    // Region-third leaves: the same, without special and PROT_NONE.
    static constexpr bool Allows(Level level, uint64_t entry, bool write) {
      if (level == Level::kPte) {
        uint64_t wanted = Mask::kPagePresent | Mask::kPageRead;
        if (write) wanted |= Mask::kPageWrite;
        return (entry & (wanted | Mask::kPageSpecial)) == wanted;
      }
      if (!Entries::HasLeaf(level) ||
          (entry & (Mask::kLarge | Mask::kCommon)) != Mask::kLarge) {
        return false;
      }
      if (level == Level::kPmd) {
        const uint64_t wanted =
            Mask::kLargeRead | (write ? uint64_t{Mask::kLargeWrite} : 0);
        return (entry & wanted) == wanted;
      }
      if ((entry & Mask::kOrigin) == 0) return false;
      return !write || (entry & Mask::kLargeWrite) != 0;
    }
  };

  // Whether hugetlb shares pmd tables: CONFIG_ARCH_WANT_HUGE_PMD_SHARE.
  static constexpr bool kSharesTables = false;
  // Whether it has CONFIG_DEVICE_PRIVATE, which depends on ZONE_DEVICE.
  static constexpr bool kHasDevicePrivate = false;

  // Whether a process with that many levels may get one more while it runs:
  // crst_table_upgrade(). A process with 2 levels is a 31-bit process and keeps
  // them.
  static constexpr bool CanUpgrade(int levels) {
    return levels >= 3 && levels < kMaxLevels;
  }

  // Why the walk `policy` is expected to go wrong in a paging mode of that many
  // levels; empty if the walk is correct there.
  static constexpr Causes ExpectedFailures(Policy policy, int levels) {
    Causes causes;
    if (levels < kMaxLevels && policy.boundary == BoundaryRule::kStatic) {
      if (policy.step == Step::kRecompute) {
        // A folded offset function returns a pointer to the first entry again.
        causes.Add(Cause::kWrongEntry);
      } else if (policy.descent == Descent::kByValue) {
        // The static boundary of a folded level lets the loop below step off
        // the copy.
        causes.Add(Cause::kStackEscape);
      }
    }
    // An offset function that gets a pointer reads an entry that was not
    // tested.
    if (policy.descent == Descent::kByPointer) causes.Add(Cause::kDoubleFetch);
    // Below a folded level, the pointer to an entry that may be a leaf, or lead
    // to pages, points to a local copy: region-third leaves with 3 levels and
    // fewer, segment entries with 2.
    if (policy.descent == Descent::kByValue && levels <= Ordinal(Level::kP4d)) {
      causes.Add(Cause::kVacuousRecheck);
    }
    return causes;
  }
  // The name of the case in corpus/regressions that shows it.
  static constexpr std::string_view Witness(int levels) {
    constexpr std::array<std::string_view, kMaxLevels - kMinLevels> kNames = {
        "border-1-mib", "thread-wrong-page", "border-4-tib"};
    return levels < kMaxLevels ? kNames[levels - kMinLevels] : "";
  }
};

using S390 = BasicS390<>;

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ARCH_S390_H_
