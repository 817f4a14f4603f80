// SPDX-License-Identifier: MIT

#include "tests/hardware/machine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pxdfuzz::hardware {
namespace {

constexpr int kPatience = 30'000;  // milliseconds

[[noreturn]] void FailWithReason(std::string_view what) {
  const std::string reason = std::strerror(errno);
  Fail(std::string(what) + ": " + reason);
}

int MemoryFile(const char* name) {
  const int file = memfd_create(name, MFD_CLOEXEC);
  if (file < 0) FailWithReason("cannot make a file in memory");
  return file;
}

// The string after `key`, up to the quotation mark or comma that ends it.
std::string After(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return "?";
  text.remove_prefix(at + key.size());
  while (text.starts_with(' ')) text.remove_prefix(1);
  return std::string(text.substr(0, text.find_first_of("\",}")));
}

}  // namespace

void Fail(std::string_view what) {
  std::fflush(stdout);
  std::fprintf(stderr, "hardware: %.*s\n", static_cast<int>(what.size()),
               what.data());
  std::exit(3);
}

// -----------------------------------------------------------------------------
// Stream

Stream::~Stream() { close(socket_); }

void Stream::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent =
        send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) on_end_();
    if (sent < 0) FailWithReason("cannot talk to QEMU");
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void Stream::Fill() {
  pollfd ready = {.fd = socket_, .events = POLLIN, .revents = 0};
  const int events = poll(&ready, 1, kPatience);
  if (events < 0 && errno == EINTR) return;
  if (events == 0) Fail("QEMU does not answer");
  read_.erase(0, used_);
  used_ = 0;
  std::array<char, 65536> buffer;
  const ssize_t count = recv(socket_, buffer.data(), buffer.size(), 0);
  if (count == 0 || (count < 0 && errno == ECONNRESET)) on_end_();
  if (count < 0) FailWithReason("cannot talk to QEMU");
  read_.append(buffer.data(), static_cast<size_t>(count));
}

std::string Stream::ReadUntil(char end) {
  size_t seen = used_;
  while (true) {
    const size_t at = read_.find(end, seen);
    if (at != std::string::npos) {
      std::string text = read_.substr(used_, at - used_);
      used_ = at + 1;
      return text;
    }
    const size_t waiting = read_.size() - used_;
    Fill();
    seen = used_ + waiting;
  }
}

std::string Stream::Read(size_t count) {
  while (read_.size() - used_ < count) Fill();
  used_ += count;
  return read_.substr(used_ - count, count);
}

// -----------------------------------------------------------------------------
// Machine

Machine::Ends::Ends() {
  std::array<int, 2> sockets{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0) {
    FailWithReason("cannot make a pair of sockets");
  }
  ours = sockets[0];
  theirs = sockets[1];
}

Machine::Machine(const Options& options) : Machine(options, Ends(), Ends()) {}

Machine::Machine(const Options& options, const Ends& monitor, const Ends& gdb)
    : program_(options.program),
      monitor_(monitor.ours, [this] { Died(); }),
      gdb_(gdb.ours, [this] { Died(); }) {
  ram_file_ = MemoryFile("ram");
  output_file_ = MemoryFile("output");
  if (ftruncate(ram_file_, static_cast<off_t>(options.ram_size)) != 0) {
    FailWithReason("cannot make memory for QEMU");
  }
  void* const words = mmap(nullptr, options.ram_size, PROT_READ | PROT_WRITE,
                           MAP_SHARED, ram_file_, 0);
  if (words == MAP_FAILED) FailWithReason("cannot map memory");
  ram_ = {static_cast<uint64_t*>(words), options.ram_size / sizeof(uint64_t)};
  Start(options, monitor, gdb);
  close(monitor.theirs);
  close(gdb.theirs);

  const std::string greeting = monitor_.ReadUntil('\n');
  version_ = After(greeting, "\"major\":") + '.' +
             After(greeting, "\"minor\":") + '.' +
             After(greeting, "\"micro\":");
}

Machine::~Machine() {
  process_.Kill();
  munmap(ram_.data(), ram_.size_bytes());
  close(ram_file_);
  close(output_file_);
}

void Machine::Start(const Options& options, const Ends& monitor,
                    const Ends& gdb) {
  const std::string size = std::to_string(options.ram_size);
  std::vector<std::string> words = {
      options.program,
      "-nodefaults",
      "-no-user-config",
      "-display",
      "none",
      "-accel",
      "tcg",
      "-m",
      "size=" + size + "B",
      "-object",
      "memory-backend-file,id=ram,share=on,size=" + size +
          ",mem-path=/proc/self/fd/" + std::to_string(ram_file_),
      "-chardev",
      "socket,id=monitor,fd=" + std::to_string(monitor.theirs),
      "-mon",
      "chardev=monitor,mode=control"};
  if (options.gdb) {
    words.insert(words.end(),
                 {"-chardev", "socket,id=gdb,fd=" + std::to_string(gdb.theirs),
                  "-gdb", "chardev:gdb"});
  }
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  // It inherits them under their numbers.
  for (const int file : {ram_file_, monitor.theirs, gdb.theirs}) {
    fcntl(file, F_SETFD, 0);
  }
  const std::string error = process_.Start(
      {.words = std::move(words), .out = output_file_, .error = output_file_});
  if (!error.empty()) Fail(error);
}

void Machine::CheckAlive() {
  if (process_.Poll().has_value()) Died();
}

void Machine::Died() {
  process_.Kill();
  std::array<char, 2000> output{};
  const ssize_t count =
      pread(output_file_, output.data(), output.size() - 1, 0);
  Fail(program_ + " ended" +
       (count > 0 ? ", and said:\n" + std::string(output.data()) : ""));
}

}  // namespace pxdfuzz::hardware
