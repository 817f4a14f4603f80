/* SPDX-License-Identifier: MIT */

/*
 * x86-64 of one tree, with 4 levels and with 5 as the case says. What this
 * compiles to holds kernel code: GPL-2.0-only.
 */
#define CONFIG_64BIT 1
#define CONFIG_ARCH_HAS_PTE_DEVMAP 1
#define CONFIG_ARCH_HAS_PTE_SPECIAL 1
#define CONFIG_ARCH_SUPPORTS_NUMA_BALANCING 1
#define CONFIG_ARCH_SUPPORTS_PMD_PFNMAP 1
#define CONFIG_ARCH_SUPPORTS_PUD_PFNMAP 1
#define CONFIG_DYNAMIC_MEMORY_LAYOUT 1
#define CONFIG_HAVE_ARCH_SOFT_DIRTY 1
#define CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD 1
#define CONFIG_HAVE_ARCH_USERFAULTFD_WP 1
#define CONFIG_HAVE_FAST_GUP 1
#define CONFIG_HAVE_GUP_FAST 1
#define CONFIG_HUGETLB_PAGE 1
#define CONFIG_MEM_SOFT_DIRTY 1
#define CONFIG_MMU 1
#define CONFIG_NUMA_BALANCING 1
#define CONFIG_PAGE_SHIFT 12
#define CONFIG_PGTABLE_HAS_HUGE_LEAVES 1
#define CONFIG_PGTABLE_LEVELS 5
#define CONFIG_TRANSPARENT_HUGEPAGE 1
#define CONFIG_X86_5LEVEL 1
#define CONFIG_X86_64 1
#define CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS 1

// clang-format off: the order of these matters.
#include "kernel/shim/duplicated.h"
#include "kernel/shim/stub.h"
#include "kernel/shim/custom.h"
#include "slice.h"
// clang-format on

/* asm/page.h is empty to others. */
#define __KERNEL__ 1
/* The tree's headers have their own. */
#undef TASK_SIZE_MAX
#undef pte_devmap

/*
 * custom: physical memory is the arena. __va() adds PAGE_OFFSET, which is the
 * variable page_offset_base (asm/page_64_types.h).
 */
static uint64_t pxd_va_offset;
#define page_offset_base pxd_va_offset

/*
 * custom: arch/x86/boot and arch/x86/kernel/head64.c settle at boot whether
 * there are 5 levels; here each case does (pxd_enter()). pgtable_l5_enabled()
 * asks for the processor's feature.
 */
enum {
  X86_FEATURE_LA57,
  X86_FEATURE_OSPKE,
  X86_FEATURE_PSE,
  X86_FEATURE_PTI,
  X86_FEATURE_SHSTK,
  X86_FEATURE_XENPV,
  X86_BUG_L1TF,
};
static bool pxd_five_levels;
#define PXD_PGD_IS_READ pxd_five_levels /* by p4d_offset() */
static unsigned int pgdir_shift;
static unsigned int ptrs_per_p4d;
/* No protection keys, hence none that forbids; no shadow stacks. */
#define cpu_feature_enabled(feature) \
  ((feature) == X86_FEATURE_LA57 && pxd_five_levels)

/*
 * custom: what check_pgprot() lets through, as on a processor with all that
 * the entries know (arch/x86/mm/init.c), and no memory encryption.
 */
static unsigned long __supported_pte_mask = ~0UL;
#define cc_mask 0UL
#define sme_me_mask 0UL

/* stub: named in inline functions that nothing calls. */
#define __visible
#define boot_cpu_has(feature) 0
#define cc_mkdec(value) (value)
#define boot_cpu_has_bug(bug) 0
#define static_cpu_has(feature) 0
#define alternative_call_2(...) ((void)0)
#define alternative_io(...) ((void)0)
#define kmsan_unpoison_memory(p, size) ((void)0)
#define clear_bit(nr, p) ((void)(*(p) &= ~BIT(nr)))
#define xchg(p, value) \
  ({                   \
    *(p) = (value);    \
    *(p);              \
  })
#define try_cmpxchg(p, old, value) (*(p) = (value), true)
#define memcpy __builtin_memcpy
#define rdpkru() 0
#define wrpkru(value) ((void)(value))
#define FIXMAP_PMD_NUM 2
struct range {
  u64 start, end;
};
typedef struct {
  int unused;
} spinlock_t;
static struct {
  bool (*is_untracked_pat_range)(u64 start, u64 end);
} x86_platform;

#include <linux/pgtable.h>

#include "kernel/shim/gup.h"
#include "kernel/shim/text.h"

static void pxd_enter(int levels) {
  pxd_five_levels = levels == 5;
  /* As in check_la57_support(), arch/x86/kernel/head64.c. */
  pgdir_shift = pxd_five_levels ? 48 : 39;
  ptrs_per_p4d = pxd_five_levels ? 512 : 1;
}

static pgprot_t pxd_protection(struct pxd_leaf state) {
  return state.write ? PAGE_SHARED : state.read ? PAGE_READONLY : PAGE_NONE;
}

/* As mk_pte() and the helpers that change a state write it. */
static uint64_t pxd_pte(uint64_t frame, struct pxd_leaf state) {
  pte_t pte = pfn_pte(frame >> PAGE_SHIFT, pxd_protection(state));
  pte = state.young ? pte_mkyoung(pte) : pte_mkold(pte);
  pte = state.dirty ? pte_mkdirty(pte) : pte_mkclean(pte);
  if (state.special) pte = pte_mkspecial(pte);
  return pte_val(pte);
}

/* As mk_huge_pmd() in mm/huge_memory.c, and its like for pud. */
static uint64_t pxd_large(int level, uint64_t frame, struct pxd_leaf state) {
  const pgprot_t protection = pxd_protection(state);
  if (level == 1) {
    pmd_t pmd = pmd_mkhuge(pfn_pmd(frame >> PAGE_SHIFT, protection));
    pmd = state.young ? pmd_mkyoung(pmd) : pmd_mkold(pmd);
    pmd = state.dirty ? pmd_mkdirty(pmd) : pmd_mkclean(pmd);
    return pmd_val(pmd);
  }
  pud_t pud = pud_mkhuge(pfn_pud(frame >> PAGE_SHIFT, protection));
  pud = state.young ? pud_mkyoung(pud) : pud_mkold(pud);
  pud = state.dirty ? pud_mkdirty(pud) : pud_mkclean(pud);
  return pud_val(pud);
}

/* As pgd_populate() and its like in asm/pgalloc.h write it. */
static uint64_t pxd_table_word(int level, uint64_t origin) {
  return origin | _PAGE_TABLE;
}

/* As pgd_clear() and its like write it. */
static uint64_t pxd_empty_word(int level) { return 0; }

#include "kernel/glue.h"
