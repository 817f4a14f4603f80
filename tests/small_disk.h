// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_SMALL_DISK_H_
#define PXDFUZZ_TESTS_SMALL_DISK_H_

#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace pxdfuzz {

// A file system in memory that is full on request. Only this process and its
// children see it. It requires a kernel that lets this user mount one;
// otherwise `why_not` is the reason and there is none.
class SmallDisk {
 public:
  static constexpr uint64_t kPage = 4096;

  SmallDisk(std::filesystem::path place, uint64_t bytes)
      : place_(std::move(place)), why_not_(Isolate()) {
    if (!why_not_.empty()) return;
    std::filesystem::create_directories(place_);
    if (Mount(bytes, 0) != 0) why_not_ = Error("a tmpfs cannot be mounted");
  }
  ~SmallDisk() {
    if (why_not_.empty()) umount2(place_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& why_not() const { return why_not_; }
  const std::filesystem::path& path() const { return place_; }

  // Makes it larger or smaller. False if its content needs more.
  bool Resize(uint64_t bytes) const { return Mount(bytes, MS_REMOUNT) == 0; }

  uint64_t used() const {
    struct statvfs status = {};
    if (statvfs(place_.c_str(), &status) != 0) return 0;
    return (status.f_blocks - status.f_bfree) * status.f_frsize;
  }

 private:
  static std::string Error(const std::string& what) {
    return what + ": " + std::strerror(errno);
  }

  // A mount namespace for this process, once.
  static const std::string& Isolate() {
    static const std::string& why_not = *new std::string([]() -> std::string {
      const uid_t user = geteuid();
      const gid_t group = getegid();
      const int wanted = CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER);
      if (unshare(wanted) != 0) {
        return Error("this user cannot have a mount namespace");
      }
      if (user != 0) {
        const auto write = [](const char* file, const std::string& text) {
          std::ofstream(file) << text;
        };
        write("/proc/self/setgroups", "deny");
        write("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
        write("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
      }
      return mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0
                 ? ""
                 : Error("mounts cannot be kept to this process");
    }());
    return why_not;
  }

  int Mount(uint64_t bytes, unsigned long flags) const {
    const std::string options = "size=" + std::to_string(bytes);
    return mount("tmpfs", place_.c_str(), "tmpfs", flags, options.c_str());
  }

  std::filesystem::path place_;
  std::string why_not_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_SMALL_DISK_H_
