// SPDX-License-Identifier: MIT

#include "pxdfuzz/base/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace pxdfuzz {
namespace {

// Replaces this process, a child of `parent`, by the program. Returns only on
// failure, with errno.
void Execute(const Process::Options& options, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before that.
  if (getppid() != parent) _exit(127);
  if (options.own_group) setpgid(0, 0);
  // This program may ignore the signal.
  std::signal(SIGPIPE, SIG_DFL);
  const int null = open("/dev/null", O_RDWR);
  const int streams[] = {options.in, options.out, options.error};
  for (int i = 0; i < 3; ++i) {
    if (dup2(streams[i] < 0 ? null : streams[i], i) < 0) return;
  }
  if (null > STDERR_FILENO) close(null);
  for (const auto& [name, value] : options.environment) {
    if (value.has_value()) {
      setenv(name.c_str(), value->c_str(), /*overwrite=*/1);
    } else {
      unsetenv(name.c_str());
    }
  }
  std::vector<char*> words;
  for (const std::string& word : options.words) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  execvp(words[0], words.data());
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

Process::End EndOf(int status, const rusage& usage) {
  Process::End end = {.user_seconds = Seconds(usage.ru_utime),
                      .system_seconds = Seconds(usage.ru_stime)};
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
  } else {
    end.code = WEXITSTATUS(status);
  }
  return end;
}

}  // namespace

std::string Process::Start(const Options& options) {
  const auto error = [&options](int number) {
    return options.words[0] + ": cannot be executed: " + std::strerror(number);
  };
  // exec() closes it, or it carries the error number.
  int pipe[2];
  if (pipe2(pipe, O_CLOEXEC) != 0) return error(errno);
  const pid_t parent = getpid();
  id_ = fork();
  if (id_ == 0) {
    Execute(options, parent);
    const int number = errno;
    [[maybe_unused]] const ssize_t written =
        write(pipe[1], &number, sizeof(number));
    _exit(127);
  }
  const int fork_error = errno;
  close(pipe[1]);
  int number = 0;
  ssize_t got = 0;
  if (id_ > 0) {
    do {
      got = read(pipe[0], &number, sizeof(number));
    } while (got < 0 && errno == EINTR);
  }
  close(pipe[0]);
  if (id_ < 0) {
    id_ = 0;
    return error(fork_error);
  }
  if (got <= 0) return "";
  Wait();
  return error(number);
}

std::optional<Process::End> Process::Poll() {
  if (!runs()) return std::nullopt;
  int status = 0;
  rusage usage = {};
  if (wait4(id_, &status, WNOHANG, &usage) != id_) return std::nullopt;
  id_ = 0;
  return EndOf(status, usage);
}

Process::End Process::Wait() {
  int status = 0;
  rusage usage = {};
  while (wait4(id_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  id_ = 0;
  return EndOf(status, usage);
}

void Process::Signal(int signal) const {
  if (runs()) kill(id_, signal);
}

void Process::Kill() {
  if (!runs()) return;
  Signal(SIGKILL);
  Wait();
}

}  // namespace pxdfuzz
