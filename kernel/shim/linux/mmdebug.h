/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_LINUX_MMDEBUG_H_
#define PXDFUZZ_KERNEL_SHIM_LINUX_MMDEBUG_H_

#include_next <linux/mmdebug.h>
/* stub: what an assertion prints before it ends the walk. */
#define dump_page(...) ((void)0)
#define dump_vma(...) ((void)0)
#define dump_mm(...) ((void)0)

#endif /* PXDFUZZ_KERNEL_SHIM_LINUX_MMDEBUG_H_ */
