// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_ARM64_ANSWERS_H_
#define PXDFUZZ_TESTS_MUTANTS_ARM64_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "pxdfuzz/arch/arm64.h"
#include "tests/mutants/known_answers.h"

// Known answers for arm64's translation. All numbers are typed in, codes of
// faults too: 0x80 address size, 0x84 translation, 0x88 access flag, 0x8c
// permission, each with the lookup level added; 0x94 external abort, 0xcc
// permission on a store.

namespace pxdfuzz::mutants {

struct Arm64Setting {
  int levels = 4;
  uint64_t ttbr = 0x10100;
  std::optional<int> physical_bits;

  template <class Manual>
  Manual Make() const {
    const Geometry geometry = Arm64Page16K::GeometryOf(levels);
    return physical_bits.has_value() ? Manual(geometry, ttbr, *physical_bits)
                                     : Manual(geometry, ttbr);
  }
};
using Arm64Answer = KnownAnswer<Arm64Setting>;

inline const std::vector<Arm64Answer>& Arm64Answers() {
  static const auto& answers = *new std::vector<Arm64Answer>([] {
    std::vector<Arm64Answer> list;
    Arm64Answer next;
    const auto add = [&](uint16_t code, uint64_t physical, bool is_protected,
                         Access access) {
      Arm64Answer answer = next;
      answer.code = code;
      answer.physical = physical;
      answer.is_protected = is_protected;
      answer.access = access;
      list.push_back(answer);
    };
    const auto gives = [&](uint64_t physical, bool is_protected = false) {
      add(0, physical, is_protected, Access::kFetch);
    };
    const auto ends = [&](uint16_t code, Access access = Access::kFetch) {
      add(code, 0, false, access);
    };
    const auto set = [&](uint64_t address, uint64_t word) {
      next.memory.Set(address, word);
    };

    // With LPA2. Entries 17, 1234, 777, 2001 of the tables at 0x10100, 0x20000,
    // 0x24000, 0x28000.
    next.address = 0x8cd2613f45abc;
    set(0x10188, 0x20003);
    set(0x22690, 0x24003);
    set(0x25848, 0x28003);
    next.rule = "4-levels";
    set(0x2be88, 0xe8000040000c43);
    gives(0x40001abc);
    next.rule = "root-ignored";
    next.setting.ttbr = 0xabcd0000000101c1;  // an ASID, and RES0 bits
    gives(0x40001abc);
    next.setting.ttbr = 0x10100;
    next.rule = "page-attributes";
    set(0x2be88, 0xfff8000040000c7f);
    gives(0x40001abc);
    set(0x2be88, 0x40000443);
    gives(0x40001abc);
    next.rule = "high-address-bits";
    set(0x2be88, 0xebffffffffcf43);
    gives(0xfffffffffdabc);
    set(0x2be88, 0xe9000040000d43);  // bits 48 and 50
    gives(0x5000040001abc);
    set(0x2be88, 0xea000040000e43);  // bits 49 and 51
    gives(0xa000040001abc);
    next.rule = "read-only";
    set(0x2be88, 0xe8000040000cc3);
    gives(0x40001abc, true);
    ends(0xcc, Access::kStore);
    next.rule = "user";
    set(0x2be88, 0xe8000040000c03);
    ends(0x8f);
    next.rule = "access-flag";
    set(0x2be88, 0xe8000040000843);
    ends(0x8b);
    set(0x2be88, 0xe8000040000803);
    ends(0x8b);  // and not the permission
    next.rule = "valid";
    set(0x2be88, 0xe8000040000c42);
    ends(0x87);
    next.rule = "page-bit";
    set(0x2be88, 0xe8000040000c41);
    ends(0x87);
    set(0x2be88, 0xe8000040000c43);

    next.rule = "tables-elsewhere";
    next.memory.Set(0x5000000010188, 0x1000000020303);
    next.memory.Set(0xd000000022690, 0x2000000024003);
    next.memory.Set(0x2000000025848, 0x28003);
    next.setting.ttbr = 0x10114;  // 5 in bits 2 to 5
    gives(0x40001abc);
    next.rule = "address-size";
    next.setting.physical_bits = 48;
    ends(0x80);
    next.setting.ttbr = 0x10100;
    gives(0x40001abc);
    set(0x10188, 0x1000000020003);
    ends(0x80);
    set(0x10188, 0x20103);
    ends(0x80);
    set(0x10188, 0x20003);
    set(0x25848, 0x28203);
    ends(0x82);
    set(0x25848, 0x28003);
    set(0x2be88, 0xe9000040000843);
    ends(0x83);  // before the Access flag
    set(0x2be88, 0xe8000040000c43);
    next.setting.physical_bits.reset();

    next.rule = "32-mib";
    set(0x25848, 0xe8000042000c41);
    gives(0x43f45abc);
    set(0x25848, 0xe8000043ffcc41);  // bits below the block
    gives(0x43f45abc);
    set(0x25848, 0xe8000042000f41);
    gives(0xc000043f45abc);
    set(0x25848, 0xe8000042000841);
    ends(0x8a);
    set(0x25848, 0xe8000042000c01);
    ends(0x8e);
    set(0x25848, 0xe8000042000c40);
    ends(0x86);
    next.rule = "64-gib";
    set(0x22690, 0xe8001000000c41);
    gives(0x1613f45abc);
    next.rule = "128-tib";
    set(0x10188, 0xe8800000000c41);
    ends(0x84);
    set(0x10188, 0x20002);
    ends(0x84);
    next.rule = "permissions-of-tables";
    set(0x10188, 0x4000000000020003);
    gives(0x1613f45abc, true);
    ends(0xcc, Access::kStore);
    set(0x10188, 0x2000000000020003);
    ends(0x8d);
    set(0x10188, 0x9ff8000000020cff);
    gives(0x1613f45abc);
    next.rule = "no-memory";
    set(0x10188, 0x90003);
    ends(0x94);

    // Without: entries 1234, 777, 2001 of the tables at 0x20000, 0x24000,
    // 0x28000.
    next = {};
    next.setting = {.levels = 3, .ttbr = 0x20000, .physical_bits = {}};
    next.address = 0x4d2613f45abc;
    set(0x22690, 0x24003);
    set(0x25848, 0x28003);
    next.rule = "3-levels";
    set(0x2be88, 0xe8000040000c43);
    gives(0x40001abc);
    next.rule = "root-ignored";
    next.setting.ttbr = 0xabcd000000023fff;
    gives(0x40001abc);
    next.setting.ttbr = 0x20000;
    next.rule = "shareability";
    set(0x2be88, 0xe8000040000f43);
    gives(0x40001abc);
    set(0x25848, 0x28303);
    gives(0x40001abc);
    next.rule = "48-bits";
    set(0x2be88, 0xebffffffffcf43);
    gives(0xffffffffdabc);
    set(0x2be88, 0xe8000040000cc3);
    gives(0x40001abc, true);
    next.rule = "address-size";
    next.setting.physical_bits = 40;
    set(0x2be88, 0xe8010000000c43);
    ends(0x83);
    next.setting.physical_bits.reset();
    next.rule = "32-mib";
    set(0x25848, 0xe8000042000f41);
    gives(0x43f45abc);
    next.rule = "64-gib";
    set(0x22690, 0xe8001000000c41);
    ends(0x85);
    set(0x22690, 0xe8001000000c40);
    ends(0x85);

    // Which addresses are translated at all. There is no memory.
    next = {};
    next.rule = "input-size";
    const struct {
      int levels;
      uint64_t address;
      uint16_t code;
    } kAddresses[] = {
        {4, 0xfffffffffffff, 0x94},    {4, 0x10000000000000, 0x84},
        {4, 0xfff0000000000000, 0x84}, {4, 0x7f00000000000000, 0x84},
        {3, 0x7fffffffffff, 0x94},     {3, 0x800000000000, 0x84},
        {3, 0xffffffffffffffff, 0x84},
    };
    for (const auto& [levels, address, code] : kAddresses) {
      next.setting.levels = levels;
      next.address = address;
      ends(code);
    }
    return list;
  }());
  return answers;
}

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_ARM64_ANSWERS_H_
