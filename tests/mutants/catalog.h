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

// How a bug came to light.
struct Kill {
  // "s390-3.static-lockless.short.pte-leaf", "s390.common": which difference,
  // or which rule that does not hold.
  std::string signature;
  // How many of the walks that ran show it, for those that walk.
  int walks = 0;
};

// One planted bug, tried on cases as the fuzz targets try what has none.
class Trial {
 public:
  virtual ~Trial() = default;

  // How `c` shows the bug; nothing where it does not.
  virtual std::optional<Kill> Try(const Case& c) = 0;
  // What was made of that case, for those that walk; else null.
  virtual const Verdict* verdict() const { return nullptr; }
};

struct Mutant {
  enum class Where {
    kWalk,      // what a walk does: gup_fuzzer's oracle finds it
    kContract,  // which pages the reference gives: the same
    kManual,    // the reference's translation: translate_fuzzer's rules find it
    kAnswers,   // the reference, where known answers alone can tell
  };

  std::string name;
  // Of which architecture; nothing for bugs in the text that all share.
  std::optional<ArchId> arch;
  Where where = Where::kWalk;
  std::string_view says;
  std::string_view copies;
  // Where it is none, why.
  std::string_view equal;
  // Null for kAnswers.
  std::function<std::unique_ptr<Trial>()> make_trial;
  // The known answer that it gets wrong first; empty for none.
  std::function<std::string()> wrong_answer;

  bool is_bug() const { return equal.empty(); }
};

std::string_view Name(Mutant::Where where);

// All that are planted. Names are unique.
const std::vector<Mutant>& Catalog();

// The one of that name, or null.
const Mutant* Find(std::string_view name);

// What has no bug, tried as if it had one: a survivor by design.
Mutant Unmutated();

}  // namespace pxdfuzz::mutants

#endif  // PXDFUZZ_TESTS_MUTANTS_CATALOG_H_
