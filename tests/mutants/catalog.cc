// SPDX-License-Identifier: MIT

#include "tests/mutants/catalog.h"

#include <tuple>
#include <type_traits>
#include <utility>

#include "pxdfuzz/arch/arm64.h"
#include "pxdfuzz/arch/s390.h"
#include "pxdfuzz/arch/x86.h"
#include "pxdfuzz/oracle/oracle.h"
#include "pxdfuzz/paging/policy.h"
#include "tests/mutants/arm64_answers.h"
#include "tests/mutants/lists.h"
#include "tests/mutants/planted_rules.h"
#include "tests/mutants/planted_walks.h"
#include "tests/mutants/s390_answers.h"
#include "tests/mutants/x86_answers.h"

namespace pxdfuzz::mutants {
namespace {

std::string FullName(std::optional<ArchId> arch, const Info& info) {
  std::string name;
  if (arch == ArchId::kX86) name = "x86-";
  if (arch == ArchId::kArm64Page16K) name = "arm64-";
  if (info.level.has_value()) name += std::string(Name(*info.level)) + '-';
  return name + std::string(info.name);
}

// -----------------------------------------------------------------------------
// Walks and contracts: gup_fuzzer's oracle.

std::optional<Kill> KillOf(const Verdict& verdict) {
  if (!verdict.finding.has_value()) return std::nullopt;
  Kill kill{.signature = Name(*verdict.finding)};
  for (size_t i = 0; i < kWalkCount; ++i) {
    for (const RequestVerdict& request : verdict.requests) {
      if (!request.walks[i].is_finding()) continue;
      ++kill.walks;
      break;
    }
  }
  return kill;
}

// Runs the walks with the bug, and others unmodified. Which bug it is is a
// value, so that there is one oracle for all of them. Bugs are searched for in
// tables that nobody changes: a case with changes, which corpora and random
// bytes may contain, runs unmodified walks and so shows none
// (tests/oracle/changing_oracle_test.cc plants bugs for such cases).
class PlantedRunner {
 public:
  static void Plant(const PlantedWalk& planted) { planted_ = &planted; }

  template <class A>
  void operator()(const WalkSite& site, Policy policy, const Request& request,
                  WalkRun& run) const {
    const WalkFunction planted = FunctionOf(A::kId);
    const bool is_still = site.timeline.count() == 1;
    (planted != nullptr && is_still ? planted : &RunWalk)(site, policy, request,
                                                          run);
  }

 private:
  static WalkFunction FunctionOf(ArchId arch) {
    switch (arch) {
      case ArchId::kS390:
        return planted_->s390;
      case ArchId::kX86:
        return planted_->x86;
      case ArchId::kArm64Page16K:
        return planted_->arm64;
    }
    return nullptr;
  }

  inline static const PlantedWalk* planted_ = nullptr;
};

class WalkTrial : public Trial {
 public:
  // A bug that is declared equal to the original must be so in all walks.
  explicit WalkTrial(const PlantedWalk& planted)
      : planted_(planted),
        walks_(planted.info.equal.empty() ? WalkSet::Named() : WalkSet::All()) {
  }

  std::optional<Kill> Try(const Case& c) override {
    PlantedRunner::Plant(planted_);
    verdict_ = &oracle_.Judge(c, walks_, Waivers::kExpectedFailures);
    return KillOf(*verdict_);
  }
  const Verdict* verdict() const override { return verdict_; }

 private:
  const PlantedWalk planted_;
  const WalkSet walks_;
  BasicOracle<Architectures, PlantedRunner> oracle_;
  const Verdict* verdict_ = nullptr;
};

template <class Arches>
class ContractTrial : public Trial {
 public:
  std::optional<Kill> Try(const Case& c) override {
    verdict_ = &oracle_.Judge(c, WalkSet::Named(), Waivers::kExpectedFailures);
    return KillOf(*verdict_);
  }
  const Verdict* verdict() const override { return verdict_; }

