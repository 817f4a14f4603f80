// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_ENGINE_H_
#define PXDFUZZ_ENGINE_ENGINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/paging/paging_mode.h"

namespace pxdfuzz {

// An engine's answer for each request of a case, or an error in one line.
struct Answers {
  std::string error;
  std::vector<Answer> of_request;

  bool ok() const { return error.empty(); }
};

// Anything that runs a walk: a walk of the model, or kernel code in a separate
// program.
class Engine {
 public:
  virtual ~Engine() = default;

  // "static-by-value", "kernel-6.1-s390-by-value".
  virtual std::string_view name() const = 0;
  // Whether its walk supports that paging mode.
  virtual bool Takes(PagingMode mode) const = 0;
  // What its walk does with each request of `c`, whose paging mode it supports,
  // and whether that is right; with the whole recording if `recorded`. Expected
  // failures are findings here, each with its cause.
  virtual Answers Run(const Case& c, bool recorded) = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_ENGINE_H_
