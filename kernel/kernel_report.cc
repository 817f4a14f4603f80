// SPDX-License-Identifier: MIT

#include "kernel/kernel_report.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/oracle/compare.h"
#include "pxdfuzz/report/replay.h"
#include "pxdfuzz/report/story.h"
#include "pxdfuzz/report/text_entries.h"
#include "pxdfuzz/report/text_race.h"
#include "pxdfuzz/report/text_race_report.h"
#include "pxdfuzz/report/text_report.h"
#include "pxdfuzz/report/text_walk.h"

namespace pxdfuzz {
namespace {

// What a finding's name says: "kernel-6.1-s390.s390-3.references.pmd-leaf"
// names the rule "references". Names of texts have dots in them.
std::string_view RuleOf(const KernelCode& text, std::string_view finding) {
  if (!finding.starts_with(text.name)) return "";
  finding.remove_prefix(std::min(finding.size(), text.name.size() + 1));
  const size_t mode = finding.find('.');
  if (mode == finding.npos) return "";
  finding.remove_prefix(mode + 1);
  constexpr std::string_view kChanging = "changing.";
  if (finding.starts_with(kChanging)) finding.remove_prefix(kChanging.size());
  return finding.substr(0, finding.find('.'));
}

// Rules besides the one that pages are the reference's.
enum class Rule : uint8_t {
  kPages,
  kReferences,
  kRefusal,
  kModel,
  kFork,
  kPermitted,
  kPageSize,
  kSanitizer,
  kDied,
};

Rule RuleFromName(std::string_view name) {
  if (name == "references") return Rule::kReferences;
  if (name == "refusal") return Rule::kRefusal;
  if (name == "model") return Rule::kModel;
  if (name == "fork") return Rule::kFork;
  if (name == "permitted") return Rule::kPermitted;
  if (name == "page-size") return Rule::kPageSize;
  if (name == "sanitizer") return Rule::kSanitizer;
  if (name == "died") return Rule::kDied;
  return Rule::kPages;
}

// What it did, behind its name; nothing for kPages.
std::string_view Headline(Rule rule) {
  switch (rule) {
    case Rule::kPages:
      return "";
    case Rule::kReferences:
      return "returns the right pages and takes the wrong references";
    case Rule::kRefusal:
      return "does not end where a page's reference cannot be taken";
    case Rule::kModel:
      return "returns the right pages, which are not those of the model's walk "
             "of its kind";
    case Rule::kFork:
      return "returns pages with FOLL_PIN although fork() came in between";
    case Rule::kPermitted:
      return "and the limits of the address space do not say the same of the "
             "request";
    case Rule::kPageSize:
      return "returns the right pages, and perf_get_pgtable_size() of that "
             "tree gives a wrong size";
    case Rule::kSanitizer:
      return "was ended by a sanitizer";
    case Rule::kDied:
      return "ended without an answer";
  }
  return "";
}

// What the rule says, in a sentence or two.
std::string_view Explain(Rule rule) {
  switch (rule) {
    case Rule::kPages:
      return "";
    case Rule::kReferences:
      return "The rule: for each page that is returned one reference is taken, "
             "of that page or of its large page, by FOLL_GET or FOLL_PIN as "
             "the caller asked, and none besides. One too many keeps the page "
             "for ever, one too few frees it under its user.";
    case Rule::kRefusal:
      return "The rule: where the reference of a page cannot be taken, the "
             "walk ends before the entry that maps it, and holds no reference "
             "of that entry's pages.";
    case Rule::kModel:
      return "The rule: text and the model's walk of the same kind return the "
             "same. Where they do not, one of the two is not what it says it "
             "is, although the reference agrees with the text here.";
    case Rule::kFork:
      return "The rule: where fork() takes write access from entries while the "
             "walk runs, which moves mm->write_protect_seq, a walk with "
             "FOLL_PIN returns no page and gives all back. A page that is "
             "pinned meanwhile may be one that parent and child share: it is "
             "copied at the next store, and the pin is on the wrong one.";
    case Rule::kPermitted:
      return "The rule: gup_fast_permitted() takes a request if and only if it "
             "ends at or below the limit of the address space, and start and "
             "length do not overflow.";
    case Rule::kPageSize:
      return "The rule: perf_get_pgtable_size() gives the size of the leaf by "
             "which the reference finds the page, and 0 where there is none.";
    case Rule::kSanitizer:
      return "The address sanitizer found an access in the kernel code that C "
             "does not allow and ended the program. The last read below is "
             "where it was.";
    case Rule::kDied:
      return "The program that holds the kernel code ended in the middle of "
             "this case, by a signal or an exit that no handler saw.";
  }
  return "";
}

std::string SourceLine(const KernelRead& read) {
  return Concat({read.file, ":", std::to_string(read.line)});
}

// What came between two turns: another read, or something that happened.
struct Between {
  const KernelRead* read = nullptr;
  const KernelEvent* event = nullptr;
  // Of the tables then; the one that a change made.
  size_t version = 0;
  // How many pages were held before it.
  size_t held = 0;
};

// One turn of a loop of the kernel code: an entry that is read.
struct ReadTurn {
  const KernelRead* read = nullptr;
  // Reads that came before the next turn, of this entry or of one above it, and
  // what happened between them.
  std::vector<Between> others;
  // The first of its loop.
  bool begins = false;
  // Pages that were returned before it, and those it returns.
  size_t page = 0;
  size_t pages = 0;
  // Of the tables then.
  size_t version = 0;
};

// Turns that are told together: one, or a run of page entries.
struct Block {
  size_t first = 0;
  size_t last = 0;
};

template <class A>
class KernelReportText {
 public:
  KernelReportText(const KernelCode& text, const Case& c, size_t request,
                   const KernelAnswer& answer, TextLines& out)
      : text_(text),
        case_(c),
        request_(request),
        answer_(answer),
        rule_(RuleFromName(RuleOf(text, answer.finding))),
        policy_(ModelOfVariant(text.variant)),
        replay_(c, request, policy_),
        out_(out) {
    if (replay_.changing()) {
      FindTurnsAndEvents();
    } else {
      FindTurns();
    }
    if (has_run()) {
      told_.pages = pages_;
      told_.count = pages_.size();
      if (replay_.changing()) {
        JudgeRace();
      } else {
        Judge();
      }
    }
    told_.name = text.name;
    race_.emplace(replay_, told_);
  }

  void Add() {
    ReportParts<A> parts(replay_, told_, out_);
    AddHeadline(parts);
    AddCase(case_, request_, IsWrong(), out_);
    if (!has_run()) return;
    AddPages(parts);
    AddReads();
    if (changing()) {
      AddReferences();
    } else {
      parts.AddReference();
    }
    AddWordNote();
  }

