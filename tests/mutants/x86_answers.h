// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_X86_ANSWERS_H_
#define PXDFUZZ_TESTS_MUTANTS_X86_ANSWERS_H_

#include <cstdint>
#include <vector>

#include "pxdfuzz/arch/x86.h"
#include "tests/mutants/known_answers.h"

// Known answers for x86-64's translation. All numbers are typed in.

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
    std::vector<X86Answer> list;
    X86Answer next;
    const auto add = [&](uint16_t code, uint64_t physical, bool is_protected,
                         Access access) {
      X86Answer answer = next;
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

    // PML4 36, directory pointer 209, directory 179, page 393.
    next.address = 0x123456789abc;
    set(0x1120, 0x2067);
    set(0x2688, 0x3067);
    set(0x3598, 0x4067);
    next.rule = "4-levels";
    set(0x4c48, 0x8000'0000'5abcd067);
    gives(0x5abcdabc);
    set(0x4c48, 0x000f'ffff'ffff'f047);
    gives(0x000f'ffff'ffff'fabc);
    next.rule = "accessed";
    set(0x4c48, 0x5abcd047);
    gives(0x5abcdabc);
    next.rule = "writable";
    set(0x4c48, 0x5abcd065);
    gives(0x5abcdabc, true);
    ends(4, Access::kStore);
    next.rule = "user";
    set(0x4c48, 0x5abcd063);
    ends(3);
    next.rule = "present";
    set(0x4c48, 0x5abcd066);
    ends(1);
    next.rule = "2-mib";
    set(0x3598, 0x400000e7);
    gives(0x40189abc);
    next.rule = "pat";
    set(0x3598, 0x400010e7);
    gives(0x40189abc);
    next.address = 0x123456788abc;
    gives(0x40188abc);
    next.address = 0x123456789abc;
    next.rule = "reserved-bits";
    set(0x3598, 0x400020e7);
    ends(2);
    next.rule = "1-gib";
    set(0x2688, 0x800000e7);
    gives(0x96789abc);
    next.rule = "reserved-bits";
    set(0x2688, 0x800020e7);
    ends(2);
    next.rule = "512-gib";
    set(0x2688, 0x800000e7);
    set(0x1120, 0x20e7);
    ends(2);
    next.rule = "permissions-of-all-levels";
    set(0x1120, 0x2065);
    gives(0x96789abc, true);
    set(0x1120, 0x2063);
    ends(3);
    next.rule = "no-memory";
    set(0x1120, 0x9067);
    ends(6);

    next = {};
    next.rule = "5-levels";
    next.setting.levels = 5;
    // Top entry 254.
    next.address = 0xfe123456789abc;
    set(0x17f0, 0x2067);
    set(0x2120, 0x3067);
    set(0x3688, 0x800000e7);
    gives(0x96789abc);
    next.rule = "512-gib";
    set(0x2120, 0x30e7);
    ends(2);

    next = {};
    next.rule = "canonical";
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
      next.setting.levels = levels;
      next.address = address;
      ends(code);
    }
    return list;
  }());
  return answers;
}

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_X86_ANSWERS_H_
