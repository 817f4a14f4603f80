/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ASM_BARRIER_H_
#define PXDFUZZ_KERNEL_SHIM_ASM_BARRIER_H_

/* stub: one thread walks. */
#define mb() barrier()
#define dsb(x) barrier()
#define isb() barrier()
#include <asm-generic/barrier.h>

#endif /* PXDFUZZ_KERNEL_SHIM_ASM_BARRIER_H_ */
