// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_X86_ANSWERS_H_
#define PXDFUZZ_TESTS_MUTANTS_X86_ANSWERS_H_

#include <cstdint>
#include <vector>

#include "pxdfuzz/arch/x86.h"
#include "tests/mutants/known_answers.h"

// Known answers for x86-64's translation. All numbers are literal.

namespace pxdfuzz::mutants {

struct X86Setting {
  int levels = 4;
  uint64_t cr3 = 0x1000;

  template <class Manual>
  Manual Make() const {
    return Manual(X86::GeometryOf(levels), cr3);
  }
};
using X86Answer = KnownAnswer<X86Setting>;

inline const std::vector<X86Answer>& X86Answers() {
  static const auto& answers = *new std::vector<X86Answer>([] {
    AnswerList<X86Setting> made;

    // PML4 36, directory pointer 209, directory 179, page 393.
    made.next.address = 0x123456789abc;
    made.Set(0x1120, 0x2067);
    made.Set(0x2688, 0x3067);
    made.Set(0x3598, 0x4067);
    made.next.rule = "4-levels";
    made.Set(0x4c48, 0x8000'0000'5abcd067);
    made.Gives(0x5abcdabc);
    made.Set(0x4c48, 0x000f'ffff'ffff'f047);
    made.Gives(0x000f'ffff'ffff'fabc);
    made.next.rule = "accessed";
    made.Set(0x4c48, 0x5abcd047);
    made.Gives(0x5abcdabc);
    made.next.rule = "writable";
    made.Set(0x4c48, 0x5abcd065);
    made.Gives(0x5abcdabc, true);
    made.Ends(4, Access::kStore);
    made.next.rule = "user";
    made.Set(0x4c48, 0x5abcd063);
    made.Ends(3);
    made.next.rule = "present";
    made.Set(0x4c48, 0x5abcd066);
    made.Ends(1);
    made.next.rule = "2-mib";
    made.Set(0x3598, 0x400000e7);
    made.Gives(0x40189abc);
    made.next.rule = "pat";
    made.Set(0x3598, 0x400010e7);
    made.Gives(0x40189abc);
    made.next.address = 0x123456788abc;
    made.Gives(0x40188abc);
    made.next.address = 0x123456789abc;
    made.next.rule = "reserved-bits";
    made.Set(0x3598, 0x400020e7);
    made.Ends(2);
    made.next.rule = "1-gib";
    made.Set(0x2688, 0x800000e7);
    made.Gives(0x96789abc);
    made.next.rule = "reserved-bits";
    made.Set(0x2688, 0x800020e7);
    made.Ends(2);
    made.next.rule = "512-gib";
    made.Set(0x2688, 0x800000e7);
    made.Set(0x1120, 0x20e7);
    made.Ends(2);
    made.next.rule = "permissions-of-all-levels";
    made.Set(0x1120, 0x2065);
    made.Gives(0x96789abc, true);
    made.Set(0x1120, 0x2063);
    made.Ends(3);
    made.next.rule = "no-memory";
    made.Set(0x1120, 0x9067);
    made.Ends(6);

    made.next = {};
    made.next.rule = "5-levels";
    made.next.setting.levels = 5;
    // Top entry 254.
    made.next.address = 0xfe123456789abc;
    made.Set(0x17f0, 0x2067);
    made.Set(0x2120, 0x3067);
    made.Set(0x3688, 0x800000e7);
    made.Gives(0x96789abc);
    made.next.rule = "512-gib";
    made.Set(0x2120, 0x30e7);
    made.Ends(2);

    made.next = {};
    made.next.rule = "canonical";
    const struct {
      int levels;
      uint64_t address;
      uint16_t code;
    } kAddresses[] = {
        {4, 0x7fffffffffff, 6},     {4, 0x800000000000, 5},
        {4, 0xffff7fffffffffff, 5}, {4, 0xffff800000000000, 6},
        {5, 0x800000000000, 6},     {5, 0x100000000000000, 5},
        {5, 0xff00000000000000, 6},
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

#endif  // PXDFUZZ_TESTS_MUTANTS_X86_ANSWERS_H_
