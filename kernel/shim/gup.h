/* SPDX-License-Identifier: MIT */

/*
 * Replaces the rest of the kernel in the tree's own .c files. It comes after
 * all headers and before that code. A macro here also breaks the definition of
 * the function with its name, which the slicer then leaves out.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_GUP_H_
#define PXDFUZZ_KERNEL_SHIM_GUP_H_

/* custom: before 5.9, linux/compiler.h has it. */
#undef READ_ONCE
#define READ_ONCE(x) PXD_READ_AS(pxd_reads_for, PXD_LEVEL(x), x)

/* custom: the process whose memory is walked. */
static struct mm_struct pxd_mm;
static struct task_struct pxd_task = {.mm = &pxd_mm, .active_mm = &pxd_mm};
static struct task_struct *pxd_current(void) { return &pxd_task; }

static void pxd_enter(int levels); /* of the architecture */
static void pxd_interrupts_off(void) {
  struct pxd_walk *walk = pxd_now;
  if (!walk->before_walk) return;
  walk->before_walk(walk);
  pxd_mm.pgd = (pgd_t *)walk->root;
  pxd_enter(walk->levels);
}

/* custom: linux/seqlock.h: there is one, mm->write_protect_seq. */
#undef raw_read_seqcount
#undef read_seqcount_retry
#undef raw_seqcount_try_begin
#define raw_read_seqcount(s) ((void)(s), pxd_now->write_protect_seq)
#define read_seqcount_retry(s, seq) (raw_read_seqcount(s) != (seq))
#define raw_seqcount_try_begin(s, seq) (((seq) = raw_read_seqcount(s)) % 2 == 0)

/*
 * custom: the slow walk is not run. Before 5.8, a request that may continue in
 * it gets nothing from it; later requests have FOLL_FAST_ONLY and never use it.
 */
#ifdef PXD_TREE_HAS_FOLL_FAST_ONLY
#define PXD_SLOW_WALK()        \
  ({                           \
    pxd_trap("the slow walk"); \
    0;                         \
  })
#else
#define FOLL_FAST_ONLY 0
#define PXD_SLOW_WALK() 0
#endif
#define __gup_longterm_unlocked(...) PXD_SLOW_WALK()
#define __gup_longterm_locked(...) PXD_SLOW_WALK()
/* stub: for fork(), which needs to know whether a page was ever pinned. */
#undef atomic_set
#define atomic_set(counter, value) ((void)(counter))
#define mm_set_has_pinned_flag(...) ((void)0)
/*
 * custom: asm/uaccess.h. Up to 6.5, gup_fast_permitted() repeats this check on
 * architectures that have it.
 */
#undef access_ok
#define access_ok(addr, len) 1

/*
 * custom: references. try_grab_folio() and its older names take `refs`
 * references at once for consecutive pages, or none. References are recorded
 * and not counted. Each page is its own head and folio.
 */
#undef page_folio
#define page_folio(p) ((struct folio *)(p))
#undef compound_head
#define compound_head(p) (p)
#undef nth_page
#define nth_page(p, n) ((p) + (n))
static inline void *pxd_grab_pages(void *page, int refs, unsigned flags) {
  struct pxd_walk *walk = pxd_now;
  if (walk->refused - walk->held < (uint64_t)refs) return NULL;
  pxd_note_grab(page_to_pfn((struct page *)page), refs,
                (flags & FOLL_PIN) != 0);
  if (walk->after_grab) walk->after_grab(walk);
  return page;
}
static inline bool pxd_grab_page(struct page *page, unsigned flags) {
  return pxd_grab_pages(page, 1, flags) != NULL;
}
static inline void pxd_put_pages(void *page, int refs, unsigned flags) {
  pxd_note_grab(page_to_pfn((struct page *)page), -refs,
                (flags & FOLL_PIN) != 0);
}
/* Pins of single pages, all at once, after fork() write-protected some. */
static inline void pxd_unpin_pages(struct page **pages, unsigned long count) {
  for (unsigned long i = 0; i < count; i++)
    pxd_put_pages(pages[i], 1, FOLL_PIN);
}
#define try_grab_folio(page, refs, flags) pxd_grab_pages(page, refs, flags)
#define try_grab_folio_fast(page, refs, flags) pxd_grab_pages(page, refs, flags)
#define try_grab_compound_head(page, refs, flags) \
  pxd_grab_pages(page, refs, flags)
