// SPDX-License-Identifier: MIT

#include "src/cli/survey/evidence.h"

#include <algorithm>
#include <map>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "pxdfuzz/view/case_tables.h"

namespace pxdfuzz {
namespace {

bool SameIterations(const Recording& a, const Recording& b) {
  return std::equal(a.events.begin(), a.events.end(), b.events.begin(),
                    b.events.end(), [](const Event& x, const Event& y) {
                      return x.level == y.level && x.part == y.part &&
                             x.place == y.place && x.value == y.value;
                    });
}

// The entries of tables that a walk reads, in order, each once.
std::vector<uint64_t> EntriesOf(const Recording& run) {
  std::vector<uint64_t> entries;
  for (const Event& event : run.events) {
    const uint64_t address = event.place.physical;
    if (event.kind == Event::Kind::kIteration && address != 0 &&
        std::find(entries.begin(), entries.end(), address) == entries.end()) {
      entries.push_back(address);
    }
  }
  return entries;
}

void CountRequest(const CaseTables& tables, const Request& request,
                  IterationCounts& counts) {
  const auto iterations = [&](Policy policy) {
    return RecordModel(tables, request, policy);
  };
  ++counts.requests;
  if (tables.source().mode.arch == ArchId::kS390) {
    for (const Event& event : iterations(kFoldedAwareByValue).events) {
      if (event.level < Level::kP4d || !event.value.has_value()) continue;
      const uint64_t type = (*event.value & S390::Mask::kType) >> 2;
      counts.low_types += type < S390::TypeOf(Level::kPud) ? 1 : 0;
    }
  }
  const Recording by_pointer = iterations(kStaticByPointer);
  const Recording aware_by_pointer = iterations(kFoldedAwareByPointer);
  if (!SameIterations(iterations(kStaticByValue),
                      iterations(kFoldedAwareByValue)) ||
      !SameIterations(by_pointer, aware_by_pointer)) {
    ++counts.other_iterations;
  }
  if (EntriesOf(by_pointer) != EntriesOf(aware_by_pointer)) {
    ++counts.other_entries;
  }
  std::map<uint64_t, uint64_t> loads;
  for (const Event& event : iterations(kStaticLockless).events) {
    ++loads[event.place.physical];
  }
  uint64_t most = 0;
  for (const auto& load : loads) most = std::max(most, load.second);
  counts.reread += most > 1 ? 1 : 0;
  counts.most_loads = std::max(counts.most_loads, most);
}

IterationCounts CountIterations(PagingMode mode) {
  IterationCounts counts;
  VisitArch(mode.arch, [&]<class A>() {
    for (uint64_t number = 0; number < kTraced; ++number) {
      const Case c = SurveyCase(mode, number, Stillness::kStill);
      const CaseTables tables(c);
      for (const Request& request : c.requests) {
        if (Permitted<A>(c.mode.levels, request.start, request.pages) ==
            Inconclusive::kNo) {
          CountRequest(tables, request, counts);
        }
      }
    }
  });
  return counts;
}

}  // namespace

Evidence::Evidence(Progress& progress) {
  const Engines engines = ModelEngine::All();
  for (const PagingMode& mode : kAllPagingModes) {
    if (!IsBuilt(mode)) continue;
    progress.Say(Concat({"trying ", pxdfuzz::Name(mode)}));
    for (const Stillness tables : {Stillness::kStill, Stillness::kChanging}) {
      // Engines of the model always answer.
      surveys_.push_back(*Survey(engines, mode, kSurveyed, tables));
    }
    iterations_.emplace_back(mode, CountIterations(mode));
  }
}

}  // namespace pxdfuzz
