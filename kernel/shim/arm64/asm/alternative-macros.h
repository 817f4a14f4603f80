/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ARM64_ASM_ALTERNATIVE_MACROS_H_
#define PXDFUZZ_KERNEL_SHIM_ARM64_ASM_ALTERNATIVE_MACROS_H_

#include_next <asm/alternative-macros.h>
/* custom: what has been patched in by the time that processes run. */
#define alternative_has_cap_likely(cap) \
  ((cap) == ARM64_ALWAYS_BOOT || ((cap) == ARM64_HAS_VA52 && pxd_lpa2))
#define alternative_has_cap_unlikely(cap) alternative_has_cap_likely(cap)

#endif /* PXDFUZZ_KERNEL_SHIM_ARM64_ASM_ALTERNATIVE_MACROS_H_ */
