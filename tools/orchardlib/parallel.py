# SPDX-License-Identifier: BSD-2-Clause
"""
The model of parallel time (docs/model.md): each CPU has a clock of its own, which goes on by one for each instruction, and by a
price where CPUs have to do with one another. What they do is known from a run in which they took turns (tools/model/record.c);
in which order they meet is decided anew, by their clocks: a discrete-event simulation, first come, first served.
"""

import collections
import dataclasses
import heapq
import tomllib

from . import paths
from .errors import ToolError

COSTS = paths.ROOT / "tools/model/costs.toml"
BACKOFF_MAX = 64    # pauses: core/lock/ttas.c

READ, WRITE, LOCK, UNLOCK = "R", "W", "L", "U"


@dataclasses.dataclass(frozen=True)
class Costs:
    """Prices in instruction times."""

    line: float
    pause: float
    sleep: float


@dataclasses.dataclass(frozen=True)
class Event:
    when: int           # instructions of its CPU before it
    what: str
    line: int           # of the cache, that it is about: a lock's own
    lock: int = 0       # its address
    sleeps: bool = False    # who waits for it
    pc: int = 0


@dataclasses.dataclass
class Stream:
    """What one CPU did."""

    events: list
    instructions: int


@dataclasses.dataclass
class Outcome:
    span: float                 # until the last CPU was done
    clocks: list                # of each CPU, when it was done
    locks: collections.Counter  # {lock: instruction times that CPUs waited for it}
    lines: collections.Counter  # {line: likewise, for its coming}


def costs(changes=()):
    """Those of the file, with some changed: (name, number)."""
    prices = tomllib.loads(COSTS.read_text(encoding="utf-8"))
    for name, value in changes:
        if name not in prices:
            raise ToolError(f"no such price: {name}: there are {', '.join(prices)}")
        if value < 0:
            raise ToolError(f"price of {name}: {value} is less than nothing")
        prices[name] = value
    return Costs(**prices)


def handover(kind, waiting, price):
    """
    From giving back a spinlock that `waiting` CPUs want until one of them has it: lines that move one after the other, as
    docs/locks.md counts them of each kind.
    ticket: the holder fetches the line, then all read it, and the next one's turn is on the average in the middle (Boyd-Wickizer et
    al., "Non-scalable locks are dangerous", OLS 2012, have the same term in their model).
    tas: every waiting CPU has asked for the line; the holder's write stands behind them, and then the first gets it.
    ttas: the holder fetches it, one reads, and tries; of n that sleep up to 64 pauses the first wakes after 64 / (n + 1).
    mcs: the next one's node there and back, and the word. queued: the word there and back and there; of a list, two for its head.
    """
    if kind == "ticket":
        return price.line * (1 + (waiting + 1) / 2)
    if kind == "tas":
        return price.line * (waiting + 1)
    if kind == "ttas":
        return 3 * price.line + price.pause * BACKOFF_MAX / (waiting + 1)
    if kind == "mcs":
        return 3 * price.line
    if kind == "queued":
        return (3 if waiting == 1 else 5) * price.line
    raise ToolError(f"the model knows no spinlock of kind {kind}")


class _Line:
    """A line of the cache: which CPUs have a copy (a mask), and until when it is on its way to one."""

    __slots__ = ("copies", "free")

    def __init__(self):
        self.copies = 0
        self.free = 0.0


class _Lock:
    __slots__ = ("holder", "line", "waiting")

    def __init__(self):
        self.holder = None
        self.line = 0
        self.waiting = collections.deque()


