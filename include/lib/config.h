/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IS_ENABLED(option): 1 when the option is on, else 0, as an ordinary constant, so that both sides of an `if` always
 * compile. kconfig defines an enabled bool as 1 and leaves the others undefined: the pasted name is then a placeholder that
 * shifts a 1 into second place.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#define ENABLED_PLACEHOLDER_1 0,
#define ENABLED_SECOND(ignored, second, ...) second
#define ENABLED_PICK(shift_or_junk) ENABLED_SECOND(shift_or_junk 1, 0, 0)
#define ENABLED_PASTE(value) ENABLED_EXPANDED(value)
#define ENABLED_EXPANDED(value) ENABLED_PICK(ENABLED_PLACEHOLDER_##value)
#define IS_ENABLED(option) ENABLED_PASTE(option)

#endif