 private:
  // Whether the text came to walk anything.
  bool has_run() const { return answer_.end != KernelAnswer::End::kRefused; }
  bool faulted() const {
    return answer_.end == KernelAnswer::End::kFault ||
           answer_.end == KernelAnswer::End::kEndless ||
           answer_.end == KernelAnswer::End::kOverflow;
  }
  bool hit_bug() const { return answer_.end == KernelAnswer::End::kBug; }
  bool changing() const { return replay_.changing(); }
  bool IsWrong() const {
    return told_.outcome != Outcome::kAgrees || !answer_.finding.empty();
  }

  uint64_t AddressOf(const ReadTurn& turn) const {
    return replay_.AddressOf(turn.page);
  }
  Level EntryLevelOf(const KernelRead& read) const {
    return EntryLevel(replay_.geometry(), read.level);
  }
  bool IsStray(const KernelRead& read) const {
    return read.is_stray() || (read.physical.has_value() &&
                               replay_.arena().Find(*read.physical) == nullptr);
  }

  // Sorts reads into turns. A walk ends where it gets no page, so what it reads
  // is always for the page behind those that it has.
  void FindTurns() {
    const Geometry& geometry = replay_.geometry();
    const size_t wanted = replay_.request().pages;
    const bool whole = !faulted() && !hit_bug();
    size_t last_turn = 0;
    for (size_t i = 0; i < answer_.reads.size(); ++i) {
      if (answer_.reads[i].role == KernelRead::Role::kTurn) last_turn = i;
    }
    const size_t limit = whole ? answer_.pages.size() : wanted;
    for (size_t i = 0; i < answer_.reads.size(); ++i) {
      const KernelRead& read = answer_.reads[i];
      if (read.role != KernelRead::Role::kTurn) {
        if (!turns_.empty()) turns_.back().others.push_back({.read = &read});
        continue;
      }
      if (IsSecondRead(i)) continue;
      ReadTurn& turn = BeginTurn(read);
      turn.page = pages_.size();
      if (read.kind.tag != EntryKind::Tag::kLeaf ||
          !geometry.real(read.level)) {
        continue;
      }
      // That a fault came later shows that the leaf was taken.
      if (!whole && i == last_turn) continue;
      const uint64_t inside = AddressOf(turn) & (geometry.span(read.level) - 1);
      const uint64_t left =
          (geometry.span(read.level) - inside) >> geometry.page_shift();
      turn.pages = static_cast<size_t>(
          std::min<uint64_t>(left, limit - std::min(limit, turn.page)));
      AddPagesOf(turn);
    }
    if (whole) pages_ = answer_.pages;
  }

  ReadTurn& BeginTurn(const KernelRead& read) {
    const bool begins =
        turns_.empty() || turns_.back().read->level > read.level;
    ReadTurn& turn = turns_.emplace_back();
    turn.read = &read;
    turn.begins = begins;
    return turn;
  }

  // The frame of the first page of a turn that reads a leaf.
  uint64_t FirstFrame(const ReadTurn& turn) const {
    const Geometry& geometry = replay_.geometry();
    const uint64_t inside =
        AddressOf(turn) & (geometry.span(EntryLevelOf(*turn.read)) - 1);
    return turn.read->kind.address + (inside & ~(geometry.page_size() - 1));
  }
  void AddPagesOf(const ReadTurn& turn) {
    const uint64_t first = FirstFrame(turn);
    for (size_t page = 0; page < turn.pages; ++page) {
      pages_.push_back(first + page * replay_.geometry().page_size());
    }
  }

  // The same where tables change: the references that were taken say which
  // pages a turn got.
  void FindTurnsAndEvents() {
    typename Replay<A>::Ran ran;
    size_t version = 0;
    size_t next = 0;
    const auto happens = [&](size_t reads) {
      const std::vector<KernelEvent>& events = answer_.events;
      for (; next < events.size() && events[next].reads <= reads; ++next) {
        const KernelEvent& event = events[next];
        const auto count = static_cast<size_t>(
            std::min<uint64_t>(event.count, Case::kMaxPages));
        const size_t held = ran.grabs.size();
        switch (event.kind) {
          case KernelEvent::Kind::kChange:
            if (version == case_.concurrent.size()) continue;
            ++version;
            break;
          case KernelEvent::Kind::kGrab:
            if (turns_.empty()) continue;
            turns_.back().pages += count;
            ran.grabs.resize(held + count, {version, ran.reads});
            break;
          case KernelEvent::Kind::kPut:
            if (turns_.empty()) continue;
            turns_.back().pages -= std::min(turns_.back().pages, count);
            ran.grabs.resize(held - std::min(held, count));
            break;
        }
        auto& place = turns_.empty() ? before_ : turns_.back().others;
        place.push_back({.event = &event, .version = version, .held = held});
      }
    };
    for (size_t i = 0; i < answer_.reads.size(); ++i) {
      happens(i);
      const KernelRead& read = answer_.reads[i];
      seen_.push_back(
          {.number = IsCounted(read) ? ++ran.reads : 0, .version = version});
      if (read.role == KernelRead::Role::kTurn && !IsSecondRead(i)) {
        ReadTurn& turn = BeginTurn(read);
        turn.page = ran.grabs.size();
        turn.version = version;
      } else if (!turns_.empty()) {
        turns_.back().others.push_back(
            {.read = &read, .version = version, .held = ran.grabs.size()});
      }
    }
    happens(answer_.reads.size());
    if (faulted() || hit_bug()) {
      for (const ReadTurn& turn : turns_) {
        if (turn.page == pages_.size()) AddPagesOf(turn);
      }
      pages_.resize(std::min<size_t>(pages_.size(), replay_.request().pages));
    } else {
      pages_ = answer_.pages;
    }
    ran.pages = pages_;
    ran.count = pages_.size();
    ran.last_version = version;
    replay_.Replace(std::move(ran));
  }

  // Whether whoever makes changes counts a read: not where a function is handed
  // the address of a local.
  bool IsCounted(const KernelRead& read) const {
    return read.role != KernelRead::Role::kAgain ||
           read.place == KernelRead::Place::kTable ||
           read.place == KernelRead::Place::kNowhere;
  }
  size_t PositionOf(const KernelRead& read) const {
    return static_cast<size_t>(&read - answer_.reads.data());
  }
  size_t NumberOf(const KernelRead& read) const {
    return seen_[PositionOf(read)].number;
  }

  // Whether a turn's read is the second of the same entry.
  bool IsSecondRead(size_t i) const {
    if (i == 0 || turns_.empty()) return false;
    const KernelRead& read = answer_.reads[i];
    const KernelRead& before = *turns_.back().read;
    // A helper may get the address of the copy that was just made.
    if (read.level == before.level && read.value == before.value &&
        read.place == KernelRead::Place::kCopy) {
      return true;
    }
    return read.level == before.level && read.place == before.place &&
           read.physical == before.physical && read.physical.has_value();
  }

