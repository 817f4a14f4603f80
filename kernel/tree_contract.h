// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_KERNEL_TREE_CONTRACT_H_
#define PXDFUZZ_KERNEL_TREE_CONTRACT_H_

#include <cstdint>
#include <optional>
#include <span>

#include "kernel/kernel_walk.h"
#include "kernel/known_findings.h"
#include "kernel/tree_entries.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/reference/contract.h"

namespace pxdfuzz {

static_assert(PXD_MOVABLE == static_cast<int>(PageKind::kMovable) &&
              PXD_SECRETMEM == static_cast<int>(PageKind::kSecretmem));
static_assert(PXD_RULE_LONGTERM_PINNABLE ==
                  1U << static_cast<int>(TreeRule::kLongtermPinnable) &&
              PXD_RULE_UNSHARING ==
                  1U << static_cast<int>(TreeRule::kUnsharing));

// The rules of a tree.
inline TreeRules RulesOf(const pxd_kernel& kernel, const pxd_traits& traits) {
  TreeRules rules;
  const unsigned mask = kernel.rules();
  for (int i = 0; i <= static_cast<int>(TreeRule::kLongtermPinnable); ++i) {
    if ((mask >> i & 1) != 0) rules.Add(static_cast<TreeRule>(i));
  }
  if (traits.has_pud_at_zero) rules.Add(TreeRule::kHugeAtZero);
  return rules;
}

// What one call of a tree's fast walk must return: the contract's answer for
// what the tree wrote, and for the kinds of pages of a case.
template <class A>
class TreeContract {
 public:
  // All must outlive the object.
  //
  //   lenient   whether the tree may do what it is known to do
  TreeContract(const TreeEntries<A>& entries, const pxd_kernel& kernel,
               const pxd_traits& traits, const Geometry& geometry,
               std::span<const PageRange> pages, uint16_t pkru, CallFlags flags,
               bool lenient)
      : entries_(entries),
        kernel_(kernel),
        traits_(traits),
        geometry_(geometry),
        pages_(pages),
        pkru_(pkru),
        flags_(flags),
        rules_(RulesOf(kernel, traits)),
        lenient_(lenient) {}

  Duty Ask(Level level, uint64_t entry) const {
    return Ask(level, entry, QuestionOf(level, entry));
  }

  // The known finding, if any, because of which the tree does otherwise.
  KnownKernelFinding Known(Level level, uint64_t entry) const {
    const ContractQuestion question = QuestionOf(level, entry);
    return FindKnown(level, entry, question, Decide(question));
  }

  // What a walk has broken that does otherwise with page `page` of the request:
  // nothing if that is of no particular kind.
  std::optional<ContractBreak> BreakOf(Level level, uint64_t entry,
                                       size_t page) const {
    const ContractQuestion question = QuestionOf(level, entry);
    if (question.page == PageKind::kAnonymous) return std::nullopt;
    return ContractBreak{RowFor(question), question.page, page};
  }

  // Whether the entry alone does not have that answer: the model's walks know
  // nothing else.
  bool DependsOnMore(Level level, uint64_t entry) const {
    const ContractQuestion question = QuestionOf(level, entry);
    ContractQuestion plain = question;
    plain.page = PageKind::kAnonymous;
    plain.traits = {};
    if (question.page == plain.page && question.traits == plain.traits) {
      return false;
    }
    return Ask(level, entry, question) != Ask(level, entry, plain);
  }

 private:
  ContractQuestion QuestionOf(Level level, uint64_t entry) const {
    const EntryKind kind = entries_.Classify(level, entry);
    ContractQuestion question{.arch = A::kId,
                              .entry = MeaningOf(A::kId, level, kind, rules_),
                              .size = level == Level::kPte   ? LeafSize::kPte
                                      : level == Level::kPmd ? LeafSize::kPmd
                                                             : LeafSize::kPud,
                              .flags = flags_,
                              .rules = rules_};
    if (question.entry == EntryMeaning::kNoLeaf) return question;
    if (kind.state.devmap) question.traits.Add(LeafTrait::kDevmap);
    if (KeyForbids(pkru_, kind.state.key, flags_.Contains(CallFlag::kWrite))) {
      question.traits.Add(LeafTrait::kForbidden);
    }
    bool mixed = false;
    for (const PageRange& range : pages_) {
      const uint64_t bytes = range.count * geometry_.span(range.level);
      const uint64_t span = geometry_.span(level);
      if (WrappingSub(kind.address, range.frame) < bytes) {
        question.page = range.kind;
        mixed = WrappingSub(kind.address + span - 1, range.frame) >= bytes;
      } else if (WrappingSub(range.frame, kind.address) < span) {
        mixed = true;
      }
    }
    if (mixed) question.traits.Add(LeafTrait::kMixed);
    return question;
  }

  Duty Ask(Level level, uint64_t entry,
           const ContractQuestion& question) const {
    const Duty duty = Decide(question);
    if (!lenient_) return duty;
    return FindKnown(level, entry, question, duty) == KnownKernelFinding::kNone
               ? duty
               : WithKnown(question);
  }

  static bool HasNoMapping(const ContractQuestion& question) {
    return question.size == LeafSize::kPte &&
           (question.page == PageKind::kNoMapping ||
            question.page == PageKind::kZero);
  }

  KnownKernelFinding FindKnown(Level level, uint64_t entry,
                               const ContractQuestion& question,
                               Duty duty) const {
    if (duty != Duty::kRefuse) {
      return kernel_.refuses_null_mapping && HasNoMapping(question)
                 ? KnownKernelFinding::kNullMapping
                 : KnownKernelFinding::kNone;
    }
    // A read-only page of 2 GiB is taken for a writable one, which need not be
    // unshared either.
    if (A::kId == ArchId::kS390 && traits_.writes_readonly_pud &&
        question.size == LeafSize::kPud &&
        question.entry == EntryMeaning::kReadOnly &&
        WithKnown(question) != Duty::kRefuse) {
      return KnownKernelFinding::kReadOnly2GWrite;
    }
    if (question.entry != EntryMeaning::kProtNone) {
      return KnownKernelFinding::kNone;
    }
    const KnownKernelFinding known =
        WhyReturned<A>(traits_, level, entries_.AsModel(level, entry),
                       flags_.Contains(CallFlag::kWrite));
    return known != KnownKernelFinding::kNone &&
                   WithKnown(question) != Duty::kRefuse
               ? known
               : KnownKernelFinding::kNone;
  }

  // What a tree with a known finding does.
  Duty WithKnown(ContractQuestion question) const {
    if (kernel_.refuses_null_mapping && HasNoMapping(question)) {
      return Duty::kRefuse;
    }
    question.entry = question.entry == EntryMeaning::kProtNone
                         ? EntryMeaning::kReadOnly
                         : EntryMeaning::kWritable;
    return Decide(question);
  }

  const TreeEntries<A>& entries_;
  const pxd_kernel& kernel_;
  const pxd_traits& traits_;
  const Geometry& geometry_;
  const std::span<const PageRange> pages_;
  const uint16_t pkru_;
  const CallFlags flags_;
  const TreeRules rules_;
  const bool lenient_;
};

}  // namespace pxdfuzz

#endif  // PXDFUZZ_KERNEL_TREE_CONTRACT_H_
