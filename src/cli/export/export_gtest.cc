// SPDX-License-Identifier: MIT

#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_replace.h"
#include "pxdfuzz/base/text_lines.h"
#include "pxdfuzz/view/case_tables.h"
#include "src/cli/export/export.h"

namespace pxdfuzz {
namespace {

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

// "Level::kPte": the enumerator of `type` whose name is "pte".
std::string Enumerator(std::string_view type, std::string_view name) {
  return Concat({type, "::k", CamelCase(name)});
}

std::string_view Enumerator(ArchId arch) {
  constexpr std::array<std::string_view, 3> kNames = {
      "ArchId::kS390", "ArchId::kX86", "ArchId::kArm64Page16K"};
  return kNames[static_cast<size_t>(arch)];
}

std::string_view Enumerator(Permission permission) {
  constexpr std::array<std::string_view, 3> kNames = {
      "Permission::kNone", "Permission::kRead", "Permission::kReadWrite"};
  return kNames[static_cast<size_t>(permission)];
}

std::string Enumerators(Policy policy) {
  constexpr std::array<std::string_view, 3> kDescents = {
      "Descent::kByPointer", "Descent::kByValue", "Descent::kLockless"};
  return Concat({"{",
                 policy.boundary == BoundaryRule::kStatic
                     ? "BoundaryRule::kStatic"
                     : "BoundaryRule::kFoldedAware",
                 ", ", kDescents[static_cast<size_t>(policy.descent)], ",\n",
                 "                          ",
                 policy.step == Step::kIncrement ? "Step::kIncrement"
                                                 : "Step::kRecompute",
                 "}"});
}

// "      .count = 1,".
void AddMember(std::string_view name, std::string_view value, TextLines& out) {
  out.Line(Concat({"      ", name, " = ", value, ","}));
}

void AddState(const LeafState& state, TextLines& out) {
  out.Line("      .state = {");
  AddMember("    .permission", Enumerator(state.permission), out);
  if (!state.young) AddMember("    .young", "false", out);
  if (!state.dirty) AddMember("    .dirty", "false", out);
  if (state.special) AddMember("    .special", "true", out);
  for (const LeafAttribute& attribute : kLeafAttributes) {
    if (!(state.*attribute.member)) continue;
    AddMember(Concat({"    .", attribute.name}), "true", out);
  }
  if (state.key != 0) AddMember("    .key", std::to_string(state.key), out);
  out.Line("      },");
}

// The members that the operation has, in their order.
void AddMembers(const TableOp& op, TextLines& out) {
  AddMember(".kind", Enumerator("TableOp::Kind", Name(op.kind)), out);
  if (HasAddress(op.kind)) {
    AddMember(".level", Enumerator("Level", Name(op.level)), out);
    AddMember(".address", Hex(op.address), out);
  }
  if (HasCount(op.kind)) AddMember(".count", std::to_string(op.count), out);
  if (HasFrame(op.kind)) AddMember(".frame", Hex(op.frame), out);
  if (HasState(op.kind)) AddState(op.state, out);
  if (IsPoke(op.kind)) AddMember(".word", Hex(op.word), out);
}

void AddCaseFunction(const Case& c, TextLines& out) {
  out.Line("Case MakeCase() {");
  out.Line("  Case c;");
  out.Line(Concat({"  c.mode = {.arch = ", Enumerator(c.mode.arch),
                   ", .levels = ", std::to_string(c.mode.levels), "};"}));
  out.Line("  // What is around a local copy on the kernel's stack.");
  out.Line(
      Concat({"  c.stack.position = ", std::to_string(c.stack.position), ";"}));
  out.Line(Concat({"  c.stack.around = ",
                   Enumerator("StackContent", Name(c.stack.around)), ";"}));
  for (const StackWord& word : c.stack.words) {
    out.Line("  c.stack.words.push_back({");
    AddMember(".distance", std::to_string(word.distance), out);
    AddMember(".content", Enumerator("StackContent", Name(word.content)), out);
    if (word.word != 0) AddMember(".word", Hex(word.word), out);
    out.Line("  });");
  }
  for (const Request& request : c.requests) {
    out.Line("  c.requests.push_back({");
    AddMember(".start", Hex(request.start), out);
    AddMember(".pages", std::to_string(request.pages), out);
    AddMember(".write", request.write ? "true" : "false", out);
    if (request.references != References::kEach) {
      AddMember(".references",
                Enumerator("References", Name(request.references)), out);
    }
    if (request.longterm) AddMember(".longterm", "true", out);
    if (request.refused.has_value()) {
      AddMember(".refused", std::to_string(*request.refused), out);
    }
    if (request.inaccessible.has_value()) {
      AddMember(".inaccessible", std::to_string(*request.inaccessible), out);
    }
    out.Line("  });");
  }
  if (c.pkru != 0) out.Line(Concat({"  c.pkru = ", Hex(c.pkru), ";"}));
  for (const PageRange& pages : c.pages) {
    out.Line("  c.pages.push_back({");
    AddMember(".kind", Enumerator("PageKind", Name(pages.kind)), out);
    AddMember(".level", Enumerator("Level", Name(pages.level)), out);
    AddMember(".frame", Hex(pages.frame), out);
    AddMember(".count", std::to_string(pages.count), out);
    out.Line("  });");
  }
  if (!c.setup.empty()) {
    out.Line("  // Each changes what those above it made.");
  }
  for (const TableOp& op : c.setup) {
    out.Line("  c.setup.push_back({");
    AddMembers(op, out);
    out.Line("  });");
  }
  if (!c.concurrent.empty()) {
    out.Line("  // What another processor does, each when a walk gets there.");
  }
  for (const ConcurrentOp& op : c.concurrent) {
    out.Line("  c.concurrent.push_back({{");
    AddMembers(op, out);
    out.Line(
        Concat({"  }, /*number=*/", std::to_string(op.number),
                op.moment == Moment::kRead
                    ? ""
                    : Concat({", ", Enumerator("Moment", Name(op.moment))}),
                "});"}));
  }
  out.Line("  return c;");
  out.Line("}");
}

// Pages that follow each other in physical memory.
struct PageRun {
  uint64_t first = 0;
  size_t pages = 0;
};

void AddExpected(const Export& exported, TextLines& out) {
  const CaseTables tables(exported.c);
  const auto reference =
      tables.MakeReference(exported.c.requests[exported.request]);
  const uint64_t page_size = tables.geometry().page_size();
  const size_t count = reference->pages();
  std::vector<PageRun> runs;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t page = *reference->At(0, i);
    if (runs.empty() ||
        runs.back().first + runs.back().pages * page_size != page) {
      runs.push_back({.first = page});
    }
    ++runs.back().pages;
  }
  out.Line("// Pages that follow each other in physical memory.");
  out.Line("struct PageRun {");
  out.Line("  uint64_t first;");
  out.Line("  size_t pages;");
  out.Line("};");
  out.Blank();
  out.Line(Concat({"constexpr uint64_t kPageSize = ", Hex(page_size), ";"}));
  out.Blank();
  out.Line("// What gup_fast is to return, as the reference found it.");
  out.Line(Concat(
      {"constexpr size_t kExpectedCount = ", std::to_string(count), ";"}));
  out.Line(
      Concat({"constexpr std::array<PageRun, ", std::to_string(runs.size()),
              "> kExpectedPages = {", runs.empty() ? "};" : "{"}));
  for (const PageRun& run : runs) {
    out.Line(Concat(
        {"    {", Hex(run.first), ", ", std::to_string(run.pages), "},"}));
  }
  if (!runs.empty()) out.Line("}};");
}

// Behind the case, the engine and, in tables that nobody changes, the pages
// that are expected. Where tables change, what a walk may return is no list of
// pages: it depends on what it has met.
constexpr std::string_view kTest = R"text(
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

constexpr std::string_view kEnd = R"text(}

}  // namespace
}  // namespace pxdfuzz
)text";

