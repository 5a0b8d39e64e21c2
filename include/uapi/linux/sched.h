/* SPDX-License-Identifier: BSD-2-Clause */
/* Scheduling and thread-library calls: sched(7), getpriority(2), membarrier(2), set_robust_list(2). */
#ifndef UAPI_LINUX_SCHED_H
#define UAPI_LINUX_SCHED_H

#include <lib/types.h>

#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_DEADLINE 6
#define SCHED_RESET_ON_FORK 0x40000000

/* sched_setattr(2). What is behind `period` came later: Linux 5.3. */
#define SCHED_ATTR_SIZE_VER0 48

#define SCHED_FLAG_RESET_ON_FORK 0x01
#define SCHED_FLAG_RECLAIM 0x02
#define SCHED_FLAG_DL_OVERRUN 0x04
#define SCHED_FLAG_KEEP_POLICY 0x08
#define SCHED_FLAG_KEEP_PARAMS 0x10
#define SCHED_FLAG_UTIL_CLAMP 0x60
#define SCHED_FLAG_ALL 0x7f

struct sched_attr {
	u32 size;
	u32 policy;
	u64 flags;
	i32 nice;
	u32 priority;
	u64 runtime, deadline, period;
	u32 util_min, util_max;
};

#define PRIO_PROCESS 0
#define PRIO_PGRP 1
#define PRIO_USER 2

#define MEMBARRIER_CMD_QUERY 0

#define ROBUST_LIST_HEAD_SIZE 24

#endif
