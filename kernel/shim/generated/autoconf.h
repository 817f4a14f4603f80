/* SPDX-License-Identifier: MIT */

/*
 * The configuration of every architecture, as far as its Kconfig does not
 * select it (selected.h).
 */
#define CONFIG_64BIT 1
#define CONFIG_ARCH_DMA_ADDR_T_64BIT 1
#define CONFIG_ARCH_HAS_PTE_SPECIAL 1
#define CONFIG_BUG 1
#define CONFIG_FLATMEM 1
#define CONFIG_HAVE_FAST_GUP 1
#define CONFIG_HAVE_GUP_FAST 1
#define CONFIG_HUGETLB_PAGE 1
#define CONFIG_HZ 100
#define CONFIG_MMU 1
#define CONFIG_NODES_SHIFT 0
#define CONFIG_NR_CPUS 64
#define CONFIG_PGTABLE_HAS_HUGE_LEAVES 1
#define CONFIG_PHYS_ADDR_T_64BIT 1
#define CONFIG_SMP 1
#define CONFIG_THREAD_INFO_IN_TASK 1
#define CONFIG_TRANSPARENT_HUGEPAGE 1
#define CONFIG_TREE_RCU 1
#define CONFIG_TREE_SRCU 1
#ifndef PXD_NO_NUMA
#define CONFIG_NUMA_BALANCING 1
#define CONFIG_ARCH_SUPPORTS_NUMA_BALANCING 1
#endif
#ifdef PXD_DEBUG_VM
#define CONFIG_DEBUG_VM 1
#endif
#include "selected.h"
