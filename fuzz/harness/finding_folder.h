// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_FINDING_FOLDER_H_
#define PXDFUZZ_FUZZ_HARNESS_FINDING_FOLDER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pxdfuzz {

// What a target ends with that cannot keep its findings.
inline constexpr int kCannotKeep = 3;

// A folder in which the findings of a campaign are kept, one folder for each
// signature: `input`, `case.yaml` and `report.txt` of the first one that was
// met. Several processes may share it. A finding is there whole or not at all,
// whenever a process is killed.
class FindingFolder {
 public:
  // What is kept of a finding.
  struct Finding {
    std::span<const uint8_t> input;
    std::string_view text;
    std::string_view report;
  };

  // An empty path: nothing is kept.
  explicit FindingFolder(std::string path) : path_(std::move(path)) {}

  bool is_open() const { return !path_.empty(); }

  bool Has(const std::string& signature) const;

  // Keeps the first finding of a signature, unless another process was faster.
  // An error in one line, or nothing.
  std::string Keep(const std::string& signature, const Finding& finding) const;

  // Where the first input of a signature is kept.
  std::string FileOf(std::string_view signature) const;

 private:
  std::string path_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_FINDING_FOLDER_H_
