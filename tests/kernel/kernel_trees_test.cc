// SPDX-License-Identifier: MIT

// What the slicer takes from Linux trees, and whether kernel/shim fits the
// spellings of all versions since 5.4. Trees here are made up: files of a few
// lines that have the names, signatures and anchors of the real ones, and none
// of their code.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/slice/slicer.h"

namespace pxdfuzz {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void Write(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string With(
    std::string text,
    std::initializer_list<std::pair<std::string_view, std::string_view>> all) {
  for (const auto& [name, value] : all) {
    for (size_t at = text.find(name); at != std::string::npos;
         at = text.find(name, at + value.size())) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

// A folder that is removed with the object.
class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "/kernel_trees.XXXXXX";
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }

  fs::path operator/(std::string_view name) const { return path_ / name; }

 private:
  fs::path path_;
};

// -----------------------------------------------------------------------------
// KernelSource

constexpr std::string_view kSource = R"(/* about two() */
int one(int a);

static inline int
two(int a)
{
	if (a) {
		return one(a);
	}
	return 0;
}

#define both(a) \
	(one(a) + \
	 two(a))
#define width 3

int one(int a)
{
	return a;
}

#ifdef CONFIG_X
int first;
#endif
#ifdef CONFIG_X
#if 0
# ifdef CONFIG_Y
# endif
#endif
int second;
#else
int third;
#endif /* CONFIG_X */
int open(int a)
{
	return a;
)";

TEST(KernelSourceTest, FindsAFunctionsDefinition) {
  const KernelSource source("mm/x.c", kSource);
  const std::optional<Piece> one = source.Function("one");
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->first_line, 18);
  EXPECT_EQ(one->lines, 4);
  EXPECT_EQ(one->text, "int one(int a)\n{\n\treturn a;\n}\n");
  EXPECT_EQ(one->anchor, "function one");
}

TEST(KernelSourceTest, FindsAFunctionWithItsTypeOnASeparateLine) {
  const std::optional<Piece> two =
      KernelSource("mm/x.c", kSource).Function("two");
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->first_line, 4);
  EXPECT_THAT(two->text, StartsWith("static inline int\ntwo(int a)\n"));
  EXPECT_THAT(two->text, EndsWith("return 0;\n}\n"));
}

TEST(KernelSourceTest, IgnoresOtherCode) {
  const KernelSource source("mm/x.c", kSource);
  EXPECT_FALSE(source.Function("three").has_value());
  EXPECT_FALSE(source.Function("wo").has_value());
  EXPECT_FALSE(source.Function("both").has_value());
  EXPECT_FALSE(source.Function("open").has_value()) << "it never ends";
}

TEST(KernelSourceTest, FindsAMacroWithItsContinuationLines) {
  const KernelSource source("mm/x.c", kSource);
  const std::optional<Piece> both = source.Macro("both");
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->lines, 3);
  EXPECT_THAT(both->text, EndsWith("two(a))\n"));
  const std::optional<Piece> width = source.Macro("width");
  ASSERT_TRUE(width.has_value());
  EXPECT_EQ(width->text, "#define width 3\n");
  EXPECT_FALSE(source.Macro("widt").has_value());
  EXPECT_FALSE(source.Macro("one").has_value());
}

TEST(KernelSourceTest, FindsTheEnclosingConditional) {
  const KernelSource source("mm/x.c", kSource);
  const std::optional<Piece> found =
      source.Conditional("#ifdef CONFIG_X", "third");
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->text, StartsWith("#ifdef CONFIG_X\n#if 0\n"));
  EXPECT_THAT(found->text, EndsWith("#endif /* CONFIG_X */\n"));
  EXPECT_THAT(found->text, Not(HasSubstr("first")));
  EXPECT_FALSE(source.Conditional("#ifdef CONFIG_X", "fourth").has_value());
  EXPECT_FALSE(source.Conditional("#ifdef CONFIG_Z", "third").has_value());
}

TEST(KernelSourceTest, RefusesAConditionalThatNeverEnds) {
  const KernelSource source("x.c", "#ifdef CONFIG_X\nint gup_pgd_range(\n");
  EXPECT_FALSE(
      source.Conditional("#ifdef CONFIG_X", "gup_pgd_range(").has_value());
}

TEST(KernelSourceTest, FindsNothingInAnEmptyFile) {
  const KernelSource source("x.c", "");
  EXPECT_FALSE(source.Function("one").has_value());
  EXPECT_FALSE(source.Macro("one").has_value());
  EXPECT_FALSE(source.Conditional("", "").has_value());
}

// -----------------------------------------------------------------------------
// Made-up trees

