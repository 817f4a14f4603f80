// SPDX-License-Identifier: MIT

// Writes the corpora on which speed is measured: make_corpus FOLDER. The output
// depends on the generator and the seed alone. The committed files do not
// change when the generator does.
//
//   FOLDER/corpus/{small,large}        one request a case
//   FOLDER/corpus-four/{small,large}   the same tables, four requests a case

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "bench/corpus_rules.h"
#include "fuzz/generator/generator.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {
namespace {

constexpr uint64_t kSeed = 2020;

// How many cases of each length the whole corpus has: the median is 8 pages,
// and one case in ten has more than 100.
struct Lengths {
  uint16_t least;
  uint16_t most;
  size_t cases;
};
constexpr std::array<Lengths, 5> kLengths = {
    {{1, 7, 90},
     {8, 8, 20},
     {9, CorpusRules::kSmall, 40},
     {CorpusRules::kSmall + 1, 100, 30},
     {101, Case::kMaxPages, 20}}};

bool Write(const std::filesystem::path& file, const Case& c) {
  std::array<uint8_t, kMaxEncodedSize> bytes;
  const size_t size = Encode(c, bytes);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(size));
  return static_cast<bool>(out.flush());
}

// The same tables with three more requests of the same length, a few pages
// away. Every second request has the other kind of access.
Case WithFourRequests(const Case& one, Rng& rng) {
  Case four = one;
  const Request& first = one.requests[0];
  const uint64_t page_size = InfoOf(one.mode).geometry.page_size();
  for (int i = 0; i < 3; ++i) {
    Request next = first;
    next.start = WrappingAdd(
        first.start,
        WrappingMul(static_cast<uint64_t>(rng.Between(-2, 2)), page_size));
    next.write = first.write != (i % 2 == 0);
    four.requests.push_back(next);
  }
  Canonicalize(four);
  return four;
}

// Each of the 24 states in turn.
LeafState StateOf(size_t number) {
  return {.permission = static_cast<Permission>(number / 8 % 3),
          .young = (number & 1) != 0,
          .dirty = (number & 2) != 0,
          .special = (number & 4) != 0};
}

// What a case must be.
struct Wish {
  PagingMode mode;
  Lengths lengths;
  bool crosses = false;
  // Properties of what its first record maps.
  std::optional<LeafState> state;
};

// Draws cases until one meets the requirements and is not refused.
Case DrawCase(const Wish& wish, Rng& rng, Oracle& oracle) {
  while (true) {
    Case c = Generator(rng, InfoOf(wish.mode)).DrawCase();
    if (c.requests.size() != 1) continue;
    const uint16_t pages = c.requests[0].pages;
    if (pages < wish.lengths.least || pages > wish.lengths.most) continue;
    if (wish.state.has_value()) {
      c.setup[0].state = *wish.state;
      // Large leaves do not have every state.
      Canonicalize(c);
      if (c.setup[0].state != *wish.state) continue;
    }
    const Verdict& verdict =
        oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
    if (verdict.inconclusive != Inconclusive::kNo) continue;
    if (verdict.requests[0].inconclusive != Inconclusive::kNo) continue;
    if (verdict.requests[0].crosses_folded == wish.crosses) return c;
  }
}

bool WriteCorpora(const std::filesystem::path& folder) {
  Rng rng(kSeed);
  Oracle oracle;
  size_t number = 0;
  size_t of_folding = 0;
  for (const Lengths& lengths : kLengths) {
    for (size_t i = 0; i < lengths.cases; ++i, ++number) {
      Wish wish{.mode = {ArchId::kS390, static_cast<uint8_t>(2 + number % 4)},
                .lengths = lengths};
      // With five levels nothing is folded, so two thirds of the other cases
      // make one half of the total. One third has each number of levels in
      // turn.
      if (wish.mode.levels < 5) {
        wish.crosses = (of_folding + of_folding / 3) % 3 != 2;
        ++of_folding;
      }
      if (number % 7 == 0) wish.state = StateOf(number / 7);
      const Case one = DrawCase(wish, rng, oracle);
      std::array<char, 8> name;
      std::snprintf(name.data(), name.size(), "%03zu", number);
      const std::filesystem::path file =
          std::filesystem::path(CorpusRules::FolderOf(one)) / name.data();
      if (!Write(folder / "corpus" / file, one) ||
          !Write(folder / "corpus-four" / file, WithFourRequests(one, rng))) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_corpus FOLDER\n";
    return 2;
  }
  if (!pxdfuzz::WriteCorpora(argv[1])) {
    std::cerr << "make_corpus: cannot write in " << argv[1] << '\n';
    return 3;
  }
  return 0;
}
