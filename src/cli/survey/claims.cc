// SPDX-License-Identifier: MIT

// pxdfuzz claims: an experiment for each claim of the thread of 2020. The cases
// are always the same, so docs/claims.md can contain the output.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/engine/record_model.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/oracle/model_engine.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/view/case_tables.h"
#include "src/cli/campaign/progress.h"
#include "src/cli/commands.h"
#include "src/cli/survey/evidence.h"
#include "src/cli/text/json.h"

namespace pxdfuzz {
namespace {

enum class ClaimVerdict { kHolds, kRefuted, kOpen };

std::string_view Name(ClaimVerdict verdict) {
  constexpr std::array<std::string_view, 3> kNames = {"holds", "refuted",
                                                      "open"};
  return kNames[static_cast<size_t>(verdict)];
}

struct Claim {
  std::string_view text;
  // Who made it, and where.
  std::string_view source;
  ClaimVerdict verdict = ClaimVerdict::kOpen;
  // What was tested and the result; for an open claim, what it needs.
  std::string evidence;
};

constexpr std::string_view kRfc =
    "Alexander Gordeev and Gerald Schaefer, RFC v2 1/3, 7 September 2020";
constexpr std::string_view kMerged =
    "Vasily Gorbik, 11 September 2020; the log of d3f7b1bb2040";
constexpr std::string_view kGunthorpe = "Jason Gunthorpe, 10 September 2020";
constexpr std::string_view kDiscussion =
    "the discussion of the RFC, September 2020";

constexpr std::string_view kWitness =
    "corpus/regressions/thread-wrong-page.yaml";
constexpr std::string_view kByPointerWitness =
    "corpus/regressions/race-by-pointer-freed-pud.yaml";
constexpr std::string_view kVacuousRecheckWitness =
    "corpus/regressions/race-vacuous-recheck-pmd.yaml";
constexpr std::string_view kFindingPage = "docs/findings/void-recheck.md";

// The example of the thread: two pages, one on each side of 2 GiB.
Case ThreadExample() {
  constexpr uint64_t kBoundary = 0x10080000000;
  Case c;
  c.mode = {ArchId::kS390, 3};
  c.requests.push_back({.start = kBoundary - 0x1000, .pages = 2});
  c.setup.push_back({.address = kBoundary - 0x1000, .frame = 0x1000});
  c.setup.push_back({.address = kBoundary, .frame = 0x2000});
  return c;
}

// How many iterations a walk of the thread's example has at pgd, p4d, pud and
// pmd.
std::string IterationsOfExample(Policy policy) {
  const Case c = ThreadExample();
  std::array<uint64_t, kLevelCount> iterations{};
  const Recording run = RecordModel(CaseTables(c), c.requests[0], policy);
  for (const Event& event : run.events) {
    if (event.kind == Event::Kind::kIteration)
      ++iterations[Ordinal(event.level)];
  }
  std::vector<std::string> texts;
  for (const Level level :
       {Level::kPgd, Level::kP4d, Level::kPud, Level::kPmd}) {
    texts.push_back(std::to_string(iterations[Ordinal(level)]));
  }
  return Enumerate(texts);
}

constexpr PagingMode S390With(uint8_t levels) {
  return {ArchId::kS390, levels};
}

ClaimVerdict HoldsIf(bool holds) {
  return holds ? ClaimVerdict::kHolds : ClaimVerdict::kRefuted;
}

Claim OnlyPointers(const Evidence& evidence) {
  return {
      "Static boundaries do no harm as long as only pointers are passed "
      "down.",
      kRfc, HoldsIf(evidence.Agrees(kStaticByPointer, 2, 5)),
      Concat(
          {"static-by-pointer against the reference: ", evidence.Requests(2, 5),
           ", no difference. The tables did not change."})};
}

Claim ValuesPassedDown(const Evidence& evidence) {
  return {
      "Static boundaries with values passed down give wrong pages on s390 "
      "with folded levels.",
      kRfc, HoldsIf(!evidence.Agrees(kStaticByValue, 2, 4)),
      Concat({"static-by-value disagrees with the reference in ",
              evidence.Disagreements(kStaticByValue), ". Shown by ", kWitness,
              "."})};
}

Claim FoldedAwareRepairs(const Evidence& evidence) {
  return {"The folded-aware boundary repairs it.", kRfc,
          HoldsIf(evidence.Agrees(kFoldedAwareByValue, 2, 5)),
          Concat({evidence.Tried(kFoldedAwareByValue, 2, 5),
                  ". It holds with two levels only because the model leaves "
                  "out the check of claim 4."})};
}

Claim CheckNeverFires(const Evidence& evidence) {
  const auto low = [&](uint8_t levels) {
    return evidence.iterations(S390With(levels)).low_types;
  };
  return {"The check in it for entry types below region-third never fires.",
          "Alexander Gordeev and Gerald Schaefer, BUG() in the RFC, "
          "VM_BUG_ON() in v2, 7 September 2020",
          HoldsIf(low(2) + low(3) + low(4) + low(5) == 0),
          Concat({"Iterations of folded-aware-by-value at pgd or p4d with such "
                  "an entry, in ",
                  Grouped(kTraced), " cases each: ", Grouped(low(2)),
                  " with 2 levels, ", Grouped(low(3)), " with 3, ",
                  Grouped(low(4)), " with 4, ", Grouped(low(5)),
                  " with 5. Address spaces of 2 levels, for 31-bit programs, "
                  "existed up to 5.6."})};
}

Claim NoOpElsewhere(const Evidence& evidence) {
  const IterationCounts& four = evidence.iterations({ArchId::kX86, 4});
  const IterationCounts& five = evidence.iterations({ArchId::kX86, 5});
  const IterationCounts& folded =
      evidence.iterations({ArchId::kArm64Page16K, 3});
  const IterationCounts& lpa2 = evidence.iterations({ArchId::kArm64Page16K, 4});
  const bool same = four.other_iterations + five.other_iterations +
                        folded.other_iterations + lpa2.other_iterations ==
                    0;
  return {
      "Making the extra argument global is a no-op on every architecture "
      "but s390.",
      "Jason Gunthorpe, 1 September 2020",
      same ? ClaimVerdict::kOpen : ClaimVerdict::kRefuted,
      Concat({"Holds for x86-64: static and folded-aware walks have the same "
              "iterations in all of ",
              Grouped(four.requests), " requests with 4 levels and ",
              Grouped(five.requests),
              " with 5. Likewise for arm64 with pages of 16 KiB: ",
              Grouped(folded.requests), " requests with 3 levels, ",
              Grouped(lpa2.requests),
              " with 4 (LPA2). With 3 by value both are wrong, so the argument "
              "repairs nothing there: 36639013b346 repaired the offset. Every "
              "other architecture needs its model."})};
}

Claim MergedIsRight(const Evidence& evidence) {
  return {"Passing value and pointer to pXd_offset_lockless() is right.",
          kMerged,
          HoldsIf(evidence.Agrees(kStaticLockless, 2, 5) &&
                  evidence.Agrees(kStaticLockless, 2, 5, Stillness::kChanging)),
          Concat({evidence.Tried(kStaticLockless, 2, 5),
                  ". While tables change, with gup_fast's recheck: ",
                  evidence.RequestsInChange(kStaticLockless),
                  ", no page that it may not return."})};
}

Claim RecomputedOffset(const Evidence& evidence) {
  constexpr Policy kRecompute = {BoundaryRule::kStatic, Descent::kByPointer,
                                 Step::kRecompute};
  return {
      "Always calling pXd_offset() again in place of pXdp++ is another "
      "repair.",
      kGunthorpe, HoldsIf(evidence.Agrees(kRecompute, 2, 5)),
      Concat({pxdfuzz::Name(kRecompute), " disagrees with the reference in ",
              evidence.Disagreements(kRecompute),
              ": a folded pXd_offset() returns the pointer to the first entry. "
              "The same holds with values passed down. Shown by ",
              kWitness, "."})};
}

Claim PointersWouldDo(const Evidence& evidence) {
  const bool holds =
      evidence.Agrees(kStaticByPointer, 2, 5, Stillness::kChanging) &&
      evidence.Agrees(kFoldedAwareByPointer, 2, 5, Stillness::kChanging);
  return {
      "Passing pointers alone would do in gup_fast.", kDiscussion,
      HoldsIf(holds),
      Concat(
          {"While tables change, with gup_fast's recheck, "
           "static-by-pointer is wrong in ",
           evidence.Disagreements(kStaticByPointer, Stillness::kChanging),
           ", folded-aware-by-pointer in ",
           evidence.Disagreements(kFoldedAwareByPointer, Stillness::kChanging),
           ": an entry that was cleared after the loop had tested it is read "
           "again by the offset function, which then returns a pointer to no "
           "table. Shown by ",
           kByPointerWitness, ". ", kFindingPage, " has the kernel code."})};
}

Claim SameEntries(const Evidence& evidence) {
  uint64_t requests = 0;
  uint64_t other = 0;
  uint64_t iterations = 0;
  for (uint8_t levels = 2; levels <= 5; ++levels) {
    const IterationCounts& counts = evidence.iterations(S390With(levels));
    requests += counts.requests;
    other += counts.other_entries;
    iterations += counts.other_iterations;
  }
  return {
      "Walks that pass pointers see the same entries with the folded-aware "
      "boundary, only iterated at another level.",
      kDiscussion, HoldsIf(other == 0 && iterations > 0),
      Concat({"static-by-pointer and folded-aware-by-pointer read the same "
              "entries in the same order in ",
              Grouped(requests - other), " of ", Grouped(requests),
              " requests. In the thread's example the numbers of iterations at "
              "pgd, p4d, pud and pmd are ",
              IterationsOfExample(kStaticByPointer), " with the first and ",
              IterationsOfExample(kFoldedAwareByPointer),
              " with the second."})};
}

Claim ReadOnce(const Evidence& evidence) {
  const auto text = [&](uint8_t levels) {
    const IterationCounts& counts = evidence.iterations(S390With(levels));
    std::string most;
    if (counts.reread > 0) {
      most = Concat({" (up to ", std::to_string(counts.most_loads), " times)"});
    }
    return Concat({Grouped(counts.reread), " of ", Grouped(counts.requests),
                   " requests with ", std::to_string(levels), " levels", most});
  };
  const bool once = evidence.iterations(S390With(2)).reread +
                        evidence.iterations(S390With(3)).reread +
                        evidence.iterations(S390With(4)).reread +
                        evidence.iterations(S390With(5)).reread ==
                    0;
  return {"gup_fast reads every entry just once.", kMerged, HoldsIf(once),
          Concat({"static-lockless, the merged walk, loads an entry again in ",
                  Enumerate({text(2), text(3), text(4), text(5)}),
                  ": the top entry once for each folded level. pgd_offset()'s "
                  "read of the first entry's type is not counted."})};
}

Claim Invariant(const Evidence& evidence) {
  const uint64_t merged = evidence.BrokeInvariant(kStaticLockless, false);
  const uint64_t merged_right = evidence.BrokeInvariant(kStaticLockless, true);
  const uint64_t pointer = evidence.BrokeInvariant(kStaticByPointer, false);
  const uint64_t pointer_right =
      evidence.BrokeInvariant(kStaticByPointer, true);
  const uint64_t aware = evidence.BrokeInvariant(kFoldedAwareByPointer, false) +
                         evidence.BrokeInvariant(kFoldedAwareByValue, false);
  return {
      "s390 breaks the loop invariant pXdp == pXd_offset(parent, addr), and "
      "folded-aware boundaries restore it.",
      kGunthorpe, HoldsIf(merged > 0 && pointer > 0 && aware == 0),
      Concat({"Of ", evidence.Requests(2, 5), ": static-lockless breaks it in ",
              Grouped(merged), " (right pages in ", Grouped(merged_right),
              "), static-by-pointer in ", Grouped(pointer), " (right pages in ",
              Grouped(pointer_right),
              "), folded-aware-by-value and folded-aware-by-pointer in ",
              Grouped(aware), "."})};
}

Claim FewCallSites() {
  return {"There are not so many call sites of pXd_addr_end().", kDiscussion,
          ClaimVerdict::kOpen, "Needs a kernel tree to count in."};
}

Claim MoreReadOnce() {
  return {
      "More walks beyond gup should use READ_ONCE().",
      "Jason Gunthorpe, as quoted in the cover letter of RFC v2, 7 September "
      "2020",
      ClaimVerdict::kOpen,
      "Needs a kernel tree to look for walks without a lock in."};
}

Claim AsGood(const Evidence& evidence) {
  const bool holds =
      evidence.Agrees(kFoldedAwareByValue, 2, 5, Stillness::kChanging) ||
      !evidence.Agrees(kStaticLockless, 2, 5, Stillness::kChanging);
  return {
      "The folded-aware repair by value is as good as the merged one.",
      "nobody explicitly; the discussion implies it", HoldsIf(holds),
      Concat({"While tables change, with gup_fast's recheck, "
              "folded-aware-by-value returns pages that were removed before "
              "their references were taken, or pages of others, in ",
              evidence.Disagreements(kFoldedAwareByValue, Stillness::kChanging),
              "; static-lockless in none. Below a folded level the check "
              "compares a local copy with itself: pmd with 2 levels, "
              "region-third leaves with 3. Shown by ",
              kVacuousRecheckWitness, ". ", kFindingPage,
              " has the kernel code."})};
}

std::vector<Claim> AllClaims(const Evidence& evidence) {
  return {
      OnlyPointers(evidence),
      ValuesPassedDown(evidence),
      FoldedAwareRepairs(evidence),
      CheckNeverFires(evidence),
      NoOpElsewhere(evidence),
      MergedIsRight(evidence),
      RecomputedOffset(evidence),
      PointersWouldDo(evidence),
      SameEntries(evidence),
      ReadOnce(evidence),
      Invariant(evidence),
      FewCallSites(),
      MoreReadOnce(),
      AsGood(evidence),
  };
}

std::string ToText(const std::vector<Claim>& claims, bool color) {
  TextLines text(color);
  for (size_t i = 0; i < claims.size(); ++i) {
    const Claim& claim = claims[i];
    if (i > 0) text.Blank();
    const std::string number =
        Concat({i < 9 ? " " : "", std::to_string(i + 1), ". "});
    text.Wrap(number, "    ", claim.text, LineStyle::kTitle);
    text.Wrap("    verdict   ", "              ", Name(claim.verdict),
              claim.verdict == ClaimVerdict::kRefuted ? LineStyle::kMarked
                                                      : LineStyle::kPlain);
    text.Wrap("    evidence  ", "              ", claim.evidence);
    text.Wrap("    made by   ", "              ", claim.source);
  }
  return text.text();
}

std::string ToJson(const std::vector<Claim>& claims) {
  Json list = Json::array();
  for (const Claim& claim : claims) {
    list.push_back({{"number", list.size() + 1},
                    {"claim", claim.text},
                    {"verdict", Name(claim.verdict)},
                    {"evidence", claim.evidence},
                    {"source", claim.source}});
  }
  return JsonText(Json{{"claims", list}});
}

}  // namespace

int RunClaims(const Arguments& arguments, Output& out) {
  Progress progress("claims");
  const Evidence evidence(progress);
  progress.End();
  const std::vector<Claim> claims = AllClaims(evidence);
  out.Write(arguments.Has("--json") ? ToJson(claims)
                                    : ToText(claims, out.color()));
  return kNothingFound;
}

}  // namespace pxdfuzz
