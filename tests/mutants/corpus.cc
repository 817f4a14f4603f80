// SPDX-License-Identifier: MIT

#include "tests/mutants/corpus.h"

#include <algorithm>

#include "pxdfuzz/base/read_file.h"

namespace pxdfuzz::mutants {

std::vector<Case> ReadCorpus(
    const std::vector<std::filesystem::path>& folders) {
  std::vector<Case> cases;
  for (const std::filesystem::path& folder : folders) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || entry.path().extension() == ".yaml") {
        continue;
      }
      const Case c = Decode(Bytes(ReadFile(entry.path()).value_or("")));
      if (std::find(cases.begin(), cases.end(), c) == cases.end()) {
        cases.push_back(c);
      }
    }
  }
  return cases;
}

int KillsIn(const std::vector<Case>& cases, Trial& trial) {
  return static_cast<int>(std::count_if(
      cases.begin(), cases.end(),
      [&trial](const Case& c) { return trial.Try(c).has_value(); }));
}

}  // namespace pxdfuzz::mutants
