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

// What is exported: one walk and one request of a case, which is not empty.
// What it refers to outlives it.
struct Export {
  const Case& c;
  // Of the model's walks.
  const Verdict& verdict;
  size_t request = 0;  // a position in c.requests
  // The model's walk: a position in kAllWalks. Of kernel code, that of its
  // kind.
  size_t walk = 0;
  // Where kernel code walks: which, and what its program says of the request.
  const KernelCode* code = nullptr;
  const Answer* answer = nullptr;

  Policy policy() const { return kAllWalks[walk]; }
  std::string_view walk_name() const {
    return code == nullptr ? Name(policy()) : std::string_view(code->name);
  }
  // Why the request is inconclusive, if so.
  Inconclusive inconclusive() const;
  // False too where nothing was compared.
  bool is_wrong() const;
  // What differs, as a report begins; one line.
  std::string Headline() const;
  // The case as text and what it shows, behind `prefix` on each line, at most
  // 80 columns wide.
  std::string CaseComment(std::string_view prefix) const;
};

// A GoogleTest source against the library, which fails where the walk differs
// from the reference. The request is comparable.
std::string ExportGtest(const Export& exported);

// A C program for a real Linux machine, which maps the case's pages and drives
// gup_fast over them.
std::string ExportC(const Export& exported);

// The report for a mailing list: plain text of 72 columns.
std::string ExportMail(const Export& exported);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_EXPORT_EXPORT_H_
