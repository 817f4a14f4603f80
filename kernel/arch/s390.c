/* SPDX-License-Identifier: MIT */

/*
 * s390 of one tree. What this compiles to holds kernel code: GPL-2.0-only.
 */
#define CONFIG_64BIT 1
#define CONFIG_ARCH_HAS_PTE_SPECIAL 1
#define CONFIG_HAVE_FAST_GUP 1
#define CONFIG_HAVE_GENERIC_GUP 1
#define CONFIG_HAVE_GUP_FAST 1
#define CONFIG_HUGETLB_PAGE 1
#define CONFIG_MMU 1
#ifndef PXD_NO_NUMA
#define CONFIG_NUMA_BALANCING 1
#define CONFIG_ARCH_SUPPORTS_NUMA_BALANCING 1
#endif
#define CONFIG_PAGE_SHIFT 12
#define CONFIG_HAVE_ARCH_SOFT_DIRTY 1
#define CONFIG_PGTABLE_HAS_HUGE_LEAVES 1
#define CONFIG_PGTABLE_LEVELS 5
#define CONFIG_TRANSPARENT_HUGEPAGE 1

// clang-format off: the order of these matters.
#include "kernel/shim/duplicated.h"
#include "kernel/shim/stub.h"
#include "kernel/shim/custom.h"
#include "slice.h"
// clang-format on

static uint64_t pxd_va_offset;

/* stub: named in inline functions that nothing calls. */
union register_pair {
  unsigned __int128 pair;
  struct {
    unsigned long even, odd;
  };
};
static unsigned long mio_wb_bit_mask;
#define MACHINE_HAS_NX 1
#define MACHINE_HAS_EDAT1 1
#define MACHINE_HAS_RDP 0
#define MACHINE_HAS_TLB_LC 0
#define MACHINE_HAS_TLB_GUEST 0
#define uv_convert_owned_from_secure(page) ((void)(page))
#define uv_destroy_owned_page(page) 0
#define uv_destroy_pte(pte) 0
#define uv_convert_from_secure_pte(pte) ((void)(pte))
#define clear_huge_pte_skeys(mm, rste) ((void)(rste))

#include <asm/page.h>

/* custom: physical memory is the arena. 6.1: identity; 6.12: an offset. */
#undef __va
#undef __pa
#define __va(x) ((void *)((unsigned long)(x) + pxd_va_offset))
#define __pa(x) ((unsigned long)(x) - pxd_va_offset)

#include <linux/pgtable.h>

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

#include "kernel/shim/gup.h"
#include "kernel/shim/text.h"

/* custom: arch/s390/mm/pgalloc.c, the limit of an mm by its levels. */
static void pxd_enter(int levels) {
  static const unsigned long kLimits[] = {1UL << 31, 1UL << 42, 1UL << 53,
                                          -PAGE_SIZE};
  pxd_mm.context.asce_limit = kLimits[levels - 2];
}

/* As mk_pte() and the helpers that change a state write it. */
static uint64_t pxd_pte(uint64_t frame, struct pxd_leaf state) {
  const pgprot_t prot = state.write  ? PAGE_RW
                        : state.read ? PAGE_RO
                                     : PAGE_NONE;
  pte_t pte = mk_pte_phys(frame, prot);
  pte = state.young ? pte_mkyoung(pte) : pte_mkold(pte);
  pte = state.dirty ? pte_mkdirty(pte) : pte_mkclean(pte);
  if (state.special) pte = pte_mkspecial(pte);
  return pte_val(pte);
}

/* As hugetlb writes it, from the page entry of the same state. */
static uint64_t pxd_large(int level, uint64_t frame, struct pxd_leaf state) {
  pte_t word = __pte(level == 2 ? _REGION3_ENTRY_EMPTY : _SEGMENT_ENTRY_EMPTY);
#ifdef PXD_TREE_SET_HUGE
  PXD_TREE_SET_HUGE(&pxd_mm, 0, &word, __pte(pxd_pte(frame, state)));
#else
  set_huge_pte_at(&pxd_mm, 0, &word, __pte(pxd_pte(frame, state)));
#endif
  return pte_val(word);
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
