// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CAMPAIGN_JOB_H_
#define PXDFUZZ_SRC_CLI_CAMPAIGN_JOB_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace pxdfuzz {

// A program that runs beside this one. It dies with it, however that ends.
class Job {
 public:
  struct Options {
    // The program and its arguments.
    std::vector<std::string> words;
    // Variables set for it; all others are as they are here.
    std::vector<std::pair<std::string, std::string>> environment;
    // What it prints is added to this file.
    std::string log;
    // Its own process group, so that a terminal's Ctrl-C does not reach it.
    bool own_group = true;
  };

  // How a program ended.
  struct End {
    int code = 0;    // its exit code, where no signal ended it
    int signal = 0;  // or the signal
  };

  Job() = default;
  // Kills what still runs.
  ~Job();
  Job(Job&& other) noexcept : process_(std::exchange(other.process_, 0)) {}
  Job& operator=(Job&&) = delete;

  bool runs() const { return process_ > 0; }

  // Starts a program; none runs. That it cannot be executed shows as exit code
  // 127.
  absl::Status Start(const Options& options);
  // How it ended, or nothing while it runs. Nothing runs afterwards.
  std::optional<End> Poll();
  void Signal(int signal) const;

 private:
  pid_t process_ = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CAMPAIGN_JOB_H_
