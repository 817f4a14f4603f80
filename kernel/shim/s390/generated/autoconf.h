/* SPDX-License-Identifier: MIT */

#define CONFIG_HAVE_ARCH_SOFT_DIRTY 1
#define CONFIG_HAVE_GENERIC_GUP 1
#define CONFIG_MARCH_Z10 1
#define CONFIG_PAGE_SHIFT 12
#define CONFIG_PGTABLE_LEVELS 5
#define CONFIG_STRICT_MM_TYPECHECKS 1
#include_next <generated/autoconf.h>
