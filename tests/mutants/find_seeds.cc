// SPDX-License-Identifier: MIT

// Adds seeds to the corpus for planted bugs that it does not show: find_seeds
// CORPUS. Among generated cases it takes the one that shows most of them,
// shrinks it while it shows the same ones, and continues with the rest.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "tests/mutants/catalog.h"
#include "tests/mutants/corpus.h"
#include "tests/mutants/drawn_cases.h"

namespace pxdfuzz::mutants {
namespace {

namespace fs = std::filesystem;

constexpr int kDrawn = 4000;

struct Missing {
  const Mutant* mutant;
  std::unique_ptr<Trial> trial;
};

// Which of `missing`, by position, `c` shows.
std::vector<size_t> Shown(const std::vector<Missing>& missing, const Case& c) {
  std::vector<size_t> shown;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (missing[i].trial->Try(c).has_value()) shown.push_back(i);
  }
  return shown;
}

// Whether `c` shows all those of `missing`.
bool ShowsAll(const std::vector<Missing>& missing,
              const std::vector<size_t>& those, const Case& c) {
  for (const size_t i : those) {
    if (!missing[i].trial->Try(c).has_value()) return false;
  }
  return true;
}

template <class Vector>
bool ShrinkOne(Case& c, Vector Case::* part, size_t least,
               const std::vector<Missing>& missing,
               const std::vector<size_t>& those) {
  for (size_t i = 0; i < (c.*part).size() && (c.*part).size() > least; ++i) {
    Case smaller = c;
    (smaller.*part).erase(i);
    Canonicalize(smaller);
    if (!ShowsAll(missing, those, smaller)) continue;
    c = smaller;
    return true;
  }
  return false;
}

Case Shrunk(Case c, const std::vector<Missing>& missing,
            const std::vector<size_t>& those) {
  Case plain = c;
  plain.stack = Stack();
  if (ShowsAll(missing, those, plain)) c = plain;
  while (ShrinkOne(c, &Case::concurrent, 0, missing, those) ||
         ShrinkOne(c, &Case::requests, 1, missing, those) ||
         ShrinkOne(c, &Case::setup, 0, missing, those)) {
  }
  return c;
}

bool Write(const Case& c, const fs::path& file) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(c, bytes);
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(size));
  return static_cast<bool>(out.flush());
}

// Seeds for bugs in manuals, or for all others. False if one cannot be written.
bool AddSeeds(const fs::path& corpus, bool manual) {
  const std::vector<Case> cases = ReadCorpus({corpus});
  const fs::path folder = corpus / (manual ? "translate_fuzzer" : "gup_fuzzer");
  std::vector<Missing> missing;
  for (const Mutant& mutant : Catalog()) {
    if (!mutant.is_bug() || mutant.make_trial == nullptr ||
        (mutant.where == Mutant::Where::kManual) != manual) {
      continue;
    }
    std::unique_ptr<Trial> trial = mutant.make_trial();
    if (KillsIn(cases, *trial) > 0) continue;
    missing.push_back({&mutant, std::move(trial)});
  }
  for (int number = 1; !missing.empty(); ++number) {
    const fs::path file = folder / ("planted-" + std::to_string(number));
    if (fs::exists(file)) continue;
    Case best;
    std::vector<size_t> shown;
    DrawnCases drawn(static_cast<uint64_t>(number), *missing[0].mutant);
    for (int i = 0; i < kDrawn || shown.empty(); ++i) {
      const Case c = drawn.Draw();
      const std::vector<size_t> those = Shown(missing, c);
      if (those.size() <= shown.size()) continue;
      best = c;
      shown = those;
    }
    best = Shrunk(best, missing, shown);
    if (!Write(best, file)) {
      std::fprintf(stderr, "find_seeds: cannot write %s\n", file.c_str());
      return false;
    }
    std::printf("%s shows", file.c_str());
    for (size_t i = shown.size(); i > 0; --i) {
      std::printf(" %s", missing[shown[i - 1]].mutant->name.c_str());
      missing.erase(missing.begin() +
                    static_cast<std::ptrdiff_t>(shown[i - 1]));
    }
    std::printf("\n");
  }
  return true;
}

}  // namespace
}  // namespace pxdfuzz::mutants

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: find_seeds CORPUS\n");
    return 2;
  }
  using pxdfuzz::mutants::AddSeeds;
  return AddSeeds(argv[1], false) && AddSeeds(argv[1], true) ? 0 : 3;
}
