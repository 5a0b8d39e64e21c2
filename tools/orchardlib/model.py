# SPDX-License-Identifier: BSD-2-Clause
"""
`orchard model`: how long what a program did on several CPUs would have taken had they run at the same time, and what they waited
for. A program says between which instructions, as user/scale does (tools/model/record.c).
"""

import collections
import contextlib
import dataclasses
import hashlib
import re
import sys
import tempfile
from pathlib import Path

from . import boot, guest, kernels, machine, parallel, parallel_events, plugin, runfile, symbols, table
from .errors import ToolError
from .run import machine_options
from .sinks import MemorySink

FRAGMENT = "marks"
SHOWN = 8           # locks and lines
OPERATIONS = re.compile(rb"^operations\s+(\d+)\s*$", re.M)
CONTENTS = "the window of user/scale's instructions"


@dataclasses.dataclass
class Seen:
    """Of one window."""

    cpus: int
    operations: int
    instructions: int       # of all CPUs that took part, without waiting for locks
    outcome: parallel.Outcome
    window: parallel_events.Window

    @property
    def throughput(self):
        """Operations in a thousand instruction times."""
        return 1000 * self.operations / self.outcome.span

    def share(self, waited):
        """Of the time that all CPUs took together, each until its own end, in percent."""
        return 100 * sum(waited.values()) / sum(self.outcome.clocks)


def check(kernel):
    if kernel.is_linux:
        raise ToolError(f"{kernel.name}: the model needs a kernel with marks, and Linux has none")
    if not spinlock(kernel):
        raise ToolError(f"{kernel.name}: no marks: {kernel.name}+{FRAGMENT} has them")


def spinlock(kernel):
    """The kind, or "" where the kernel has no marks."""
    text = kernel.config.read_text(encoding="utf-8")
    found = re.search(r'^CONFIG_SPINLOCK="(\w+)"$', text, re.M)
    return found[1] if found and re.search(r"^CONFIG_MARKS=y$", text, re.M) else ""


def version(price):
    """What a modelled number depends on, besides its run."""
    files = (plugin.RECORD, Path(parallel.__file__), Path(parallel_events.__file__))
    return [dataclasses.asdict(price), *(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)]


@contextlib.contextmanager
def recording(options):
    """(the machine with the plugin, where it writes)."""
    with tempfile.TemporaryDirectory(prefix="orchard-") as work:
        out = Path(work) / "events"
        yield dataclasses.replace(options, plugin=plugin.argument(plugin.RECORD, out)), out


def seen(kernel, recorded, stdout, price):
    """Of a run that has ended: of the one window that the program opened."""
    with open(recorded, encoding="ascii") as lines:
        windows = parallel_events.parse(lines)
    if len(windows) != 1 or not windows[0].streams:
        raise ToolError(f"the program opened {len(windows)} windows, not one ({CONTENTS})" if windows else
                        f"the program opened no window, or did not close it ({CONTENTS})")
    window = windows[0]
    if window.idle:
        raise ToolError(f"CPUs went to sleep {window.idle} times while they took part: of sleep the model knows nothing")
    found = OPERATIONS.findall(stdout)
    operations = int(found[0]) if len(found) == 1 else 0
    if not operations:
        raise ToolError(f"the program printed {len(found) or 'no'} lines `operations NUMBER`" + (", not one" if found else ""))
    outcome = parallel.replay(window.streams, price, spinlock(kernel))
    return Seen(len(window.cpus), operations, sum(stream.instructions for stream in window.streams), outcome, window)


def main(options):
    kernels.check_name(options.kernel)
    name = options.kernel if not _is_ours(options.kernel) else f"{options.kernel}+{FRAGMENT}"
    price = parallel.costs(options.cost)
    program = guest.prepare(options.program, options.root, options.add, options.env, options.memory, False)
    kernel = kernels.prepare(name)
    check(kernel)
    chosen = dataclasses.replace(machine_options(options, kernel), icount=True, accel="tcg", quantum=options.quantum,
                                 append=f"{machine.UNMOVED} {options.append}".strip())
    stdout, stderr = MemorySink(), MemorySink()
    with recording(chosen) as (chosen, out):
        outcome = boot.once(kernel, chosen, program.root, runfile.encode(program.path, program.argv, program.env,
                            stdin=boot.STDIN_FILE), stdin_file=b"", stdin=None, stdout=stdout, stderr=stderr,
                            console=lambda *_: None, timeout=options.timeout)
        sys.stderr.buffer.write(bytes(stderr.data))
        if outcome.reason or outcome.status:
            raise ToolError(f"{kernel.name}: no model of it: {outcome.reason or f'exit status {outcome.status}'}")
        found = seen(kernel, out, bytes(stdout.data), price)
    print(text(kernel, found, price))
    return 0


def _is_ours(name):
    """Can a fragment stand behind it, and is it not there?"""
    return name.partition("+")[0] in kernels.names() and FRAGMENT not in name.split("+")


def text(kernel, found, price):
    prices = ", ".join(f"{name} {value:g}" for name, value in dataclasses.asdict(price).items())
    lines = [f"model: {kernel.name}, {found.cpus} CPUs, {spinlock(kernel)} spinlocks; in instruction times: {prices}",
             f"{found.operations} operations in {found.outcome.span:.0f}: {found.throughput:.5g} in a thousand; "
             f"{found.instructions / found.operations:.1f} instructions for one",
             f"CPUs wait {found.share(found.outcome.locks):.1f} % of their time for locks, "
             f"{found.share(found.outcome.lines):.1f} % for lines"]
    names = symbols.read(kernel.image)
    shown = [("waiting for", "%", "from")]
    whole = sum(found.outcome.clocks) / 100
    users = _users(found.window, names)
    waited = [(time, "lock " + (names.text(lock) or f"{lock:x}"), users[lock]) for lock, time in found.outcome.locks.items()]
    waited += [(time, f"line {line:x}", users[line]) for line, time in found.outcome.lines.items()]
    for time, what, where in sorted(waited, key=lambda one: -one[0])[:SHOWN]:
        shown.append((what, f"{time / whole:.1f}", ", ".join(name for name, _ in where.most_common(4))))
    return "\n".join(lines) + ("\n" + table.plain(shown) if len(shown) > 1 else "")


def _users(window, names):
    """{lock or line: how often which function of the kernel, or the program, referred to it}."""
    found = collections.defaultdict(collections.Counter)
    for stream in window.streams:
        for event in stream.events:
            where = (names.at(event.pc) or "?")[0] if event.pc >> 63 else "the program"
            found[event.lock or event.line][where] += 1
            if event.lock:
                found[event.line][where] += 1
    return found
