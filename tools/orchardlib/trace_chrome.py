# SPDX-License-Identifier: BSD-2-Clause
"""
A trace as the JSON that ui.perfetto.dev and chrome://tracing open: "Trace Event Format" (Google, 2016). A track for each CPU with
the threads that ran, interrupts and waits for locks inside; one for each thread with its system calls and faults; an arrow from
each wake to where the thread then ran.
"""

import json

from .trace_model import is_kernel, signed

CPUS, KERNEL = 0, 1     # the process 1 is the kernel's own init
OF_THE_CPU = ("irq", "lock_wait")


def _tid(thread):
    """Viewers keep it in 31 bits."""
    return thread & 0x7fffffff


def _us(ns):
    return round(ns / 1000, 3)


def _slice(pid, tid, name, category, start, end, **arguments):
    return {"ph": "X", "pid": pid, "tid": tid, "name": name, "cat": category, "ts": _us(start), "dur": _us(end - start),
            **({"args": arguments} if arguments else {})}


def _title(kind, pid, tid, name):
    return {"ph": "M", "pid": pid, "tid": tid, "name": kind, "args": {"name": name}}


def _titles(model):
    yield _title("process_name", CPUS, 0, "CPUs")
    yield {"ph": "M", "pid": CPUS, "tid": 0, "name": "process_sort_index", "args": {"sort_index": -1}}
    for cpu in model.trace.cpus:
        yield _title("thread_name", CPUS, cpu, f"cpu {cpu}")
    yield _title("process_name", KERNEL, 0, "kernel")
    for thread, (process, name) in sorted(model.names.items()):
        yield _title("thread_name", process or KERNEL, _tid(thread), name)
        if thread == process:
            yield _title("process_name", process, thread, name)


def _span(model, span):
    if span.kind in OF_THE_CPU:
        place = CPUS, span.cpu
    else:
        place = span.process or KERNEL, _tid(span.thread)
    arguments = {"cpu": span.cpu}
    if span.kind == "syscall":
        arguments["first argument"] = f"{span.argument:#x}"
        arguments["answer"] = "unfinished" if span.answer is None else signed(span.answer)
    elif span.kind == "fault":
        arguments["address"] = f"{span.argument:#x}"
    return _slice(*place, span.name, span.kind, span.start, span.end, **arguments)


def _ipi(model, event):
    names = model.trace.header["ipis"]
    what = names[event.b] if event.b < len(names) else str(event.b)
    to = "all others" if event.a >> 63 else f"cpu {event.a}"
    return {"ph": "i", "s": "t", "pid": CPUS, "tid": event.cpu, "ts": _us(event.ns), "cat": "ipi", "name": f"{what}, to {to}"}


def _arrow(number, wait):
    both = {"pid": CPUS, "cat": "wake", "name": "wake", "id": number}
    return ({"ph": "s", "tid": wait.waker, "ts": _us(wait.start), **both},
            {"ph": "f", "bp": "e", "tid": wait.cpu, "ts": _us(wait.end), **both})


def events(model):
    yield from _titles(model)
    for run in model.runs:
        yield _slice(CPUS, run.cpu, run.name, "run", run.start, run.end,
                     **({} if is_kernel(run.thread) else {"thread": run.thread, "process": run.process}))
    for span in model.spans:
        yield _span(model, span)
    for event in model.instants:
        yield _ipi(model, event)
    for number, wait in enumerate(wait for wait in model.waits if wait.waker is not None):
        yield from _arrow(number, wait)


def write(model, out):
    header = model.trace.header
    other = {"trace": header["run"], "lost": {f"cpu {one['cpu']}": one["lost"] for one in header["cpus"]}}
    out.write(b'{"displayTimeUnit": "ns", "otherData": ' + json.dumps(other, sort_keys=True).encode() + b', "traceEvents": [\n')
    for number, event in enumerate(events(model)):
        out.write((b",\n" if number else b"") + json.dumps(event).encode())
    out.write(b"\n]}\n")
