/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ASM_CURRENT_H_
#define PXDFUZZ_KERNEL_SHIM_ASM_CURRENT_H_

/* custom: the process whose memory is walked (kernel/shim/gup.h). */
struct task_struct;
static struct task_struct *pxd_current(void);
#define get_current() pxd_current()
#define current pxd_current()

#endif /* PXDFUZZ_KERNEL_SHIM_ASM_CURRENT_H_ */
