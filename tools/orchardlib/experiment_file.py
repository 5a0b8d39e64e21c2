# SPDX-License-Identifier: BSD-2-Clause
"""
experiment.toml: a question, kernels, workloads, what is swept, and what is measured and shown (docs/experiments.md). Read
and checked whole before anything is built, so that nobody waits for an error; each names the file and the line.
"""

import dataclasses
import difflib
import functools
import math
import os
import re
import subprocess
from pathlib import Path

from . import bench, experiment_metrics, experiment_toml, kernels, machine, parallel, paths
from .errors import ToolError
from .experiment_metrics import TIME

NAME = "experiment.toml"
TIMEOUT = 120
MILLISECONDS = 20       # of a row of user/bench in a timed run
HOLE = re.compile(r"\{\{|\}\}|\{(\w+)\}")
FIXED = ("kernel", "workload", "row", "cpus", "memory_kib")
WORD = re.compile(r"[\w.,:/-]+")


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    program: str            # "": user/bench
    arguments: tuple
    rows: tuple             # of user/bench
    milliseconds: int
    env: tuple              # of NAME=VALUE
    add: tuple
    root: str | None
    kernels: tuple
    cpus: tuple
    memory: tuple
    boot: tuple             # names of [sweep.boot]
    metrics: tuple
    repeats: int

    def modes(self):
        """Is it run counted, timed, or both?"""
        counted, timed = any(metric.repeats for metric in self.metrics), any(metric.kind == TIME for metric in self.metrics)
        return [True] * counted + [False] * (timed or not counted)


@dataclasses.dataclass(frozen=True)
class Show:
    """A figure or a table: `value` for each of `x`, for each of `series`, of the runs that `where` lets through."""

    what: str               # figure or table
    name: str
    title: str
    x: str                  # a table's rows
    series: str             # a table's columns; "" is one
    metric: object
    where: tuple            # of (dimension, values)
    kind: str = ""          # of a figure: line or bar
    log: str = ""
    steps: bool = False     # of a table: differences to the line above
    relative: str = ""      # one of its two axes: quotients by what stands at the first value there
    ideal: bool = False     # of a line figure: the line of what grows as x does


@dataclasses.dataclass(frozen=True)
class Cell:
    """One point of the experiment. It is run again and again, and differs from all others in what `dimensions` says."""

    kernel: str
    workload: Workload
    row: str
    counted: bool
    cpus: int
    memory: int
    boot: tuple             # of (name, value)
    arguments: tuple        # of (name, value)

    def dimensions(self):
        return {"kernel": self.kernel, "workload": self.workload.name, "row": self.row, "cpus": self.cpus,
                "memory_kib": self.memory >> 10, **{f"boot:{name}": value for name, value in self.boot},
                **{f"argument:{name}": value for name, value in self.arguments}}

    def words(self):
        """What is the program's part of the command, without its name."""
        values = {name: str(value) for name, value in self.arguments}
        return [HOLE.sub(lambda hole: values[hole[1]] if hole[1] else hole[0][0], word) for word in self.workload.arguments]

    def append(self):
        """Words for the kernel command line: NAME=VALUE, NAME alone for true, nothing for false."""
        return [name if value is True else f"{name}={value}" for name, value in self.boot if value is not False]


