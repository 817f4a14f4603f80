// SPDX-License-Identifier: MIT

// What a case costs without an engine: all of it on the committed corpus, and
// each part separately, for requests of 1 to 512 pages and cases of 1 to 16
// records. It is built a second time with the tables on the heap (heap/). Runs
// in the project's folder. Never linked into a fuzz target.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/base/read_file.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/walk/run_walk.h"

namespace pxdfuzz {
namespace {

using Bytes = std::vector<uint8_t>;

// -----------------------------------------------------------------------------
// The whole of it, on the cases of at most 32 pages.

const std::vector<Bytes>& Corpus() {
  static const auto& corpus = *[] {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator("bench/corpus/small")) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    auto* read = new std::vector<Bytes>();
    for (const std::filesystem::path& file : files) {
      const std::string bytes = ReadFile(file).value_or("");
      read->emplace_back(bytes.begin(), bytes.end());
    }
    return read;
  }();
  return corpus;
}

void Body(benchmark::State& state) {
  Oracle oracle;
  for (auto _ : state) {
    for (const Bytes& bytes : Corpus()) {
      const Case c = Decode(bytes);
      benchmark::DoNotOptimize(
          oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures).kind);
    }
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<int64_t>(Corpus().size()));
}

// Long enough for an allocator that delays the reuse of freed memory, such as
// AddressSanitizer's, to reach a steady state.
constexpr double kRestSeconds = 0.5;

BENCHMARK(Body)->MinTime(kRestSeconds);

// -----------------------------------------------------------------------------
// The parts, by pages of the one request and records that map them.

constexpr uint8_t kLevels = 3;

// `pages` pages, divided equally among the records, half of them on each side
// of a boundary of the root's entries. Spare records map pages behind them.
Case CaseOf(uint16_t pages, size_t records) {
  const Geometry geometry = S390::GeometryOf(kLevels);
  const uint64_t page = geometry.page_size();
  Case c;
  c.mode = {ArchId::kS390, kLevels};
  const uint64_t start = 16 * geometry.span(geometry.root()) - pages / 2 * page;
  c.requests.push_back({.start = start, .pages = pages});
  const uint64_t share = std::max<uint64_t>(1, pages / records);
  for (size_t i = 0; i < records; ++i) {
    const uint64_t address = start + i * share * page;
    c.setup.push_back({.kind = TableOp::Kind::kMap,
                       .level = Level::kPte,
                       .address = address,
                       .count = static_cast<uint16_t>(share),
                       .frame = address});
  }
  Canonicalize(c);
  return c;
}

Case CaseOf(const benchmark::State& state) {
  return CaseOf(static_cast<uint16_t>(state.range(0)),
                static_cast<size_t>(state.range(1)));
}

// A case and its tables.
class Site {
 public:
  explicit Site(const Case& c) : c_(c), mm_(arena_, c.mode.levels) {
    Populate(c, mm_);
    timeline_.Begin(mm_);
  }

  const Request& request() const { return c_.requests[0]; }
  const AddressSpace<S390>& mm() const { return mm_; }
  WalkSite walk_site() { return {c_.mode, arena_, timeline_, c_.stack}; }
  ArenaMemory memory() const {
    return ArenaMemory(arena_, mm_.geometry(), c_.stack);
  }

 private:
  Case c_;
  Arena arena_ = MakeArena<S390>();
  AddressSpace<S390> mm_;
  Timeline timeline_;
};

void DecodeCase(benchmark::State& state) {
  Bytes bytes(kMaxEncodedSize);
  bytes.resize(Encode(CaseOf(state), bytes));
  for (auto _ : state) {
    const Case c = Decode(bytes);
    benchmark::DoNotOptimize(&c);
    benchmark::ClobberMemory();
  }
}

void MapAndReset(benchmark::State& state) {
  const Case c = CaseOf(state);
  Arena arena = MakeArena<S390>();
  for (auto _ : state) {
    AddressSpace<S390> mm(arena, c.mode.levels);
    benchmark::DoNotOptimize(Populate(c, mm));
  }
}

// Restores words, `records` runs of them; the tables are made again before.
void ResetAlone(benchmark::State& state) {
  const auto records = static_cast<uint64_t>(state.range(1));
  const auto words = static_cast<uint64_t>(state.range(0)) / records;
  Arena arena = MakeArena<S390>();
  arena.Begin(S390::GeometryOf(kLevels));
  for (auto _ : state) {
    for (uint64_t i = 0; i < records; ++i) {
      arena.Touch(*arena.NewTable(Level::kPte), words);
    }
    arena.Reset();
    benchmark::ClobberMemory();
  }
}

void ReferenceAlone(benchmark::State& state) {
  const Site site(CaseOf(state));
  const ArenaMemory memory = site.memory();
  const S390::Manual manual(site.mm().geometry(), site.mm().control());
  std::array<uint64_t, Case::kMaxPages> pages;
  for (auto _ : state) {
    benchmark::DoNotOptimize(ReferencePages<S390>(
        manual, memory, site.mm().geometry().page_size(), site.request().start,
        site.request().write, std::span(pages).first(site.request().pages)));
  }
}

void OneWalk(benchmark::State& state, Policy policy) {
  Site site(CaseOf(state));
  const WalkSite walk_site = site.walk_site();
  std::array<uint64_t, Case::kMaxPages> pages;
  for (auto _ : state) {
    WalkRun run{.pages = pages, .grabbed = {}};
    RunWalk(walk_site, policy, site.request(), run);
    benchmark::DoNotOptimize(&run);
  }
}

// Everything but decoding: mapping, the reference, the named walks, comparing,
// resetting.
void JudgeCase(benchmark::State& state) {
  const Case c = CaseOf(state);
  Oracle oracle;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        oracle.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures).kind);
  }
}

void Growth(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"pages", "records"});
  for (const int64_t pages : {1, 8, 64, 512}) bench->Args({pages, 1});
  for (const int64_t records : {4, 16}) bench->Args({64, records});
}

BENCHMARK(DecodeCase)->Apply(Growth);
BENCHMARK(MapAndReset)->Apply(Growth);
BENCHMARK(ResetAlone)->Apply(Growth);
BENCHMARK(ReferenceAlone)->Apply(Growth);
BENCHMARK(JudgeCase)->Apply(Growth);

}  // namespace
}  // namespace pxdfuzz

int main(int argc, char** argv) {
  for (const pxdfuzz::Policy& policy : pxdfuzz::kAllWalks) {
    const std::string name = "Walk/" + std::string(Name(policy));
    benchmark::RegisterBenchmark(name.c_str(), pxdfuzz::OneWalk, policy)
        ->Apply(pxdfuzz::Growth);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
