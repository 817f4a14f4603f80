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
#define READ_ONCE(x)                                           \
  _Generic((x),                                                \
      struct address_space *: pxd_mapping((const void *)&(x)), \
      default: PXD_READ_AS(pxd_reads_for, PXD_LEVEL(x), x))

/* custom: the process whose memory is walked. */
static struct mm_struct pxd_mm;
static struct task_struct pxd_task = {.mm = &pxd_mm, .active_mm = &pxd_mm};
static struct task_struct *pxd_current(void) { return &pxd_task; }

static void pxd_enter(int levels); /* of the architecture */
static void pxd_interrupts_off(void) {
  struct pxd_walk *walk = pxd_now;
  pxd_irqs_off = 1;
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
 * custom: what is behind a frame, as the case says. `page` may be the address
 * of a member. A large page is a hugetlb page at pud; at pmd where the
 * configuration has no transparent huge pages.
 */
static enum pxd_page_kind pxd_kind(const void *page) {
  const struct pxd_walk *walk = pxd_now;
  const uint64_t pfn = page_to_pfn((struct page *)page);
  enum pxd_page_kind kind = PXD_ANONYMOUS;
  for (size_t i = 0; i < walk->kind_count; i++) {
    if (pfn - walk->kinds[i].pfn < walk->kinds[i].count)
      kind = walk->kinds[i].kind;
  }
  return kind;
}
static bool pxd_is_exclusive(const void *page) {
  const enum pxd_page_kind kind = pxd_kind(page);
  return kind == PXD_ANONYMOUS || kind == PXD_MOVABLE;
}
static bool pxd_is_anonymous(const void *page) {
  return pxd_is_exclusive(page) || pxd_kind(page) == PXD_SHARED_ANONYMOUS;
}
/* Its mapping: an address space for each kind of file, or a marked pointer. */
#define PXD_MAPPING(kind) ((struct address_space *)((kind) * 4096UL))
static struct address_space *pxd_mapping(const void *member) {
  const enum pxd_page_kind kind = pxd_kind(member);
  if (kind == PXD_ZERO || kind == PXD_NO_MAPPING) return NULL;
  return pxd_is_anonymous(member) ? (struct address_space *)4097UL
                                  : PXD_MAPPING(kind);
}
static bool pxd_is_secretmem(const void *page) {
  return IS_ENABLED(CONFIG_SECRETMEM) && pxd_leaf_level == 0 &&
         pxd_kind(page) == PXD_SECRETMEM;
}
static bool pxd_is_hugetlb(const void *page) {
  return pxd_leaf_level == 2 ||
         (pxd_leaf_level == 1 && !IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE));
}
#define page_is_secretmem(page) pxd_is_secretmem(page)
#define folio_is_secretmem(folio) pxd_is_secretmem(folio)
#define secretmem_mapping(mapping) \
  (IS_ENABLED(CONFIG_SECRETMEM) && (mapping) == PXD_MAPPING(PXD_SECRETMEM))
#define shmem_mapping(mapping) ((mapping) == PXD_MAPPING(PXD_SHMEM))
#undef folio_test_large
#undef folio_test_hugetlb
#undef folio_test_slab
#define folio_test_large(folio) ((void)(folio), pxd_leaf_level > 0)
#define folio_has_pincount(folio) folio_test_large(folio)
#define folio_test_hugetlb(folio) pxd_is_hugetlb(folio)
/* stub: no case has pages of the slab allocator. */
#define folio_test_slab(folio) 0

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
#if defined(PXD_TREE_HAS_try_get_folio) &&               \
    (defined(PXD_TREE_HAS_folio_is_longterm_pinnable) || \
     defined(PXD_TREE_HAS_is_longterm_pinnable_page))
/*
 * The text of try_grab_folio_fast(), or of try_grab_folio(), runs: it takes
 * references and makes pins of them. The pin of a zero page counts, although
 * trees that have is_zero_page() do not count it.
 */