class Experiment:
    """The whole file, checked."""

    def __init__(self, folder):
        self.folder = folder
        self.slug = folder.resolve().name
        path = folder / NAME
        self.source = experiment_toml.Source(path, os.path.relpath(path))
        top = experiment_toml.Table(self.source, ())
        self.question = top.take("question", experiment_toml.text)
        self.kernels = top.several("kernels", _kernel)
        self.metrics = _worded(top.several("metrics", experiment_metrics.named), top.table("words"))
        self.repeats = top.take("repeats", experiment_toml.number, 2)
        self.cpu = top.take("cpu", experiment_toml.text, "")
        self.machine = top.take("machine", experiment_toml.one_of(*machine.MACHINES), "q35")
        self.timeout = top.take("timeout", experiment_toml.seconds, TIMEOUT)
        self.boot_words = top.take("boot", experiment_toml.text, "")
        cpus = top.take("cpus", experiment_toml.parsed(machine.parse_cpus), 1)
        memory = top.take("memory", experiment_toml.parsed(machine.parse_memory), 512 << 20)
        self.costs = self._costs(top.table("model"))
        self._sweep(top, top.table("sweep"), cpus, memory)
        self.workloads = [self._workload(one) for one in top.tables("workload")]
        self._check_workloads(top)
        self.cells = [cell for cell in self._cells() if self.metrics_of(cell)]
        self._check_measured()
        self.columns = self._dimensions()
        self.shows = [self._show("figure", one) for one in top.tables("figure")]
        self.shows += [self._show("table", one) for one in top.tables("table")]
        self._check_names()
        top.end()

    # -- what is run ------------------------------------------------------------------------------

    def _workload(self, table):
        name = table.take("name", experiment_toml.text)
        rows = table.several("bench", _row, [])
        program = table.take("program", experiment_toml.text, "")
        if bool(rows) == bool(program):
            raise table.error(f"workload {name}: either bench, with rows, or program", "program" if program else None)
        arguments = table.several("arguments", experiment_toml.text, [], empty=True)
        milliseconds = table.take("milliseconds", experiment_toml.number, MILLISECONDS)
        for key in ("arguments",) if rows else ("milliseconds",):
            if key in table.values:
                raise table.error(f"workload {name}: {key} is for {'a program' if rows else 'bench'}", key)
        env = [f"{key}={value}" for key, value in sorted(_texts(table.table("env")).items())]
        add = table.several("add", experiment_toml.text, [])
        root = table.take("root", experiment_toml.text, None)
        only = table.several("kernels", experiment_toml.one_of(*self.kernels), self.kernels)
        cpus = table.several("cpus", experiment_toml.one_of(*self.cpus), self.cpus)
        boot = table.several("boot", experiment_toml.one_of(*self.boot), list(self.boot), empty=True)
        memory = table.several("memory", self._memory, self.memory)
        metrics = table.several("metrics", self._metric, self.metrics)
        repeats = table.take("repeats", experiment_toml.number, self.repeats)
        table.end()
        return Workload(name, program, tuple(arguments), tuple(rows), milliseconds, tuple(env), tuple(add), root, tuple(only),
                        tuple(cpus), tuple(memory), tuple(boot), tuple(metrics), repeats)

    def _memory(self, value):
        size = experiment_toml.parsed(machine.parse_memory)(value)
        if size not in self.memory:
            raise ValueError("not swept: the list of [sweep], or the one value, has no such size")
        return size

    def _costs(self, table):
        """The model's prices: its own, but for those named here."""
        changes = {}
        for name in list(table.values):
            changes[name] = table.take(name, experiment_toml.price)
            try:
                parallel.costs([(name, changes[name])])
            except ToolError as error:
                raise table.error(str(error), name) from None
        return parallel.costs(changes.items())

    def _sweep(self, top, table, cpus, memory):
        for key in ("cpus", "memory"):
            if key in table.values and key in top.values:
                raise table.error(f"{key} is swept here, and fixed above", key)
        self.cpus = table.several("cpus", experiment_toml.parsed(machine.parse_cpus), [cpus])
        self.memory = table.several("memory", experiment_toml.parsed(machine.parse_memory), [memory])
        self.boot = table.table("boot").swept(_boot_value)
        self.arguments = table.table("arguments").swept(experiment_toml.scalar)
        table.end()

    def _check_workloads(self, top):
        if not self.workloads:
            raise top.error("no [[workload]]: nothing would be run")
        names = [one.name for one in self.workloads]
        used = set()
        for at, workload in enumerate(self.workloads):
            place = ("workload", at)
            if workload.name in names[:at]:
                raise self.source.error((*place, "name"), f"workload {workload.name} is there twice")
            for word in workload.arguments:
                for hole in filter(None, (found[1] for found in HOLE.finditer(word))):
                    if hole not in self.arguments:
                        raise self.source.error((*place, "arguments"), f"{{{hole}}}: no [sweep.arguments] has {hole} "
                                                "({{ is a brace)", word)
                    used.add(hole)
        for name in self.arguments:
            if name not in used:
                raise self.source.error(("sweep", "arguments", name), f"{name} is swept, and no workload has {{{name}}}")
        for metric in self.metrics:
            if metric.of_row and not any(one.rows for one in self.workloads):
                raise top.error(f"{metric.name}: no workload has rows of bench", "metrics", metric.name)
            if metric.recorded and not any("marks" in kernel.split("+") for kernel in self.kernels):
                raise top.error(f"{metric.name}: no kernel has marks (as multi+marks has)", "metrics", metric.name)
            if (metric.recorded or ":" in metric.name) and not any(one.program for one in self.workloads):
                raise top.error(f"{metric.name}: bench prints rows, and no such line", "metrics", metric.name)

    def _check_measured(self):
        measured = {cell.workload.name for cell in self.cells}
        for at, workload in enumerate(self.workloads):
            if workload.name not in measured:
                raise self.source.error(("workload", at, "name"), f"workload {workload.name}: none of the metrics is of it")

    def metrics_of(self, cell):
        """Those that a run of this cell has."""
        both = len(cell.workload.modes()) == 2
        return [metric for metric in cell.workload.metrics if metric.is_of(cell.counted, both)
                and (cell.row or not metric.of_row) and (cell.workload.program or not (metric.recorded or ":" in metric.name))
                and (not metric.recorded or "marks" in cell.kernel.split("+"))]

    def is_modelled(self, cell):
        return cell.counted and any(metric.recorded for metric in self.metrics_of(cell))

    def _cells(self):
        """All of them, kernels innermost: neighbours are run one after the other."""
        for counted in (True, False):
            for workload in self.workloads:
                if counted not in workload.modes():
                    continue
                holes = {hole[1] for word in workload.arguments for hole in HOLE.finditer(word) if hole[1]}
                swept = [(name, values) for name, values in self.arguments.items() if name in holes]
                words = [(name, values) for name, values in self.boot.items() if name in workload.boot]
                for row in workload.rows or ("",):
                    for arguments in _product(swept):
                        for cpus in workload.cpus:
                            for memory in workload.memory:
                                for boot in _product(words):
                                    for kernel in workload.kernels:
                                        yield Cell(kernel, workload, row, counted, cpus, memory, boot, arguments)

    def runs(self):
        """(cell, repeat): all cells in turn, again and again."""
        most = max(workload.repeats for workload in self.workloads)
        return [(cell, turn) for turn in range(1, most + 1) for cell in self.cells if turn <= cell.workload.repeats]

    # -- what is shown ----------------------------------------------------------------------------

    def _dimensions(self):
        return [*FIXED, *(f"boot:{name}" for name in self.boot), *(f"argument:{name}" for name in self.arguments)]

    def _show(self, what, table):
        name = table.take("name", _plain)
        kind = experiment_toml.one_of(*self.columns)
        metric = table.take("value" if what == "table" else "y", self._metric)
        x = table.take("rows" if what == "table" else "x", kind)
        series = table.take("columns" if what == "table" else "series", kind, "")
        title = table.take("title", experiment_toml.text, self.question)
        where = self._where(table.table("where"))
        more = {}
        if what == "figure":
            more["kind"] = table.take("kind", experiment_toml.one_of("line", "bar"), "bar")
            more["log"] = table.take("log", experiment_toml.one_of("x", "y", "xy"), "")
        else:
            more["steps"] = table.take("steps", experiment_toml.flag, False)
            if more["steps"] and metric.kind == TIME:
                raise table.error("steps of times: a difference of medians has no interval; show the times", "steps")
        more["relative"] = table.take("relative", experiment_toml.one_of(*filter(None, (x, series))), "")
        if more.get("steps") and more["relative"]:
            raise table.error("relative and steps: a number is a quotient or a difference", "relative")
        if what == "figure":
            more["ideal"] = table.take("ideal", experiment_toml.flag, False)
        table.end()
        show = Show(what, name, title, x, series, metric, tuple(where.items()), **more)
        self._check_alone(table, show)
        self._check_relative(table, show)
        return show

    def _metric(self, name):
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise ValueError(f"not one of metrics: {', '.join(metric.name for metric in self.metrics)}")

    def _where(self, table):
        found = {}
        for key, value in table.values.items():
            if key not in self.columns:
                raise table.error(f"unknown column {key}: there are {', '.join(self.columns)}", key)
            there = {str(cell.dimensions().get(key)): cell.dimensions().get(key) for cell in self.cells}
            wanted = value if isinstance(value, list) and value else [value]
            for one in wanted:
                if str(one) not in there:
                    raise table.error(f"{key} = {one!r}: no run has that: there are {', '.join(there)}", key, one)
            found[key] = tuple(map(str, wanted))
        return found

    def cells_of(self, show):
        """The cells whose runs it shows."""
        return [cell for cell in self.cells if show.metric in self.metrics_of(cell)
                and all(str(cell.dimensions().get(key, "")) in values for key, values in show.where)]

    def _check_alone(self, table, show):
        """What stands in one place must differ in nothing."""
        shown = self.cells_of(show)
        if not shown:
            raise table.error(f"{show.what} {show.name}: no run has {show.metric.name} there")
        for key in self.columns:
            values = list(dict.fromkeys(str(cell.dimensions().get(key, "")) for cell in shown))
            if len(values) > 1 and key not in (show.x, show.series):
                axes = "rows or columns" if show.what == "table" else "x or series"
                raise table.error(f"{show.what} {show.name}: {key} has several values ({', '.join(values[:4])}), which would "
                                  f"fall together: name it as {axes}, or one of them in where")

    def _check_relative(self, table, show):
        """A quotient needs something to be divided; the ideal is a quotient that grows as x does."""
        values = {key: list(dict.fromkeys(str(cell.dimensions().get(key, "")) for cell in self.cells_of(show)))
                  for key in (show.x, show.relative) if key}
        if show.relative and len(values[show.relative]) < 2:
            raise table.error(f"{show.what} {show.name}: relative: {show.relative} has one value there "
                              f"({values[show.relative][0]}), so that each would be 1", "relative")
        if show.ideal and (show.kind != "line" or show.relative != show.x):
            raise table.error(f'{show.what} {show.name}: ideal is a line that grows as x does: it needs kind = "line" and '
                              f'relative = "{show.x}"', "ideal")
        if show.ideal and not all(_above_zero(value) for value in values[show.x]):
            raise table.error(f"{show.what} {show.name}: ideal: {show.x} has values that are no numbers above 0 "
                              f"({', '.join(values[show.x][:4])})", "ideal")

    def _check_names(self):
        for at, show in enumerate(self.shows):
            if (show.what, show.name) in [(other.what, other.name) for other in self.shows[:at]]:
                number = at - sum(1 for other in self.shows if other.what == "figure") * (show.what == "table")
                raise self.source.error((show.what, number, "name"), f"{show.what} {show.name} is there twice")


