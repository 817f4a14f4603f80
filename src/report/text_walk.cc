// SPDX-License-Identifier: MIT

#include "pxdfuzz/report/text_walk.h"

#include <algorithm>

#include "pxdfuzz/base/wrapping.h"

namespace pxdfuzz {

std::string OffsetCall(Policy policy, Level level) {
  if (level == Level::kPgd) return "pgd_offset(mm, addr)";
  const std::string parent(Name(Above(level)));
  // gup maps page tables by value in all of its versions.
  const std::string name = level == Level::kPte
                               ? "pte_offset_map"
                               : Concat({Name(level), "_offset"});
  switch (policy.descent) {
    case Descent::kByPointer:
      return Concat({name, "(", parent, "p, addr)"});
    case Descent::kLockless:
      if (level != Level::kPte) {
        return Concat({name, "_lockless(", parent, "p, ", parent, ", addr)"});
      }
      [[fallthrough]];
    case Descent::kByValue:
      return Concat({name, "(&", parent, ", addr)"});
  }
  return "";
}

std::string BoundaryCall(Policy policy, Level level) {
  const bool folded =
      policy.boundary == BoundaryRule::kFoldedAware && level >= Level::kP4d;
  return Concat({Name(level), folded ? "_addr_end_folded()" : "_addr_end()"});
}

std::string DescribeStackWord(const StackWord& word, Level level) {
  switch (word.content) {
    case StackContent::kZero:
      return "a word of zeros";
    case StackContent::kCopy:
      return Concat({"an older copy of the same ", Name(level)});
    case StackContent::kNext:
      return Concat({"an older copy of the entry behind that ", Name(level)});
    case StackContent::kWord:
      return "a stray word";
  }
  return "";
}

std::string DescribeStackPlace(int64_t distance, Level level) {
  const bool below = distance < 0;
  const auto words = static_cast<uint64_t>(below ? -distance : distance);
  return Concat({"the stack, ", Plural(words, "word"),
                 below ? " below" : " above", " the local copy of ",
                 Name(level)});
}

std::string DescribeReread(const DoubleFetch& reread) {
  return Concat(
      {"*", Name(reread.level), "p again",
       reread.word.has_value()
           ? Concat({" = ", Hex(*reread.word), ": ", reread.now, "; it was ",
                     reread.before, " when it was tested"})
           : std::string(": the same")});
}

std::string DescribeBecame(const DoubleFetch& reread) {
  return Concat({"*", Name(reread.level), "p was ", reread.before,
                 " when it was tested (read ", std::to_string(reread.read),
                 "), and ", reread.change, " has made it ", reread.now});
}

std::string DescribeRereadRule(const DoubleFetch& reread) {
  return Concat(
      {"RULE BROKEN: without a lock, the entry that was tested is the one to "
       "go by. ",
       OffsetCall(reread.policy, Below(reread.level)), " reads *",
       Name(reread.level), "p for itself. ", DescribeBecame(reread),
       ". The function follows that as if it led to a table."});
}

std::string DescribeCheck(const DoubleFetch& reread) {
  std::string text = Concat({"recheck: *", Name(reread.level), "p"});
  text += reread.word.has_value()
              ? Concat({" = ", Hex(*reread.word), ": ", reread.now, "; it was ",
                        reread.before})
              : std::string(" is the same");
  if (!reread.copy.has_value()) return text;
  text += Concat({": it is the local copy of ", Name(*reread.copy),
                  ", compared with itself"});
  if (!reread.in_table.empty()) {
    text += Concat({"; in the table it is ", reread.in_table, " now"});
  }
  return text;
}

std::string DescribeVoidCheck(const DoubleFetch& reread) {
  return Concat(
      {"RULE BROKEN: the recheck looks whether the entry in the table is "
       "still the one that the page came from. ",
       Name(reread.level), "p does not point into a table: ",
       reread.handed.empty()
           ? Concat({OffsetCall(reread.policy, reread.level),
                     " handed back the address of ",
                     Name(reread.copy.value_or(reread.level))})
           : reread.handed,
       ", a local variable. The check compares that with itself, and "
       "passes whatever happens. The entry itself, ",
       reread.origin, ", was ", reread.before, " and is ", reread.in_table,
       " since ", reread.change, "."});
}

std::string DescribeStackEscape(const StackEscape& left) {
  // There is none above pgd, which an answer may claim all the same.
  const Level parent =
      left.level == Level::kPgd ? Level::kPgd : Above(left.level);
  const std::string copy(Name(left.copy));
  std::string text =
      "RULE BROKEN: a walk reads page tables and its own copies alone. ";
  if (!left.is_folded) {
    text += Concat({"The pointer was made from the local variable ", copy,
                    ", and leads to another word of the stack. "});
  } else {
    text += Concat(
        {Name(parent), " is folded: ", OffsetCall(left.policy, left.level)});
    text += left.begins ? Concat({" made its result from the address of ", copy,
                                  ", a local variable, and it leads to ",
                                  left.is_back ? "that same word by luck alone"
                                               : "another word of the stack",
                                  ". "})
                        : Concat({" handed back the address of ", copy,
                                  ", a local variable that holds one entry. "});
  }
  if (left.loop_end.has_value()) {
    const uint64_t end = WrappingAdd(left.from | (left.span - 1), 1);
    text += Concat({BoundaryCall(left.policy, parent), " let the ",
                    Name(left.level), " loop run to ", Hex(*left.loop_end),
                    ", but that entry spans ", ByteSize(left.span),
                    " and ends at ", Hex(end), ". The loop went on, and ",
                    Name(left.level), "p++ walked off the variable. "});
  }
  if (left.arch == ArchId::kArm64Page16K) {
    text +=
        "A pointer into a table was wanted, to be aligned to the start of "
        "its page. This is the bug that 36639013b346 (\"arm64: mm: Fix "
        "lockless walks with static and dynamic page-table folding\") "
        "repaired.";
  } else if (left.policy == kStaticByValue) {
    text +=
        "This is the bug that d3f7b1bb2040 (\"mm/gup: fix gup_fast with "
        "dynamic page table folding\") repaired.";
  }
  return text;
}

namespace {

// `text` in lines of `width` columns at most, all but the first of a text
// indented by `hang`. A word that is too long is cut.
void WrapInto(std::string_view text, size_t width, size_t indent, size_t hang,
              std::vector<std::string>& lines) {
  std::string line(indent, ' ');
  bool has_word = false;
  while (!text.empty()) {
    const size_t end = text.find(' ');
    std::string_view word = text.substr(0, end);
    text = end == text.npos ? "" : text.substr(end + 1);
    if (has_word && line.size() + 1 + word.size() > width) {
      lines.push_back(std::move(line));
      line = std::string(indent + hang, ' ');
      has_word = false;
    }
    if (has_word) line += ' ';
    while (line.size() + word.size() > width && line.size() < width) {
      const size_t fits = width - line.size();
      line += word.substr(0, fits);
      word.remove_prefix(fits);
      lines.push_back(std::move(line));
      line = std::string(indent + hang, ' ');
    }
    line += word;
    has_word = true;
  }
  lines.push_back(std::move(line));
}

}  // namespace

void AddTurns(const std::vector<ToldTurn>& turns, std::string_view walk,
              std::string_view reference, TextLines& out) {
  constexpr std::string_view kMargin = "   ";
  constexpr std::string_view kBetween = " | ";
  const size_t room =
      std::max<size_t>(out.columns(), 60) - kMargin.size() - kBetween.size();
  const size_t left_width = room * 5 / 8;
  const size_t right_width = room - left_width;
  const auto add = [&](const std::vector<std::string>& left,
                       const std::vector<std::string>& right, bool marked) {
    for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
      std::string line(marked && i == 0 ? ">> " : kMargin);
      if (i < left.size()) line += left[i];
      line.resize(kMargin.size() + left_width, ' ');
      line += kBetween;
      if (i < right.size()) line += right[i];
      line.resize(line.find_last_not_of(' ') + 1);
      out.Line(line, marked ? LineStyle::kMarked : LineStyle::kPlain);
    }
  };
  add({std::string(walk)}, {std::string(reference)}, false);
  add({std::string(left_width, '-')}, {std::string(right_width, '-')}, false);
  for (const ToldTurn& turn : turns) {
    if (turn.skips) {
      add({"..."}, {"..."}, false);
      continue;
    }
    if (turn.change.has_value()) {
      AddChange(*turn.change, out);
      continue;
    }
    const auto indent =
        static_cast<size_t>(Ordinal(Level::kPgd) - Ordinal(turn.level));
    std::vector<std::string> left;
    std::vector<std::string> right;
    const auto add_left = [&](const std::string& text, size_t by, size_t hang) {
      if (!text.empty()) WrapInto(text, left_width, indent + by, hang, left);
    };
    add_left(turn.part, 0, 2);
    add_left(turn.pointer, 2, 2);
    add_left(turn.reread, 2, 2);
    add_left(turn.place.empty() ? "" : Concat({"-> ", turn.place}), 4, 3);
    add_left(turn.read, 2, 2);
    add_left(turn.next, 2, 2);
    for (const std::string& line : turn.after) add_left(line, 2, 2);
    for (const std::string& line : turn.reference) {
      WrapInto(line, right_width, 0, 2, right);
    }
    add(left, right, turn.marked);
    for (const std::string* text : {&turn.rule, &turn.effect}) {
      if (text->empty()) continue;
      out.Wrap(">>   ", ">>   ", *text, LineStyle::kMarked);
    }
  }
}

std::string DescribeFirstDifference(Outcome outcome, size_t page,
                                    std::span<const uint64_t> found,
                                    std::span<const uint64_t> expected) {
  const std::string number = std::to_string(page);
  const std::string wanted =
      page < expected.size()
          ? Concat({"the reference has ", Hex(expected[page])})
          : "the reference stops there";
  switch (outcome) {
    case Outcome::kStale:
    case Outcome::kWrongPage:
    case Outcome::kLong:
      return Concat({"FIRST DIFFERENCE: page ", number, " becomes ",
                     page < found.size()
                         ? Hex(found[page])
                         : std::string("one more than was asked for"),
                     "; ", wanted, "."});
    case Outcome::kShort:
      return Concat({"FIRST DIFFERENCE: the walk ends without page ", number,
                     "; ", wanted, "."});
    case Outcome::kFault:
      return Concat(
          {"FIRST DIFFERENCE: a fault at page ", number, "; ", wanted, "."});
    case Outcome::kAgrees:
    case Outcome::kStrayRead:
      break;
  }
  return "";
}

}  // namespace pxdfuzz
