# SPDX-License-Identifier: BSD-2-Clause
"""What compare found: a column for each kernel, as text, CSV and JSON."""

import csv
import json
import os
import textwrap

from . import paths, provenance, rows, table

WIDTH = 100             # of what is printed
STATS = ("boot_ns", "boot_least_ns", "run_ns", "idle_ns", "mem_peak_kib", "mem_total_kib")


def _seconds(value):
    return "" if value is None else round(value, 4)


class Column:
    """All runs of one kernel. What a run printed is kept of the first; later ones must hash alike."""

    def __init__(self, kernel, options, program, want):
        """`want` has `stderr`, compare it too, and `rows`, read the program's table from it."""
        self.kernel = kernel
        self.want = want
        self.streams = ("stdout", "stderr") if want.stderr else ("stdout",)
        self.provenance = provenance.of(kernel, options, program)
        self.icount = options.icount
        self.runs = []
        self.tables = []        # with --rows, of each run that ended by itself
        self.stdout = self.stderr = b""
        self.reason = ""
        self.refusals = []
        self.output = ""
        self.agrees = False

    def add(self, turn, outcome, stdout, stderr):
        if not self.runs:
            self.stdout, self.stderr = bytes(stdout.data), bytes(stderr.data)
        self.reason = self.reason or outcome.reason
        self.refusals += [line for line in outcome.refusals if line not in self.refusals]
        self.runs.append({
            **self.provenance, "run": turn + 1, "status": outcome.status, "reason": outcome.reason,
            "wall_s": round(outcome.wall_s, 3), "first_output_s": _seconds(outcome.first_output_s), **{key: outcome.stats.get(key, "") for key in STATS},
            "instructions": self._instructions(outcome.stats),
            "stdout_bytes": stdout.size, "stdout_sha256": stdout.hash.hexdigest(),
            "stderr_bytes": stderr.size, "stderr_sha256": stderr.hash.hexdigest(),
            "refusals": "; ".join(outcome.refusals)})
        if self.want.rows and not outcome.reason:
            self.tables.append(rows.parse(stderr.data))

    def _instructions(self, stats):
        """Under shift=0 each instruction is 1 ns of the guest's clock; only with the idle time known is it exact."""
        if not self.icount or "run_ns" not in stats or "idle_ns" not in stats:
            return ""
        return stats["run_ns"] - stats["idle_ns"]

    def _distinct(self, *keys):
        return {tuple(row[key] for key in keys) for row in self.runs}

    def judge(self, reference):
        """`output` is one word for the table; `agrees` that every run of both gave one and the same result."""
        mine, other = (c._distinct(*(f"{stream}_sha256" for stream in self.streams)) for c in (self, reference))
        if len(mine) > 1:
            self.output = "varies"
        elif self is reference:
            self.output = "(reference)"
        else:
            self.output = "same" if mine == other else "different"
        self.agrees = (self.output in ("same", "(reference)") and not self.reason
                       and self._distinct("status") == reference._distinct("status"))

    @property
    def completed(self):
        """Did the program end by itself in every run, whatever its status?"""
        return not self.reason

    def values(self, key):
        """The key's values of the runs that ended by themselves."""
        return [row[key] for row in self.runs if row[key] != "" and not row["reason"]]

    def spread(self, key):
        values = self.values(key)
        return table.spread(values) if values else None

    def full_range(self, key):
        """(least, most) of all runs, or None: for what should not differ at all."""
        values = self.values(key)
        return (min(values), max(values)) if values else None

    def status(self):
        return ",".join(str(status) for status, in sorted(self._distinct("status")))


def _time_cells(column, reference, key):
    mine, other = column.spread(key), reference.spread(key)
    if not mine:
        return "-", "-", "-"
    has_interval = len(column.runs) > 1 or column.icount
    ratio = table.ratio(other, mine) if other and column is not reference and has_interval else ""
    return table.duration(mine[0]), f"{table.duration(mine[1])} .. {table.duration(mine[2])}", ratio or "-"


def _instruction_cell(column):
    """Exact where the guest tells its idle time; else only a bound, and marked so."""
    exact = column.full_range("instructions")
    if exact:
        return table.thousands(exact[0]) if exact[0] == exact[1] else \
            f"{table.thousands(exact[0])} .. {table.thousands(exact[1])}"
    bound = column.spread("run_ns")
    return "≤" + table.thousands(int(bound[0])) if bound else "-"


def text(columns, reference, icount):
    """The table, then a line for each thing that needs words."""
    emulated = columns[0].provenance["accel"] != "kvm"
    kind = "virtual time" if icount else "emulated time" if emulated else "time"
    name = reference.kernel.name
    head = ["kernel", "status", "output", kind, "range", f"{name}/it", "memory"]
    head += ["instructions"] if icount else []
    lines = [head]
    for column in columns:
        memory = column.spread("mem_peak_kib")
        row = [column.kernel.name, column.status(), column.output, *_time_cells(column, reference, "run_ns"),
               table.size_kib(int(memory[0])) if memory else "-"]
        lines.append(row + ([_instruction_cell(column)] if icount else []))
    lines = [table.plain(lines)]
    for column in columns:
        lines += [textwrap.fill(f"{column.kernel.name}: refused: {line}", WIDTH, subsequent_indent="    ")
                  for line in column.refusals]
        lines += [f"{column.kernel.name}: {column.reason}"] if column.reason else []
    if icount:
        lines.append("Virtual time: 1 ns for each instruction, and idle time; no measure of speed.")
    elif emulated:
        lines.append("Times are emulated: good for ratios in this run, not for hardware.")
    if len(columns) > 1:
        runs = len(columns[0].runs)
        lines.append(f"{name}/it: {name}'s time divided by the kernel's, " +
                     (f"where the ranges{table.meant(runs)} do not overlap." if runs > 1 or icount else
                      "from two runs on."))
    if icount:
        lines.append("Instructions: all of the machine's, from the program's first to its end, without idle time;\n"
                     "≤ where the kernel does not tell its idle time.")
    row = columns[0].provenance
    lines.append(f"Program {row['program']} sha256 {row['program_sha256'][:16]}, CPUs {row['cpus']}, "
                 f"{row['accel']}, QEMU {row['qemu'].split()[0]}, git {row['git']}.")
    return "\n".join(lines)


def document(columns, reference):
    """Everything, for machines."""
    return {"reference": reference.kernel.name,
            "kernels": [{"kernel": c.kernel.name, "status": c.status(), "output": c.output, "agrees": c.agrees,
                         "reason": c.reason, "refusals": c.refusals, "runs": c.runs, **({"rows": rows.records(c)} if c.want.rows else {})} for c in columns]}


def write_files(columns, stem):
    """build/compare/<time>.csv and .json, with --rows also .rows.csv; returns their paths as one would type them."""
    folder = paths.BUILD / "compare"
    folder.mkdir(parents=True, exist_ok=True)
    while (folder / f"{stem}.csv").exists():
        stem += "+"
    runs = [run for column in columns for run in column.runs]
    written = [_write_csv(folder / f"{stem}.csv", runs)]
    data = {"runs": runs}
    if columns[0].want.rows:
        data["rows"] = [record for column in columns for record in rows.records(column)]
        if data["rows"]:
            written.append(_write_csv(folder / f"{stem}.rows.csv", data["rows"]))
    with open(folder / f"{stem}.json", "w") as out:
        json.dump(data, out, indent=1)
    return [os.path.relpath(path) for path in [*written, folder / f"{stem}.json"]]


def _write_csv(path, records):
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, records[0].keys())
        writer.writeheader()
        writer.writerows(records)
    return path