  // Compares the pages with the reference's.
  void Judge() {
    const std::vector<uint64_t>& expected = replay_.reference();
    size_t same = 0;
    while (same < expected.size() && same < pages_.size() &&
           expected[same] == pages_[same]) {
      ++same;
    }
    told_.first_difference = same;
    if (same < expected.size() && same < pages_.size()) {
      told_.outcome = Outcome::kWrongPage;
    } else if (faulted() || hit_bug()) {
      told_.outcome = Outcome::kFault;
      told_.first_difference = pages_.size();
    } else if (pages_.size() < expected.size()) {
      told_.outcome = Outcome::kShort;
    } else if (pages_.size() > expected.size()) {
      told_.outcome = Outcome::kLong;
    }
    for (size_t i = 0; i < turns_.size(); ++i) {
      const ReadTurn& turn = turns_[i];
      if (!broken_.has_value() && IsStray(*turn.read)) broken_ = i;
      const bool is_effect = turn.page <= told_.first_difference &&
                             told_.first_difference < turn.page + turn.pages;
      if (is_effect && (told_.outcome == Outcome::kWrongPage ||
                        told_.outcome == Outcome::kLong)) {
        effect_ = i;
      }
    }
    if (told_.outcome == Outcome::kAgrees && broken_.has_value()) {
      told_.outcome = Outcome::kStrayRead;
      told_.first_difference = turns_[*broken_].page;
    }
    if ((told_.outcome == Outcome::kShort ||
         told_.outcome == Outcome::kFault) &&
        !turns_.empty()) {
      effect_ = turns_.size() - 1;
    }
  }

  // Takes what a judge said; a fault that nobody judged shows.
  void JudgeRace() {
    told_.first_difference = pages_.size();
    if (answer_.race.has_value() &&
        (rule_ == Rule::kPages || rule_ == Rule::kSanitizer)) {
      told_.outcome = answer_.race->outcome;
      told_.first_difference = answer_.race->page;
    } else if (faulted() || hit_bug()) {
      told_.outcome = Outcome::kFault;
    }
    for (size_t i = 0; i < turns_.size() && !broken_.has_value(); ++i) {
      if (IsStray(*turns_[i].read)) {
        broken_ = i;
        break;
      }
      for (const Between& other : turns_[i].others) {
        if (told_.outcome == Outcome::kAgrees || !BreaksRule(other, i)) {
          continue;
        }
        broken_ = i;
        broken_by_ = &other;
        break;
      }
    }
    if (told_.outcome == Outcome::kAgrees && broken_.has_value()) {
      told_.outcome = Outcome::kStrayRead;
      told_.first_difference = turns_[*broken_].page;
    }
    switch (told_.outcome) {
      case Outcome::kStale:
      case Outcome::kWrongPage:
      case Outcome::kLong:
        for (size_t i = 0; i < turns_.size(); ++i) {
          const ReadTurn& turn = turns_[i];
          if (turn.page <= told_.first_difference &&
              told_.first_difference < turn.page + turn.pages) {
            effect_ = i;
          }
        }
        break;
      case Outcome::kShort:
      case Outcome::kFault:
        if (!turns_.empty()) effect_ = turns_.size() - 1;
        break;
      case Outcome::kAgrees:
      case Outcome::kStrayRead:
        break;
    }
  }

  // An offset that goes by an entry which has changed, or a recheck that
  // cannot see that one has.
  bool BreaksRule(const Between& other, size_t i) const {
    if (other.read == nullptr) return false;
    switch (other.read->role) {
      case KernelRead::Role::kTurn:
        return false;
      case KernelRead::Role::kAgain:
        return other.read->level != Level::kPte &&
               (IsStray(*other.read) || IsChange(*other.read, i));
      case KernelRead::Role::kCheck:
        return IsVoid(other, i);
    }
    return false;
  }

  // Where the entry stands that turn `i` and those above it got its value of
  // `level` from; nothing where that is not known.
  const KernelRead* OriginOf(Level level, size_t i) const {
    const KernelRead* read = LastRead(level, i);
    while (read != nullptr && read->place != KernelRead::Place::kTable &&
           level != Level::kPgd) {
      level = Above(level);
      read = LastRead(level, i);
    }
    const bool is_known = read != nullptr && read->physical.has_value() &&
                          replay_.arena().Find(*read->physical) != nullptr;
    return is_known ? read : nullptr;
  }

  // Whether a recheck compares a local copy while the entry that it is one
  // of has changed.
  bool IsVoid(const Between& other, size_t i) const {
    if (other.read->role != KernelRead::Role::kCheck ||
        other.read->place == KernelRead::Place::kTable ||
        other.read->level == Level::kPgd) {
      return false;
    }
    const KernelRead* origin = OriginOf(other.read->level, i);
    return origin != nullptr &&
           replay_.WordIn(seen_[PositionOf(*origin)].version,
                          *origin->physical) !=
               replay_.WordIn(other.version, *origin->physical);
  }

  std::string Meaning(const KernelRead& read) const {
    return DescribeKind<A>(replay_.arena(), replay_.geometry(),
                           EntryLevelOf(read), read.kind);
  }

  // A later read than that of turn `i`, in the words of the model's report.
  DoubleFetch InWords(const Between& other, size_t i) const {
    const KernelRead& read = *other.read;
    const KernelRead* tested = LastRead(read.level, i);
    const KernelRead* origin = OriginOf(read.level, i);
    DoubleFetch reread{.policy = policy_,
                       .level = read.level,
                       .before = tested == nullptr ? "" : Meaning(*tested),
                       .now = Meaning(read),
                       .word = std::nullopt,
                       .read = tested == nullptr ? 0 : NumberOf(*tested),
                       .change = "a change",
                       .copy = std::nullopt,
                       .origin = {},
                       .in_table = {},
                       .handed = {}};
    if (IsChange(read, i)) reread.word = read.value;
    if (origin != nullptr) {
      reread.change =
          race_->race().WhichChange(*origin->physical, other.version);
    }
    if (read.role != KernelRead::Role::kCheck ||
        read.place == KernelRead::Place::kTable) {
      return reread;
    }
    reread.copy = CheckedCopy(read, i);
    if (reread.copy == read.level) {
      reread.handed = Concat(
          {"the loop below is handed the address of ", Name(read.level)});
    }
    if (IsVoid(other, i)) {
      reread.origin = DescribePlace<A>(replay_.arena(), *origin->physical);
      reread.in_table = DescribeEntry<A>(
          replay_.arena(), replay_.geometry(), EntryLevelOf(read),
          replay_.WordIn(other.version, *origin->physical));
    }
    return reread;
  }

