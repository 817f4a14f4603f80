/* SPDX-License-Identifier: MIT */

/*
 * What the shims of headers call, so this comes before the tree's headers.
 * Shims are of three kinds and say so: `custom` decides something, `duplicated`
 * means what the kernel's own code means, `stub` decides nothing.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_CUSTOM_H_
#define PXDFUZZ_KERNEL_SHIM_CUSTOM_H_

#include "kernel/kernel_walk.h"

/* custom: the address of a word is its physical address plus this. */
static uint64_t pxd_va_offset;

/*
 * custom: READ_ONCE(), asm-generic/rwonce.h: one volatile load, noted with the
 * line of the tree that it is in before it is done, so that a fault has a
 * place, and so that whoever changes tables can do it just before. Entries that
 * are written are read too; no walk runs then.
 */
static enum pxd_role pxd_reads_for; /* what READ_ONCE() is for */
static bool pxd_notes_checks;
/* The level of the entry that a loop has read last: of a leaf, its size. */
static int pxd_leaf_level;
static const volatile void *pxd_noted; /* see PXD_OFFSET() */
static inline void pxd_note(const volatile void *place, int level,
                            enum pxd_role role, const char *file, int line) {
  struct pxd_walk *walk = pxd_now;
  if (level < 0 || !walk) return;
  if (role == PXD_ITERATION) pxd_leaf_level = level;
  if (pxd_noted && place == pxd_noted) {
    pxd_noted = NULL;
    return;
  }
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
  if (level >= 0 && walk && walk->read_count <= PXD_MAX_READS)
    walk->reads[walk->read_count - 1].value = *(const uint64_t *)value;
}
/* custom: what a walk reads by *p: slice/plain_reads.h calls it. */
static inline const volatile void *pxd_plain_read(const volatile void *place,
                                                  int level, const char *file,
                                                  int line) {
  pxd_note(place, level, PXD_ITERATION, file, line);
  pxd_note_value((const void *)place, level);
  return place;
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

/* custom: whether interrupts are off, asm/irqflags.h. */
static unsigned long pxd_irqs_off;

/*
 * custom: struct page does not exist. What a page is, the walk says
 * (shim/gup.h). The macros also break the functions with these names in
 * linux/page-flags.h. Each page is its own head.
 */
static bool pxd_is_anonymous(const void *page);
static bool pxd_is_exclusive(const void *page);
#define PageAnon(page) !!(pxd_is_anonymous(page))
#define PageAnonExclusive(page) !!(pxd_is_exclusive(page))
#define PageHead(page) !!((void)(page), 1)

/* custom: references are written down and never counted up (shim/gup.h). */
static inline void pxd_note_grab(uint64_t pfn, int refs, bool pin) {
  struct pxd_walk *walk = pxd_now;
  walk->held += refs;
  if (walk->grab_count < PXD_MAX_GRABS) {
    struct pxd_grab *grab = &walk->grabs[walk->grab_count];
    grab->pfn = pfn;
    grab->refs = refs;
    grab->pin = pin;
    grab->reads = walk->read_count;
  } else if (walk->grab_count >= PXD_ENDLESS) {
    pxd_endless();
  }
  walk->grab_count++;
}

#endif /* PXDFUZZ_KERNEL_SHIM_CUSTOM_H_ */
