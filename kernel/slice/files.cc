// SPDX-License-Identifier: MIT

#include "kernel/slice/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "pxdfuzz/base/process.h"
#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz::slice {
namespace {

namespace fs = std::filesystem;

bool IsOfWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

bool WriteFile(const fs::path& path, std::string_view text) {
  if (ReadFile(path) == text) return true;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  return static_cast<bool>(out.flush());
}

std::optional<int> RunProgram(const std::vector<std::string>& arguments,
                              const fs::path& out, const fs::path& err) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int to = open(out.c_str(), kFlags, 0666);
  const int error = open(err.c_str(), kFlags, 0666);
  Process process;
  std::optional<int> code;
  if (process.Start({.words = arguments, .out = to, .error = error}).empty()) {
    const Process::End end = process.Wait();
    if (end.signal == 0) code = end.code;
  }
  close(to);
  close(error);
  return code;
}

std::optional<std::string_view> Words::Next() {
  while (at_ < text_.size() && !IsOfWord(text_[at_])) ++at_;
  const size_t from = at_;
  while (at_ < text_.size() && IsOfWord(text_[at_])) ++at_;
  if (at_ == from) return std::nullopt;
  return text_.substr(from, at_ - from);
}

std::string_view Stripped(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) + 1 - first);
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace pxdfuzz::slice
