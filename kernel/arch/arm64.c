/* SPDX-License-Identifier: MIT */

/*
 * arm64 of one tree, with pages of 16 KiB and built for 52-bit addresses: with
 * LPA2 (4 levels) and without (3) as the case says. What this compiles to holds
 * kernel code: GPL-2.0-only.
 *
 * CONFIG_ARM64_CONTPTE is left out: no case has an entry with the contiguous
 * bit, and without one ptep_get_lockless() reads the same.
 */
#define CONFIG_64BIT 1
#define CONFIG_ARCH_HAS_PTE_DEVMAP 1
#define CONFIG_ARCH_HAS_PTE_SPECIAL 1
#define CONFIG_ARCH_SUPPORTS_NUMA_BALANCING 1
#define CONFIG_ARCH_SUPPORTS_PMD_PFNMAP 1
#define CONFIG_ARM64 1
#define CONFIG_ARM64_16K_PAGES 1
#define CONFIG_ARM64_CONT_PMD_SHIFT 5
#define CONFIG_ARM64_CONT_PTE_SHIFT 7
#define CONFIG_ARM64_LPA2 1
#define CONFIG_ARM64_PAGE_SHIFT 14
#define CONFIG_ARM64_PA_BITS 52
#define CONFIG_ARM64_PA_BITS_52 1
#define CONFIG_ARM64_VA_BITS 52
#define CONFIG_ARM64_VA_BITS_52 1
#define CONFIG_HAVE_ARCH_USERFAULTFD_WP 1
#define CONFIG_HAVE_FAST_GUP 1
#define CONFIG_HAVE_GUP_FAST 1
#define CONFIG_HUGETLB_PAGE 1
#define CONFIG_MMU 1
#define CONFIG_NUMA_BALANCING 1
#define CONFIG_PAGE_SHIFT 14
#define CONFIG_PGTABLE_HAS_HUGE_LEAVES 1
#define CONFIG_PGTABLE_LEVELS 4
#define CONFIG_TRANSPARENT_HUGEPAGE 1

// clang-format off: the order of these matters.
#include "kernel/shim/duplicated.h"
#include "kernel/shim/stub.h"
#include "kernel/shim/custom.h"
#include "slice.h"
// clang-format on

static uint64_t pxd_va_offset;

/* The tree's headers have their own. */
#undef pte_devmap
#undef untagged_addr

/*
 * custom: TCR_EL1, where LPA2 and the number of address bits are told; its
 * processor has what the case asks for (pxd_enter()). read_tcr() in
 * asm/memory.h is one instruction, whose place this takes behind that header.
 */
static uint64_t pxd_tcr;
static bool pxd_lpa2;

/*
 * custom: what alternatives have patched in by the time that processes run:
 * pgtable_l4_enabled() asks for these two (asm/alternative-macros.h).
 */
enum { ARM64_ALWAYS_BOOT, ARM64_HAS_VA52 };
#define alternative_has_cap_likely(cap) ((cap) == ARM64_ALWAYS_BOOT || pxd_lpa2)
#define alternative_has_cap_unlikely(cap) alternative_has_cap_likely(cap)

/* custom: no permission overlays, hence none that forbids; no BTI, no MTE. */
#define system_supports_poe() false
#define system_supports_bti_kernel() false
#define system_supports_mte() false
#define system_supports_haft() false
#define cpu_has_hw_af() false

/* custom: the kernel has its user entries not global (KPTI, or KASLR). */
static bool arm64_use_ng_mappings = true;

/* duplicated: linux/bitfield.h, linux/const.h, linux/bitops.h */
#define FIELD_GET(mask, value) (((value) & (mask)) >> __builtin_ctzll(mask))
#define sign_extend64(value, index) \
  ((s64)((u64)(value) << (63 - (index))) >> (63 - (index)))

