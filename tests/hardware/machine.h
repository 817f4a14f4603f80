// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_HARDWARE_MACHINE_H_
#define PXDFUZZ_TESTS_HARDWARE_MACHINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/base/process.h"

namespace pxdfuzz::hardware {

// Prints an error to standard error and ends the program with exit code 3. QEMU
// ends with it.
[[noreturn]] void Fail(std::string_view what);

// A connected stream to a process.
class Stream {
 public:
  // Takes ownership of `socket`. Calls `on_end`, which does not return, if the
  // other side has closed it.
  Stream(int socket, std::function<void()> on_end)
      : socket_(socket), on_end_(std::move(on_end)) {}
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void Write(std::string_view bytes);
  // The bytes up to the next `end`, which is left out. Fails after some
  // seconds.
  std::string ReadUntil(char end);
  std::string Read(size_t count);

 private:
  void Fill();

  int socket_;
  std::function<void()> on_end_;
  std::string read_;
  size_t used_ = 0;
};

// A QEMU process whose memory is shared with this process. It has no files, and
// dies with the object or with this process, however that ends. One at a time.
class Machine {
 public:
  struct Options {
    std::string program;  // searched in PATH
    std::vector<std::string> arguments;
    uint64_t ram_size = 0;
    bool gdb = false;
  };

  // Starts it, and waits until its monitor is ready.
  explicit Machine(const Options& options);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  std::span<uint64_t> ram() const { return ram_; }
  // "7.2.22".
  const std::string& version() const { return version_; }
  // Only with Options::gdb.
  Stream& gdb() { return gdb_; }

  // Ends the program if QEMU has ended.
  void CheckAlive();

 private:
  // Both ends of a socket for the process; the process's end is closed here as
  // soon as it runs.
  struct Ends {
    int ours = -1;
    int theirs = -1;

    Ends();
  };

  Machine(const Options& options, const Ends& monitor, const Ends& gdb);

  void Start(const Options& options, const Ends& monitor, const Ends& gdb);
  // Ends the program with QEMU's error output.
  [[noreturn]] void Died();

  std::string program_;
  std::span<uint64_t> ram_;
  int ram_file_ = -1;
  int output_file_ = -1;
  Stream monitor_;
  Stream gdb_;
  Process process_;
  std::string version_;
};

}  // namespace pxdfuzz::hardware

#endif  // PXDFUZZ_TESTS_HARDWARE_MACHINE_H_
