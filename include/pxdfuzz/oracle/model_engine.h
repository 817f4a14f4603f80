// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ORACLE_MODEL_ENGINE_H_
#define PXDFUZZ_ORACLE_MODEL_ENGINE_H_

#include <memory>
#include <string_view>
#include <utility>

#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// A walk of the model.
class ModelEngine : public Engine {
 public:
  // Engines may share an oracle.
  ModelEngine(Policy walk, std::shared_ptr<Oracle> oracle)
      : walk_(walk), oracle_(std::move(oracle)) {}

  std::string_view name() const override { return Name(walk_); }
  bool Takes(PagingMode mode) const override { return IsBuilt(mode); }
  Answers Run(const Case& c, bool recorded) override;

 private:
  Answer RunAlone(const Case& c, size_t request, bool recorded);

  const Policy walk_;
  const std::shared_ptr<Oracle> oracle_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ORACLE_MODEL_ENGINE_H_
