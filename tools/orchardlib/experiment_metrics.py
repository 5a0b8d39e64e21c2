# SPDX-License-Identifier: BSD-2-Clause
"""
What an experiment may measure, and of which kind each number is (docs/numbers.md): exact ones come from runs under --icount,
times from runs in which nothing is counted, and plain counts (bytes, statuses) from either; what is modelled is made of a counted
run. No column has two kinds.
"""

import dataclasses
import difflib
import re

from . import footprint
from .errors import ToolError

EXACT, TIME, COUNT, MODEL = "exact", "time", "count", "model"
KINDS = (EXACT, TIME, COUNT)    # that a program can print
UNITS = {EXACT: "instructions, exact", TIME: "emulated time", COUNT: "a count", MODEL: "a model"}


@dataclasses.dataclass(frozen=True)
class Metric:
    name: str
    kind: str
    words: str              # for an axis
    of_row: bool = False    # of one row of user/bench
    recorded: bool = False  # needs a kernel with marks, and a program with a window (model.py)

    @property
    def repeats(self):
        """Is it the same in every run?"""
        return self.kind in (EXACT, MODEL)

    def is_of(self, counted, both):
        """Is it measured in runs that are counted (or else timed)? Plain counts are in those there are, counted first."""
        return counted == self.repeats if self.kind != COUNT else counted or not both

    def value(self, seen):
        """Of one run, "" where the guest does not tell it, or a ToolError."""
        if self.of_row:
            return seen.entry["ns"] if seen.entry else ""
        if ":" in self.name:
            return _printed(self.name.partition(":")[2], seen.stdout)
        return READERS[self.name](seen)


@dataclasses.dataclass
class Seen:
    """What is known of a run that ended by itself."""

    kernel: object
    outcome: object
    stdout: bytes
    entry: dict | None      # bench's row
    model: object = None    # model.Seen


def _working(seen):
    """Under --icount 1 ns is an instruction, or idle; without the idle time (Linux does not tell it) there is no count."""
    stats = seen.outcome.stats
    return stats["run_ns"] - stats["idle_ns"] if "run_ns" in stats and "idle_ns" in stats else ""


def _stat(name):
    return lambda seen: seen.outcome.stats.get(name, "")


def _printed(key, stdout):
    """The number behind KEY, alone on its line but for a colon or an equals sign between."""
    found = re.findall(rf"^{re.escape(key)}\s*[:=]?\s*(-?\d+(?:\.\d+)?)\s*$", stdout.decode("utf-8", "replace"), re.M)
    if len(found) != 1:
        raise ToolError(f"the program printed {len(found) or 'no'} lines `{key} NUMBER`" + (", not one" if found else ""))
    return float(found[0]) if "." in found[0] else int(found[0])


def _modelled(read):
    """Six digits, of numbers that others may be divided by."""
    return lambda seen: float(f"{read(seen.model):.6g}")


READERS = {
    "instructions": _working, "boot_instructions": _stat("boot_ns"), "emulated_ns": _stat("run_ns"),
    "boot_emulated_ns": _stat("boot_ns"), "wall_s": lambda seen: round(seen.outcome.wall_s, 3),
    "mem_peak_kib": _stat("mem_peak_kib"), "mem_total_kib": _stat("mem_total_kib"),
    "model_span": _modelled(lambda model: model.outcome.span),
    "model_throughput": _modelled(lambda model: model.throughput),
    "model_lock_wait": _modelled(lambda model: model.share(model.outcome.locks)),
    "model_line_wait": _modelled(lambda model: model.share(model.outcome.lines)),
    "work_instructions": _modelled(lambda model: model.instructions / model.operations),
    "status": lambda seen: seen.outcome.status, "image_bytes": lambda seen: footprint.image(seen.kernel)[0],
}
METRICS = {metric.name: metric for metric in (
    Metric("row_instructions", EXACT, "instructions for one operation", True),
    Metric("instructions", EXACT, "instructions from the program's first to its end"),
    Metric("boot_instructions", EXACT, "instructions from the kernel's first to the program"),
    Metric("row_emulated_ns", TIME, "emulated ns for one operation", True),
    Metric("emulated_ns", TIME, "emulated ns from the program's first instruction to its end"),
    Metric("boot_emulated_ns", TIME, "emulated ns from the kernel's first instruction to the program"),
    Metric("wall_s", TIME, "seconds of the host's clock for QEMU"),
    Metric("work_instructions", EXACT, "instructions for one operation, without waiting", recorded=True),
    Metric("model_span", MODEL, "instruction times until the last CPU was done", recorded=True),
    Metric("model_throughput", MODEL, "operations in a thousand instruction times", recorded=True),
    Metric("model_lock_wait", MODEL, "percent of the CPUs' time that waits for locks", recorded=True),
    Metric("model_line_wait", MODEL, "percent of the CPUs' time that waits for lines of the cache", recorded=True),
    Metric("mem_peak_kib", COUNT, "KiB in use at most"),
    Metric("mem_total_kib", COUNT, "KiB there are"),
    Metric("status", COUNT, "exit status"),
    Metric("image_bytes", COUNT, "bytes of the kernel's image"),
)}


def named(name):
    """The metric of that name; `exact:KEY`, `time:KEY` and `count:KEY` are numbers that the program prints."""
    if isinstance(name, str):
        kind, colon, key = name.partition(":")
        if colon and kind in KINDS and key.strip():
            return Metric(name, kind, f"{key}, as the program printed it")
        if name in METRICS:
            return METRICS[name]
    near = difflib.get_close_matches(str(name), METRICS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(METRICS)}, and exact:KEY, time:KEY, count:KEY"
    raise ValueError(f"no such metric: {hint}")
