/* SPDX-License-Identifier: MIT */

/*
 * s390 of one tree. What this compiles to holds kernel code: GPL-2.0-only.
 */
// clang-format off: the order of these matters.
#include "kernel/shim/custom.h"
/* stub: arch/s390/boot/startup.c settles it; a machine that has no-execute. */
static unsigned long page_noexec_mask = -1UL;
#include "includes.h"
#include "tree.h"
// clang-format on

/*
 * The folded-aware boundary of the RFC of 2020 (v2, 1/3): pgd and p4d entries
 * end where their own type says. With the check, a type below region-third is a
 * bug.
 */
#ifdef PXD_FOLDED_AWARE
static inline unsigned long pxd_rste_addr_end(unsigned long rste,
                                              unsigned long addr,
                                              unsigned long end) {
  const unsigned int type = (rste & _REGION_ENTRY_TYPE_MASK) >> 2;
  const unsigned long size = 1UL << (type * 11 + 20);
  const unsigned long boundary = (addr + size) & ~(size - 1);
#ifdef PXD_TYPE_CHECK
  BUG_ON(type < 1);
#endif
  return boundary - 1 < end - 1 ? boundary : end;
}
#undef pgd_addr_end
#undef p4d_addr_end
#define pgd_addr_end(addr, end) pxd_rste_addr_end(pgd_val(pgd), addr, end)
#define p4d_addr_end(addr, end) pxd_rste_addr_end(p4d_val(p4d), addr, end)
#endif

/* asm/page.h defines it where CONFIG_KVM selects CONFIG_PGSTE. */
#define PXD_MAKES_ACCESSIBLE
#define PXD_HUGETLB_PAGE "arch/s390/mm/hugetlbpage.c"
#include "kernel/shim/code.h"

/* custom: arch/s390/mm/pgalloc.c, the limit of an mm by its levels. */
static void pxd_enter(int levels) {
  static const unsigned long kLimits[] = {1UL << 31, 1UL << 42, 1UL << 53,
                                          -PAGE_SIZE};
  pxd_mm.context.asce_limit = kLimits[levels - 2];
}

/* As mk_pte() and the helpers that change a state write it. */
static uint64_t pxd_pte(uint64_t frame, struct pxd_leaf state) {
  const pgprot_t prot = state.write  ? state.noexec ? PAGE_RW : PAGE_RWX
                        : state.read ? state.noexec ? PAGE_RO : PAGE_RX
                                     : PAGE_NONE;
  pte_t pte = mk_pte_phys(frame, prot);
  pte = state.young ? pte_mkyoung(pte) : pte_mkold(pte);
  pte = state.dirty ? pte_mkdirty(pte) : pte_mkclean(pte);
  if (state.special) pte = pte_mkspecial(pte);
  return pte_val(pte);
}

/* As hugetlb writes it, from a page entry. */
static uint64_t pxd_huge(int level, pte_t pte) {
  pte_t word = __pte(level == 2 ? _REGION3_ENTRY_EMPTY : _SEGMENT_ENTRY_EMPTY);
#ifdef PXD_TREE_HAS___set_huge_pte_at
  __set_huge_pte_at(&pxd_mm, 0, &word, pte);
#else
  pxd_set_huge_pte_at(&pxd_mm, 0, &word, pte);
#endif
  return pte_val(word);
}

static uint64_t pxd_large(int level, uint64_t frame, struct pxd_leaf state) {
  const uint64_t word = pxd_huge(level, __pte(pxd_pte(frame, state)));
  /* As pmdp_invalidate(). */
  return state.invalid ? word | _SEGMENT_ENTRY_INVALID : word;
}

/* An empty entry in 6.12 and before. */
static uint64_t pxd_huge_swap(int level, pte_t swap) {
  return pxd_huge(level, swap);
}

/* As pgd_populate() and its like in asm/pgalloc.h write it. */
static uint64_t pxd_table_word(int level, uint64_t origin) {
  static const unsigned long kBits[] = {0, _SEGMENT_ENTRY, _REGION3_ENTRY,
                                        _REGION2_ENTRY, _REGION1_ENTRY};
  return origin | kBits[level];
}

static uint64_t pxd_empty_word(int level) {
  static const unsigned long kEmpty[] = {
      _PAGE_INVALID, _SEGMENT_ENTRY_EMPTY, _REGION3_ENTRY_EMPTY,
      _REGION2_ENTRY_EMPTY, _REGION1_ENTRY_EMPTY};
  return kEmpty[level];
}

#include "kernel/glue.h"
