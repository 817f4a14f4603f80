// SPDX-License-Identifier: MIT

#ifndef PXDFUZZ_REFERENCE_TRANSLATE_RULES_H_
#define PXDFUZZ_REFERENCE_TRANSLATE_RULES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pxdfuzz/base/inline_vector.h"
#include "pxdfuzz/base/rng.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/memory.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/entry_ref.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/rule_trial.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"

namespace pxdfuzz {

// Tests Translate without a second implementation: each rule changes the
// tables, the control word or the address in a way with a known effect on the
// result, and translates again. The tables may hold any words.

// Several lines, each with a line break: the rule, its text, both results.
std::string Describe(const RuleViolation& violation, PagingMode mode);

// Checks all rules on cases. One object serves any number of them, one after
// the other; it allocates only when it is made.
class TranslateRules {
 public:
  TranslateRules();

  // The first rule that `c` shows to be broken. The empty case shows none.
  std::optional<RuleViolation> Check(const Case& c);

 private:
  struct Arenas {
    std::unique_ptr<Arena> first;
    std::unique_ptr<Arena> second;
  };
  // By ArchId; null if the architecture is not built.
  std::array<Arenas, 3> arenas_;
};

namespace rules {

// The rules that need an architecture's masks. Each architecture specializes
// this in its file reference/*_rules.h:
//
//   RawRules(const Arena&, const Geometry&, uint64_t control, uint64_t address,
//            Rng, Findings)
//   void Check()
template <class A, ArchId = A::kId>
class RawRules;

// Checks the rules for every architecture, and then the architecture's own.
//
// A is an architecture type; a test gives one whose Manual has a planted bug.
template <class A>
class RuleChecker {
 public:
  // The arenas are clean and must outlive the object.
  RuleChecker(Arena& first, Arena& second) : first_(first), second_(second) {}

  std::optional<RuleViolation> Check(const Case& c) {
    std::optional<RuleViolation> violation;
    Findings findings(violation);
    if (c.empty()) return violation;
    CheckRaw(c, findings);
    if (!violation.has_value()) CheckWellFormed(c, findings);
    return violation;
  }

 private:
  using Manual = typename A::Manual;

  // Calls `visit` for the addresses of a case: where its requests start, and
  // the corresponding address in the span of each poked entry.
  template <class Visit>
  static void ForEachAddress(const Case& c, const Geometry& geometry,
                             Visit visit) {
    for (const Request& request : c.requests) visit(request.start);
    const uint64_t start = c.requests[0].start;
    for (const TableOp& op : c.setup) {
      if (op.kind != TableOp::Kind::kPoke) continue;
      const uint64_t address =
          op.address | (start & (geometry.span(op.level) - 1));
      if (address != start) visit(address);
    }
  }

  // Rules for any words.
  void CheckRaw(const Case& c, Findings findings) {
    AddressSpace<A> mm(first_, c.mode.levels);
    Populate(c, mm);
    ForEachAddress(c, mm.geometry(), [&](uint64_t page) {
      if (findings.any()) return;
      Rng choose(page ^ Rng::Mix(mm.control()));
      const uint64_t address = page | choose.Below(mm.geometry().page_size());
      CheckAddress(mm, address, choose, findings);
      RawRules<A>(mm.arena(), mm.geometry(), mm.control(), address, choose,
                  findings)
          .Check();
    });
  }

