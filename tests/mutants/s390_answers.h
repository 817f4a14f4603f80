// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_S390_ANSWERS_H_
#define PXDFUZZ_TESTS_MUTANTS_S390_ANSWERS_H_

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "tests/mutants/known_answers.h"

// Known answers for each rule of dynamic address translation (Principles of
// Operation, SA22-7832, chapter 3), in its order. All numbers are literal.

namespace pxdfuzz::mutants {

using S390Facilities = S390::Manual::Facilities;

// The address has index 1 in the region-first table, 2 in the region-second, 3
// in the region-third, 4 in the segment, 5 in the page table, and byte 678:
//
//   table           is at   entry at   holds
//   region-first    10000       10008      2000f
//   region-second   20000       20010      3000b
//   region-third    30000       30018      40007
//   segment         40000       40020      50800
//   page            50800       50828      abcde000
inline WordMemory S390Tables() {
  WordMemory memory;
  memory.Set(0x10008, 0x2000f);
  memory.Set(0x20010, 0x3000b);
  memory.Set(0x30018, 0x40007);
  memory.Set(0x40020, 0x50800);
  memory.Set(0x50828, 0xabcde000);
  return memory;
}
inline constexpr uint64_t kS390Address = 0x0020'0801'8040'5678;
// The same in paging modes of 4, 3 and 2 levels.
inline constexpr uint64_t kS390Address4 = 0x0801'8040'5678;
inline constexpr uint64_t kS390Address3 = 0x0001'8040'5678;
inline constexpr uint64_t kS390Address2 = 0x0040'5678;
// Private spaces of that many levels, and one that is not private.
inline constexpr uint64_t kS390Asce = 0x1010f;
inline constexpr uint64_t kS390Asce4 = 0x2010b;
inline constexpr uint64_t kS390Asce3 = 0x30107;
inline constexpr uint64_t kS390Asce2 = 0x40103;
inline constexpr uint64_t kS390Shared = 0x1000f;

inline constexpr S390Facilities kNoEdat = {.edat1 = false, .edat2 = false};
inline constexpr S390Facilities kEdat1 = {.edat1 = true, .edat2 = false};
inline constexpr S390Facilities kEdat2 = {.edat1 = true, .edat2 = true};

struct S390Setting {
  uint64_t asce = 0;
  S390Facilities facilities;

  template <class Manual>
  Manual Make() const {
    return Manual(asce, facilities);
  }
};
using S390Answer = KnownAnswer<S390Setting>;

// Writes the answers.
class S390AnswerList {
 public:
  // Begins a rule, with the initial tables.
  void Rule(std::string_view rule) {
    rule_ = rule;
    memory_ = S390Tables();
  }
  void Set(uint64_t address, uint64_t word) { memory_.Set(address, word); }
  void Remove(uint64_t address) { memory_.Remove(address); }

  // The kind of the last word: a result, which is not protected; a protected
  // result; an exception.
  void Gives(uint64_t asce, uint64_t address, uint64_t physical,
             S390Facilities facilities = kEdat2,
             Access access = Access::kFetch) {
    Add(asce, address, facilities, access, 0, physical, false);
  }
  void GivesProtected(uint64_t asce, uint64_t address, uint64_t physical,
                      S390Facilities facilities = kEdat2) {
    Add(asce, address, facilities, Access::kFetch, 0, physical, true);
  }
  void Ends(uint64_t asce, uint64_t address, uint16_t code,
            S390Facilities facilities = kEdat2,
            Access access = Access::kFetch) {
    Add(asce, address, facilities, access, code, 0, false);
  }

  std::vector<S390Answer> Take() { return std::move(answers_); }

 private:
  void Add(uint64_t asce, uint64_t address, S390Facilities facilities,
           Access access, uint16_t code, uint64_t physical, bool is_protected) {
    answers_.push_back({rule_,
                        memory_,
                        {asce, facilities},
                        address,
                        access,
                        code,
                        physical,
                        is_protected});
  }

