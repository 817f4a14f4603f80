// SPDX-License-Identifier: MIT

// A main for fuzz targets without an engine: runs the target on files, and on
// all files in folders, in the order of their names.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "fuzz/harness/harness.h"
#include "pxdfuzz/base/read_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace fs = std::filesystem;

constexpr int kFinding = 1;
constexpr int kUsage = 2;
constexpr int kFailed = 3;

// Regular files at or below `path`, sorted; nothing if there is no such path or
// it cannot be read.
std::optional<std::vector<fs::path>> FilesAt(const fs::path& path) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) return std::vector{path};
  if (!fs::is_directory(path, error)) return std::nullopt;
  std::vector<fs::path> files;
  for (auto it = fs::recursive_directory_iterator(path, error);
       !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    if (it->is_regular_file()) files.push_back(it->path());
  }
  if (error) return std::nullopt;
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string program = argc > 0 ? argv[0] : "fuzz target";
  if (argc < 2 || std::string(argv[1]).starts_with("-")) {
    std::fprintf(stderr,
                 "usage: %s FILE|FOLDER...\n"
                 "Runs the target on each file. It aborts, with a report, at "
                 "the first finding.\n",
                 program.c_str());
    return argc < 2 || std::string(argv[1]) != "--help" ? kUsage : 0;
  }
  pxdfuzz::Harness& harness = pxdfuzz::Harness::Get();
  harness.SetCommandLine(argc, argv);
  size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    const auto files = FilesAt(argv[i]);
    if (!files.has_value() || files->empty()) {
      std::fprintf(stderr, "%s: %s: %s\n", program.c_str(), argv[i],
                   files.has_value() ? "a folder without files"
                                     : "neither a file nor a folder to read");
      return kFailed;
    }
    for (const fs::path& file : *files) {
      const std::optional<std::string> bytes = pxdfuzz::ReadFile(file);
      if (!bytes.has_value()) {
        std::fprintf(stderr, "%s: %s: cannot be read\n", program.c_str(),
                     file.c_str());
        return kFailed;
      }
      harness.SetInputFile(file.string());
      LLVMFuzzerTestOneInput(pxdfuzz::Bytes(*bytes).data(), bytes->size());
      ++inputs;
    }
  }
  // A finding ends the program unless findings are kept in a folder.
  const uint64_t findings = harness.stats().findings();
  std::string result = "no finding";
  if (findings > 0) {
    result = std::to_string(findings) + " with a finding";
  } else if (harness.stats().judged() == 0) {
    result = "nothing was compared";
  }
  std::printf("%s: %zu input%s, %s\n", program.c_str(), inputs,
              inputs == 1 ? "" : "s", result.c_str());
  if (findings > 0) return kFinding;
  return harness.stats().judged() == 0 ? kFailed : 0;
}
