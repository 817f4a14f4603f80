// SPDX-License-Identifier: MIT

// One kernel code as a program: it answers what its fast walk does.
//
// usage: kernel-... --version    which kernel code it holds, for people
//        kernel-...              greets, reads cases, one a line, and answers
//                                each request
//
// docs/protocol.md says how it talks. Exit codes: 0 done, 2 wrong usage, 3 an
// input line that asks nothing. What is linked here holds kernel code:
// GPL-2.0-only.

#include <array>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/guard.h"
#include "kernel/judge.h"
#include "kernel/kernel_walk.h"
#include "kernel/observe.h"
#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/paging/paging_mode.h"

// The code that the program is linked with.
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
  static KernelJudge& judge = *new KernelJudge(
      *pxd_program, KernelJudge::OtherSideOf(Environment::Read()));
  return judge;
}

// For the current case: its paging mode, and whether its tables change.
PagingMode mode;
bool changing = false;

// What is printed is sent where nothing more is asked yet.
void Print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// A sanitizer ends the process: the reads until then are the answer.
void AnswerWhenDying() {
  if (!InKernelCode()) return;
  Answer answer;
  answer.run = RecordingOf(Judge(), changing, RunEnd::kSanitizer);
  answer.finding = Name(SanitizerFinding(Judge().kernel(), mode));
  answer.page = answer.run.held;
  Print(ToLines(answer));
  std::fflush(stdout);
}

// The case that a line asks about, and whether to record its runs.
struct Question {
  Case c;
  bool recorded = false;
};

std::optional<Question> ReadQuestion(std::string_view line) {
  Question question;
  for (const std::string_view word : {kJudge, kRecord}) {
    if (!line.starts_with(word)) continue;
    const auto bytes = FromHex(line.substr(word.size()));
    if (!bytes.has_value()) return std::nullopt;
    question.c = Decode(*bytes);
    question.recorded = word == kRecord;
    return question;
  }
  return std::nullopt;
}

int AnswerAll() {
  KernelJudge& judge = Judge();
  WhenSanitizerEnds(&AnswerWhenDying);
  Print(Greeting(CodeOf(*pxd_program)));
  std::ios::sync_with_stdio(false);
  const auto next = [](std::string& line) {
    if (std::cin.rdbuf()->in_avail() <= 0) std::fflush(stdout);
    return static_cast<bool>(std::getline(std::cin, line));
  };
  for (std::string line; next(line);) {
    const std::optional<Question> question = ReadQuestion(line);
    if (!question.has_value()) {
      std::fprintf(stderr,
                   "%s: a line that is neither 'judge' nor 'record' and a case "
                   "in hexadecimal\n",
                   pxd_program->name);
      return 3;
    }
    const Case& c = question->c;
    mode = c.mode;
    changing = !c.concurrent.empty();
    if (judge.Takes(c.mode)) {
      for (size_t i = 0; i < c.requests.size(); ++i) {
        Print(ToLines(Observe(judge, c, i), question->recorded));
      }
    }
    Print(std::string(kCaseEnd));
  }
  return 0;
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  if (argc == 1) return pxdfuzz::AnswerAll();
  if (argc > 2 || std::string_view(argv[1]) != "--version") {
    std::fprintf(stderr, "usage: %s [--version]\n", pxd_program->name);
    return 2;
  }
  std::printf(
      "%s: the fast walk of Linux %s, %s, %s; slice %s\n"
      "Holds kernel code: GPL-2.0-only.\n",
      pxd_program->name, pxd_program->version, pxd_program->arch,
      pxd_program->variant, pxd_program->slice);
  return 0;
}
