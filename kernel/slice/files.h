// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_SLICE_FILES_H_
#define PXDFUZZ_KERNEL_SLICE_FILES_H_

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pxdfuzz::slice {

// Makes the folders above it too. A file that holds `text` already keeps its
// time, and what is built from it stands. False where it cannot be written.
bool WriteFile(const std::filesystem::path& path, std::string_view text);

// Runs a program that is found by PATH, with what it prints going to the files
// `out` and `err`. Its exit code; nothing where it did not run to its end.
std::optional<int> RunProgram(const std::vector<std::string>& arguments,
                              const std::filesystem::path& out,
                              const std::filesystem::path& err);

// The words of C in a text, one after the other.
class Words {
 public:
  explicit Words(std::string_view text) : text_(text) {}
  // Nothing at the end.
  std::optional<std::string_view> Next();

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// Without white space at both ends.
std::string_view Stripped(std::string_view text);

// The lines of a text, without their ends.
std::vector<std::string_view> LinesOf(std::string_view text);

}  // namespace pxdfuzz::slice

#endif  // PXDFUZZ_KERNEL_SLICE_FILES_H_