// Defines OpenWalk(), which gives the engine or null.
void AddEngine(const Walker& walker, TextLines& out) {
  out.Line(Concat({"// ", walker.name, "."}));
  out.Line("std::unique_ptr<Engine> OpenWalk() {");
  if (!walker.kernel.has_value()) {
    out.Line(Concat(
        {"  constexpr Policy kWalk = ", Enumerators(walker.policy), ";"}));
    out.Line("  return std::make_unique<ModelEngine>(kWalk);");
  } else {
    out.Line("  KernelProgram::Opened opened =");
    out.Line(Concat({"      OpenKernelProgram(\"", walker.name, "\");"}));
    out.Line("  if (!opened.ok()) ADD_FAILURE() << opened.error;");
    out.Line("  return std::move(opened.program);");
  }
  out.Line("}");
}

void AddIncludes(bool is_kernel, TextLines& out) {
  out.Line("#include <gtest/gtest.h>");
  out.Blank();
  for (const std::string_view header :
       {"array", "cstddef", "cstdint", "memory", "utility"}) {
    out.Line(Concat({"#include <", header, ">"}));
  }
  out.Blank();
  for (const std::string_view header :
       {"case/case.h", "engine/engine.h",
        is_kernel ? "engine/kernel_client.h" : "oracle/model_engine.h",
        "memory/stack.h", "paging/leaf.h", "paging/level.h",
        "paging/paging_mode.h", "paging/policy.h", "tables/inconclusive.h"}) {
    out.Line(Concat({"#include \"pxdfuzz/", header, "\""}));
  }
}

}  // namespace

std::string ExportGtest(const Export& exported) {
  const Case& c = exported.c;
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
  AddIncludes(exported.is_kernel(), out);
  out.Blank();
  out.Line("namespace pxdfuzz {");
  out.Line("namespace {");
  out.Blank();
  AddCaseFunction(c, out);
  out.Blank();
  out.Line("// Which of the case's requests is tried.");
  out.Line(Concat(
      {"constexpr size_t kRequest = ", std::to_string(exported.request), ";"}));
  const bool changing = !c.concurrent.empty();
  if (!changing) {
    out.Blank();
    AddExpected(exported, out);
  }
  out.Blank();
  AddEngine(exported.walker, out);
  return Concat(
      {out.text(),
       absl::StrReplaceAll(
           std::string(kTest),
           {{"TheWalk", Concat({CamelCase(exported.walker.name),
                                changing ? "HoldsWhileTablesChange"
                                         : "AgreesWithTheReference"})}}),
       changing ? "" : kExpectPages, kEnd});
}

}  // namespace pxdfuzz