  std::string_view rule_;
  WordMemory memory_;
  std::vector<S390Answer> answers_;
};

// 1 to 3: the control element.
inline void AddS390ControlAnswers(S390AnswerList& list) {
  list.Rule("levels");
  list.Gives(kS390Asce, kS390Address, 0xabcde678);
  list.Gives(kS390Asce4, kS390Address4, 0xabcde678);
  list.Gives(kS390Asce3, kS390Address3, 0xabcde678);
  list.Gives(kS390Asce2, kS390Address2, 0xabcde678);
  // The last entry of each table: indexes 7ff four times, and ff.
  list.Set(0x13ff8, 0x2000f);
  list.Set(0x23ff8, 0x3000b);
  list.Set(0x33ff8, 0x40007);
  list.Set(0x43ff8, 0x50800);
  list.Set(0x50ff8, 0xfffffffffffff000);
  list.Gives(kS390Asce, 0xffff'ffff'ffff'f123, 0xffff'ffff'ffff'f123);
  list.Gives(kS390Asce4, 0x1f'ffff'ffff'f123, 0xffff'ffff'ffff'f123);
  list.Gives(kS390Asce3, 0x3ff'ffff'f123, 0xffff'ffff'ffff'f123);
  list.Gives(kS390Asce2, 0x7fff'f123, 0xffff'ffff'ffff'f123);
  // The first.
  list.Set(0x10000, 0x2000f);
  list.Set(0x20000, 0x3000b);
  list.Set(0x30000, 0x40007);
  list.Set(0x40000, 0x50800);
  list.Set(0x50800, 0x7000);
  list.Gives(kS390Asce, 0x123, 0x7123);

  list.Rule("1-real-space");
  list.Gives(0x20, 0xfedc'ba98'7654'3210, 0xfedc'ba98'7654'3210);
  // Whatever else the entry contains, and for stores too.
  list.Gives(kS390Asce2 | 0x20, 0x8000'0000, 0x8000'0000, kEdat2,
             Access::kStore);
  list.Ends(kS390Asce2, 0x8000'0000, 0x38);

  list.Rule("2-asce-type");
  list.Ends(kS390Asce2, 0x8000'0000, 0x38);
  list.Ends(kS390Asce3, 0x400'0000'0000, 0x38);
  list.Ends(kS390Asce4, 0x20'0000'0000'0000, 0x38);
  // Any of the upper bits counts.
  list.Ends(kS390Asce2, 0x8000'0000'0040'5678, 0x38);
  list.Ends(kS390Asce3, 0x8000'0001'8040'5678, 0x38);
  list.Ends(kS390Asce4, 0x8000'0801'8040'5678, 0x38);
  // The last address below: it is not in storage, but not out of range.
  list.Ends(kS390Asce2, 0x7fff'ffff, 0x05);
  list.Ends(kS390Asce3, 0x3ff'ffff'ffff, 0x05);
  list.Ends(kS390Asce4, 0x1f'ffff'ffff'ffff, 0x05);
  list.Ends(kS390Asce, 0xffff'ffff'ffff'ffff, 0x05);

  // The top quarter of a table of which one quarter exists: within the root's
  // range, and beyond it.
  list.Rule("2-asce-type-before-length");
  list.Ends(0x40100, 0x7ff0'0000, 0x10);
  list.Ends(0x40100, 0xfff0'0000, 0x38);
  list.Ends(0x30104, 0x3ff'8000'0000, 0x3b);
  list.Ends(0x30104, 0x7ff'8000'0000, 0x38);
  list.Ends(0x20108, 0x1f'fc00'0000'0000, 0x3a);
  list.Ends(0x20108, 0x3f'fc00'0000'0000, 0x38);

  // In quarters of 512 entries. Nothing is in storage there: an addressing
  // exception shows that the length check passed.
  list.Rule("3-root-length");
  struct {
    uint64_t asce;  // with length 0
    uint64_t quarter;
    uint16_t code;
  } const kRoots[] = {{0x7010c, uint64_t{0x200} << 53, 0x39},
                      {0x70108, uint64_t{0x200} << 42, 0x3a},
                      {0x70104, uint64_t{0x200} << 31, 0x3b},
                      {0x70100, uint64_t{0x200} << 20, 0x10}};
  for (const auto& root : kRoots) {
    for (uint64_t length = 0; length < 4; ++length) {
      for (uint64_t quarter = 0; quarter < 4; ++quarter) {
        const uint64_t address = quarter * root.quarter;
        const uint16_t code = quarter > length ? root.code : uint16_t{0x05};
        list.Ends(root.asce | length, address, code);
        list.Ends(root.asce | length, address + (root.quarter - 1), code);
      }
    }
  }

  list.Rule("root-origin");
  list.Gives(0x10e0f | 0x100, kS390Address, 0xabcde678);
  list.Set(0x13008, 0x2000f);
  list.Gives(0x1310f, kS390Address, 0xabcde678);
  list.Remove(0x10008);
  list.Gives(0x1310f, kS390Address, 0xabcde678);
}

// 4: region and segment entries.
inline void AddS390EntryAnswers(S390AnswerList& list) {
  for (const uint64_t place : {0x10008, 0x20010, 0x30018, 0x40020, 0x50828}) {
    list.Rule("4-not-in-storage");
    list.Remove(place);
    list.Ends(kS390Asce, kS390Address, 0x05);
  }

  list.Rule("4.1-invalid");
  list.Set(0x50828, 0x400);
  list.Ends(kS390Asce, kS390Address, 0x11);
  list.Set(0x40020, 0x50820);
  list.Ends(kS390Asce, kS390Address, 0x10);
  list.Set(0x30018, 0x40027);
  list.Ends(kS390Asce, kS390Address, 0x3b);
  list.Set(0x20010, 0x3002b);
  list.Ends(kS390Asce, kS390Address, 0x3a);
  list.Set(0x10008, 0x2002f);
  list.Ends(kS390Asce, kS390Address, 0x39);

  list.Rule("4.1-invalid-before-type-and-common");
  list.Set(0x40020, 0x50820 | 0x0c);
  list.Ends(kS390Asce, kS390Address, 0x10);
  list.Set(0x40020, 0x50820 | 0x10);
  list.Ends(kS390Asce, kS390Address, 0x10);
  list.Set(0x30018, 0x40033);
  list.Ends(kS390Asce, kS390Address, 0x3b);
  list.Set(0x20010, 0x30023);
  list.Ends(kS390Asce, kS390Address, 0x3a);
  list.Set(0x10008, 0x20023);
  list.Ends(kS390Asce, kS390Address, 0x39);

  list.Rule("4.1-invalid-leaf");
  list.Set(0x40020, 0x1230'0420);
  list.Ends(kS390Asce, kS390Address, 0x10);
  list.Set(0x30018, 0x8000'0424);
  list.Ends(kS390Asce, kS390Address, 0x3b);

  struct {
    uint64_t place;
    uint64_t entry;  // without type
    uint64_t type;
  } const kTyped[] = {{0x10008, 0x20003, 0xc},
                      {0x20010, 0x30003, 0x8},
                      {0x30018, 0x40003, 0x4},
                      {0x40020, 0x50800, 0x0}};
  for (const auto& entry : kTyped) {
    list.Rule("4.2-type");
    for (const uint64_t type : {0x0, 0x4, 0x8, 0xc}) {
      list.Set(entry.place, entry.entry | type);
      if (type == entry.type) {
        list.Gives(kS390Asce, kS390Address, 0xabcde678);
      } else {
        list.Ends(kS390Asce, kS390Address, 0x12);
      }
    }
  }

  list.Rule("4.3-common-segment");
  list.Set(0x40020, 0x50810);
  for (const S390Facilities facilities : {kNoEdat, kEdat1, kEdat2}) {
    list.Ends(kS390Asce, kS390Address, 0x12, facilities);
    list.Gives(kS390Shared, kS390Address, 0xabcde678, facilities);
  }
  // A leaf too.
  list.Set(0x40020, 0x1230'0410);
  list.Ends(kS390Asce, kS390Address, 0x12);
  list.Gives(kS390Shared, kS390Address, 0x1230'5678);

  list.Rule("4.3-common-region-third");
  list.Set(0x30018, 0x40017);
  list.Ends(kS390Asce, kS390Address, 0x12);
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kEdat1);
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kNoEdat);
  list.Gives(kS390Shared, kS390Address, 0xabcde678);

  list.Rule("4.3-common-higher-up");
  list.Set(0x10008, 0x2001f);
  list.Set(0x20010, 0x3001b);
  list.Gives(kS390Asce, kS390Address, 0xabcde678);
  list.Gives(kS390Shared, kS390Address, 0xabcde678);

  list.Rule("4.4-protection");
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kNoEdat);
  struct {
    uint64_t place;
    uint64_t entry;
    bool without_edat;
  } const kProtecting[] = {{0x10008, 0x2020f, false},
                           {0x20010, 0x3020b, false},
                           {0x30018, 0x40207, false},
                           {0x40020, 0x50a00, true},
                           {0x50828, 0xabcde200, true}};
  for (const auto& entry : kProtecting) {
    list.Rule("4.4-protection");
    list.Set(entry.place, entry.entry);
    list.GivesProtected(kS390Asce, kS390Address, 0xabcde678, kEdat2);
    list.GivesProtected(kS390Asce, kS390Address, 0xabcde678, kEdat1);
    if (entry.without_edat) {
      list.GivesProtected(kS390Asce, kS390Address, 0xabcde678, kNoEdat);
    } else {
      list.Gives(kS390Asce, kS390Address, 0xabcde678, kNoEdat);
    }
  }

  list.Rule("4.4-protection-of-all-levels");
  list.Set(0x10008, 0x2020f);
  list.Set(0x50828, 0xabcde200);
  list.GivesProtected(kS390Asce, kS390Address, 0xabcde678, kEdat1);
  list.GivesProtected(kS390Asce, kS390Address, 0xabcde678, kNoEdat);

  list.Rule("4.4-protection-of-large-leaves");
  list.Set(0x40020, 0x1230'0600);
  list.GivesProtected(kS390Asce, kS390Address, 0x1230'5678);
  list.Set(0x40020, 0x1230'0400);
  list.Gives(kS390Asce, kS390Address, 0x1230'5678);
  list.Set(0x30018, 0x8000'0604);
  list.GivesProtected(kS390Asce, kS390Address, 0x8040'5678);
  list.Set(0x30018, 0x8000'0404);
  list.Gives(kS390Asce, kS390Address, 0x8040'5678);

  list.Rule("4.5-segment-leaf");
  list.Set(0x40020, 0x1230'0400);
  list.Gives(kS390Asce, kS390Address, 0x1230'5678, kEdat1);
  list.Gives(kS390Asce2, 0x4f'ffff, 0x123f'ffff);
  list.Gives(kS390Asce2, 0x40'0000, 0x1230'0000);
  // Its low bits are not part of the address.
  list.Set(0x40020, 0x123f'fdc3);
  list.Gives(kS390Asce, kS390Address, 0x1230'5678);
  // Without the facility.
  list.Set(0x40020, 0x50c00);
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kNoEdat);
  list.Gives(kS390Asce, kS390Address, 0x5678, kEdat1);

  list.Rule("4.5-region-third-leaf");
  list.Set(0x30018, 0x12'8000'0404);
  list.Gives(kS390Asce, kS390Address, 0x12'8040'5678);
  list.Gives(kS390Asce3, 0x1'ffff'ffff, 0x12'ffff'ffff);
  list.Set(0x30018, 0x12'ffff'fdc7);
  list.Gives(kS390Asce, kS390Address, 0x12'8040'5678);
  list.Set(0x30018, 0x40407);
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kEdat1);
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kNoEdat);
  list.Gives(kS390Asce, kS390Address, 0x0040'5678, kEdat2);

  list.Rule("4.5-format-control-higher-up");
  list.Set(0x10008, 0x2040f);
  list.Set(0x20010, 0x3040b);
  list.Gives(kS390Asce, kS390Address, 0xabcde678);

  struct {
    uint64_t place;  // of an entry that leads to a table
    uint64_t entry;  // without offset and length; nothing is there
    uint64_t above;  // the part of the address above the table
    uint64_t quarter;
    uint16_t code;
  } const kTables[] = {
      {0x10008, 0x70000c, uint64_t{1} << 53, uint64_t{0x200} << 42, 0x3a},
      {0x20010, 0x700008, 0x20'0800'0000'0000, uint64_t{0x200} << 31, 0x3b},
      {0x30018, 0x700004, 0x20'0801'8000'0000, uint64_t{0x200} << 20, 0x10}};
  for (const auto& table : kTables) {
    list.Rule("4.6-table-offset-and-length");
    for (uint64_t offset = 0; offset < 4; ++offset) {
      for (uint64_t length = 0; length < 4; ++length) {
        list.Set(table.place, table.entry | offset << 6 | length);
        for (uint64_t quarter = 0; quarter < 4; ++quarter) {
          const uint64_t address = table.above + quarter * table.quarter;
          const bool exists = quarter >= offset && quarter <= length;
          const uint16_t code = exists ? uint16_t{0x05} : table.code;
          list.Ends(kS390Asce, address, code);
          list.Ends(kS390Asce, address + (table.quarter - 1), code);
        }
      }
    }
  }

  // Segment 3ff, which is in the second quarter, of a table that begins with
  // it: entry 3ff is at 41ff8.
  list.Rule("4.6-offset-does-not-reduce-the-index");
  list.Set(0x30018, 0x40047);
  list.Set(0x41ff8, 0x50800);
  list.Gives(kS390Asce3, 0x1'bff0'5678, 0xabcde678);
  // Region-third 5ff: 32ff8.
  list.Set(0x20010, 0x3008b);
  list.Set(0x22010, 0x3008b);
  list.Set(0x32ff8, 0x40007);
  list.Gives(kS390Asce, 0x20'0aff'8040'5678, 0xabcde678);

  list.Rule("4.6-tables-are-page-aligned");
  list.Set(0x10008, 0x2080f);
  list.Set(0x20010, 0x3080b);
  list.Set(0x30018, 0x40807);
  list.Gives(0x10e0f | 0x100, kS390Address, 0xabcde678);

  list.Rule("4.7-page-tables-have-no-length");
  list.Set(0x50ff8, 0x7000);
  list.Set(0x50800, 0x8000);
  for (const uint64_t bits : {0x00, 0x03, 0xc0, 0xc3}) {
    list.Set(0x40020, 0x50800 | bits);
    list.Gives(kS390Asce2, 0x4f'f123, 0x7123);
    list.Gives(kS390Asce2, 0x40'0123, 0x8123);
  }

  list.Rule("4.7-a-page-table-is-half-a-page");
  list.Set(0x50028, 0x9000);
  list.Set(0x40020, 0x50000);
  list.Gives(kS390Asce2, kS390Address2, 0x9678);
}

// 5 and 6: page entries, stores.
inline void AddS390PageAnswers(S390AnswerList& list) {
  list.Rule("5-invalid-before-bit-800");
  list.Set(0x50828, 0xabcdec00);
  list.Ends(kS390Asce, kS390Address, 0x11);
  list.Set(0x50828, 0xabcde800);
  list.Ends(kS390Asce, kS390Address, 0x12);

  list.Rule("5-low-bits-are-softwares");
  for (int bit = 0; bit < 8; ++bit) {
    list.Set(0x50828, 0xabcde000 | 1 << bit);
    list.Gives(kS390Asce, kS390Address, 0xabcde678);
  }
  list.Set(0x50828, 0xabcde1ff);
  list.Gives(kS390Asce, kS390Address, 0xabcde678);

  // As Linux writes them: the hardware's result.
  list.Rule("5-pages-of-linux");
  list.Set(0x50828, 0xabcde439);  // writable, dirty, old
  list.Ends(kS390Asce, kS390Address, 0x11);
  list.Set(0x50828, 0xabcde235);  // writable, clean, young
  list.GivesProtected(kS390Asce, kS390Address, 0xabcde678);
  list.Ends(kS390Asce, kS390Address, 0x04, kEdat2, Access::kStore);
  list.Set(0x50828, 0xabcde03d);  // writable, dirty, young
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kEdat2, Access::kStore);
  list.Set(0x50828, 0xabcde611);  // read-only, old
  list.Ends(kS390Asce, kS390Address, 0x11);
  list.Set(0x50828, 0xabcde601);  // PROT_NONE
  list.Ends(kS390Asce, kS390Address, 0x11);

  list.Rule("6-stores");
  list.Gives(kS390Asce, kS390Address, 0xabcde678, kEdat2, Access::kStore);
  list.Set(0x50828, 0xabcde200);
  list.Ends(kS390Asce, kS390Address, 0x04, kEdat2, Access::kStore);
  list.GivesProtected(kS390Asce, kS390Address, 0xabcde678);

  list.Rule("6-other-exceptions-before-protection");
  list.Set(0x10008, 0x2020f);
  list.Set(0x50828, 0x600);
  list.Ends(kS390Asce, kS390Address, 0x11, kEdat2, Access::kStore);
  list.Set(0x50828, 0xa00);
  list.Ends(kS390Asce, kS390Address, 0x12, kEdat2, Access::kStore);
}

inline const std::vector<S390Answer>& S390Answers() {
  static const auto& answers = *new std::vector<S390Answer>([] {
    S390AnswerList list;
    AddS390ControlAnswers(list);
    AddS390EntryAnswers(list);
    AddS390PageAnswers(list);
    return list.Take();
  }());
  return answers;
}

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_S390_ANSWERS_H_
