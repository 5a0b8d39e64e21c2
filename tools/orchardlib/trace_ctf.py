# SPDX-License-Identifier: BSD-2-Clause
"""
A trace in the Common Trace Format 1.8 (diamon.org/ctf): metadata in TSDL, and a stream of one packet for each CPU. babeltrace2 and
Trace Compass open it. Events and fields have the names that LTTng gives Linux's, where there are such.
"""

import os
import struct

from . import trace_file
from .errors import ToolError
from .trace_model import is_idle, is_kernel, signed

PACKET_MAGIC = 0xC1FC1FC1
PACKET = struct.Struct("<II")                   # magic, stream_id
CONTEXT = struct.Struct("<QQQQQI")              # begin, end, content and packet size in bits, discarded, cpu
EVENT = struct.Struct("<HQ")                    # id, timestamp
RUNNABLE, SLEEPING = 0, 1                       # of Linux's task states

# name: fields, each a type of PREAMBLE and a name. A field's value is a number, or bytes with their NUL.
CLASSES = {
    "sched_switch": ["string prev_comm", "int32 prev_tid", "int64 prev_state", "string next_comm", "int32 next_tid"],
    "sched_wakeup": ["string comm", "int32 tid", "int32 pid"],
    "sched_process_exec": ["string filename", "int32 tid", "int32 pid"],
    "ipi_send": ["int32 target_cpu", "string reason"],
    "irq_handler_entry": ["int32 irq"],
    "irq_handler_exit": ["int32 irq"],
    "syscall_entry": ["string name", "int32 nr", "hex64 arg0", "int32 tid"],
    "syscall_exit": ["string name", "int32 nr", "int64 ret", "int32 tid"],
    "exceptions_page_fault": ["hex64 address", "hex64 ip", "int32 tid"],
    "exceptions_page_fault_exit": ["hex64 address", "int32 tid"],
    "lock_contention_begin": ["hex64 lock_addr", "string lock", "string caller"],
    "lock_contention_end": ["hex64 lock_addr"],
}
NUMBERS = {name: number for number, name in enumerate(CLASSES)}
PACKING = {"int32": "<i", "int64": "<q", "hex64": "<Q"}

PREAMBLE = """/* CTF 1.8 */
typealias integer { size = 16; align = 8; signed = false; } := uint16;
typealias integer { size = 32; align = 8; signed = false; } := uint32;
typealias integer { size = 64; align = 8; signed = false; } := uint64;
typealias integer { size = 32; align = 8; signed = true; } := int32;
typealias integer { size = 64; align = 8; signed = true; } := int64;
typealias integer { size = 64; align = 8; signed = false; base = 16; } := hex64;
trace {
	major = 1;
	minor = 8;
	byte_order = le;
	packet.header := struct { uint32 magic; uint32 stream_id; };
};
env {
	domain = "kernel";
	tracer_name = "orchard";
	kernel = "%s";
	git = "%s";
};
clock {
	name = "monotonic";
	description = "nanoseconds since the kernel was entered";
	freq = 1000000000;
	offset = 0;
};
typealias integer { size = 64; align = 8; signed = false; map = clock.monotonic.value; } := time;
stream {
	id = 0;
	packet.context := struct {
		time timestamp_begin;
		time timestamp_end;
		uint64 content_size;
		uint64 packet_size;
		uint64 events_discarded;
		uint32 cpu_id;
	};
	event.header := struct { uint16 id; time timestamp; };
};
"""


def _quoted(text):
    return "".join(c for c in str(text) if c.isprintable() and c not in '"\\')


def metadata(trace):
    run = trace.header["run"]
    parts = [PREAMBLE % (_quoted(run.get("kernel", "")), _quoted(run.get("git", "")))]
    for name, fields in CLASSES.items():
        inside = "".join(f"\n\t\t{field};" for field in fields)
        parts.append(f'event {{\n\tname = "{name}";\n\tid = {NUMBERS[name]};\n\tstream_id = 0;\n\tfields := struct {{{inside}\n\t}};\n}};\n')
    return "".join(parts)


