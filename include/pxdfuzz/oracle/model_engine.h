// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_MODEL_ENGINE_H_
#define PXDFUZZ_ORACLE_MODEL_ENGINE_H_

#include <memory>

#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// A walk of the model.
class ModelEngine : public Engine {
 public:
  explicit ModelEngine(Policy walk)
      : ModelEngine(walk, std::make_shared<Judge>(WalkSet::Of(walk))) {}
  // All twelve, in the order of kAllWalks. They run a case together when the
  // first of them is asked.
  static Engines All();

  const Walker& walker() const override { return walker_; }
  bool Takes(PagingMode mode) const override { return IsBuilt(mode); }
  Answers Run(const Case& c, bool recorded) override;

 private:
  // Judges cases by several walks, and remembers the last.
  class Judge {
   public:
    explicit Judge(WalkSet walks) : walks_(walks) {}
    const Verdict& Of(const Case& c);

   private:
    const WalkSet walks_;
    Oracle oracle_;
    Case case_;
    const Verdict* verdict_ = nullptr;  // of `case_`
  };

  ModelEngine(Policy walk, std::shared_ptr<Judge> judge)
      : walker_(ModelWalker(walk)), judge_(std::move(judge)) {}
  Answer AnswerOf(const Case& c, size_t request, const Verdict& verdict,
                  bool recorded) const;

  const Walker walker_;
  const std::shared_ptr<Judge> judge_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_MODEL_ENGINE_H_
