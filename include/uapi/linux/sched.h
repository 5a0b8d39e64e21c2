/* SPDX-License-Identifier: BSD-2-Clause */
/* Scheduling and thread-library calls: sched(7), getpriority(2), membarrier(2), set_robust_list(2). */
#ifndef UAPI_LINUX_SCHED_H
#define UAPI_LINUX_SCHED_H

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

#define MEMBARRIER_CMD_QUERY 0

#define ROBUST_LIST_HEAD_SIZE 24

#endif
