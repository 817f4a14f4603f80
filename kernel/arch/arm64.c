/* SPDX-License-Identifier: MIT */

/*
 * arm64 of one tree, with pages of 16 KiB and built for 52-bit addresses: with
 * LPA2 (4 levels) and without (3) as the case says. What this compiles to holds
 * kernel code: GPL-2.0-only.
 */
// clang-format off: the order of these matters.
#include "kernel/shim/custom.h"

/*
 * custom: TCR_EL1, which has LPA2 and the number of address bits; its
 * processor has what the case asks for (pxd_enter()).
 */
static uint64_t pxd_tcr;
static bool pxd_lpa2;

#include "includes.h"
#include "tree.h"
// clang-format on

/* custom: the kernel has its user entries not global (KPTI, or KASLR). */
static bool arm64_use_ng_mappings = true;

/*
 * The tree before 36639013b346: a folded p4d_offset() gets the
 * address of the caller's local, by the generic macro of linux/pgtable.h.
 */
#ifdef PXD_WITHOUT_36639013B346
#undef p4d_offset_lockless
#define p4d_offset_lockless(pgdp, pgd, address) p4d_offset(&(pgd), address)
#endif

/* p4d_offset() is that of asm-generic/pgtable-nop4d.h, a cast. */
#define PXD_PGD_IS_READ 0

#define PXD_HUGETLB_PAGE "arch/arm64/mm/hugetlbpage.c"
#define PXD_CONTPTE "arch/arm64/mm/contpte.c"
#include "kernel/shim/code.h"

static void pxd_enter(int levels) {
  pxd_lpa2 = levels == 4;
  pxd_tcr =
      TCR_T1SZ(pxd_lpa2 ? VA_BITS : VA_BITS_MIN) | (pxd_lpa2 ? TCR_DS : 0);
}

/*
 * custom: protection_map[] and what adjust_protection_map() makes of it at boot
 * (arch/arm64/mm/mmap.c): with LPA2 the bits of shareability are address bits.
 */
static pgprot_t pxd_protection(struct pxd_leaf state) {
  pgprot_t protection =
      state.write  ? state.exec ? PAGE_SHARED_EXEC : PAGE_SHARED
      : state.read ? state.exec ? PAGE_READONLY_EXEC : PAGE_READONLY
      : state.exec ? PAGE_EXECONLY
                   : PAGE_NONE;
  if (state.kernel) pgprot_val(protection) &= ~PTE_USER;
  if (lpa2_is_enabled()) pgprot_val(protection) &= ~PTE_SHARED;
  return protection;
}

static pte_t pxd_state(pte_t pte, struct pxd_leaf state) {
  pte = state.young ? pte_mkyoung(pte) : pte_mkold(pte);
  pte = state.dirty ? pte_mkdirty(pte) : pte_mkclean(pte);
  return state.special ? pte_mkspecial(pte) : pte;
}

/* Trees since 6.13 have no such entries: see devmap_levels in glue.h. */
#ifndef PXD_TREE_HAS_get_dev_pagemap
#define pte_mkdevmap(pte) (pte)
#define pmd_mkdevmap(pmd) (pmd)
#endif

/* As mk_pte() and the helpers that change a state write it. */
static uint64_t pxd_pte(uint64_t frame, struct pxd_leaf state) {
  pte_t pte = pfn_pte(frame >> PAGE_SHIFT, pxd_protection(state));
  pte = pxd_state(pte, state);
  if (state.contiguous) pte = pte_mkcont(pte); /* as contpte_set_ptes() */
  return pte_val(state.devmap ? pte_mkdevmap(pte) : pte);
}

/* As make_huge_pte() in mm/hugetlb.c. */
static uint64_t pxd_large(int level, uint64_t frame, struct pxd_leaf state) {
  const pte_t pte = pfn_pte(frame >> PAGE_SHIFT, pxd_protection(state));
  pmd_t pmd =
      pte_pmd(pxd_arch_make_huge_pte(pxd_state(pte, state), PMD_SHIFT, 0));
  if (state.devmap) pmd = pmd_mkdevmap(pmd);
  return pmd_val(state.invalid ? pmd_mkinvalid(pmd) : pmd);
}

/* set_huge_pte_at(), and the same word by swp_entry_to_pmd(). */
static uint64_t pxd_huge_swap(int level, pte_t swap) { return pte_val(swap); }

/* As __pmd_populate() and its like in asm/pgalloc.h write it for user space. */
static uint64_t pxd_table_word(int level, uint64_t origin) {
  const uint64_t type = level == 1   ? PMD_TYPE_TABLE | PMD_TABLE_PXN
                        : level == 2 ? PUD_TYPE_TABLE | PUD_TABLE_PXN
                                     : P4D_TYPE_TABLE | P4D_TABLE_PXN;
  return __phys_to_pte_val(origin) | type;
}

/* As pgd_clear() and its like write it. */
static uint64_t pxd_empty_word(int level) { return 0; }

/* The tree asks for 2^52 with 3 levels too (mm/gup.c, TASK_SIZE_MAX). */
#define PXD_PERMITS_ALL 1

#include "kernel/glue.h"
