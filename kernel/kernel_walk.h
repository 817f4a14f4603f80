/* SPDX-License-Identifier: MIT */

/*
 * The interface to the code of one kernel tree, in C: one side is compiled with
 * the tree's headers, the other is C++ and does not include them.
 *
 * Levels are numbered pte 0, pmd 1, pud 2, p4d 3, pgd 4. Physical addresses are
 * those of the case; a physical address plus `va_offset` is the address of its
 * word.
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
  /* Further ones are counted and not kept. A walk of 512 small pages reads
   * three entries for each: pte, and pmd and pte for the recheck. */
  PXD_MAX_READS = 2048,
  PXD_MAX_GRABS = 2048,
  /* A walk with more reads or references counts as endless: these are 8 for
   * each of 512 pages. */
  PXD_ENDLESS = 4096,
  /* The same for further entries of contiguous blocks: arm64 with 16 KiB pages
   * reads 257 for each of 512 pages. */
  PXD_ENDLESS_BLOCKS = 1 << 18,
};

/* What the kernel code reads an entry for. */
enum pxd_role {
  PXD_ITERATION, /* an iteration of a loop */
  PXD_REREAD, /* a function that gets a pointer to an entry which was read, in
               * a table or a local: pXd_offset(pXdp, addr),
               * pte_offset_map(&pmd, addr) */
  PXD_CHECK,  /* gup's recheck, after it took the reference */
};

/* A read of an entry, noted before it happens. */
struct pxd_read {
  const char *file; /* as the tree names it */
  int line;
  int level; /* of the entry, by its type */
  enum pxd_role role;
  const volatile void *place;
  uint64_t value; /* 0 until it was read */
};

/* References that are taken (refs > 0) or put (refs < 0) at once. */
struct pxd_grab {
  uint64_t pfn;
  int64_t refs;
  bool pin;
  size_t reads; /* the walk's read_count at that moment */
};

/* The kind of a page, in the order of PageKind. */
enum pxd_page_kind {
  PXD_ANONYMOUS,
  PXD_SHARED_ANONYMOUS,
  PXD_FILE,
  PXD_SHMEM,
  PXD_ZERO,
  PXD_SECRETMEM,
  PXD_NO_MAPPING,
  PXD_MOVABLE,
};

/* Pages of one kind. */
struct pxd_pages {
  uint64_t pfn;
  uint64_t count;
  enum pxd_page_kind kind;
};

/* How many pages of device memory a dev_pagemap has. Its number is that of the
 * first pfn, divided by it, plus 1. */
enum { PXD_PAGEMAP_PAGES = 4 };

/* A request to the fast walk, and its result. */
struct pxd_walk {
  /* Given. */
  uint64_t *root; /* mm->pgd */
  int levels;
  uint64_t va_offset;
  uint64_t start;
  uint64_t pages; /* how many are requested */
  bool write;     /* FOLL_WRITE */
  bool pin;       /* FOLL_PIN, else FOLL_GET */
  bool longterm;  /* FOLL_LONGTERM */
  /* FOLL_FORCE and FOLL_NOFAULT, which the slow path asks for. */
  bool force, nofault;
  /* The reference to the page at this position of `page` cannot be taken;
   * UINT64_MAX for none. */
  uint64_t refused;
  /* With FOLL_PIN, arch_make_page_accessible() fails for the page at this
   * physical address, plus 1; 0 for none. */
  uint64_t inaccessible;
  uint32_t pkru;  /* x86-64: the thread's rights for protection keys */
  uint64_t *page; /* room for `pages` physical addresses */
  /* What is behind frames: of several that fit, the last; else anonymous. */
  size_t kind_count;
  struct pxd_pages kinds[4];

  /* The dev_pagemap with this number cannot be had; 0 for none. */
  uint64_t dead_pagemap;

  /* Given: concurrent operations of another processor. Each of these may be
   * null, and may change words of the tables.
   *
   * Interrupts are off, the request was permitted, and mm->pgd was not read
   * yet. It may change `root` and `levels` too, if the mm gets one more level.
   */
  void (*before_walk)(struct pxd_walk *walk);
  /* The last of `reads` is about to happen, of an entry of `level` at `place`,
   * which may be outside all tables. */
  void (*before_read)(struct pxd_walk *walk, int level,
                      const volatile void *place);
  /* A helper is about to read one more entry of a contiguous block, or the
   * walk's own entry again: contpte_ptep_get_lockless() and its like. Such
   * reads are not among `reads`. */
  void (*before_block_read)(struct pxd_walk *walk);
  /* The last of `grabs` has happened. The recheck comes next. */
  void (*after_grab)(struct pxd_walk *walk);
  void *context; /* of the code that set them */
  /* mm->write_protect_seq: odd while fork() write-protects, and 2 more after
   * that. A walk does not reset it. */
  unsigned write_protect_seq;
  /* Whether all reads of the recheck are noted even without `before_read`.
   * There are many. If not, only those are noted that use the same function as
   * other reads, ptep_get(). */
  bool notes_checks;

