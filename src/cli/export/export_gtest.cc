// SPDX-License-Identifier: MIT

#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pxdfuzz/arch/arches.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/view/case_tables.h"
#include "src/cli/export/export.h"

namespace pxdfuzz {
namespace {

std::string_view ArchType(ArchId arch) {
  switch (arch) {
    case ArchId::kS390:
      return "S390";
    case ArchId::kX86:
      return "X86";
    case ArchId::kArm64Page16K:
      return "Arm64Page16K";
  }
  return "";
}

std::string_view ArchHeader(ArchId arch) {
  switch (arch) {
    case ArchId::kS390:
      return "pxdfuzz/arch/s390.h";
    case ArchId::kX86:
      return "pxdfuzz/arch/x86.h";
    case ArchId::kArm64Page16K:
      return "pxdfuzz/arch/arm64.h";
  }
  return "";
}

std::string_view Enumerator(ArchId arch) {
  switch (arch) {
    case ArchId::kS390:
      return "ArchId::kS390";
    case ArchId::kX86:
      return "ArchId::kX86";
    case ArchId::kArm64Page16K:
      return "ArchId::kArm64Page16K";
  }
  return "";
}

std::string_view Enumerator(Level level) {
  switch (level) {
    case Level::kPte:
      return "Level::kPte";
    case Level::kPmd:
      return "Level::kPmd";
    case Level::kPud:
      return "Level::kPud";
    case Level::kP4d:
      return "Level::kP4d";
    case Level::kPgd:
      return "Level::kPgd";
  }
  return "";
}

std::string_view Enumerator(StackContent content) {
  switch (content) {
    case StackContent::kZero:
      return "StackContent::kZero";
    case StackContent::kCopy:
      return "StackContent::kCopy";
    case StackContent::kNext:
      return "StackContent::kNext";
    case StackContent::kWord:
      return "StackContent::kWord";
  }
  return "";
}

std::string_view Enumerator(TableOp::Kind kind) {
  switch (kind) {
    case TableOp::Kind::kMap:
      return "TableOp::Kind::kMap";
    case TableOp::Kind::kClear:
      return "TableOp::Kind::kClear";
    case TableOp::Kind::kSwap:
      return "TableOp::Kind::kSwap";
    case TableOp::Kind::kPoke:
      return "TableOp::Kind::kPoke";
    case TableOp::Kind::kPokeControl:
      return "TableOp::Kind::kPokeControl";
    case TableOp::Kind::kDetach:
      return "TableOp::Kind::kDetach";
    case TableOp::Kind::kSplit:
      return "TableOp::Kind::kSplit";
    case TableOp::Kind::kWriteProtect:
      return "TableOp::Kind::kWriteProtect";
    case TableOp::Kind::kRefill:
      return "TableOp::Kind::kRefill";
    case TableOp::Kind::kUpgrade:
      return "TableOp::Kind::kUpgrade";
  }
  return "";
}

std::string_view Enumerator(Permission permission) {
  switch (permission) {
    case Permission::kNone:
      return "Permission::kNone";
    case Permission::kRead:
      return "Permission::kRead";
    case Permission::kReadWrite:
      return "Permission::kReadWrite";
  }
  return "";
}

std::string_view Enumerator(BoundaryRule boundary) {
  return boundary == BoundaryRule::kStatic ? "BoundaryRule::kStatic"
                                           : "BoundaryRule::kFoldedAware";
}

std::string_view Enumerator(Descent descent) {
  switch (descent) {
    case Descent::kByPointer:
      return "Descent::kByPointer";
    case Descent::kByValue:
      return "Descent::kByValue";
    case Descent::kLockless:
      return "Descent::kLockless";
  }
  return "";
}

std::string_view Enumerator(Step step) {
  return step == Step::kIncrement ? "Step::kIncrement" : "Step::kRecompute";
}

// "StaticByValue", of "static-by-value".
std::string CamelCase(std::string_view name) {
  std::string camel;
  bool begins = true;
  for (const char letter : name) {
    if (letter != '-' && letter != '.') {
      camel += begins ? static_cast<char>(
                            std::toupper(static_cast<unsigned char>(letter)))
                      : letter;
    }
    begins = letter == '-';
  }
  return camel;
}

// "      .state = {.permission = Permission::kRead, .young = false},".
void AddState(const LeafState& state, TextLines& out) {
  std::vector<std::string> members = {
      Concat({".permission = ", Enumerator(state.permission)})};
  if (!state.young) members.push_back(".young = false");
  if (!state.dirty) members.push_back(".dirty = false");
  if (state.special) members.push_back(".special = true");
  constexpr std::string_view kBegin = "      .state = {";
  std::string line(kBegin);
  for (size_t i = 0; i < members.size(); ++i) {
    line += Concat({i == 0 ? "" : ", ", members[i]});
  }
  line += "},";
  if (line.size() <= kTextColumns) {
    out.Line(line);
    return;
  }
  for (size_t i = 0; i < members.size(); ++i) {
    out.Line(Concat({i == 0 ? kBegin : "                ", members[i],
                     i + 1 == members.size() ? "}," : ","}));
  }
}

// What the operation has, in the order of its members.
void AddMembers(const TableOp& op, TextLines& out) {
  out.Line(Concat({"      .kind = ", Enumerator(op.kind), ","}));
  if (HasAddress(op.kind)) {
    out.Line(Concat({"      .level = ", Enumerator(op.level), ","}));
    out.Line(Concat({"      .address = ", Hex(op.address), ","}));
  }
  if (HasCount(op.kind)) {
    out.Line(Concat({"      .count = ", std::to_string(op.count), ","}));
  }
  if (HasFrame(op.kind)) {
    out.Line(Concat({"      .frame = ", Hex(op.frame), ","}));
  }
  if (HasState(op.kind)) AddState(op.state, out);
  if (IsPoke(op.kind)) {
    out.Line(Concat({"      .word = ", Hex(op.word), ","}));
  }
}

void AddSetupOp(const TableOp& op, TextLines& out) {
  out.Line("  c.setup.push_back({");
  AddMembers(op, out);
  out.Line("  });");
}

void AddConcurrentOp(const ConcurrentOp& op, TextLines& out) {
  out.Line("  c.concurrent.push_back({{");
  AddMembers(op, out);
  out.Line(Concat({"  }, /*read=*/", std::to_string(op.read), "});"}));
}

void AddCaseFunction(const Case& c, TextLines& out) {
  out.Line("Case MakeCase() {");
  out.Line("  Case c;");
  out.Line(Concat({"  c.mode = {.arch = ", Enumerator(c.mode.arch),
                   ", .levels = ", std::to_string(c.mode.levels), "};"}));
  out.Line("  // What lies around a local copy on the kernel's stack.");
  out.Line(
      Concat({"  c.stack.position = ", std::to_string(c.stack.position), ";"}));
  out.Line(Concat({"  c.stack.around = ", Enumerator(c.stack.around), ";"}));
  for (const StackWord& word : c.stack.words) {
    out.Line("  c.stack.words.push_back({");
    out.Line(
        Concat({"      .distance = ", std::to_string(word.distance), ","}));
    out.Line(Concat({"      .content = ", Enumerator(word.content), ","}));
    if (word.word != 0) {
      out.Line(Concat({"      .word = ", Hex(word.word), ","}));
    }
    out.Line("  });");
  }
  for (const Request& request : c.requests) {
    out.Line("  c.requests.push_back({");
    out.Line(Concat({"      .start = ", Hex(request.start), ","}));
    out.Line(Concat({"      .pages = ", std::to_string(request.pages), ","}));
    out.Line(
        Concat({"      .write = ", request.write ? "true" : "false", ","}));
    out.Line("  });");
  }
  if (!c.setup.empty()) {
    out.Line("  // Each changes what those above it made.");
  }
  for (const TableOp& op : c.setup) AddSetupOp(op, out);
  if (!c.concurrent.empty()) {
    out.Line(
        "  // What another processor does, each before that read of a walk.");
  }
  for (const ConcurrentOp& op : c.concurrent) AddConcurrentOp(op, out);
  out.Line("  return c;");
  out.Line("}");
}

// Pages that follow each other in physical memory.
struct PageRun {
  uint64_t first = 0;
  size_t pages = 0;
};

std::vector<PageRun> RunsOf(const std::vector<uint64_t>& pages,
                            uint64_t page_size) {
  std::vector<PageRun> runs;
  for (const uint64_t page : pages) {
    if (!runs.empty() &&
        runs.back().first + runs.back().pages * page_size == page) {
      ++runs.back().pages;
    } else {
      runs.push_back({page, 1});
    }
  }
  return runs;
}

uint64_t PageSizeOf(PagingMode mode) {
  uint64_t size = 0;
  VisitArch(mode.arch,
            [&]<class A>() { size = A::GeometryOf(mode.levels).page_size(); });
  return size;
}

void AddExpected(const Export& exported, TextLines& out) {
  const CaseTables tables(exported.c);
  const auto reference =
      tables.MakeReference(exported.c.requests[exported.request]);
  const size_t count = reference->pages();
  std::vector<uint64_t> pages;
  for (size_t i = 0; i < count; ++i) pages.push_back(*reference->At(0, i));
  const std::vector<PageRun> runs =
      RunsOf(pages, tables.geometry().page_size());
  out.Line("// Pages that follow each other in physical memory.");
  out.Line("struct PageRun {");
  out.Line("  uint64_t first;");
  out.Line("  size_t pages;");
  out.Line("};");
  out.Blank();
  out.Line("// What gup_fast is to return, as the reference found it.");
  out.Line(Concat(
      {"constexpr size_t kExpectedCount = ", std::to_string(count), ";"}));
  const std::string size = std::to_string(runs.size());
  if (runs.empty()) {
    out.Line("constexpr std::array<PageRun, 0> kExpectedPages = {};");
    return;
  }
  out.Line(Concat(
      {"constexpr std::array<PageRun, ", size, "> kExpectedPages = {{"}));
  for (const PageRun& run : runs) {
    out.Line(Concat(
        {"    {", Hex(run.first), ", ", std::to_string(run.pages), "},"}));
  }
  out.Line("}};");
}

// Below the case, the walk and what is expected.
constexpr std::string_view kTests = R"text(
std::vector<uint64_t> ExpectedPages(uint64_t page_size) {
  std::vector<uint64_t> pages;
  for (const PageRun& run : kExpectedPages) {
    for (size_t i = 0; i < run.pages; ++i) {
      pages.push_back(run.first + i * page_size);
    }
  }
  return pages;
}

class ExportedCaseTest : public ::testing::Test {
 protected:
  ExportedCaseTest()
      : case_(MakeCase()),
        arena_(MakeArena<Arch>()),
        mm_(arena_, case_.mode.levels) {
    EXPECT_EQ(Populate(case_, mm_), Inconclusive::kNo);
  }

