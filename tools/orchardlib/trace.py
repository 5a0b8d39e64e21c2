# SPDX-License-Identifier: BSD-2-Clause
"""`orchard trace`: what a trace of `orchard run --trace` says, in words, as a picture, and for viewers. docs/trace.md."""

import collections
import os
import re
import sys
from pathlib import Path

from . import kernels, paths, table, trace_chrome, trace_ctf, trace_file, trace_rings, trace_svg
from .errors import ToolError
from .trace_model import Model, cut, is_kernel, label, signed

FRAGMENT = "trace"
TOP = 10
BAR = 40


# ---- For `orchard run` ----

def kernel_name(text):
    """KERNEL with tracepoints: the name of one of ours gets the fragment where nothing turns them on."""
    kernels.check_name(text)
    if text in kernels.LINUXES:
        raise ToolError(f"{text}: --trace is for Orchard's kernels")
    if Path(text).is_file():
        if not _traces(Path(text)):
            raise ToolError(f"{text}: --trace: that kernel has no tracepoints: CONFIG_TRACE=y (configs/{FRAGMENT}.config)")
        return text
    name, _, fragments = text.partition("+")
    everywhere = os.environ.get("ORCHARD_FRAGMENT", "")
    parts = [part for part in f"{fragments}+{everywhere}".split("+") if part]
    sources = [paths.CONFIGS / f"{name}_defconfig", *(paths.CONFIGS / f"{part}.config" for part in parts)]
    return text if any(_traces(source) for source in sources) else f"{text}+{FRAGMENT}"


def _traces(config):
    return config.is_file() and kernels.symbols_of(config.read_text(errors="replace")).get("CONFIG_TRACE") == "y"


def keep(path, fd, kernel, run):
    """Writes what the machine, which has ended, left in its memory; says what is missing."""
    rings = trace_rings.rings(fd)
    if not _count(rings):
        Path(path).unlink(missing_ok=True)      # an older one would be taken for this run's
        print(f"orchard: {kernel.name}: no trace: the kernel did not get as far as its rings", file=sys.stderr)
        return
    trace_file.write(path, rings, trace_file.names(kernel.image, rings), run)
    lost, torn = sum(ring.lost for ring in rings), sum(ring.torn for ring in rings)
    if lost:
        print(f"orchard: {kernel.name}: trace: the oldest {lost:,} of {lost + _count(rings):,} events were overwritten; "
              "--append trace=SIZE is how much memory each CPU has for them", file=sys.stderr)
    if torn:
        print(f"orchard: {kernel.name}: trace: {torn} events were not written to their end", file=sys.stderr)


def _count(rings):
    return sum(len(ring.events) for ring in rings) // trace_rings.EVENT_SIZE


# ---- In words ----

def sentence(trace, event):
    """As a panic prints it, with names."""
    who = event.name + (f" ({event.thread})" if event.process else "") if event.kind in trace_file.ABOUT_A_THREAD else ""
    ipis = trace.header["ipis"]
    if event.kind in ("switch", "preempt"):
        return f"switch to thread {who}" + (", the one before could go on" if event.kind == "preempt" else "")
    if event.kind == "wake":
        return f"wake thread {who}"
    if event.kind == "name":
        return f"the thread becomes {who}"
    if event.kind == "ipi":
        to = "all others" if event.a >> 63 else f"cpu {event.a}"
        return f"interrupt to {to}: {ipis[event.b] if event.b < len(ipis) else event.b}"
    if event.kind == "irq":
        return f"interrupt, vector {event.a}"
    if event.kind == "irq_exit":
        return f"end of the interrupt, vector {event.a}"
    if event.kind == "syscall":
        return f"{trace.syscall(event.a)}({event.b:#x}, ...)"
    if event.kind == "syscall_exit":
        return f"{trace.syscall(event.a)} answers {signed(event.b)}"
    if event.kind == "fault":
        return f"fault on {event.a:#x} at {trace.symbol(event.b)}"
    if event.kind == "fault_exit":
        return f"end of the fault on {event.a:#x}"
    if event.kind == "lock_wait":
        return f"wait for the lock {trace.symbol(event.a)} in {trace.symbol(event.b)}"
    return f"the lock {trace.symbol(event.a)} is taken"


