// SPDX-License-Identifier: MIT

#include "src/cli/campaign/job.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "pxdfuzz/base/text_lines.h"

namespace pxdfuzz {
namespace {

constexpr int kCannotExecute = 127;

[[noreturn]] void Become(const Job::Options& options, int log, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have died before that.
  if (getppid() != parent) _exit(kCannotExecute);
  if (options.own_group) setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  for (const auto& [name, value] : options.environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  std::vector<char*> words;
  for (const std::string& word : options.words) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  execvp(words[0], words.data());
  const std::string message = Concat(
      {options.words[0], ": cannot be executed: ", std::strerror(errno), "\n"});
  [[maybe_unused]] const ssize_t written =
      write(STDERR_FILENO, message.data(), message.size());
  _exit(kCannotExecute);
}

}  // namespace

Job::~Job() {
  if (!runs()) return;
  Signal(SIGKILL);
  waitpid(process_, nullptr, 0);
}

absl::Status Job::Start(const Options& options) {
  const int log = open(options.log.c_str(),
                       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log < 0) {
    return absl::UnavailableError(
        Concat({options.log, ": cannot be written: ", std::strerror(errno)}));
  }
  const pid_t parent = getpid();
  process_ = fork();
  if (process_ == 0) Become(options, log, parent);
  const int error = errno;
  close(log);
  if (process_ > 0) return absl::OkStatus();
  process_ = 0;
  return absl::UnavailableError(Concat(
      {options.words[0], ": cannot be started: ", std::strerror(error)}));
}

std::optional<Job::End> Job::Poll() {
  if (!runs()) return std::nullopt;
  int status = 0;
  if (waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
  process_ = 0;
  End end;
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
  } else {
    end.code = WEXITSTATUS(status);
  }
  return end;
}

void Job::Signal(int signal) const {
  if (runs()) kill(process_, signal);
}

}  // namespace pxdfuzz
