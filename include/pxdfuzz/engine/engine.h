// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_ENGINE_ENGINE_H_
#define PXDFUZZ_ENGINE_ENGINE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// An engine's answer for each request of a case, or an error in one line.
struct Answers {
  std::string error;
  std::vector<Answer> of_request;

  bool ok() const { return error.empty(); }
};

// Who runs a request.
struct Walker {
  // "static-by-value", "kernel-6.1-s390-by-value".
  std::string name;
  // The model's walk that does the same.
  Policy policy;
  // For kernel code.
  std::optional<KernelCode> kernel = std::nullopt;
};
inline Walker ModelWalker(Policy walk) {
  return {.name = std::string(Name(walk)), .policy = walk};
}
inline Walker KernelWalker(const KernelCode& code) {
  return {.name = code.name,
          .policy = ModelOf(code.arch, code.variant),
          .kernel = code};
}

// Anything that runs a walk: a walk of the model, or kernel code in a separate
// program.
class Engine {
 public:
  virtual ~Engine() = default;

  virtual const Walker& walker() const = 0;
  const std::string& name() const { return walker().name; }
  // Whether its walk supports that paging mode.
  virtual bool Takes(PagingMode mode) const = 0;
  // What its walk does with each request of `c`, whose paging mode it supports,
  // and whether that is right; with the whole recording if `recorded`. Expected
  // failures are findings here, each with its cause.
  virtual Answers Run(const Case& c, bool recorded) = 0;
  // The same for many cases, without recordings, in less time.
  virtual std::vector<Answers> RunAll(std::span<const Case> cases) {
    std::vector<Answers> all;
    for (const Case& c : cases) all.push_back(Run(c, /*recorded=*/false));
    return all;
  }
};

using Engines = std::vector<std::unique_ptr<Engine>>;

}  // namespace pxdfuzz

#endif  // PXDFUZZ_ENGINE_ENGINE_H_
