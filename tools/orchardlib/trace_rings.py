# SPDX-License-Identifier: BSD-2-Clause
"""
The events of a machine that has ended, from its memory: the kernel's rings (core/trace.c) lie in a file without a name that QEMU
took as the machine's memory. So the kernel hands nothing over, and how the machine ended, by a panic or by ^C, does not matter.
"""

import contextlib
import dataclasses
import os
import struct

MAGIC = 0x3143525444524f21
HEAD = struct.Struct("<QQQQQQQ24xIHHHHI")  # struct trace_head
EVENT_SIZE = 32                         # struct trace_event
LAP = 15                                # where its lap stands
HEAD_SLOTS = HEAD.size // EVENT_SIZE
PAGE = 4096
PIECE = 4 << 20
FOUR_GIB = 1 << 32                      # memory above the hole for devices has other addresses than in the file
SIZE_MOST = 4 << 20                     # of a CPU's ring, where the user says nothing


@dataclasses.dataclass
class Ring:
    """What one CPU left: whole events, the oldest first."""

    cpu: int
    events: bytes
    lost: int       # were overwritten
    torn: int       # were being written when the machine ended
    clock: dict
    moved: int
    percpu: int     # how far its per-CPU variables are from where they were linked


@contextlib.contextmanager
def memory(size):
    """A descriptor of memory for one machine."""
    fd = os.memfd_create("ram", 0)
    try:
        os.ftruncate(fd, size)
        yield fd
    finally:
        os.close(fd)


def default_size(memory_bytes, cpus):
    """trace=SIZE where nobody said one: an eighth of the memory for all CPUs, at most SIZE_MOST for each."""
    size = SIZE_MOST
    while size > PAGE and size * cpus > memory_bytes // 8:
        size //= 2
    return size


def _pages(fd):
    """(offset, bytes) of what was ever written, in pieces."""
    end = os.fstat(fd).st_size
    at = 0
    while at < end:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            return
        at = os.lseek(fd, start, os.SEEK_HOLE)
        for offset in range(start & -PAGE, at, PIECE):
            yield offset, os.pread(fd, min(PIECE, at - offset), offset)


def _blocks(fd):
    """{cpu: {number of the block: (offset, its head)}}"""
    magic, found = struct.pack("<Q", MAGIC), {}
    for offset, data in _pages(fd):
        at = data.find(magic)
        while at >= 0:
            if at % PAGE == 0 and len(data) - at >= HEAD.size:
                head = HEAD.unpack_from(data, at)
                if head[1] == offset + at or head[1] >= FOUR_GIB:
                    found.setdefault(head[10], {})[head[8]] = (offset + at, head)
            at = data.find(magic, at + 1)
    return found


def _whole(part, lap):
    """Of this part of a ring, which is of one lap, the events that are."""
    laps = part[LAP::EVENT_SIZE]
    if laps.count(lap) == len(laps):
        return part, 0
    kept = [part[i * EVENT_SIZE:(i + 1) * EVENT_SIZE] for i, of in enumerate(laps) if of == lap]
    return b"".join(kept), len(laps) - len(kept)


def _heads_below(number, slots):
    """How many of the first `number` numbers fall on heads of blocks."""
    return number // slots * HEAD_SLOTS + min(number % slots, HEAD_SLOTS)


def _ring(fd, cpu, blocks):
    _, _, taken, base, mult, moved, percpu, khz, _, count, _, _, slots = blocks[0][1]
    size = slots * count
    lap, place = divmod(taken, size)
    lap += 1
    parts, torn = [], 0
    # First what is left of the lap before, then this lap's: each block's slots without its head's.
    for old, first, last in ((True, place, size), (False, 0, place)):
        if old and lap == 1:
            continue
        for block in range(first // slots, -(-last // slots)):
            start, end = max(first - block * slots, HEAD_SLOTS), min(last - block * slots, slots)
            if start < end:
                part = os.pread(fd, (end - start) * EVENT_SIZE, blocks[block][0] + start * EVENT_SIZE)
                kept, broken = _whole(part, (lap - old) & 0xff)
                parts.append(kept)
                torn += broken
    gone = max(0, taken - size)
    clock = {"base": base, "mult": mult, "tsc_khz": khz}
    return Ring(cpu, b"".join(parts), gone - _heads_below(gone, slots), torn, clock, moved, percpu)


def rings(fd):
    """The rings in this memory, by CPU; none when the kernel did not come so far."""
    found = _blocks(fd)
    return [_ring(fd, cpu, blocks) for cpu, blocks in sorted(found.items())
            if 0 in blocks and set(blocks) == set(range(blocks[0][1][9]))]