#define PXD_OWN_GRAB
static inline void *pxd_try_get(void *page, int refs) {
  return pxd_grab_pages(page, refs, FOLL_GET);
}
static inline struct pxd_grab *pxd_last_grab(void) {
  struct pxd_walk *walk = pxd_now;
  return walk->grab_count == 0 || walk->grab_count > PXD_MAX_GRABS
             ? NULL
             : &walk->grabs[walk->grab_count - 1];
}
/* The references that were taken last become pins: `added` for each. */
static inline void pxd_make_pins(long count, long added) {
  struct pxd_grab *grab = pxd_last_grab();
  if (grab && count == grab->refs * added) grab->pin = true;
}
/* References that did not become what was asked for. */
static inline void pxd_put_back(void *page, int refs) {
  struct pxd_grab *grab = pxd_last_grab();
  if (grab && grab->refs == refs) grab->pin = pxd_now->pin;
  pxd_note_grab(page_to_pfn((struct page *)page), -refs, pxd_now->pin);
}
static inline bool pxd_is_zero_page(void *page) {
  if (pxd_kind(page) != PXD_ZERO || pxd_leaf_level != 0) return false;
  pxd_note_grab(page_to_pfn((struct page *)page), 1, true);
  if (pxd_now->after_grab) pxd_now->after_grab(pxd_now);
  return true;
}
#define try_get_folio(page, refs) pxd_try_get(page, refs)
#define is_zero_page(page) pxd_is_zero_page(page)
#undef folio_ref_add
#undef atomic_add
#define folio_ref_add(folio, count) \
  pxd_make_pins(count, GUP_PIN_COUNTING_BIAS - 1)
#define atomic_add(count, counter) pxd_make_pins(count, 1)
#undef node_stat_mod_folio
#define node_stat_mod_folio(...) ((void)0)
#define put_devmap_managed_folio_refs(...) 0
#define put_devmap_managed_page_refs(...) 0
#define folio_is_longterm_pinnable(folio) (pxd_kind(folio) != PXD_MOVABLE)
#define is_longterm_pinnable_page(page) (pxd_kind(page) != PXD_MOVABLE)
#define folio_put_refs(folio, refs) pxd_put_back(folio, refs)
#else
#define try_grab_folio(page, refs, flags) pxd_grab_pages(page, refs, flags)
#define try_grab_folio_fast(page, refs, flags) pxd_grab_pages(page, refs, flags)
#define folio_put_refs(folio, refs) pxd_put_pages(folio, refs, PXD_ONE_KIND)
#endif
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
#ifndef PXD_TREE_HAS_FOLL_NOFAULT /* before 5.16 */
#define FOLL_NOFAULT 0
#endif
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

/* custom: references to the dev_pagemap of device memory are counted. */
static struct dev_pagemap *pxd_get_pagemap(unsigned long pfn,
                                           struct dev_pagemap *held) {
  const uint64_t number = pfn / PXD_PAGEMAP_PAGES + 1;
  if ((uint64_t)held == number) return held;
  if (held) pxd_now->pagemaps--;
  if (number == pxd_now->dead_pagemap) return NULL;
  pxd_now->pagemaps++;
  return (struct dev_pagemap *)number;
}
static void pxd_put_pagemap(struct dev_pagemap *pagemap) {
  if (pagemap) pxd_now->pagemaps--;
}
#define get_dev_pagemap(pfn, held) pxd_get_pagemap(pfn, held)
#define put_dev_pagemap(pagemap) pxd_put_pagemap(pagemap)

/* stub: what changes a struct page. */
#define sanity_check_pinned_pages(...) ((void)0)
#undef SetPageReferenced
#undef ClearPageReferenced
#define SetPageReferenced(page) ((void)(page))
#define ClearPageReferenced(page) ((void)(page))
#define folio_set_referenced(folio) ((void)(folio))
#define folio_clear_referenced(folio) ((void)(folio))

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
