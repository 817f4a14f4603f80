/* SPDX-License-Identifier: MIT */

/*
 * Custom: what decides something. Each says what, and which text of the kernel
 * it stands in for.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_CUSTOM_H_
#define PXDFUZZ_KERNEL_SHIM_CUSTOM_H_

#include "kernel/kernel_walk.h"

/*
 * The process whose memory is walked: current->mm. Its fields are those that
 * the headers in use mention.
 */
struct mm_context {
  unsigned long asce_limit;
  unsigned long flags;
  unsigned int has_pgste : 1;
  unsigned int uses_skeys : 1;
  unsigned int uses_cmm : 1;
  unsigned int allow_gmap_hpage_1m : 1;
};
struct mm_struct {
  void *pgd;
  struct mm_context context;
  unsigned int write_protect_seq;
  unsigned long flags;
  unsigned long task_size;
  int mmap_lock;
  int mmap_sem;
  int has_pinned;
  atomic_t tlb_flush_pending;
  atomic_t mm_users;
};
struct task_struct {
  struct mm_struct *mm;
  struct mm_struct *active_mm;
};
static struct mm_struct pxd_mm;
static struct task_struct pxd_current = {&pxd_mm, &pxd_mm};
#define current (&pxd_current)
struct vm_area_struct {
  struct mm_struct *vm_mm;
  unsigned long vm_flags;
};

/*
 * Interrupts, linux/irqflags.h. Where the walk switches them off is where
 * another processor may be told to have done something: before that, nothing of
 * the tables was read.
 */
static void pxd_enter(int levels); /* of the architecture */
static inline void pxd_interrupts_off(void) {
  struct pxd_walk *walk = pxd_now;
  if (!walk->before_walk) return;
  walk->before_walk(walk);
  pxd_mm.pgd = walk->root;
  pxd_enter(walk->levels);
}
#define local_irq_save(flags) ((flags) = 0, pxd_interrupts_off())
#define local_irq_disable() pxd_interrupts_off()

/* linux/seqlock.h: there is one, mm->write_protect_seq. */
#define raw_read_seqcount(s) ((void)(s), pxd_now->write_protect_seq)
#define read_seqcount_retry(s, seq) (raw_read_seqcount(s) != (seq))
#define raw_seqcount_try_begin(s, seq) (((seq) = raw_read_seqcount(s)) % 2 == 0)

/*
 * READ_ONCE(), asm-generic/rwonce.h: one volatile load, noted with the line of
 * the tree that it stands in before it is done, so that a fault has a place,
 * and so that whoever changes tables can do it just before.
 */
static enum pxd_role pxd_reads_for; /* what READ_ONCE() is for */
static bool pxd_notes_checks;
#ifdef PXD_BY_POINTER
static const volatile void *pxd_noted; /* see PXD_READ_AGAIN() */
#endif
static inline void pxd_note(const volatile void *place, int level,
                            enum pxd_role role, const char *file, int line) {
  struct pxd_walk *walk = pxd_now;
  if (level < 0) return;
#ifdef PXD_BY_POINTER
  if (place == pxd_noted) {
    pxd_noted = NULL;
    return;
  }
#endif
  if (walk->read_count++ < PXD_MAX_READS) {
    struct pxd_read *read = &walk->reads[walk->read_count - 1];
    read->file = file;
    read->line = line;
    read->level = level;
    read->role = role;
    read->place = place;
    read->value = 0;
  } else if (walk->read_count > PXD_ENDLESS) {
    pxd_endless();
  }
  if (walk->before_read) walk->before_read(walk, level, place);
}
static inline void pxd_note_value(const void *value, int level) {
  struct pxd_walk *walk = pxd_now;
  if (level >= 0 && walk->read_count <= PXD_MAX_READS)
    walk->reads[walk->read_count - 1].value = *(const uint64_t *)value;
}
#define PXD_LEVEL(x) \
  _Generic((x), pte_t: 0, pmd_t: 1, pud_t: 2, p4d_t: 3, pgd_t: 4, default: -1)
#define PXD_READ_AS(role, level, x)                              \
  ({                                                             \
    const int level_ = (level);                                  \
    pxd_note(&(x), level_, role, __FILE__, __LINE__);            \
    __typeof__(x) once_ = *(const volatile __typeof__(x) *)&(x); \
    pxd_note_value(&once_, level_);                              \
    once_;                                                       \
  })
#define READ_ONCE(x) PXD_READ_AS(pxd_reads_for, PXD_LEVEL(x), x)

/*
 * BUG_ON() ends the walk, as it does in a kernel. VM_BUG_ON() does so under
 * CONFIG_DEBUG_VM alone, and distributors leave that off.
 */
#define BUG() pxd_bug(__FILE__, __LINE__)
#define BUG_ON(c) \
  do {            \
    if (c) BUG(); \
  } while (0)
#define VM_BUG_ON(c) ((void)sizeof((long)(c)))
#define VM_BUG_ON_PAGE(c, page) VM_BUG_ON(c)

/*
 * Physical memory. Every frame number has a struct page, which is only ever
 * counted with: its address tells its number. `__va` in each architecture's
 * file adds where the arena lies.
 */
struct page {
  unsigned char room[64];
};
struct folio {
  struct page page;
  struct address_space *mapping;
};
#define PXD_PAGES (1UL << 60) /* none of them is NULL */
#define pfn_to_page(n) \
  ((struct page *)(PXD_PAGES + (unsigned long)(n) * sizeof(struct page)))
#define page_to_pfn(p) (((unsigned long)(p) - PXD_PAGES) / sizeof(struct page))
#define nth_page(p, n) ((p) + (n))
#define pfn_valid(n) 1
#define page_folio(p) ((struct folio *)(p))

/*
 * References: try_grab_folio() and its older names take `refs` of them at once
 * for consecutive pages, or none. They are written down and never counted up.
 */
static inline void pxd_note_grab(struct page *page, int refs, unsigned flags) {
  struct pxd_walk *walk = pxd_now;
  walk->held += refs;
  if (walk->grab_count < PXD_MAX_GRABS) {
    struct pxd_grab *grab = &walk->grabs[walk->grab_count];
    grab->pfn = page_to_pfn(page);
    grab->refs = refs;
    grab->pin = (flags & FOLL_PIN) != 0;
    grab->reads = walk->read_count;
  } else if (walk->grab_count >= PXD_ENDLESS) {
    pxd_endless();
  }
  walk->grab_count++;
}
static inline bool pxd_grab_pages(struct page *page, int refs, unsigned flags) {
  struct pxd_walk *walk = pxd_now;
  if (walk->refused - walk->held < (uint64_t)refs) return false;
  pxd_note_grab(page, refs, flags);
  if (walk->after_grab) walk->after_grab(walk);
  return true;
}
static inline void pxd_put_pages(struct page *page, int refs, unsigned flags) {
  pxd_note_grab(page, -refs, flags);
}
/* Pins of single pages, all at once, after fork() write-protected some. */
static inline void pxd_unpin_pages(struct page **pages, unsigned long count) {
  for (unsigned long i = 0; i < count; i++)
    pxd_put_pages(pages[i], 1, FOLL_PIN);
}

#endif /* PXDFUZZ_KERNEL_SHIM_CUSTOM_H_ */
