/* SPDX-License-Identifier: MIT */

/*
 * What mm/gup.c and kernel/events/core.c need besides the tree's page-table
 * headers, which come before this file. Spellings of all versions from 5.4 on.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_GUP_H_
#define PXDFUZZ_KERNEL_SHIM_GUP_H_

/* custom: see pxd_grab_pages(). From 5.19 to 6.8, and from 6.9 on, ... */
static inline struct folio *try_grab_folio(struct page *page, int refs,
                                           unsigned int flags) {
  return pxd_grab_pages(page, refs, flags) ? page_folio(page) : NULL;
}
#define try_grab_folio_fast(page, refs, flags) try_grab_folio(page, refs, flags)
static inline void gup_put_folio(struct folio *folio, int refs,
                                 unsigned int flags) {
  pxd_put_pages(&folio->page, refs, flags);
}
static inline bool try_grab_page(struct page *page, unsigned int flags) {
  return pxd_grab_pages(page, 1, flags);
}
/* ... before folios (5.7 to 5.18), ... */
static inline struct page *try_grab_compound_head(struct page *page, int refs,
                                                  unsigned int flags) {
  return pxd_grab_pages(page, refs, flags) ? page : NULL;
}
static inline void put_compound_head(struct page *page, int refs,
                                     unsigned int flags) {
  pxd_put_pages(page, refs, flags);
}
/* ... and before pinning (up to 5.6). */
static inline struct page *try_get_compound_head(struct page *page, int refs) {
  return pxd_grab_pages(page, refs, FOLL_GET) ? page : NULL;
}
#define put_page(page) pxd_put_pages(page, 1, FOLL_GET)
#define put_page_refs(page, refs) pxd_put_pages(page, refs, FOLL_GET)
#define unpin_user_page(page) pxd_put_pages(page, 1, FOLL_PIN)
#define unpin_user_pages_lockless(pages, count) ((void)0) /* stub: no fork */
#define gup_fast_unpin_user_pages(pages, count) ((void)0) /* likewise */
#define compound_head(page) (page)

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

/* duplicated: linux/hugetlb.h without CONFIG_ARCH_HAS_HUGEPD. */
typedef struct {
  unsigned long pd;
} hugepd_t;
#define is_hugepd(hugepd) 0
#define __hugepd(x) ((hugepd_t){(x)})
#ifndef pgd_huge
#define pgd_huge(pgd) 0
#endif
#ifndef p4d_huge
#define p4d_huge(p4d) 0
#endif

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
 * Variants of the same text, by macro alone. At each of its calls the entry is
 * a local that is named after its level, so `&pgd` is the address of the copy.
 */
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

#endif /* PXDFUZZ_KERNEL_SHIM_GUP_H_ */