  // The level whose entry is in the local that a recheck reads: its own,
  // where it is handed the address of what was just read.
  Level CheckedCopy(const KernelRead& read, size_t i) const {
    const KernelRead* tested = LastRead(read.level, i);
    const bool is_own =
        tested == nullptr || tested->place != KernelRead::Place::kCopy;
    return is_own ? read.level : CopyOf(read);
  }

  // "kernel-6.1-s390-by-value (Linux 6.1.192, slice 34c97dde83082321)".
  std::string FullName() const {
    return Concat(
        {text_.name, " (Linux ", text_.version, ", slice ", text_.slice, ")"});
  }

  std::string Sentence(const ReportParts<A>& parts) const {
    if (answer_.end == KernelAnswer::End::kRefused) {
      return Concat({FullName(),
                     " refuses a request that the limits of the address space "
                     "allow."});
    }
    if (hit_bug()) {
      return Concat({FullName(), " stops the kernel: at ",
                     parts.DifferentPage(), ", it hits the BUG() of ",
                     answer_.bug, ", where ",
                     told_.first_difference < replay_.reference().size()
                         ? Concat({"the page should be ", parts.Expected()})
                         : "it should stop without a page",
                     "."});
    }
    // A rule of its own is the headline where the pages are right.
    if (rule_ != Rule::kPages && told_.outcome == Outcome::kAgrees) {
      return Concat({FullName(), " ", Headline(rule_), "."});
    }
    if (rule_ == Rule::kRefusal) {
      return Concat({FullName(), " ", Headline(rule_), "."});
    }
    if (rule_ == Rule::kSanitizer || rule_ == Rule::kDied) {
      const std::string where =
          turns_.empty() ? "" : Concat({", at ", parts.DifferentPage()});
      return Concat({FullName(), " ", Headline(rule_), where, "."});
    }
    if (changing()) {
      return race_->WhatDiffers(FullName(), [this] { return WhyItEnds(); });
    }
    return parts.WhatDiffers(FullName());
  }

  // Why one that holds while tables change ends where it does.
  std::string WhyItEnds() const {
    if (turns_.empty()) return "";
    const size_t last = turns_.size() - 1;
    if (const Between* check = ChangeSeen(last)) {
      return Concat({"its recheck (", ReadName(*check->read), ") found *",
                     Name(check->read->level), "p changed by ",
                     InWords(*check, last).change,
                     ", and it gave the page back"});
    }
    const KernelRead& read = *turns_.back().read;
    return replay_.WhyNot(EntryLevelOf(read), read.kind);
  }

  // "read 4, mm/gup.c:2613".
  std::string ReadName(const KernelRead& read) const {
    const size_t number = NumberOf(read);
    if (number == 0) return SourceLine(read);
    return Concat({"read ", std::to_string(number), ", ", SourceLine(read)});
  }

  // The same as WhereItLeft() of what is read once more.
  std::string WhatItDoubleFetch() const {
    if (broken_by_ != nullptr) {
      const KernelRead& read = *broken_by_->read;
      const DoubleFetch reread = InWords(*broken_by_, *broken_);
      if (read.role == KernelRead::Role::kAgain) {
        return Concat({" ", OffsetCall(policy_, Below(read.level)), " reads *",
                       Name(read.level), "p again (", ReadName(read),
                       "): ", DescribeBecame(reread), "."});
      }
      return Concat(
          {" Its recheck ",
           reread.copy == read.level
               ? Concat({"never looks at the ", Name(read.level),
                         " entry in the table: it compares a local copy with "
                         "itself"})
               : Concat({"passes all the same: it compares a local copy of "
                         "the ",
                         Name(read.level), " entry with itself"}),
           " (", ReadName(read), ")."});
    }
    if (told_.outcome != Outcome::kStale || !effect_.has_value() ||
        !race_->race().IsStale(told_.first_difference)) {
      return "";
    }
    std::vector<std::string> levels;
    for (const Between& other : turns_[*effect_].others) {
      if (other.read == nullptr ||
          other.read->role != KernelRead::Role::kCheck) {
        continue;
      }
      levels.push_back(Concat({"*", Name(other.read->level), "p"}));
    }
    if (levels.empty()) return " It has no recheck.";
    return Concat(
        {" Its recheck looks at ", Enumerate(levels), " alone, and passes."});
  }

  // " It left the copy of p4d at pud: ...".
  std::string WhereItLeft() const {
    if (changing() && (!broken_.has_value() || broken_by_ != nullptr)) {
      return WhatItDoubleFetch();
    }
    if (!broken_.has_value()) return "";
    const KernelRead& read = *turns_[*broken_].read;
    if (!StackEscapeAt(read)) {
      return Concat({" Its ", Name(read.level), " pointer led to no table."});
    }
    const std::string_view copy = Name(CopyOf(read));
    return Concat({" It left the copy of ", copy, " at ", Name(read.level),
                   ": ", Name(read.level), "p moved off a local variable, to ",
                   read.above_copy.has_value()
                       ? Concat({Beside(*read.above_copy), " it"})
                       : std::string("another word"),
                   " on the stack (", SourceLine(read), ")."});
  }

  void AddHeadline(ReportParts<A>& parts) {
    std::string text = Concat({"On ", Name(case_.mode.arch), " with ",
                               std::to_string(case_.mode.levels), " levels, ",
                               Sentence(parts), WhereItLeft()});
    if (answer_.race.has_value() && answer_.race->known != Cause::kNone) {
      text +=
          Concat({" Walks of this kind are known to go wrong here, for "
                  "that reason (",
                  Name(answer_.race->known), ")."});
    }
    if (!answer_.known.empty()) {
      text += Concat(
          {" This is known: ", KnownFindingFile(answer_.known), " tells it."});
    }
    out_.Wrap("", "", text, LineStyle::kTitle);
    out_.Blank();
    out_.Wrap("- ", "  ",
              Concat({text_.name, ": the fast walk of Linux ", text_.version,
                      ", compiled from the tree's own mm/gup.c; ",
                      DescribeVariant(text_.variant), "."}));
    std::vector<std::string> terms = parts.Terms(request_);
    if (changing()) terms.front() = RaceReferenceTerm();
    for (const std::string& term : terms) out_.Wrap("- ", "  ", term);
    if (has_run()) {
      out_.Wrap("- ", "  ", Concat({"called with ", CalledWith(), "."}));
    }
    if (broken_.has_value() && broken_by_ == nullptr &&
        turns_[*broken_].read->place == KernelRead::Place::kStack) {
      out_.Wrap("- ", "  ",
                "stack: the real one of the program that ran the text. What "
                "the case says of the stack is for the model alone; what "
                "stood beside a local variable differs from run to run, and "
                "so does what comes of it.");
    }
    AddRule();
    if (!changing()) return;
    out_.Blank();
    out_.Line("Words:");
    for (const StoryWord& word : RaceWords(told_.outcome)) {
      out_.Wrap("- ", "  ", Concat({word.word, ": ", word.meaning}));
    }
  }