/* stub: named in inline functions that nothing calls. */
#define __pure
#define __force
#define __always_unused __attribute__((unused))
#define VM_WARN_ONCE(c, ...) ((void)sizeof((long)(c)))
#define RELOC_HIDE(p, offset) ((p) + (offset))
#define __phys_to_pfn(phys) ((unsigned long)((phys) >> PAGE_SHIFT))
#define __pfn_to_phys(pfn) ((phys_addr_t)(pfn) << PAGE_SHIFT)
#define read_sysreg_s(reg) 0
#define xchg_relaxed(p, value) (*(p) = (value))
#define cmpxchg_relaxed(p, old, value) (*(p) = (value))
#define mm_tlb_flush_pending(mm) 0
#define mte_sync_tags(pte, count) ((void)0)
#define set_fixmap_offset(index, phys) ((void)(phys), 0UL)
#define clear_fixmap(index) ((void)0)
#define flush_tlb_page_nosync(vma, address) ((void)0)
#define POE_R 1
#define POE_W 4
#define POE_X 2
static char _text[1];

#include <asm/memory.h>
/* See pxd_tcr. */
#define read_tcr() pxd_tcr
/*
 * custom: physical memory is the arena. __va() and all else goes through this
 * (asm/memory.h), which has the linear map at PAGE_OFFSET - memstart_addr.
 */
#undef __phys_to_virt
#define __phys_to_virt(x) ((unsigned long)((x) + pxd_va_offset))

#include <asm/page.h>
#include <linux/pgtable.h>

/* duplicated: a macro without arguments in asm/pgtable.h. */
#undef ptep_get
static inline pte_t ptep_get(pte_t *ptep) { return __ptep_get(ptep); }

/*
 * The tree before 36639013b346: what a folded p4d_offset() is handed is the
 * address of the caller's local, by the generic macro of linux/pgtable.h.
 */
#ifdef PXD_WITHOUT_36639013B346
#undef p4d_offset_lockless
#define p4d_offset_lockless(pgdp, pgd, address) p4d_offset(&(pgd), address)
#endif

/* p4d_offset() is that of asm-generic/pgtable-nop4d.h, a cast. */
#define PXD_PGD_IS_READ 0

#include "kernel/shim/gup.h"
#include "kernel/shim/text.h"

static void pxd_enter(int levels) {
  pxd_lpa2 = levels == 4;
  pxd_tcr =
      TCR_T1SZ(pxd_lpa2 ? VA_BITS : VA_BITS_MIN) | (pxd_lpa2 ? TCR_DS : 0);
}

/*
 * custom: protection_map[] and what adjust_protection_map() makes of it at boot
 * (arch/arm64/mm/mmap.c): with LPA2 the bits of shareability are address bits.
 */
static pgprot_t pxd_protection(struct pxd_leaf state) {
  pgprot_t protection = state.write  ? PAGE_SHARED
                        : state.read ? PAGE_READONLY
                                     : PAGE_NONE;
  if (lpa2_is_enabled()) pgprot_val(protection) &= ~PTE_SHARED;
  return protection;
}

static pte_t pxd_state(pte_t pte, struct pxd_leaf state) {
  pte = state.young ? pte_mkyoung(pte) : pte_mkold(pte);
  pte = state.dirty ? pte_mkdirty(pte) : pte_mkclean(pte);
  return state.special ? pte_mkspecial(pte) : pte;
}

/* As mk_pte() and the helpers that change a state write it. */
static uint64_t pxd_pte(uint64_t frame, struct pxd_leaf state) {
  const pte_t pte = pfn_pte(frame >> PAGE_SHIFT, pxd_protection(state));
  return pte_val(pxd_state(pte, state));
}

/* As make_huge_pte() in mm/hugetlb.c. */
static uint64_t pxd_large(int level, uint64_t frame, struct pxd_leaf state) {
  const pte_t pte = pfn_pte(frame >> PAGE_SHIFT, pxd_protection(state));
  return pte_val(arch_make_huge_pte(pxd_state(pte, state), PMD_SHIFT, 0));
}

/* As __pmd_populate() and its like in asm/pgalloc.h write it for user space. */
static uint64_t pxd_table_word(int level, uint64_t origin) {
  const uint64_t type = level == 1   ? PMD_TYPE_TABLE | PMD_TABLE_PXN
                        : level == 2 ? PUD_TYPE_TABLE | PUD_TABLE_PXN
                                     : P4D_TYPE_TABLE | P4D_TABLE_PXN;
  return __phys_to_pte_val(origin) | type;
}

/* As pgd_clear() and its like write it. */
static uint64_t pxd_empty_word(int level) { return 0; }

/* The tree asks for 2^52 with 3 levels too (mm/gup.c, TASK_SIZE_MAX). */
#define PXD_PERMITS_ALL 1

#include "kernel/glue.h"