  /* Found. */
  uint64_t count;
  uint64_t held;    /* references taken and not put */
  int64_t pagemaps; /* the same of every dev_pagemap */
  size_t grab_count;
  struct pxd_grab grabs[PXD_MAX_GRABS];
  size_t read_count;
  size_t block_read_count; /* of before_block_read */
  struct pxd_read reads[PXD_MAX_READS];
  /* The BUG() or VM_BUG_ON() that was hit, if any. */
  const char *bug_file;
  int bug_line;
};

struct pxd_leaf {
  bool read, write, young, dirty, special;
  bool invalid; /* after pmdp_invalidate(), at pmd */
  bool kernel;  /* without the user bit */
  bool exec;    /* arm64: PTE_UXN is clear */
  bool noexec;  /* s390, x86-64 */
  /* x86-64: the bits of PAGE_CACHE_MASK, and the protection key. */
  bool pwt, pcd, pat;
  uint8_t key;
  bool devmap;     /* arm64, x86-64: pXd_mkdevmap() */
  bool contiguous; /* arm64: pte_mkcont() */
};

/* Types of swap entries other than those of swap files. */
enum pxd_swap { PXD_MIGRATION, PXD_HWPOISON, PXD_DEVICE_PRIVATE };

struct pxd_traits {
  /* Whether pte_protnone() and pmd_protnone() are true for a PROT_NONE leaf. */
  bool tells_protnone;
  /* Whether pud_write() is true for a read-only leaf. */
  bool writes_readonly_pud;
  /* Whether pud_present() is true for an old and clean leaf at frame 0. */
  bool has_pud_at_zero;
  /* Whether an offset function uses a table's physical address as a pointer,
   * so that tables must be at these addresses. */
  bool takes_physical;
};

/* Rules that a tree may have, by their numbers in TreeRule. */
enum pxd_rule {
  PXD_RULE_TRANSPARENT_HUGE = 1 << 1,
  PXD_RULE_UNSHARING = 1 << 2,
  PXD_RULE_LONGTERM_UNSHARING = 1 << 3,
  PXD_RULE_LONGTERM_FILE = 1 << 4,
  PXD_RULE_SECRETMEM = 1 << 5,
  PXD_RULE_LONGTERM_PINNABLE = 1 << 6,
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
  /* Bit N: the configuration has leaves of level N; special ones; ones of
   * device memory. */
  unsigned leaf_levels, special_levels, devmap_levels;
  /* x86-64: whether it has protection keys. */
  bool has_keys;
  /* arm64: whether it has contiguous page entries. */
  bool has_contiguous;
  /* What the Kconfig of the tree says of pxd_traits.tells_protnone. */
  bool should_tell_protnone;
  /* Whether gup_fast_pte_range() keeps the error of a page that cannot be made
   * accessible, and returns it to a caller that takes it for success. */
  bool keeps_access_error;
  /* Whether gup_fast_folio_allowed() refuses every small page whose mapping is
   * NULL. */
  bool refuses_null_mapping;
  /* Whether __gup_device_huge() keeps a reference to a dev_pagemap where it
   * cannot take one to a page. */
  bool leaks_pagemap;

  /* The fast walk, with its checks of the request. */
  void (*walk)(struct pxd_walk *walk);
  /* gup_fast_permitted() and the checks before it. Null where the architecture
   * has none of its own. */
  bool (*permitted)(int levels, uint64_t start, uint64_t pages);

  /* What the tree's own helpers do; the model's walk follows it. `enter` must
   * have been called. */
  struct pxd_traits (*traits)(void);
  /* The enum pxd_rule of the tree, by what its files name. */
  unsigned (*rules)(void);

  /* From here on, processes have `levels` levels. Each walk calls it; a caller
   * that only needs entries must call it first. */
  void (*enter)(int levels);

  /* Entries as the tree writes them for user space. */
  uint64_t (*leaf)(int level, uint64_t frame, struct pxd_leaf state);
  uint64_t (*table)(int level, uint64_t origin);
  uint64_t (*empty)(int level);
  /* A swap entry for the page at `frame`; an empty one where the tree writes
   * none of that level or type. */
  uint64_t (*swap)(int level, enum pxd_swap type, uint64_t frame);

  /* The size of the page that maps `address`, 0 for none:
   * perf_get_pgtable_size(). Null where the tree has none. */
  uint64_t (*page_size)(struct pxd_walk *walk, uint64_t address);

  /* Walks [start, start + pages) by pointer, as code under the lock does,
   * with the tree's own pXd_offset() and pXd_addr_end(). Returns the number of
   * iterations in which pXdp differed from pXd_offset(parent, addr). */
  uint64_t (*broken_iterations)(struct pxd_walk *walk);
};

/* The current walk, which notes its reads and references. */
extern struct pxd_walk *pxd_now;
/* These end the current walk and do not return: a BUG() was hit; there were
 * more than PXD_ENDLESS reads, or references; the code reached a function
 * without a definition, or inline assembly. */
void pxd_bug(const char *file, int line) __attribute__((noreturn));
void pxd_endless(void) __attribute__((noreturn));
void pxd_trap(const char *what) __attribute__((noreturn));

#ifdef __cplusplus
}
#endif

#endif /* PXDFUZZ_KERNEL_KERNEL_WALK_H_ */