  const Request& request() const { return case_.requests[kRequest]; }
  uint64_t page_size() const { return mm_.geometry().page_size(); }

  // The first `count` of `pages`, or as many as there are.
  void ExpectThatTheyAreRight(const std::vector<uint64_t>& pages,
                              size_t count) const {
    EXPECT_EQ(count, kExpectedCount) << "the number of pages returned";
    const std::vector<uint64_t> expected = ExpectedPages(page_size());
    ASSERT_EQ(expected.size(), kExpectedCount);
    for (size_t i = 0; i < std::min(count, expected.size()); ++i) {
      ASSERT_EQ(Hex(pages[i]), Hex(expected[i]))
          << "page " << i << ", at " << Hex(request().start + i * page_size());
    }
  }

  const Case case_;
  Arena arena_;
  AddressSpace<Arch> mm_;
};

// The hardware's translation of one address after the other.
TEST_F(ExportedCaseTest, ReferenceIsAsExpected) {
  const ArenaMemory memory(arena_, mm_.geometry(), case_.stack);
  std::vector<uint64_t> pages(request().pages);
  const size_t count = ReferencePages<Arch>(
      Arch::Manual(mm_.geometry(), mm_.control()), memory, page_size(),
      request().start, request().write, pages);
  ExpectThatTheyAreRight(pages, count);
}

TEST_F(ExportedCaseTest, TheWalkAgreesWithTheReference) {
  Timeline timeline;
  timeline.Begin(mm_);
  const WalkSite site = {case_.mode, arena_, timeline, case_.stack};
  std::vector<uint64_t> pages(request().pages);
  WalkRun run = {.pages = pages, .grabbed = {}};
  RunWalk(site, kWalk, request(), run);
  // A walk reads page tables and its own local copies of entries alone. A
  // mark says how many pages had been returned when it first did otherwise.
  EXPECT_EQ(run.marks.stack_escape, Marks::kNever)
      << "it read the stack beside its local copy";
  EXPECT_EQ(run.marks.nowhere, Marks::kNever)
      << "it read where there is no memory: a kernel faults";
  ExpectThatTheyAreRight(pages, run.count);
}

}  // namespace
}  // namespace pxdfuzz
)text";

