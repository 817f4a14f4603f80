/* SPDX-License-Identifier: MIT */

/*
 * A wrong configuration compiles; these checks find the usual mistakes. The
 * types are those of the tree.
 */
#ifndef PXDFUZZ_KERNEL_ASSERTIONS_H_
#define PXDFUZZ_KERNEL_ASSERTIONS_H_

_Static_assert(sizeof(phys_addr_t) == 8, "physical addresses have 64 bits");
_Static_assert(sizeof(size_t) == 8 && sizeof(long) == 8, "LP64");
_Static_assert(sizeof(pte_t) == 8 && sizeof(pmd_t) == 8 && sizeof(pud_t) == 8 &&
                   sizeof(p4d_t) == 8 && sizeof(pgd_t) == 8,
               "entries have 64 bits");
_Static_assert(!__builtin_types_compatible_p(pte_t, pmd_t) &&
                   !__builtin_types_compatible_p(pmd_t, pud_t) &&
                   !__builtin_types_compatible_p(pud_t, p4d_t) &&
                   !__builtin_types_compatible_p(p4d_t, pgd_t),
               "entries of different levels have different types");

#endif /* PXDFUZZ_KERNEL_ASSERTIONS_H_ */