// How one version spells what differs between versions.
struct Spelling {
  std::string_view name;
  // "5.8", for the Makefile.
  std::string_view major, minor;
  bool linux_pgtable = true;
  // The walk calls pXd_offset_lockless().
  bool lockless = true;
  std::string_view config = "CONFIG_HAVE_FAST_GUP";
  std::string_view pgd_range = "gup_pgd_range";
  // Before the block, in it, and after it.
  std::string_view before, inside, entry;
  // How the walk reads an entry of the lowest level, and how for the recheck;
  // how it takes and puts references.
  std::string_view read_pte, check_pte = "*ptep", take, give;
  // Whether the recheck of a page reads its pmd (70cbc3cc78a9).
  bool pmd_check = false;
  std::string_view entry_name;
};

constexpr std::string_view kTakeHead =
    "struct page *head = try_get_compound_head(page, refs);\n"
    "\tif (!head)\n\t\treturn 0;\n";
constexpr std::string_view kPutOneByOne =
    "while (refs--)\n\t\t\tput_page(head);";
// An entry point in the block itself, up to 5.6.
constexpr std::string_view kOwnHead = R"(
static inline pte_t gup_get_pte(pte_t *ptep)
{
	return READ_ONCE(*ptep);
}
static inline struct page *try_get_compound_head(struct page *page, int refs)
{
	struct page *top = compound_head(page);
	return page_ref_count(top) >= 0 && page_cache_add_speculative(top, refs) ?
		top : NULL;
}
)";
constexpr std::string_view kOwnPut = R"(
static void put_compound_head(struct page *page, int refs)
{
	if (refs > 1)
		page_ref_sub(page, refs - 1);
	put_page(page);
}
)";
constexpr std::string_view kFastOnly = R"(
int __get_user_pages_fast(unsigned long start, int nr_pages, int write,
			  struct page **pages)
{
	const unsigned long len = (unsigned long)nr_pages << PAGE_SHIFT;
	unsigned long flags;
	int nr = 0;

	if (!access_ok((void __user *)start, len))
		return 0;
	local_irq_save(flags);
	gup_pgd_range(start, start + len, write ? FOLL_WRITE : 0, pages, &nr);
	local_irq_restore(flags);
	return nr;
}
)";
// The one of 5.6, 5.7, 5.8: which flags it allows.
constexpr std::string_view kInternal = R"(
static int internal_get_user_pages_fast(unsigned long start, int nr_pages,
					unsigned int gup_flags,
					struct page **pages)
{
	const unsigned long len = (unsigned long)nr_pages << PAGE_SHIFT;
	int nr = 0, more;

	if (WARN_ON_ONCE(gup_flags & ~(FOLL_WRITE | FOLL_PIN@FLAGS)))
		return -EINVAL;
	atomic_set(&current->mm->has_pinned, 1);
	might_lock_read(&current->mm->mmap_lock);
	if (unlikely(!access_ok((void __user *)start, len)))
		return -EFAULT;
	local_irq_disable();
	gup_pgd_range(start, start + len, gup_flags, pages, &nr);
	local_irq_enable();
	if (nr == nr_pages)
		return nr;
	more = __gup_longterm_unlocked(start, nr_pages - nr, gup_flags, pages);
	return nr + more;
}
)";
constexpr std::string_view kLockless = R"(
static unsigned long @NAME(unsigned long start, unsigned long end,
	unsigned int gup_flags, struct page **pages)
{
	unsigned long flags;
	unsigned int seq = 0;
	int nr_pinned = 0;

	if (gup_flags & FOLL_PIN) {
		seq = raw_read_seqcount(&current->mm->write_protect_seq);
		if (seq & 1)
			return 0;
	}
	local_irq_save(flags);
	@RANGE(start, end, gup_flags, pages, &nr_pinned);
	local_irq_restore(flags);
	if ((gup_flags & FOLL_PIN) &&
	    read_seqcount_retry(&current->mm->write_protect_seq, seq)) {
		@UNPIN(pages, nr_pinned);
		return 0;
	}
	return nr_pinned;
}
)";

