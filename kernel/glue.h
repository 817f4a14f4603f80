/* SPDX-License-Identifier: MIT */

/*
 * The last part of an architecture's file: fills struct pxd_kernel with the
 * tree's code. Before it come the tree's headers and .c files (shim/code.h),
 * and the architecture's pxd_enter(), pxd_pte(), pxd_large(), pxd_huge_swap(),
 * pxd_table_word() and pxd_empty_word().
 */
#ifndef PXDFUZZ_KERNEL_GLUE_H_
#define PXDFUZZ_KERNEL_GLUE_H_

#include "kernel/assertions.h"

static void pxd_begin(struct pxd_walk *walk) {
  walk->count = 0;
  walk->held = 0;
  walk->pagemaps = 0;
  walk->grab_count = 0;
  walk->read_count = 0;
  walk->block_read_count = 0;
  walk->bug_file = NULL;
  /* The walk before this one may have ended in a fault. */
  pxd_reads_for = PXD_ITERATION;
  pxd_irqs_off = 0;
  pxd_notes_checks = walk->notes_checks || walk->before_read;
  pxd_noted = NULL;
  pxd_now = walk;
  pxd_mm.pgd = (pgd_t *)walk->root;
  pxd_va_offset = walk->va_offset;
  pxd_enter(walk->levels);
}

/* The whole fast walk, with its checks of the request. */
static int pxd_get_pages(struct pxd_walk *walk) {
  const unsigned int flags =
      (walk->write ? FOLL_WRITE : 0) | (walk->pin ? FOLL_PIN : FOLL_GET) |
      (walk->longterm ? FOLL_LONGTERM : 0) | (walk->force ? FOLL_FORCE : 0) |
      (walk->nofault ? FOLL_NOFAULT : 0) | FOLL_FAST_ONLY;
  struct page **pages = (struct page **)walk->page;
#if defined(PXD_TREE_HAS_gup_fast_fallback) /* from 6.10 on */
  return gup_fast_fallback(walk->start, walk->pages, flags, pages);
#elif defined(PXD_TREE_HAS_internal_get_user_pages_fast) && \
    defined(PXD_TREE_HAS_FOLL_PIN) /* from 5.7 on */
  return internal_get_user_pages_fast(walk->start, walk->pages, flags, pages);
#else
  return __get_user_pages_fast(walk->start, walk->pages, walk->write, pages);
#endif
}

/* Whether the walk reads tables at all; these are empty. */
static bool pxd_permitted(int levels, uint64_t start, uint64_t pages) {
  static struct pxd_walk walk;
  static struct page *room[1];
  static uint64_t root[1 << 11] __attribute__((aligned(1 << 14)));
  static int filled_for;
  if (filled_for != levels) {
    for (size_t i = 0; i < ARRAY_SIZE(root); i++)
      root[i] = pxd_empty_word(levels - 1);
    filled_for = levels;
  }
  walk.root = root;
  walk.levels = levels;
  walk.start = start;
  walk.pages = pages;
  walk.page = (uint64_t *)room;
  pxd_begin(&walk);
  pxd_get_pages(&walk);
  return walk.read_count > 0;
}

static void pxd_run(struct pxd_walk *walk) {
  pxd_begin(walk);
  const int count = pxd_get_pages(walk);
  struct page **pages = (struct page **)walk->page; /* rewritten below */
  walk->count = count < 0 ? 0 : count;              /* an error is no page */
  for (uint64_t i = 0; i < walk->count && i < walk->pages; i++)
    walk->page[i] = (uint64_t)page_to_pfn(pages[i]) << PAGE_SHIFT;
}

#ifdef PXD_TREE_HAS_perf_get_pgtable_size
static uint64_t pxd_page_size(struct pxd_walk *walk, uint64_t address) {
  pxd_begin(walk);
  /* As its caller does. */
  pxd_interrupts_off();
  return perf_get_pgtable_size(&pxd_mm, address);
}
#endif

/*
 * `value`, computed by code of the tree outside of the walk. The tree may read
 * an entry that it writes; that is not a read of a walk.
 */
#define PXD_UNNOTED(value)                        \
  ({                                              \
    struct pxd_walk *const pxd_noting = pxd_now;  \
    pxd_now = NULL;                               \
    const uint64_t pxd_value = (uint64_t)(value); \
    pxd_now = pxd_noting;                         \
    pxd_value;                                    \
  })

