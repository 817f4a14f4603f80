/* SPDX-License-Identifier: MIT */

/*
 * Spellings of older versions, from 5.4 on, and what they called. The slicer
 * tells what a tree has (slice.h): PXD_TREE_DEFINES_x where the text itself
 * defines x, PXD_TREE_ENTRY_x for the entry point that was taken, and
 * PXD_TREE_HAS_FAST_ONLY. Comes behind the tree's page-table headers.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_COMPAT_H_
#define PXDFUZZ_KERNEL_SHIM_COMPAT_H_

/*
 * Entry points:
 *   from 6.10    gup_fast()
 *   from 5.11    lockless_pages_from_mm()
 *   from 5.7     internal_get_user_pages_fast(), which goes on to the slow walk
 *   up to 5.6    __get_user_pages_fast(), without flags
 * Up to 5.7 there is no FOLL_FAST_ONLY, and the flag is refused.
 */
#ifndef PXD_TREE_HAS_FAST_ONLY
#undef FOLL_FAST_ONLY
#define FOLL_FAST_ONLY 0
#endif
/* custom: the slow walk, mm/gup.c, finds nothing that the fast one did not. */
#define __gup_longterm_unlocked(...) 0
#define __gup_longterm_locked(...) 0
/* custom: asm/uaccess.h. Limits are asked of gup_fast_permitted() alone. */
#define access_ok(addr, len) 1
/* stub: fork() asks for these. */
#define atomic_set(counter, value) ((void)(counter))
#define mm_set_has_pinned_flag(flags) ((void)(flags))

/*
 * custom: references. See pxd_grab_pages(). From 5.18 folios are taken; the
 * walk's text asks for those of a page or, from 6.9, by a faster name.
 */
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

/* From 5.7 on, before folios: head pages. */
#ifndef PXD_TREE_DEFINES_try_grab_compound_head
static inline struct page *try_grab_compound_head(struct page *page, int refs,
                                                  unsigned int flags) {
  return pxd_grab_pages(page, refs, flags) ? page : NULL;
}
#endif
#ifndef PXD_TREE_DEFINES_put_compound_head
static inline void put_compound_head(struct page *page, int refs,
                                     unsigned int flags) {
  pxd_put_pages(page, refs, flags);
}
#endif

/*
 * Up to 5.6 there is one kind of reference, whatever it is for: it counts as
 * the kind that was asked for. The text's own try_get_compound_head() is made
 * of these; no page has a head besides itself (linux/page-flags.h).
 */
#define PXD_ONE_KIND (pxd_now->pin ? FOLL_PIN : FOLL_GET)
#ifndef PXD_TREE_DEFINES_try_get_compound_head
static inline struct page *try_get_compound_head(struct page *page, int refs) {
  return pxd_grab_pages(page, refs, PXD_ONE_KIND) ? page : NULL;
}
#endif
#define compound_head(page) (page)
#define page_ref_count(page) ((void)(page), 1)
#define page_ref_sub(page, refs) pxd_put_pages(page, refs, PXD_ONE_KIND)
#define page_cache_add_speculative(page, refs) \
  pxd_grab_pages(page, refs, PXD_ONE_KIND)
#define get_page(page) ((void)pxd_grab_pages(page, 1, PXD_ONE_KIND))
#define put_page(page) pxd_put_pages(page, 1, PXD_ONE_KIND)
#define put_page_refs(page, refs) pxd_put_pages(page, refs, PXD_ONE_KIND)
#define unpin_user_page(page) pxd_put_pages(page, 1, FOLL_PIN)

/* Where fork() came in between: from 5.11, from 5.19, from 6.10. */
#define unpin_user_pages(pages, count) pxd_unpin_pages(pages, count)
#define unpin_user_pages_lockless(pages, count) pxd_unpin_pages(pages, count)
#define gup_fast_unpin_user_pages(pages, count) pxd_unpin_pages(pages, count)

/* duplicated: linux/mm.h of 5.4, later in the headers that are cut. */
#ifndef PXD_TREE_DEFINES_pmd_devmap
#ifndef CONFIG_ARCH_HAS_PTE_DEVMAP
#define pmd_devmap(pmd) 0
#define pud_devmap(pud) 0
#define pgd_devmap(pgd) 0
#endif
#endif

/* duplicated: linux/pgtable.h from 5.6 on. */
#ifndef pud_leaf
#define pud_leaf(pud) pud_large(pud)
#endif

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

#endif /* PXDFUZZ_KERNEL_SHIM_COMPAT_H_ */
