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

// What an engine says of each request of a case, or an error of one line.
struct Answers {
  std::string error;
  std::vector<Answer> of_request;

  bool ok() const { return error.empty(); }
};

// Whatever runs a walk: one of the model's, or kernel code in a program of its
// own.
class Engine {
 public:
  virtual ~Engine() = default;

  // "static-by-value", "kernel-6.1-s390-by-value".
  virtual std::string_view name() const = 0;
  // Whether its walk is one of that paging mode.
  virtual bool Takes(PagingMode mode) const = 0;
  // What its walk does with each request of `c`, which is of a paging mode that
  // it takes, and whether that is right; with all that is known of the runs
  // where `recorded` says so. Nothing is excused: a finding has its cause.
  virtual Answers Run(const Case& c, bool recorded) = 0;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_ENGINE_H_
