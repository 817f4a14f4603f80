// SPDX-License-Identifier: MIT

// pxdfuzz sites: the scanner on made-up sources, and the command on small trees
// of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "src/cli/sites/sites_scanner.h"
#include "tests/engine/program.h"

namespace pxdfuzz {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

namespace fs = std::filesystem;

// "3 look pud_offset by-value", one for each site.
std::vector<std::string> SitesOf(std::string_view source) {
  std::vector<std::string> sites;
  for (const Site& site : SiteScanner::Scan(source).sites) {
    sites.push_back(std::to_string(site.line) + ' ' + site.function + ' ' +
                    site.callee + ' ' + std::string(Name(site.kind)));
  }
  return sites;
}

// "3 *pudp read-once", one for each read.
std::vector<std::string> ReadsOf(std::string_view source) {
  std::vector<std::string> reads;
  for (const EntryRead& read : SiteScanner::Scan(source).reads) {
    reads.push_back(std::to_string(read.line) + ' ' + read.text + ' ' +
                    std::string(Name(read.kind)));
  }
  return reads;
}

// The only walker, in a function with this body.
WalkerFunction WalkerOf(const std::string& body) {
  const SourceSites found = SiteScanner::Scan(
      "int look(pud_t *pudp, unsigned long addr)\n{\n" + body + "\n}\n");
  EXPECT_EQ(found.walkers.size(), 1u) << body;
  return found.walkers.empty() ? WalkerFunction() : found.walkers[0];
}

// --- Uses --------------------------------------------------------------------

TEST(SiteScannerTest, ClassifiesTheArgumentOfEachOffset) {
  EXPECT_THAT(
      SitesOf("int look(struct mm_struct *mm, unsigned long addr)\n"
              "{\n"
              "\tpgd_t *pgdp = pgd_offset(mm, addr);\n"
              "\tp4d_t *p4dp = p4d_offset(pgdp, addr);\n"
              "\tpudp = pud_offset_lockless(p4dp, p4d, addr);\n"
              "\tpmdp = pmd_offset(&pud, addr);\n"
              "\tnext = pmd_addr_end(addr, end);\n"
              "}\n"),
      ElementsAre("3 look pgd_offset root", "4 look p4d_offset by-pointer",
                  "5 look pud_offset_lockless lockless",
                  "6 look pmd_offset by-value",
                  "7 look pmd_addr_end boundary"));
}

TEST(SiteScannerTest, DistinguishesCopiesFromPointersIntoTables) {
  EXPECT_THAT(
      SitesOf("void f(void) {\n"
              "pud_offset(&(p4d), a);\n"
              "pud_offset((&p4d), a);\n"
              "pud_offset(&vmf->orig, a);\n"
              "pud_offset(&table[i], a);\n"
              "pud_offset(&(table[i]), a);\n"
              "pud_offset(p4d_offset(&pgd, a), a);\n"
              "pud_offset(p4d + i, a & mask);\n"
              "}\n"),
      ElementsAre("2 f pud_offset by-value", "3 f pud_offset by-value",
                  "4 f pud_offset by-value", "5 f pud_offset by-pointer",
                  "6 f pud_offset by-pointer", "7 f pud_offset by-pointer",
                  "7 f p4d_offset by-value", "8 f pud_offset by-pointer"));
}

TEST(SiteScannerTest, FindsThePageTableAmongTheArguments) {
  EXPECT_THAT(SitesOf("void f(void) {\n"
                      "pte_offset_map(&pmd, a);\n"
                      "pte_offset_kernel(pmdp, a);\n"
                      "pte_offset_map_lock(mm, pmdp, a, &ptl);\n"
                      "pte_offset_map_nolock(get(mm, 1), &pmd, a, &ptl);\n"
                      "pgd_offset_k(a);\n"
                      "}\n"),
              ElementsAre("2 f pte_offset_map by-value",
                          "3 f pte_offset_kernel by-pointer",
                          "4 f pte_offset_map_lock by-pointer",
                          "5 f pte_offset_map_nolock by-value",
                          "6 f pgd_offset_k root"));
}

TEST(SiteScannerTest, IgnoresOtherCode) {
  EXPECT_THAT(SitesOf("pmd_t *pmd_offset(pud_t *pud, unsigned long addr);\n"
                      "static inline pmd_t *pmd_offset(pud_t *pud, long a)\n"
                      "{\n"
                      "\treturn (pmd_t *)pud;\n"
                      "}\n"
                      "#define pmd_offset pmd_offset\n"
                      "#define pud_addr_end(addr, end) (end)\n"
                      "#undef pmd_offset\n"
                      "/* pmd_offset(pud, addr);\n"
                      " * pmd_offset(pud, addr); */\n"
                      "// pmd_offset(pud, addr) \\\n"
                      "   pmd_offset(pud, addr)\n"
                      "void f(void)\n"
                      "{\n"
                      "\tprintk(\"pmd_offset(pud) \\\" pmd_offset(pud)\\n\");\n"
                      "\tpte_offset = pte_offset * 8;\n"
                      "\tmy_pmd_offset(pud, addr);\n"
                      "\thuge_pte_offset(mm, addr);\n"
                      "\tpmd_offsets(pud, addr);\n"
                      "}\n"),
              IsEmpty());
}

TEST(SiteScannerTest, TablesOfConstantsAreNotFunctions) {
  EXPECT_THAT(SitesOf("static pmd_t *const table[SIZE(2)] = {\n"
                      "  pmd_offset(a, b),\n"
                      "};\n"),
              IsEmpty());
}

TEST(SiteScannerTest, NamesTheMacroOfAUse) {
  EXPECT_THAT(
      SitesOf("#define find(p4dp, p4d, addr) \\\n"
              "({ /* pmd_offset(x, y)\n"
              "    over lines */ \\\n"
              "\tpud_offset(&(p4d), addr); \\\n"
              "})\n"
              "void f(void) { pmd_offset(a, b); }\n"),
      ElementsAre("4 find pud_offset by-value", "6 f pmd_offset by-pointer"));
  EXPECT_THAT(SitesOf("#define find(a) \\\r\n  pmd_offset(a, b)\r\n"),
              ElementsAre("2 find pmd_offset by-pointer"));
}

TEST(SiteScannerTest, CountsLinesInCommentsSplicesAndQuotes) {
  EXPECT_THAT(
      SitesOf("#error don't \\\n"
              "  stop here\n"
              "/* one\n"
              "   two */\n"
              "char q = '\"', r = '\\'';\n"
              "#if 1 /* over\n"
              "  void g(void) { pmd_offset(a, b); } */\n"
              "#endif\n"
              "// not yet /* that\n"
              "void f(void) {\n"
              "  say(\"a\\\n"
              "b\"); pmd_offset\n"
              "  (a, b);\n"
              "  it isn't said\n"
              "  pud_offset(a, b);\n"
              "}\n"),
      ElementsAre("12 f pmd_offset by-pointer", "15 f pud_offset by-pointer"));
}

TEST(SiteScannerTest, NamesTheFunction) {
  const std::string body = "\n{\n  if (x) { y(); }\n  pmd_offset(a, b);\n}\n";
  const auto name = [&body](const std::string& head) {
    const SourceSites found = SiteScanner::Scan(
        "struct ops { int (*call)(int); };\n"
        "static const struct ops o = { .call = look, };\n"
        "int other(int x) { return 0; }\n" +
        head + body);
    return found.sites.size() == 1 ? found.sites[0].function : "?";
  };
  EXPECT_EQ(name("static int __init find(int (*call)(int), int x)"), "find");
  EXPECT_EQ(name("static noinline int\n__find_it(int x)\n\t__must_hold(lock)"),
            "__find_it");
  EXPECT_EQ(name("static __printf(1, 2) void say(const char *a, ...)"), "say");
  EXPECT_EQ(name("__attribute__((weak)) pte_t *look(struct mm *mm)"), "look");
  EXPECT_EQ(name("SYSCALL_DEFINE2(peek, unsigned long, addr, int, x)"),
            "SYSCALL_DEFINE2(peek)");
}

TEST(SiteScannerTest, TakesBothBranchesOfAnIf) {
  EXPECT_THAT(
      SitesOf("#ifdef A\n"
              "int f(int a) {\n"
              "  pmd_offset(a, b);\n"
              "#else\n"
              "int g(int a) {\n"
              "#endif\n"
              "  if (x) {\n"
              "#ifdef B\n"
              "    pud_offset(a, b); }\n"
              "#else\n"
              "  }\n"
              "#endif\n"
              "}\n"
              "int h(void) { p4d_offset(a, b); }\n"),
      ElementsAre("3 f pmd_offset by-pointer", "9 g pud_offset by-pointer",
                  "14 h p4d_offset by-pointer"));
}

TEST(SiteScannerTest, SurvivesTruncatedSources) {
  const std::string source =
      "#define x(a) \\\n pmd_offset(&(a), b)\nint f(pmd_t *pmd) {\n"
      "  /* c */ return *pmd_offset(&pud[\"\\\"\"], 'x') + READ_ONCE(*pmd);\n"
      "#if A\n}\n#else\n}\n#endif\n";
  for (size_t size = 0; size <= source.size(); ++size) {
    SiteScanner::Scan(std::string_view(source).substr(0, size));
    SiteScanner::Scan(std::string_view(source).substr(size));
  }
  EXPECT_EQ(SiteScanner::Scan(source).sites.size(), 2u);
}

TEST(SiteScannerTest, MayHaveSitesIsTrueForUses) {
  for (const char* source :
       {"x = pgd_offset_k(a);", "pud_addr_end(a, b)", "pte_offset_map(a, b)"}) {
    EXPECT_TRUE(SiteScanner::MayHaveSites(source)) << source;
  }
  EXPECT_FALSE(SiteScanner::MayHaveSites("offsetof(struct page, flags)"));
  EXPECT_FALSE(SiteScanner::MayHaveSites(""));
}

// --- Reads of entries --------------------------------------------------------

TEST(SiteScannerTest, DistinguishesReadOnceFromPlainReads) {
  EXPECT_THAT(
      ReadsOf("int f(pud_t *pudp, unsigned long a)\n"
              "{\n"
              "\tpmd_t *pmdp = pmd_offset(pudp, a), pmd;\n"
              "\tpud_t pud = READ_ONCE(*pudp);\n"
              "\tif (pmd_none(*pmdp)) return *pmdp;\n"
              "\tpmd = READ_ONCE(*pmd_offset(&pud, a));\n"
              "\tpmd = *pmd_offset(&pud, a);\n"
              "\tpmd = pmdp_get_lockless(pmdp);\n"
              "\tpte = __ptep_get(ptep);\n"
              "\tif (same(*vmf->pmd, READ_ONCE(*pvmw.pte))) ;\n"
              "}\n"),
      ElementsAre("4 *pudp read-once", "5 *pmdp read-plainly",
                  "5 *pmdp read-plainly", "6 *pmd_offset() read-once",
                  "7 *pmd_offset() read-plainly",
                  "8 pmdp_get_lockless read-once", "9 __ptep_get read-once",
                  "10 *vmf->pmd read-plainly", "10 *pvmw.pte read-once"));
}

TEST(SiteScannerTest, DeclarationsWritesAndProductsAreNotReads) {
  EXPECT_THAT(ReadsOf("int f(pud_t *pudp, const pmd_t *pmdp, pte_t **out)\n"
                      "{\n"
                      "\tpmd_t *a, *b = x(1, 2), *c;\n"
                      "\tpmd_t pmd, *d;\n"
                      "\t*pudp = pud;\n"
                      "\tWRITE_ONCE(*a, pmd);\n"
                      "\tsize = sizeof(*a) + count * size;\n"
                      "\tptr = (pmd_t *)pmd_offset(pudp, 0);\n"
                      "\tx = **out + *name + *file->data + *x->pmd_count;\n"
                      "}\n"),
              IsEmpty());
  // It does find those variables.
  EXPECT_THAT(ReadsOf("int f(pud_t *pudp, const pmd_t *pmdp)\n"
                      "{\n"
                      "\tpmd_t *a, *b = x(1, 2), *c;\n"
                      "\tpmd_offset(*pudp, *pmdp);\n"
                      "\tif (*a == *b) *c += 1;\n"
                      "}\n"),
              ElementsAre("4 *pudp read-plainly", "4 *pmdp read-plainly",
                          "5 *a read-plainly", "5 *b read-plainly",
                          "5 *c read-plainly"));
}

TEST(SiteScannerTest, ReadsCountOnlyInWalkers) {
  EXPECT_THAT(ReadsOf("int f(pud_t *pudp) { return READ_ONCE(*pudp); }\n"),
              IsEmpty());
}

// --- Walkers -----------------------------------------------------------------

TEST(SiteScannerTest, WalkersOfValuesWithoutALockAreCandidates) {
  EXPECT_TRUE(WalkerOf("pud = READ_ONCE(*pudp); pmd_offset(pudp, addr);")
                  .is_candidate());
  EXPECT_TRUE(WalkerOf("pmd_offset(&pud, addr);").is_candidate());
  EXPECT_TRUE(WalkerOf("pmd_offset_lockless(pudp, pud, addr);").is_candidate());
  EXPECT_TRUE(
      WalkerOf("pmd_offset(pudp, addr); pmdp_get(pmdp);").is_candidate());
  EXPECT_TRUE(WalkerOf("pmd_offset(pudp, addr); ptep_get_lockless(ptep);")
                  .is_candidate());
  EXPECT_FALSE(WalkerOf("pud = *pudp; pmd_offset(pudp, addr);").is_candidate());
  EXPECT_FALSE(
      WalkerOf("pmd_offset(pudp, addr); pte = ptep_get(ptep);").is_candidate());
}

TEST(SiteScannerTest, AWalkerWithALockIsNoCandidate) {
  for (const std::string lock :
       {"ptl = pmd_lock(mm, pmd)", "spin_lock_irqsave(&x, flags)",
        "mmap_read_trylock(mm)", "down_read(&mm->mmap_lock)",
        "mmap_assert_write_locked(mm)", "assert_fault_locked(vmf)",
        "lockdep_assert_held(&mm->lock)",
        "pte_offset_map_lock(mm, pmd, addr, &ptl)"}) {
    EXPECT_FALSE(WalkerOf(lock + "; pmd_offset(&pud, addr);").is_candidate())
        << lock;
  }
  for (const std::string other :
       {"rcu_read_lock()", "local_irq_save(flags)", "spin_unlock(ptl)",
        "folio_trylock(folio)", "pte_offset_map_nolock(mm, pmd, addr, &ptl)"}) {
    EXPECT_TRUE(WalkerOf(other + "; pmd_offset(&pud, addr);").is_candidate())
        << other;
  }
  EXPECT_FALSE(SiteScanner::Scan("#define f(x, a) pmd_offset(&(x), a)\n")
                   .walkers.at(0)
                   .is_candidate());
}

TEST(SiteScannerTest, FindsThePointerStep) {
  EXPECT_TRUE(WalkerOf("do pmd_offset(&pud, a); while (pudp++, x);").steps);
  EXPECT_TRUE(WalkerOf("pmd_offset(&pud, a); ++pudp;").steps);
  EXPECT_TRUE(WalkerOf("pmd_offset(&pud, a); pudp += 4;").steps);
  EXPECT_FALSE(WalkerOf("pmd_offset(&pud, a); nr++; x = pudp + 1;").steps);
}

TEST(SiteScannerTest, CountsAWalkersSites) {
  const WalkerFunction walker = WalkerOf(
      "pgd_offset(mm, a); pmd_offset(pudp, a); pmd_offset(&pud, a);\n"
      "pmd_offset(&pud, a); pmd_offset_lockless(pudp, pud, a);\n"
      "x = *pudp + *pudp + READ_ONCE(*pudp); pud_addr_end(a, b);");
  EXPECT_EQ(walker.function, "look");
  EXPECT_EQ(walker.line, 3);
  EXPECT_EQ(walker.roots, 1);
  EXPECT_EQ(walker.by_pointer, 1);
  EXPECT_EQ(walker.by_value, 2);
  EXPECT_EQ(walker.lockless, 1);
  EXPECT_EQ(walker.addr_ends, 1);
  EXPECT_EQ(walker.once, 1);
  EXPECT_EQ(walker.plain, 2);
}

// --- The command -------------------------------------------------------------

class SitesTest : public ::testing::Test {
 protected:
  SitesTest() {
    fs::create_directories(tree() / "include");
    Add("mm/a.c",
        "void walk(pud_t *pudp, unsigned long a)\n"
        "{\n"
        "\tdo {\n"
        "\t\tpud_t pud = READ_ONCE(*pudp);\n"
        "\t\tnext = pud_addr_end(a, end); n = pud_addr_end(a, b);\n"
        "\t\tpmd_offset(&pud, a);\n"
        "\t} while (pudp++, a != end);\n"
        "}\n");
    Add("arch/x/b.h", "static void f(void) { p4d_offset(pgd, a); }\n");
    Add("mm/none.c", "/* pmd_offset(pud, a) */ int x;\n");
    Add("mm/text.txt", "void f(void) { p4d_offset(pgd, a); }\n");
    fs::create_symlink("a.c", tree() / "mm/link.c");
    fs::create_directory_symlink("../mm", tree() / "arch/mm");
  }

