# SPDX-License-Identifier: BSD-2-Clause
"""compare --rows: the table a program prints on stderr, `row ns least most rounds`, put beside the other kernels'."""

import statistics

from . import paths, table

HEADER = ["row", "ns", "least", "most", "rounds"]
REFUSED = "refused"
MEAN_LIST = paths.ROOT / "user" / "bench" / "mean.list"


def parse(stderr):
    """[{row, ns, least, most, rounds}] in the program's order; ns is "refused" where the kernel did."""
    found, inside = [], False
    for line in stderr.decode("utf-8", "replace").splitlines():
        words = line.split()
        if words == HEADER:
            inside = True
        elif inside and len(words) == 2 and words[1] == REFUSED:
            found.append({"row": words[0], "ns": REFUSED, "least": "", "most": "", "rounds": ""})
        elif inside and len(words) == len(HEADER):
            try:
                ns, least, most = map(float, words[1:4])
                found.append({"row": words[0], "ns": ns, "least": least, "most": most, "rounds": int(words[4])})
            except ValueError:
                continue
    return found


def _interval(column, name):
    """(median, low, high) over the runs, of one run its own least and most; "refused"; or None."""
    entries = [entry for table_of_run in column.tables for entry in table_of_run if entry["row"] == name]
    done = [entry for entry in entries if entry["ns"] != REFUSED]
    if not done:
        return REFUSED if entries else None
    if len(done) == 1:
        return done[0]["ns"], done[0]["least"], done[0]["most"]
    return table.spread([entry["ns"] for entry in done])


def names(columns):
    """Every row any kernel printed, in the order of the first that did."""
    return list(dict.fromkeys(entry["row"] for c in columns for run in c.tables for entry in run))


def mean_names():
    """The published list of rows that go into the mean."""
    lines = MEAN_LIST.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _cell(mine, other, number):
    if mine is None or mine == REFUSED:
        return mine or "-"
    known = other is not None and other != REFUSED
    ratio = table.ratio(other, mine, table.two_digits) if known else ""
    return f"{number(mine[0])} {ratio:>3}"


def _mean(column, reference):
    """(geometric mean of reference/column, number of rows) over the listed rows that both have."""
    ratios = []
    for name in mean_names():
        mine, other = _interval(column, name), _interval(reference, name)
        if isinstance(mine, tuple) and isinstance(other, tuple) and mine[0] > 0 and other[0] > 0:
            ratios.append(other[0] / mine[0])
    return (statistics.geometric_mean(ratios), len(ratios)) if len(ratios) > 1 else None


def text(columns, reference, icount):
    """The rows of every kernel side by side."""
    all_names = names(columns)
    if not all_names:
        return "\nNo rows: --rows reads a table `row ns least most rounds` from stderr, and there was none."
    number = table.count if icount else table.short_duration
    lines = [["row", *(column.kernel.name for column in columns)]]
    for name in all_names:
        other = _interval(reference, name)
        lines.append([name, *(_cell(_interval(c, name), None if c is reference else other, number)
                              for c in columns)])
    means = [None if column is reference else _mean(column, reference) for column in columns]
    if any(means):
        lines.append(["geometric mean", *(table.two_digits(mean[0]) if mean else "-" for mean in means)])
        lines.append(["of so many rows", *(str(mean[1]) if mean else "-" for mean in means)])
    return "\n".join(["", table.right(lines), *_legend(columns, reference, icount, any(means))])


def _legend(columns, reference, icount, has_means):
    name, runs = reference.kernel.name, len(columns[0].runs)
    emulated = "" if columns[0].provenance["accel"] == "kvm" else "emulated "
    what = ("Instructions for one operation (of the whole machine, idle time too: under --icount 1 ns is 1)"
            if icount else f"{emulated}time for one operation".capitalize())
    over = f"median of {runs} runs" if runs > 1 else "median of one run's batches"
    yield f"{what}, {over}."
    if len(columns) > 1:
        yield (f"Beside it {name}'s divided by it: above 1 needs less than {name}; "
               "none where the ranges overlap.")
    if has_means:
        yield (f"The mean is over the rows of {MEAN_LIST.relative_to(paths.ROOT)} that both have; "
               "memory bandwidth stands outside it.")


def records(column):
    """For CSV and JSON: each row of each run, with where it comes from."""
    return [{**column.provenance, "run": turn, **entry}
            for turn, entries in enumerate(column.tables, start=1) for entry in entries]