class Replay:
    """One simulation. A line moves to one CPU at a time; a CPU that has the copy it needs pays nothing."""

    def __init__(self, streams, price, kind):
        self.streams, self.price, self.kind = streams, price, kind
        self.lines = collections.defaultdict(_Line)
        self.locks = collections.defaultdict(_Lock)
        self.at = [0] * len(streams)            # the next event of each
        self.clocks = [0.0] * len(streams)
        self.ready = []
        self.woken = {}                         # {CPU: (lock, since when it waits, at which instruction)}: tries again
        self.outcome = Outcome(0.0, self.clocks, collections.Counter(), collections.Counter())

    def run(self):
        for cpu in range(len(self.streams)):
            self._goes_on(cpu, 0.0, 0)
        while self.ready:
            time, cpu = heapq.heappop(self.ready)
            if cpu in self.woken:
                self._tries_again(cpu, time)
                continue
            events = self.streams[cpu].events
            if self.at[cpu] == len(events):
                self._ends(cpu, time)
                continue
            event = events[self.at[cpu]]
            self.at[cpu] += 1
            done = self._happens(cpu, time, event)
            if done is not None:
                self._goes_on(cpu, done, event.when)
        stuck = sorted(cpu for lock in self.locks.values() for cpu, *_ in lock.waiting)
        if stuck:
            raise ToolError(f"the model stands still: CPUs {', '.join(map(str, stuck))} wait for locks that nobody gives back")
        self.outcome.span = max(self.clocks, default=0.0)
        return self.outcome

    def _goes_on(self, cpu, time, done):
        """From instruction `done` on to its next event."""
        stream = self.streams[cpu]
        at = self.at[cpu]
        until = stream.events[at].when if at < len(stream.events) else stream.instructions
        heapq.heappush(self.ready, (time + max(until - done, 0), cpu))

    def _ends(self, cpu, time):
        self.clocks[cpu] = time
        for lock in [lock for lock, state in self.locks.items() if state.holder == cpu]:
            self._given_back(lock, time, False)

    def _happens(self, cpu, time, event):
        """When the CPU goes on, or None: it waits for a lock."""
        if event.what == READ:
            return self._refers(cpu, time, event.line, False)
        if event.what == WRITE:
            return self._refers(cpu, time, event.line, True)
        lock = self.locks[event.lock]
        if event.what == LOCK:
            if lock.holder is None:
                lock.holder = cpu
                return self._refers(cpu, time, event.line, True)
            lock.waiting.append((cpu, time, event.when))
            lock.line = event.line
            return None
        if lock.holder != cpu:
            return time
        if not lock.waiting:    # else what it costs is the hand-over's
            time = self._refers(cpu, time, event.line, True)
        self._given_back(event.lock, time, event.sleeps)
        return time

    def _given_back(self, address, time, sleeps):
        lock = self.locks[address]
        lock.holder = None
        if not lock.waiting:
            return
        if sleeps:      # as core/mutex.c: free for whoever comes, until the first sleeper runs
            cpu, began, when = lock.waiting.popleft()
            self.woken[cpu] = address, began, when
            heapq.heappush(self.ready, (time + self.price.sleep, cpu))
            return
        cost = handover(self.kind, len(lock.waiting), self.price)
        lock.holder, began, when = lock.waiting.popleft()
        line = self.lines[lock.line]
        line.copies = 1 << lock.holder
        line.free = max(line.free, time + cost)
        self.outcome.locks[address] += time + cost - began
        self._goes_on(lock.holder, time + cost, when)

    def _tries_again(self, cpu, time):
        """A sleeper runs: the lock is free, or it sleeps again."""
        address, began, when = self.woken.pop(cpu)
        lock = self.locks[address]
        if lock.holder is not None:
            lock.waiting.append((cpu, began, when))
            return
        lock.holder = cpu
        self.outcome.locks[address] += time - began
        self._goes_on(cpu, self._refers(cpu, time, lock.line, True), when)

    def _refers(self, cpu, time, number, writes):
        line = self.lines[number]
        mine = 1 << cpu
        has = line.copies == mine if writes else line.copies & mine
        first = not line.copies     # in nobody's cache: the same with one CPU, and no matter of sharing
        line.copies = mine if writes else line.copies | mine
        if has or first:
            return time
        line.free = max(time, line.free) + self.price.line
        self.outcome.lines[number] += line.free - time
        return line.free


def replay(streams, price, kind="ticket"):
    return Replay(streams, price, kind).run()