  fs::path tree() const { return scratch_.path() / "tree"; }
  void Add(const std::string& name, const std::string& source) const {
    fs::create_directories((tree() / name).parent_path());
    std::ofstream(tree() / name) << source;
  }
  // Runs the command in the parent folder of `tree`.
  Ran Run(const std::string& arguments) const {
    return RunCommand("cd '" + scratch_.path().string() + "' && " +
                      Program("pxdfuzz") + " sites " + arguments);
  }

  ScratchFolder scratch_;
};

TEST_F(SitesTest, SumsUpByFile) {
  const Ran ran = Run("tree");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(
      ran.output,
      "                                              addr_ offset    by-  lock-"
      "    by-   read   read  maybe\n"
      "file                                            end   root    ptr   less"
      "  value   once  plain nolock\n"
      "arch/x/b.h                                        -      -      1      -"
      "      -      -      -      -\n"
      "mm/a.c                                            2      -      -      -"
      "      1      1      -      1\n"
      "all                                               2      -      1      -"
      "      1      1      -      1\n"
      "\n"
      "Walkers that may run without the lock\n"
      "  mm/a.c:5                                  walk: boundary 2, by-value "
      "1, once 1; steps\n"
      "\n"
      "pXd_addr_end  2 uses on 1 line in 1 file\n"
      "pXd_offset    2 uses: 0 root, 1 by-pointer, 0 lockless, 1 by-value\n"
      "entries read  1 place: 1 once, 0 plain\n"
      "walkers       2 functions, 1 of which may run without the lock\n"
      "files         2 of 3 have uses\n");
}

TEST_F(SitesTest, ListsEachUseAndRead) {
  const Ran ran = Run("--list tree/");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.output,
            "arch/x/b.h:1: f: p4d_offset: by-pointer\n"
            "mm/a.c:4: walk: *pudp: read-once\n"
            "mm/a.c:5: walk: pud_addr_end: boundary\n"
            "mm/a.c:5: walk: pud_addr_end: boundary\n"
            "mm/a.c:6: walk: pmd_offset: by-value\n");
}

