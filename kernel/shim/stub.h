/* SPDX-License-Identifier: MIT */

/*
 * Stubs: names that the tree's headers mention and that no walk reaches, or
 * that mean nothing in userspace. None of them decides anything.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_STUB_H_
#define PXDFUZZ_KERNEL_SHIM_STUB_H_

/* Functions of the sliced code that are not static: many texts share a program.
 */
#define PXD_JOIN_2(a, b) a##_##b
#define PXD_JOIN(a, b) PXD_JOIN_2(a, b)
#define arch_make_huge_pte PXD_JOIN(PXD_SYMBOL, arch_make_huge_pte)
#define __get_user_pages_fast PXD_JOIN(PXD_SYMBOL, get_user_pages_fast)
#define pmd_huge PXD_JOIN(PXD_SYMBOL, pmd_huge)
#define pud_huge PXD_JOIN(PXD_SYMBOL, pud_huge)
#define set_huge_pte_at PXD_JOIN(PXD_SYMBOL, set_huge_pte_at)
#define __set_huge_pte_at PXD_JOIN(PXD_SYMBOL, set_huge_pte_at_)
#define __pte_offset_map PXD_JOIN(PXD_SYMBOL, pte_offset_map)

/* Attributes and annotations. */
#define __init
#define __bootdata_preserved(x) x
#define __user
#define __weak __attribute__((weak))
#define __maybe_unused __attribute__((unused))
#define __must_check
#define __always_inline inline __attribute__((always_inline))
#define __packed __attribute__((packed))
#define noinline __attribute__((noinline))
#define __ro_after_init
#define __read_mostly
#define __section(x)
#define __aligned(x) __attribute__((aligned(x)))
#define fallthrough __attribute__((fallthrough))
#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)

/* Warnings of the kernel about its own callers. */
#define WARN_ON(c)     \
  ({                   \
    int warn_ = !!(c); \
    warn_;             \
  })
#define WARN_ON_ONCE(c) WARN_ON(c)
#define VM_WARN_ON(c) ((void)sizeof((long)(c)))
#define VM_WARN_ON_ONCE(c) ((void)sizeof((long)(c)))
#define pr_warn(...) ((void)0)
#define BUILD_BUG() ((void)0)
#define BUILD_BUG_ON(c) ((void)sizeof((long)(c)))
#define lockdep_assert_irqs_disabled() ((void)0)
#define might_lock_read(x) ((void)0)

/* Interrupts; custom.h has what switches them off. */
#define local_irq_restore(flags) ((void)(flags))
#define local_irq_enable() ((void)0)
#define preempt_disable() ((void)0)
#define preempt_enable() ((void)0)
#define smp_rmb() ((void)0)
#define smp_wmb() ((void)0)
#define dsb(x) ((void)0)
#define isb() ((void)0)
#define barrier() __asm__ __volatile__("" ::: "memory")

/* Device memory, secret memory and shared anonymous pages: no case has them. */
struct dev_pagemap;
#define get_dev_pagemap(pfn, pgmap) ((struct dev_pagemap *)0)
#define put_dev_pagemap(pgmap) ((void)(pgmap))
#define is_pci_p2pdma_page(page) 0
#define page_is_secretmem(page) 0
#define gup_must_unshare(...) 0
#define sanity_check_pinned_pages(pages, count) ((void)0)
#define SetPageReferenced(page) ((void)(page))
#define ClearPageReferenced(page) ((void)(page))
#define folio_set_referenced(folio) ((void)(folio))
#define folio_clear_referenced(folio) ((void)(folio))
#define folio_test_large(folio) 0
#define folio_test_slab(folio) 0
#define folio_test_hugetlb(folio) 0
#define secretmem_mapping(mapping) 0
#define shmem_mapping(mapping) 0
#define PAGE_MAPPING_FLAGS 3UL
#define PAGE_MAPPING_ANON 1UL
struct address_space;

/* Flushing, accounting and swapping in inline functions that nothing calls. */
typedef struct {
  long counter;
} atomic_long_t;
typedef struct {
  int counter;
} atomic_t;
typedef struct {
  unsigned long val;
} swp_entry_t;
#define atomic_long_add(n, v) ((void)(v))
#define atomic_read(v) ((v)->counter)
#define atomic_long_read(v) ((v)->counter)
#define PageDirty(page) 0
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)
typedef unsigned long pgoff_t;
typedef unsigned long vm_flags_t;
typedef struct {
  u64 val;
} pfn_t;
typedef int cydp_t;
#define CYDP_CLEAR_YOUNG 1
#define CYDP_CLEAR_DIRTY 2
#define init_mm pxd_mm
#define pte_devmap(pte) 0
#define pgd_write(pgd) 0
#define page_table_check_pte_set(...) ((void)0)
#define page_table_check_pmd_set(...) ((void)0)
#define page_table_check_pud_set(...) ((void)0)
#define page_table_check_pte_clear(...) ((void)0)
#define page_table_check_pmd_clear(...) ((void)0)
#define page_table_check_pud_clear(...) ((void)0)
#define page_table_check_ptes_set(...) ((void)0)

#define TASK_SIZE_MAX (~0UL)
#define VM_NONE 0UL
#define VM_READ 1UL
#define VM_WRITE 2UL
#define VM_EXEC 4UL
#define VM_SHARED 8UL

#endif /* PXDFUZZ_KERNEL_SHIM_STUB_H_ */
