// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_ARM64_ANSWERS_H_
#define PXDFUZZ_TESTS_MUTANTS_ARM64_ANSWERS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "pxdfuzz/arch/arm64.h"
#include "tests/mutants/known_answers.h"

// Known answers for arm64's translation. All numbers are literal, including
// fault codes: 0x80 address size, 0x84 translation, 0x88 access flag, 0x8c
// permission, each plus the lookup level; 0x94 external abort, 0xcc permission
// on a store.

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
    AnswerList<Arm64Setting> made;

    // With LPA2. Entries 17, 1234, 777, 2001 of the tables at 0x10100, 0x20000,
    // 0x24000, 0x28000.
    made.next.address = 0x8cd2613f45abc;
    made.Set(0x10188, 0x20003);
    made.Set(0x22690, 0x24003);
    made.Set(0x25848, 0x28003);
    made.next.rule = "4-levels";
    made.Set(0x2be88, 0xe8000040000c43);
    made.Gives(0x40001abc);
    made.next.rule = "root-ignored";
    made.next.setting.ttbr = 0xabcd0000000101c1;  // an ASID, and RES0 bits
    made.Gives(0x40001abc);
    made.next.setting.ttbr = 0x10100;
    made.next.rule = "page-attributes";
    made.Set(0x2be88, 0xfff8000040000c7f);
    made.Gives(0x40001abc);
    made.Set(0x2be88, 0x40000443);
    made.Gives(0x40001abc);
    made.next.rule = "high-address-bits";
    made.Set(0x2be88, 0xebffffffffcf43);
    made.Gives(0xfffffffffdabc);
    made.Set(0x2be88, 0xe9000040000d43);  // bits 48 and 50
    made.Gives(0x5000040001abc);
    made.Set(0x2be88, 0xea000040000e43);  // bits 49 and 51
    made.Gives(0xa000040001abc);
    made.next.rule = "read-only";
    made.Set(0x2be88, 0xe8000040000cc3);
    made.Gives(0x40001abc, true);
    made.Ends(0xcc, Access::kStore);
    made.next.rule = "user";
    made.Set(0x2be88, 0xe8000040000c03);
    made.Ends(0x8f);
    made.next.rule = "access-flag";
    made.Set(0x2be88, 0xe8000040000843);
    made.Ends(0x8b);
    made.Set(0x2be88, 0xe8000040000803);
    made.Ends(0x8b);  // and not the permission
    made.next.rule = "valid";
    made.Set(0x2be88, 0xe8000040000c42);
    made.Ends(0x87);
    made.next.rule = "page-bit";
    made.Set(0x2be88, 0xe8000040000c41);
    made.Ends(0x87);
    made.Set(0x2be88, 0xe8000040000c43);

    made.next.rule = "tables-elsewhere";
    made.next.memory.Set(0x5000000010188, 0x1000000020303);
    made.next.memory.Set(0xd000000022690, 0x2000000024003);
    made.next.memory.Set(0x2000000025848, 0x28003);
    made.next.setting.ttbr = 0x10114;  // 5 in bits 2 to 5
    made.Gives(0x40001abc);
    made.next.rule = "address-size";
    made.next.setting.physical_bits = 48;
    made.Ends(0x80);
    made.next.setting.ttbr = 0x10100;
    made.Gives(0x40001abc);
    made.Set(0x10188, 0x1000000020003);
    made.Ends(0x80);
    made.Set(0x10188, 0x20103);
    made.Ends(0x80);
    made.Set(0x10188, 0x20003);
    made.Set(0x25848, 0x28203);
    made.Ends(0x82);
    made.Set(0x25848, 0x28003);
    made.Set(0x2be88, 0xe9000040000843);
    made.Ends(0x83);  // before the Access flag is tested
    made.Set(0x2be88, 0xe8000040000c43);
    made.next.setting.physical_bits.reset();

    made.next.rule = "32-mib";
    made.Set(0x25848, 0xe8000042000c41);
    made.Gives(0x43f45abc);
    made.Set(0x25848, 0xe8000043ffcc41);  // bits below the block
    made.Gives(0x43f45abc);
    made.Set(0x25848, 0xe8000042000f41);
    made.Gives(0xc000043f45abc);
    made.Set(0x25848, 0xe8000042000841);
    made.Ends(0x8a);
    made.Set(0x25848, 0xe8000042000c01);
    made.Ends(0x8e);
    made.Set(0x25848, 0xe8000042000c40);
    made.Ends(0x86);
    made.next.rule = "64-gib";
    made.Set(0x22690, 0xe8001000000c41);
    made.Gives(0x1613f45abc);
    made.next.rule = "128-tib";
    made.Set(0x10188, 0xe8800000000c41);
    made.Ends(0x84);
    made.Set(0x10188, 0x20002);
    made.Ends(0x84);
    made.next.rule = "permissions-of-tables";
    made.Set(0x10188, 0x4000000000020003);
    made.Gives(0x1613f45abc, true);
    made.Ends(0xcc, Access::kStore);
    made.Set(0x10188, 0x2000000000020003);
    made.Ends(0x8d);
    made.Set(0x10188, 0x9ff8000000020cff);
    made.Gives(0x1613f45abc);
    made.next.rule = "no-memory";
    made.Set(0x10188, 0x90003);
    made.Ends(0x94);

    // Without: entries 1234, 777, 2001 of the tables at 0x20000, 0x24000,
    // 0x28000.
    made.next = {};
    made.next.setting = {.levels = 3, .ttbr = 0x20000, .physical_bits = {}};
    made.next.address = 0x4d2613f45abc;
    made.Set(0x22690, 0x24003);
    made.Set(0x25848, 0x28003);
    made.next.rule = "3-levels";
    made.Set(0x2be88, 0xe8000040000c43);
    made.Gives(0x40001abc);
    made.next.rule = "root-ignored";
    made.next.setting.ttbr = 0xabcd000000023fff;
    made.Gives(0x40001abc);
    made.next.setting.ttbr = 0x20000;
    made.next.rule = "shareability";
    made.Set(0x2be88, 0xe8000040000f43);
    made.Gives(0x40001abc);
    made.Set(0x25848, 0x28303);
    made.Gives(0x40001abc);
    made.next.rule = "48-bits";
    made.Set(0x2be88, 0xebffffffffcf43);
    made.Gives(0xffffffffdabc);
    made.Set(0x2be88, 0xe8000040000cc3);
    made.Gives(0x40001abc, true);
    made.next.rule = "address-size";
    made.next.setting.physical_bits = 40;
    made.Set(0x2be88, 0xe8010000000c43);
    made.Ends(0x83);
    made.next.setting.physical_bits.reset();
    made.next.rule = "32-mib";
    made.Set(0x25848, 0xe8000042000f41);
    made.Gives(0x43f45abc);
    made.next.rule = "64-gib";
    made.Set(0x22690, 0xe8001000000c41);
    made.Ends(0x85);
    made.Set(0x22690, 0xe8001000000c40);
    made.Ends(0x85);

    // Which addresses are translated at all. There is no memory.
    made.next = {};
    made.next.rule = "input-size";
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
      made.next.setting.levels = levels;
      made.next.address = address;
      made.Ends(code);
    }
    return made.list;
  }());
  return answers;
}

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_ARM64_ANSWERS_H_
