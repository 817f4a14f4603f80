// SPDX-License-Identifier: MIT

// pxdfuzz shrink.

#include "pxdfuzz/shrink/shrink.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "src/cli/campaign/kept_finding.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/input.h"
#include "src/cli/interrupt.h"
#include "src/cli/kernel_programs.h"

namespace pxdfuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kQuiet = std::chrono::seconds(2);
constexpr auto kBetweenLines = std::chrono::milliseconds(200);

// Says now and then how far it is, where that takes a while.
class Ticker {
 public:
  void Tick(const Case& best) {
    ++trials_;
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + kBetweenLines;
    progress_.Say(
        Concat({Grouped(trials_), " cases tried; the smallest has ",
                Plural(best.setup.size(), "record"),
                best.concurrent.empty()
                    ? ""
                    : Concat({", ", Plural(best.concurrent.size(), "change")}),
                " and ", Plural(best.requests[0].pages, "page")}));
  }
  void End() { progress_.End(); }

 private:
  Progress progress_{"shrink"};
  Clock::time_point next_ = Clock::now() + kQuiet;
  uint64_t trials_ = 0;
};

bool EndsWithAny(std::string_view name,
                 std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

// Text to standard output and into files whose names say so, otherwise bytes,
// unless a flag says which.
bool WantsText(const Arguments& arguments, const std::string& file) {
  if (arguments.Has("--text")) return true;
  if (arguments.Has("--bytes")) return false;
  return file.empty() || file == "-" ||
         EndsWithAny(file, {".yaml", ".yml", ".txt"});
}

std::string BytesOf(const Case& c) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(c, bytes);
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

// Makes `c` simple by what the model's walks do, or nothing where they do not
// show what is wished for.
std::optional<ShrunkCase> ShrinkByModel(const FindingWish& wish, Case c,
                                        const Shrinker::GoOn& go_on) {
  Oracle oracle;
  const std::optional<KeptFinding> finding = FindFinding(oracle, wish, c);
  if (!finding.has_value()) return std::nullopt;
  return ShrinkFinding(oracle, c, *finding, go_on);
}

// The same by what a program with kernel code answers.
absl::StatusOr<std::optional<ShrunkCase>> ShrinkByKernel(
    KernelProgram& program, const std::string& wish, const Case& c,
    const Shrinker::GoOn& go_on) {
  const auto finding = FindFinding(program, wish, c);
  if (!finding.ok()) return finding.status();
  if (!finding->has_value()) return std::nullopt;
  return ShrinkFinding(program, c, **finding, go_on);
}

}  // namespace

int RunShrink(const Arguments& arguments, Output& out) {
  FindingWish wish;
  wish.signature = arguments.Value("--signature");
  std::unique_ptr<KernelProgram> program;
  const std::string walk = arguments.Value("--walk");
  if (IsKernelName(walk)) {
    int exit_code = 0;
    program = OpenKernelProgramFor("shrink", walk, exit_code);
    if (program == nullptr) return exit_code;
  } else if (!walk.empty()) {
    wish.walk = PolicyFromName(walk);
    if (!wish.walk.has_value()) {
      PrintError(Concat({"shrink: there is no walk '", walk, "'; there are ",
                         WalkNames(), ", and kernel code, kernel-..."}));
      return kUsage;
    }
  }
  if (arguments.Has("--text") && arguments.Has("--bytes")) {
    PrintError("shrink: say --text or --bytes, not both");
    return kUsage;
  }
  std::string file = arguments.Value("--output");
  if (file == "-") file.clear();
  const bool as_text = WantsText(arguments, file);
  if (!as_text && file.empty() && out.is_terminal()) {
    PrintError("shrink: bytes are not for a terminal; name a file: -o OUT");
    return kUsage;
  }
  const std::string& input = arguments.operands[0];
  absl::StatusOr<Case> c = ReadCase(input);
  if (!c.ok()) {
    PrintError(c.status());
    return kUnreadable;
  }
  const std::string name = input == kStandardInput ? "standard input" : input;
  if (c->empty()) {
    PrintError(Concat({name, ": is no case; what it says means nothing"}));
    return kUnreadable;
  }
  CatchInterrupts();
  Ticker ticker;
  const auto go_on = [&ticker](const Case& best) {
    ticker.Tick(best);
    return !IsInterrupted();
  };
  const absl::StatusOr<std::optional<ShrunkCase>> tried =
      program == nullptr ? ShrinkByModel(wish, *c, go_on)
                         : ShrinkByKernel(*program, wish.signature, *c, go_on);
  ticker.End();
  if (!tried.ok()) {
    PrintError(Concat({"shrink: ", std::string(tried.status().message())}));
    return kUnreadable;
  }
  if (!tried->has_value()) {
    PrintError(
        Concat({name, ": shows no finding",
                wish.signature.empty() ? "" : Concat({" ", wish.signature}),
                walk.empty() ? "" : Concat({" of ", walk}),
                "; there is nothing to keep"}));
    return kFailed;
  }
  const ShrunkCase& shrunk = **tried;
  const std::string bytes = as_text ? ToText(shrunk.c) : BytesOf(shrunk.c);
  return Deliver(bytes, arguments,
                 shrunk.stopped ? kInterrupted : kNothingFound, out);
}

}  // namespace pxdfuzz
