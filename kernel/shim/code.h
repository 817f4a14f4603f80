/* SPDX-License-Identifier: MIT */

/*
 * The tree's own .c files; the slicer extracts what the walk reaches. The
 * headers that they include come before this. The macros around mm/gup.c are
 * for that file only: they note the reads of its recheck, which compares
 * entries with their earlier values after it took a reference, because other
 * processors change entries just before these reads:
 *
 *   pmd_val(pmd) != pmd_val(*pmdp)
 *   pte_val(pte) != pte_val(ptep_get(ptep))            from 6.6 on
 *   pmd_val(pmd) != pmd_val(pmdp_get_lockless(pmdp))   from 7.0 on
 */
#ifndef PXDFUZZ_KERNEL_SHIM_CODE_H_
#define PXDFUZZ_KERNEL_SHIM_CODE_H_

#include "kernel/shim/gup.h"

/*
 * What writes large entries, for all configurations: without
 * CONFIG_HUGETLB_PAGE, linux/hugetlb.h has stubs of these names.
 */
#undef set_huge_pte_at
#undef arch_make_huge_pte
#define set_huge_pte_at pxd_set_huge_pte_at
#define arch_make_huge_pte pxd_arch_make_huge_pte
#if __has_include(PXD_HUGETLB_PAGE)
#include PXD_HUGETLB_PAGE
#endif
#undef set_huge_pte_at
#undef arch_make_huge_pte
#include "mm/pgtable-generic.c"

/*
 * custom: arm64 reads all entries of a contiguous block to have one of them.
 * Other processors may change them in between, but they are no steps of the
 * walk.
 */
#if defined(PXD_CONTPTE) && __has_include(PXD_CONTPTE)
static inline pte_t pxd_block_get(const pte_t *p) {
  struct pxd_walk *walk = pxd_now;
  if (walk) {
    if (++walk->block_read_count > PXD_ENDLESS_BLOCKS) pxd_endless();
    if (walk->before_block_read) walk->before_block_read(walk);
  }
  return *(const volatile pte_t *)p;
}
#define __ptep_get(p) pxd_block_get(p)
/* stub: it declares a function again, which is static here. */
#pragma push_macro("EXPORT_SYMBOL_GPL")
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(symbol)
#include PXD_CONTPTE
#pragma pop_macro("EXPORT_SYMBOL_GPL")
#undef __ptep_get
#endif

/* The tree's own versions, which are functions or macros. */
#define PXD_GETTER(get, type) \
  static inline type pxd_##get(type *p) { return get(p); }
PXD_GETTER(pgdp_get, pgd_t)
PXD_GETTER(p4dp_get, p4d_t)
PXD_GETTER(pudp_get, pud_t)
PXD_GETTER(pmdp_get, pmd_t)
PXD_GETTER(ptep_get, pte_t)
PXD_GETTER(pmdp_get_lockless, pmd_t)
PXD_GETTER(ptep_get_lockless, pte_t)
#undef pgdp_get
#undef p4dp_get
#undef pudp_get
#undef pmdp_get
#undef ptep_get
#undef pmdp_get_lockless
#undef ptep_get_lockless
#define pgdp_get(p) PXD_RELABELLED(pxd_pgdp_get, p)
#define p4dp_get(p) PXD_RELABELLED(pxd_p4dp_get, p)
#define pudp_get(p) PXD_RELABELLED(pxd_pudp_get, p)
#define pmdp_get(p) PXD_RELABELLED(pxd_pmdp_get, p)
#define ptep_get(p) PXD_RELABELLED(pxd_ptep_get, p)
#define pmdp_get_lockless(p) PXD_RELABELLED(pxd_pmdp_get_lockless, p)
#define ptep_get_lockless(p) PXD_RELABELLED(pxd_ptep_get_lockless, p)
/*
 * An offset function reads the entry that it gets a pointer to, mostly without
 * READ_ONCE(), and another processor may have changed it since the walk read
 * it. The read is noted here, and not by the function's own READ_ONCE() if it
 * has one. A local variable, known by its spelling, is nobody else's.
 */
#define PXD_STARTS(spelled, with) \
  (__builtin_strncmp(spelled, with, sizeof(with) - 1) == 0)
#define PXD_TREE_OFFSET(offset, type, entry)                       \
  static inline type *pxd_##offset(entry *p, unsigned long addr) { \
    return offset(p, addr);                                        \
  }
