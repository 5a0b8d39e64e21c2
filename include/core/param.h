/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel command line, parsed once (docs/protocol.md lists the keys). */
#ifndef CORE_PARAM_H
#define CORE_PARAM_H

#include <lib/types.h>

#define PARAM_ARGS_MAX 64

#define PARAM_VIRTIO_MAX 32

#define PARAM_TLB_BATCH_MAX 64
#define PARAM_KSTACKS_MAX 4096

/* Whom a TLB shootdown interrupts: docs/tlb.md. */
enum shootdown { SHOOTDOWN_LAZY, SHOOTDOWN_SPACE, SHOOTDOWN_ALL };

/* What carries the stream port. */
enum streams { STREAMS_NONE, STREAMS_COM2, STREAMS_VIRTIO };

struct param_virtio {
	u64 base, irq;
};

struct param {
	enum streams streams;
	bool exit_isa_debug, strace, trace, ktest, noaslr, unsafe_null;
	int loglevel;
	u64 trace_size;                    /* bytes of a CPU's ring, a power of two; 0: not given */
	unsigned maxcpus;                  /* 1..CONFIG_NR_CPUS_MAX */
	u64 slice_ns;                      /* 0: the policy's own */
	char init[256];                    /* "": not given */
	char crash[16];                    /* "": not given */
	unsigned crash_cpu;
	u64 balance_ns;                    /* how often a CPU looks whether another has more threads; 0: never */
	bool one_runqueue;                 /* all CPUs take from one queue */
	char sched[16];                    /* "": not given */
	u64 seed;                          /* of what is random and shall repeat: the lottery policy */
	enum shootdown shootdown;
	unsigned tlb_batch;                /* frames that wait for one flush, 1..PARAM_TLB_BATCH_MAX */
	unsigned kstacks;                  /* free kernel stacks that stay mapped, 0..PARAM_KSTACKS_MAX */
	int argc;                          /* what follows `--` */
	const char *argv[PARAM_ARGS_MAX];
	unsigned nvirtio;                  /* transports that virtio_mmio.device= named */
	struct param_virtio virtio[PARAM_VIRTIO_MAX];
};

extern struct param param; /* I after param_init() */

void param_init(void);

#endif
