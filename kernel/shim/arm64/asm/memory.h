/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ARM64_ASM_MEMORY_H_
#define PXDFUZZ_KERNEL_SHIM_ARM64_ASM_MEMORY_H_

#include_next <asm/memory.h>
/* custom: TCR_EL1 (kernel/arch/arm64.c); physical memory is the arena. */
#define read_tcr() pxd_tcr
#undef __phys_to_virt
#define __phys_to_virt(x) ((unsigned long)((x) + pxd_va_offset))

#endif /* PXDFUZZ_KERNEL_SHIM_ARM64_ASM_MEMORY_H_ */
