/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptors that signals are read from: signalfd(2). */
#ifndef ABI_LINUX_SIGNALFD_H
#define ABI_LINUX_SIGNALFD_H

#include <core/wait.h>

/* A signal was made pending somewhere: whoever waits for it by a descriptor looks. Any context, under a siglock. */
void signalfd_notify(int sig);

#endif
