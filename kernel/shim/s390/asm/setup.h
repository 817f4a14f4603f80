/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_S390_ASM_SETUP_H_
#define PXDFUZZ_KERNEL_SHIM_S390_ASM_SETUP_H_

#include_next <asm/setup.h>
/* custom: a machine that has all. */
#undef MACHINE_HAS_NX
#undef MACHINE_HAS_EDAT1
#undef MACHINE_HAS_EDAT2
#define MACHINE_HAS_NX 1
#define MACHINE_HAS_EDAT1 1
#define MACHINE_HAS_EDAT2 1

#endif /* PXDFUZZ_KERNEL_SHIM_S390_ASM_SETUP_H_ */
