# SPDX-License-Identifier: BSD-2-Clause
"""What a trace's events mean together: who ran where and when, what each thread was at, who woke whom."""

import collections
import dataclasses

from .trace_file import KERNEL_THREAD

ENDS = {"syscall_exit": "syscall", "fault_exit": "fault", "irq_exit": "irq", "lock_taken": "lock_wait"}
OF_THE_CPU = ("irq", "lock_wait")       # the others may begin on one CPU and end on another: they are the thread's


@dataclasses.dataclass(slots=True)
class Run:
    """A thread on a CPU, without a break and under one name."""

    cpu: int
    thread: int
    process: int
    name: str
    start: int
    end: int = 0


@dataclasses.dataclass(slots=True)
class Span:
    """Something with a beginning and an end: a system call, a fault, an interrupt, a wait for a lock. `answer` None: unfinished."""

    kind: str
    name: str
    cpu: int
    thread: int
    process: int
    start: int
    argument: int
    end: int = 0
    answer: int | None = None


@dataclasses.dataclass(slots=True)
class Wait:
    """From when a thread could run to when it did. `waker` is the CPU that woke it; None: it was preempted."""

    thread: int
    waker: int | None
    start: int
    cpu: int
    end: int


class Model:
    """All of it, computed once."""

    def __init__(self, trace):
        self.trace = trace
        self.runs, self.spans, self.waits, self.instants = [], [], [], []
        self.names = {}                 # thread: (process, its last name)
        self.unmatched = 0              # ends whose beginnings were overwritten
        self._on_cpu = {}               # cpu: Run
        self._open = collections.defaultdict(list)
        self._ready = {}                # thread: (since, waker)
        self._left = {}                 # thread: when it last left a CPU for good
        for event in trace.events:
            self._take(event)
        self._close()

    @property
    def start(self):
        return self.trace.events[0].ns if self.trace.events else 0

    @property
    def end(self):
        return self.trace.events[-1].ns if self.trace.events else 0

    # -- one event after another ----

    def _take(self, event):
        if event.kind in ("switch", "preempt"):
            self._switch(event)
        elif event.kind == "wake":
            self.names[event.thread] = (event.process, event.name)
            self._ready.setdefault(event.thread, (event.ns, event.cpu))
        elif event.kind == "name":
            self._end_run(event)
            self._begin_run(event)
        elif event.kind in ENDS:
            self._end_span(event)
        elif event.kind == "ipi":
            self.instants.append(event)
        else:
            self._begin_span(event)

    def _end_run(self, event):
        run = self._on_cpu.pop(event.cpu, None)
        if run:
            run.end = event.ns
            self.runs.append(run)
        return run

    def _begin_run(self, event):
        self.names[event.thread] = (event.process, event.name)
        if not is_idle(event.thread, event.name):
            self._on_cpu[event.cpu] = Run(event.cpu, event.thread, event.process, event.name, event.ns)

    def _switch(self, event):
        left = self._end_run(event)
        if left and event.kind == "preempt":
            self._ready[left.thread] = (event.ns, None)
        elif left:
            self._left[left.thread] = event.ns
        self._begin_run(event)
        self._left.pop(event.thread, None)
        since = self._ready.pop(event.thread, None)
        if since and not is_idle(event.thread, event.name):
            self.waits.append(Wait(event.thread, since[1], since[0], event.cpu, event.ns))

    def _place(self, kind, event):
        return ("cpu", event.cpu) if kind in OF_THE_CPU else ("thread", event.thread)

    def _begin_span(self, event):
        name = {"syscall": self.trace.syscall, "irq": lambda vector: f"interrupt {vector}", "fault": lambda _: "fault",
                "lock_wait": lambda lock: f"wait for {self.trace.symbol(lock)}"}[event.kind](event.a)
        self._open[self._place(event.kind, event)].append(
            Span(event.kind, name, event.cpu, event.thread, event.process, event.ns, event.b if event.kind == "syscall" else event.a))

    def _end_span(self, event):
        kind = ENDS[event.kind]
        stack = self._open[self._place(kind, event)]
        at = next((i for i in reversed(range(len(stack))) if stack[i].kind == kind), None)
        if at is None:
            self.unmatched += 1
            return
        for span in stack[at:]:         # what was begun inside and never ended, ends with it
            span.end = event.ns
            self.spans.append(span)
        stack[at].answer = event.b if kind == "syscall" else 0
        del stack[at:]

    def _close(self):
        for run in self._on_cpu.values():
            run.end = self.end
            self.runs.append(run)
        for stack in self._open.values():
            for span in stack:
                gone = span.name in ("exit", "exit_group")
                span.end = max(span.start, self._left.get(span.thread, self.end) if gone else self.end)
                self.spans.append(span)
        self.runs.sort(key=lambda run: (run.cpu, run.start))
        self.spans.sort(key=lambda span: (span.start, -span.end))


def is_kernel(thread):
    return thread >= KERNEL_THREAD


def is_idle(thread, name):
    return is_kernel(thread) and name == "idle"


def label(thread, name):
    """How a thread is called where there is room for one word."""
    return name if is_kernel(thread) else f"{name} {thread}"


def signed(value):
    return value - (1 << 64) if value >> 63 else value


def cut(trace, start_us, end_us):
    """
    The events between two times. What decides their meaning before the first (who runs where, under which name) stays, as if
    it happened at the start.
    """
    if start_us is None and end_us is None:
        return trace
    start = 0 if start_us is None else int(start_us * 1000)
    end = float("inf") if end_us is None else end_us * 1000
    running, kept = {}, []
    for event in trace.events:
        if event.ns < start:
            if event.kind in ("switch", "preempt", "name"):
                running[event.cpu] = event
        elif event.ns <= end:
            kept.append(event)
    before = [event._replace(ns=start, kind="switch") for event in running.values()]
    return dataclasses.replace(trace, events=before + kept if kept else [])
