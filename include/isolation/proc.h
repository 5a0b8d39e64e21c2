/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contract 3, processes: one program, or many. A process is a bag of refcounted resources and the tasks (threads) that use
 * them; clone(2)'s flags share or copy each resource by itself. isolation/proc_one.c and isolation/proc_many.c implement the
 * second half of this header; isolation/task.c and cred.c what both have in common.
 *
 * Ids: the kernel's own init is process 1 (it has no application); the first program is process 2 and its child. Under
 * PROC_ONE that is all there ever is: getpid() is 2, getppid() is 1.
 */
#ifndef ISOLATION_PROC_H
#define ISOLATION_PROC_H

#include <core/mutex.h>
#include <core/spinlock.h>
#include <core/wait.h>
#include <lib/list.h>
#include <sched/thread.h>
#include <uapi/linux/resource.h>
#include <uapi/linux/signal.h>

struct clone_args;
struct proc;
struct vmspace;
struct fdtable;
struct fsctx;
struct file;
struct tty;

#ifdef CONFIG_PROC_MANY
#define PROC_IS_MANY 1
#define PROC_NAME "many"
#else
#define PROC_IS_MANY 0
#define PROC_NAME "one"
#endif

#define PID_INIT 1
#define PID_FIRST 2
#define PID_MAX 32768

/* What all processes with one real user id have together. */
struct user {
	struct list link;                /* users_lock, and so are: */
	u32 uid, refs;
	u32 tasks;                       /* a: threads, and processes not waited for; each under its process's siglock */
	u32 signals;                     /* a: queued, and what timers keep for theirs */
};

struct cred {
	u32 refs;                        /* a; otherwise immutable: changed by replacing */
	struct user *user;               /* a reference: of uid */
	u32 uid, euid, suid, gid, egid, sgid;
	u32 fsuid, fsgid;                /* what files are asked by: setfsuid(2); else the effective ones */
	u32 ngroups;
	u32 group[32];
};

/* Signal dispositions: CLONE_SIGHAND shares them. */
struct sighand {
	u32 refs;                        /* a */
	struct ksigaction action[NSIG];  /* proc->siglock; index sig-1 */
};

/* Pending signals: a set, and what is known of each. Standard signals (below 32) are pending once, others as often as sent. */
struct sigpending {
	u64 set;                         /* siglock; bit sig-1 */
	struct list queue;               /* siglock: struct sigqueue, oldest first */
};

struct sigqueue {
	struct list link;
	struct user *user;               /* a reference: it counts there */
	bool kept;                       /* siglock: a timer's, which outlives the signal: never freed with it */
	struct siginfo info;
};

/* For a signal to p, counted against RLIMIT_SIGPENDING; NULL: over the limit, unless `regardless`, or no memory. siglock held. */
struct sigqueue *sigqueue_alloc(struct proc *p, bool regardless);
void sigqueue_free(struct sigqueue *q);
void sigpending_init(struct sigpending *p);
/* Frees what is queued. */
void sigpending_clear(struct sigpending *p);

/*
 * What ended threads, or waited-for children, have used. Time on a CPU is exact; how it divides is sampled: ticks are of one
 * length and fall on the application or on the kernel (sched/tick.c). In a sum over children the division is done already.
 */
struct usage {
	u64 cpu_ns, user_ns, system_ns;
	u64 minflt, nvcsw, nivcsw;
	u64 peak_rss;                    /* pages; of several: the largest */
};

/* What was last answered: each kind of time only grows, however later samples divide the whole. */
struct usage_shown {
	u64 user_ns, system_ns;
};

/* ITIMER_VIRTUAL, ITIMER_PROF: ns of CPU time; left 0: off. */
struct cpu_alarm {
	u64 left, interval;
};

enum proc_state { PROC_ALIVE, PROC_STOPPED, PROC_ZOMBIE };