// The walk. Those of the real trees are longer and do more.
constexpr std::string_view kWalk = R"(/* made up */
@BEFORE
#ifdef @CONFIG
@INSIDE
static int large_page(pmd_t orig, pmd_t *pmdp, struct page *page, int refs,
		      unsigned int flags, struct page **pages, int *nr)
{
	@TAKE
	if (unlikely(pmd_val(orig) != pmd_val(*pmdp))) {
		@GIVE
		return 0;
	}
	while (refs--)
		pages[(*nr)++] = page++;
	return 1;
}
static int gup_pte_range(@PTE_ARGS, unsigned long addr,
	unsigned long end, unsigned int flags, struct page **pages, int *nr)
{
	pte_t *ptep = pte_offset_map(&pmd, addr);

	for (; addr != end; addr += PAGE_SIZE, ptep++) {
		pte_t pte = @READ;
		int refs = 1;

		if (pte_protnone(pte) || pte_special(pte) || pte_devmap(pte) ||
		    !pte_access_permitted(pte, flags & FOLL_WRITE))
			return 0;
		struct page *page = pte_page(pte);
		@TAKE
		if (@CHECK) {
			@GIVE
			return 0;
		}
		pages[(*nr)++] = page;
	}
	pte_unmap(ptep);
	return 1;
}
static int gup_pmd_range(@PUD, unsigned long addr, unsigned long end,
	unsigned int flags, struct page **pages, int *nr)
{
	pmd_t *pmdp = @PMD_OFFSET;
	unsigned long next;

	for (; addr != end; addr = next, pmdp++) {
		pmd_t pmd = READ_ONCE(*pmdp);

		next = pmd_addr_end(addr, end);
		if (!pmd_present(pmd) || pmd_devmap(pmd) ||
		    is_hugepd(__hugepd(pmd_val(pmd))))
			return 0;
		if (pmd_huge(pmd)) {
			if (!large_page(pmd, pmdp, pmd_page(pmd) +
					((addr & ~PMD_MASK) >> PAGE_SHIFT),
					(next - addr) >> PAGE_SHIFT, flags,
					pages, nr))
				return 0;
		} else if (!gup_pte_range(@PTE_HANDED, addr, next, flags, pages,
					  nr)) {
			return 0;
		}
	}
	return 1;
}
static int gup_pud_range(@P4D, unsigned long addr, unsigned long end,
	unsigned int flags, struct page **pages, int *nr)
{
	pud_t *pudp = @PUD_OFFSET;
	pud_t pud = READ_ONCE(*pudp);

	return !pud_none(pud) &&
		gup_pmd_range(@PUD_ARG, addr, end, flags, pages, nr);
}
static int gup_p4d_range(@PGD, unsigned long addr, unsigned long end,
	unsigned int flags, struct page **pages, int *nr)
{
	p4d_t *p4dp = @P4D_OFFSET;
	p4d_t p4d = READ_ONCE(*p4dp);

	BUILD_BUG_ON(p4d_huge(p4d));
	return !p4d_none(p4d) &&
		gup_pud_range(@P4D_ARG, addr, end, flags, pages, nr);
}
static void @RANGE(unsigned long addr, unsigned long end,
	unsigned int flags, struct page **pages, int *nr)
{
	pgd_t *pgdp = pgd_offset(current->mm, addr);
	pgd_t pgd = READ_ONCE(*pgdp);

	if (!pgd_none(pgd) && !pgd_huge(pgd))
		gup_p4d_range(@PGD_ARG, addr, end, flags, pages, nr);
}
#else
static void @RANGE(unsigned long addr, unsigned long end,
	unsigned int flags, struct page **pages, int *nr)
{
}
#endif /* @CONFIG */

#ifndef gup_fast_permitted
static bool gup_fast_permitted(unsigned long start, unsigned long end)
{
	return true;
}
#endif
@ENTRY)";

constexpr std::string_view kPage = R"(
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pud; } pud_t;
typedef struct { unsigned long p4d; } p4d_t;
typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pgprot; } pgprot_t;
#define pte_val(x) ((x).pte)
#define pmd_val(x) ((x).pmd)
#define pud_val(x) ((x).pud)
#define p4d_val(x) ((x).p4d)
#define pgd_val(x) ((x).pgd)
#define __pte(x) ((pte_t){x})
#define __va(x) ((void *)(unsigned long)(x))
#define __pa(x) ((unsigned long)(x))
)";

// A made-up machine: five levels that are all real; bit 0 of an entry is
// present, 1 large, 2 writable.
constexpr std::string_view kPgtable = R"(
#define PMD_SHIFT 20
#define PUD_SHIFT 31
#define P4D_SHIFT 42
#define PGDIR_SHIFT 53
#define PMD_MASK (~((1UL << PMD_SHIFT) - 1))
#define _PAGE_INVALID 0UL
#define _SEGMENT_ENTRY_EMPTY 0UL
#define _REGION3_ENTRY_EMPTY 0UL
#define _REGION2_ENTRY_EMPTY 0UL
#define _REGION1_ENTRY_EMPTY 0UL
#define _SEGMENT_ENTRY 1UL
#define _REGION3_ENTRY 1UL
#define _REGION2_ENTRY 1UL
#define _REGION1_ENTRY 1UL
#define MADE_UP_FRAME (~0xfffUL)
#define PAGE_NONE ((pgprot_t){0})
#define PAGE_RO ((pgprot_t){1})
#define PAGE_RW ((pgprot_t){5})
#define made_up_table(e) ((unsigned long)__va((e) & MADE_UP_FRAME))
#define made_up_index(addr, shift) (((addr) >> (shift)) & 2047)
static inline pgd_t *pgd_offset(struct mm_struct *mm, unsigned long addr)
{
	return (pgd_t *)mm->pgd + made_up_index(addr, PGDIR_SHIFT);
}
static inline p4d_t *p4d_offset(pgd_t *pgdp, unsigned long addr)
{
	return (p4d_t *)made_up_table(pgd_val(*pgdp)) +
		made_up_index(addr, P4D_SHIFT);
}
static inline pud_t *pud_offset(p4d_t *p4dp, unsigned long addr)
{
	return (pud_t *)made_up_table(p4d_val(*p4dp)) +
		made_up_index(addr, PUD_SHIFT);
}
static inline pmd_t *pmd_offset(pud_t *pudp, unsigned long addr)
{
	return (pmd_t *)made_up_table(pud_val(*pudp)) +
		made_up_index(addr, PMD_SHIFT);
}
#define pte_offset_map(pmdp, addr) \
	((pte_t *)made_up_table(pmd_val(*(pmdp))) + \
	 (((addr) >> PAGE_SHIFT) & 255))
