// SPDX-License-Identifier: MIT

// What the slicer takes of preprocessed C. The text here is made up.

#include "kernel/slice/slice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "kernel/slice/config_log.h"
#include "kernel/slice/kconfig.h"
#include "kernel/slice/plain_reads.h"

namespace pxdfuzz::slice {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// What is left of `text` for `root`, without lines that say where it is.
std::string Sliced(std::string_view text, std::string_view root = "root") {
  const Slice slice = TakeSlice(text, root, "shims/");
  EXPECT_EQ(slice.error, "");
  std::string out;
  std::string line;
  for (const char c : slice.text + '\n') {
    if (c != '\n') {
      line += c;
      continue;
    }
    if (!line.starts_with('#') && !line.starts_with("void pxd_trap")) {
      out += line;
    }
    line.clear();
  }
  return out;
}

TEST(SliceTest, TakesWhatTheRootReaches) {
  EXPECT_EQ(Sliced("int unused(void) { return 1; }\n"
                   "static int two(void) { return 2; }\n"
                   "int one(void) { return two(); }\n"
                   "int also_unused(void) { return one(); }\n"
                   "int root(void) { return one(); }\n"),
            "static int two ( void ) { return 2 ; } "
            "static int one ( void ) { return two ( ) ; } "
            "static int root ( void ) { return one ( ) ; } ");
}

TEST(SliceTest, NoRoot) {
  EXPECT_EQ(TakeSlice("int a;", "root", "shims/").error,
            "nothing declares root");
  EXPECT_EQ(TakeSlice("", "root", "shims/").error, "nothing declares root");
}

TEST(SliceTest, TypesAndTheirParts) {
  const std::string sliced = Sliced(
      "typedef unsigned long u64;\n"
      "typedef struct { u64 pte; } pte_t;\n"
      "typedef int (*fn_t)(pte_t);\n"
      "typedef int (plain_t)(u64);\n"
      "enum level { PTE, PMD = 1, PUD };\n"
      "struct far;\n"
      "struct far { int x; };\n"
      "struct near { struct far *far; enum { HERE } place; };\n"
      "struct unused { int y; };\n"
      "static fn_t (*table[2])(void) = { 0, 0 };\n"
      "int root(struct near *n, plain_t *p) { return n->far != 0 && table[PUD] "
      "&& HERE; }\n");
  for (const char* part : {"typedef unsigned long u64", "} pte_t ;", "fn_t",
                           "plain_t", "PTE , PMD = 1 , PUD", "struct far ;",
                           "struct near {", "table [ 2 ]"}) {
    EXPECT_THAT(sliced, HasSubstr(part));
  }
  EXPECT_THAT(sliced, Not(HasSubstr("unused")));
  // Only pointed to: no field of it is used.
  EXPECT_THAT(sliced, Not(HasSubstr("struct far {")));
}

TEST(SliceTest, ATypeIsTakenWhereAFieldOfItIsUsed) {
  EXPECT_THAT(Sliced("struct far { int x; };\n"
                     "int root(struct far *f) { return f->x; }\n"),
              HasSubstr("struct far {"));
}

TEST(SliceTest, AFunctionWithoutDefinitionIsATrap) {
  const Slice slice = TakeSlice(
      "extern int missing(int a) __attribute__((const));\n"
      "int there(void);\n"
      "int there(void) { return 1; }\n"
      "void *memcpy(void *, const void *, unsigned long);\n"
      "int root(void) { memcpy(0, 0, 0); return missing(there()); }\n",
      "root", "shims/");
  EXPECT_THAT(slice.traps, ElementsAre("missing"));
  EXPECT_THAT(slice.text, HasSubstr("static int missing ( int a ) "
                                    "{ pxd_trap(\"missing\"); }"));
  EXPECT_THAT(slice.text, Not(HasSubstr("pxd_trap(\"there\")")));
  EXPECT_THAT(slice.text, HasSubstr("\nvoid * memcpy ("));
}

TEST(SliceTest, InlineAssemblyIsATrapUnlessItIsEmpty) {
  const Slice slice = TakeSlice(
      "static int load(int *p) { int v; asm volatile(\"l %0,%1\" : \"=d\" (v) "
      ": \"Q\" (*p)); return v; }\n"
      "extern int named asm(\"other\");\n"
      "int root(int *p) { __asm__ __volatile__(\"\" : : : \"memory\"); "
      "return load(p) + named; }\n",
      "root", "shims/");
  EXPECT_THAT(slice.assembly, ElementsAre("load"));
  EXPECT_THAT(slice.text, HasSubstr("pxd_trap(\"inline assembly in load\") ;"));
  EXPECT_THAT(slice.text, HasSubstr("( \"\" : : : \"memory\" )"));
  EXPECT_THAT(slice.text, Not(HasSubstr("other")));
  EXPECT_THAT(slice.undefined, ElementsAre("named"));
  EXPECT_THAT(slice.text, HasSubstr("named __attribute__((weak));"));
}

TEST(SliceTest, ShimsWin) {
  const std::string sliced = Sliced(
      "# 1 \"include/a.h\"\n"
      "typedef int t;\n"
      "struct s { int tree; };\n"
      "static int f(void) { return 1; }\n"
      "# 1 \"shims/a.h\"\n"
      "typedef long t;\n"
      "struct s { int shim; };\n"
      "static int f(void) { return 2; }\n"
      "# 10 \"mm/gup.c\"\n"
      "t root(void) { struct s s = { 0 }; return f(); }\n");
  EXPECT_THAT(sliced, HasSubstr("typedef long t"));
  EXPECT_THAT(sliced, Not(HasSubstr("typedef int t")));
  EXPECT_THAT(sliced, HasSubstr("int shim"));
  EXPECT_THAT(sliced, Not(HasSubstr("int tree")));
  EXPECT_THAT(sliced, HasSubstr("return 2"));
  EXPECT_THAT(sliced, Not(HasSubstr("return 1")));
}

// The hash of the walker "w" of `text`, without the function `other`.
std::string WalkerHashOf(std::string_view text) {
  const SlicedWalker walkers[] = {{"w", {"other"}}};
  const Slice slice = TakeSlice(text, "root", "shims/", walkers);
  const auto found = slice.walkers.find("w");
  if (found == slice.walkers.end()) return "";
  EXPECT_THAT(slice.text,
              HasSubstr("#define PXD_HASH_w \"" + found->second + "\"\n"));
  return found->second;
}

TEST(SliceTest, AWalkersHashIsOfWhatItUses) {
  const auto text = [](std::string_view fields, std::string_view enumerators,
                       std::string_view body, std::string_view other) {
    std::string out = "enum e { ";
    out.append(enumerators).append(" };\nstruct s { int a; struct { ");
    out.append(fields).append(" }; };\nint other(void) { return ");
    out.append(other).append("; }\nint walk(struct s *s) { return ");
    out.append(body).append("; }\nint root(struct s *s) { return walk(s) + ");
    return out.append("other(); }\n");
  };
  const std::string hash = WalkerHashOf(text("int b;", "X", "s->a + X", "1"));
  EXPECT_NE(hash, "");
  // Fields, enumerators, other walkers, lines and announcements.
  EXPECT_EQ(hash, WalkerHashOf(text("", "X", "s->a + X", "1")));
  EXPECT_EQ(hash, WalkerHashOf(text("int b; int (*f)(int c); struct { int d; } "
                                    "e;",
                                    "X, Y", "s->a + X", "1")));
  EXPECT_EQ(hash, WalkerHashOf(text("int b;", "X", "s->a + X", "2")));
  EXPECT_EQ(hash, WalkerHashOf("struct s;\nint walk(struct s *s);\n" +
                               text("int b;", "X", "s->a + X", "1")));
  // What it does, and what it uses.
  EXPECT_NE(hash, WalkerHashOf(text("int b;", "X", "s->a - X", "1")));
  EXPECT_NE(WalkerHashOf(text("int b;", "X", "s->b", "1")),
            WalkerHashOf(text("long b;", "X", "s->b", "1")));
  EXPECT_NE(WalkerHashOf(text("int b;", "X = 1", "X", "1")),
            WalkerHashOf(text("int b;", "X = 2", "X", "1")));
}

TEST(SliceTest, APropertyIsOfTheFunctionsThatAreTaken) {
  const SlicedProperty properties[] = {{"PXD_P", {"walk"}, "ret = ask ("}};
  const auto line = [&](std::string_view body) {
    std::string text =
        "int ask(void);\nint other(void) { int ret; ret = ask();";
    text.append(" return ret; }\nint walk(void) { int ret; ")
        .append(body)
        .append(" return other(); }\nint root(void) { return walk(); }\n");
    const Slice slice = TakeSlice(text, "root", "shims/", {}, properties);
    return slice.text.substr(0, slice.text.find('\n'));
  };
  EXPECT_EQ(line("ret  =\nask();"), "#define PXD_P 1");
  EXPECT_EQ(line("if (ask()) return 1;"), "#define PXD_P 0");
}

TEST(SliceTest, StaticAssertionsOfShimsAreKept) {
  const std::string sliced = Sliced(
      "typedef int t;\n_Static_assert(sizeof(t) == 1, \"tree\");\n"
      "# 1 \"shims/a.h\"\n_Static_assert(sizeof(t) == 4, \"shim\");\n"
      "int root(void) { return 0; }\n");
  EXPECT_THAT(sliced, HasSubstr("typedef int t"));
  EXPECT_THAT(sliced, HasSubstr("\"shim\""));
  EXPECT_THAT(sliced, Not(HasSubstr("\"tree\"")));
}

// "#define helper(...) 0" makes this of "int helper(int a) { ... }".
TEST(SliceTest, WhatAShimsMacroHasSpoiltIsLeftOut) {
  EXPECT_EQ(Sliced("static int 0 { return 5; }\n"
                   "int root(void) { return 0; }\n"),
            "static int root ( void ) { return 0 ; } ");
}

TEST(SliceTest, OfTwoDefinitionsTheFirst) {
  const Slice slice = TakeSlice(
      "# 1 \"mm/a.c\"\n"
      "static int f(void) { return 1; }\n"
      "# 1 \"mm/b.c\"\n"
      "static int f(void) { return 2; }\n"
      "int root(void) { return f(); }\n",
      "root", "shims/");
  EXPECT_THAT(slice.text, HasSubstr("return 1"));
  EXPECT_THAT(slice.text, Not(HasSubstr("return 2")));
  EXPECT_THAT(slice.defined_twice, ElementsAre("f (mm/b.c)"));
}

TEST(SliceTest, AWordOfTheConfigurationThatIsLeftIsZero) {
  EXPECT_EQ(
      Sliced("int root(void) { return CONFIG_X + sizeof(\"CONFIG_Y\"); }"),
      "static int root ( void ) { return 0 + sizeof ( \"CONFIG_Y\" ) ; "
      "} ");
}

// Attributes with parentheses may come before the storage class.
TEST(SliceTest, OneStorageClass) {
  EXPECT_EQ(Sliced("inline __attribute__((a)) __attribute__((b(1, 2, 3))) "
                   "static int root(int a[static 2]) { return 0; }"),
            "static inline __attribute__ ( ( a ) ) __attribute__ ( ( b ( 1 , 2 "
            ", 3 ) ) ) int root ( int a [ static 2 ] ) { return 0 ; } ");
}

TEST(SliceTest, LinesAreThoseOfTheTree) {
  const Slice slice = TakeSlice(
      "# 40 \"mm/gup.c\" 2\n"
      "static int f(void)\n"
      "{\n"
      "\treturn 1;\n"
      "}\n"
      "#pragma GCC something\n"
      "# 100 \"mm/gup.c\"\n"
      "int root(void) { return f(); }\n",
      "root", "shims/");
  EXPECT_THAT(slice.text, HasSubstr("\n#line 40 \"mm/gup.c\"\n"
                                    "static int f ( void ) \n{ \nreturn"));
  EXPECT_THAT(slice.text, HasSubstr("\n#line 100 \"mm/gup.c\"\n"
                                    "static int root"));
  ASSERT_EQ(slice.taken.size(), 2u);
  EXPECT_EQ(slice.taken[0].file, "mm/gup.c");
  EXPECT_EQ(slice.taken[0].first, 40);
  EXPECT_EQ(slice.taken[0].last, 43);
  EXPECT_EQ(slice.declarations, 2u);
}

TEST(SliceTest, TheHashIsThatOfTheCodeAlone) {
  const auto hash = [](std::string_view text) {
    return TakeSlice(text, "root", "shims/").hash;
  };
  const std::string code = "int f(void) { return 1; }\n";
  const std::string of_root = "const int root = f;\n";
  const std::string before = hash(code + of_root);
  EXPECT_EQ(before.size(), 16u);
  EXPECT_EQ(hash("int unused;\n\n" + code + of_root), before);
  EXPECT_EQ(hash(code + "const int root = f + 1;\n"), before);
  EXPECT_NE(hash("int f(void) { return 2; }\n" + of_root), before);
}

// -----------------------------------------------------------------------------
// Configuration

TEST(KconfigTest, Conditions) {
  const ConfigSymbols known = {"A", "B"};
  for (const char* holds : {"A", "A && B", "A || C", "!C", "!(C && A)", "y",
                            "C || (A && !C)", "!C && !(C || D)"}) {
    EXPECT_TRUE(Holds(holds, known)) << holds;
  }
  for (const char* fails :
       {"C", "A && C", "!A", "!(A || C)", "n", "", "A = y", "A != n",
        "CC_VERSION >= 110000", "B && (C || !A)"}) {
    EXPECT_FALSE(Holds(fails, known)) << fails;
  }
}

TEST(KconfigTest, WhatAnArchitectureSelects) {
  constexpr std::string_view kText =
      "config OTHER\n"
      "\tselect NEVER\n"
      "config S390\n"
      "\tdef_bool y\n"
      "\t# A comment\n"
      "\tselect ALWAYS\n"
      "\tselect IF_KNOWN if KNOWN\n"
      "\tselect IF_UNKNOWN if UNKNOWN # why\n"
      "\tselect AFTER\t\tif ALWAYS && IF_KNOWN\n"
      "\n"
      "\thelp\n"
      "\t  select nothing, says the text.\n"
      "menu \"Things\"\n"
      "\tselect OF_NO_CONFIG\n"
      "config S390\n"
      "\tselect AGAIN if !UNKNOWN\n";
  EXPECT_THAT(SelectedBy(kText, "S390", {"KNOWN"}),
              ElementsAre("ALWAYS", "IF_KNOWN", "AFTER", "AGAIN"));
  EXPECT_THAT(SelectedBy(kText, "X86", {}), IsEmpty());
}

// The text with "R(p)" for each read *p that is noted.
std::string Noted(std::string_view text) {
  static constexpr std::string_view kFiles[] = {"mm/gup.c"};
  std::string noted =
      NotePlainReads("# 1 \"mm/gup.c\"\n" + std::string(text), kFiles);
  noted.erase(0, noted.find('\n') + 1);
  std::string out;
  size_t at = 0;
  for (size_t found; (found = noted.find("*(__typeof__(", at)) != noted.npos;) {
    const size_t name = noted.find("pxd_plain_read(", found) + 15;
    const size_t end = noted.find(',', name);
    out += noted.substr(at, found - at) + "R(" +
           noted.substr(name, end - name) + ")";
    at = noted.find("__LINE__)", found) + 9;
  }
  return out + noted.substr(at);
}

TEST(PlainReadsTest, AreReadsByPointer) {
  EXPECT_EQ(Noted("int f(pmd_t *pmdp) { pmd_t pmd = *pmdp; "
                  "if (!pmd_present(*pmdp) || g(1, *pmdp)) return *pmdp; }"),
            "int f(pmd_t *pmdp) { pmd_t pmd = R(pmdp); "
            "if (!pmd_present(R(pmdp)) || g(1, R(pmdp))) return R(pmdp); }");
}

TEST(PlainReadsTest, AreNothingElse) {
  for (const char* text :
       {"int *a; int f(int *p, int **q);",
        "int f(void) { pte_t pte, *ptep; pmd_t *a, *b; return a * b; }",
        "void f(int *p) { *p = 1; g(&(*p), &*p); *p += 1; (*p)++; *p++; }",
        "int f(x *p) { return sizeof(*p) + (*p->f)(1) + (__typeof__(*p))1; }",
        "int f(int p) { return _Generic((*p), int: 0) + (int)*p; }",
        "int f(void) { return __builtin_choose_expr(1, *p, ({ (*p); })); }"}) {
    std::string expected = text;
    if (const size_t at = expected.find("(*p)++"); at != expected.npos) {
      expected.replace(at, 4, "(R(p))");
    }
    EXPECT_EQ(Noted(text), expected);
  }
}

TEST(PlainReadsTest, AreOfTheFilesOfWalks) {
  EXPECT_EQ(NotePlainReads("# 1 \"mm/x.c\"\nint f(int *p) { return *p; }",
                           {{"mm/gup.c"}}),
            "# 1 \"mm/x.c\"\nint f(int *p) { return *p; }");
}

}  // namespace
}  // namespace pxdfuzz::slice
