// SPDX-License-Identifier: MIT

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/base/wrapping.h"
#include "pxdfuzz/memory/arena.h"
#include "pxdfuzz/memory/arena_memory.h"
#include "pxdfuzz/paging/paging_mode_info.h"
#include "pxdfuzz/reference/reference.h"
#include "pxdfuzz/reference/translate.h"
#include "pxdfuzz/tables/address_space.h"
#include "pxdfuzz/tables/populate.h"
#include "src/cli/export/drive_gup.h"
#include "src/cli/export/export.h"

namespace pxdfuzz {
namespace {

// Pages that one system call passes to gup_fast.
constexpr uint64_t kBatch = 16;

// What the program maps at one page.
struct Page {
  Permission permission = Permission::kReadWrite;
  bool is_of_case = true;

  friend bool operator==(const Page&, const Page&) = default;
};

// What the program does.
struct Plan {
  std::map<uint64_t, Page> pages;  // by address
  // Where gup_fast is called.
  uint64_t start = 0;
  uint64_t count = 0;
  // The boundary that is crossed, if any.
  std::optional<uint64_t> border;
  Level border_level = Level::kPte;
  // A page that gup_fast must refuse, if any.
  std::optional<uint64_t> refused;
  // Why gup_fast is not called, if so.
  std::string_view idle;
  std::string_view idle_reason;
  // What the program does not reproduce, one sentence each.
  std::vector<std::string> missing;
};

template <class A>
class Planner {
 public:
  // `exported` must outlive the object.
  explicit Planner(const Export& exported)
      : exported_(exported),
        case_(exported.c),
        request_(exported.c.requests[exported.request]),
        arena_(MakeArena<A>()),
        mm_(arena_, case_.mode.levels),
        memory_(arena_, mm_.geometry(), case_.stack) {
    Populate(case_, mm_);
    page_ = mm_.geometry().page_size();
  }

  Plan Make() {
    Miss(
        "Which physical pages lie behind the addresses: each page has one of "
        "its own.");
    Miss(
        "What is on the kernel's stack next to a local copy of an entry, which "
        "decides what a walk that leaves the copy gets.");
    for (const TableOp& op : case_.setup) AddSetupOp(op);
    if (!case_.concurrent.empty()) {
      Miss(
          "What another processor does to the tables while they are walked: no "
          "program can choose the read before which it happens, so nothing is "
          "driven.");
    }
    NoteRequests();
    NoteLevels();
    if (!exported_.is_conclusive()) {
      plan_.idle = "the request is inconclusive";
      plan_.idle_reason = Describe(exported_.answer.inconclusive);
    } else if (!case_.concurrent.empty()) {
      plan_.idle = "the tables change while they are walked";
      plan_.idle_reason = "no program can choose the read before which they do";
    } else {
      FindBorder();
      Drive();
    }
    GrowTables();
    return std::move(plan_);
  }

 private:
  void Miss(const std::string& what) {
    if (std::find(plan_.missing.begin(), plan_.missing.end(), what) ==
        plan_.missing.end()) {
      plan_.missing.push_back(what);
    }
  }

  // The leaf at an address after all operations of the set-up.
  std::optional<EntryKind> LeafAt(uint64_t address, Level level) const {
    const Translation t = Translate(
        typename A::Manual(mm_.geometry(), mm_.control()), memory_, address);
    if (!t.fetched || t.level != level) return std::nullopt;
    const EntryKind kind = A::Entries::Classify(t.level, t.entry);
    if (kind.tag != EntryKind::Tag::kLeaf) return std::nullopt;
    return kind;
  }

