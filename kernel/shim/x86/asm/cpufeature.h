/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_X86_ASM_CPUFEATURE_H_
#define PXDFUZZ_KERNEL_SHIM_X86_ASM_CPUFEATURE_H_

#include_next <asm/cpufeature.h>
/*
 * custom: 5 levels where the case has them; no shadow stacks. The register of
 * protection keys is in kernel/arch/x86.c.
 */
#undef cpu_feature_enabled
#undef static_cpu_has
#undef boot_cpu_has
#undef boot_cpu_has_bug
#define cpu_feature_enabled(feature) \
  ((feature) == X86_FEATURE_LA57 && pxd_five_levels)
#define static_cpu_has(feature) cpu_feature_enabled(feature)
#define boot_cpu_has(feature) cpu_feature_enabled(feature)
#define boot_cpu_has_bug(bug) 0

#endif /* PXDFUZZ_KERNEL_SHIM_X86_ASM_CPUFEATURE_H_ */
