/* SPDX-License-Identifier: MIT */

/* Made-up walks that do not end. */
#ifndef PXDFUZZ_TESTS_KERNEL_RUNAWAY_H_
#define PXDFUZZ_TESTS_KERNEL_RUNAWAY_H_

#include "kernel/kernel_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Read the root's first entry: repeatedly; in each recursive call; in each of
 * `pages` iterations. */
void pxd_read_forever(struct pxd_walk *walk);
void pxd_recurse_and_read(struct pxd_walk *walk);
void pxd_read_pages(struct pxd_walk *walk);
/* Takes references repeatedly. */
void pxd_grab_forever(struct pxd_walk *walk);
/* Do nothing, for ever; call themselves, with small frames and large; has one
 * frame that is larger than the stack. */
void pxd_spin(struct pxd_walk *walk);
void pxd_recurse(struct pxd_walk *walk);
void pxd_recurse_far(struct pxd_walk *walk);
void pxd_large_frame(struct pxd_walk *walk);
/* Returns pages without end. */
void pxd_write_forever(struct pxd_walk *walk);
/* Reads where there is no memory, far from the stack. */
void pxd_read_nowhere(struct pxd_walk *walk);
/* Reads once and reaches "a function", which nothing replaces. */
void pxd_reach_trap(struct pxd_walk *walk);

#ifdef __cplusplus
}
#endif

#endif /* PXDFUZZ_TESTS_KERNEL_RUNAWAY_H_ */
