/* SPDX-License-Identifier: BSD-2-Clause */
/* What of lib/ the host's libc lacks; the rest of lib/string.h and lib/format.h is the host's own. */
#ifndef FAKE_LIBC_H
#define FAKE_LIBC_H

#include <stddef.h>

#define strlcpy sim_strlcpy

#endif