 private:
  BasicOracle<Arches, CompiledWalks> oracle_;
  const Verdict* verdict_ = nullptr;
};

// Where requests may end: known answers with literal numbers.
template <class Contract>
std::string WrongLimit(ArchId arch) {
  const struct {
    ArchId arch;
    int levels;
    uint64_t end;
    bool permitted;
    const char* rule;
  } kEnds[] = {
      {ArchId::kS390, 2, 0x80000000, true, "limit-2"},
      {ArchId::kS390, 2, 0x80001000, false, "limit-2"},
      {ArchId::kS390, 3, 0x40000000000, true, "limit-3"},
      {ArchId::kS390, 3, 0x40000001000, false, "limit-3"},
      {ArchId::kS390, 4, 0x20000000000000, true, "limit-4"},
      {ArchId::kS390, 4, 0x20000000001000, false, "limit-4"},
      {ArchId::kS390, 5, 0xfffffffffffff000, true, "limit-5"},
      {ArchId::kX86, 4, 0x7ffffffff000, true, "limit-4"},
      {ArchId::kX86, 4, 0x800000000000, false, "limit-4"},
      {ArchId::kX86, 5, 0xfffffffffff000, true, "limit-5"},
      {ArchId::kX86, 5, 0x100000000000000, false, "limit-5"},
      {ArchId::kArm64Page16K, 3, 0x800000000000, true, "limit-3"},
      {ArchId::kArm64Page16K, 3, 0x800000004000, false, "limit-3"},
      {ArchId::kArm64Page16K, 4, 0x10000000000000, true, "limit-4"},
      {ArchId::kArm64Page16K, 4, 0x10000000004000, false, "limit-4"},
  };
  for (const auto& row : kEnds) {
    if (row.arch == arch &&
        Contract::Permits(row.levels, row.end) != row.permitted) {
      return row.rule;
    }
  }
  return "";
}

// -----------------------------------------------------------------------------
// Manuals: translate_fuzzer's rules.

template <class Bug>
class ManualTrial : public Trial {
 public:
  ManualTrial(ArchId arch, const Bug& bug) : arch_(arch), bug_(bug) {}

  std::optional<Kill> Try(const Case& c) override {
    if (c.empty() || c.mode.arch != arch_) return std::nullopt;
    const std::optional<RuleViolation> violation = rules_.Check(bug_, c);
    if (!violation.has_value()) return std::nullopt;
    return Kill{.signature = std::string(violation->rule)};
  }