struct proc {
	u32 refs;                        /* a: the tree holds one until reaped, each task one, /proc readers one */
	int pid, pgid, sid;              /* pid I; the others proc_lock */
	enum proc_state state;           /* proc_lock */
	/* The bag: pointers change only in the process's own exec/unshare, under siglock for outside readers. */
	struct vmspace *vmspace;
	struct fdtable *files;
	struct fsctx *fs;
	struct sighand *sighand;
	struct cred *cred;               /* siglock also for its own threads: proc_cred(), cred_current() */
	struct file *exe;                /* siglock */
	struct tty *ctty;                /* proc_lock: the session holds the reference */
	int lost_foreground;             /* proc_lock: of a leader whose terminal hung up: the group that was in front; else 0 */
	/* Threads. */
	struct list tasks;               /* siglock */
	unsigned ntasks;                 /* siglock: live */
	struct task *leader;             /* siglock: tid == pid; NULL once it has ended */
	struct waitq tasks_wait;         /* exec waits here for the other tasks to end */
	/* Signals to the process as a whole. */
	struct spinlock siglock;         /* (i) */
	struct sigpending pending;       /* siglock */
	bool exiting;                    /* siglock: exit_group or a fatal signal has begun */
	bool execing;                    /* siglock */
	bool stopping;                   /* siglock: job control stop requested */
	int stop_signal;                 /* siglock */
	bool wait_stopped, wait_continued; /* proc_lock: reports not yet taken by wait */
	int exit_status;                 /* wait status; siglock until zombie, then immutable */
	int exit_signal;                 /* proc_lock: to the parent; 0: none */
	/* The tree. proc_lock. */
	struct proc *parent;
	int ppid;                        /* its pid; read without the lock */
	int parent_tid;                  /* the thread of it whose child this is: __WNOTHREAD, PR_SET_PDEATHSIG */
	bool subreaper;                  /* PR_SET_CHILD_SUBREAPER: orphans below come here */
	bool dumpable;                   /* a: PR_SET_DUMPABLE */
	bool has_execed;                 /* a: its parent moves it to no other group any more */
	struct list children, sibling;
	struct list unborn;              /* by sibling: children that fork has not finished */
	struct waitq child_wait;         /* wait4() sleeps here */
	struct list all_link;            /* proc_lock */
	/* vfork: the parent sleeps until this is true. */
	struct waitq vfork_wait;
	bool vfork_done;                 /* a: the child left the parent's memory */
	/* Limits and accounting. */
	struct rlimit64 rlimit[RLIM_NLIMITS]; /* siglock */
	bool crowded;                    /* siglock: setuid(2) found its user over RLIMIT_NPROC; execve(2) minds */
	u64 start_ns;                    /* I: CLOCK_MONOTONIC */
	struct usage dead;               /* siglock: of ended tasks */
	struct usage waited;             /* proc_lock: of waited-for children */
	struct usage_shown shown;        /* siglock */
	struct timer alarm;              /* ITIMER_REAL */
	u64 alarm_interval;              /* siglock: ns */
	bool alarm_rests;                /* siglock: until its signal, which is pending, is taken or dropped */
	struct list timers;              /* siglock: those of timer_create() */
	int next_timer;                  /* abi/linux/posix_timer.c's lock */
	struct rb_root cpu_timers;       /* siglock, empty or not read without: of those the ones that run by CPU time, and will fire */
	struct cpu_alarm cpu_alarm_virtual, cpu_alarm_prof; /* siglock; left read without it */
	char comm[16];
};

/* An interrupted call with a relative limit, to go on until the same point in time. The call's own: address and words. */
struct restart_block {
	long (*fn)(const struct restart_block *r); /* NULL: nothing was interrupted */
	u64 deadline;
	uaddr_t addr;
	u32 word[2];
};

/* A thread of a process. */
struct task {
	struct thread thread;            /* first: task_of() */
	int tid;                         /* I */
	struct proc *proc;               /* I: a reference */
	struct list link;                /* siglock: proc->tasks */
	/* Signals to this thread. siglock. */
	struct sigpending pending;
	u64 sigmask;
	u64 saved_sigmask;               /* sigsuspend, ppoll: restored after the handler */
	bool restore_sigmask;
	u64 awaited;                     /* sigtimedwait() takes these, blocked or ignored */
	struct sigaltstack64 altstack;   /* own task only */
	/* Own task only. */
	struct cred *cred;               /* cred_current()'s: a reference */
	uaddr_t clear_child_tid;         /* zeroed and futex-woken at exit */
	uaddr_t robust_list;
	uaddr_t rseq;
	bool no_new_privs;               /* PR_SET_NO_NEW_PRIVS: exec honours no set-ID bits; read racily by others */
	u32 personality;                 /* personality(2) */
	int death_signal;                /* a: PR_SET_PDEATHSIG: sent to its process when the parent's thread ends; 0: none */
	struct restart_block restart;    /* what restart_syscall(2) does */
	u64 minflt;                      /* page faults; read racily by others */
	struct usage_shown shown;        /* siglock */
	bool leaving;                    /* a: it ends, and uses nothing of the bag but memory */
	bool exited;                     /* siglock */
};

