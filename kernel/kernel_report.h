// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_KERNEL_REPORT_H_
#define PXDFUZZ_KERNEL_KERNEL_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/kernel_code.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/report.h"

namespace pxdfuzz {

// One read of an entry by kernel code.
struct KernelRead {
  enum class Place : uint8_t {
    kTable,    // `physical`, where tables are
    kCopy,     // the local variable that holds the entry of the level above
    kStack,    // another word of the stack
    kNowhere,  // `nowhere`: there is no memory
  };
  // What it was read for; enum pxd_role of kernel/kernel_walk.h.
  enum class Role : uint8_t { kTurn, kAgain, kCheck };

  Role role = Role::kTurn;
  Level level = Level::kPte;
  std::string file;  // as the tree names it
  int line = 0;
  Place place = Place::kTable;
  // Of kTable: a physical address.
  std::optional<uint64_t> physical;
  // Of kNowhere: the physical address that its pointer would stand for.
  uint64_t nowhere = 0;
  // Of kStack, where its loop began at a local copy: how many bytes above that.
  std::optional<int64_t> above_copy;
  // What was read; nothing where the read faulted.
  std::optional<uint64_t> value;
  // What that is as an entry of this tree, of `level` or, where that is folded,
  // of the real level whose entries are handed to it. A pte is no table.
  EntryKind kind;

  // Whether it read what a walk may not: neither a table nor a copy.
  bool is_stray() const {
    return place == Place::kStack || place == Place::kNowhere;
  }

  friend bool operator==(const KernelRead&, const KernelRead&) = default;
};

// What happened between two reads.
struct KernelEvent {
  enum class Kind : uint8_t {
    kChange,  // another processor made the next change of the case
    kGrab,    // references were taken, ...
    kPut,     // ... or given back
  };

  Kind kind = Kind::kChange;
  // How many of the answer's reads came before it.
  size_t reads = 0;
  // References; 0 for kChange.
  uint64_t count = 0;

  friend bool operator==(const KernelEvent&, const KernelEvent&) = default;
};

// What a judge finds where tables change.
struct KernelRaceFinding {
  // How the pages are wrong; kAgrees where another rule is broken than that of
  // pages and that of the model.
  Outcome outcome = Outcome::kAgrees;
  // The first page that is.
  size_t page = 0;
  // Why walks of its kind are known to go wrong there, or kNone.
  Cause known = Cause::kNone;

  friend bool operator==(const KernelRaceFinding&,
                         const KernelRaceFinding&) = default;
};

// What kernel code did with one request.
struct KernelAnswer {
  enum class End : uint8_t {
    kReturned,
    kRefused,
    kMalformed,
    kFault,
    kBug,
    kEndless,
    kOverflow,
  };

  End end = End::kReturned;
  // Of a BUG(): where.
  std::string bug;
  // How it was called: with FOLL_PIN rather than FOLL_GET, and with one page
  // whose reference could not be taken.
  bool pin = false;
  std::optional<uint64_t> refused;
  // Pages that it returned, in order; physical addresses.
  std::vector<uint64_t> pages;
  // References that it took and did not put.
  uint64_t held = 0;
  // A finding's name, or empty.
  std::string finding;
  // Where only a known finding explains the pages, which: it has a page in
  // docs/findings/.
  std::string known;
  std::vector<KernelRead> reads;
  // Of a case with changes: what happened between reads, in order, and what
  // there is to the finding besides its name.
  std::vector<KernelEvent> events;
  std::optional<KernelRaceFinding> race;

  friend bool operator==(const KernelAnswer&, const KernelAnswer&) = default;
};

// What a person reads of what kernel code did with one request, right or wrong:
// one sentence, the case, the pages beside the reference's, each read with the
// real file and line, and the reference's path to the first page that differs.
// 80 columns. It needs no kernel code: `answer` is what a program that holds it
// said.
std::string KernelReport(const KernelCode& text, const Case& c, size_t request,
                         const KernelAnswer& answer,
                         const ReportOptions& options);
std::string KernelReport(const KernelCode& text, const Case& c, size_t request,
                         const Answer& answer, const ReportOptions& options);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_KERNEL_REPORT_H_
