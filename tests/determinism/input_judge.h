// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_TESTS_DETERMINISM_INPUT_JUDGE_H_
#define PXDFUZZ_TESTS_DETERMINISM_INPUT_JUDGE_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/paging/policy.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/reference/translate_rules.h"
#include "pxdfuzz/report/report.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/arch_arenas.h"
#include "pxdfuzz/tables/populate.h"
#include "pxdfuzz/tables/timeline.h"
#include "pxdfuzz/walk/trace.h"
#include "tests/determinism/hash.h"

namespace pxdfuzz {

// Computes all results of the library for an input. One object serves any
// number of them, one after the other, and none affects the results of the
// next.
class InputJudge {
 public:
  // What the fuzz targets together do with an input.
  void Replay(std::span<const uint8_t> bytes) {
    const Case c = Decode(bytes);
    oracle_.Judge(c, WalkSet::All(), Waivers::kNone);
    oracle_.Judge(c, WalkSet::All(), Waivers::kExpectedFailures);
    rules_.Check(c);
  }

  // Fields "key=value", each after a tab, without a line break: for the case;
  // for both verdicts and each walk; for the reference; for the rules; for the
  // reports.
  std::string Fields(std::span<const uint8_t> bytes) {
    const Case c = Decode(bytes);
    std::array<uint8_t, kMaxEncodedSize> canonical{};
    const size_t size = Encode(c, canonical);
    fields_.clear();
    Add("bytes", std::to_string(bytes.size()));
    Add("canonical",
        HashOf({reinterpret_cast<const char*>(canonical.data()), size}));
    Add("text", HashOf(ToText(c)));
    const Verdict strict = oracle_.Judge(c, WalkSet::All(), Waivers::kNone);
    AddVerdict("strict", strict);
    AddVerdict("known",
               oracle_.Judge(c, WalkSet::All(), Waivers::kExpectedFailures));
    Add("translations", HashOf(Translations(c)));
    const auto violation = rules_.Check(c);
    Add("rule", violation.has_value() ? violation->rule : "none");
    Add("reports", HashOf(ReportsOf(c, strict)));
    return fields_;
  }

  // The texts of an input whose fields contain only their hashes.
  std::string Reports(std::span<const uint8_t> bytes) {
    const Case c = Decode(bytes);
    return ToText(c) + Translations(c) +
           ReportsOf(c, oracle_.Judge(c, WalkSet::All(), Waivers::kNone));
  }

 private:
  void Add(std::string_view key, std::string_view value) {
    fields_ += '\t';
    fields_ += key;
    fields_ += '=';
    fields_ += value;
  }

  // A position, except FirstViolations::kNever, whose value depends on the
  // machine.
  static std::string At(std::string_view what, size_t position) {
    if (position == FirstViolations::kNever) return "";
    return Concat({", ", what, " at ", std::to_string(position)});
  }

  void AddVerdict(std::string_view name, const Verdict& verdict) {
    constexpr std::array<std::string_view, 4> kKinds = {
        "inconclusive", "agrees", "expected-failure", "finding"};
    std::string said(kKinds[static_cast<size_t>(verdict.kind)]);
    if (verdict.inconclusive != Inconclusive::kNo) {
      said += Concat({", ", Describe(verdict.inconclusive)});
    }
    if (verdict.finding.has_value()) {
      const Finding& finding = *verdict.finding;
      said += Concat({" ", Name(finding), ", request ",
                      std::to_string(finding.request), ", ", finding.walk});
    }
    Add(name, said);
    for (size_t i = 0; i < verdict.requests.size(); ++i) {
      AddRequest(Concat({name, ".", std::to_string(i)}), verdict.requests[i]);
    }
  }

