/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ASM_BUG_H_
#define PXDFUZZ_KERNEL_SHIM_ASM_BUG_H_

/* custom: BUG() ends the walk, as it does in a kernel. */
#define HAVE_ARCH_BUG
#define BUG() pxd_bug(__FILE__, __LINE__)
#define HAVE_ARCH_BUG_ON
#define BUG_ON(c) \
  do {            \
    if (c) BUG(); \
  } while (0)

/*
 * custom: with CONFIG_DEBUG_VM, whose assertions may be warnings, a warning
 * ends the walk too, so no _ONCE outlives a case. Otherwise the walk continues.
 */
#define HAVE_ARCH_WARN_ON
#ifdef CONFIG_DEBUG_VM
#define WARN_ON(c)     \
  ({                   \
    int warn_ = !!(c); \
    if (warn_) BUG();  \
    warn_;             \
  })
#else
#define WARN_ON(c)     \
  ({                   \
    int warn_ = !!(c); \
    warn_;             \
  })
#endif
#define WARN_ON_ONCE(c) WARN_ON(c)
#define WARN(c, ...) WARN_ON(c)
#include <asm-generic/bug.h>

#endif /* PXDFUZZ_KERNEL_SHIM_ASM_BUG_H_ */