#define pte_unmap(ptep) ((void)(ptep))
#define pgd_none(e) (!pgd_val(e))
#define p4d_none(e) (!p4d_val(e))
#define pud_none(e) (!pud_val(e))
#define pud_present(e) (pud_val(e) != 0)
#define pmd_present(e) (pmd_val(e) != 0)
#define pud_large(e) (pud_val(e) >> 1 & 1)
#define pte_protnone(e) (!(pte_val(e) & 1))
#define pte_special(e) 0
#define pte_access_permitted(e, write) \
	((pte_val(e) & 1) && (!(write) || (pte_val(e) & 4)))
#define pmd_page(e) pfn_to_page(pmd_val(e) >> PAGE_SHIFT)
#define pte_page(e) pfn_to_page(pte_val(e) >> PAGE_SHIFT)
#define mk_pte_phys(phys, prot) __pte((phys) | (prot).pgprot)
#define pte_mkyoung(e) (e)
#define pte_mkold(e) (e)
#define pte_mkdirty(e) (e)
#define pte_mkclean(e) (e)
#define pte_mkspecial(e) (e)
@GENERIC)";

constexpr std::string_view kGeneric = R"(@ASM
#define made_up_end(addr, end, shift) \
	(((((addr) >> (shift)) + 1) << (shift)) - 1 < (end) - 1 ? \
	 (((addr) >> (shift)) + 1) << (shift) : (end))
#define pmd_addr_end(addr, end) made_up_end(addr, end, PMD_SHIFT)
#define pud_addr_end(addr, end) made_up_end(addr, end, PUD_SHIFT)
#define p4d_addr_end(addr, end) made_up_end(addr, end, P4D_SHIFT)
#define pgd_addr_end(addr, end) made_up_end(addr, end, PGDIR_SHIFT)
@MORE)";

constexpr std::string_view kHugetlb = R"(
#define move_set_bit(x, a, b) (((x) & (a)) ? (b) : 0)
static inline unsigned long __pte_to_rste(pte_t pte)
{
	return pte_val(pte);
}
int pmd_huge(pmd_t pmd)
{
	return pmd_val(pmd) >> 1 & 1;
}
void @SETHUGE(struct mm_struct *mm, unsigned long addr,
		     pte_t *ptep, pte_t pte)
{
	*ptep = __pte(__pte_to_rste(pte) | 2);
}
)";

// Two pages before a boundary of segments, a large page behind it, and nothing
// after that: the results of a walk in four ways.
constexpr std::string_view kProgram = R"(
#include <stdio.h>
#include "kernel/kernel_walk.h"
struct pxd_walk *pxd_now;
void pxd_bug(const char *file, int line) { printf("bug %s:%d\n", file, line); }
void pxd_endless(void) { printf("endless\n"); }
extern const struct pxd_kernel made_up;
static uint64_t table[5][2048] __attribute__((aligned(4096)));
static struct pxd_walk walk;
static uint64_t pages[300];
static int foretold, forked, begun;
static void before_read(struct pxd_walk *w, int level,
			const volatile void *place)
{
	foretold++;
}
static void before_walk(struct pxd_walk *w)
{
	begun++;
}
static void after_grab(struct pxd_walk *w)
{
	if (forked) w->write_protect_seq += 2;
}
static void run(uint64_t start, uint64_t wanted, bool write, bool pin,
                uint64_t refused)
{
	walk.root = table[4];
	walk.levels = 5;
	walk.start = start;
	walk.pages = wanted;
	walk.write = write;
	walk.pin = pin;
	walk.refused = refused;
	walk.page = pages;
	walk.before_read = before_read;
	walk.before_walk = before_walk;
	walk.after_grab = after_grab;
	foretold = begun = 0;
	made_up.walk(&walk);
	int checks = 0;
	for (size_t i = 0; i < walk.read_count; i++)
		checks += walk.reads[i].role == PXD_CHECK;
	printf("%llu held %llu checks %d", (unsigned long long)walk.count,
	       (unsigned long long)walk.held, checks);
	if (foretold != (int)walk.read_count || begun != 1)
		printf(" not foretold");
	for (uint64_t i = 0; i < walk.count && i < 4; i++)
		printf(" %llx", (unsigned long long)pages[i]);
	for (size_t i = 0; i < walk.grab_count; i++)
		if (walk.grabs[i].pin != pin)
			printf(" wrong kind");
	printf("\n");
}
int main(void)
{
	const struct pxd_leaf rw = {true, true, true, true, false};
	const struct pxd_leaf ro = {true, false, true, true, false};
	made_up.enter(5);
	for (int level = 4; level > 0; level--)
		table[level][0] = made_up.table(level, (uint64_t)table[level - 1]);
	table[0][254] = made_up.leaf(0, 0xa000, rw);
	table[0][255] = made_up.leaf(0, 0xc000, ro);
	table[1][1] = made_up.leaf(1, 0x300000, rw);
	table[1][2] = made_up.empty(1);
	printf("%s %s\n", made_up.version, made_up.variant);
	run(254 << 12, 4, false, false, -1);
	run(254 << 12, 4, false, true, -1);
	run(254 << 12, 4, true, false, -1);
	run(254 << 12, 4, false, true, 3);
	run(254 << 12, 260, false, false, -1);
	forked = 1;
	run(254 << 12, 4, false, true, -1);
	run(254 << 12, 4, false, false, -1);
	return !made_up.permitted(5, 254 << 12, 4);
}
)";