  void AddRule() {
    if (rule_ == Rule::kPages) {
      if (!answer_.finding.empty() && told_.outcome == Outcome::kAgrees) {
        out_.Wrap("- ", "  ",
                  "The finding is of another run of the same request: what "
                  "lies on the stack differs from run to run. This run "
                  "agrees.");
      }
      return;
    }
    out_.Wrap("- ", "  ", std::string(Explain(rule_)));
    if (rule_ == Rule::kModel && changing()) {
      out_.Wrap("- ", "  ",
                "Both read the same entries in the same order, so the same "
                "changes were made between the same reads.");
    }
    if (rule_ == Rule::kReferences || rule_ == Rule::kRefusal) {
      out_.Wrap("- ", "  ",
                Concat({"It returned ", Plural(answer_.pages.size(), "page"),
                        " and holds ", Plural(answer_.held, "reference"),
                        answer_.held == answer_.pages.size()
                            ? ", as many, but not all of the right pages or "
                              "of the right kind."
                            : "."}));
    }
  }

  std::string CalledWith() const {
    std::string text(answer_.pin ? "FOLL_PIN" : "FOLL_GET");
    if (replay_.request().write) text += " and FOLL_WRITE";
    if (answer_.refused.has_value()) {
      text += Concat({"; the reference of page ",
                      std::to_string(*answer_.refused), " could not be taken"});
    }
    return text;
  }

  std::string WhyItStops() const {
    if (faulted()) return "stop: a fault";
    if (hit_bug()) return "stop: BUG()";
    if (turns_.empty()) return "";
    if (SawChange(turns_.size() - 1)) return "stop: the recheck";
    const KernelRead& last = *turns_.back().read;
    return Concat({"stop: ", replay_.WhyNot(EntryLevelOf(last), last.kind)});
  }

  void AddPages(ReportParts<A>& parts) {
    if (changing()) {
      AddTitle("Pages", out_);
      const RacePages pages = race_->Pages([this] { return WhyItStops(); });
      AddPageRows(pages.header, pages.found_column, pages.rows, out_);
    } else {
      parts.AddPages([this] { return WhyItStops(); });
    }
    const std::string where = parts.WhereWrongPageIs();
    const bool is_cut_off = (faulted() || hit_bug()) && !pages_.empty();
    if (where.empty() && !is_cut_off) return;
    out_.Blank();
    if (!where.empty()) out_.Wrap("- ", "  ", where);
    if (is_cut_off) {
      out_.Wrap("- ", "  ",
                "The pages are those that it had when it ended; none was "
                "returned.");
    }
  }

  // The level whose entry a local variable holds that a pointer of that read
  // came from.
  static Level CopyOf(const KernelRead& read) {
    return read.level == Level::kPgd ? Level::kPgd : Above(read.level);
  }

  // Whether its pointer was one to a local variable. A pgd never is.
  static bool StackEscapeAt(const KernelRead& read) {
    return read.place == KernelRead::Place::kStack && read.level != Level::kPgd;
  }

  // "8 bytes above".
  static std::string Beside(int64_t distance) {
    const bool below = distance < 0;
    return Concat(
        {Plural(static_cast<uint64_t>(below ? -distance : distance), "byte"),
         below ? " below" : " above"});
  }

  std::string Place(const KernelRead& read) const {
    switch (read.place) {
      case KernelRead::Place::kTable:
        return DescribePlace<A>(replay_.arena(), read.physical.value_or(0));
      case KernelRead::Place::kCopy:
        return Concat({"the local copy of ", Name(CopyOf(read))});
      case KernelRead::Place::kStack:
        return read.above_copy.has_value()
                   ? Concat({"the stack, ", Beside(*read.above_copy),
                             " the local copy of ", Name(CopyOf(read))})
                   : Concat({"the stack, not the local copy of ",
                             Name(CopyOf(read))});
      case KernelRead::Place::kNowhere:
        break;
    }
    return Concat({"physical ", Hex(read.nowhere), ", where no table is"});
  }

  std::string Value(const KernelRead& read) const {
    if (!read.value.has_value()) return ": the read faults";
    return Concat({" = ", Hex(*read.value),
                   read.place == KernelRead::Place::kStack
                       ? ", whatever stood there: "
                       : ": ",
                   DescribeKind<A>(replay_.arena(), replay_.geometry(),
                                   EntryLevelOf(read), read.kind)});
  }

  // What the text does next; nothing where it goes down, which shows.
  std::string Action(size_t i) const {
    const ReadTurn& turn = turns_[i];
    // Where tables change that comes when a page was grabbed and checked.
    if (changing() && HasEvents(turn)) return "";
    if (turn.pages == 1) {
      return Concat({"; returns page ", std::to_string(turn.page)});
    }
    if (turn.pages > 1) {
      return Concat({"; returns pages ", std::to_string(turn.page), " to ",
                     std::to_string(turn.page + turn.pages - 1)});
    }
    if (i + 1 < turns_.size() || faulted() || hit_bug()) return "";
    if (answer_.refused.has_value()) return "; stops here";
    if (SawChange(i)) return "; stops here: the recheck sees a change";
    return Concat({"; stops here: ",
                   replay_.WhyNot(EntryLevelOf(*turn.read), turn.read->kind)});
  }

  // What the turns up to `i` have read of the level last; nothing where none
  // did.
  const KernelRead* LastRead(Level level, size_t i) const {
    for (size_t j = i + 1; j > 0; --j) {
      if (turns_[j - 1].read->level == level) return turns_[j - 1].read;
    }
    return nullptr;
  }

  // Whether `other`, a later read, is not what turn `i` goes by.
  bool IsChange(const KernelRead& other, size_t i) const {
    const KernelRead* read = LastRead(other.level, i);
    return read != nullptr && read->value != other.value;
  }

  // The read by which the recheck of turn `i` saw a change, or null.
  const Between* ChangeSeen(size_t i) const {
    for (const Between& other : turns_[i].others) {
      if (other.read != nullptr &&
          other.read->role == KernelRead::Role::kCheck &&
          IsChange(*other.read, i)) {
        return &other;
      }
    }
    return nullptr;
  }
  bool SawChange(size_t i) const { return ChangeSeen(i) != nullptr; }