TEST_F(SitesTest, LooksAtOneFolder) {
  const Ran ran = Run("--list --under=arch tree");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_EQ(ran.output, "arch/x/b.h:1: f: p4d_offset: by-pointer\n");
}

TEST_F(SitesTest, JsonHasTheSameContent) {
  const Ran ran = Run("--json tree");
  EXPECT_EQ(ran.exit_code, 0);
  const YAML::Node json = YAML::Load(ran.output);
  EXPECT_EQ(json["scanned"].as<int>(), 3);
  EXPECT_EQ(json["addr_end_lines"].as<int>(), 1);
  EXPECT_EQ(json["total"]["addr_end"].as<int>(), 2);
  EXPECT_EQ(json["total"]["by_value"].as<int>(), 1);
  ASSERT_EQ(json["files"].size(), 2u);
  const YAML::Node file = json["files"][1];
  EXPECT_EQ(file["file"].as<std::string>(), "mm/a.c");
  EXPECT_FALSE(file["uses"]);
  ASSERT_EQ(file["walkers"].size(), 1u);
  EXPECT_EQ(file["walkers"][0]["function"].as<std::string>(), "walk");
  EXPECT_TRUE(file["walkers"][0]["steps"].as<bool>());
  EXPECT_FALSE(file["walkers"][0]["takes_lock"].as<bool>());
  EXPECT_EQ(file["walkers"][0]["candidates"].as<int>(), 1);

  const YAML::Node listed = YAML::Load(Run("--json --list tree").output);
  ASSERT_EQ(listed["files"][1]["uses"].size(), 4u);
  EXPECT_EQ(listed["files"][1]["uses"][0]["kind"].as<std::string>(),
            "read-once");
}

