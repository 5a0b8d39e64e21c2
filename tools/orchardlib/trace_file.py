# SPDX-License-Identifier: BSD-2-Clause
"""A trace's own file (docs/trace.md): a header in JSON with all names, then each CPU's events as the kernel wrote them."""

import contextlib
import dataclasses
import heapq
import json
import os
import re
import stat
import struct
import typing

from . import paths, symbols
from .errors import ToolError
from .trace_rings import EVENT_SIZE

MAGIC, VERSION = b"ORCHARDT", 1
START = struct.Struct("<8sII")
EVENT = struct.Struct("<QIHBBQQ")
KERNEL_HALF = 1 << 63
KERNEL_THREAD = 1 << 31

# enum trace_id (include/core/trace.h), enum ipi (include/arch/machine.h)
EVENTS = ("switch", "preempt", "wake", "name", "ipi", "irq", "irq_exit", "syscall", "syscall_exit", "fault", "fault_exit",
          "lock_wait", "lock_taken")
IPIS = ("reschedule", "flush the TLB", "leave a space", "halt")
ABOUT_A_THREAD = ("switch", "preempt", "wake", "name")


class Event(typing.NamedTuple):
    """One event. `thread` and `process` are whom it is about, of EVENTS' first four, else who ran; `kind` is one of EVENTS."""

    ns: int
    cpu: int
    kind: str
    thread: int
    process: int
    a: int
    b: int

    @property
    def name(self):
        """Of the thread that it is about."""
        return struct.pack("<QQ", self.a, self.b).split(b"\0")[0].decode("utf-8", "replace")


@dataclasses.dataclass
class Trace:
    """A whole one, read. `events` are all CPUs' in the order of time."""

    header: dict
    events: list

    def syscall(self, number):
        return self.header["syscalls"].get(str(number), f"syscall_{number}")

    def symbol(self, address):
        return self.header["symbols"].get(f"{address:x}", f"{address:#x}")

    @property
    def cpus(self):
        return [one["cpu"] for one in self.header["cpus"]]


# ---- Writing ----

@contextlib.contextmanager
def replacing(path):
    """A file to write into, which becomes `path` when all is written: never half of it."""
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):
        with open(path, "wb") as out:
            yield out
        return
    part = f"{path}.part"
    try:
        with open(part, "wb") as out:
            yield out
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


def syscall_names():
    table = (paths.ROOT / "abi/linux/syscall.tbl").read_text(encoding="utf-8")
    return dict(re.findall(r"^(\d+)\s+(\w+)", table, re.M))


def _addresses(rings):
    """(those of data, those of instructions, those of callers) of the kernel that events name."""
    data, text, callers = set(), set(), set()
    for ring in rings:
        for _, _, _, number, _, a, b in EVENT.iter_unpack(ring.events):
            kind = EVENTS[number] if number < len(EVENTS) else ""
            if kind in ("lock_wait", "lock_taken"):
                data.add(a)
            if kind == "lock_wait":
                callers.add(b)
            if kind == "fault":
                text.add(b)
    return [{address for address in found if address >= KERNEL_HALF} for found in (data, text, callers)]


def _of_data(table, address, rings):
    """The name of a variable, also where a CPU's own copy of it is."""
    start, end = (table.address.get(name, 0) for name in ("__percpu_start", "__percpu_end"))
    for ring in rings:
        linked = address - ring.percpu & (1 << 64) - 1
        if start <= linked - ring.moved < end:
            return f"{table.text(linked - ring.moved)} of cpu {ring.cpu}"
    return table.text(address - rings[0].moved)


def names(image, rings):
    """{hexadecimal address: name+offset} of what events name, by the symbols of the kernel's image."""
    data, text, callers = _addresses(rings)
    if not (data or text or callers):
        return {}
    table, moved = symbols.read(image), rings[0].moved
    found = {address: _of_data(table, address, rings) for address in data}
    found.update((address, table.text(address - moved)) for address in text)
    found.update((address, table.text(address - moved, 1)) for address in callers)
    return {f"{address:x}": name for address, name in found.items() if name}


def write(path, rings, names, run):
    """`names` are the symbols, `run` says where the trace comes from."""
    header = {"events": EVENTS, "ipis": IPIS, "clock": rings[0].clock, "moved": rings[0].moved,
              "cpus": [{"cpu": ring.cpu, "events": len(ring.events) // EVENT_SIZE, "lost": ring.lost, "torn": ring.torn}
                       for ring in rings],
              "syscalls": syscall_names(), "symbols": names, "run": run}
    text = json.dumps(header, sort_keys=True).encode()
    text += b" " * (-(START.size + len(text)) % EVENT_SIZE)
    with replacing(path) as out:
        out.write(START.pack(MAGIC, VERSION, len(text)) + text)
        for ring in rings:
            out.write(ring.events)


# ---- Reading ----

def _header(path, data):
    if len(data) < START.size or data[:len(MAGIC)] != MAGIC:
        raise ToolError(f"{path}: not a trace of `orchard run --trace`")
    _, version, length = START.unpack_from(data)
    if version != VERSION:
        raise ToolError(f"{path}: a trace of version {version}; this tool reads version {VERSION}")
    try:
        header = json.loads(data[START.size:START.size + length])
        streams = [(one["cpu"], one["events"], one["lost"], one["torn"]) for one in header["cpus"]]
        clock = [header["clock"][key] for key in ("base", "mult", "tsc_khz")]
        sound = streams and all(isinstance(n, int) and n >= 0 for n in [*clock, *(n for one in streams for n in one)]) \
            and all(isinstance(header[key], kind) for key, kind in
                    (("syscalls", dict), ("symbols", dict), ("run", dict), ("events", list), ("ipis", list)))
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise ToolError(f"{path}: the trace's header is damaged")
    return header, START.size + length


def _clock(clock):
    base, mult, khz = clock["base"], clock["mult"], max(clock["tsc_khz"], 1)
    if mult:
        return lambda tsc: (tsc - base) * mult >> 32
    return lambda tsc: (tsc - base) * 1_000_000 // khz


def _stream(header, cpu, data):
    to_ns, names = _clock(header["clock"]), header["events"]
    found = []
    for tsc, thread, process, number, _, a, b in EVENT.iter_unpack(data):
        if number < len(names):     # others are of a kernel that is newer than this
            found.append(Event(to_ns(tsc), cpu, names[number], thread, process, a, b))
    found.sort(key=lambda event: event.ns)      # but for interrupted ones they are
    return found


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    header, at = _header(path, data)
    streams = []
    for one in header["cpus"]:
        size = one["events"] * EVENT_SIZE
        if len(data) - at < size:
            raise ToolError(f"{path}: the trace is cut off: {len(data)} bytes, and more events should follow")
        streams.append(_stream(header, one["cpu"], data[at:at + size]))
        at += size
    if at != len(data):
        raise ToolError(f"{path}: the trace is damaged: {len(data) - at} bytes behind its last event")
    return Trace(header, list(heapq.merge(*streams, key=lambda event: event.ns)))
