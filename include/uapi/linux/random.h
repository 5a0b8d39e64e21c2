/* SPDX-License-Identifier: BSD-2-Clause */
/* Flags of getrandom(2). */
#ifndef UAPI_LINUX_RANDOM_H
#define UAPI_LINUX_RANDOM_H

#define GRND_NONBLOCK 1u
#define GRND_RANDOM 2u
#define GRND_INSECURE 4u

#endif
