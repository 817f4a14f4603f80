// SPDX-License-Identifier: MIT

// Proves that a corpus which was made smaller lost nothing, or gives back what
// it lost: corpus_cover ALL KEPT. Both are folders of inputs. What counts is
// which cells of the case space they reach and which planted bugs they show;
// for each that KEPT lacks, an input of ALL is added to it. Inputs in KEPT are
// written anew in canonical bytes, under names that their bytes make.

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fuzz/sha1.h"
#include "pxdfuzz/case.h"
#include "pxdfuzz/compare.h"
#include "tests/mutants/catalog.h"
#include "tests/mutants/corpus.h"

namespace pxdfuzz::mutants {
namespace {

namespace fs = std::filesystem;

constexpr int kUsage = 2;
constexpr int kUnreadable = 3;

std::set<size_t> CellsOf(const Case& c) {
  static Oracle& oracle = *new Oracle();
  std::set<size_t> cells;
  const Verdict& verdict =
      oracle.Judge(c, WalkSet::Named(), Excuses::kKnownDefects);
  for (const RequestVerdict& request : verdict.requests) {
    if (request.cell.has_value()) cells.insert(*request.cell);
  }
  return cells;
}

std::set<size_t> CellsOf(const std::vector<Case>& cases) {
  std::set<size_t> cells;
  for (const Case& c : cases) cells.merge(CellsOf(c));
  return cells;
}

// Adds to `kept` what of `all` reaches cells that it does not.
void AddForCells(const std::vector<Case>& all, std::vector<Case>& kept) {
  std::set<size_t> reached = CellsOf(kept);
  for (const Case& c : all) {
    std::set<size_t> cells = CellsOf(c);
    const size_t before = reached.size();
    reached.merge(cells);
    if (reached.size() > before) kept.push_back(c);
  }
}

struct Bugs {
  size_t before = 0;
  size_t after = 0;
};

// Adds to `kept` what of `all` shows planted bugs that it does not.
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
  AddForCells(all, kept);
  const size_t with_cells = kept.size();
  const Bugs bugs = AddForBugs(all, kept);
  if (!WriteAll(kept, kept_folder)) {
    std::fprintf(stderr, "corpus_cover: %s: cannot be written\n",
                 kept_folder.c_str());
    return kUnreadable;
  }
  // What was written, as it is read again.
  const std::vector<Case> written = ReadCorpus({kept_folder});
  const size_t cells_before = CellsOf(all).size();
  const size_t cells_after = CellsOf(written).size();
  std::printf(
      "inputs        %zu of %zu (%.2f): %zu by the engine's set cover, %zu for "
      "cells, %zu for planted bugs\n",
      written.size(), all.size(),
      static_cast<double>(written.size()) / static_cast<double>(all.size()),
      merged, with_cells - merged, kept.size() - with_cells);
  std::printf("cells reached %zu before, %zu after\n", cells_before,
              cells_after);
  std::printf("planted bugs  %zu before, %zu after\n", bugs.before, bugs.after);
  return cells_before == cells_after && bugs.before == bugs.after ? 0 : 1;
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