def lines(trace):
    for event in trace.events:
        whom = "" if event.kind in trace_file.ABOUT_A_THREAD or is_kernel(event.thread) else f"{event.thread:5}"
        yield f"{event.ns / 1000:14.3f} us  cpu {event.cpu:<3} {whom:5}  {sentence(trace, event)}"


def _kinds(trace):
    counts = collections.Counter((event.kind, event.cpu) for event in trace.events)
    rows = [("events", *(f"cpu {cpu}" for cpu in trace.cpus), "all")]
    for kind in trace.header["events"]:
        of = [counts[kind, cpu] for cpu in trace.cpus]
        if any(of):
            rows.append((kind, *of, sum(of)))
    rows.append(("lost", *(one["lost"] for one in trace.header["cpus"]), sum(one["lost"] for one in trace.header["cpus"])))
    return [tuple(map(str, row)) for row in rows]


def _latencies(model):
    """From a wake, or a preemption, to the CPU: a line for each power of two of ns."""
    counts = collections.Counter((wait.end - wait.start).bit_length() for wait in model.waits)
    if not counts:
        return ["no thread waited for a CPU"]
    most = max(counts.values())
    found = ["how long threads that could run waited for a CPU:"]
    for power in range(min(counts), max(counts) + 1):
        low = 1 << power - 1 if power else 0
        found.append(f"  from {table.duration(low):>8}  {counts[power]:7}  {'#' * -(-BAR * counts[power] // most)}".rstrip())
    return found


def _threads(model):
    ran, runs, calls = collections.Counter(), collections.Counter(), collections.Counter()
    for run in model.runs:
        ran[run.thread] += run.end - run.start
        runs[run.thread] += 1
    for span in model.spans:
        calls[span.thread] += span.kind == "syscall"
    whole = max(model.end - model.start, 1)
    rows = [("thread", "process", "ran", "of the time", "times", "system calls")]
    for thread in sorted(ran, key=lambda one: (-ran[one], one))[:TOP]:
        process, name = model.names[thread]
        rows.append((label(thread, name), str(process or "-"), table.duration(ran[thread]), f"{100 * ran[thread] / whole:.1f} %",
                     str(runs[thread]), str(calls[thread])))
    return rows


def summary(model):
    run = model.trace.header["run"]
    what = " ".join(str(run[key]) for key in ("kernel", "program", "arguments") if run.get(key))
    yield f"{what}: {table.duration(model.end - model.start)}, {len(model.trace.events):,} events of {len(model.trace.cpus)} CPUs"
    if model.unmatched:
        yield f"{model.unmatched:,} ends without a beginning: those were overwritten"
    yield from ("", *table.right(_kinds(model.trace)).splitlines())
    yield from ("", *_latencies(model))
    yield from ("", *table.right(_threads(model)).splitlines())


# ---- The command ----

def _time(text, option):
    if text is None:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ToolError(f"{option} {text}: not a number of microseconds")
    return float(text)


def main(options):
    start, end = _time(options.start, "--from"), _time(options.end, "--to")
    trace = cut(trace_file.read(options.file), start, end)
    if not trace.events:
        raise ToolError(f"{options.file}: no events" + (" between these times" if start is not None or end is not None else ""))
    model = Model(trace)
    for path, write in ((options.chrome, trace_chrome.write), (options.svg, trace_svg.write)):
        if path:
            with trace_file.replacing(path) as out:
                write(model, out)
    if options.ctf:
        trace_ctf.write(trace, options.ctf)
    if options.text:
        for line in lines(trace):
            print(line)
    if not (options.chrome or options.svg or options.ctf or options.text):
        print("\n".join(summary(model)))
    return 0
