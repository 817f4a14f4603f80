// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_GDB_H_
#define PXDFUZZ_TESTS_HARDWARE_GDB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/hardware/machine.h"

namespace pxdfuzz::hardware {

// Sets registers of a stopped x86-64 machine, and sends commands to its
// monitor, as a debugger does. This is faster than the monitor's own socket,
// from which QEMU reads one byte at a time.
class Gdb {
 public:
  // Reads the numbers of the registers. `stream` must outlive the object.
  explicit Gdb(Stream& stream);

  // Only registers of 64 bits; ends the program if there is none with that
  // name.
  void Set(std::string_view name, uint64_t value);

  // The output of each of these monitor commands.
  std::vector<std::string> Ask(const std::vector<std::string>& commands);

 private:
  static std::string Packet(std::string_view content);
  std::string ReadPacket();
  // Sends a packet, and returns the reply.
  std::string Exchange(std::string_view content);
  // A part of the description of the machine.
  std::string Describe(std::string_view file);

  Stream& stream_;
  std::map<std::string, int, std::less<>> numbers_;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_GDB_H_