#define try_grab_page(page, flags) pxd_grab_page(page, flags)
#define gup_put_folio(folio, refs, flags) pxd_put_pages(folio, refs, flags)
#define put_compound_head(page, refs, flags) pxd_put_pages(page, refs, flags)
#define unpin_user_pages(pages, count) pxd_unpin_pages(pages, count)
#define unpin_user_pages_lockless(pages, count) pxd_unpin_pages(pages, count)
#define gup_fast_unpin_user_pages(pages, count) pxd_unpin_pages(pages, count)
/*
 * Functions whose names do not say which kind of reference they take or put;
 * up to 5.6 there is one kind. It counts as the kind of the request.
 */
#define PXD_ONE_KIND (pxd_now->pin ? FOLL_PIN : FOLL_GET)
#ifndef PXD_TREE_HAS_FOLL_PIN
#define FOLL_PIN 0x40000
#endif
#define try_get_compound_head(page, refs) \
  pxd_grab_pages(page, refs, PXD_ONE_KIND)
#undef get_page
#define get_page(page) ((void)pxd_grab_pages(page, 1, PXD_ONE_KIND))
#undef put_page
#define put_page(page) pxd_put_pages(page, 1, PXD_ONE_KIND)
#define put_page_refs(page, refs) pxd_put_pages(page, refs, PXD_ONE_KIND)
#define folio_put_refs(folio, refs) pxd_put_pages(folio, refs, PXD_ONE_KIND)
#define unpin_user_page(page) pxd_put_pages(page, 1, FOLL_PIN)
#define page_ref_sub(page, refs) pxd_put_pages(page, refs, PXD_ONE_KIND)

/*
 * custom: asm/page.h of s390, where this function fails for a page of a
 * protected guest that cannot be exported. Other architectures have the generic
 * function, which returns 0.
 */
#ifdef PXD_MAKES_ACCESSIBLE
static inline int pxd_make_accessible(void *page) {
  const uint64_t physical = (uint64_t)page_to_pfn((struct page *)page)
                            << PAGE_SHIFT;
  return pxd_now->inaccessible == physical + 1 ? -EFAULT : 0;
}
#else
#define pxd_make_accessible(page) 0
#endif
#undef arch_make_page_accessible
#undef arch_make_folio_accessible
#define arch_make_page_accessible(page) pxd_make_accessible(page)
#define arch_make_folio_accessible(folio) pxd_make_accessible(folio)

/*
 * stub: functions of a struct page, which does not exist here: no case has
 * device memory, secret memory or shared anonymous pages.
 */
#undef gup_must_unshare
#define gup_must_unshare(...) 0
#define gup_fast_folio_allowed(...) true
#define folio_fast_pin_allowed(...) true
#define sanity_check_pinned_pages(...) ((void)0)
#undef SetPageReferenced
#undef ClearPageReferenced
#define SetPageReferenced(page) ((void)(page))
#define ClearPageReferenced(page) ((void)(page))
#define folio_set_referenced(folio) ((void)(folio))
#define folio_clear_referenced(folio) ((void)(folio))
#define page_is_secretmem(page) 0
#define get_dev_pagemap(...) ((struct dev_pagemap *)0)
#define put_dev_pagemap(pgmap) ((void)(pgmap))

/* duplicated: linux/pgtable.h from 5.6 on. */
#ifndef pud_leaf
#define pud_leaf(pud) pud_large(pud)
#endif

/* Helpers read entries too: such a read is noted with the caller's line. */
static inline void pxd_relabel(const char *file, int line) {
  struct pxd_walk *walk = pxd_now;
  if (walk->read_count == 0 || walk->read_count > PXD_MAX_READS) return;
  walk->reads[walk->read_count - 1].file = file;
  walk->reads[walk->read_count - 1].line = line;
}
#define PXD_RELABELLED(get, p)                                          \
  ({                                                                    \
    const size_t reads_ = pxd_now->read_count;                          \
    __typeof__(*(p)) entry_ = (get)(p);                                 \
    if (pxd_now->read_count != reads_) pxd_relabel(__FILE__, __LINE__); \
    entry_;                                                             \
  })
/*
 * The same for an offset function, where it reads an entry noticeably: one that
 * its caller has read.
 */
#define PXD_READ_HERE(offset)                                           \
  ({                                                                    \
    const size_t reads_ = pxd_now->read_count;                          \
    pxd_reads_for = PXD_REREAD;                                         \
    __typeof__(offset) at_ = (offset);                                  \
    pxd_reads_for = PXD_ITERATION;                                      \
    if (pxd_now->read_count != reads_) pxd_relabel(__FILE__, __LINE__); \
    at_;                                                                \
  })

#endif /* PXDFUZZ_KERNEL_SHIM_GUP_H_ */
