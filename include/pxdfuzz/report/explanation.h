// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_EXPLANATION_H_
#define PXDFUZZ_REPORT_EXPLANATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/outcome.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/report/picture.h"

namespace pxdfuzz {

// Everything known about one request and the walk that ran it, of the model or
// of a kernel tree, whether or not the tables change. Text, HTML, mail and JSON
// are made from it.
struct Explanation {
  // A term and what it means.
  struct Term {
    std::string name;
    std::string meaning;
  };

  // A line of the case as text.
  struct CaseLine {
    std::string text;
    bool marked = false;
  };

  // A concurrent operation.
  struct Change {
    size_t number = 0;  // from 1; it makes the snapshot of that number
    std::string when;   // "before read 6"
    size_t read = 0;    // that read, or 0 if it waits for another event
    // False if the walk ended before.
    bool made = false;
    std::string what;  // "clear 1 pmd of 0x100000"
    // "segment table 0, entry 1: page table 0 -> empty", the first few.
    std::vector<std::string> wrote;
  };

  // What happens between which reads of a walk.
  struct Timeline {
    struct Step {
      enum class Kind : uint8_t {
        kRead,
        kGrab,     // after the read
        kSkipped,  // replaces steps that are left out
      };
      Kind kind = Kind::kRead;
      size_t read = 0;
      size_t snapshot = 0;
      std::string text;  // "pmd", "grabs page 0"
      // The walk went wrong there.
      bool marked = false;
    };

    size_t reads = 0;
    std::vector<Change> changes;  // of the case, in order
    std::vector<Step> steps;
  };

  // A row of the pages side by side. With kind "skipped", it replaces rows left
  // out.
  struct PageRow {
    bool skips = false;
    bool marked = false;
    std::vector<std::string> cells;
  };

  // An iteration of a loop, or several consecutive ones of page entries. With
  // `skipped`, it replaces iterations left out. A concurrent operation splits
  // the iteration in which it happens.
  struct Iteration {
    bool skips = false;
    Level level = Level::kPgd;
    // It broke a rule, or made the pages differ.
    bool marked = false;
    std::string part;     // "pud 0x1007ffff000 to 0x10080000000"
    std::string pointer;  // "pudp = pud_offset(&p4d, addr)", or a source line
    std::vector<std::string> rereads;  // "read 4: *pudp again: the same"
    std::string place;                 // "the local copy of p4d"
    std::string read;                  // "*pudp = 0x10200007: segment table 0"
    std::string next;  // "pud_addr_end(): 2 GiB boundary; then pmd"
    // What the walk does after it has read a leaf.
    std::vector<std::string> after;
    // What the reference reads on that level for the part's first address.
    std::vector<std::string> reference;
    // The rule that it broke, why, and the effect.
    std::string rule;
    std::string effect;
    // Not an iteration, but a concurrent operation.
    std::optional<Change> change;
  };

  // The reference's steps to the page, in some snapshots of the tables.
  struct Path {
    std::string title;
    std::vector<std::string> steps;
    std::string result;
  };

  // "static-by-value", "kernel-6.1-s390".
  std::string walk;
  PagingMode mode;
  bool is_kernel = false;
  // The request, from 0.
  size_t request = 0;
  // Where nothing can be compared, everything but the headline and the case is
  // empty.
  bool conclusive = false;
  std::string headline;
  std::vector<CaseLine> source;

  Outcome outcome = Outcome::kAgrees;
  // It disagrees with the reference, or breaks another rule.
  bool is_wrong = false;
  // The cause of an expected failure, or kNone; or the page in docs/findings
  // that explains it.
  Cause waiver = Cause::kNone;
  std::string known;
  // Of kernel code: the line of its source at which it first went wrong, as the
  // tree names it. Empty where it is right, and where nothing is known of it.
  std::string file;
  int line = 0;
  // The DEDUP token of a finding, or empty.
  std::string token;
  // The first page that differs, or the last that was asked for: its position
  // and address, what was returned there, and the page of the reference.
  size_t page = 0;
  uint64_t address = 0;
  std::optional<uint64_t> returned;
  std::optional<uint64_t> expected;

  // Where the walk went wrong and the effect, in a sentence or two.
  std::string wrong_iteration;
  std::vector<std::string> terms;  // "reference: the hardware's ..."
  std::vector<Term> glossary;
  // For tables that change during the walk.
  std::optional<Timeline> timeline;
  std::optional<WalkPicture> picture;
  std::vector<std::string> page_header;
  // The column of what the walk returned.
  size_t found_column = 0;
  std::vector<PageRow> pages;
  // Notes on this run, and on the model's other walks.
  std::vector<std::string> notes;
  std::vector<std::string> other_walks;
  // The title of the reference column.
  std::string reference_title;
  std::vector<Iteration> iterations;
  std::vector<Path> references;
};

// "change 1, before read 6: clear 1 pmd of 0x100000".
std::string Heading(const Explanation::Change& change);
// How to read iterations and timelines; printed above them.
std::string HowToReadIterations(const Explanation& explanation);
std::string HowToReadTimeline(const Explanation::Timeline& timeline);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_EXPLANATION_H_
