// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_VERDICT_VERDICT_H_
#define PXDFUZZ_SRC_CLI_CHECK_VERDICT_VERDICT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace pxdfuzz {

enum class CellState : uint8_t {
  kHolds,      // its floor is reached and nothing was found
  kFinding,    // something was found that is not known
  kKnown,      // its floor is reached, and what was found has a page
  kTooShort,   // nothing was found, below the floor
  kUnchecked,  // it could not be run
  kLeftOut,    // there is nothing to run
};

std::string_view Name(CellState state);  // "holds", "finding", "too short"

// "wrong-page" of "kernel-6.12-s390.s390-3.wrong-page.pte-leaf", "crash" of a
// file that an engine left.
std::string KindOf(std::string_view signature);
// Where a kind stands among the kinds of finding; the lower, the worse.
size_t SeverityOf(std::string_view kind);
// Whether there is such a kind.
bool IsKind(std::string_view kind);

// What a check of a kernel tree came to. Text, JSON and JUnit say the same of
// it; docs/check.md describes it and docs/check.schema.json has the JSON.
struct CheckVerdict {
  struct Tree {
    std::string name;     // as the user named it
    std::string version;  // "6.12.117"
    std::string commit;   // or empty
    bool is_modified = false;
    std::string patch;  // its name and hash, or empty
    std::string patch_hash;
    std::string hash;  // of all that is compiled
    // Of the text of each architecture.
    std::map<std::string, std::string> slices;
    std::string description;
  };
  struct Cell {
    std::string mode;           // "s390/3"; of what was left out, "arm64-16k"
    std::string configuration;  // "as-is"
    // The configuration whose run this is, since the code is the same; or
    // empty.
    std::string same_code_as;
    std::string walker;  // "gup_fast"
    bool changing = false;
    CellState state = CellState::kLeftOut;
    uint64_t executions = 0;
    uint64_t floor = 0;
    // How many findings it has part in, and how often each known one was met.
    size_t findings = 0;
    std::map<std::string, uint64_t> known;
    std::string reason;  // of kUnchecked and kLeftOut
  };
  // What one cause has shown in all cells: wherever the code of one function
  // breaks one rule.
  struct Finding {
    // A signature in a cell.
    struct Member {
      std::string signature;
      std::string mode;
      std::string configuration;
      std::string walker;
      bool changing = false;
      uint64_t times = 0;
      // Whether an earlier run of this check found it.
      bool is_from_before = false;

      // Whether it is of a cell, or of one that runs the same code.
      bool IsOf(const Cell& cell) const;
    };

    std::string what;  // the worst of its kinds: "wrong-page"
    // What it is called in docs/findings/, or empty. `what` and all signatures
    // are the same then.
    std::string known;
    // Where the shrunk case first goes wrong, as far as that is known.
    std::string function;  // "gup_fast_pte_range"
    std::string file;      // "mm/gup.c"
    int line = 0;
    std::string headline;
    std::vector<Member> members;
    // Whether the tree without the patch shows it too.
    bool is_without_patch = false;
    // Files: the shrunk case, and the report.
    std::string case_file;
    std::string report;
    struct Command {
      std::string purpose;
      std::string command;
    };
    std::vector<Command> commands;

    // Whether an earlier run of this check found all of it.
    bool is_from_before() const;
    // Whether one of its members is of that cell.
    bool HasPartIn(const Cell& cell) const;
    uint64_t times() const;
    // How often each kind was met, the worst first.
    std::vector<std::pair<std::string, uint64_t>> Kinds() const;
    // "s390 and x86-64".
    std::string Architectures() const;
    // "wrong-page in gup_fast_pte_range()".
    std::string Name() const;
  };
  // What the tree without the patch shows and the tree with it does not.
  struct Repair {
    // "long in gup_fast_pte_range()"; of a known finding, its page.
    std::string what;
    std::string headline;
    uint64_t cases = 0;
    std::vector<std::string> modes;
    // Files: a shrunk case, and the programs without and with the patch.
    std::string case_file;
    std::vector<Finding::Command> commands;
  };
  // A function or file that the patch changes.
  struct Change {
    std::string file;
    std::string function;  // or empty
    std::vector<std::string> slices;
    size_t lines = 0;  // that are executable
    std::vector<int> not_executed;
    // Lines that ran and decided something always in one way.
    std::vector<int> one_way;
    // Names in what was taken out and put in that have the same value in every
    // case, and why.
    std::map<std::string, std::string> constants;
  };

  // The same cases on another tree.
  struct Against {
    std::string description;
    uint64_t cases = 0;
    // Cases by what differs first.
    std::map<std::string, uint64_t> different;
    // The first of them, in words and as a file, and who ran it.
    std::string first;
    std::string case_file;
    std::vector<std::string> programs;
  };

  Tree tree;
  std::vector<Cell> cells;
  // Whether it went on with an earlier run.
  bool is_resumed = false;
  // Those that the patch adds before others, new ones before those of an
  // earlier run, then the worst first.
  std::vector<Finding> findings;
  std::vector<Repair> repairs;
  std::vector<Change> changes;
  std::optional<Against> against;
  std::vector<std::string> not_checked;
  std::string out;  // the folder
  double seconds = 0;
  // Why the check ended early, or nothing.
  std::string error;

  // Findings that the unpatched tree does not show.
  size_t added() const;
  uint64_t executions() const;
  size_t Count(CellState state) const;
  // 0 it holds, 1 there are findings or differences, 3 something could not be
  // checked.
  int exit_code() const;
  // "6.12.117: holds in 36 cells, 1,234,567 executions".
  std::string LastLine() const;
};

std::string TextOf(const CheckVerdict& verdict);
std::string JsonOf(const CheckVerdict& verdict);
std::string JUnitOf(const CheckVerdict& verdict);

// Rows of a table in Markdown, one for each architecture, about a verdict that
// JsonOf wrote. An error if it is none, or if the check failed or executed
// nothing.
absl::StatusOr<std::string> TableRowsOf(std::string_view json);

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_VERDICT_VERDICT_H_
