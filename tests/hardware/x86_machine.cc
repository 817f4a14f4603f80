// SPDX-License-Identifier: MIT

#include "tests/hardware/x86_machine.h"

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "tests/hardware/x86_match.h"

namespace pxdfuzz::hardware {
namespace {

// Intel Software Developer's Manual, volume 3, section 2.5 and 2.2.1.
constexpr uint64_t kCr0 = 0x8001'0001;  // paging, write protect, protection
constexpr uint64_t kCr4Pae = 0x20;
constexpr uint64_t kCr4La57 = 0x1000;
constexpr uint64_t kEfer = 0x900;  // long mode, no-execute

constexpr std::string_view kMapped = "gpa: 0x";

}  // namespace

X86Machine::X86Machine()
    : machine_({.program = "qemu-system-x86_64",
                .arguments = {"-machine", "none,memory-backend=ram", "-cpu",
                              "max,apic-id=0", "-S"},
                .ram_size = X86Match::kRamSize,
                .gdb = true}),
      gdb_(machine_.gdb()) {
  SetLevels(4);
  gdb_.Set("efer", kEfer);
  gdb_.Set("cr0", kCr0);
}

void X86Machine::SetLevels(int levels) {
  gdb_.Set("cr4", kCr4Pae | (levels == 5 ? kCr4La57 : 0));
}

std::vector<Answer> X86Machine::Ask(std::span<const Question> questions) {
  if (questions.empty()) return {};
  gdb_.Set("cr3", questions[0].control);
  std::vector<std::string> commands;
  commands.reserve(questions.size());
  for (const Question& question : questions) {
    commands.push_back("gva2gpa " + Hex(question.address));
  }
  std::vector<Answer> answers;
  answers.reserve(questions.size());
  for (const std::string& text : gdb_.Ask(commands)) {
    Answer answer;
    if (text.starts_with("Unmapped")) {
      answer.code = X86Match::kUnmapped;
    } else if (text.starts_with(kMapped)) {
      answer.physical =
          std::strtoull(text.c_str() + kMapped.size(), nullptr, 16);
    } else {
      Fail("QEMU's monitor says of an address: " + text);
    }
    answers.push_back(answer);
  }
  return answers;
}

}  // namespace pxdfuzz::hardware
