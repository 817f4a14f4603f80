// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_FUZZ_HARNESS_FINDING_FOLDER_H_
#define PXDFUZZ_FUZZ_HARNESS_FINDING_FOLDER_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace pxdfuzz {

// The exit code of a target that cannot store its findings.
inline constexpr int kCannotKeep = 3;

// A folder that stores the findings of a campaign, one subfolder for each
// signature: `input`, `case.yaml` and `report.txt` of the first input that
// showed it. Several processes may share it. A finding is stored completely or
// not at all, even if a process is killed.
class FindingFolder {
 public:
  // What is stored for a finding.
  struct Finding {
    std::span<const uint8_t> input;
    std::string_view text;
    std::string_view report;
  };

  // With an empty path nothing is stored.
  explicit FindingFolder(std::string path) : path_(std::move(path)) {}

  bool is_open() const { return !path_.empty(); }

  bool Has(const std::string& signature) const;

  // Stores the first finding of a signature, unless another process was faster.
  // Returns an error in one line, or nothing.
  std::string Keep(const std::string& signature, const Finding& finding) const;

  // The path of the first input of a signature.
  std::string FileOf(std::string_view signature) const;

 private:
  std::string path_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_FUZZ_HARNESS_FINDING_FOLDER_H_
