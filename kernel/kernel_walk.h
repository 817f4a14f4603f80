/* SPDX-License-Identifier: MIT */

/*
 * What the text of one kernel tree offers, in C: one side of this header is
 * compiled with the tree's headers, the other is C++ and knows nothing of them.
 *
 * Levels are numbered pte 0, pmd 1, pud 2, p4d 3, pgd 4. Physical addresses are
 * those of the case; `va_offset` added to one gives where its word lies.
 */
#ifndef PXDFUZZ_KERNEL_KERNEL_WALK_H_
#define PXDFUZZ_KERNEL_KERNEL_WALK_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  PXD_MAX_READS = 2048, /* further ones are counted and not kept */
  PXD_MAX_GRABS = 2048,
};

/* One READ_ONCE() or its like, noted before it reads. */
struct pxd_read {
  const char *file; /* as the tree names it */
  int line;
  int level; /* of the entry, by its type; -1 for what is none */
  const volatile void *place;
  uint64_t value; /* 0 until it was read */
};

/* One taking of references (refs > 0) or giving back (refs < 0). */
struct pxd_grab {
  uint64_t pfn;
  int64_t refs;
  bool pin;
};

/* A request to the fast walk, and what came of it. */
struct pxd_walk {
  /* Given. */
  uint64_t *root; /* mm->pgd */
  int levels;
  uint64_t va_offset;
  uint64_t start;
  uint64_t pages; /* how many are wanted */
  bool write;     /* FOLL_WRITE */
  bool pin;       /* FOLL_PIN, else FOLL_GET */
  /* The reference that cannot be taken is that of the page which would be
   * the one of this position in `page`; UINT64_MAX for none. */
  uint64_t refused;
  uint64_t *page; /* room for `pages` physical addresses */
  /* Found. */
  uint64_t count;
  uint64_t held; /* references taken and not given back */
  size_t grab_count;
  struct pxd_grab grabs[PXD_MAX_GRABS];
  size_t read_count;
  struct pxd_read reads[PXD_MAX_READS];
  /* The BUG() or VM_BUG_ON() that was hit, if any. */
  const char *bug_file;
  int bug_line;
};

struct pxd_leaf {
  bool read, write, young, dirty, special;
};

struct pxd_kernel {
  const char *name;    /* "kernel-6.1-s390-by-value" */
  const char *version; /* "6.1.192" */
  const char *cut;     /* hash of the text */
  const char *arch;    /* "s390", "x86-64", "arm64-16k" */
  const char *variant; /* "as-is", "by-value", ... */

  /* The fast walk, with all that it asks of a request. */
  void (*walk)(struct pxd_walk *walk);
  /* gup_fast_permitted(), and what is asked before it. Null where the
   * architecture has none of its own. */
  bool (*permitted)(int levels, uint64_t start, uint64_t pages);

  /* What the tree's headers decide, and a model is told:
   * whether pte_protnone() and pmd_protnone() ever say yes; on s390, the
   * bit by which pud_write() tells that a region-third leaf is writable. */
  bool tells_protnone;
  uint64_t region_third_write;

  /* The machine is one whose processes have `levels` levels from here on. Each
   * walk says so itself; who asks for entries alone says it before. */
  void (*enter)(int levels);

  /* Entries as the tree writes them for user space. */
  uint64_t (*leaf)(int level, uint64_t frame, struct pxd_leaf state);
  uint64_t (*table)(int level, uint64_t origin);
  uint64_t (*empty)(int level);

  /* The size of the page that maps `address`, 0 for none:
   * perf_get_pgtable_size(). Null where the tree has none. */
  uint64_t (*page_size)(struct pxd_walk *walk, uint64_t address);

  /* Walks [start, start + pages) by pointer, as code under the lock does,
   * with the tree's own pXd_offset() and pXd_addr_end(), and says at how
   * many turns pXdp differed from pXd_offset(parent, addr). */
  uint64_t (*broken_turns)(struct pxd_walk *walk);
};

/* Where walks note what they do. One walk at a time. */
extern struct pxd_walk *pxd_now;
/* Ends the walk that is running: a BUG() was hit. Does not return. */
void pxd_bug(const char *file, int line);

#ifdef __cplusplus
}
#endif

#endif /* PXDFUZZ_KERNEL_KERNEL_WALK_H_ */