  // Whether references were taken, or given back.
  static bool HasEvents(const ReadTurn& turn) {
    return std::any_of(turn.others.begin(), turn.others.end(),
                       [](const Between& other) {
                         return other.event != nullptr &&
                                other.event->kind != KernelEvent::Kind::kChange;
                       });
  }
  // Whether something else was done meanwhile than to get a page.
  bool IsPlain(size_t i) const {
    for (const Between& other : turns_[i].others) {
      if (other.event != nullptr &&
          other.event->kind != KernelEvent::Kind::kGrab) {
        return false;
      }
      if (other.read != nullptr &&
          (IsChange(*other.read, i) || (changing() && IsVoid(other, i)))) {
        return false;
      }
    }
    return true;
  }
  bool HasChange(const Block& block) const {
    for (size_t i = block.first; i <= block.last; ++i) {
      for (const Between& other : turns_[i].others) {
        if (other.event != nullptr &&
            other.event->kind == KernelEvent::Kind::kChange) {
          return true;
        }
      }
    }
    return false;
  }

  // What is to be said of a later read than the one of turn `i`: that it saw
  // something else, or never could. Empty for others.
  std::string Another(const KernelRead& other, size_t i) const {
    const bool is_check = other.role == KernelRead::Role::kCheck;
    const bool is_change = IsChange(other, i);
    const bool is_copy = is_check && other.place == KernelRead::Place::kCopy;
    if (!is_change && !is_copy) return "";
    const std::string_view level = Name(other.level);
    std::string text;
    if (is_check) {
      text = Concat({"recheck: ", level, " read again"});
    } else if (other.level == Level::kPmd) {
      text = "pte_offset_map() reads pmd again";
    } else if (other.level == Level::kPte) {
      text = "pte read again";
    } else {
      text = Concat(
          {Name(Below(other.level)), "_offset() reads ", level, " again"});
    }
    if (is_copy) {
      text +=
          Concat({", from the local copy of ", Name(CheckedCopy(other, i))});
    }
    if (!is_change) return text + ", which nobody else changes";
    text += Value(other);
    if (other.value.has_value()) text += ", no longer what was read";
    return text;
  }

  bool IsMarked(size_t i) const { return broken_ == i || effect_ == i; }
  bool IsMarked(const Block& block) const {
    for (size_t i = block.first; i <= block.last; ++i) {
      if (IsMarked(i)) return true;
    }
    return false;
  }

  // Whether a turn goes on with what the one before it did: the next page of
  // the same page table, by the same lines.
  bool GoesOn(size_t i) const {
    if (i == 0 || turns_[i].begins || IsMarked(i) || IsMarked(i - 1)) {
      return false;
    }
    if (changing() && (!IsPlain(i) || !IsPlain(i - 1))) return false;
    const ReadTurn& turn = turns_[i];
    const ReadTurn& before = turns_[i - 1];
    return turn.read->level == Level::kPte &&
           before.read->level == Level::kPte && turn.pages == 1 &&
           before.pages == 1 && turn.read->physical.has_value() &&
           before.read->physical.has_value() &&
           *turn.read->physical == *before.read->physical + sizeof(uint64_t) &&
           turn.read->line == before.read->line;
  }

  // The first and the last of a long run stay by themselves.
  std::vector<Block> Blocks() const {
    constexpr size_t kLong = 4;
    std::vector<Block> blocks;
    for (size_t i = 0; i < turns_.size();) {
      size_t end = i + 1;
      while (end < turns_.size() && GoesOn(end)) ++end;
      if (end - i < kLong) {
        for (; i < end; ++i) blocks.push_back({i, i});
        continue;
      }
      blocks.push_back({i, i});
      blocks.push_back({i + 1, end - 2});
      blocks.push_back({end - 1, end - 1});
      i = end;
    }
    return blocks;
  }

  // Long walks are told in part: how they begin, what surrounds each mark, and
  // how they end.
  bool IsShown(const std::vector<Block>& blocks, size_t i) const {
    constexpr size_t kAtStart = 10;
    constexpr size_t kAround = 5;
    if (i < kAtStart || i + 2 >= blocks.size()) return true;
    const size_t from = i - std::min(i, kAround);
    const size_t to = std::min(i + kAround, blocks.size() - 1);
    for (size_t j = from; j <= to; ++j) {
      if (IsMarked(blocks[j]) || HasChange(blocks[j])) return true;
    }
    return false;
  }

  void AddReads() {
    AddTitle("What the kernel code read", out_);
    if (turns_.empty()) {
      out_.Wrap("", "", "Nothing is known of its reads.");
      return;
    }
    out_.Wrap(
        "", "",
        Concat({"Each read of an entry, in order: its level, the address it is "
                "for, ",
                changing() ? "its number, by which the case says when "
                             "something changes, "
                           : "",
                "and the line of the kernel's source; then where it read, "
                "and what stood there. A folded level has no table: it looks "
                "again at what the level above it read. Tables are numbered in "
                "the order in which they were made.",
                changing() ? " Lines with == are what another processor does "
                             "in between, and what it writes."
                           : ""}));
    out_.Blank();
    for (const Between& first : before_) AddBetween(first, 0, "");
    const std::vector<Block> blocks = Blocks();
    bool skipping = false;
    for (size_t i = 0; i < blocks.size(); ++i) {
      if (!IsShown(blocks, i)) {
        if (!skipping) out_.Line("   ...");
        skipping = true;
        continue;
      }
      skipping = false;
      AddBlock(blocks[i]);
    }
    AddEnd();
    for (size_t i = replay_.last_version(); i < case_.concurrent.size(); ++i) {
      out_.Wrap("   ", "   ",
                Concat({Heading(race_->race().Tell(i + 1)),
                        ". It is not done: the walk has ended before."}));
    }
  }

  void AddBlock(const Block& block) {
    const ReadTurn& turn = turns_[block.first];
    const KernelRead& read = *turn.read;
    // Where tables change a line of its own may be what is marked.
    const bool marked =
        IsMarked(block) && (broken_by_ == nullptr || effect_ == block.first);
    const LineStyle style = marked ? LineStyle::kMarked : LineStyle::kPlain;
    const std::string indent(
        2 * static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(read.level)),
        ' ');
    const std::string hang = Concat({"       ", indent});
    if (block.first != block.last) {
      const size_t last = turns_[block.last].page;
      out_.Line(Concat({"   ", indent, "... ",
                        std::to_string(block.last - block.first + 1),
                        " more, which return pages ", std::to_string(turn.page),
                        " to ", std::to_string(last), ReadsOf(block)}));
      return;
    }
    std::string head =
        Concat({Name(read.level), " ", Hex(AddressOf(turn)), "  ",
                changing() ? ReadName(read) : SourceLine(read)});
    if (!replay_.geometry().real(read.level)) head += "  folded";
    out_.Line(Concat({marked ? ">> " : "   ", indent, head}), style);
    out_.Wrap(hang, hang + "  ",
              Concat({Place(read), Value(read), Action(block.first)}), style);
    for (const Between& other : turn.others) {
      AddBetween(other, block.first, hang);
    }
    if (changing() && HasEvents(turn) && turn.pages > 0) {
      out_.Wrap(hang, hang + "  ",
                Concat({faulted() || hit_bug() ? "has " : "returns ",
                        PageNumbers(turn.page, turn.pages)}));
    }
    if (broken_ == block.first && broken_by_ == nullptr) {
      out_.Wrap(">>   ", ">>   ", BrokenRule(block.first), style);
    }
    if (effect_ == block.first) {
      out_.Wrap(">>   ", ">>   ", Effect(), style);
    }
  }

