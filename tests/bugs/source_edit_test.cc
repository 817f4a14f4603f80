// SPDX-License-Identifier: MIT

// Edits of small made-up sources.

#include "src/cli/bugs/source_edit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pxdfuzz {
namespace {

using Kind = SourceEdit::Kind;
using ::testing::HasSubstr;

std::string Edited(std::string_view source, const SourceEdit& edit) {
  const auto text = EditSource(source, edit);
  return text.ok() ? *text : "error: " + std::string(text.status().message());
}

TEST(ReplaceTest, ReplacesCallsWithTheirArguments) {
  EXPECT_EQ(Edited("int f(int a) { return g(h(a), (1)) + g(); }",
                   {.within = {"f"}, .what = {"g(...)"}, .text = "0"}),
            "int f(int a) { return 0 + 0; }");
}

TEST(ReplaceTest, LeavesOtherFunctionsAlone) {
  EXPECT_EQ(Edited("int e(void) { return g(1); }\nint f(void) { return g(1); }",
                   {.within = {"f"}, .what = {"g"}, .text = "h"}),
            "int e(void) { return g(1); }\nint f(void) { return h(1); }");
}

TEST(ReplaceTest, TakesCallsAndDeclarationsForNoDefinitions) {
  EXPECT_EQ(Edited("int f(int);\nint e(void) { if (f(1)) { g(); } }\n"
                   "int f(int a) { g(); }",
                   {.within = {"f"}, .what = {"g"}, .text = "h"}),
            "int f(int);\nint e(void) { if (f(1)) { g(); } }\n"
            "int f(int a) { h(); }");
}

TEST(ReplaceTest, SeesNeitherCommentsNorStringsNorDirectives) {
  constexpr std::string_view kSource =
      "int f(void) { /* g(1) */ // g(2)\n"
      "  s(\"g(3) }\", '}');\n"
      "#if g(4) /* } */\n"
      "  g(5);\n"
      "#endif\n"
      "}\n"
      "int e(void) { g(6); }\n";
  EXPECT_EQ(Edited(kSource, {.within = {"f"}, .what = {"g(...)"}, .text = "0"}),
            "int f(void) { /* g(1) */ // g(2)\n"
            "  s(\"g(3) }\", '}');\n"
            "#if g(4) /* } */\n"
            "  0;\n"
            "#endif\n"
            "}\n"
            "int e(void) { g(6); }\n");
}

TEST(ReplaceTest, MatchesTokensWhateverSeparatesThem) {
  EXPECT_EQ(Edited("x = a_val( * /* it */ p );",
                   {.what = {"b_val", "a_val(*p)"}, .text = "1"}),
            "x = 1;");
}

TEST(ReplaceTest, KeepsTheNumbersOfLines) {
  EXPECT_EQ(
      Edited("a = g(1,\n      2);\nb;", {.what = {"g(...)"}, .text = "0"}),
      "a = 0\n;\nb;");
}

TEST(ReplaceTest, WrapsWhatMatched) {
  EXPECT_EQ(Edited("if (g(a, b)) c;",
                   {.what = {"g(...)"}, .text = "(r = $0, h($1))"}),
            "if ((r = g(a, b), h(a, b))) c;");
}

TEST(ReplaceTest, NamesTheFunction) {
  EXPECT_EQ(Edited("int f(void) { g(1); } int e(void) { g(2); }",
                   {.within = {"e", "f"}, .what = {"g(...)"}, .text = "$in()"}),
            "int f(void) { f(); } int e(void) { e(); }");
}

TEST(ReplaceTest, WorksInBodiesOfMacros) {
  EXPECT_EQ(Edited("#define m(x) \\\n  g(x, \\\n    1)\n#define n(x) g(x, 1)\n",
                   {.within = {"m"}, .what = {"g(...)"}, .text = "(x)"}),
            "#define m(x) \\\n  (x)\\\n\n#define n(x) g(x, 1)\n");
}

TEST(ReplaceTest, FollowsBranchesThatDoNotBalance) {
  EXPECT_EQ(Edited("int f(void) {\n#ifdef A\n  if (a) {\n#else\n  if (b) {\n"
                   "#endif\n    g();\n  }\n}\nint e(void) { g(); }\n",
                   {.within = {"f"}, .what = {"g"}, .text = "h"}),
            "int f(void) {\n#ifdef A\n  if (a) {\n#else\n  if (b) {\n"
            "#endif\n    h();\n  }\n}\nint e(void) { g(); }\n");
}

TEST(ReplaceTest, SaysWhatIsMissing) {
  EXPECT_EQ(Edited("int f(void) { g(); }",
                   {.within = {"f", "e"}, .what = {"h(...)", "i"}}),
            "error: no h(...) or i in f or e");
  EXPECT_EQ(Edited("int f(void) { g(); }", {.within = {"d", "e"}}),
            "error: no function or macro d or e");
}

TEST(DropStatementTest, DropsCallsAndConditions) {
  const SourceEdit edit = {
      .kind = Kind::kDropStatement, .within = {"f"}, .what = {"g"}};
  EXPECT_EQ(Edited("void f(void) { a(); g(1, b()); c(); }", edit),
            "void f(void) { a(); ; c(); }");
  EXPECT_EQ(Edited("void f(void) { if (a) g(1); else c(); }", edit),
            "void f(void) { if (a) ; else c(); }");
  EXPECT_EQ(
      Edited("void f(void) {\n  if (unlikely(g(1))) {\n    g(2);\n    goto o;\n"
             "  }\n  do { if (x)\n g(3); } while (g(4));\no:\n  b = g(5);\n}",
             edit),
      "void f(void) {\n  ;\n\n\n\n  do { if (x)\n ; } while (g(4));\no:\n  "
      ";\n}");
}

TEST(DropStatementTest, RefusesAnIfWithAnElse) {
  EXPECT_THAT(
      Edited("void f(void) { if (g()) a(); else b(); }",
             {.kind = Kind::kDropStatement, .within = {"f"}, .what = {"g"}}),
      HasSubstr("error: the statement with g has an else"));
}

TEST(DropStatementTest, SaysWhatIsMissing) {
  EXPECT_EQ(
      Edited("void f(void) { while (g()) a(); }",
             {.kind = Kind::kDropStatement, .within = {"f"}, .what = {"g"}}),
      "error: no statement with g in f");
}

TEST(MacroTest, DropsTheWholeDefinition) {
  EXPECT_EQ(Edited("a;\n#  define m(x) /* m */ \\\n  g(x) /* g */\nm(1);\n",
                   {.kind = Kind::kDropMacro, .what = {"n", "m"}}),
            "a;\n\n /* g */\nm(1);\n");
}

TEST(MacroTest, RedefinesTheBody) {
  const SourceEdit edit = {
      .kind = Kind::kDefineMacro, .what = {"m"}, .text = "(0)"};
  EXPECT_EQ(Edited("#define m(x, \\\n y) g(x) + \\\n  1\n#define n m\n", edit),
            "#define m(x, \\\n y) (0)\\\n\n#define n m\n");
  EXPECT_EQ(Edited("#define m (1) // m\n", edit), "#define m (0) // m\n");
  EXPECT_EQ(Edited("m;\n#undef m\n", edit), "error: no macro m");
}

}  // namespace
}  // namespace pxdfuzz