  void AddSetupOp(const TableOp& op) {
    switch (op.kind) {
      case TableOp::Kind::kClear:
        return;
      case TableOp::Kind::kSwap:
        Miss("Swap entries: their pages are left out.");
        return;
      case TableOp::Kind::kMigration:
      case TableOp::Kind::kHwPoison:
      case TableOp::Kind::kDevicePrivate:
        Miss(
            "Migration, hwpoison and device-private entries: their pages are "
            "left out.");
        return;
      case TableOp::Kind::kPoke:
      case TableOp::Kind::kPokeControl:
        Miss("Words that were written into tables as they are.");
        return;
      default:
        break;
    }
    if (op.level != Level::kPte) {
      Miss(Concat({"Large pages, such as the ",
                   ByteSize(mm_.geometry().span(op.level)), " at ",
                   Hex(op.address), " (", Name(op.level),
                   "): small ones stand in where gup_fast is driven."}));
      return;
    }
    for (uint64_t i = 0; i < op.count; ++i) {
      const uint64_t address = WrappingAdd(op.address, i * page_);
      const auto leaf = LeafAt(address, Level::kPte);
      if (!leaf.has_value()) continue;
      if (leaf->state.special) {
        Miss("Special pages, which no struct page stands for: left out.");
        continue;
      }
      if (leaf->state.kernel) {
        Miss("Pages that user mode may not use: left out.");
        continue;
      }
      if (!leaf->state.young || !leaf->state.dirty) {
        Miss("Pages that are old or clean: all were just written.");
      }
      plan_.pages[address] = {.permission = leaf->state.permission};
    }
  }

  void NoteRequests() {
    if (case_.requests.size() > 1) {
      Miss(Concat({"Requests other than number ",
                   std::to_string(exported_.request + 1), " of ",
                   std::to_string(case_.requests.size()), "."}));
    }
    if (request_.write) {
      Miss(
          "That the request is for writing: vmsplice() asks gup_fast for pages "
          "to read.");
    }
  }

  void NoteLevels() {
    if (case_.mode.arch != ArchId::kS390) {
      Miss(Concat({"The number of levels, ", std::to_string(case_.mode.levels),
                   " in the case: it is what the machine has."}));
    } else if (case_.mode.levels == 2) {
      Miss(
          "An address space of 2 levels, which 31-bit processes had up to "
          "Linux 5.6: this one has more.");
    }
  }

  // s390: an address space has 3 levels until something is mapped at or above
  // 4 TiB, and 4 until 8 PiB.
  void GrowTables() {
    if (case_.mode.arch != ArchId::kS390 || case_.mode.levels < 4) return;
    const uint64_t at = uint64_t{1} << (case_.mode.levels == 4 ? 42 : 53);
    if (plan_.pages.empty() || plan_.pages.rbegin()->first >= at) return;
    plan_.pages[at] = {.is_of_case = false};
  }

  // The first boundary of the highest level that the request crosses.
  void FindBorder() {
    const Geometry& geometry = mm_.geometry();
    const uint64_t last = request_.start + request_.pages * page_ - 1;
    for (Level level = Level::kPgd; level > Level::kPte; level = Below(level)) {
      if (geometry.shift(level) == geometry.shift(Below(level))) continue;
      const uint64_t before = request_.start | (geometry.span(level) - 1);
      if (before >= last) continue;
      plan_.border = before + 1;
      plan_.border_level = level;
      return;
    }
  }

  // Pages for which gup_fast can be called: readable pages of the case, pages
  // of the request that only large pages map, and pages that the case does not
  // mention.
  bool Drivable(uint64_t address, uint64_t returned_end) const {
    if (const auto found = plan_.pages.find(address);
        found != plan_.pages.end()) {
      return found->second.permission != Permission::kNone;
    }
    const bool in_request = address >= request_.start &&
                            address < request_.start + request_.pages * page_;
    if (in_request) return address < returned_end;
    const Translation t = Translate(
        typename A::Manual(mm_.geometry(), mm_.control()), memory_, address);
    if (!t.fetched) return true;
    const EntryKind kind = A::Entries::Classify(t.level, t.entry);
    switch (kind.tag) {
      case EntryKind::Tag::kSwap:
      case EntryKind::Tag::kMigration:
      case EntryKind::Tag::kHwPoison:
      case EntryKind::Tag::kDevicePrivate:
      case EntryKind::Tag::kMalformed:
        return false;
      case EntryKind::Tag::kLeaf:
        return kind.state.permission != Permission::kNone &&
               !kind.state.special && !kind.state.kernel;
      case EntryKind::Tag::kEmpty:
      case EntryKind::Tag::kTable:
        break;
    }
    return true;
  }