  void AddRequest(const std::string& name, const RequestVerdict& request) {
    Add(name, Concat({Describe(request.inconclusive), ", ",
                      Plural(request.pages, "page"),
                      request.crosses_folded ? ", crosses" : "",
                      request.both_sides ? ", both sides" : "", ", cell ",
                      request.cell.has_value() ? std::to_string(*request.cell)
                                               : "none"}));
    for (size_t i = 0; i < kWalkCount; ++i) {
      const WalkVerdict& walk = request.walks[i];
      if (!walk.ran) continue;
      Add(Concat({name, ".", Name(kAllWalks[i])}),
          Concat({Name(walk.outcome), ", excuse ", Name(walk.waiver), ", ",
                  Plural(walk.pages, "page"),
                  At(walk.outcome == Outcome::kAgrees ? "ends" : "differs",
                     walk.first_difference),
                  At("stack-escape", walk.violations.stack_escape),
                  At("wrong-entry", walk.violations.wrong_entry),
                  At("nowhere", walk.violations.nowhere),
                  At("double-fetch", walk.violations.double_fetch),
                  At("vacuous-recheck", walk.violations.vacuous_recheck),
                  walk.changes == 0
                      ? ""
                      : Concat({", ", Plural(walk.changes, "change")}),
                  walk.violations.invariant ? "" : ", invariant broken"}));
    }
  }

  // The hardware's translation of the first and last address of each request
  // and of each operation, malformed or not; and the same after each change.
  std::string Translations(const Case& c) {
    std::string text;
    if (c.empty()) return text;
    VisitArch(c.mode.arch, [&]<class A>() {
      AddressSpace<A> mm(arenas_.of(A::kId), c.mode.levels);
      const bool is_well_formed = Populate(c, mm) == Inconclusive::kNo;
      const ArenaMemory memory(mm.arena(), mm.geometry(), c.stack);
      const auto add = [&](const typename A::Manual& manual, uint64_t address) {
        for (const Access access : {Access::kFetch, Access::kStore}) {
          const Translation t = Translate(manual, memory, address, access);
          text += Concat({Hex(address), " code ", Hex(t.code), " physical ",
                          Hex(t.physical), t.is_protected ? " protected" : ""});
          if (t.fetched) {
            text += Concat({" last ", Name(t.level), " at ",
                            Hex(t.ref.address()), " = ", Hex(t.entry)});
          }
          text += '\n';
        }
      };
      const auto add_all = [&](const typename A::Manual& manual) {
        for (const Request& request : c.requests) {
          add(manual, request.start);
          add(manual,
              WrappingAdd(request.start, (request.pages - uint64_t{1}) *
                                             mm.geometry().page_size()));
        }
        for (const TableOp& record : c.setup) add(manual, record.address);
        for (const ConcurrentOp& change : c.concurrent) {
          if (change.kind != TableOp::Kind::kUpgrade) {
            add(manual, change.address);
          }
        }
      };
      add_all(typename A::Manual(mm.geometry(), mm.control()));
      // Changes happen only in tables that Linux could have written.
      if (c.concurrent.empty() || !is_well_formed) return;
      timeline_.Make(c, mm);
      for (size_t version = 1; version < timeline_.count(); ++version) {
        timeline_.GoTo(version);
        const Top& top = timeline_.top(version);
        text += Concat({"behind change ", std::to_string(version), ":\n"});
        add_all(typename A::Manual(A::GeometryOf(top.levels), top.control));
      }
      timeline_.GoTo(0);
    });
    return text;
  }

  // The report of the finding, and that of one sound walk for each request.
  static std::string ReportsOf(const Case& c, const Verdict& verdict) {
    constexpr size_t kWalk = IndexOf(kStaticLockless);
    std::string text;
    if (verdict.finding.has_value()) {
      text += FindingReport(
          c, verdict,
          {.color = true, .full = true, .commands = {{"reproduce", "target"}}});
    }
    const size_t requests = verdict.requests.size();
    for (size_t i = 0; i < std::max<size_t>(requests, 1); ++i) {
      text += WalkReport(c, verdict, i, kWalk, {.full = true});
    }
    return text;
  }

  Oracle oracle_;
  TranslateRules rules_;
  Timeline timeline_;
  const ArchArenas arenas_ = ArchArenas::For<Architectures>();
  std::string fields_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_TESTS_DETERMINISM_INPUT_JUDGE_H_
