#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A shell pipeline on four CPUs under --trace, and what a panic leaves: five boots of multi with tracepoints. TAP; run by prove."""

import collections
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]
from lib import check, done_testing  # noqa: E402
from orchardlib import trace_file, trace_model  # noqa: E402

ORCHARD = os.environ.get("ORCHARD", str(ROOT / "tools/orchard"))
KERNEL = "multi" if os.environ.get("ORCHARD_FRAGMENT") else "multi+debug"    # it traces, and other tests have it made
PIPELINE = "seq 3000 | sort -n | tail -n 1"
CALLS_WITHOUT_END = {"exit", "exit_group"}
SMALLEST = 4096 // 32 - 3      # events in trace=4K, whose block has a head
INTERRUPTS = ("irq", "irq_exit")
SHELL = 2


def run(path, *words):
    return subprocess.run([ORCHARD, "run", KERNEL, "--trace", path, "--timeout", "60", *words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def read(path):
    """The trace, or one without events where there is none: the checks say so."""
    if os.path.exists(path):
        return trace_file.read(path)
    return trace_file.Trace({"cpus": [{"cpu": 0, "events": 0, "lost": 0, "torn": 0}], "syscalls": {}, "symbols": {}}, [])


def check_order(trace):
    """Each switch is from whom the one before was to, and an event's thread is who runs there."""
    running, wrong = {}, []
    for event in trace.events:
        if event.kind in ("switch", "preempt", "name"):
            if event.kind == "name" and event.thread != running.get(event.cpu, event.thread):
                wrong.append(f"{event}")
            if event.kind != "name" and event.thread == running.get(event.cpu):
                wrong.append(f"to itself: {event}")
            running[event.cpu] = event.thread
        elif event.kind != "wake" and event.thread != running.get(event.cpu, event.thread):
            wrong.append(f"{running[event.cpu]} runs there: {event}")
    check(not wrong, "on each CPU threads take turns, and events are theirs who run", *wrong[:5])
    busy = {event.cpu for event in trace.events if event.kind == "syscall"}
    check(len(busy) > 1, "several CPUs made system calls", busy)


def check_calls(trace):
    """Every exit has its enter, in the same thread, and every enter its exit but for calls that do not return."""
    stacks, wrong = collections.defaultdict(list), []
    for event in trace.events:
        if event.kind == "syscall":
            stacks[event.thread].append(event)
        elif event.kind == "syscall_exit":
            if not stacks[event.thread] or stacks[event.thread].pop().a != event.a:
                wrong.append(f"{event}")
    check(not wrong, "every system call's exit has its enter", *wrong[:5])
    # What runs until the machine ends, as the first shell's last call, does not return either.
    left = [trace.syscall(event.a) for stack in stacks.values() for event in stack]
    check(left and set(left) <= CALLS_WITHOUT_END, "only exit does not return", left)


def check_waits(trace, model):
    woken = {event.thread for event in trace.events if event.kind == "wake"}
    ran = {one.thread for one in model.runs if not trace_model.is_kernel(one.thread)}
    check(ran <= woken, "who ran was woken", ran - woken)
    check(model.waits and all(wait.end >= wait.start for wait in model.waits), "waits for a CPU end after they began")


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        done = run(path, "--cpus", "4", "--", "/bin/busybox", "sh", "-c", PIPELINE)
        check(done.returncode == 0 and done.stdout == "3000\n", "the pipeline runs", done.returncode, done.stdout, done.stderr)
        check(not done.stderr, "nothing was overwritten or torn", done.stderr)
        trace = read(path)
        model = trace_model.Model(trace)
        names = {one.name for one in model.runs}
        check(names >= {"main", "seq", "sort", "tail"}, "the programs' names occur", names)
        kinds = collections.Counter(event.kind for event in trace.events)
        missing = [kind for kind in trace_file.EVENTS if not kinds[kind] and not kind.startswith("lock") and kind != "preempt"]
        check(not missing, "every kind of event occurs", missing, kinds)
        check_order(trace)
        check_calls(trace)
        check_waits(trace, model)

        done = run(path, "--icount", "--", "/bin/busybox", "sh", "-c", PIPELINE)
        trace = read(path)
        kinds = collections.Counter(event.kind for event in trace.events)
        preempted = [wait for wait in trace_model.Model(trace).waits if wait.waker is None]
        check(kinds["preempt"] and preempted, "on one CPU somebody is preempted, and runs again", kinds)

        done = run(path, "--icount", "--append", "trace=4K", "--", "/bin/busybox", "sh", "-c", PIPELINE)
        small = read(path)
        kept, lost = len(small.events), small.header["cpus"][0]["lost"]
        # Memory for the ring takes time, so ticks fall otherwise.
        check(kept == SMALLEST and abs(kept + lost - len(trace.events)) <= 12, "a small ring keeps the newest, and counts the others",
              kept, lost, len(trace.events))
        check(f"the oldest {lost:,} of {kept + lost:,} events were overwritten" in done.stderr, "the run says so", done.stderr)
        tails = [[(event.kind, event.a) for event in one.events if event.process == SHELL and event.kind.startswith("syscall")][-3:]
                 for one in (trace, small)]
        check(tails[0] == tails[1] and len(tails[0]) == 3, "the shell's last are those that a large one keeps", tails)

        done = run(path, "--append", "crash=null trace=3M", "--", "/bin/busybox", "true")
        # Interrupts were on in that thread: one may still have come before the panic turned them off.
        last = [(event.kind, event.a) for event in read(path).events if event.kind not in INTERRUPTS][-1:]
        check(done.returncode == 70 and last == [("fault", 8)], "a panic leaves its trace, up to the fault",
              done.returncode, last, done.stderr)
        check("command line: trace: bad value '3M'" in done.stderr, "a size that is no power of two is refused", done.stderr)
        done = run(path, "--cpus", "8", "--append", "trace=128M", "--", "/bin/busybox", "true")
        check(done.returncode == 70 and "cannot go on: not enough memory for the trace of CPU" in done.stderr and not os.path.exists(path),
              "memory that does not suffice is refused, and leaves no trace", done.returncode, done.stderr)
    return done_testing()


if __name__ == "__main__":
    sys.exit(main())
