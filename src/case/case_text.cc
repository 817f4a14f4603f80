// SPDX-License-Identifier: MIT

#include "pxdfuzz/case/case_text.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/entry_kind.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode_info.h"

namespace pxdfuzz {
namespace {

// Puts `comment` behind `line`, or below it if both do not fit.
void AddCommented(const std::string& line, const std::string& comment,
                  TextLines& out) {
  if (comment.empty()) {
    out.Line(line);
  } else if (line.size() + 4 + comment.size() <= out.columns()) {
    out.Line(Concat({line, "  # ", comment}));
  } else {
    out.Line(line);
    out.Wrap("  # ", "  # ", comment);
  }
}

struct Item {
  std::string_view key;
  std::string value;
};

// "- map: {pte: 0x1000, count: 1}": one mapping in braces, with line breaks
// between items if it is too long for a line.
void AddMapping(std::string_view first, const std::vector<Item>& items,
                const std::string& comment, TextLines& out) {
  const std::string rest(first.size() + 1, ' ');
  std::string line = Concat({first, "{"});
  bool has_item = false;
  for (size_t i = 0; i < items.size(); ++i) {
    const bool last = i + 1 == items.size();
    const std::string item =
        Concat({items[i].key, ": ", items[i].value, last ? "}" : ","});
    if (has_item && line.size() + 1 + item.size() > out.columns()) {
      out.Line(line);
      line = rest;
      has_item = false;
    }
    if (has_item) line += ' ';
    line += item;
    has_item = true;
  }
  AddCommented(line, comment, out);
}

// "tables: region-third, segment, page; folded: pgd, p4d".
std::string DescribePagingMode(const PagingModeInfo& info) {
  if (!info.built) return "not built";
  std::string real;
  std::string folded;
  for (Level level = Level::kPgd;; level = Below(level)) {
    std::string& list = info.geometry.real(level) ? real : folded;
    std::string_view name = Name(level);
    if (info.geometry.real(level)) {
      constexpr std::string_view kSuffix = " table";
      name = info.table_name[Ordinal(level)];
      if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
    }
    if (!list.empty()) list += ", ";
    list += name;
    if (level == Level::kPte) break;
  }
  if (folded.empty()) folded = "none";
  return Concat({"tables: ", real, "; folded: ", folded});
}

// "to 0x10080001000, across the pud boundary 0x10080000000".
std::string DescribeRequest(const Request& request,
                            const PagingModeInfo& info) {
  if (!info.built) return "";
  const Geometry& geometry = info.geometry;
  const uint64_t end =
      WrappingAdd(request.start, request.pages * geometry.page_size());
  if (end <= request.start) return "refused: start and length overflow";
  if (end > info.limit) {
    return Concat(
        {"refused: to ", Hex(end), ", beyond the limit ", Hex(info.limit)});
  }
  for (Level level = Level::kPgd; level > Level::kPte; level = Below(level)) {
    if (geometry.shift(level) == geometry.shift(Below(level))) continue;
    const uint64_t last_before = request.start | (geometry.span(level) - 1);
    if (last_before < end - 1) {
      return Concat({"to ", Hex(end), ", across the ", Name(level),
                     " boundary ", Hex(last_before + 1)});
    }
  }
  return Concat({"to ", Hex(end)});
}

std::string DescribeAround(StackContent around) {
  switch (around) {
    case StackContent::kZero:
      return "words near a local copy of an entry: 0";
    case StackContent::kCopy:
      return "words near a local copy of an entry: older copies of it";
    case StackContent::kNext:
      return "words near a local copy: the entry behind it in its table";
    case StackContent::kWord:
      return "";
  }
  return "";
}

std::string DescribePoke(const TableOp& poke, PagingMode mode) {
  std::string text;
  VisitArch(mode.arch, [&]<class A>() {
    const EntryKind kind = A::Entries::Classify(poke.level, poke.word);
    text = kind.tag == EntryKind::Tag::kLeaf
               ? Concat({"leaf, ", Describe(kind.state)})
               : std::string(Name(kind.tag));
  });
  return text;
}

void AddSetupOp(const TableOp& op, PagingMode mode, TextLines& out) {
  std::vector<Item> items;
  if (HasAddress(op.kind)) items.push_back({Name(op.level), Hex(op.address)});
  if (HasCount(op.kind)) items.push_back({"count", std::to_string(op.count)});
  if (HasFrame(op.kind)) {
    items.push_back({FrameKey(op.kind), Hex(op.frame)});
  }
  if (HasState(op.kind)) items.push_back({"state", Describe(op.state)});
  if (IsPoke(op.kind)) items.push_back({"word", Hex(op.word)});
  AddMapping(
      Concat({"- ", Name(op.kind), ": "}), items,
      op.kind == TableOp::Kind::kPoke ? DescribePoke(op, mode) : std::string(),
      out);
}

// An operation, in the parts between which its line may be broken.
std::vector<std::string> PartsOf(const TableOp& op) {
  const std::string_view kind = Name(op.kind);
  if (!HasAddress(op.kind)) return {std::string(kind)};
  const std::string count =
      op.count == 1 ? "" : Concat({std::to_string(op.count), " "});
  std::vector<std::string> parts = {
      Concat({kind, " ", count, Name(op.level), " of ", Hex(op.address)})};
  if (HasState(op.kind)) {
    parts.push_back(Concat({"to ", Hex(op.frame), ","}));
    parts.push_back(Describe(op.state));
  }
  return parts;
}

// What the name of a concurrent operation's kind does not explain.
std::string_view CommentOn(TableOp::Kind kind) {
  switch (kind) {
    case TableOp::Kind::kDetach:
      return "the page table keeps what it holds";
    case TableOp::Kind::kSplit:
      return "a table of its pages takes its place";
    case TableOp::Kind::kInvalidate:
      return "the first step of a split or of migration";
    case TableOp::Kind::kMigrate:
      return "its pages are moving to another place";
    case TableOp::Kind::kWriteProtect:
      return "as fork does";
    case TableOp::Kind::kRefill:
      return "the page table that was detached last";
    case TableOp::Kind::kUpgrade:
      return "one more root table, on top";
    case TableOp::Kind::kUnshare:
      return "another process goes on with the table";
    default:
      return "";
  }
}

void AddConcurrentOp(const ConcurrentOp& op, TextLines& out) {
  std::string line = Concat({"- ", DescribeMoment(op), ":"});
  for (const std::string& part : PartsOf(op)) {
    if (line.size() + 1 + part.size() > out.columns()) {
      out.Line(line);
      line = "   ";
    }
    line += Concat({" ", part});
  }
  AddCommented(line, std::string(CommentOn(op.kind)), out);
}

std::string KeyWord(uint8_t key) { return "key-" + std::to_string(key); }

}  // namespace

std::string_view FrameKey(TableOp::Kind kind) {
  return kind == TableOp::Kind::kSwap ? "place" : "frame";
}

std::string Describe(const LeafState& state) {
  std::string text;
  switch (state.permission) {
    case Permission::kNone:
      text = "none";
      break;
    case Permission::kRead:
      text = "ro";
      break;
    case Permission::kReadWrite:
      text = "rw";
      break;
  }
  text += state.young ? " young" : " old";
  text += state.dirty ? " dirty" : " clean";
  if (state.special) text += " special";
  if (state.invalid) text += " invalid";
  for (const LeafAttribute& attribute : kLeafAttributes) {
    if (state.*attribute.member) text += Concat({" ", attribute.name});
  }
  if (state.key != 0) text += ' ' + KeyWord(state.key);
  return text;
}

bool TakeAttribute(std::string_view word, LeafState& state) {
  for (const LeafAttribute& attribute : kLeafAttributes) {
    if (word != attribute.name || state.*attribute.member) continue;
    state.*attribute.member = true;
    return true;
  }
  if (state.key != 0) return false;
  for (uint8_t key = 1; key < 16; ++key) {
    if (word == KeyWord(key)) state.key = key;
  }
  return state.key != 0;
}

std::string Describe(const TableOp& op) {
  std::string text;
  for (const std::string& part : PartsOf(op)) {
    if (!text.empty()) text += ' ';
    text += part;
  }
  return text;
}

std::string DescribeMoment(const ConcurrentOp& op) {
  const std::string number = std::to_string(op.number);
  switch (op.moment) {
    case Moment::kRead:
      return Concat({"before read ", number});
    case Moment::kGrab:
      return Concat({"before grab of page ", number});
    default:
      return Concat({"after read ", number, " of ", Name(LevelOf(op.moment))});
  }
}

std::string ToText(const Case& c, size_t columns) {
  TextLines out(/*color=*/false, columns);
  out.Line("# pxdfuzz case");
  out.Line(Concat({"version: ", std::to_string(kFormatVersion)}));
  if (c.empty()) {
    out.Line("requests: []  # the empty case: its bytes mean nothing");
    return out.text();
  }
  const PagingModeInfo& info = InfoOf(c.mode);
  AddCommented(Concat({"space: ", Name(c.mode)}), DescribePagingMode(info),
               out);
  out.Line("requests:");
  for (const Request& request : c.requests) {
    std::vector<Item> items = {{"start", Hex(request.start)},
                               {"pages", std::to_string(request.pages)},
                               {"access", request.write ? "write" : "read"}};
    if (request.references != References::kEach) {
      items.push_back({"references", std::string(Name(request.references))});
    }
    if (request.longterm) items.push_back({"longterm", "true"});
    if (request.refused.has_value()) {
      items.push_back({"refused", std::to_string(*request.refused)});
    }
    if (request.inaccessible.has_value()) {
      items.push_back({"inaccessible", std::to_string(*request.inaccessible)});
    }
    AddMapping("- ", items, DescribeRequest(request, info), out);
  }
  out.Line("stack:");
  out.Line(Concat({"  position: ", std::to_string(c.stack.position),
                   "  # the word of its page where a local copy is"}));
  AddCommented(Concat({"  around: ", Name(c.stack.around)}),
               DescribeAround(c.stack.around), out);
  if (!c.stack.words.empty()) {
    out.Line(
        "  words:  # distance from a local copy: above it, or below if < 0");
    for (const StackWord& word : c.stack.words) {
      AddMapping("  - ",
                 {{"distance", std::to_string(word.distance)},
                  {"holds", word.content == StackContent::kWord
                                ? Hex(word.word)
                                : std::string(Name(word.content))}},
                 "", out);
    }
  }
  if (c.pkru != 0) {
    out.Line(Concat({"pkru: ", Hex(c.pkru), "  # rights for keys 0 to 7"}));
  }
  if (!c.pages.empty()) {
    out.Line("pages:  # what is behind frames: anonymous, where no line says");
    for (const PageRange& pages : c.pages) {
      AddMapping("- ",
                 {{"kind", std::string(Name(pages.kind))},
                  {"frame", Hex(pages.frame)},
                  {"count", std::to_string(pages.count)},
                  {"size", std::string(Name(pages.level))}},
                 "", out);
    }
  }
  if (c.setup.empty()) {
    out.Line("tables: []");
  } else {
    out.Line("tables:  # each line changes what those above it made");
    for (const TableOp& op : c.setup) AddSetupOp(op, c.mode, out);
  }
  if (!c.concurrent.empty()) {
    out.Line("changes:  # operations of another processor, in this order");
    for (const ConcurrentOp& op : c.concurrent) AddConcurrentOp(op, out);
  }
  return out.text();
}

}  // namespace pxdfuzz