TEST_F(SitesTest, OmitsCandidatesIfThereAreNone) {
  const Ran ran = Run("--under=arch tree");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output, Not(HasSubstr("Walkers that")));
  EXPECT_THAT(ran.output, EndsWith("files         1 of 1 have uses\n"));
}

TEST_F(SitesTest, AMacroIsNotAFunction) {
  Add("mm/m.h", "#define find(a) pmd_offset(&(a), 0)\n");
  const YAML::Node total = YAML::Load(Run("--json tree").output)["total"];
  EXPECT_EQ(total["by_value"].as<int>(), 2);
  EXPECT_EQ(total["functions"].as<int>(), 2);
}

TEST_F(SitesTest, RefusesAFolderThatIsNoTree) {
  const auto error = [this](const std::string& arguments) {
    const Ran ran = Run(arguments);
    EXPECT_EQ(ran.exit_code, 3) << arguments;
    return ran.output;
  };
  EXPECT_EQ(error("nowhere"),
            "pxdfuzz: nowhere: cannot be read: No such file or directory; name "
            "the folder of a Linux tree, which holds mm and include\n");
  EXPECT_EQ(error("tree/mm/a.c"),
            "pxdfuzz: tree/mm/a.c: is no folder; name the folder of a Linux "
            "tree, which holds mm and include\n");
  EXPECT_EQ(error("tree/mm"),
            "pxdfuzz: tree/mm: is no Linux tree, there is no folder mm in it; "
            "name the folder that holds mm and include\n");
  fs::create_directories(scratch_.path() / "half/mm");
  EXPECT_EQ(error("half"),
            "pxdfuzz: half: is no Linux tree, there is no folder include in "
            "it; name the folder that holds mm and include\n");
  EXPECT_EQ(error("--under=fs tree"),
            "pxdfuzz: tree: has no folder fs; --under names one from there, "
            "such as mm or arch/x86\n");
  EXPECT_EQ(error("--under=.. tree"),
            "pxdfuzz: tree: has no folder ..; --under names one from there, "
            "such as mm or arch/x86\n");
}

