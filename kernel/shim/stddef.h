/* SPDX-License-Identifier: MIT */

/* linux/types.h says what these say. */
#include <linux/types.h>
