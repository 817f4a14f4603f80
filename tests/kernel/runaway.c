/* SPDX-License-Identifier: MIT */

#include "tests/kernel/runaway.h"

// clang-format off: the order of these matters.
#include "kernel/shim/custom.h"
#include "kernel/shim/asm-generic/rwonce.h"
// clang-format on

#define noinline __attribute__((noinline))

typedef struct {
  unsigned long value;
} pgd_t;
/* The shims read the level of an entry as one of five. */
typedef struct pte {
} pte_t;
typedef struct pmd {
} pmd_t;
typedef struct pud {
} pud_t;
typedef struct p4d {
} p4d_t;

static void begin(struct pxd_walk *walk) {
  walk->count = 0;
  walk->held = 0;
  walk->read_count = 0;
  walk->grab_count = 0;
  walk->bug_file = NULL;
  pxd_reads_for = PXD_ITERATION;
  pxd_now = walk;
}

static unsigned long read_root(void) {
  return READ_ONCE(*(pgd_t *)pxd_now->root).value;
}

void pxd_read_forever(struct pxd_walk *walk) {
  begin(walk);
  for (;;) read_root();
}

/* An argument that never occurs would end each of these; this satisfies the
 * compiler. */
static noinline unsigned long recurse_and_read(unsigned long value) {
  if (value == 1) return 0;
  return recurse_and_read(read_root()) + 1;
}

void pxd_recurse_and_read(struct pxd_walk *walk) {
  begin(walk);
  walk->count = recurse_and_read(0);
}

void pxd_read_pages(struct pxd_walk *walk) {
  begin(walk);
  for (uint64_t i = 0; i < walk->pages; i++) read_root();
}

void pxd_grab_forever(struct pxd_walk *walk) {
  begin(walk);
  for (;;) {
    pxd_note_grab(1, 1, false);
    pxd_note_grab(1, -1, false);
  }
}

void pxd_spin(struct pxd_walk *walk) {
  begin(walk);
  for (volatile unsigned iterations = 0;; iterations++) {
  }
}

static noinline unsigned long recurse(volatile unsigned long *above) {
  volatile unsigned long mine = *above + 1;
  if (mine == 0) return 0;
  return recurse(&mine) + mine;
}

void pxd_recurse(struct pxd_walk *walk) {
  volatile unsigned long mine = 0;
  begin(walk);
  walk->count = recurse(&mine);
}

static noinline unsigned long recurse_far(volatile unsigned char *above) {
  volatile unsigned char mine[100 * 1024];
  mine[0] = above[0] + 1;
  mine[sizeof(mine) - 1] = 0;
  return recurse_far(mine) + mine[0];
}

void pxd_recurse_far(struct pxd_walk *walk) {
  volatile unsigned char mine = 0;
  begin(walk);
  walk->count = recurse_far(&mine);
}

void pxd_large_frame(struct pxd_walk *walk) {
  volatile unsigned char mine[64 * 1024 * 1024];
  begin(walk);
  mine[0] = 1;
  walk->count = mine[0];
}

void pxd_write_forever(struct pxd_walk *walk) {
  begin(walk);
  for (;;) walk->page[walk->count++] = 0x1000;
}

void pxd_read_nowhere(struct pxd_walk *walk) {
  begin(walk);
  walk->count = *(volatile unsigned char *)8;
}

void pxd_reach_trap(struct pxd_walk *walk) {
  begin(walk);
  read_root();
  pxd_trap("a function");
}
