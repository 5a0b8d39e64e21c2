# SPDX-License-Identifier: BSD-2-Clause
"""
data.csv of an experiment: a row a run, appended as soon as the run has ended, so that ^C loses one run at most. A row is
kept as long as its `run`, the digest of all that could change it, is that of the run it stands for.
"""

import csv
import os

from . import paths
from .errors import ToolError
from .experiment_run import FAILED, NO_INPUT

FILE = "data.csv"
OWN = ["run", "repeat", "state", "reason"]
PROVENANCE = ["git", "kernel_version", "config", "image_sha256", "kernel_arguments", "qemu", "accel", "icount", "cpu", "machine",
              "streams", "boot", "seed", "program", "arguments", "program_sha256", "host_cpu", "host_load",
              "date"]
# The largest field is a reason or an argument; more is a file that somebody else wrote.
csv.field_size_limit(1 << 20)


def fields(experiment):
    return [*OWN, *experiment.columns, *(metric.name for metric in experiment.metrics), *PROVENANCE]


def read(path):
    """(header, rows as dictionaries, how many lines are no rows). The last line may be torn off: then it is no row."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
            file.seek(max(0, file.seek(0, os.SEEK_END) - 1))
            torn = bool(lines) and file.read(1) != "\n"
    except FileNotFoundError:
        return [], [], 0
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ToolError(f"{os.path.relpath(path)}: cannot be read: {error}") from None
    if not lines:
        return [], [], 0
    body = lines[1:-1] if torn and len(lines) > 1 else lines[1:]
    whole = [dict(zip(lines[0], line)) for line in body if len(line) == len(lines[0])]
    return lines[0], whole, len(lines) - 1 - len(whole)


class Data:
    """The file as it grows. `plan` is [(cell, turn)], `keys` {cell: its key}."""

    def __init__(self, experiment, plan, keys):
        self.path = experiment.folder / FILE
        self.fields = fields(experiment)
        self.order = {(keys[cell], str(turn)): at for at, (cell, turn) in enumerate(plan)}
        header, found, torn = read(self.path)
        self.rows, self.failed, self.stale = {}, 0, []
        for row in found:
            place = (row.get("run"), row.get("repeat"))
            if place not in self.order:
                self.stale.append(row)
            elif row.get("state") == FAILED:
                self.failed += 1
            else:
                self.rows[place] = row
        self.lost = torn
        self.header_changed = bool(header) and header != self.fields
        self.replaced = paths.BUILD / "experiments" / experiment.slug / "replaced.csv"
        if self.stale:
            self._write(self.replaced, header, found)
        if header != self.fields or self.stale or torn or self.failed or len(self.rows) != len(found):
            self._write(self.path, self.fields, self.rows.values())

    def has(self, key, turn):
        return (key, str(turn)) in self.rows

    def add(self, record):
        """Appends it, at once."""
        row = {field: _cell(record.get(field, "")) for field in self.fields}
        self.rows[row["run"], row["repeat"]] = row
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, self.fields, lineterminator="\n").writerow(row)
            file.flush()
            os.fsync(file.fileno())

    def finish(self):
        """In the order of the plan, whatever the order in which runs ended; the rows."""
        ordered = [self.rows[place] for place in sorted(self.rows, key=self.order.get)]
        self._write(self.path, self.fields, ordered)
        return ordered

    def _write(self, path, names, rows):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with open(fresh, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n", extrasaction="ignore", restval="")
            writer.writeheader()
            writer.writerows(rows)
        fresh.replace(path)

    def what_changed(self, lab, plan):
        """The columns in which rows that do not count any more differ from what would be run now."""
        now = {(str(cell.counted), *map(str, cell.dimensions().values())): cell for cell, _ in plan}
        names = list(plan[0][0].dimensions())
        changed = set()
        for row in self.stale:
            cell = now.get((row.get("icount", ""), *(row.get(name, "") for name in names)))
            ready = lab.ready(cell) if cell else None
            if hasattr(ready, "provenance"):
                changed |= {name for name in PROVENANCE if name in ready.provenance and name not in NO_INPUT
                            and row.get(name) != _cell(ready.provenance[name])}
        return sorted(changed)


def _cell(value):
    return str(value)
