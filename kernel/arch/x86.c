/* SPDX-License-Identifier: MIT */

/*
 * x86-64 of one tree, with 4 levels and with 5 as the case says. What this
 * compiles to holds kernel code: GPL-2.0-only.
 */
// clang-format off: the order of these matters.
#include "kernel/shim/custom.h"

/*
 * custom: arch/x86/boot and arch/x86/kernel/head64.c settle at boot whether
 * there are 5 levels; here each case does (pxd_enter()). pgtable_l5_enabled()
 * asks for the processor's feature.
 */
static bool pxd_five_levels;
/*
 * custom: asm/pkru.h, the thread's register, if the processor has it. The macro
 * breaks the function's definition.
 */
static unsigned int pxd_pkru(void) { return pxd_now ? pxd_now->pkru : 0; }
#define read_pkru(...) 0 + (pxd_pkru())
#define PXD_PGD_IS_READ pxd_five_levels /* by p4d_offset() */

#include "includes.h"
#include "tree.h"
// clang-format on

static unsigned int pgdir_shift;
static unsigned int ptrs_per_p4d;
/*
 * custom: what check_pgprot() lets through, as on a processor with all that
 * the entries know (arch/x86/mm/init.c).
 */
static pteval_t __supported_pte_mask = ~0UL;
/* custom: asm/page_64.h, where it is patched in at boot. */
#undef TASK_SIZE_MAX
#define TASK_SIZE_MAX ((1UL << (pxd_five_levels ? 56 : 47)) - PAGE_SIZE)

/* Before 6.12, no large leaf is special: see special_levels in glue.h. */
#ifndef PXD_KCONFIG_SELECTS_ARCH_SUPPORTS_HUGE_PFNMAP
#define pmd_mkspecial(pmd) (pmd)
#define pud_mkspecial(pud) (pud)
#endif

#define PXD_HUGETLB_PAGE "arch/x86/mm/hugetlbpage.c"
#include "kernel/shim/code.h"

static void pxd_enter(int levels) {
  pxd_five_levels = levels == 5;
  /* As in check_la57_support(), arch/x86/kernel/head64.c. */
  pgdir_shift = pxd_five_levels ? 48 : 39;
  ptrs_per_p4d = pxd_five_levels ? 512 : 1;
}

static pgprot_t pxd_protection(struct pxd_leaf state) {
  pgprot_t protection =
      state.write  ? state.noexec ? PAGE_SHARED : PAGE_SHARED_EXEC
      : state.read ? state.noexec ? PAGE_READONLY : PAGE_READONLY_EXEC
                   : PAGE_NONE;
  if (state.kernel) pgprot_val(protection) &= ~_PAGE_USER;
  if (state.pwt) pgprot_val(protection) |= _PAGE_PWT;
  if (state.pcd) pgprot_val(protection) |= _PAGE_PCD;
  if (state.pat) pgprot_val(protection) |= _PAGE_PAT;
  pgprot_val(protection) |= (pgprotval_t)state.key << _PAGE_BIT_PKEY_BIT0;
  return protection;
}

/* Trees since 6.13 have no such entries: see devmap_levels in glue.h. */
#ifndef PXD_TREE_HAS_get_dev_pagemap
#define pte_mkdevmap(pte) (pte)
#define pmd_mkdevmap(pmd) (pmd)
#define pud_mkdevmap(pud) (pud)
#endif

/* As mk_pte() and the helpers that change a state write it. */
static uint64_t pxd_pte(uint64_t frame, struct pxd_leaf state) {
  pte_t pte = pfn_pte(frame >> PAGE_SHIFT, pxd_protection(state));
  pte = state.young ? pte_mkyoung(pte) : pte_mkold(pte);
  pte = state.dirty ? pte_mkdirty(pte) : pte_mkclean(pte);
  if (state.special) pte = pte_mkspecial(pte);
  if (state.devmap) pte = pte_mkdevmap(pte);
  return pte_val(pte);
}

/* As mk_huge_pmd() in mm/huge_memory.c, and its like for pud. */
static uint64_t pxd_large(int level, uint64_t frame, struct pxd_leaf state) {
  const pgprot_t protection = pgprot_4k_2_large(pxd_protection(state));
  if (level == 1) {
    pmd_t pmd = pmd_mkhuge(pfn_pmd(frame >> PAGE_SHIFT, protection));
    pmd = state.young ? pmd_mkyoung(pmd) : pmd_mkold(pmd);
    pmd = state.dirty ? pmd_mkdirty(pmd) : pmd_mkclean(pmd);
    if (state.special) pmd = pmd_mkspecial(pmd);
    if (state.devmap) pmd = pmd_mkdevmap(pmd);
    if (state.invalid) pmd = pmd_mkinvalid(pmd);
    return pmd_val(pmd);
  }
  pud_t pud = pud_mkhuge(pfn_pud(frame >> PAGE_SHIFT, protection));
  pud = state.young ? pud_mkyoung(pud) : pud_mkold(pud);
  pud = state.dirty ? pud_mkdirty(pud) : pud_mkclean(pud);
  if (state.special) pud = pud_mkspecial(pud);
  if (state.devmap) pud = pud_mkdevmap(pud);
  return pud_val(pud);
}

/* set_pte_at(), and the same word in pmd by swp_entry_to_pmd(). */
static uint64_t pxd_huge_swap(int level, pte_t swap) { return pte_val(swap); }

/* As pgd_populate() and its like in asm/pgalloc.h write it. */
static uint64_t pxd_table_word(int level, uint64_t origin) {
  return origin | _PAGE_TABLE;
}

/* As pgd_clear() and its like write it. */
static uint64_t pxd_empty_word(int level) { return 0; }

#include "kernel/glue.h"
