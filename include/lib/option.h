/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IS_ON(symbol): 1 when the boolean option is on, else 0: kconfig defines it as 1, or not at all. A constant, for C and for the
 * assembler's .if, so that both sides are always compiled. The symbol's whole name stands at the use: fixdep looks for it.
 */
#ifndef LIB_OPTION_H
#define LIB_OPTION_H

#define IS_ON(symbol) IS_ON_VALUE(symbol)
#define IS_ON_VALUE(value) IS_ON_CHOOSE(IS_ON_##value)
#define IS_ON_CHOOSE(one) IS_ON_SECOND(one 1, 0, )
#define IS_ON_SECOND(first, second, ...) second
#define IS_ON_1 0,

#endif