// The recheck reads one entry or two for each of two pages, and one for a large
// page.
std::string Answers(bool pmd_check, bool has_fork) {
  const std::string all = pmd_check ? "checks 5" : "checks 3";
  const std::string two = pmd_check ? "checks 4" : "checks 2";
  const std::string one = pmd_check ? "checks 2" : "checks 1";
  const std::string four = "4 held 4 " + all + " a000 c000 300000 301000\n";
  return four + four + "1 held 1 " + one + " a000\n" + "2 held 2 " + two +
         " a000 c000\n" + "258 held 258 " + all + " a000 c000 300000 301000\n" +
         (has_fork ? "0 held 0 " + all + "\n" : four) + four;
}

const Spelling kSpellings[] = {
    {.name = "v5_4",
     .major = "5",
     .minor = "4",
     .linux_pgtable = false,
     .lockless = false,
     .before = "",
     .inside = kOwnHead,
     .entry = kFastOnly,
     .read_pte = "gup_get_pte(ptep)",
     .take = kTakeHead,
     .give = kPutOneByOne,
     .entry_name = "__get_user_pages_fast"},
    {.name = "v5_6",
     .major = "5",
     .minor = "6",
     .linux_pgtable = false,
     .lockless = false,
     .before = "",
     .inside = "@OWNHEAD@OWNPUT",
     .entry = "@FASTONLY@INTERNAL56",
     .read_pte = "gup_get_pte(ptep)",
     .take = kTakeHead,
     .give = "put_compound_head(head, refs);",
     .entry_name = "__get_user_pages_fast"},
    {.name = "v5_7",
     .major = "5",
     .minor = "7",
     .linux_pgtable = false,
     .lockless = false,
     .before = "",
     .inside = "",
     .entry = "@FASTONLY@INTERNAL57",
     .read_pte = "READ_ONCE(*ptep)",
     .take = "struct page *head = try_grab_compound_head(page, refs, flags);\n"
             "\tif (!head)\n\t\treturn 0;\n",
     .give = "put_compound_head(head, refs, flags);",
     .entry_name = "internal_get_user_pages_fast"},
    {.name = "v5_8",
     .major = "5",
     .minor = "8",
     .lockless = false,
     .before = "",
     .inside = "static inline pte_t gup_get_pte(pte_t *ptep)\n"
               "{\n\treturn ptep_get(ptep);\n}\n",
     .entry = "@FASTONLY@INTERNAL58",
     .read_pte = "gup_get_pte(ptep)",
     .take = "struct page *head = try_grab_compound_head(page, refs, flags);\n"
             "\tif (!head)\n\t\treturn 0;\n",
     .give = "put_compound_head(head, refs, flags);",
     .entry_name = "internal_get_user_pages_fast"},
    {.name = "v5_11",
     .major = "5",
     .minor = "11",
     .before = "",
     .inside = "",
     .entry = "@LOCKLESS511",
     .read_pte = "ptep_get_lockless(ptep)",
     .take = "struct page *head = try_grab_compound_head(page, refs, flags);\n"
             "\tif (!head)\n\t\treturn 0;\n",
     .give = "put_compound_head(head, refs, flags);",
     .entry_name = "lockless_pages_from_mm"},
    {.name = "v6_1",
     .major = "6",
     .minor = "1",
     .before = "",
     .inside = "",
     .entry = "@LOCKLESS@INTERNAL58",
     .read_pte = "ptep_get_lockless(ptep)",
     .take = "struct folio *folio = try_grab_folio(page, refs, flags);\n"
             "\tif (!folio)\n\t\treturn 0;\n",
     .give = "gup_put_folio(folio, refs, flags);",
     .pmd_check = true,
     .entry_name = "lockless_pages_from_mm"},
    {.name = "v6_12",
     .major = "6",
     .minor = "12",
     .config = "CONFIG_HAVE_GUP_FAST",
     .pgd_range = "gup_fast_pgd_range",
     .before = "#ifdef CONFIG_HAVE_GUP_FAST\nstruct other_block;\n#endif\n",
     .inside = "",
     .entry = "@GUPFAST",
     .read_pte = "ptep_get_lockless(ptep)",
     .check_pte = "ptep_get(ptep)",
     .take = "struct folio *folio = try_grab_folio_fast(page, refs, flags);\n"
             "\tif (!folio)\n\t\treturn 0;\n",
     .give = "gup_put_folio(folio, refs, flags);",
     .pmd_check = true,
     .entry_name = "gup_fast"},
};

