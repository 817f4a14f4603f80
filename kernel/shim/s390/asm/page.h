/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_S390_ASM_PAGE_H_
#define PXDFUZZ_KERNEL_SHIM_S390_ASM_PAGE_H_

#include_next <asm/page.h>
/* custom: physical memory is the arena. */
#undef __va
#undef __pa
#define __va(x) ((void *)((unsigned long)(x) + pxd_va_offset))
#define __pa(x) ((unsigned long)(x) - pxd_va_offset)

#endif /* PXDFUZZ_KERNEL_SHIM_S390_ASM_PAGE_H_ */