static inline struct task *task_of(struct thread *t)
{
	return (struct task *)t;
}
/* The current thread's task. Only in a thread that has one (not in kernel threads: see task_current_or_null()). */
static inline struct task *task_current(void)
{
	return task_of(current());
}
static inline bool thread_is_app(const struct thread *t)
{
	return t->arch.fpu != NULL;
}

extern struct mutex proc_lock;           /* (S): the tree, ids of groups and sessions, states */

/* ---- isolation/task.c, cred.c: common to both ---- */
void task_init(void);
/* Fills zeroed storage: one reference, an empty bag, session, limits and name as the parent's. */
void proc_setup(struct proc *p, int pid, struct proc *parent);
/* `parent` takes over: NULL is init's place where there is one process. proc_lock held, or p is new. */
void proc_set_parent(struct proc *p, struct proc *parent);
/* What init gives the first program. 0, -ENOMEM. */
int proc_first_bag(struct proc *p);
void proc_get(struct proc *p);
void proc_put(struct proc *p);
/* A new thread of p that will run entry(arg) in the kernel first. Not started, but visible. ERR_PTR(-ENOMEM/-EAGAIN). */
struct task *task_create(struct proc *p, int tid, const char *name, void (*entry)(void *), void *arg);
/* The current task ends; the last one ends the process with its exit_status. Runs clear_child_tid. */
void task_exit(void) __noreturn;
/* Each task that does not block a signal pending for the process looks again: for when the one that was told about it will
 * not take it, because it ended or blocks it now. siglock held. */
void proc_signals_retarget(struct proc *p);
/* A signal to all of a group that p is in is one to p's unborn children too. proc_lock held. */
void proc_signal_unborn(struct proc *p, int sig);
/* All tasks shall end with this wait status, each when it next leaves the kernel. False: they had to already. */
bool proc_doom(struct proc *p, int status);
/* The same, but the current one does at once when it is one of them. */
void proc_kill_all(struct proc *p, int status);
/* exec: waits until the current task is the only one. -EAGAIN when another thread got there first. */
int proc_single(struct proc *p);
/* Is the current task the only one of p that uses its bag? Then it stays so until it makes another. Takes siglock. */
bool proc_is_single(struct proc *p);
/* user.c: the entry of a user, with a reference; NULL: no memory. Any context, as for all of it. */
struct user *user_get(u32 uid);
void user_hold(struct user *u);
void user_put(struct user *u);
/* One more of a count; whether that is within the limit. Either way it is counted. */
bool user_take(u32 *count, u64 limit);
void user_give_back(u32 *count, u32 n);
/* Has p's user more threads than RLIMIT_NPROC allows? Never user 0. siglock held. */
bool proc_over_limit(const struct proc *p);
/* p's last task is waited for, or was never there: one less of its user's. */
void proc_uncount(struct proc *p);
void cred_get(struct cred *c);
void cred_put(struct cred *c);
struct cred *cred_copy(const struct cred *c);
/* The credentials of p, with a reference (cred_put()). Any context. */
struct cred *proc_cred(struct proc *p);
/* The real user of p. Any context. */
u32 proc_uid(struct proc *p);
/* Those of the current process, which another of its threads may replace: good until this thread calls here again. */
const struct cred *cred_current(void);
void sighand_get(struct sighand *s);
void sighand_put(struct sighand *s);
struct sighand *sighand_copy(struct sighand *s);
struct sighand *sighand_create(void);

/* ---- isolation/usage.c ---- */
/* All of p so far: ended threads, live ones, memory. Takes siglock. Times divided, and never less than before. */
struct usage proc_usage(struct proc *p);
/* One live thread's. Takes siglock. */
struct usage task_usage(struct task *t);
void usage_add(struct usage *to, const struct usage *more);
/* A thread that ends, or a vmspace that is left: into p->dead. siglock held. */
void usage_keep_task(struct proc *p, struct task *t);
void usage_keep_memory(struct proc *p);