std::string GupText(const Spelling& how) {
  const bool pointers = how.lockless;
  const std::string internal(kInternal);
  return With(
      std::string(kWalk),
      {{"@BEFORE", how.before},
       {"@INSIDE", how.inside},
       {"@OWNHEAD", kOwnHead},
       {"@OWNPUT", kOwnPut},
       {"@ENTRY", how.entry},
       {"@FASTONLY", kFastOnly},
       {"@INTERNAL56", With(internal, {{"@FLAGS", ""}})},
       {"@INTERNAL57", With(internal, {{"@FLAGS", " | FOLL_GET"}})},
       {"@INTERNAL58",
        With(internal, {{"@FLAGS", " | FOLL_GET | FOLL_FAST_ONLY"}})},
       {"@LOCKLESS511",
        With(std::string(kLockless), {{"@NAME", "lockless_pages_from_mm"},
                                      {"@UNPIN", "unpin_user_pages"}})},
       {"@LOCKLESS", With(std::string(kLockless),
                          {{"@NAME", "lockless_pages_from_mm"},
                           {"@UNPIN", "unpin_user_pages_lockless"}})},
       {"@GUPFAST",
        With(std::string(kLockless),
             {{"@NAME", "gup_fast"}, {"@UNPIN", "gup_fast_unpin_user_pages"}})},
       {"@CONFIG", how.config},
       {"@RANGE", how.pgd_range},
       {"@READ", how.read_pte},
       {"@PTE_ARGS", how.pmd_check ? "pmd_t pmd, pmd_t *pmdp" : "pmd_t pmd"},
       {"@PTE_HANDED", how.pmd_check ? "pmd, pmdp" : "pmd"},
       {"@CHECK", how.pmd_check ? "unlikely(pmd_val(pmd) != pmd_val(*pmdp)) || "
                                  "unlikely(pte_val(pte) != pte_val(@AGAIN))"
                                : "unlikely(pte_val(pte) != pte_val(@AGAIN))"},
       {"@AGAIN", how.check_pte},
       {"@TAKE", how.take},
       {"@GIVE", how.give},
       {"@PGD_ARG", pointers ? "pgdp, pgd" : "pgd"},
       {"@P4D_ARG", pointers ? "p4dp, p4d" : "p4d"},
       {"@PUD_ARG", pointers ? "pudp, pud" : "pud"},
       {"@P4D_OFFSET", pointers ? "p4d_offset_lockless(pgdp, pgd, addr)"
                                : "p4d_offset(&pgd, addr)"},
       {"@PUD_OFFSET", pointers ? "pud_offset_lockless(p4dp, p4d, addr)"
                                : "pud_offset(&p4d, addr)"},
       {"@PMD_OFFSET", pointers ? "pmd_offset_lockless(pudp, pud, addr)"
                                : "pmd_offset(&pud, addr)"},
       {"@PGD", pointers ? "pgd_t *pgdp, pgd_t pgd" : "pgd_t pgd"},
       {"@P4D", pointers ? "p4d_t *p4dp, p4d_t p4d" : "p4d_t p4d"},
       {"@PUD", pointers ? "pud_t *pudp, pud_t pud" : "pud_t pud"}});
}

