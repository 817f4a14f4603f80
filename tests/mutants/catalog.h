// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_MUTANTS_CATALOG_H_
#define PXDFUZZ_TESTS_MUTANTS_CATALOG_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz::mutants {

// How a bug was found.
struct Kill {
  // "s390-3.static-lockless.short.pte-leaf", "s390.common": which difference,
  // or which broken rule.
  std::string signature;
  // How many of the walks that ran show it, for bugs in walks.
  int walks = 0;
};

// One planted bug, tested on cases in the same way as the fuzz targets test
// code without bugs.
class Trial {
 public:
  virtual ~Trial() = default;

  // How `c` shows the bug; nothing if it does not.
  virtual std::optional<Kill> Try(const Case& c) = 0;
  // The verdict on that case, for bugs in walks; otherwise null.
  virtual const Verdict* verdict() const { return nullptr; }
};

struct Mutant {
  enum class Where {
    kWalk,      // what a walk does: gup_fuzzer's oracle finds it
    kContract,  // which pages the reference gives: the same
    kManual,    // the reference's translation: translate_fuzzer's rules find it
    kAnswers,   // the reference, if only known answers can find it
  };

  std::string name;
  // Its architecture; nothing for bugs in the generic code, which all share.
  std::optional<ArchId> arch;
  Where where = Where::kWalk;
  std::string_view says;
  std::string_view copies;
  // If it is not a bug, the reason.
  std::string_view equal;
  // Null for kAnswers.
  std::function<std::unique_ptr<Trial>()> make_trial;
  // The first known answer that it gets wrong; empty if there is none.
  std::function<std::string()> wrong_answer;

  bool is_bug() const { return equal.empty(); }
};

std::string_view Name(Mutant::Where where);

// All planted bugs. Names are unique.
const std::vector<Mutant>& Catalog();

// The bug with that name, or null.
const Mutant* Find(std::string_view name);

// Code without a bug, tested as if it had one: it must survive.
Mutant Unmutated();

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_CATALOG_H_
