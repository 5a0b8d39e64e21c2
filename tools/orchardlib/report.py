# SPDX-License-Identifier: BSD-2-Clause
"""What compare found: a column for each kernel, as text, CSV and JSON."""

import csv
import json
import os

from . import paths, provenance, table

STATS = ("boot_ns", "run_ns", "idle_ns", "mem_peak_kib", "mem_total_kib")


class Column:
    """All runs of one kernel. What a run printed is kept of the first; later ones must hash alike."""

    def __init__(self, kernel, options, program):
        self.kernel = kernel
        self.provenance = provenance.of(kernel, options, program)
        self.icount = options.icount
        self.rows = []
        self.stdout = self.stderr = b""
        self.reason = ""
        self.refusals = []
        self.output = ""
        self.agrees = False

    def add(self, turn, outcome, stdout, stderr):
        if not self.rows:
            self.stdout, self.stderr = bytes(stdout.data), bytes(stderr.data)
        self.reason = self.reason or outcome.reason
        self.refusals += [line for line in outcome.refusals if line not in self.refusals]
        self.rows.append({
            **self.provenance, "run": turn + 1, "status": outcome.status, "reason": outcome.reason,
            "wall_s": round(outcome.wall_s, 3), **{key: outcome.stats.get(key, "") for key in STATS},
            "instructions": self._instructions(outcome.stats),
            "stdout_bytes": stdout.size, "stdout_sha256": stdout.hash.hexdigest(),
            "stderr_bytes": stderr.size, "stderr_sha256": stderr.hash.hexdigest(),
            "refusals": "; ".join(outcome.refusals)})

    def _instructions(self, stats):
        """Under shift=0 each instruction is 1 ns of the guest's clock; only with the idle time known is it exact."""
        if not self.icount or "run_ns" not in stats or "idle_ns" not in stats:
            return ""
        return stats["run_ns"] - stats["idle_ns"]

    def _distinct(self, *keys):
        return {tuple(row[key] for key in keys) for row in self.rows}

    def judge(self, reference):
        """`output` is one word for the table; `agrees` that every run of both gave one and the same result."""
        mine, other = (c._distinct("stdout_sha256", "stderr_sha256") for c in (self, reference))
        if len(mine) > 1:
            self.output = "varies"
        elif self is reference:
            self.output = "(reference)"
        else:
            self.output = "same" if mine == other else "different"
        self.agrees = (self.output in ("same", "(reference)") and not self.reason
                       and self._distinct("status") == reference._distinct("status"))

    def values(self, key):
        """The key's values of the runs that ended by themselves."""
        return [row[key] for row in self.rows if row[key] != "" and not row["reason"]]

    def spread(self, key):
        values = self.values(key)
        return table.spread(values) if values else None

    def status(self):
        return ",".join(str(status) for status, in sorted(self._distinct("status")))


def _time_cells(column, reference, key):
    mine, other = column.spread(key), reference.spread(key)
    if not mine:
        return "-", "-", "-"
    ratio = table.ratio(mine, other) if other and column is not reference else ""
    return table.duration(mine[0]), f"{table.duration(mine[1])} .. {table.duration(mine[2])}", ratio or "-"


def _instruction_cell(column):
    """Exact where the guest tells its idle time; else only a bound, and marked so."""
    exact = column.spread("instructions")
    if exact:
        return table.thousands(int(exact[0])) if exact[1] == exact[2] else \
            f"{table.thousands(exact[1])} .. {table.thousands(exact[2])}"
    bound = column.spread("run_ns")
    return "≤" + table.thousands(int(bound[0])) if bound else "-"


def text(columns, reference, icount):
    """The table, then a line for each thing that needs words."""
    kind = "time" if columns[0].provenance["accel"] == "kvm" else "emulated time"
    name = reference.kernel.name
    head = ["kernel", "status", "output", kind, "range", f"x {name}", "memory"]
    head += ["instructions"] if icount else []
    rows = [head]
    for column in columns:
        memory = column.spread("mem_peak_kib")
        row = [column.kernel.name, column.status(), column.output, *_time_cells(column, reference, "run_ns"),
               table.size_kib(int(memory[0])) if memory else "-"]
        rows.append(row + ([_instruction_cell(column)] if icount else []))
    lines = [table.plain(rows)]
    for column in columns:
        lines += [f"{column.kernel.name}: refused: {line}" for line in column.refusals]
        lines += [f"{column.kernel.name}: {column.reason}"] if column.reason else []
    if not columns[0].provenance["accel"] == "kvm":
        lines.append(f"Times are emulated: good for ratios in this run, not for hardware. "
                     f"A ratio stands only where the ranges of {len(columns[0].rows)} runs do not overlap.")
    if icount:
        lines.append("Instructions: all of the machine from the program's first instruction to its end, less idle "
                     "time; ≤ where the kernel does not tell its idle time.")
    row = columns[0].provenance
    lines.append(f"Program {row['program']} sha256 {row['program_sha256'][:16]}, {row['cpus']} CPU, "
                 f"{row['accel']}, QEMU {row['qemu'].split()[0]}, git {row['git']}.")
    return "\n".join(lines)


def document(columns, reference):
    """Everything, for machines."""
    return {"reference": reference.kernel.name,
            "kernels": [{"kernel": c.kernel.name, "status": c.status(), "output": c.output, "agrees": c.agrees,
                         "reason": c.reason, "refusals": c.refusals, "runs": c.rows} for c in columns]}


def write_files(columns, stem):
    """build/compare/<time>.csv and .json; returns their paths as the user would type them."""
    folder = paths.BUILD / "compare"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for column in columns for row in column.rows]
    while (folder / f"{stem}.csv").exists():
        stem += "+"
    with open(folder / f"{stem}.csv", "w", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    with open(folder / f"{stem}.json", "w") as out:
        json.dump(rows, out, indent=1)
    return [os.path.relpath(folder / f"{stem}.{kind}") for kind in ("csv", "json")]
