// SPDX-License-Identifier: MIT

#include "src/cli/check/run_command.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/base/text_lines.h"
#include "src/cli/interrupt.h"

namespace pxdfuzz {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(10);
constexpr int kLooksPerTick = 10;

// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  std::string Contents() const {
    return ReadFile("/proc/self/fd/" + std::to_string(number_)).value_or("");
  }

 private:
  int number_;
};

}  // namespace

std::string FirstLine(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::string CommandResult::Reason() const {
  std::string line = FirstLine(error.empty() ? out : error);
  for (const std::string_view begin : {"error: ", "fatal: ", "E: ", "tar: "}) {
    if (line.starts_with(begin)) line.erase(0, begin.size());
  }
  return line.empty() ? Concat({"exit code ", std::to_string(code)}) : line;
}

absl::StatusOr<CommandResult> RunCommand(const CommandLine& command) {
  const auto open_file = [](const std::string& file, int flags) {
    return file.empty() ? -1 : open(file.c_str(), flags | O_CLOEXEC, 0666);
  };
  const Descriptor in(open_file(command.input, O_RDONLY));
  const bool is_logged = !command.log.empty();
  const Descriptor out(
      is_logged ? open_file(command.log, O_WRONLY | O_CREAT | O_TRUNC)
                : memfd_create("out", MFD_CLOEXEC));
  if ((!command.input.empty() && in.number() < 0) || out.number() < 0) {
    return absl::UnavailableError(
        Concat({out.number() < 0 ? command.log : command.input,
                ": cannot be opened: ", std::strerror(errno)}));
  }
  const Descriptor error(is_logged ? -1 : memfd_create("error", MFD_CLOEXEC));
  Process::Options options = {
      .words = command.words,
      .environment = command.environment,
      .in = in.number(),
      .out = out.number(),
      .error = is_logged ? out.number() : error.number(),
      .own_group = true};
  if (!command.folder.empty()) {
    options.words.insert(options.words.begin(), {"env", "-C", command.folder});
  }
  Process process;
  if (const std::string failure = process.Start(options); !failure.empty()) {
    return absl::UnavailableError(failure);
  }
  std::optional<Process::End> end;
  for (int looks = 1; !(end = process.Poll()).has_value(); ++looks) {
    if (IsInterrupted()) {
      process.Signal(SIGTERM);
      process.Wait();
      return absl::CancelledError(Concat({command.words[0], ": interrupted"}));
    }
    if (looks % kLooksPerTick == 0 && command.tick) command.tick();
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return CommandResult{
      .code = end->shell_code(),
      .out = is_logged ? ReadFile(command.log).value_or("") : out.Contents(),
      .error = is_logged ? "" : error.Contents()};
}

}  // namespace pxdfuzz
