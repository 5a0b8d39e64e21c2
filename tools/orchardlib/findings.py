# SPDX-License-Identifier: BSD-2-Clause
"""What the suite found, as plain values: for each row and kernel time, instructions and ratios. Texts are made of it."""

import dataclasses

from . import kernels, rows, table


@dataclasses.dataclass
class Cell:
    """One row on one kernel. Intervals are (median, low, high); a ratio is None where the intervals overlap."""

    refused: str
    time: tuple | None
    time_ratio: float | None
    count: tuple | None
    count_ratio: float | None


@dataclasses.dataclass
class Row:
    name: str
    group: str
    what: str
    in_mean: bool
    cells: list         # in the kernels' order


@dataclasses.dataclass
class Kernel:
    """One column: two report.Columns, one timed and one counted, and the footprint."""

    timed: object
    counted: object
    footprint: object
    is_reference: bool
    time_mean: tuple | None = None      # (ratio, of so many rows)
    count_mean: tuple | None = None
    common_time_mean: tuple | None = None
    common_count_mean: tuple | None = None

    @property
    def name(self):
        return self.timed.kernel.name

    @property
    def axes(self):
        return kernels.axes(self.name)

    @property
    def reason(self):
        """Why a run did not end by itself, or ""."""
        return self.timed.reason or self.counted.reason

    @property
    def refusals(self):
        """What the kernel itself said about what it refused."""
        return list(dict.fromkeys(self.timed.refusals + self.counted.refusals))

    @property
    def repeats(self):
        """Did every counted run print the same, digit by digit?"""
        return len({run["stderr_sha256"] for run in self.counted.runs}) == 1 and not self.counted.reason


class Findings:
    """All of it. `emulated` says that time is not the hardware's."""

    def __init__(self, timed, counted, footprints, reference, began, took_s):
        self.kernels = [Kernel(t, c, f, t is reference) for t, c, f in zip(timed, counted, footprints)]
        self.reference = next(kernel for kernel in self.kernels if kernel.is_reference)
        self.began = began          # time.strftime's
        self.took_s = took_s
        self.emulated = reference.provenance["accel"] != "kvm"
        described = rows.described([*timed, *counted])
        listed = rows.mean_names()
        self.rows = [Row(name, *described[name], name in listed, [self._cell(k, name) for k in self.kernels])
                     for name in rows.names([*timed, *counted])]
        common = [row.name for row in self.rows
                  if row.in_mean and all(rows.has(k.timed, row.name) for k in self.kernels)]
        for kernel in self.kernels:
            if not kernel.is_reference:
                self._means(kernel, listed, common)

    def _cell(self, kernel, name):
        cell = Cell(rows.refusal(kernel.timed, name) or rows.refusal(kernel.counted, name), None, None, None, None)
        cell.time, cell.time_ratio = self._value(kernel.timed, self.reference.timed, name)
        cell.count, cell.count_ratio = self._value(kernel.counted, self.reference.counted, name)
        return cell

    @staticmethod
    def _value(column, reference, name):
        mine, other = rows.interval(column, name), rows.interval(reference, name)
        if mine is None or other is None or column is reference or table.overlap(mine, other) or not mine[0]:
            return mine, None
        return mine, other[0] / mine[0]

    def _means(self, kernel, listed, common):
        timed, counted = self.reference.timed, self.reference.counted
        kernel.time_mean = rows.mean(kernel.timed, timed, listed)
        kernel.count_mean = rows.mean(kernel.counted, counted, listed)
        kernel.common_time_mean = rows.mean(kernel.timed, timed, common)
        kernel.common_count_mean = rows.mean(kernel.counted, counted, common)

    def groups(self):
        """[(title, rows)] in order."""
        titles = list(dict.fromkeys(row.group for row in self.rows))
        return [(title, [row for row in self.rows if row.group == title]) for title in titles]

    def slower(self, ratio):
        """[([our kernels' names], [rows])] of listed rows whose ratio ("time_ratio" or "count_ratio") is below 1."""
        found = []
        for i, kernel in enumerate(self.kernels):
            slow = [row.name for row in self.rows
                    if row.in_mean and getattr(row.cells[i], ratio) and getattr(row.cells[i], ratio) < 1]
            if not kernel.timed.kernel.is_linux:
                found.append((kernel.name, slow))
        return _alike(found)

    def refused(self):
        """[([kernels' names], errno, [rows])] of what is refused."""
        errnos = dict.fromkeys(cell.refused for row in self.rows for cell in row.cells if cell.refused)
        return [(names, errno, refused) for errno in errnos for names, refused in _alike(
            [(kernel.name, [row.name for row in self.rows if row.cells[i].refused == errno])
             for i, kernel in enumerate(self.kernels)])]

    def said(self):
        """[([kernels' names], [what they said of their refusals])]."""
        return _alike([(kernel.name, kernel.refusals) for kernel in self.kernels])


def _alike(pairs):
    """[([names], rows)] from (name, rows): those with the same rows together, those with none left out."""
    together = {}
    for name, rows_of_it in pairs:
        if rows_of_it:
            together.setdefault(tuple(rows_of_it), []).append(name)
    return [(names, list(rows_of_them)) for rows_of_them, names in together.items()]


def boot_time(column):
    """((median, low, high) in ns, is it only a lower bound?), or (None, False)."""
    exact, least = column.spread("boot_ns"), column.spread("boot_least_ns")
    return (exact, False) if exact else (least, bool(least))
