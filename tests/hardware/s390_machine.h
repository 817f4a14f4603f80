// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_S390_MACHINE_H_
#define PXDFUZZ_TESTS_HARDWARE_S390_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "tests/hardware/guest/s390_wire.h"
#include "tests/hardware/judge.h"
#include "tests/hardware/machine.h"
#include "tests/hardware/ram.h"
#include "tests/hardware/s390_match.h"

namespace pxdfuzz::hardware {

// An s390x machine that runs the program in guest/s390_guest.c.
class S390Machine {
 public:
  // Maximum number of questions at a time.
  static constexpr size_t kMost = kWireMost;

  // `guest`: the path of that program.
  explicit S390Machine(const std::string& guest);

  const std::string& version() const { return machine_.version(); }
  Ram<std::endian::big> ram() const {
    return Ram<std::endian::big>(machine_.ram());
  }
  S390::Manual::Facilities facilities() const { return facilities_; }

  // Answers to questions on the tables in the memory.
  std::vector<Answer> Ask(std::span<const Question> questions);

 private:
  // Waits until the word at `address` is `value`.
  void WaitFor(uint64_t address, uint64_t value);

  Machine machine_;
  S390::Manual::Facilities facilities_;
  uint64_t round_ = 0;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_S390_MACHINE_H_
