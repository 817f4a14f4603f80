// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REPORT_HEADLINE_H_
#define PXDFUZZ_REPORT_HEADLINE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "pxdfuzz/engine/engine.h"
#include "pxdfuzz/engine/protocol.h"
#include "pxdfuzz/report/changes.h"
#include "pxdfuzz/report/facts.h"
#include "pxdfuzz/report/iterations.h"
#include "pxdfuzz/report/picture.h"
#include "pxdfuzz/report/words.h"

namespace pxdfuzz {

// "kernel-6.1-s390-by-value (Linux 6.1.192, code 34c97dde83082321)".
std::string FullName(const Walker& walker);

// The rule that a finding says was broken: "references"; else empty.
std::string RuleOf(const Answer& answer);

// Describes in a sentence or two what differs, and where the walk went wrong.
class HeadlineText {
 public:
  // All must outlive the object.
  HeadlineText(const Facts& facts, const ChangeText& changes,
               const IterationText& iterations, const Walker& walker,
               const Answer& answer)
      : facts_(facts),
        changes_(changes),
        iterations_(iterations),
        walker_(walker),
        answer_(answer),
        rule_name_(RuleOf(answer)),
        rule_(RuleOfName(rule_name_)) {}

  std::string Headline() const;
  // "The p4d copy is left at pud: ... 0x3000 is the page ...".
  std::string WrongIteration(const WalkPicture& picture) const;
  // Why it returns no more pages: "stop: empty pte".
  std::string WhyItStops() const;
  // What was returned instead of the first page that differs.
  std::string Got() const;
  // A wrong page is often another page of the same process. If so, a sentence
  // about that.
  std::string WhereWrongPageIs() const;

 private:
  const std::vector<ReturnedPage>& pages() const { return facts_.run().pages; }
  std::string Sentence() const;
  std::string WhatDiffers() const;
  std::string WhatDiffersWhileChanging() const;
  std::string DifferentPage() const;
  std::string Expected() const;
  std::string WhyReferenceStops() const;
  std::string Agreed() const;
  std::string AtPage(size_t page) const;
  std::string ReturnedWhileChanging() const;
  std::string WhyItEnds() const;
  std::string WhereItLeft() const;
  std::string WhatTheRecheckLooksAt() const;

  const Facts& facts_;
  const ChangeText& changes_;
  const IterationText& iterations_;
  const Walker& walker_;
  const Answer& answer_;
  const std::string rule_name_;
  const RuleText* const rule_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_REPORT_HEADLINE_H_
