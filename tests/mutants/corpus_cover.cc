// SPDX-License-Identifier: MIT

// Verifies that a corpus lost nothing when it was made smaller, or adds what it
// lost: corpus_cover ALL KEPT. Both are folders of inputs. It compares the
// cells that they reach, the outcomes of changes, and the planted bugs that
// they show; for each that KEPT lacks, it adds an input of ALL. It writes
// inputs in KEPT again in canonical bytes, named by their content.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fuzz/harness/sha1.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "tests/mutants/catalog.h"
#include "tests/mutants/corpus.h"

namespace pxdfuzz::mutants {
namespace {

namespace fs = std::filesystem;

constexpr int kUsage = 2;
constexpr int kUnreadable = 3;

const Verdict& Judge(const Case& c) {
  static Oracle& oracle = *new Oracle();
  return oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
}

std::set<size_t> CellsOf(const Case& c) {
  std::set<size_t> cells;
  for (const RequestVerdict& request : Judge(c).requests) {
    if (request.cell.has_value()) cells.insert(*request.cell);
  }
  return cells;
}

// By paging mode: why changes are impossible; or which changes each walk has
// met, with the outcome.
std::set<std::string> RacesOf(const Case& c) {
  std::set<std::string> races;
  if (c.concurrent.empty()) return races;
  const std::string mode =
      Concat({Name(c.mode.arch), "/", std::to_string(c.mode.levels), " "});
  const Verdict& verdict = Judge(c);
  if (verdict.inconclusive != Inconclusive::kNo) {
    races.insert(Concat({mode, Describe(verdict.inconclusive)}));
  }
  for (const RequestVerdict& request : verdict.requests) {
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = request.walks[i];
      for (size_t change = 0; walk.ran && change < walk.changes; ++change) {
        races.insert(Concat({mode, Name(kAllWalks[i]), " ",
                             Name(c.concurrent[change].kind), " ",
                             Name(c.concurrent[change].level), " ",
                             Name(walk.outcome), " ", Name(walk.waiver),
                             walk.pages < request.pages ? " less" : ""}));
      }
    }
  }
  return races;
}

// The union of `of` over `cases`.
template <class Of>
auto AllOf(const std::vector<Case>& cases, Of of) {
  decltype(of(cases[0])) all;
  for (const Case& c : cases) all.merge(of(c));
  return all;
}

// Adds to `kept` those of `all` that have something, by `of`, that it lacks.
template <class Of>
void AddFor(const std::vector<Case>& all, Of of, std::vector<Case>& kept) {
  auto reached = AllOf(kept, of);
  for (const Case& c : all) {
    auto more = of(c);
    const size_t before = reached.size();
    reached.merge(more);
    if (reached.size() > before) kept.push_back(c);
  }
}

struct Bugs {
  size_t before = 0;
  size_t after = 0;
};

// Adds to `kept` those of `all` that show planted bugs that it does not show.
Bugs AddForBugs(const std::vector<Case>& all, std::vector<Case>& kept) {
  Bugs bugs;
  for (const Mutant& mutant : Catalog()) {
    if (!mutant.is_bug() || mutant.make_trial == nullptr) continue;
    const std::unique_ptr<Trial> trial = mutant.make_trial();
    if (KillsIn(kept, *trial) > 0) {
      ++bugs.before;
      ++bugs.after;
      continue;
    }
    for (const Case& c : all) {
      if (!trial->Try(c).has_value()) continue;
      kept.push_back(c);
      ++bugs.before;
      bugs.after += trial->Try(kept.back()).has_value() ? 1 : 0;
      break;
    }
  }
  return bugs;
}

bool WriteAll(const std::vector<Case>& cases, const fs::path& folder) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    fs::remove(entry.path());
  }
  for (const Case& c : cases) {
    std::array<uint8_t, kMaxEncodedSize> bytes;
    const size_t size = Encode(c, bytes);
    const std::span<const uint8_t> input(bytes.data(), size);
    std::ofstream out(folder / Sha1Hex(input), std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(size));
    if (!out.flush()) return false;
  }
  return true;
}

int Main(const fs::path& all_folder, const fs::path& kept_folder) {
  std::vector<Case> all = ReadCorpus({all_folder});
  std::vector<Case> kept = ReadCorpus({kept_folder});
  if (all.empty()) {
    std::fprintf(stderr, "corpus_cover: %s: holds no case\n",
                 all_folder.c_str());
    return kUnreadable;
  }
  const size_t merged = kept.size();
  AddFor(all, CellsOf, kept);
  const size_t with_cells = kept.size();
  AddFor(all, RacesOf, kept);
  const size_t with_races = kept.size();
  const Bugs bugs = AddForBugs(all, kept);
  if (!WriteAll(kept, kept_folder)) {
    std::fprintf(stderr, "corpus_cover: %s: cannot be written\n",
                 kept_folder.c_str());
    return kUnreadable;
  }
  // The written inputs, read again.
  const std::vector<Case> written = ReadCorpus({kept_folder});
  const size_t cells_before = AllOf(all, CellsOf).size();
  const size_t cells_after = AllOf(written, CellsOf).size();
  const size_t races_before = AllOf(all, RacesOf).size();
  const size_t races_after = AllOf(written, RacesOf).size();
  std::printf(
      "inputs        %zu of %zu (%.2f): %zu by the engine's set cover, %zu for "
      "cells, %zu for changes, %zu for planted bugs\n",
      written.size(), all.size(),
      static_cast<double>(written.size()) / static_cast<double>(all.size()),
      merged, with_cells - merged, with_races - with_cells,
      kept.size() - with_races);
  std::printf("cells reached %zu before, %zu after\n", cells_before,
              cells_after);
  std::printf("changes met   %zu before, %zu after\n", races_before,
              races_after);
  std::printf("planted bugs  %zu before, %zu after\n", bugs.before, bugs.after);
  return cells_before == cells_after && races_before == races_after &&
                 bugs.before == bugs.after
             ? 0
             : 1;
}

}  // namespace
}  // namespace pxdfuzz::mutants

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: corpus_cover ALL KEPT\n");
    return pxdfuzz::mutants::kUsage;
  }
  return pxdfuzz::mutants::Main(argv[1], argv[2]);
}
