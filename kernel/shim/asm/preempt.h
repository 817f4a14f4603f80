/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ASM_PREEMPT_H_
#define PXDFUZZ_KERNEL_SHIM_ASM_PREEMPT_H_

/* stub: nothing preempts a walk. */
#define PREEMPT_ENABLED 0
#define preempt_count() 0
#define preempt_count_set(n) ((void)0)
#define init_task_preempt_count(p) ((void)0)
#define init_idle_preempt_count(p, cpu) ((void)0)
#define set_preempt_need_resched() ((void)0)
#define clear_preempt_need_resched() ((void)0)
#define test_preempt_need_resched() 0
#define __preempt_count_add(n) ((void)(n))
#define __preempt_count_sub(n) ((void)(n))
#define __preempt_count_dec_and_test() 0
#define should_resched(n) 0

#endif /* PXDFUZZ_KERNEL_SHIM_ASM_PREEMPT_H_ */