TEST_F(SitesTest, FailsIfNothingWalksPageTables) {
  Add("fs/plain.c", "int x;\n");
  const Ran ran = Run("--list --under=fs tree");
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_EQ(ran.output,
            "pxdfuzz: tree/fs: none of 1 file in it walks page tables\n");
}

TEST_F(SitesTest, NamesFilesThatCannotBeRead) {
  // A folder can be opened, but no file in addition. The test closes inherited
  // descriptors, since they would count.
  const Ran ran = RunCommand(
      "cd '" + scratch_.path().string() +
      "' && exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- && ulimit -n 4 && " +
      Program("pxdfuzz") + " sites --list tree");
  EXPECT_EQ(ran.exit_code, 3);
  for (const std::string file : {"arch/x/b.h", "mm/a.c", "mm/none.c"}) {
    EXPECT_THAT(ran.output,
                HasSubstr("pxdfuzz: tree/" + file + ": cannot be read: "));
  }
}

TEST_F(SitesTest, RequiresOneTree) {
  EXPECT_EQ(Run("").exit_code, 2);
  EXPECT_EQ(Run("tree tree").exit_code, 2);
  EXPECT_EQ(Run("--quick tree").exit_code, 2);
}

TEST_F(SitesTest, HelpListsTheLimits) {
  const Ran ran = Run("--help");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.output, HasSubstr("does not see uses through"));
}

}  // namespace
}  // namespace pxdfuzz
