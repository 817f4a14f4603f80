// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_X86_MACHINE_H_
#define PXDFUZZ_TESTS_HARDWARE_X86_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tests/hardware/gdb.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/machine.h"
#include "tests/hardware/ram.h"

namespace pxdfuzz::hardware {

// An x86-64 processor with memory and nothing else, which never runs: the host
// sets its registers and asks the monitor about an address.
class X86Machine {
 public:
  X86Machine();

  const std::string& version() const { return machine_.version(); }
  Ram<std::endian::little> ram() const {
    return Ram<std::endian::little>(machine_.ram());
  }

  // 4 or 5, from the next question.
  void SetLevels(int levels);

  // Answers to questions with the same CR3, on the tables in the memory.
  std::vector<Answer> Ask(std::span<const Question> questions);

 private:
  Machine machine_;
  Gdb gdb_;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_X86_MACHINE_H_