PXD_TREE_OFFSET(p4d_offset, p4d_t, pgd_t)
PXD_TREE_OFFSET(pud_offset, pud_t, p4d_t)
PXD_TREE_OFFSET(pmd_offset, pmd_t, pud_t)
PXD_TREE_OFFSET(pte_offset_map, pte_t, pmd_t)
#define PXD_OFFSET(offset, reads, p, spelled, addr)             \
  ({                                                            \
    __typeof__(&*(p)) const from_ = (p);                        \
    if ((reads) && !PXD_STARTS(spelled, "&")) {                 \
      (void)PXD_READ_AS(PXD_REREAD, PXD_LEVEL(*from_), *from_); \
      pxd_noted = from_;                                        \
    }                                                           \
    __typeof__(offset(from_, addr)) const next_ =               \
        PXD_READ_HERE(offset(from_, addr));                     \
    pxd_noted = NULL;                                           \
    next_;                                                      \
  })
/* An architecture says where its p4d_offset() reads nothing. */
#ifndef PXD_PGD_IS_READ
#define PXD_PGD_IS_READ 1
#endif
#pragma push_macro("p4d_offset")
#pragma push_macro("pud_offset")
#pragma push_macro("pmd_offset")
#pragma push_macro("pte_offset_map")
#undef p4d_offset
#undef pud_offset
#undef pmd_offset
#undef pte_offset_map
#define p4d_offset(p, addr) \
  PXD_OFFSET(pxd_p4d_offset, PXD_PGD_IS_READ, p, #p, addr)
#define pud_offset(p, addr) PXD_OFFSET(pxd_pud_offset, 1, p, #p, addr)
#define pmd_offset(p, addr) PXD_OFFSET(pxd_pmd_offset, 1, p, #p, addr)
#define pte_offset_map(p, addr) PXD_OFFSET(pxd_pte_offset_map, 1, p, #p, addr)

#include "kernel/shim/variants.h"

/* The tree's own conversions of entries. */
static inline uint64_t pxd_pte_val(pte_t pte) { return pte_val(pte); }
static inline uint64_t pxd_pmd_val(pmd_t pmd) { return pmd_val(pmd); }
static inline uint64_t pxd_pud_val(pud_t pud) { return pud_val(pud); }
static inline uint64_t pxd_pgd_val(pgd_t pgd) { return pgd_val(pgd); }

/*
 * custom: the operand `*pmdp` is recognized by its spelling and not by its
 * address: where a level is folded, pmdp may be the address of a local, and a
 * check that compares a copy with itself must be noticed. An operand with
 * another spelling need not be an lvalue.
 */
#define PXD_IS_READ(spelled) PXD_STARTS(spelled, "*p")
#define PXD_IS_GOT(spelled)                                              \
  (PXD_STARTS(spelled, "ptep_get") || PXD_STARTS(spelled, "pmdp_get") || \
   PXD_STARTS(spelled, "pudp_get") || PXD_STARTS(spelled, "pgdp_get"))
#define PXD_PLACE(x, spelled) \
  (&__builtin_choose_expr(PXD_IS_READ(spelled), x, *(__typeof__(x) *)0))
#define PXD_GOT(x, spelled)                                 \
  ({                                                        \
    if (PXD_IS_GOT(spelled)) pxd_reads_for = PXD_CHECK;     \
    __typeof__(x) got_ = (x);                               \
    if (PXD_IS_GOT(spelled)) pxd_reads_for = PXD_ITERATION; \
    got_;                                                   \
  })
#define PXD_VAL(val, x, spelled)                                   \
  val(__builtin_choose_expr(                                       \
      PXD_IS_READ(spelled),                                        \
      PXD_READ_AS(PXD_CHECK, pxd_notes_checks ? PXD_LEVEL(x) : -1, \
                  *PXD_PLACE(x, spelled)),                         \
      PXD_GOT(x, spelled)))

#pragma push_macro("pte_val")
#pragma push_macro("pmd_val")
#pragma push_macro("pud_val")
#pragma push_macro("pgd_val")
#undef pte_val
#undef pmd_val
#undef pud_val
#undef pgd_val
#define pte_val(x) PXD_VAL(pxd_pte_val, x, #x)
#define pmd_val(x) PXD_VAL(pxd_pmd_val, x, #x)
#define pud_val(x) PXD_VAL(pxd_pud_val, x, #x)
#define pgd_val(x) PXD_VAL(pxd_pgd_val, x, #x)

#include "mm/gup.c"

#undef gup_pte_range
#undef gup_fast_pte_range
#pragma pop_macro("pte_val")
#pragma pop_macro("pmd_val")
#pragma pop_macro("pud_val")
#pragma pop_macro("pgd_val")

#if __has_include("kernel/events/core.c")
#include "kernel/events/core.c"
#endif
#pragma pop_macro("p4d_offset")
#pragma pop_macro("pud_offset")
#pragma pop_macro("pmd_offset")
#pragma pop_macro("pte_offset_map")

#endif /* PXDFUZZ_KERNEL_SHIM_CODE_H_ */
