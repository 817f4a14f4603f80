/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_S390_ASM_FACILITY_H_
#define PXDFUZZ_KERNEL_SHIM_S390_ASM_FACILITY_H_

#include_next <asm/facility.h>
/* custom: a machine that has all. */
#define test_facility(nr) 1

#endif /* PXDFUZZ_KERNEL_SHIM_S390_ASM_FACILITY_H_ */
