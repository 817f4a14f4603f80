/* SPDX-License-Identifier: MIT */

#ifndef __ASM_MEMORY_MODEL_H
#define __ASM_MEMORY_MODEL_H

/*
 * custom: every frame number has a struct page, which is only ever counted
 * with: its address gives its number.
 */
#define PXD_PAGES (1UL << 60) /* none of them is NULL */
#define pfn_to_page(n) \
  ((struct page *)(PXD_PAGES + (unsigned long)(n) * sizeof(struct page)))
#define page_to_pfn(p) (((unsigned long)(p) - PXD_PAGES) / sizeof(struct page))
#define __pfn_to_page pfn_to_page
#define __page_to_pfn page_to_pfn
#define pfn_valid(n) 1
#define pfn_to_phys(n) ((phys_addr_t)(n) << PAGE_SHIFT)
#define __pfn_to_phys(n) ((phys_addr_t)(n) << PAGE_SHIFT)
#define __phys_to_pfn(p) ((unsigned long)((p) >> PAGE_SHIFT))
#define page_to_phys(page) ((phys_addr_t)page_to_pfn(page) << PAGE_SHIFT)
#define phys_to_page(phys) pfn_to_page(__phys_to_pfn(phys))

#endif
