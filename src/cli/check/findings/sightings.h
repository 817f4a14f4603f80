// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_SRC_CLI_CHECK_FINDINGS_SIGHTINGS_H_
#define PXDFUZZ_SRC_CLI_CHECK_FINDINGS_SIGHTINGS_H_

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/report/explanation.h"
#include "src/cli/commands.h"

namespace pxdfuzz {

// The rule that findings of a signature are about: pages and what the model
// returns are one rule, references and refusals another. For what is no
// finding's name, its kind.
std::string RuleOfSignature(std::string_view signature);

// Where kernel code goes wrong.
struct CodePlace {
  std::string function;
  std::string file;
  int line = 0;  // 0 if it is not known
};

// What two findings of one cause have in common.
struct CauseKey {
  std::string rule;
  std::string function;

  friend auto operator<=>(const CauseKey&, const CauseKey&) = default;
};

// A finding that an engine shows on a case.
struct Sighting {
  Case c;
  Explanation explanation;
  CodePlace place;
  CauseKey key;
};

// A name for a folder: "wrong-page.gup_fast_pte_range".
std::string FolderName(const std::string& what, const std::string& function);
// The command that has the tool replay or explain a case by a program in `bin`.
std::string CommandWith(std::string_view command, const std::string& bin,
                        const std::string& program, const std::string& file);

// The programs of one tree, or what they show and those of another tree do not.
class Sightings {
 public:
  // Programs in the folder `bin`, without what those in `other` show as well;
  // an empty `other` is none. `tree` is the folder of the sources.
  Sightings(std::string bin, std::string other, std::string tree);

  // The finding of that signature, a pattern, that a program shows on a case.
  // Nothing if it shows none, or if there is no such program.
  absl::StatusOr<std::optional<Sighting>> Find(const std::string& program,
                                               const std::string& signature,
                                               const Case& c);
  // The known finding that a program shows on a case with one request. Nothing
  // if it shows none, or if there is no such program.
  std::optional<Sighting> FindKnown(const std::string& program, const Case& c);
  // A finding on a case as small as possible, or as it is after ten seconds.
  absl::StatusOr<std::optional<Sighting>> Shrink(const std::string& program,
                                                 const std::string& signature,
                                                 const Case& c);

  // What a program does with each request of a case, less what the other tree's
  // program does too. An error without an answer if there is no such program.
  Answers Run(const std::string& program, const Case& c, bool recorded);
  // The same for many cases, without recordings. Nothing if there is no such
  // program.
  std::vector<Answers> RunAll(const std::string& program,
                              std::span<const Case> cases);

 private:
  const Engines& EnginesOf(const std::string& program);
  Sighting SightingOf(const Engine& engine, const Case& c, size_t request,
                      const Answer& answer) const;

  std::string bin_;
  std::string other_;
  std::string tree_;
  // By name; without an engine if there is no such program.
  std::map<std::string, Engines> engines_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_SRC_CLI_CHECK_FINDINGS_SIGHTINGS_H_