void WriteTree(const fs::path& tree, const Spelling& how) {
  Write(tree / "Makefile", "# made up\nVERSION = " + std::string(how.major) +
                               "\nPATCHLEVEL = " + std::string(how.minor) +
                               "\nSUBLEVEL = 7\nEXTRAVERSION =\n");
  Write(tree / "mm/gup.c", GupText(how));
  Write(tree / "include/linux/const.h", "");
  Write(tree / "include/uapi/linux/const.h", "");
  const fs::path s390 = tree / "arch/s390";
  Write(s390 / "include/asm/page.h", kPage);
  Write(
      s390 / "include/asm/pgtable.h",
      With(std::string(kPgtable),
           {{"@GENERIC",
             how.linux_pgtable ? "" : "#include <asm-generic/pgtable.h>\n"}}));
  Write(s390 / "mm/hugetlbpage.c",
        With(std::string(kHugetlb),
             {{"@SETHUGE",
               how.minor == "12" ? "__set_huge_pte_at" : "set_huge_pte_at"}}));
  std::string more;
  if (how.linux_pgtable) {
    more =
        "static inline pte_t ptep_get(pte_t *ptep)\n"
        "{\n\treturn READ_ONCE(*ptep);\n}\n";
  }
  if (how.lockless) {
    more +=
        "#define p4d_offset_lockless(p, e, addr) p4d_offset(&(e), addr)\n"
        "#define pud_offset_lockless(p, e, addr) pud_offset(&(e), addr)\n"
        "#define pmd_offset_lockless(p, e, addr) pmd_offset(&(e), addr)\n"
        "static inline pte_t ptep_get_lockless(pte_t *ptep)\n"
        "{\n\treturn READ_ONCE(*ptep);\n}\n"
        "static inline int pmd_devmap(pmd_t pmd)\n{\n\treturn 0;\n}\n";
  }
  const std::string asm_header =
      how.linux_pgtable ? "#include <asm/pgtable.h>" : "";
  Write(tree / (how.linux_pgtable ? "include/linux/pgtable.h"
                                  : "include/asm-generic/pgtable.h"),
        With(std::string(kGeneric), {{"@ASM", asm_header}, {"@MORE", more}}));
}

class SpellingTest : public testing::TestWithParam<Spelling> {};

// Sliced, compiled with kernel/arch/s390.c and its shims, and run.
TEST_P(SpellingTest, ReturnsThePagesOfAMappedRange) {
  const Folder folder;
  const fs::path tree = folder / "tree";
  const fs::path cut = folder / "slice";
  WriteTree(tree, GetParam());
  const SliceReport report =
      SliceTree({.tree = tree, .arch = "s390", .out = cut});
  ASSERT_EQ(report.error, "");
  EXPECT_EQ(report.version, std::string(GetParam().major) + '.' +
                                std::string(GetParam().minor) + ".7");
  EXPECT_EQ(report.hash.size(), 16u);
  EXPECT_THAT(Read(cut / "slice.h"),
              HasSubstr("#define PXD_TREE_ENTRY_" +
                        std::string(GetParam().entry_name) + " 1\n"));

  Write(folder / "main.c", kProgram);
  const std::string source = PXDFUZZ_SOURCE;
  const std::string program = (folder / "program").string();
  const std::string log = (folder / "log").string();
  // Both as in a whole build: no warnings, since the kernel has its own.
  const std::string compile =
      std::string("'") + PXDFUZZ_CC +
      "' -std=gnu11 -O1 -w -Werror=implicit-function-declaration"
      " -fno-strict-aliasing -I'" +
      source + "' -I'" + (cut / "include").string() + "' -I'" + cut.string() +
      "' -DPXD_SYMBOL=made_up '-DPXD_NAME=\"made-up\"' '-DPXD_ARCH=\"s390\"'"
      " '-DPXD_VARIANT=\"as-is\"' -x c '" +
      source + "/kernel/arch/s390.c' '" + (folder / "main.c").string() +
      "' -o '" + program + "' >'" + log + "' 2>&1";
  ASSERT_EQ(std::system(compile.c_str()), 0) << compile << '\n' << Read(log);
  ASSERT_EQ(std::system(("'" + program + "' >'" + log + "' 2>&1").c_str()), 0)
      << Read(log);
  const bool has_fork = GetParam().entry_name == "lockless_pages_from_mm" ||
                        GetParam().entry_name == "gup_fast";
  EXPECT_EQ(Read(log), report.version + " as-is\n" +
                           Answers(GetParam().pmd_check, has_fork));
}

