// SPDX-License-Identifier: MIT

#include "fuzz/harness/finding_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;

bool WriteWhole(const fs::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  // Some file systems report only now that there is no space.
  out.close();
  return !out.fail();
}

}  // namespace

std::string FindingFolder::FileOf(std::string_view signature) const {
  return (fs::path(path_) / signature / "input").string();
}

bool FindingFolder::Has(const std::string& signature) const {
  std::error_code error;
  return fs::exists(fs::path(path_) / signature, error);
}

std::string FindingFolder::Keep(const std::string& signature,
                                const Finding& finding) const {
  // Written into a temporary folder and moved into place in one step.
  const fs::path place = fs::path(path_) / signature;
  const fs::path draft =
      fs::path(path_) / (".new-" + std::to_string(getpid()) + '-' + signature);
  std::error_code error;
  fs::remove_all(draft, error);
  errno = 0;
  const std::string_view input(
      reinterpret_cast<const char*>(finding.input.data()),
      finding.input.size());
  if (!fs::create_directories(draft, error) ||
      !WriteWhole(draft / "input", input) ||
      !WriteWhole(draft / "case.yaml", finding.text) ||
      !WriteWhole(draft / "report.txt", finding.report)) {
    const int why = error ? error.value() : errno;
    std::error_code ignored;
    fs::remove_all(draft, ignored);
    return draft.string() + ": a finding cannot be written there" +
           (why != 0 ? std::string(": ") + std::strerror(why) : "");
  }
  fs::rename(draft, place, error);
  if (error) {
    // Another process was faster: rename() does not replace a folder that is
    // not empty.
    const bool is_there = fs::exists(place / "input");
    std::error_code ignored;
    fs::remove_all(draft, ignored);
    if (!is_there) {
      return place.string() +
             ": a finding cannot be put there: " + error.message();
    }
  }
  return "";
}

}  // namespace pxdfuzz
