/* SPDX-License-Identifier: MIT */

#ifndef __ASM_GENERIC_RWONCE_H
#define __ASM_GENERIC_RWONCE_H

/* custom: each volatile load of an entry is noted (kernel/shim/custom.h). */
#define READ_ONCE(x) PXD_READ_AS(pxd_reads_for, PXD_LEVEL(x), x)
#define __READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define READ_ONCE_NOCHECK(x) __READ_ONCE(x)
#define __WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define WRITE_ONCE(x, v) __WRITE_ONCE(x, v)
#define smp_read_barrier_depends() \
  do {                             \
  } while (0)

#endif