static uint64_t pxd_leaf_word(int level, uint64_t frame,
                              struct pxd_leaf state) {
  return PXD_UNNOTED(level == 0 ? pxd_pte(frame, state)
                                : pxd_large(level, frame, state));
}

/* As linux/swapops.h; above pte, as hugetlb writes it. */
static uint64_t pxd_swap_word(int level, enum pxd_swap type, uint64_t frame) {
#if defined(SWP_MIGRATION_READ) && defined(SWP_HWPOISON)
  static const unsigned long numbers[] = {
      [PXD_MIGRATION] = SWP_MIGRATION_READ,
      [PXD_HWPOISON] = SWP_HWPOISON,
#ifdef SWP_DEVICE_READ /* with CONFIG_DEVICE_PRIVATE */
      [PXD_DEVICE_PRIVATE] = SWP_DEVICE_READ,
#endif
  };
  if (type >= ARRAY_SIZE(numbers)) return pxd_empty_word(level);
  const pte_t pte = __swp_entry_to_pte(
      __swp_entry(numbers[type], (unsigned long)(frame >> PAGE_SHIFT)));
  return PXD_UNNOTED(level == 0 ? pte_val(pte) : pxd_huge_swap(level, pte));
#else
  return pxd_empty_word(level);
#endif
}

static struct pxd_traits pxd_traits(void) {
  const struct pxd_leaf none = {.young = true};
  /* Old and clean: other software bits may overlap the frame. */
  const struct pxd_leaf readable = {.read = true};
  const uint64_t frame = 1UL << 40;
  const pud_t leaf = __pud(pxd_leaf_word(2, frame, readable));
  const pud_t table = __pud(pxd_table_word(2, frame));
  struct pxd_traits traits = {
      .tells_protnone = pte_protnone(__pte(pxd_leaf_word(0, frame, none))) &&
                        pmd_protnone(__pmd(pxd_leaf_word(1, frame, none))),
      .writes_readonly_pud = pud_write(leaf),
      .has_pud_at_zero = pud_present(__pud(pxd_leaf_word(2, 0, readable))),
  };
  pxd_va_offset = 1UL << 45;
  traits.takes_physical = PXD_UNNOTED(pmd_offset((pud_t *)&table, 0)) == frame;
  return traits;
}

static unsigned pxd_rules(void) {
  unsigned rules = 0;
  if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE))
    rules |= PXD_RULE_TRANSPARENT_HUGE;
#ifdef PXD_TREE_HAS_gup_must_unshare /* from 5.19 on */
  rules |= PXD_RULE_UNSHARING;
  if (__builtin_types_compatible_p(
          __typeof__(gup_must_unshare),
          bool(struct vm_area_struct *, unsigned int, struct page *)))
    rules |= PXD_RULE_LONGTERM_UNSHARING; /* from 6.2 on */
#endif
#if defined(PXD_TREE_HAS_folio_fast_pin_allowed) || /* from 6.5 on */ \
    defined(PXD_TREE_HAS_gup_fast_folio_allowed)    /* from 6.9 on */
  rules |= PXD_RULE_LONGTERM_FILE;
#endif
#ifdef PXD_TREE_HAS_secretmem /* linux/secretmem.h, from 5.14 on */
  if (IS_ENABLED(CONFIG_SECRETMEM)) rules |= PXD_RULE_SECRETMEM;
#endif
#ifdef PXD_OWN_GRAB
  rules |= PXD_RULE_LONGTERM_PINNABLE;
#endif
  return rules;
}

/* -------------------------------------------------------------------------- */
/* The loop invariant of the thread, with the tree's own helpers. */

static uint64_t pxd_iterations_pmd(pud_t *pudp, unsigned long addr,
                                   unsigned long end) {
  uint64_t broken = 0;
  pmd_t *pmdp = pmd_offset(pudp, addr);
  do {
    const unsigned long next = pmd_addr_end(addr, end);
    broken += pmdp != pmd_offset(pudp, addr);
    if (!pmd_present(*pmdp)) return broken;
    pmdp++, addr = next;
  } while (addr != end);
  return broken;
}

static uint64_t pxd_iterations_pud(p4d_t *p4dp, unsigned long addr,
                                   unsigned long end) {
  uint64_t broken = 0;
  pud_t *pudp = pud_offset(p4dp, addr);
  do {
    const unsigned long next = pud_addr_end(addr, end);
    broken += pudp != pud_offset(p4dp, addr);
    if (!pud_present(*pudp)) return broken;
    if (!pud_leaf(*pudp)) broken += pxd_iterations_pmd(pudp, addr, next);
    pudp++, addr = next;
  } while (addr != end);
  return broken;
}