/* ---- isolation/pid.c: ids of threads and processes ---- */
void pid_init(void);
/* A free id, or -EAGAIN. It names no task yet. */
int pid_alloc(void);
/* What a taken id names from now on; NULL: nothing, but it stays taken. */
void pid_set(int id, struct task *task);
void pid_free(int pid);
struct task *task_find(int tid);         /* proc_lock held; NULL */

/* ---- the contract: proc_one.c and proc_many.c ---- */

/* The process of the current thread; folds to &the_proc when there is one. */
#if PROC_IS_MANY
static inline struct proc *proc_current(void)
{
	return task_current()->proc;
}
#else
extern struct proc the_proc;
static inline struct proc *proc_current(void)
{
	return &the_proc;
}
#endif

/* Threads of the current process: clone(2) with CLONE_THREAD. The new tid, -EAGAIN, -ENOMEM. isolation/task.c. */
long task_clone(const struct clone_args *args);
/* A task of p that returns 0 from the current system call as `args` say (stack, TLS, tid words). ERR_PTR. */
struct task *task_fork(struct proc *p, int tid, const struct clone_args *args);
/* The bag of a process whose last task ends: everything but pid, parent and status. Current process, no locks held. */
void proc_release_bag(struct proc *p);

/* Upcall to abi/linux: a child changed state (CLD_* code, exit status or signal): SIGCHLD to its parent. proc_lock held.
 * False: the parent does not want to know, so the child is not to become a zombie. */
bool proc_tell_parent(struct proc *child, int code, int status);
/* Upcall to abi/linux: a signal from the kernel, or as if the current process had sent it. proc_lock held. */
void proc_signal(struct proc *p, int sig, bool from_current);

/* Upcall to abi/linux: p ends, and if it leads a session its terminal is free: who is in front gets SIGHUP. */
void proc_end_session(struct proc *p);

/* Upcall to abi/linux: the timers of timer_create(2) end, with the program or with the process. May sleep. */
void proc_delete_timers(struct proc *p);
/* The same: the alarm is due. In the timer's interrupt. */
void proc_alarm(struct timer *timer);

void proc_init(void);
/* Makes the first process (PID_FIRST), child of init, ready to exec; runs entry(arg) in its first thread. */
int proc_spawn_first(void (*entry)(void *), void *arg);
/* What clone(2) without CLONE_THREAD does, after its flags were checked: a child with the bag shared or copied by `flags`, its
 * first thread returning 0 from the current system call on stack `sp` (0: same) with TLS `tls`. Its pid; -ENOSYS loudly where
 * this configuration cannot; -EAGAIN, -ENOMEM. With CLONE_VFORK: returns when the child has left. */
long proc_fork(const struct clone_args *args);
/* wait4/waitid's core. idtype: P_ALL, P_PID, P_PGID. The child's pid with *result, 0 with WNOHANG, -ECHILD, -ERESTARTSYS. */
struct wait_result {
	int status;
	u32 uid;
	struct usage usage;              /* the child's and that of those it waited for */
};
long proc_wait(int idtype, int id, int options, struct wait_result *result);
/* A thread of p ends and others go on: whose children are its? proc_lock held. */
void proc_adopt_children(struct proc *p, int tid);
/* Is nobody who could care outside this group, but inside its session? POSIX.1-2017 XBD 3.264. Takes proc_lock. */
bool proc_group_orphaned(int pgid);
/* The storage of a process whose last reference went away. */
void proc_free(struct proc *p);
/* execve allowed? 0, or -ENOSYS loudly. */
int proc_may_exec(void);
/* The vmspace exec made replaces the old one (which a vfork parent may still use). Wakes that parent. */
void proc_set_vmspace(struct vmspace *vs);
/* Called when a process's last task ends, in that task: reparents, becomes a zombie, tells the parent; when the first program
 * ends, tells init. */
void proc_exit(struct proc *p);
/* A reference, or NULL. */
struct proc *proc_find(int pid);
/* Live (and zombie) processes in id order; proc_lock held by the caller. fn's nonzero value ends the walk and is returned. */
int proc_foreach(int (*fn)(struct proc *p, void *arg), void *arg);
/* Sleeps until the first program has ended and returns its wait status: init's whole work. */
int proc_wait_first(void);

#endif
