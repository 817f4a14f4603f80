// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BENCH_MEASURE_H_
#define PXDFUZZ_BENCH_MEASURE_H_

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/base/environment.h"
#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/text_lines.h"

// What the programs that measure have in common. They run in the project's
// folder, and exit with 1 if a limit is missed and 3 if something fails.

namespace pxdfuzz {

[[noreturn]] inline void Fail(std::string_view what) {
  std::fprintf(stderr, "\n%s\n", std::string(what).c_str());
  std::exit(3);
}

// The value of `--rounds=`, the only argument.
inline int RoundsOf(int argc, char** argv, int otherwise) {
  if (argc < 2) return otherwise;
  const std::string_view word = argv[1];
  constexpr std::string_view kFlag = "--rounds=";
  int rounds = 0;
  const char* end = word.data() + word.size();
  if (argc == 2 && word.starts_with(kFlag)) {
    const auto [stop, error] =
        std::from_chars(word.data() + kFlag.size(), end, rounds);
    if (error == std::errc() && stop == end && rounds > 0 && rounds < 1000) {
      return rounds;
    }
  }
  std::fprintf(stderr, "usage: %s [--rounds=N]\n", argv[0]);
  std::exit(2);
}

// The lower middle one.
template <class Number>
Number Median(std::vector<Number> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers[(numbers.size() - 1) / 2];
}

// "12.345", with that many digits.
inline std::string Fixed(double number, int digits) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", digits, number);
  return text;
}

// A program with its output in the file `log`.
inline Process::End RunWithLog(Process::Options options,
                               const std::string& log) {
  const int descriptor =
      open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) Fail(log + ": cannot be written");
  options.out = descriptor;
  options.error = descriptor;
  Process process;
  const std::string error = process.Start(options);
  close(descriptor);
  if (!error.empty()) Fail(error);
  return process.Wait();
}

// What is printed, and how many limits were missed.
class Results {
 public:
  explicit Results(int label_width)
      : label_width_(label_width),
        text_(Environment::Read().HasColor(STDOUT_FILENO), /*columns=*/120) {}

  void Title(std::string_view title) {
    text_.Blank();
    text_.Line(title, LineStyle::kTitle);
  }
  void Row(std::string_view label, std::string_view text) {
    Add(label, text, LineStyle::kPlain);
  }
  // A row that is compared with a limit: met, or missed.
  void Row(std::string_view label, std::string_view text, bool is_met,
           std::string_view bar) {
    missed_ += is_met ? 0 : 1;
    Add(label, Concat({text, " (", bar, is_met ? ": met)" : ": missed)"}),
        is_met ? LineStyle::kPlain : LineStyle::kMarked);
  }
  void Line(std::string_view line) { text_.Line(line); }

  // Prints everything. Returns the exit code.
  int Print() const {
    std::fputs(text_.text().c_str(), stdout);
    std::fflush(stdout);
    if (missed_ == 0) return 0;
    std::fprintf(stderr, "\nlimits missed: %d\n", missed_);
    return 1;
  }

 private:
  void Add(std::string_view label, std::string_view text, LineStyle style) {
    std::string line = Concat({"  ", label});
    line.resize(std::max(line.size(), static_cast<size_t>(label_width_ + 2)),
                ' ');
    text_.Line(Concat({line, " ", text}), style);
  }

  const int label_width_;
  TextLines text_;
  int missed_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BENCH_MEASURE_H_