  // ", reads 9 to 32": of turns that are told together, where tables change.
  std::string ReadsOf(const Block& block) const {
    if (!changing()) return "";
    const ReadTurn& last = turns_[block.last];
    size_t to = NumberOf(*last.read);
    for (const Between& other : last.others) {
      if (other.read != nullptr) to = std::max(to, NumberOf(*other.read));
    }
    return Concat({", reads ",
                   std::to_string(NumberOf(*turns_[block.first].read)), " to ",
                   std::to_string(to)});
  }

  // What came between turn `i` and the next.
  void AddBetween(const Between& other, size_t i, const std::string& hang) {
    if (!changing()) {
      const std::string text = Another(*other.read, i);
      if (!text.empty()) {
        out_.Wrap(hang, hang + "  ", text,
                  IsMarked(i) ? LineStyle::kMarked : LineStyle::kPlain);
      }
      return;
    }
    if (other.event != nullptr) {
      AddEvent(other, i, hang);
      return;
    }
    const KernelRead& read = *other.read;
    // A function that is handed the address of a local reads what was read.
    if (NumberOf(read) == 0 && !IsChange(read, i)) return;
    const DoubleFetch reread = InWords(other, i);
    std::string text = Concat({ReadName(read), ": "});
    if (read.role == KernelRead::Role::kCheck) {
      text += DescribeCheck(reread);
    } else if (read.role == KernelRead::Role::kAgain) {
      text += Concat({read.level == Level::kPte
                          ? std::string("helper")
                          : OffsetCall(policy_, Below(read.level)),
                      " reads ", DescribeReread(reread)});
    } else {
      text += DescribeReread(reread);
    }
    const bool marked = broken_by_ == &other;
    std::string first = hang;
    if (marked) first.replace(0, 2, ">>");
    out_.Wrap(first, hang + "  ", text,
              marked ? LineStyle::kMarked : LineStyle::kPlain);
    if (!marked) return;
    out_.Wrap(">>   ", ">>   ",
              read.role == KernelRead::Role::kCheck
                  ? DescribeVoidCheck(reread)
                  : DescribeRereadRule(reread),
              LineStyle::kMarked);
  }

  void AddEvent(const Between& other, size_t i, const std::string& hang) {
    const KernelEvent& event = *other.event;
    const auto count =
        static_cast<size_t>(std::min<uint64_t>(event.count, Case::kMaxPages));
    switch (event.kind) {
      case KernelEvent::Kind::kChange:
        AddChange(race_->race().Tell(other.version), out_);
        return;
      case KernelEvent::Kind::kGrab:
        out_.Wrap(hang, hang + "  ",
                  Concat({"grabs ", PageNumbers(other.held, count), ": ",
                          count == 1 ? "frame " : "frames from ",
                          Hex(FirstFrame(turns_[i])), count == 1 ? "" : " on",
                          ", in version ", std::to_string(other.version)}));
        return;
      case KernelEvent::Kind::kPut:
        out_.Wrap(
            hang, hang + "  ",
            Concat(
                {"gives ",
                 PageNumbers(other.held - std::min(other.held, count), count),
                 " back", i + 1 == turns_.size() ? "; stops here" : ""}));
        return;
    }
  }

  // The rule that turn `i` broke, and why.
  std::string BrokenRule(size_t i) const {
    const KernelRead& read = *turns_[i].read;
    if (!StackEscapeAt(read)) {
      return "RULE BROKEN: a walk reads page tables and its own copies alone. "
             "No table is where this pointer leads; a kernel faults here, or "
             "reads whatever it finds.";
    }
    const Geometry& geometry = replay_.geometry();
    const Level parent = CopyOf(read);
    StackEscape left{.arch = A::kId,
                     .policy = policy_,
                     .level = read.level,
                     .copy = parent,
                     .is_folded = !geometry.real(parent),
                     .begins = turns_[i].begins};
    if (const ReadTurn* above = ParentOf(i);
        !left.begins && above != nullptr &&
        policy_.boundary == BoundaryRule::kStatic) {
      const Request& asked = replay_.request();
      left.from = AddressOf(*above);
      left.span = geometry.span(EntryLevel(geometry, parent));
      const uint64_t next =
          WrappingAdd(left.from | (geometry.span(parent) - 1), 1);
      const uint64_t end = replay_.AddressOf(asked.pages);
      left.loop_end = next - 1 < end - 1 ? next : end;
    }
    return DescribeStackEscape(left);
  }

  // The turn of the level above in whose loop turn `i` is.
  const ReadTurn* ParentOf(size_t i) const {
    const Level level = turns_[i].read->level;
    for (size_t j = i; j > 0; --j) {
      if (turns_[j - 1].read->level > level) return &turns_[j - 1];
    }
    return nullptr;
  }

  std::string Effect() const {
    if (hit_bug()) {
      return Concat(
          {"HERE IT ENDS: the kernel code takes this entry for one "
           "that cannot be, and hits the BUG() of ",
           answer_.bug, "."});
    }
    if (changing()) {
      return race_->race().FirstDifference(told_.outcome,
                                           told_.first_difference);
    }
    std::string text = DescribeFirstDifference(
        told_.outcome, told_.first_difference, pages_, replay_.reference());
    if (!broken_.has_value() && !text.empty()) {
      text +=
          " All reads were in order: the kernel code takes this entry for "
          "something else than the reference does.";
    }
    return text;
  }

  // Where it came to its end, if it did not return.
  void AddEnd() {
    if (!faulted() && !hit_bug()) return;
    std::string text(hit_bug() ? "It stops" : "It faults");
    const KernelRead& last = answer_.reads.back();
    text += Concat({"; its last read is that of ", Name(last.level), " by ",
                    SourceLine(last), "."});
    out_.Wrap(">> ", ">> ", text, LineStyle::kMarked);
  }

  void AddReferences() {
    for (const ToldReference& reference : race_->References()) {
      AddTitle(reference.title, out_);
      for (const std::string& step : reference.steps) {
        out_.Wrap("   ", "       ", step);
      }
      out_.Wrap("   ", "   ", reference.result);
    }
  }

