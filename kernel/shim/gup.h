/* SPDX-License-Identifier: MIT */

/*
 * What mm/gup.c and kernel/events/core.c need besides the tree's page-table
 * headers, which come before this file.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_GUP_H_
#define PXDFUZZ_KERNEL_SHIM_GUP_H_

#include "kernel/shim/compat.h"

/* stub: secure guests, whose pages would have to be exported. */
#define arch_make_page_accessible(page) 0
#define arch_make_folio_accessible(folio) 0

/* duplicated: linux/mm.h of architectures without special large leaves. */
#ifndef CONFIG_ARCH_SUPPORTS_PMD_PFNMAP
#define pmd_special(pmd) 0
#endif
#ifndef CONFIG_ARCH_SUPPORTS_PUD_PFNMAP
#define pud_special(pud) 0
#endif
/* duplicated: mm/pgtable-generic.c, where an entry is one word. */
#define pmdp_get_lockless_start() 0
#define pmdp_get_lockless_end(flags) ((void)(flags))
#define is_pmd_migration_entry(pmd) 0
#define pmd_clear_bad(pmd) ((void)(pmd))

/* duplicated: linux/mm.h. FOLL_FORCE alone reaches past PROT_NONE. */
#define gup_can_follow_protnone(flags) (((flags) & FOLL_FORCE) != 0)

/* Entries are read by helpers too: the line that counts is the caller's. */
static inline void pxd_relabel(const char *file, int line) {
  struct pxd_walk *walk = pxd_now;
  if (walk->read_count == 0 || walk->read_count > PXD_MAX_READS) return;
  walk->reads[walk->read_count - 1].file = file;
  walk->reads[walk->read_count - 1].line = line;
}
#define PXD_RELABELLED(get, p)          \
  ({                                    \
    __typeof__(*(p)) entry_ = (get)(p); \
    pxd_relabel(__FILE__, __LINE__);    \
    entry_;                             \
  })
#undef pgdp_get
#undef p4dp_get
#undef pudp_get
#undef pmdp_get
#undef ptep_get
#define pgdp_get(p) PXD_RELABELLED(pgdp_get, p)
#define p4dp_get(p) PXD_RELABELLED(p4dp_get, p)
#define pudp_get(p) PXD_RELABELLED(pudp_get, p)
#define pmdp_get(p) PXD_RELABELLED(pmdp_get, p)
#define ptep_get(p) PXD_RELABELLED(ptep_get, p)
#define pmdp_get_lockless(p) PXD_RELABELLED(pmdp_get_lockless, p)
#define ptep_get_lockless(p) PXD_RELABELLED(ptep_get_lockless, p)

/*
 * The same for an offset function, where it reads an entry noticeably: one that
 * its caller has read.
 */
#define PXD_READ_HERE(offset)                                           \
  ({                                                                    \
    const size_t reads_ = pxd_now->read_count;                          \
    pxd_reads_for = PXD_AGAIN;                                          \
    __typeof__(offset) at_ = (offset);                                  \
    pxd_reads_for = PXD_TURN;                                           \
    if (pxd_now->read_count != reads_) pxd_relabel(__FILE__, __LINE__); \
    at_;                                                                \
  })

/*
 * Variants of the same text, by macro alone, where it asks these macros for the
 * next level: from 5.9 on, and before that it stands there by value. At each of
 * its calls the entry is a local that is named after its level, so `&pgd` is
 * the address of the copy.
 */
#if defined(PXD_BY_VALUE) || \
    defined(PXD_FOLDED_AWARE) /* as it stood before d3f7b1bb2040 */
#undef p4d_offset_lockless
#undef pud_offset_lockless
#undef pmd_offset_lockless
#define p4d_offset_lockless(pgdp, pgd, address) \
  PXD_READ_HERE(p4d_offset(&(pgd), address))
#define pud_offset_lockless(p4dp, p4d, address) \
  PXD_READ_HERE(pud_offset(&(p4d), address))
#define pmd_offset_lockless(pudp, pud, address) \
  PXD_READ_HERE(pmd_offset(&(pud), address))
#elif defined(PXD_BY_POINTER) /* as walks under the lock do */
/*
 * These functions read *pXdp, most of them without READ_ONCE(), where another
 * processor may have changed it since it was looked at. So it is noted here,
 * and not by the function's own READ_ONCE() where it has one.
 */
#define PXD_READ_AGAIN(p, reads, offset)                   \
  ({                                                       \
    if (reads) {                                           \
      (void)PXD_READ_AS(PXD_AGAIN, PXD_LEVEL(*(p)), *(p)); \
      pxd_noted = (p);                                     \
    }                                                      \
    __typeof__(offset) next_ = (PXD_READ_HERE(offset));    \
    pxd_noted = NULL;                                      \
    next_;                                                 \
  })
/* An architecture says where its p4d_offset() reads nothing. */
#ifndef PXD_PGD_IS_READ
#define PXD_PGD_IS_READ 1
#endif
#undef p4d_offset_lockless
#undef pud_offset_lockless
#undef pmd_offset_lockless
#define p4d_offset_lockless(pgdp, pgd, address) \
  PXD_READ_AGAIN(pgdp, PXD_PGD_IS_READ, p4d_offset(pgdp, address))
#define pud_offset_lockless(p4dp, p4d, address) \
  PXD_READ_AGAIN(p4dp, 1, pud_offset(p4dp, address))
#define pmd_offset_lockless(pudp, pud, address) \
  PXD_READ_AGAIN(pudp, 1, pmd_offset(pudp, address))
#endif

#endif /* PXDFUZZ_KERNEL_SHIM_GUP_H_ */
