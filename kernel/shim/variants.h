/* SPDX-License-Identifier: MIT */

/*
 * Variants of the same code by macros only. From 5.9 on the code calls these
 * macros for the next level; before that it passes it by value. At each call
 * the entry is a local that is named after its level, so `&pgd` is the address
 * of the copy.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_VARIANTS_H_
#define PXDFUZZ_KERNEL_SHIM_VARIANTS_H_

#if defined(PXD_BY_VALUE) || \
    defined(PXD_FOLDED_AWARE) /* as it stood before d3f7b1bb2040 */
#undef p4d_offset_lockless
#undef pud_offset_lockless
#undef pmd_offset_lockless
#define p4d_offset_lockless(pgdp, pgd, address) p4d_offset(&(pgd), address)
#define pud_offset_lockless(p4dp, p4d, address) pud_offset(&(p4d), address)
#define pmd_offset_lockless(pudp, pud, address) pmd_offset(&(pud), address)
#elif defined(PXD_BY_POINTER) /* as walks under the lock do */
#undef p4d_offset_lockless
#undef pud_offset_lockless
#undef pmd_offset_lockless
#define p4d_offset_lockless(pgdp, pgd, address) p4d_offset(pgdp, address)
#define pud_offset_lockless(p4dp, p4d, address) pud_offset(p4dp, address)
#define pmd_offset_lockless(pudp, pud, address) pmd_offset(pudp, address)
#endif

/*
 * The tree before 70cbc3cc78a9 ("mm: gup: fix the fast GUP race against THP
 * collapse"), which passes gup_pte_range() the pointer to its pmd for that
 * check: here it gets the address of its caller's local. The second argument is
 * pasted: it begins with `pmd_t` where the function is defined.
 */
#ifdef PXD_NO_PMD_CHECK
#define PXD_PASS_pmd_t pmd_t
#define PXD_PASS_pmdp &pmd
#define gup_pte_range(pmd, pmdp, ...) \
  gup_pte_range(pmd, PXD_PASS_##pmdp, __VA_ARGS__)
#define gup_fast_pte_range(pmd, pmdp, ...) \
  gup_fast_pte_range(pmd, PXD_PASS_##pmdp, __VA_ARGS__)
#endif

#endif /* PXDFUZZ_KERNEL_SHIM_VARIANTS_H_ */
