/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Leak accounting (CONFIG_ACCOUNT, debug builds): when the first program has ended, no process is left and every file is
 * removed, as much is in use as before there was any. Elsewhere these do nothing.
 */
#ifndef ABI_LINUX_ACCOUNT_H
#define ABI_LINUX_ACCOUNT_H

#include <lib/types.h>

/* Before the first file: remembers how many objects of each kind there are. */
void account_objects(void);
/* Before the first program: remembers how many pages nobody explains. */
void account_pages(void);
/* After its end: kills what still runs, removes all files, counts, and says what is left. True: nothing. May sleep. */
bool account_settle(void);

#endif
