/* SPDX-License-Identifier: MIT */

#ifndef PXDFUZZ_KERNEL_SHIM_ASM_IRQFLAGS_H_
#define PXDFUZZ_KERNEL_SHIM_ASM_IRQFLAGS_H_

/*
 * custom: where the walk switches interrupts off is where another processor may
 * have done something before: nothing of the tables was read until then.
 */
static void pxd_interrupts_off(void);
#define arch_local_save_flags() pxd_irqs_off
#define arch_local_irq_save() (pxd_interrupts_off(), 0UL)
#define arch_local_irq_restore(flags) ((void)(pxd_irqs_off = (flags)))
#define arch_local_irq_disable() pxd_interrupts_off()
#define arch_local_irq_enable() ((void)(pxd_irqs_off = 0))
#define arch_irqs_disabled_flags(flags) ((flags) != 0)
#define arch_irqs_disabled() (pxd_irqs_off != 0)

#endif /* PXDFUZZ_KERNEL_SHIM_ASM_IRQFLAGS_H_ */
