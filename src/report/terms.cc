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
        "stack: that of the program that ran the kernel code. The stack of the "
        "case is for the model alone. The words next to a local variable "
        "differ from run to run, and so do the results.");
  }
  if (rule != nullptr) {
    terms.push_back(Concat({"the rule: ", rule->rule}));
  } else if (!answer.finding.empty() && facts.outcome() == Outcome::kAgrees) {
    terms.emplace_back(
        "this run: it agrees with the reference. Another run of the same "
        "request had the finding: the content of the stack differs from run to "
        "run.");
  }
  if (answer.contract.has_value()) {
    const ContractRow& row = kContract[answer.contract->row];
    std::string text =
        Concat({"the contract: gup_fast must ", Name(row.duty), " ",
                facts.KindAndFlags(), ", as it is mapped here: ", row.source,
                row.trees == "all" ? "" : Concat({"; ", row.trees}),
                " (docs/contract.md)."});
    std::erase(text, '`');
    terms.push_back(std::move(text));
  }
  if (name == "model" && facts.changing()) {
    terms.emplace_back(
        "reads: both read the same entries in the same order, so the same "
        "changes were made between the same reads.");
  }
  if (name == "references" || name == "refusal") {
    terms.push_back(Concat(
        {"references: it returned ", Plural(run.pages.size(), "page"),
         " and holds ", Plural(run.held, "reference"),
         run.held == run.pages.size()
             ? ", as many, but some are of wrong pages or of the wrong kind."
             : "."}));
  }
}

}  // namespace

std::vector<std::string> Terms(const Facts& facts, size_t request,
                               const Walker& walker, const Answer& answer) {
  std::vector<std::string> terms;
  if (walker.kernel.has_value()) {
    terms.push_back(
        Concat({walker.name, ": the fast walk of ", TreeOf(*walker.kernel),
                ", compiled from the tree's own mm/gup.c; ",
                DescribeVariant(walker.kernel->variant), "."}));
  } else {
    terms.push_back(DescribeWalk(facts.policy()));
  }
  terms.emplace_back(
      facts.changing()
          ? "reference: the hardware's translation of one address after the "
            "other, in each snapshot of the tables. For an address, gup_fast "
            "may return the page that the address has in the snapshot in which "
            "gup_fast grabs the page, or in a later one."
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
    terms.push_back(
        {"folded",
         "a level without tables in this address space. The walk still has a "
         "loop for it, which passes on the entry of the level above."});
  }
  terms.push_back(
      {"boundary",
       "an address at which the span of an entry ends. pXd_addr_end(addr, end) "
       "returns the next boundary after addr, or end if that comes first."});
  if (facts.policy().descent == Descent::kByValue) {
    terms.push_back({"local copy",
                     "a variable on the walk's stack that holds one entry, "
                     "as in p4d_t p4d = READ_ONCE(*p4dp). The words next to it "
                     "are no page table."});
  }
  if (!facts.changing()) return terms;
  terms.push_back({"change",
                   "an operation of another processor on the tables while "
                   "the walk runs, interleaved between two reads of the "
                   "walk. Reads of entries are counted from 1, those of "
                   "local copies too."});
  terms.push_back(
      {"snapshot",
       "the content of the tables between two changes: snapshot 0 is that at "
       "the start, snapshot 1 that after change 1. In the list of pages, "
       "\"grabbed\" is the snapshot in which a page was grabbed, and \"is of\" "
       "the one to which it belongs."});
  terms.push_back(
      {"grab",
       "to take a reference to a page's frame (try_grab_folio), so that the "
       "frame is not freed. Before that it can be freed at any time."});
  terms.push_back({"recheck",
                   "after gup_fast has grabbed a page, it reads the leaf "
                   "again, and for a small page the pmd above it, through the "
                   "pointers that it has. If one of them differs from the "
                   "first read, gup_fast puts the page and stops."});
  if (facts.outcome() == Outcome::kStale) {
    terms.push_back({"stale",
                     "of a page: removed from its address before it was "
                     "grabbed. Someone else may own its frame by then."});
  }
  return terms;
}

}  // namespace pxdfuzz
