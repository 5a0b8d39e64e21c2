/* SPDX-License-Identifier: BSD-2-Clause */
/* errname.h - the name of an error number, for log lines and strace. */
#ifndef LIB_ERRNAME_H
#define LIB_ERRNAME_H

/* "ENOENT" for 2 and for -2; "0" for 0; "E?" for a number that Linux does not have. */
const char *errno_name(int error);

#endif