def _tid(thread, name):
    """As Linux counts: 0 is idle; the kernel's threads, which have no ids, are below."""
    return 0 if is_idle(thread, name) else -(thread & 0x7fffffff) if is_kernel(thread) else thread


class Stream:
    """What one CPU did, as bytes."""

    def __init__(self, trace, cpu):
        self.trace, self.cpu = trace, cpu
        self.current = ("unknown", 0)
        self.parts = []

    def _add(self, event, name, *values):
        self.parts.append(EVENT.pack(NUMBERS[name], event.ns))
        for field, value in zip(CLASSES[name], values):
            kind = field.split()[0]
            self.parts.append(value.encode() + b"\0" if kind == "string" else struct.pack(PACKING[kind], value))

    def take(self, event):
        thread = _tid(event.thread, "")
        if event.kind in ("switch", "preempt"):
            to = event.name, _tid(event.thread, event.name)
            self._add(event, "sched_switch", *self.current, RUNNABLE if event.kind == "preempt" else SLEEPING, *to)
            self.current = to
        elif event.kind == "wake":
            self._add(event, "sched_wakeup", event.name, thread, event.process)
        elif event.kind == "name":
            self._add(event, "sched_process_exec", event.name, thread, event.process)
            self.current = event.name, thread
        elif event.kind == "ipi":
            names = self.trace.header["ipis"]
            self._add(event, "ipi_send", -1 if event.a >> 63 else event.a, names[event.b] if event.b < len(names) else "")
        elif event.kind in ("irq", "irq_exit"):
            self._add(event, "irq_handler_entry" if event.kind == "irq" else "irq_handler_exit", event.a)
        elif event.kind in ("syscall", "syscall_exit"):
            entry = event.kind == "syscall"
            self._add(event, "syscall_entry" if entry else "syscall_exit", self.trace.syscall(event.a), _small(event.a),
                      event.b if entry else signed(event.b), thread)
        elif event.kind == "fault":
            self._add(event, "exceptions_page_fault", event.a, event.b, thread)
        elif event.kind == "fault_exit":
            self._add(event, "exceptions_page_fault_exit", event.a, thread)
        elif event.kind == "lock_wait":
            self._add(event, "lock_contention_begin", event.a, self.trace.symbol(event.a), self.trace.symbol(event.b))
        elif event.kind == "lock_taken":
            self._add(event, "lock_contention_end", event.a)

    def packet(self, lost, start, end):
        body = b"".join(self.parts)
        bits = 8 * (PACKET.size + CONTEXT.size + len(body))
        return PACKET.pack(PACKET_MAGIC, 0) + CONTEXT.pack(start, end, bits, bits, lost, self.cpu) + body


def _small(number):
    """A program may ask for any number."""
    return number & 0x7fffffff


def _folder(path):
    """Makes it, or takes one that is empty or a trace already; what another trace left there goes."""
    os.makedirs(path, exist_ok=True)
    there = os.listdir(path)
    if there and "metadata" not in there:
        raise ToolError(f"--ctf {path}: a folder with other things in it")
    for name in there:
        if name == "metadata" or name.startswith("cpu_"):
            os.unlink(os.path.join(path, name))


def write(trace, path):
    _folder(path)
    streams = {cpu: Stream(trace, cpu) for cpu in trace.cpus}
    times = {cpu: [] for cpu in trace.cpus}
    for event in trace.events:
        streams[event.cpu].take(event)
        times[event.cpu].append(event.ns)
    for one in trace.header["cpus"]:
        cpu = one["cpu"]
        start, end = (times[cpu][0], times[cpu][-1]) if times[cpu] else (0, 0)
        with trace_file.replacing(os.path.join(path, f"cpu_{cpu}")) as out:
            out.write(streams[cpu].packet(one["lost"] + one["torn"], start, end))
    with trace_file.replacing(os.path.join(path, "metadata")) as out:
        out.write(metadata(trace).encode())
