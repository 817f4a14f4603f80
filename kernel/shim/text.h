/* SPDX-License-Identifier: MIT */

/*
 * The sliced code, behind all that it needs. Around mm/gup.c stands what is
 * meant for that file alone: its recheck, which asks with a reference taken
 * whether entries are still what they were. Other processors change entries
 * just before that, so its reads are noted like others, most of which are
 * plain:
 *
 *   pmd_val(pmd) != pmd_val(*pmdp)
 *   pte_val(pte) != pte_val(ptep_get(ptep))      from 6.6 on
 */
#ifndef PXDFUZZ_KERNEL_SHIM_TEXT_H_
#define PXDFUZZ_KERNEL_SHIM_TEXT_H_

#include "hugetlb.c"

/* What the tree makes of an entry, by its own name for it. */
static inline uint64_t pxd_pte_val(pte_t pte) { return pte_val(pte); }
static inline uint64_t pxd_pmd_val(pmd_t pmd) { return pmd_val(pmd); }
static inline uint64_t pxd_pud_val(pud_t pud) { return pud_val(pud); }
static inline uint64_t pxd_pgd_val(pgd_t pgd) { return pgd_val(pgd); }

/*
 * custom: of the operands, `*pmdp` is told from `pmd` by its spelling and not
 * by its address: where a level is folded, pmdp may be the address of a local,
 * and that the check then compares a copy with itself is to be seen. What is
 * spelled otherwise need not be an lvalue.
 */
#define PXD_STARTS(spelled, with) \
  (__builtin_strncmp(spelled, with, sizeof(with) - 1) == 0)
#define PXD_IS_READ(spelled) PXD_STARTS(spelled, "*p")
#define PXD_IS_GOT(spelled)                                                \
  (PXD_STARTS(spelled, "ptep_get(") || PXD_STARTS(spelled, "pmdp_get(") || \
   PXD_STARTS(spelled, "pudp_get(") || PXD_STARTS(spelled, "pgdp_get("))
#define PXD_PLACE(x, spelled) \
  (&__builtin_choose_expr(PXD_IS_READ(spelled), x, *(__typeof__(x) *)0))
#define PXD_GOT(x, spelled)                             \
  ({                                                    \
    if (PXD_IS_GOT(spelled)) pxd_reads_for = PXD_CHECK; \
    __typeof__(x) got_ = (x);                           \
    if (PXD_IS_GOT(spelled)) pxd_reads_for = PXD_TURN;  \
    got_;                                               \
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

/*
 * The tree before 70cbc3cc78a9 ("mm: gup: fix the fast GUP race against THP
 * collapse"), which hands gup_pte_range() the pointer to its pmd for that
 * check: it gets the address of its caller's local. The second argument is
 * pasted: it begins with `pmd_t` where the function is defined.
 */
#ifdef PXD_NO_PMD_CHECK
#define PXD_HAND_pmd_t pmd_t
#define PXD_HAND_pmdp &pmd
#define gup_pte_range(pmd, pmdp, ...) \
  gup_pte_range(pmd, PXD_HAND_##pmdp, __VA_ARGS__)
#define gup_fast_pte_range(pmd, pmdp, ...) \
  gup_fast_pte_range(pmd, PXD_HAND_##pmdp, __VA_ARGS__)
#endif

#include "gup.c"

#undef gup_pte_range
#undef gup_fast_pte_range
#pragma pop_macro("pte_val")
#pragma pop_macro("pmd_val")
#pragma pop_macro("pud_val")
#pragma pop_macro("pgd_val")

#include "perf.c"

#endif /* PXDFUZZ_KERNEL_SHIM_TEXT_H_ */
