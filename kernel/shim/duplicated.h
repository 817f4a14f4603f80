/* SPDX-License-Identifier: MIT */

/*
 * Duplicated in meaning: small things that mean here what they mean in the
 * kernel, written anew since their own headers bring half the kernel along.
 */
#ifndef PXDFUZZ_KERNEL_SHIM_DUPLICATED_H_
#define PXDFUZZ_KERNEL_SHIM_DUPLICATED_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef u64 phys_addr_t;
typedef u64 resource_size_t;
typedef u64 dma_addr_t;
typedef unsigned int gfp_t;

/* linux/compiler.h */
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))

/* linux/kconfig.h: whether CONFIG_X is defined as 1. */
#define PXD_IS_1 0,
#define PXD_SECOND(ignored, value, ...) value
#define PXD_ENABLED_3(one_or_junk) PXD_SECOND(one_or_junk 1, 0)
#define PXD_ENABLED_2(value) PXD_ENABLED_3(PXD_IS_##value)
#define PXD_ENABLED_1(value) PXD_ENABLED_2(value)
#define IS_ENABLED(option) PXD_ENABLED_1(option)

/* linux/bits.h, linux/log2.h, linux/overflow.h, linux/align.h */
#define BITS_PER_LONG 64
#define BIT(nr) (1UL << (nr))
#define BIT_ULL(nr) (1ULL << (nr))
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (63 - (high))))
#define GENMASK_ULL(high, low) GENMASK(high, low)
#define ilog2(n) (63 - __builtin_clzll(n))
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define ALIGN_DOWN(x, a) ((x) & ~((__typeof__(x))(a) - 1))
#define ALIGN(x, a) ALIGN_DOWN((x) + ((__typeof__(x))(a) - 1), a)
#define PTR_ALIGN_DOWN(p, a) \
  ((__typeof__(p))ALIGN_DOWN((unsigned long)(p), (a)))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define min(a, b)                      \
  ({                                   \
    __typeof__(a) min_a_ = (a);        \
    __typeof__(b) min_b_ = (b);        \
    min_a_ < min_b_ ? min_a_ : min_b_; \
  })

/* linux/kernel.h, linux/errno.h, linux/mm.h */
#define swap(a, b)             \
  do {                         \
    __typeof__(a) swap_ = (a); \
    (a) = (b);                 \
    (b) = swap_;               \
  } while (0)
/* Values are the kernel's own business and differ between versions. */
#define FOLL_WRITE 0x01
#define FOLL_GET 0x04
#define FOLL_FORCE 0x10
#define FOLL_NOFAULT 0x80
#define FOLL_LONGTERM 0x10000
#define FOLL_PIN 0x40000
#define FOLL_FAST_ONLY 0x80000
#define FOLL_PCI_P2PDMA 0x100000
#define EFAULT 14
#define EINVAL 22
#define untagged_addr(addr) (addr)

#endif /* PXDFUZZ_KERNEL_SHIM_DUPLICATED_H_ */