  void CheckAddress(const AddressSpace<A>& mm, uint64_t address, Rng& choose,
                    Findings& findings) {
    const Geometry& geometry = mm.geometry();
    const Manual manual(geometry, mm.control());
    ChangedMemory memory(mm.arena());
    const Trial fetch = Try(manual, memory, mm.control(), address);
    const Translation& result = fetch.result;

    // What Translate guarantees for its result.
    bool sound = result.fetched == !fetch.path.empty() &&
                 (result.code == 0 || result.physical == 0);
    for (size_t i = 1; i < fetch.path.size(); ++i) {
      sound &= fetch.path[i].level < fetch.path[i - 1].level;
    }
    if (result.fetched) {
      const Fetch& last = fetch.path.back();
      sound &= result.level == last.level && result.entry == last.entry &&
               result.ref == EntryRef::InTable(last.address);
    }
    findings.Expect(sound, "result",
                    "entries are read from the root down, and the last one is "
                    "in the result",
                    fetch, fetch);

    const Trial store =
        Try(manual, memory, mm.control(), address, Access::kStore);
    const bool refused = result.code == 0 && result.is_protected;
    findings.Expect(refused ? store.result.code == Manual::kStoreToProtected &&
                                  store.result.physical == 0
                            : EndAlike(fetch, store),
                    "store",
                    "a store is refused exactly where a fetch succeeds and the "
                    "page is protected",
                    fetch, store);

    if (result.code == 0 && result.fetched) {
      // Another address in the same leaf.
      const uint64_t flip = choose.Next() & (geometry.span(result.level) - 1);
      const Trial other = Try(manual, memory, mm.control(), address ^ flip);
      findings.Expect(other.result.code == 0 &&
                          other.result.physical == (result.physical ^ flip) &&
                          other.result.is_protected == result.is_protected &&
                          other.result.ref == result.ref,
                      "linear",
                      "inside one leaf, address and result differ in the same "
                      "bits",
                      fetch, other);
    }

    if (result.fetched) {
      // A word that was not read, next to one that was.
      const Fetch& read = fetch.path[choose.Below(fetch.path.size())];
      const uint64_t away = WrappingSub(choose.Below(33), 16);
      const uint64_t near =
          WrappingAdd(read.address, WrappingMul(away, kEntrySize));
      const bool on_path =
          std::any_of(fetch.path.begin(), fetch.path.end(),
                      [near](const Fetch& f) { return f.address == near; });
      if (!on_path && mm.arena().Find(near) != nullptr) {
        const ChangedMemory::Undo undo(memory);
        const ChangedMemory::Word word = {near, choose.Next()};
        memory.Write(word.address, word.value);
        const Trial other = Try(manual, memory, mm.control(), address);
        findings.Expect(other.result == result, "unread",
                        "a word that is not read changes nothing", fetch, other,
                        word);
      }
    }
  }

  // Does the operations of `c` that are not pokes and whose level exists in
  // both paging modes, with entries of the same span.
  static void PopulateBoth(const Case& c, AddressSpace<A>& a,
                           AddressSpace<A>& b) {
    Case tables{.mode = c.mode};
    for (const TableOp& op : c.setup) {
      if (op.kind == TableOp::Kind::kPoke ||
          op.kind == TableOp::Kind::kPokeControl ||
          !a.geometry().real(op.level) || !b.geometry().real(op.level) ||
          a.geometry().span(op.level) != b.geometry().span(op.level)) {
        continue;
      }
      tables.setup.push_back(op);
    }
    Populate(tables, a);
    Populate(tables, b);
  }

  // Which page an address is on, whatever the form of the tables. The
  // exceptions of a missing page depend on the level at which tables end, so
  // they may differ.
  static bool SamePage(const Trial& a, const Trial& b) {
    return (a.result.code == 0) == (b.result.code == 0) &&
           a.result.physical == b.result.physical &&
           (a.result.code != 0 ||
            a.result.is_protected == b.result.is_protected);
  }

  // Rules for what Linux writes.
  void CheckWellFormed(const Case& c, Findings findings) {
    Rng choose(c.requests[0].start);
    const int other_levels =
        A::kMinLevels +
        static_cast<int>(choose.Below(A::kMaxLevels - A::kMinLevels + 1));
    AddressSpace<A> a(first_, c.mode.levels);
    AddressSpace<A> b(second_, other_levels);
    PopulateBoth(c, a, b);
    const Manual manual_a(a.geometry(), a.control());
    const Manual manual_b(b.geometry(), b.control());
    const ChangedMemory memory_a(a.arena());
    const ChangedMemory memory_b(b.arena());
    std::optional<Trial> large;
    for (const Request& request : c.requests) {
      const Trial in_a = Try(manual_a, memory_a, a.control(), request.start);
      const Trial in_b = Try(manual_b, memory_b, b.control(), request.start);
      // Beyond the addresses that the smaller one translates.
      if (!in_a.result.fetched || !in_b.result.fetched) continue;
      findings.Expect(SamePage(in_a, in_b), "roots",
                      "the same mapping gives the same page, whatever the "
                      "number of levels",
                      in_a, in_b);
      if (!large.has_value() && in_a.result.code == 0 &&
          in_a.result.level != Level::kPte) {
        large = in_a;
      }
    }
    if (!findings.any()) CheckRanges(c, a, choose, findings);
    if (!large.has_value() || findings.any()) return;

    // The small leaf that holds the address replaces one large leaf.
    const Translation& result = large->result;
    const Level below = b.geometry().real_below(result.level);
    if (!A::Entries::HasLeaf(below)) return;
    const EntryKind kind = A::Entries::Classify(result.level, result.entry);
    if (kind.tag != EntryKind::Tag::kLeaf) return;
    const uint64_t small = b.geometry().span(below) - 1;
    b.Map(below, large->address & ~small, 1, result.physical & ~small,
          kind.state);
    const Trial split = Try(manual_b, memory_b, b.control(), large->address);
    findings.Expect(SamePage(*large, split) && split.result.level == below,
                    "split",
                    "a large leaf and the small one in its place give the same "
                    "page",
                    *large, split);
  }