 private:
  const ArchId arch_;
  const Bug& bug_;
  PlantedRules rules_;
};

// -----------------------------------------------------------------------------

Mutant Row(std::optional<ArchId> arch, Mutant::Where where, const Info& info) {
  return {.name = FullName(arch, info),
          .arch = arch,
          .where = where,
          .says = info.says,
          .copies = info.copies,
          .equal = info.equal,
          .make_trial = {},
          .wrong_answer = [] { return std::string(); }};
}

Mutant WalkRow(const PlantedWalk& planted) {
  // Bugs of the generic code affect all architectures; all others one.
  std::optional<ArchId> arch;
  if (planted.x86 == nullptr && planted.arm64 == nullptr) arch = ArchId::kS390;
  if (planted.s390 == nullptr && planted.arm64 == nullptr) arch = ArchId::kX86;
  if (planted.s390 == nullptr && planted.x86 == nullptr) {
    arch = ArchId::kArm64Page16K;
  }
  Mutant row = Row(arch, Mutant::Where::kWalk, planted.info);
  row.make_trial = [planted] { return std::make_unique<WalkTrial>(planted); };
  return row;
}

// All architectures, with M instead of the one whose bug it has.
template <class M, class... A>
std::tuple<std::conditional_t<M::kId == A::kId, M, A>...> With(
    const std::tuple<A...>&);

// `M` is an architecture whose contract has a bug.
template <class M>
Mutant ContractRow(Mutant::Where where) {
  using Arches = decltype(With<M>(Architectures()));
  Mutant row = Row(M::kId, where, M::kInfo);
  row.wrong_answer = [] { return WrongLimit<typename M::Contract>(M::kId); };
  if (where == Mutant::Where::kContract) {
    row.make_trial = [] { return std::make_unique<ContractTrial<Arches>>(); };
  }
  return row;
}

Mutant ManualRow(const S390ManualBug& bug) {
  Mutant row = Row(ArchId::kS390, Mutant::Where::kManual, bug.info);
  row.name = "manual-" + row.name;
  row.make_trial = [&bug] {
    return std::make_unique<ManualTrial<S390ManualBug>>(ArchId::kS390, bug);
  };
  row.wrong_answer = [&bug] {
    PlantedS390::Manual::Plant(bug);
    return FirstWrong<PlantedS390::Manual>(S390Answers());
  };
  return row;
}

Mutant ManualRow(const x86::X86ManualBug& bug, Mutant::Where where) {
  Mutant row = Row(ArchId::kX86, where, bug.info);
  row.name.insert(row.name.find('-') + 1, "manual-");
  if (where == Mutant::Where::kManual) {
    row.make_trial = [&bug] {
      return std::make_unique<ManualTrial<x86::X86ManualBug>>(ArchId::kX86,
                                                              bug);
    };
  }
  row.wrong_answer = [&bug] {
    x86::PlantedX86::Manual::Plant(bug);
    return FirstWrong<x86::PlantedX86::Manual>(X86Answers());
  };
  return row;
}

Mutant ManualRow(const arm64::Arm64ManualBug& bug) {
  Mutant row = Row(ArchId::kArm64Page16K, Mutant::Where::kManual, bug.info);
  row.name.insert(row.name.find('-') + 1, "manual-");
  row.make_trial = [&bug] {
    return std::make_unique<ManualTrial<arm64::Arm64ManualBug>>(
        ArchId::kArm64Page16K, bug);
  };
  row.wrong_answer = [&bug] {
    arm64::PlantedArm64::Manual::Plant(bug);
    return FirstWrong<arm64::PlantedArm64::Manual>(Arm64Answers());
  };
  return row;
}

}  // namespace

std::string_view Name(Mutant::Where where) {
  constexpr std::string_view kNames[] = {"walk", "contract", "manual",
                                         "answers"};
  return kNames[static_cast<size_t>(where)];
}

const std::vector<Mutant>& Catalog() {
  static const auto& catalog = *new std::vector<Mutant>([] {
    std::vector<Mutant> rows;
    std::vector<PlantedWalk> code = S390CodeWalks();
    const std::vector<PlantedWalk> code_of_x86 = X86CodeWalks();
    const std::vector<PlantedWalk> code_of_arm64 = Arm64CodeWalks();
    for (size_t i = 0; i < code.size(); ++i) {
      code[i].x86 = code_of_x86[i].x86;
      code[i].arm64 = code_of_arm64[i].arm64;
      rows.push_back(WalkRow(code[i]));
    }
    for (const PlantedWalk& walk : S390Walks()) rows.push_back(WalkRow(walk));
    for (const PlantedWalk& walk : X86Walks()) rows.push_back(WalkRow(walk));
    for (const PlantedWalk& walk : Arm64Walks()) rows.push_back(WalkRow(walk));
    const auto contract = [&rows]<class M>() {
      rows.push_back(ContractRow<M>(Mutant::Where::kContract));
    };
    S390ContractBugs::Visit<S390>(contract);
    X86ContractBugs::Visit<X86>(contract);
    Arm64ContractBugs::Visit<Arm64Page16K>(contract);
    const auto limit = [&rows]<class M>() {
      rows.push_back(ContractRow<M>(Mutant::Where::kAnswers));
    };
    S390LimitBugs::Visit<S390>(limit);
    X86LimitBugs::Visit<X86>(limit);
    Arm64LimitBugs::Visit<Arm64Page16K>(limit);
    for (const S390ManualBug& bug : kS390ManualBugs) {
      rows.push_back(ManualRow(bug));
    }
    for (const x86::X86ManualBug& bug : x86::kX86ManualBugs) {
      rows.push_back(ManualRow(bug, Mutant::Where::kManual));
    }
    for (const x86::X86ManualBug& bug : x86::kX86AnswerBugs) {
      rows.push_back(ManualRow(bug, Mutant::Where::kAnswers));
    }
    for (const arm64::Arm64ManualBug& bug : arm64::kArm64ManualBugs) {
      rows.push_back(ManualRow(bug));
    }
    return rows;
  }());
  return catalog;
}

const Mutant* Find(std::string_view name) {
  for (const Mutant& mutant : Catalog()) {
    if (mutant.name == name) return &mutant;
  }
  return nullptr;
}

Mutant Unmutated() { return WalkRow(UnplantedWalk()); }

}  // namespace pxdfuzz::mutants
