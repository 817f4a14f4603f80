// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_BASE_PROCESS_H_
#define PXDFUZZ_BASE_PROCESS_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pxdfuzz {

// A child process. It is killed when this object or this
// process ends.
class Process {
 public:
  struct Options {
    // The program, searched in PATH, and its arguments.
    std::vector<std::string> words;
    // Variables to set for it, or to unset where there is no value. It inherits
    // all others.
    std::vector<std::pair<std::string, std::optional<std::string>>> environment;
    // Descriptors that become its standard streams. A negative one stands for
    // /dev/null.
    int in = -1;
    int out = -1;
    int error = -1;
    // Its own process group, which a terminal's Ctrl-C does not reach.
    bool own_group = false;
  };

  // How a program ended.
  struct End {
    int code = 0;    // its exit code, if no signal ended it
    int signal = 0;  // or the signal
    // Processor time of it and of those of its children that it waited for.
    double user_seconds = 0;
    double system_seconds = 0;

    // As in a shell: 128 plus the signal.
    int shell_code() const { return signal == 0 ? code : 128 + signal; }
  };

  Process() = default;
  ~Process() { Kill(); }
  Process(Process&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
  Process& operator=(Process&&) = delete;

  bool runs() const { return id_ > 0; }

  // Starts a program; none may be running. Returns an error in one line, or
  // nothing.
  std::string Start(const Options& options);
  // How it ended, or nothing while it runs. Once it ended, another may be
  // started.
  std::optional<End> Poll();
  // Waits for the end of the program, which must be running.
  End Wait();
  void Signal(int signal) const;
  void Kill();

 private:
  pid_t id_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_BASE_PROCESS_H_