  void Drive() {
    std::vector<uint64_t> reference(request_.pages);
    reference.resize(ReferencePages<A>(
        typename A::Manual(mm_.geometry(), mm_.control()), memory_, page_,
        request_.start, request_.write, reference));
    const uint64_t returned_end = request_.start + reference.size() * page_;
    const uint64_t limit = InfoOf(case_.mode).limit;

    uint64_t from = request_.start;
    uint64_t to = returned_end;
    // A boundary that gup_fast should not reach is not used.
    if (plan_.border.has_value() && returned_end >= *plan_.border) {
      const uint64_t half = kBatch / 2 * page_;
      const uint64_t low = *plan_.border - std::min(*plan_.border, half);
      from = *plan_.border;
      while (from > low && from > page_ && Drivable(from - page_, returned_end))
        from -= page_;
      to = std::max(to, *plan_.border + half);
    } else {
      plan_.border.reset();
    }
    plan_.start = from;
    uint64_t end = from;
    while (end < to && end < limit && Drivable(end, returned_end)) {
      // Pages that the case does not map are neighbours.
      plan_.pages.try_emplace(end, Page{.is_of_case = false});
      end += page_;
    }
    plan_.count = (end - from) / page_;
    if (plan_.count == 0) {
      plan_.idle = "there is no page that gup_fast may return";
    }
    if (plan_.border.has_value() && end <= *plan_.border) plan_.border.reset();
    if (const auto found = plan_.pages.find(returned_end);
        reference.size() < request_.pages && found != plan_.pages.end() &&
        found->second.permission == Permission::kNone) {
      plan_.refused = returned_end;
    }
  }