  // The first pages of a range, as gup's reference finds them.
  struct Pages {
    std::array<uint64_t, 16> page{};
    size_t count = 0;

    friend bool operator==(const Pages&, const Pages&) = default;
  };

  static Pages PagesOf(const AddressSpace<A>& mm, uint64_t start, size_t pages,
                       bool write) {
    Pages found;
    const Manual manual(mm.geometry(), mm.control());
    const ChangedMemory memory(mm.arena());
    found.count = ReferencePages<A>(
        manual, memory, mm.geometry().page_size(), start, write,
        std::span(found.page).first(std::min(pages, found.page.size())));
    return found;
  }

  // Rules for whole ranges. Adds a mapping to `mm`.
  void CheckRanges(const Case& c, AddressSpace<A>& mm, Rng& choose,
                   Findings& findings) {
    const uint64_t page_size = mm.geometry().page_size();
    const Manual manual(mm.geometry(), mm.control());
    const ChangedMemory memory(mm.arena());
    std::array<Pages, 4> before;
    for (const Request& request : c.requests) {
      // gup refuses ranges that overflow.
      if (WrappingAdd(request.start, request.pages * page_size) <
          request.start) {
        return;
      }
    }
    for (size_t i = 0; i < c.requests.size(); ++i) {
      const Request& request = c.requests[i];
      before[i] = PagesOf(mm, request.start, request.pages, request.write);
      // In two parts; the second counts only if the first is complete.
      const size_t cut = choose.Below(before[i].page.size());
      Pages parts =
          PagesOf(mm, request.start, std::min<size_t>(cut, request.pages),
                  request.write);
      if (parts.count == cut && cut < request.pages) {
        const Pages rest =
            PagesOf(mm, WrappingAdd(request.start, cut * page_size),
                    std::min<size_t>(request.pages, parts.page.size()) - cut,
                    request.write);
        std::copy_n(rest.page.begin(), rest.count, parts.page.begin() + cut);
        parts.count += rest.count;
      }
      const Trial trial = Try(manual, memory, mm.control(), request.start);
      findings.Expect(parts == before[i], "halves",
                      "a range in two parts has the pages of the whole", trial,
                      trial);
    }

    // A page in another place, where there is no large leaf.
    const uint64_t anywhere = choose.Next() & mm.geometry().last_address();
    const uint64_t elsewhere = anywhere >> choose.Below(40) & ~(page_size - 1);
    for (const Request& request : c.requests) {
      if (WrappingSub(elsewhere, request.start) < request.pages * page_size) {
        return;
      }
    }
    const Trial there = Try(manual, memory, mm.control(), elsewhere);
    if (!there.result.fetched) return;
    if (there.result.level != Level::kPte &&
        A::Entries::Classify(there.result.level, there.result.entry).tag ==
            EntryKind::Tag::kLeaf) {
      return;
    }
    mm.Map(Level::kPte, elsewhere, 1, elsewhere, LeafState{});
    const Trial mapped = Try(manual, memory, mm.control(), elsewhere);
    for (size_t i = 0; i < c.requests.size(); ++i) {
      const Request& request = c.requests[i];
      findings.Expect(
          PagesOf(mm, request.start, request.pages, request.write) == before[i],
          "elsewhere", "a page mapped outside a range changes nothing in it",
          there, mapped);
    }
  }

  Arena& first_;
  Arena& second_;
};

}  // namespace rules
}  // namespace pxdfuzz

#endif  // PXDFUZZ_REFERENCE_TRANSLATE_RULES_H_
