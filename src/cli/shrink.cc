// SPDX-License-Identifier: MIT

// pxdfuzz shrink.

#include "pxdfuzz/shrink/shrink.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "src/cli/campaign/kept_finding.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/engines.h"
#include "src/cli/input.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kQuiet = std::chrono::seconds(2);
constexpr auto kBetweenLines = std::chrono::milliseconds(200);

// Reports progress from time to time if shrinking takes long.
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

// Text to standard output and to files with a suffix for text, otherwise bytes,
// unless a flag decides.
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

}  // namespace

int RunShrink(const Arguments& arguments, Output& out) {
  const std::string wish = arguments.Value("--signature");
  const std::string walk = WalkOf(arguments);
  int exit_code = 0;
  const Engines engines = OpenEngines("shrink", walk, exit_code);
  if (engines.empty()) return exit_code;
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
  const auto fail = [&ticker](const absl::Status& status) {
    ticker.End();
    PrintError(Concat({"shrink: ", std::string(status.message())}));
    return kUnreadable;
  };
  const auto finding = FindFinding(engines, wish, *c);
  if (!finding.ok()) return fail(finding.status());
  if (!finding->has_value()) {
    PrintError(Concat({name, ": shows no finding",
                       wish.empty() ? "" : Concat({" ", wish}),
                       walk.empty() ? "" : Concat({" of ", walk}),
                       "; there is nothing to keep"}));
    return kFailed;
  }
  const absl::StatusOr<ShrunkCase> shrunk = ShrinkFinding(**finding, *c, go_on);
  if (!shrunk.ok()) return fail(shrunk.status());
  ticker.End();
  const std::string bytes = as_text ? ToText(shrunk->c) : BytesOf(shrunk->c);
  return WriteResult(bytes, arguments,
                     shrunk->stopped ? kInterrupted : kNothingFound, out);
}

}  // namespace pxdfuzz