// What is said of any engine, above what is expected of it. Where tables
// change, what a walk may return is no list of pages: it depends on what it has
// met.
constexpr std::string_view kEngineTests = R"text(
// Each page that the walk returns is the reference's, or, where tables change,
// was there when its reference was taken. None is missing whose entries nobody
// changed. Nothing is read but page tables and the walk's own local copies of
// entries.
TEST(ExportedCaseTest, TheWalk) {
  const std::unique_ptr<Engine> engine = OpenWalk();
  ASSERT_NE(engine, nullptr);
  const Answers answers = engine->Run(MakeCase(), /*recorded=*/true);
  ASSERT_TRUE(answers.ok()) << answers.error;
  const Answer& answer = answers.of_request.at(kRequest);
  ASSERT_EQ(answer.inconclusive, Inconclusive::kNo)
      << Describe(answer.inconclusive);
  EXPECT_EQ(answer.finding.name(), "")
      << "page " << answer.page << " of " << answer.run.count
      << " returned, after " << answer.run.snapshot << " of the changes";
)text";

constexpr std::string_view kExpectPages =
    R"text(  EXPECT_EQ(answer.run.count, kExpectedCount) << "pages returned";
  size_t page = 0;
  for (const PageRun& run : kExpectedPages) {
    for (size_t i = 0; i < run.pages && page < answer.run.pages.size(); ++i) {
      EXPECT_EQ(answer.run.pages[page].physical, run.first + i * kPageSize)
          << "page " << page;
      ++page;
    }
  }
)text";

