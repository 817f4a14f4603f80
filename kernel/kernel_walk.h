/* SPDX-License-Identifier: MIT */

/*
 * What the code of one kernel tree offers, in C: one side of this header is
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
  /* Further ones are counted and not kept. A walk of 512 pages that are small
   * reads three times for each: pte, and pmd and pte for the recheck. */
  PXD_MAX_READS = 2048,
  PXD_MAX_GRABS = 2048,
  /* A walk that reads or takes references more often has no end: these are 8
   * for each of the 512 pages. */
  PXD_ENDLESS = 4096,
};

/* What the kernel code reads an entry for. */
enum pxd_role {
  PXD_ITERATION, /* an iteration of a loop */
  PXD_REREAD, /* a function that gets a pointer to an entry which was read, in
               * a table or a local: pXd_offset(pXdp, addr),
               * pte_offset_map(&pmd, addr) */
  PXD_CHECK,  /* gup's recheck, after it took the reference */
};

/* One read of an entry, noted before it is done. */
struct pxd_read {
  const char *file; /* as the tree names it */
  int line;
  int level; /* of the entry, by its type */
  enum pxd_role role;
  const volatile void *place;
  uint64_t value; /* 0 until it was read */
};

/* One taking of references (refs > 0) or giving back (refs < 0). */
struct pxd_grab {
  uint64_t pfn;
  int64_t refs;
  bool pin;
  size_t reads; /* the walk's read_count at that moment */
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
  /* With FOLL_PIN, arch_make_page_accessible() fails for the page at this
   * physical address, plus 1; 0 for none. */
  uint64_t inaccessible;
  uint64_t *page; /* room for `pages` physical addresses */

  /* Given: what another processor does concurrent. Each of these may be null,
   * and may change words of the tables.
   *
   * Interrupts are off, the request was permitted, and mm->pgd was not read
   * yet. `root` and `levels` may be changed as well: the mm got a level more.
   */
  void (*before_walk)(struct pxd_walk *walk);
  /* The last of `reads` is about to be done, of the entry of `level` that lies
   * at `place`, which may be no place in a table. */
  void (*before_read)(struct pxd_walk *walk, int level,
                      const volatile void *place);
  /* The last of `grabs` was done. What comes next is the recheck. */
  void (*after_grab)(struct pxd_walk *walk);
  void *context; /* of whoever set them */
  /* mm->write_protect_seq: odd while fork() write-protects, and 2 more when it
   * has. Not reset by a walk. */
  unsigned write_protect_seq;
  /* Whether all reads of the recheck are noted where there is no
   * `before_read` either. They are many: else those alone are noted that a tree
   * does as it does the others, by ptep_get(). */
  bool notes_checks;

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

struct pxd_traits {
  /* Whether pte_protnone() and pmd_protnone() say so of a PROT_NONE leaf. */
  bool tells_protnone;
  /* Whether pud_write() says yes to a read-only leaf. */
  bool writes_readonly_pud;
  /* Whether pud_present() says yes to an old and clean leaf at frame 0. */
  bool has_pud_at_zero;
  /* Whether an offset function takes a table's physical address for a pointer,
   * so that tables have to lie there. */
  bool takes_physical;
};

struct pxd_kernel {
  /* Of this struct and of a walk, as the compiler of the kernel code sees them.
   */
  size_t size, walk_size;
  const char *name;    /* "kernel-6.1-s390-by-value" */
  const char *version; /* "6.1.192" */
  const char *slice;   /* hash of the code */
  const char *arch;    /* "s390", "x86-64", "arm64-16k" */
  const char *variant; /* "as-is", "by-value", ... */

  /* The fast walk, with all that it asks of a request. */
  void (*walk)(struct pxd_walk *walk);
  /* gup_fast_permitted(), and what is asked before it. Null where the
   * architecture has none of its own. */
  bool (*permitted)(int levels, uint64_t start, uint64_t pages);

  /* What the tree's own helpers do; the model's walk follows it. `enter` must
   * have been called. */
  struct pxd_traits (*traits)(void);

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
   * many iterations pXdp differed from pXd_offset(parent, addr). */
  uint64_t (*broken_iterations)(struct pxd_walk *walk);
};

/* Where walks note what they do. One walk at a time. */
extern struct pxd_walk *pxd_now;
/* These end the walk that is running and do not return: a BUG() was hit; there
 * were more than PXD_ENDLESS reads, or references; the code reached a function
 * that it has no definition of, or inline assembly. */
void pxd_bug(const char *file, int line) __attribute__((noreturn));
void pxd_endless(void) __attribute__((noreturn));
void pxd_trap(const char *what) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif /* PXDFUZZ_KERNEL_KERNEL_WALK_H_ */
