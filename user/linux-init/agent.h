/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the parts of the agent know of each other. The agent is one small process: errors that
 * leave nothing to run end in die(), which QEMU reports as a panic.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/* docs/protocol.md: kinds of frames, by direction. */
enum guest_frame {
	FRAME_STDOUT = 1,
	FRAME_STDERR = 2,
	FRAME_EXIT = 3,
	FRAME_STATS = 4,
	FRAME_HELLO = 5,
	FRAME_REFUSAL = 6,
	FRAME_TAKEN = 7,
};

enum host_frame {
	FRAME_STDIN = 1,
	FRAME_STDIN_END = 2,
	FRAME_WINSIZE = 3,
};

/* Most stdin bytes the host may have on the way; what Linux's tty buffers surely hold. */
#define STDIN_WINDOW 16384

/* The run file, parsed. The strings live as long as the agent. */
struct run {
	char *path;
	char *cwd;
	int stdin_file;		/* what the program reads, or -1: frames */
	char **argv;
	char **envp;
	int tty[3];		/* which of descriptors 0, 1, 2 are the terminal */
	struct winsize size;
};

/* The program, launched. A descriptor is -1 when there is no such stream (any more). */
struct program {
	pid_t pid;
	int terminal;		/* the master of the pseudo terminal */
	int terminal_out;	/* kind of the frames that carry what the terminal prints */
	int in;			/* write here what the program reads: a pipe or the terminal */
	int out[2];		/* pipes from descriptors 1 and 2 */
	struct launch *launch;
};

/* Shared with the child up to its execve. */
struct launch {
	int64_t start_ns;	/* CLOCK_MONOTONIC just before execve */
	int exec_errno;		/* why execve failed, or 0 */
};

/* init.c */
void die(const char *what) __attribute__((noreturn));
int64_t monotonic_ns(void);

/* port.c */
void port_open(void);
int port_fd(void);
void port_send(enum guest_frame kind, const void *payload, size_t len);
void port_end(unsigned char code) __attribute__((noreturn));

/* runfile.c */
void runfile_read(struct run *run, const char *path);

/* launch.c */
void program_launch(struct program *prog, const struct run *run, int cgroup_procs);

/* relay.c: returns the wait status of the program when it has ended and its output is sent. */
int program_relay(struct program *prog, int64_t *end_ns);

/* input.c */
void input_read(struct program *prog);
void input_feed(struct program *prog);
int input_waits(const struct program *prog);

/* output.c */
void output_follow(const struct program *prog);
void output_drain(void);

/* memory.c */
int memory_watch(void);
size_t memory_report(char *text, size_t size);

#endif