constexpr std::string_view kEngineEnd = R"text(}

}  // namespace
}  // namespace pxdfuzz
)text";

std::string Replaced(std::string_view text, std::string_view name,
                     std::string_view value) {
  std::string result(text);
  for (size_t at = 0; (at = result.find(name, at)) != result.npos;
       at += value.size()) {
    result.replace(at, name.size(), value);
  }
  return result;
}

}  // namespace

// Defines OpenWalk(), which gives the engine or null.
void AddEngine(const Export& exported, TextLines& out) {
  out.Line("std::unique_ptr<Engine> OpenWalk() {");
  if (!exported.is_kernel()) {
    out.Line("  return std::make_unique<ModelEngine>(kWalk);");
  } else {
    out.Line("  KernelProgram::Opened opened =");
    out.Line(
        Concat({"      OpenKernelProgram(\"", exported.walker.name, "\");"}));
    out.Line("  if (!opened.ok()) ADD_FAILURE() << opened.error;");
    out.Line("  return std::move(opened.program);");
  }
  out.Line("}");
}

std::string ExportGtest(const Export& exported) {
  const Case& c = exported.c;
  const Policy policy = exported.walker.policy;
  TextLines out(/*color=*/false);
  out.Line("// SPDX-License-Identifier: MIT");
  out.Line("//");
  const std::string comment = exported.CaseComment("//");
  out.Line(std::string_view(comment).substr(0, comment.size() - 1));
  out.Line("//");
  out.Wrap("// ", "// ",
           !exported.is_wrong()
               ? "The test passes as long as the walk and the reference are as "
                 "they are."
               : "The test fails as long as the walk is as it is: it says what "
                 "is right.");
  out.Wrap("// ", "// ",
           "To compile it in the project's folder, where build/dev holds the "
           "library, in one line:");
  out.Line("//");
  out.Line("//   c++ -std=c++20 -Iinclude -o case_test case_test.cc");
  out.Line("//     build/dev/src/libpxdfuzz.a -lgtest_main -lgtest -pthread");
  if (exported.is_kernel()) {
    out.Line("//");
    out.Wrap("// ", "// ",
             Concat({"It runs the program ", exported.walker.name,
                     ", which it looks for in the folder that "
                     "PXDFUZZ_KERNEL_PROGRAMS names, or else in its own."}));
  }
  out.Blank();
  out.Line("#include <gtest/gtest.h>");
  out.Blank();
  const bool changing = !c.concurrent.empty();
  const bool is_kernel = exported.is_kernel();
  std::vector<std::string_view> standard = {"algorithm", "array", "cstddef",
                                            "cstdint", "vector"};
  std::vector<std::string_view> headers = {"pxdfuzz/tables/address_space.h",
                                           ArchHeader(c.mode.arch),
                                           "pxdfuzz/memory/arena.h",
                                           "pxdfuzz/memory/arena_memory.h",
                                           "pxdfuzz/case/case.h",
                                           "pxdfuzz/paging/leaf.h",
                                           "pxdfuzz/paging/level.h",
                                           "pxdfuzz/paging/policy.h",
                                           "pxdfuzz/tables/populate.h",
                                           "pxdfuzz/reference/reference.h",
                                           "pxdfuzz/walk/run_walk.h",
                                           "pxdfuzz/paging/paging_mode.h",
                                           "pxdfuzz/memory/stack.h",
                                           "pxdfuzz/base/text_lines.h",
                                           "pxdfuzz/walk/trace.h"};
  if (changing || is_kernel) {
    standard = {"array", "cstddef", "cstdint", "memory", "utility"};
    headers = {"pxdfuzz/case/case.h",
               "pxdfuzz/engine/engine.h",
               is_kernel ? "pxdfuzz/engine/kernel_client.h"
                         : "pxdfuzz/oracle/model_engine.h",
               "pxdfuzz/paging/leaf.h",
               "pxdfuzz/paging/level.h",
               "pxdfuzz/paging/policy.h",
               "pxdfuzz/paging/paging_mode.h",
               "pxdfuzz/memory/stack.h",
               "pxdfuzz/tables/inconclusive.h"};
  }
  for (const std::string_view header : standard) {
    out.Line(Concat({"#include <", header, ">"}));
  }
  out.Blank();
  for (const std::string_view header : headers) {
    out.Line(Concat({"#include \"", header, "\""}));
  }
  out.Blank();
  out.Line("namespace pxdfuzz {");
  out.Line("namespace {");
  out.Blank();
  if (!changing && !is_kernel) {
    out.Line(Concat({"using Arch = ", ArchType(c.mode.arch), ";"}));
    out.Blank();
  }
  if (!is_kernel) {
    out.Line(Concat({"// ", Name(policy), "."}));
    out.Line("constexpr Policy kWalk = {");
    out.Line(Concat({"    .boundary = ", Enumerator(policy.boundary), ","}));
    out.Line(Concat({"    .descent = ", Enumerator(policy.descent), ","}));
    out.Line(Concat({"    .step = ", Enumerator(policy.step), ","}));
    out.Line("};");
    out.Blank();
  }
  AddCaseFunction(c, out);
  out.Blank();
  out.Line("// Which of the case's requests is tried.");
  out.Line(Concat(
      {"constexpr size_t kRequest = ", std::to_string(exported.request), ";"}));
  if (!changing) {
    out.Blank();
    AddExpected(exported, out);
  }
  const std::string name = CamelCase(exported.walker.name);
  if (!changing && !is_kernel) {
    return out.text() + Replaced(kTests, "TheWalk", name);
  }
  std::string_view expected;
  if (!changing) {
    out.Line(Concat(
        {"constexpr uint64_t kPageSize = ", Hex(PageSizeOf(c.mode)), ";"}));
    expected = kExpectPages;
  }
  out.Blank();
  AddEngine(exported, out);
  return Concat({out.text(),
                 Replaced(kEngineTests, "TheWalk",
                          Concat({name, changing ? "HoldsWhileTablesChange"
                                                 : "AgreesWithTheReference"})),
                 expected, kEngineEnd});
}

}  // namespace pxdfuzz
