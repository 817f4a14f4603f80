// SPDX-License-Identifier: MIT

// Searches for one planted bug, as gup_fuzzer does for bugs in walks and
// translate_fuzzer for bugs in the reference. PXDFUZZ_MUTANT names the bug;
// without it, or with --list, it lists the bugs:
//
//   name, where it is, architecture or `all`, the known answer that finds it
//   (or -), the reason why it is not a bug (or -), what is wrong, what it
//   copies (or -); separated by tabs
//
// --census runs all of `./run mutants` (census.h).

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/mutator.h"
#include "fuzz/harness/harness.h"
#include "pxdfuzz/case/case_text.h"
#include "tests/mutants/catalog.h"
#include "tests/mutants/census.h"

extern "C" {
size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);
// fuzz/harness/harness.cc: one for each cell of the case space.
extern volatile uint8_t pxdfuzz_cell_counters[pxdfuzz::kMaxCells];
}

namespace pxdfuzz::mutants {
namespace {

[[noreturn, gnu::noinline]] void AbortByMutant() { std::abort(); }

std::string OrDash(std::string_view text) {
  return std::string(text.empty() ? "-" : text);
}

// Code without a bug, which must survive. Not among the listed bugs.
constexpr std::string_view kNoBug = "no-bug";

void PrintList() {
  for (const Mutant& mutant : Catalog()) {
    const std::string line =
        mutant.name + '\t' + std::string(Name(mutant.where)) + '\t' +
        (mutant.arch.has_value() ? std::string(Name(*mutant.arch)) : "all") +
        '\t' + OrDash(mutant.wrong_answer()) + '\t' + OrDash(mutant.equal) +
        '\t' + std::string(mutant.says) + '\t' + OrDash(mutant.copies);
    std::puts(line.c_str());
  }
}

const Mutant& FromEnvironment() {
  const char* value = std::getenv("PXDFUZZ_MUTANT");
  const std::string name = value == nullptr ? "" : value;
  if (name == kNoBug) {
    static const Mutant& unmutated = *new Mutant(Unmutated());
    return unmutated;
  }
  if (name.empty()) {
    PrintList();
    std::exit(0);
  }
  const Mutant* mutant = Find(name);
  if (mutant == nullptr || mutant->make_trial == nullptr) {
    std::string names;
    for (const Mutant& other : Catalog()) {
      if (other.make_trial != nullptr) names += ' ' + other.name;
    }
    std::fprintf(stderr,
                 "pxdfuzz: PXDFUZZ_MUTANT=%s: no such bug to fuzz for; there "
                 "are%s\n",
                 name.c_str(), names.c_str());
    std::exit(2);
  }
  return *mutant;
}

const Mutant& TheMutant() {
  static const Mutant& mutant = FromEnvironment();
  return mutant;
}

int Fuzz(std::span<const uint8_t> input) {
  static Trial& trial = *TheMutant().make_trial().release();
  Harness& harness = Harness::Get();
  Case c;
  if (!harness.Begin(input, c)) return 0;
  const std::optional<Kill> kill = trial.Try(c);
  if (const Verdict* verdict = trial.verdict()) {
    harness.stats().CountVerdict(c, *verdict);
    for (const RequestVerdict& request : verdict->requests) {
      if (!request.cell.has_value()) continue;
      harness.stats().ReachCell(*request.cell);
      pxdfuzz_cell_counters[*request.cell] = 1;
    }
  }
  if (!kill.has_value()) return 0;
  if (!harness.Wants(kill->signature)) return 0;
  const auto report = [&] {
    std::string text = "The planted bug " + TheMutant().name + ": " +
                       std::string(TheMutant().says) + "\n\n" + ToText(c);
    if (kill->walks != 0) {
      text += "\nwalks that show it: " + std::to_string(kill->walks) + '\n';
    }
    return text + "\nDEDUP_TOKEN: " + kill->signature + '\n';
  };
  if (!harness.AbortsFor(input, c, kill->signature, report)) return 0;
  AbortByMutant();
}

}  // namespace
}  // namespace pxdfuzz::mutants

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return pxdfuzz::mutants::Fuzz({data, size});
}

// As for the other targets (fuzz/engines/custom_mutator.cc), except that the
// bug selects the kind of tables.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  using namespace pxdfuzz::mutants;
  const std::vector<std::string> arguments(*argv, *argv + *argc);
  if (*argc == 2 && arguments[1] == "--list") {
    PrintList();
    std::exit(0);
  }
  if (*argc > 1 && arguments[1] == "--census") {
    std::exit(TakeCensus({arguments.begin() + 2, arguments.end()}));
  }
  TheMutant();
  static std::vector<char*> words;
  static std::string length_control = "-len_control=0";
  words.assign(*argv, *argv + *argc);
  if (!words.empty()) words.insert(words.begin() + 1, length_control.data());
  *argc = static_cast<int>(words.size());
  pxdfuzz::Harness::Get().SetCommandLine(*argc, words.data());
  words.push_back(nullptr);
  *argv = words.data();
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size,
                                          size_t max_size, unsigned int seed) {
  using pxdfuzz::Tables;
  using pxdfuzz::mutants::Mutant;
  const bool manual =
      pxdfuzz::mutants::TheMutant().where == Mutant::Where::kManual;
  return pxdfuzz::Mutate(
      {data, max_size}, size, seed, pxdfuzz::Harness::Get().filter(),
      manual ? Tables::kRaw : Tables::kWellFormed, LLVMFuzzerMutate);
}
