/* SPDX-License-Identifier: BSD-2-Clause */
/* ioctl(2) requests that any descriptor may understand; those of terminals are in <uapi/linux/termios.h>. */
#ifndef UAPI_LINUX_IOCTL_H
#define UAPI_LINUX_IOCTL_H

#define FIONREAD 0x541bu
#define FIONBIO 0x5421u
#define FIONCLEX 0x5450u
#define FIOCLEX 0x5451u
#define FIOASYNC 0x5452u

#endif
