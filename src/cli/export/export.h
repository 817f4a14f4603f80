// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_
#define PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"

namespace pxdfuzz {

// What to export: one walk and one request of a case, which is not empty. All
// references must outlive it.
struct Export {
  const Case& c;
  // For walks of the model.
  const Verdict& verdict;
  size_t request = 0;  // a position in c.requests
  // The model's walk: a position in kAllWalks. For kernel code, the walk of its
  // kind.
  size_t walk = 0;
  // For kernel code: which code, and its program's answer for the request.
  const KernelCode* code = nullptr;
  const Answer* answer = nullptr;

  Policy policy() const { return kAllWalks[walk]; }
  std::string_view walk_name() const {
    return code == nullptr ? Name(policy()) : std::string_view(code->name);
  }
  // Why the request is inconclusive, or kNo.
  Inconclusive inconclusive() const;
  // Also false if nothing was compared.
  bool is_wrong() const;
  // What differs, as in the headline of a report; one line.
  std::string Headline() const;
  // The case as text and its finding, with `prefix` before each line, at most
  // 80 columns wide.
  std::string Story(std::string_view prefix) const;
};

// A GoogleTest source against the library, which fails if the walk differs from
// the reference. The request must be comparable.
std::string ExportGtest(const Export& exported);

// A C program for a real Linux machine, which maps the case's pages and drives
// gup_fast over them.
std::string ExportC(const Export& exported);

// The report for a mailing list: plain text of 72 columns.
std::string ExportMail(const Export& exported);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_