  // The reference walks the model's words.
  void AddWordNote() {
    for (const KernelRead& read : answer_.reads) {
      if (!read.physical.has_value() || !read.value.has_value()) continue;
      const uint64_t* found = replay_.arena().Find(*read.physical);
      if (found == nullptr) continue;
      const uint64_t word =
          changing()
              ? replay_.WordIn(seen_[PositionOf(read)].version, *read.physical)
              : *found;
      if (word == *read.value) continue;
      out_.Blank();
      out_.Wrap("   ", "   ",
                Concat({"Here entries are as the model writes them. The tree "
                        "writes ",
                        Hex(*read.value), " for ", Hex(word),
                        ": it sets bits that do not matter to walks, such as "
                        "no-execute."}));
      return;
    }
  }

  const KernelCode& text_;
  const Case& case_;
  const size_t request_;
  const KernelAnswer& answer_;
  const Rule rule_;
  const Policy policy_;
  // Its walk is not told; its tables and its reference are.
  Replay<A> replay_;
  TextLines& out_;
  // Where tables change, of each read: its number, or 0; and the version of the
  // tables then.
  struct Seen {
    size_t number = 0;
    size_t version = 0;
  };
  std::vector<Seen> seen_;
  // What happened before the first turn.
  std::vector<Between> before_;
  std::vector<ReadTurn> turns_;
  // The pages that were returned, or had been taken when it ended.
  std::vector<uint64_t> pages_;
  Told told_;
  std::optional<RaceFacts<A>> race_;
  // Positions of marked turns: the first that read what it must not, and the
  // one by which the pages came to differ.
  std::optional<size_t> broken_;
  // Where tables change: what broke it, unless that is the turn's own read.
  const Between* broken_by_ = nullptr;
  std::optional<size_t> effect_;
};

// What the model says of a request before any walk.
Inconclusive WhyInconclusive(const Case& c, size_t request) {
  Oracle oracle;
  const Verdict& verdict = oracle.Judge(c, WalkSet(), Excuses::kNone);
  if (verdict.inconclusive != Inconclusive::kNo) return verdict.inconclusive;
  if (request >= verdict.requests.size()) return Inconclusive::kEmptyCase;
  return verdict.requests[request].inconclusive;
}

void AddReport(const KernelCode& text, const Case& c, size_t request,
               const KernelAnswer& answer, TextLines& out) {
  const Inconclusive reason = WhyInconclusive(c, request);
  if (reason == Inconclusive::kNo) {
    VisitArch(c.mode.arch, [&]<class A>() {
      KernelReportText<A>(text, c, request, answer, out).Add();
    });
    return;
  }
  if (RuleFromName(RuleOf(text, answer.finding)) != Rule::kPermitted) {
    AddInconclusive(c, reason, request, out);
    return;
  }
  out.Wrap(
      "", "",
      Concat({"On ", Name(c.mode.arch), " with ", std::to_string(c.mode.levels),
              " levels, ", text.name, " (Linux ", text.version, ", slice ",
              text.slice, ") takes a request that it has to refuse: ",
              Describe(reason), "."}),
      LineStyle::kTitle);
  out.Blank();
  out.Wrap("- ", "  ", std::string(Explain(Rule::kPermitted)));
  AddCase(c, request, /*went_wrong=*/true, out);
}

}  // namespace

std::string KernelReport(const KernelCode& text, const Case& c, size_t request,
                         const KernelAnswer& answer,
                         const ReportOptions& options) {
  TextLines out(options.color, options.columns);
  AddReport(text, c, request, answer, out);
  if (!answer.finding.empty()) {
    out.Blank();
    out.Line(Concat({"DEDUP_TOKEN: ", answer.finding}));
  }
  AddCommands(options, out);
  return out.text();
}

namespace {

KernelRead ReadOf(const Event& event) {
  KernelRead read{.role = static_cast<KernelRead::Role>(event.kind),
                  .level = event.level,
                  .file = event.file,
                  .line = event.line,
                  .place = static_cast<KernelRead::Place>(event.place.kind),
                  .above_copy = event.place.distance,
                  .value = event.value,
                  .kind = event.meaning};
  if (event.place.kind == Place::Kind::kTable) {
    read.physical = event.place.physical;
  } else if (event.place.kind == Place::Kind::kNowhere) {
    read.nowhere = event.place.physical;
  }
  return read;
}

KernelAnswer::End EndOf(const Answer& answer) {
  switch (answer.run.end) {
    case RunEnd::kReturned:
      return answer.inconclusive && answer.finding.empty()
                 ? KernelAnswer::End::kMalformed
                 : KernelAnswer::End::kReturned;
    case RunEnd::kRefused:
      return KernelAnswer::End::kRefused;
    case RunEnd::kBug:
      return KernelAnswer::End::kBug;
    case RunEnd::kEndless:
      return KernelAnswer::End::kEndless;
    case RunEnd::kOverflow:
      return KernelAnswer::End::kOverflow;
    case RunEnd::kFault:
    case RunEnd::kSanitizer:
    case RunEnd::kDied:
      break;
  }
  return KernelAnswer::End::kFault;
}

// What this report is made of.
KernelAnswer InOldWords(const Case& c, const Answer& answer) {
  const Recording& run = answer.run;
  KernelAnswer old{.end = EndOf(answer),
                   .bug = run.bug,
                   .pin = run.pin,
                   .refused = run.refused,
                   .held = run.held,
                   .finding = answer.finding,
                   .known = answer.known};
  if (run.end == RunEnd::kReturned) {
    for (const ReturnedPage& page : run.pages) {
      old.pages.push_back(page.physical);
    }
  }
  for (const Event& event : run.events) {
    if (event.is_read()) {
      old.reads.push_back(ReadOf(event));
    } else if (!c.concurrent.empty()) {
      old.events.push_back({.kind = event.kind == Event::Kind::kGrab
                                        ? KernelEvent::Kind::kGrab
                                    : event.kind == Event::Kind::kPut
                                        ? KernelEvent::Kind::kPut
                                        : KernelEvent::Kind::kChange,
                            .reads = old.reads.size(),
                            .count = event.count});
    }
  }
  if (answer.finding.empty() || c.concurrent.empty()) return old;
  old.race = {.page = answer.page, .known = answer.cause};
  for (size_t i = 0; i < kOutcomeCount; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    if (answer.finding.find(Concat({".", Name(outcome), "."})) !=
        answer.finding.npos) {
      old.race->outcome = outcome;
    }
  }
  if (run.end != RunEnd::kReturned) old.race->outcome = Outcome::kFault;
  return old;
}

}  // namespace

std::string KernelReport(const KernelCode& text, const Case& c, size_t request,
                         const Answer& answer, const ReportOptions& options) {
  return KernelReport(text, c, request, InOldWords(c, answer), options);
}

}  // namespace pxdfuzz