INSTANTIATE_TEST_SUITE_P(All, SpellingTest, testing::ValuesIn(kSpellings),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

// -----------------------------------------------------------------------------
// Errors of the slicer

class CutTest : public testing::Test {
 protected:
  CutTest() { WriteTree(tree(), kSpellings[5]); }

  fs::path tree() const { return folder_ / "tree"; }
  fs::path out() const { return folder_ / "out"; }
  SliceReport Cut(std::string arch = "s390") const {
    return SliceTree({.tree = tree(), .arch = std::move(arch), .out = out()});
  }
  // One line that names what is missing, and nothing is written.
  void ExpectRefused(std::string_view what) const {
    const SliceReport report = Cut();
    EXPECT_THAT(report.error, HasSubstr(std::string(what)));
    EXPECT_THAT(report.error, Not(HasSubstr("\n")));
    EXPECT_FALSE(fs::exists(out()));
  }
  void Replace(std::string_view file, std::string_view from,
               std::string_view to) const {
    const fs::path path = tree() / file;
    const std::string text = Read(path);
    ASSERT_THAT(text, HasSubstr(std::string(from)));
    Write(path, With(text, {{from, to}}));
  }

  Folder folder_;
};

TEST_F(CutTest, NoTree) {
  fs::remove_all(tree());
  ExpectRefused("tree: no such folder; name the top folder of a Linux tree");
}

TEST_F(CutTest, NoMakefile) {
  fs::remove(tree() / "Makefile");
  ExpectRefused("tree: no Makefile that tells a kernel's VERSION");
}

TEST_F(CutTest, AMakefileOfSomethingElse) {
  Write(tree() / "Makefile", "all:\n\techo VERSION = 6\n");
  ExpectRefused("tree: no Makefile that tells a kernel's VERSION");
}

TEST_F(CutTest, AnUnknownArchitecture) {
  const SliceReport report = Cut("m68k");
  EXPECT_EQ(report.error, "architecture m68k is not known");
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(CutTest, NoGup) {
  fs::remove(tree() / "mm/gup.c");
  ExpectRefused("mm/gup.c: the file is not there; Linux from 5.4 on has it");
}

TEST_F(CutTest, NoFastWalk) {
  Replace("mm/gup.c", "#ifdef CONFIG_HAVE_FAST_GUP", "#ifdef CONFIG_OTHER");
  ExpectRefused("mm/gup.c: the fast walk under #ifdef CONFIG_HAVE_FAST_GUP");
}

TEST_F(CutTest, AFastWalkThatNeverEnds) {
  Replace("mm/gup.c", "#endif /* CONFIG_HAVE_FAST_GUP */", "");
  Replace("mm/gup.c", "#endif", "");
  ExpectRefused("mm/gup.c: the fast walk under #ifdef CONFIG_HAVE_FAST_GUP");
}

TEST_F(CutTest, NoEntryPoint) {
  Replace("mm/gup.c", "lockless_pages_from_mm", "another_name");
  Replace("mm/gup.c", "internal_get_user_pages_fast", "yet_another_name");
  ExpectRefused("mm/gup.c: the function gup_fast or lockless_pages_from_mm");
}

TEST_F(CutTest, AFunctionThatNeverEnds) {
  Replace("arch/s390/mm/hugetlbpage.c", "\n}", "\n");
  ExpectRefused(
      "hugetlbpage.c: the function __pte_to_rste is not there; Linux from 5.4 "
      "on has it");
}

TEST_F(CutTest, NoMacro) {
  Replace("arch/s390/mm/hugetlbpage.c", "#define move_set_bit", "#undef x");
  ExpectRefused("hugetlbpage.c: the macro move_set_bit is not there");
}

TEST_F(CutTest, NoPageTableHeader) {
  fs::remove(tree() / "include/linux/pgtable.h");
  ExpectRefused("include/linux/pgtable.h: the file is not there");
}

TEST_F(CutTest, NoHeaderOfTheArchitecture) {
  fs::remove(tree() / "arch/s390/include/asm/page.h");
  ExpectRefused("arch/s390/include/asm/page.h: the file is not there");
}

TEST_F(CutTest, AFailedSliceKeepsTheEarlierOne) {
  ASSERT_EQ(Cut().error, "");
  const std::string before = Read(out() / "gup.c");
  fs::remove(tree() / "arch/s390/mm/hugetlbpage.c");
  EXPECT_NE(Cut().error, "");
  EXPECT_EQ(Read(out() / "gup.c"), before);
}

TEST_F(CutTest, PiecesHaveTheirLineNumbers) {
  const SliceReport report = Cut();
  ASSERT_EQ(report.error, "");
  EXPECT_THAT(report.pieces, Contains("arch/s390/include/asm/page.h whole"));
  EXPECT_THAT(report.pieces,
              Contains(MatchesRegex("mm/gup.c:[0-9]+-[0-9]+ function "
                                    "lockless_pages_from_mm")));
  EXPECT_THAT(report.pieces, Contains(HasSubstr("no perf_get_pgtable_size")));
  EXPECT_THAT(Read(out() / "gup.c"), HasSubstr(" \"mm/gup.c\"\n"));
}

TEST_F(CutTest, TheHashDependsOnTheCode) {
  const std::string before = Cut().hash;
  EXPECT_EQ(Cut().hash, before);
  Replace("mm/gup.c", "nr_pinned = 0", "nr_pinned =  0");
  EXPECT_NE(Cut().hash, before);
}

TEST_F(CutTest, AFileThatCannotBeWritten) {
  Write(out() / "gup.c/in-its-place", "");
  const SliceReport report = Cut();
  EXPECT_THAT(report.error, EndsWith("gup.c: cannot be written"));
}

}  // namespace
}  // namespace pxdfuzz