def _product(swept):
    """Every choice of one value for each name."""
    found = [()]
    for name, values in swept:
        found = [(*before, (name, value)) for before in found for value in values]
    return found


def _plain(value):
    if not isinstance(value, str) or not re.fullmatch(r"\w[\w-]*", value):
        raise ValueError("not a name of letters, digits and hyphens: it becomes a file's")
    return value


def _above_zero(text):
    try:
        return 0 < float(text) < math.inf
    except ValueError:
        return False


def _worded(metrics, table):
    """The metrics, in the author's words where there are some."""
    names = [metric.name for metric in metrics]
    for name in table.values:
        if name not in names:
            raise table.error(f"words for {name}, which is not one of metrics: {', '.join(names)}", name)
    words = _texts(table)
    return [dataclasses.replace(metric, words=words.get(metric.name, metric.words)) for metric in metrics]


def _texts(table):
    for key in table.values:
        table.take(key, experiment_toml.text)
    return table.values


def _boot_value(value):
    experiment_toml.scalar(value)
    if not isinstance(value, bool) and not WORD.fullmatch(str(value)):
        raise ValueError("not one word of a kernel command line")
    return value


def _kernel(value):
    """A name, or NAME+FRAGMENT: not somebody's .config, which nobody else has."""
    name = experiment_toml.text(value)
    if name not in kernels.LINUXES and name.partition("+")[0] not in kernels.names():
        near = difflib.get_close_matches(name, [*kernels.names(), *kernels.LINUXES], n=1, cutoff=0.5)
        raise ValueError("no such kernel: " + (f"did you mean {near[0]}?" if near else
                                               f"there are {', '.join([*kernels.names(), *kernels.LINUXES])}"))
    for fragment in name.split("+")[1:]:
        if not (paths.CONFIGS / f"{fragment}.config").is_file():
            raise ValueError(f"no such kernel: there is no fragment configs/{fragment}.config (see orchard list)")
    return name


@functools.cache
def rows_of_bench():
    """What user/bench says it has."""
    bench.build()
    listed = subprocess.run([str(bench.PROGRAM), "-l"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    names = [line.split()[0] for line in listed.stdout.splitlines() if line.strip() and not line.startswith("#")]
    if listed.returncode or not names:
        raise ToolError("user/bench -l lists no rows")
    return names


def _row(value):
    if value not in rows_of_bench():
        near = difflib.get_close_matches(str(value), rows_of_bench(), n=1)
        raise ValueError(f"no such row of user/bench: {f'did you mean {near[0]}?' if near else 'bench -l lists them'}")
    return value


def read(text):
    """The experiment of papers/NN-slug: its folder, or the file in it."""
    folder = Path(text)
    if folder.name == NAME:
        folder = folder.parent
    if not (folder / NAME).is_file():
        there = ", ".join(path.parent.name for path in sorted((paths.ROOT / "papers").glob(f"*/{NAME}")))
        raise ToolError(f"{text}: no {NAME} in it" + (f" (papers/ has {there})" if there else ""))
    return Experiment(folder)
