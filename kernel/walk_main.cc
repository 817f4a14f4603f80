// SPDX-License-Identifier: MIT

// One kernel text as a program: it answers what its fast walk does.
//
// usage: kernel-... --version    which text it holds, for people
//        kernel-... --describe   the same, for programs
//        kernel-... [--reads]    reads cases, one a line, as hexadecimal bytes
//                                of their encoding, and answers each request
//
// kernel/answer.h says how it answers. Exit codes: 0 done, 2 wrong usage, 3 an
// input line is none. What is linked here holds kernel text: GPL-2.0-only.

#include <array>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/answer.h"
#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "kernel/observe.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/space.h"

// The text that the program is linked with.
extern "C" const pxd_kernel* const pxd_program;

namespace pxdfuzz {
namespace {

std::optional<std::vector<uint8_t>> FromHex(std::string_view text) {
  std::vector<uint8_t> bytes;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]);
    const int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

KernelJudge& Judge() {
  static KernelJudge& judge = *new KernelJudge(*pxd_program);
  return judge;
}

// Of the case at hand: its kind of space, and whether its tables change.
Space space;
bool changing = false;

void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// A sanitizer ends the process: what was read until then is the answer.
void AnswerWhenDying() {
  if (!InKernelText()) return;
  Print(ToLines(KernelAnswer{
      .end = KernelAnswer::End::kFault,
      .pin = Judge().last_walk().pin,
      .held = Judge().last_walk().held,
      .finding = SanitizerFinding(Judge().kernel(), space),
      .reads = ReadsOf(Judge()),
      .events = changing ? EventsOf(Judge()) : std::vector<KernelEvent>()}));
}

int AnswerAll(bool with_reads) {
  KernelJudge& judge = Judge();
  WhenSanitizerEnds(&AnswerWhenDying);
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::optional<std::vector<uint8_t>> bytes = FromHex(line);
    if (!bytes.has_value()) {
      std::fprintf(stderr, "%s: a line that is no case in hexadecimal\n",
                   pxd_program->name);
      return 3;
    }
    const Case c = Decode(*bytes);
    space = c.space;
    changing = !c.changes.empty();
    if (judge.Takes(c.space)) {
      for (size_t i = 0; i < c.requests.size(); ++i) {
        KernelAnswer answer = Observe(judge, c, i);
        if (!with_reads) {
          answer.reads.clear();
          answer.events.clear();
        }
        Print(ToLines(answer));
      }
    }
    Print(std::string(kCaseEnd));
  }
  return 0;
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  const std::string_view flag = argc > 1 ? argv[1] : "";
  if (argc > 2 || (argc == 2 && flag != "--version" && flag != "--describe" &&
                   flag != "--reads")) {
    std::fprintf(stderr, "usage: %s [--version | --describe | --reads]\n",
                 pxd_program->name);
    return 2;
  }
  if (flag == "--version") {
    std::printf(
        "%s: the fast walk of Linux %s, %s, %s; cut %s\n"
        "Holds kernel text: GPL-2.0-only.\n",
        pxd_program->name, pxd_program->version, pxd_program->arch,
        pxd_program->variant, pxd_program->cut);
    return 0;
  }
  if (flag == "--describe") {
    const std::string lines = ToLines(pxdfuzz::TextOf(*pxd_program));
    std::fputs(lines.c_str(), stdout);
    return 0;
  }
  return pxdfuzz::AnswerAll(flag == "--reads");
}