static uint64_t pxd_iterations_p4d(pgd_t *pgdp, unsigned long addr,
                                   unsigned long end) {
  uint64_t broken = 0;
  p4d_t *p4dp = p4d_offset(pgdp, addr);
  do {
    p4d_t p4d = *p4dp;
    const unsigned long next = p4d_addr_end(addr, end);
    broken += p4dp != p4d_offset(pgdp, addr);
    if (p4d_none(p4d)) return broken;
    broken += pxd_iterations_pud(p4dp, addr, next);
    p4dp++, addr = next;
  } while (addr != end);
  return broken;
}

static uint64_t pxd_broken_iterations(struct pxd_walk *walk) {
  uint64_t broken = 0;
  unsigned long addr = walk->start;
  const unsigned long end = addr + (walk->pages << PAGE_SHIFT);
  pxd_begin(walk);
  pgd_t *pgdp = pgd_offset(&pxd_mm, addr);
  do {
    pgd_t pgd = *pgdp;
    const unsigned long next = pgd_addr_end(addr, end);
    broken += pgdp != pgd_offset(&pxd_mm, addr);
    if (pgd_none(pgd)) return broken;
    broken += pxd_iterations_p4d(pgdp, addr, next);
    pgdp++, addr = next;
  } while (addr != end);
  return broken;
}

const struct pxd_kernel PXD_SYMBOL = {
    .size = sizeof(struct pxd_kernel),
    .walk_size = sizeof(struct pxd_walk),
    .name = PXD_NAME,
    .version = PXD_TREE_VERSION,
    .slice = PXD_SLICE_HASH,
    .arch = PXD_ARCH,
    .variant = PXD_VARIANT,
    .leaf_levels = 1 << 0 |
                   (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ||
                    IS_ENABLED(CONFIG_HUGETLB_PAGE))
                       << 1 |
                   IS_ENABLED(CONFIG_HUGETLB_PAGE) << 2,
#ifdef PXD_KCONFIG_SELECTS_ARCH_SUPPORTS_HUGE_PFNMAP /* from 6.12 on */
    .special_levels = 1 << 0 |
                      IS_ENABLED(CONFIG_ARCH_SUPPORTS_PMD_PFNMAP) << 1 |
                      IS_ENABLED(CONFIG_ARCH_SUPPORTS_PUD_PFNMAP) << 2,
#else
    .special_levels = 1 << 0,
#endif
#ifdef PXD_TREE_HAS_get_dev_pagemap /* up to 6.12 */
    .devmap_levels = IS_ENABLED(CONFIG_ARCH_HAS_PTE_DEVMAP) *
                     (1 << 0 | IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) << 1 |
                      (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) &&
                       IS_ENABLED(CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD))
                          << 2),
#endif
    .has_keys = IS_ENABLED(CONFIG_X86_INTEL_MEMORY_PROTECTION_KEYS),
    .has_contiguous = IS_ENABLED(CONFIG_ARM64) &&
                      (IS_ENABLED(CONFIG_ARM64_CONTPTE) /* from 6.9 on */ ||
                       IS_ENABLED(CONFIG_HUGETLB_PAGE)),
    .keeps_access_error = PXD_KEEPS_ACCESS_ERROR, /* of the slice */
    .refuses_null_mapping =
        PXD_REFUSES_NULL_MAPPING && IS_ENABLED(CONFIG_SECRETMEM),
    .leaks_pagemap = PXD_LEAKS_PAGEMAP,
#ifdef PXD_KCONFIG_SELECTS_ARCH_HAS_PTE_PROTNONE /* from 7.3 on */
    .should_tell_protnone = true,
#else
    .should_tell_protnone = IS_ENABLED(CONFIG_NUMA_BALANCING),
#endif
    .walk = pxd_run,
#ifndef PXD_PERMITS_ALL
    .permitted = pxd_permitted,
#endif
    .traits = pxd_traits,
    .rules = pxd_rules,
    .enter = pxd_enter,
    .leaf = pxd_leaf_word,
    .table = pxd_table_word,
    .empty = pxd_empty_word,
    .swap = pxd_swap_word,
#ifdef PXD_TREE_HAS_perf_get_pgtable_size
    .page_size = pxd_page_size,
#endif
    .broken_iterations = pxd_broken_iterations,
};

#endif /* PXDFUZZ_KERNEL_GLUE_H_ */
