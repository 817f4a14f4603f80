// SPDX-License-Identifier: MIT

// pxdfuzz new.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/case/case.h"
#include "pxdfuzz/case/case_text.h"
#include "pxdfuzz/memory/stack.h"
#include "pxdfuzz/paging/geometry.h"
#include "pxdfuzz/paging/leaf.h"
#include "pxdfuzz/paging/level.h"
#include "pxdfuzz/paging/paging_mode.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "src/cli/commands.h"

namespace pxdfuzz {
namespace {

// What the user asks for.
struct Wish {
  PagingMode mode;
  Level crossed = Level::kPud;
  uint16_t pages = 2;
  bool write = false;
  Level leaf = Level::kPte;
  LeafState state;
  StackContent around = StackContent::kCopy;
};

absl::Status Wrong(std::string_view flag, std::string_view value,
                   std::string_view what) {
  return absl::InvalidArgumentError(
      Concat({"new: ", flag, "=", value, ": ", what}));
}

// "2G", the largest unit first.
std::string Size(uint64_t bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  size_t unit = 0;
  bytes /= 1024;
  while (unit + 1 < kUnits.size() && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + kUnits[unit];
}

// The value of "2G", or nothing. Bytes if there is no suffix.
std::optional<uint64_t> ReadSize(std::string_view text) {
  constexpr std::string_view kUnits = "KMGTPE";
  int shift = 0;
  if (!text.empty()) {
    const size_t unit = kUnits.find(
        text.back() >= 'a' ? static_cast<char>(text.back() - 32) : text.back());
    if (unit != kUnits.npos) {
      shift = 10 * (static_cast<int>(unit) + 1);
      text.remove_suffix(1);
    }
  }
  uint64_t number = 0;
  const bool digits =
      !text.empty() && text.find_first_not_of("0123456789") == text.npos;
  if (!digits || !absl::SimpleAtoi(std::string(text), &number))
    return std::nullopt;
  if (number > ~uint64_t{0} >> shift) return std::nullopt;
  return number << shift;
}

absl::StatusOr<PagingMode> ReadPagingMode(const Arguments& arguments) {
  const std::string arch =
      arguments.Has("--arch") ? arguments.Value("--arch") : "s390";
  std::string levels = arguments.Value("--levels");
  std::vector<std::string> names;
  std::vector<std::string> numbers;
  for (const PagingMode& mode : kAllPagingModes) {
    if (!IsBuilt(mode)) continue;
    const std::string name(Name(mode.arch));
    if (names.empty() || names.back() != name) names.push_back(name);
    if (name == arch) numbers.push_back(std::to_string(mode.levels));
  }
  if (numbers.empty()) {
    return Wrong("--arch", arch, Concat({"there are ", Enumerate(names)}));
  }
  // A paging mode with folded levels that a process may have.
  if (levels.empty()) levels = arch == "s390" ? "3" : numbers.front();
  if (std::find(numbers.begin(), numbers.end(), levels) == numbers.end()) {
    return Wrong("--levels", levels,
                 Concat({arch, " has ", Enumerate(numbers)}));
  }
  return *PagingModeFromName(Concat({arch, "/", levels}));
}

absl::StatusOr<Level> ReadCrossed(const Arguments& arguments,
                                  const PagingModeInfo& info) {
  const Geometry& geometry = info.geometry;
  if (!arguments.Has("--cross")) return geometry.root();
  const std::string text = arguments.Value("--cross");
  const std::optional<uint64_t> size = ReadSize(text);
  std::vector<std::string> borders;
  for (Level level = Level::kPmd;; level = Above(level)) {
    if (geometry.real(level) && info.Boundaries(level) > 0) {
      if (size == geometry.span(level)) return level;
      borders.push_back(
          Concat({Size(geometry.span(level)), " (", Name(level), ")"}));
    }
    if (level == geometry.root()) break;
  }
  return Wrong(
      "--cross", text,
      Concat({Name(info.mode), " has borders at each ", Enumerate(borders)}));
}

absl::StatusOr<Level> ReadLeaf(const Arguments& arguments,
                               const PagingModeInfo& info, Level crossed) {
  if (!arguments.Has("--leaf")) return Level::kPte;
  const std::string text = arguments.Value("--leaf");
  std::vector<std::string> names;
  for (const Level level : kAllLevels) {
    if (!info.HasLeaf(level)) continue;
    if (Name(level) == text) {
      if (level <= crossed) return level;
      return Wrong(
          "--leaf", text,
          Concat({"one such entry spans ", Size(info.geometry.span(level)),
                  ", so both sides of a border of ",
                  Size(info.geometry.span(crossed))}));
    }
    names.emplace_back(Name(level));
  }
  return Wrong(
      "--leaf", text,
      Concat({"leaves of ", Name(info.mode), " are ", Enumerate(names)}));
}

absl::StatusOr<LeafState> ReadState(const Arguments& arguments,
                                    const PagingModeInfo& info, Level leaf) {
  LeafState state;
  if (!arguments.Has("--state")) return state;
  const std::string text = arguments.Value("--state");
  for (const auto& part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::string word(part);
    if (word == "rw") {
      state.permission = Permission::kReadWrite;
    } else if (word == "ro") {
      state.permission = Permission::kRead;
    } else if (word == "none") {
      state.permission = Permission::kNone;
    } else if (word == "young" || word == "old") {
      state.young = word == "young";
    } else if (word == "dirty" || word == "clean") {
      state.dirty = word == "dirty";
    } else if (word == "special") {
      state.special = true;
    } else if (!TakeAttribute(word, state)) {
      return Wrong("--state", text,
                   "rw, ro or none; young or old; dirty or clean; special; "
                   "such as \"rw young dirty\"");
    }
  }
  if (info.written(leaf, state) != state) {
    return Wrong("--state", text,
                 Concat({Name(leaf), " leaves of ", Name(info.mode), " are ",
                         Describe(info.written(leaf, state))}));
  }
  return state;
}

absl::StatusOr<Wish> ReadWish(const Arguments& arguments) {
  Wish wish;
  const absl::StatusOr<PagingMode> mode = ReadPagingMode(arguments);
  if (!mode.ok()) return mode.status();
  wish.mode = *mode;
  const PagingModeInfo& info = InfoOf(wish.mode);
  const absl::StatusOr<Level> crossed = ReadCrossed(arguments, info);
  if (!crossed.ok()) return crossed.status();
  wish.crossed = *crossed;
  if (const std::string text = arguments.Value("--pages"); !text.empty()) {
    int pages = 0;
    if (!absl::SimpleAtoi(text, &pages) || pages < 2 ||
        pages > Case::kMaxPages) {
      return Wrong("--pages", text,
                   Concat({"2 to ", std::to_string(Case::kMaxPages),
                           " pages lie on both sides of a border"}));
    }
    wish.pages = static_cast<uint16_t>(pages);
  }
  wish.write = arguments.Has("--write");
  const absl::StatusOr<Level> leaf = ReadLeaf(arguments, info, wish.crossed);
  if (!leaf.ok()) return leaf.status();
  wish.leaf = *leaf;
  const absl::StatusOr<LeafState> state = ReadState(arguments, info, wish.leaf);
  if (!state.ok()) return state.status();
  wish.state = *state;
  if (const std::string text = arguments.Value("--stack"); !text.empty()) {
    constexpr std::array kContents = {StackContent::kCopy, StackContent::kNext,
                                      StackContent::kZero};
    const auto content =
        std::find_if(kContents.begin(), kContents.end(),
                     [&](StackContent known) { return Name(known) == text; });
    if (content == kContents.end()) {
      return Wrong("--stack", text, "there are copy, next and zero");
    }
    wish.around = *content;
  }
  return wish;
}

// Half of the pages before the first boundary, and leaves for both halves.
Case Make(const Wish& wish) {
  const Geometry& geometry = InfoOf(wish.mode).geometry;
  const uint64_t border = geometry.span(wish.crossed);
  const uint64_t before = (wish.pages / 2) * geometry.page_size();
  const uint64_t behind = (wish.pages - wish.pages / 2) * geometry.page_size();
  const uint64_t span = geometry.span(wish.leaf);
  const uint64_t leaves_before = (before + span - 1) / span;
  const uint64_t leaves_behind = (behind + span - 1) / span;
  Case c;
  c.mode = wish.mode;
  c.stack.around = wish.around;
  c.requests.push_back(
      {.start = border - before, .pages = wish.pages, .write = wish.write});
  c.setup.push_back({.level = wish.leaf,
                     .address = border - leaves_before * span,
                     .count = static_cast<uint16_t>(leaves_before),
                     .frame = span,
                     .state = wish.state});
  c.setup.push_back({.level = wish.leaf,
                     .address = border,
                     .count = static_cast<uint16_t>(leaves_behind),
                     .frame = span * (1 + leaves_before),
                     .state = wish.state});
  Canonicalize(c);
  return c;
}

// The canonical text, with suggested changes before it.
std::string Text(const Wish& wish, const Case& c) {
  constexpr std::string_view kFirst = "# pxdfuzz case\n";
  const Geometry& geometry = InfoOf(wish.mode).geometry;
  const uint64_t border = geometry.span(wish.crossed);
  const TableOp& behind = c.setup[1];
  TextLines text(/*color=*/false);
  text.Wrap("# ", "# ",
            Concat({"A range across ", Hex(border), ", where the second ",
                    Name(wish.crossed), " entry begins, ", ByteSize(border),
                    " each. Leaves are mapped on both "
                    "sides."}));
  text.Line("#");
  text.Line(
      "# What if? Change a line, and look at it with `pxdfuzz explain FILE`:");
  text.Wrap("# - ", "#   ",
            "another access, more pages, another start: requests");
  text.Wrap("# - ", "#   ",
            "what a pointer meets that leaves a local copy: around: copy, next "
            "or zero");
  text.Wrap("# - ", "#   ",
            "another state or no page behind the border: the last line");
  text.Wrap("# - ", "#   ",
            Concat({"a page where a walk comes to that reads the entry before "
                    "the border once more; add to the tables:"}));
  const uint64_t decoy = behind.frame + behind.count * geometry.span(wish.leaf);
  text.Line(Concat({"#   - map: {pte: 0x0, count: 1, frame: ", Hex(decoy),
                    ", state: rw young dirty}"}));
  text.Wrap("# - ", "#   ",
            "what another processor does before the walk's eighth read; add at "
            "the end:");
  text.Line("#   changes:");
  text.Line(Concat(
      {"#   - before read 8: ", Describe(TableOp{.kind = TableOp::Kind::kClear,
                                                 .level = wish.leaf,
                                                 .address = border})}));
  return Concat({kFirst, "#\n", text.text(), "#\n",
                 std::string_view(ToText(c)).substr(kFirst.size())});
}

}  // namespace

int RunNew(const Arguments& arguments, Output& out) {
  const absl::StatusOr<Wish> wish = ReadWish(arguments);
  if (!wish.ok()) {
    PrintError(wish.status());
    return kUsage;
  }
  return WriteResult(Text(*wish, Make(*wish)), arguments, kNothingFound, out);
}

}  // namespace pxdfuzz