  const Export& exported_;
  const Case& case_;
  const Request& request_;
  Arena arena_;
  AddressSpace<A> mm_;
  ArenaMemory memory_;
  uint64_t page_ = 0;
  Plan plan_;
};

std::string_view Protection(Permission permission) {
  constexpr std::array<std::string_view, 3> kNames = {"PROT_NONE", "PROT_READ",
                                                      "PROT_READ | PROT_WRITE"};
  return kNames[static_cast<size_t>(permission)];
}

// Adjacent pages of one kind, as rows of the program's table.
void AddAreas(const Plan& plan, uint64_t page_size, TextLines& out) {
  out.Line("static const struct area areas[] = {");
  for (auto it = plan.pages.begin(); it != plan.pages.end();) {
    const auto [address, page] = *it;
    uint64_t count = 0;
    while (it != plan.pages.end() && it->second == page &&
           it->first == address + count * page_size) {
      ++count;
      ++it;
    }
    out.Line(
        Concat({"    {", Hex(address), ", ", std::to_string(count), ", ",
                Protection(page.permission), ", ",
                page.is_of_case ? "\"the case\"" : "\"a neighbour\"", "},"}));
  }
  out.Line("    {0, 0, 0, NULL},");
  out.Line("};");
}

void AddConstants(const Export& exported, const Plan& plan, TextLines& out) {
  const PagingMode& mode = exported.c.mode;
  const uint64_t page_size = InfoOf(mode).geometry.page_size();
  constexpr std::string_view kMachines[] = {"s390x", "x86_64", "aarch64"};
  out.Line("// The machine that the case is of.");
  out.Line(Concat({"static const char case_space[] = \"", Name(mode), "\";"}));
  out.Line(Concat({"static const char case_machine[] = \"",
                   kMachines[static_cast<size_t>(mode.arch)], "\";"}));
  out.Line(Concat(
      {"static const size_t page_size = ", std::to_string(page_size), ";"}));
  out.Blank();
  out.Line("// What is mapped.");
  AddAreas(plan, page_size, out);
  out.Blank();
  out.Line("// Where gup_fast is driven, in batches of 16 pages.");
  out.Line(
      Concat({"static const uint64_t drive_start = ", Hex(plan.start), ";"}));
  out.Line(Concat(
      {"static const size_t drive_pages = ", std::to_string(plan.count), ";"}));
  out.Line(plan.border.has_value() ? Concat({"// The ", Name(plan.border_level),
                                             " boundary that is crossed."})
                                   : std::string("// No boundary is crossed."));
  out.Line(Concat(
      {"static const uint64_t border = ", Hex(plan.border.value_or(0)), ";"}));
  out.Line("// A page of PROT_NONE that gup_fast is to refuse; 0 for none.");
  out.Line(Concat({"static const uint64_t refused = ",
                   Hex(plan.refused.value_or(0)), ";"}));
  out.Line("// Why nothing is driven, or nothing.");
  if (plan.idle_reason.empty()) {
    out.Line(Concat({"static const char idle[] = \"", plan.idle, "\";"}));
    return;
  }
  out.Line("static const char idle[] =");
  out.Line(Concat({"    \"", plan.idle, ": \""}));
  out.Line(Concat({"    \"", plan.idle_reason, "\";"}));
}

// The code before and behind the constants of a case.
std::pair<std::string_view, std::string_view> Frame() {
  constexpr std::string_view kBegin = "// BEGIN OF THE CASE\n";
  constexpr std::string_view kEnd = "// END OF THE CASE\n";
  // Without the comment at the top.
  constexpr size_t kTop = kDriveGup.find("\n\n") + 1;
  constexpr size_t kFirst = kDriveGup.find(kBegin);
  constexpr size_t kLast = kDriveGup.find(kEnd);
  static_assert(kFirst != kDriveGup.npos && kLast != kDriveGup.npos);
  return {kDriveGup.substr(kTop, kFirst - kTop),
          kDriveGup.substr(kLast + kEnd.size())};
}

}  // namespace

std::string ExportC(const Export& exported) {
  Plan plan;
  VisitArch(exported.c.mode.arch,
            [&]<class A>() { plan = Planner<A>(exported).Make(); });
  TextLines out(/*color=*/false);
  const auto say = [&out](std::string_view text) {
    out.Wrap("// ", "// ", text);
  };
  out.Line("// SPDX-License-Identifier: MIT");
  out.Line("//");
  const std::string comment = exported.CaseComment("//");
  out.Line(std::string_view(comment).substr(0, comment.size() - 1));
  out.Line("//");
  say(!exported.is_wrong()
          ? "No difference is known to show here: this drives gup_fast of the "
            "kernel that runs over pages such as the case's."
          : "That was a walk of a model. This asks the kernel that runs: it "
            "maps pages such as the case's, each filled with its own pattern, "
            "and lets gup_fast collect them.");
  say("vmsplice() of up to 16 pages is one call of get_user_pages_fast(); the "
      "first batch begins 8 pages below the border, with neighbours where the "
      "case has no pages. The bytes come back through the pipe. A fast walk "
      "that goes wrong mostly finds too few pages and leaves the rest to the "
      "slow path, which gets them right, so right bytes alone say nothing: "
      "the function trace has to show that the slow path was not taken. That "
      "needs root.");
  out.Line("//");
  say("Compile and run it:");
  out.Line("//");
  out.Line("//   cc -O2 -Wall -Wextra -Werror -o case case.c");
  out.Line("//   sudo ./case");
  out.Line("//");
  say("Exit code 0: no wrong byte and no fallback. 1: a wrong byte, or a "
      "fallback, and where. 2: it cannot be tried here, or the trace cannot "
      "be read, and nothing is known about the walk. Where mmap() says that an "
      "address is taken, 'setarch -R' may help.");
  out.Line("//");
  say("What it does not reproduce:");
  for (const std::string& missing : plan.missing) {
    out.Wrap("// - ", "//   ", missing);
  }
  TextLines constants(/*color=*/false);
  AddConstants(exported, plan, constants);
  const auto [before, after] = Frame();
  return Concat({out.text(), before, constants.text(), after});
}

}  // namespace pxdfuzz
