/* SPDX-License-Identifier: MIT */

/* duplicated: what kernel/bounds.c would write. */
#define NR_PAGEFLAGS __NR_PAGEFLAGS
#define MAX_NR_ZONES __MAX_NR_ZONES
#define NR_CPUS_BITS 6
#define SPINLOCK_SIZE 4
#define LRU_GEN_WIDTH 0
#define __LRU_REFS_WIDTH 0
