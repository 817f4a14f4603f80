// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_
#define PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/protocol.h"

namespace pxdfuzz {

// What to export: one walk and one request of a case, which is not empty. All
// references must outlive it.
struct Export {
  const Case& c;
  const Walker& walker;
  size_t request = 0;  // a position in c.requests
  const Answer& answer;

  bool is_kernel() const { return walker.kernel.has_value(); }
  bool is_conclusive() const {
    return answer.inconclusive == Inconclusive::kNo;
  }
  // Also false if nothing was compared.
  bool is_wrong() const {
    return !answer.finding.empty() || !answer.known.empty();
  }
  // The case as text and its finding, with `prefix` before each line, at most
  // 80 columns wide.
  std::string CaseComment(std::string_view prefix) const;
};

// A GoogleTest source against the library, which fails if the walk differs from
// the reference. The request must be comparable.
std::string ExportGtest(const Export& exported);

// A C program for a real Linux machine, which maps the case's pages and drives
// gup_fast over them.
std::string ExportC(const Export& exported);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_
