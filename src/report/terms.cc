// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/terms.h"

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/report/headline.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {
namespace {

void AddKernelTerms(const Facts& facts, const Answer& answer,
                    std::vector<std::string>& terms) {
  const Recording& run = facts.run();
  const std::string name = RuleOf(answer);
  const RuleText* rule = RuleOfName(name);
  if (run.end != RunEnd::kRefused) {
    std::string called(run.pin ? "FOLL_PIN" : "FOLL_GET");
    if (facts.request().write) called += " and FOLL_WRITE";
    if (run.refused.has_value()) {
      called += Concat({"; the reference of page ",
                        std::to_string(*run.refused), " could not be taken"});
    }
    if (run.inaccessible.has_value()) {
      called += Concat({"; the page at ", Hex(*run.inaccessible),
                        " could not be made accessible"});
    }
    terms.push_back(Concat({"called with: ", called, "."}));
  }
  const Event* iteration = facts.rule_iteration();
  if (iteration != nullptr && iteration->place.kind == Place::Kind::kStack) {
    terms.emplace_back(
        "stack: the real one of the program that ran the kernel code. What "
        "the case says of the stack is for the model alone; what stood "
        "beside a local variable differs from run to run, and so does what "
        "comes of it.");
  }
  if (rule != nullptr) {
    terms.push_back(Concat({"the rule: ", rule->rule}));
  } else if (!answer.finding.empty() && facts.outcome() == Outcome::kAgrees) {
    terms.emplace_back(
        "this run: it agrees. The finding is of another run of the same "
        "request: what lies on the stack differs from run to run.");
  }
  if (name == "model" && facts.changing()) {
    terms.emplace_back(
        "reads: both read the same entries in the same order, so the same "
        "changes were made between the same reads.");
  }
  if (name == "references" || name == "refusal") {
    terms.push_back(
        Concat({"references: it returned ", Plural(run.pages.size(), "page"),
                " and holds ", Plural(run.held, "reference"),
                run.held == run.pages.size()
                    ? ", as many, but not all of the right pages or of the "
                      "right kind."
                    : "."}));
  }
}

}  // namespace

std::vector<std::string> Terms(const Facts& facts, size_t request,
                               const Walker& walker, const Answer& answer) {
  std::vector<std::string> terms;
  if (walker.kernel.has_value()) {
    terms.push_back(Concat({walker.name, ": the fast walk of Linux ",
                            walker.kernel->version,
                            ", compiled from the tree's own mm/gup.c; ",
                            DescribeVariant(walker.kernel->variant), "."}));
  } else {
    terms.push_back(DescribeWalk(facts.policy()));
  }
  terms.emplace_back(
      facts.changing()
          ? "reference: the hardware's translation of one address after the "
            "other, in each snapshot of the tables. gup_fast may return of "
            "an address the page that it has in the snapshot in which "
            "gup_fast grabs it, or in a later one."
          : "reference: the hardware's translation of one address after the "
            "other, up to the first page that gup_fast may not return.");
  const Request& asked = facts.request();
  std::string text = Concat({"request: ", Plural(asked.pages, "page"),
                             ", counted from 0, from ", Hex(asked.start),
                             " to ", Hex(facts.AddressOf(asked.pages)),
                             ", for ", asked.write ? "writing" : "reading"});
  if (facts.source().requests.size() > 1) {
    text += Concat({"; it is request ", std::to_string(request + 1), " of the ",
                    std::to_string(facts.source().requests.size()),
                    " in the case"});
  }
  terms.push_back(text + ".");
  if (walker.kernel.has_value()) AddKernelTerms(facts, answer, terms);
  return terms;
}

// Explanations of terms below that readers may not know.
std::vector<Explanation::Term> Glossary(const Facts& facts) {
  std::vector<Explanation::Term> terms = {
      {"gup_fast",
       "collects the pages of a range by walking page tables without a lock: "
       "one loop for each level, each inside the one above."}};
  if (facts.geometry().has_folded()) {
    terms.push_back({"folded",
                     "a level that this address space has no table for. The "
                     "walk has a loop for it all the same, which hands on "
                     "the entry that it was given."});
  }
  terms.push_back({"boundary",
                   "where an entry's part of the addresses ends. "
                   "pXd_addr_end(addr, end) gives the next one, or the end "
                   "of the part of the range at hand where that comes "
                   "first."});
  if (facts.policy().descent == Descent::kByValue) {
    terms.push_back({"local copy",
                     "a variable on the walk's stack that holds one entry, "
                     "as in p4d_t p4d = READ_ONCE(*p4dp). What stands beside "
                     "it is no page table."});
  }
  if (!facts.changing()) return terms;
  terms.push_back({"change",
                   "an operation of another processor on the tables while "
                   "the walk runs, interleaved between two reads of the "
                   "walk. Reads of entries are counted from 1, those of "
                   "local copies too."});
  terms.push_back({"snapshot",
                   "what the tables hold between two changes: 0 is what they "
                   "hold at the start, 1 what change 1 made of that. Beside "
                   "the pages, \"grabbed\" says in which snapshot a page was "
                   "grabbed, and \"is of\" to which one it belongs."});
  terms.push_back({"grab",
                   "to take a reference to a page's frame (try_grab_folio), "
                   "so that it is not freed. Until then it may be."});
  terms.push_back({"recheck",
                   "when it has grabbed a page, gup_fast reads entries "
                   "again, the leaf and for a small page the pmd above it, "
                   "by the pointers that it has. Where one is another than "
                   "before, it puts the page and stops."});
  if (facts.outcome() == Outcome::kStale) {
    terms.push_back({"stale",
                     "of a page: gone from its address before it was "
                     "grabbed. By then it may be free, or anybody's."});
  }
  return terms;
}

}  // namespace pxdfuzz
