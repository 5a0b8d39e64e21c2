# SPDX-License-Identifier: BSD-2-Clause
"""The table a program prints on stderr, `row ns least most rounds [what]`, of one kernel or of many side by side."""

import statistics

from . import paths, table

HEADER = ["row", "ns", "least", "most", "rounds"]
REFUSED = "refused"
MEAN_LIST = paths.ROOT / "user" / "bench" / "mean.list"


def parse(stderr):
    """
    [{row, group, what, ns, least, most, rounds, refused}] in the program's order. A line `# words` heads the rows below.
    Of a row that the kernel refuses, `name refused [ERRNO [what]]`, `refused` is the errno, and the numbers are "".
    """
    found, inside, group = [], False, ""
    for line in stderr.decode("utf-8", "replace").splitlines():
        words = line.split()
        if words[:len(HEADER)] == HEADER:
            inside = True
        elif inside and words[:1] == ["#"]:
            group = " ".join(words[1:])
        elif inside and len(words) > 1:
            entry = _entry(words)
            if entry:
                found.append({"row": words[0], "group": group, **entry})
    return found


def _entry(words):
    if words[1] == REFUSED:
        errno, *what = words[2:] or [REFUSED]
        return {"what": " ".join(what), "ns": "", "least": "", "most": "", "rounds": "", "refused": errno}
    try:
        ns, least, most = map(float, words[1:4])
        return {"what": " ".join(words[5:]), "ns": ns, "least": least, "most": most, "rounds": int(words[4]),
                "refused": ""}
    except (ValueError, IndexError):
        return None


def _entries(column, name):
    return [entry for table_of_run in column.tables for entry in table_of_run if entry["row"] == name]


def interval(column, name):
    """(median, low, high) over the runs, of one run its own least and most; or None: refused, or never there."""
    done = [entry for entry in _entries(column, name) if not entry["refused"]]
    if len(done) == 1:
        return done[0]["ns"], done[0]["least"], done[0]["most"]
    return table.spread([entry["ns"] for entry in done]) if done else None


def refusal(column, name):
    """The errno with which the kernel refuses the row, or ""."""
    return next((entry["refused"] for entry in _entries(column, name) if entry["refused"]), "")


def names(columns):
    """Every row any kernel printed, in the order of the first that did."""
    return list(dict.fromkeys(entry["row"] for c in columns for run in c.tables for entry in run))


def described(columns):
    """{row: (group, what)}, as the first that printed it says."""
    found = {}
    for entry in (entry for c in columns for run in c.tables for entry in run):
        found.setdefault(entry["row"], (entry["group"], entry["what"]))
    return found


def mean_names():
    """The published list of rows that go into the mean."""
    lines = MEAN_LIST.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def has(column, name):
    found = interval(column, name)
    return found is not None and found[0] > 0


def mean(column, reference, wanted):
    """(geometric mean of reference/column, number of rows) over those of the wanted rows that both have; or None."""
    ratios = [interval(reference, name)[0] / interval(column, name)[0]
              for name in wanted if has(column, name) and has(reference, name)]
    return (statistics.geometric_mean(ratios), len(ratios)) if len(ratios) > 1 else None


def _cell(column, reference, name, number):
    mine = interval(column, name)
    if mine is None:
        return f"{refusal(column, name) or '-'} {'':>3}"
    other = interval(reference, name)
    ratio = table.ratio(other, mine, table.two_digits) if other and column is not reference else ""
    return f"{number(mine[0])} {ratio:>3}"


def _heading(name):
    return name if len(name) <= 9 else name.rpartition("-")[2]


def side_by_side(columns, reference, counted):
    """Lines: the rows of every kernel, and their means. The reference's column is the narrow one: it has no ratio."""
    number = table.count if counted else table.short_duration
    lines = [["row", *(_heading(column.kernel.name) for column in columns)]]
    for name in names(columns):
        lines.append([name, *(_cell(c, reference, name, number).rstrip() if c is reference else
                              _cell(c, reference, name, number) for c in columns)])
    means = [None if column is reference else mean(column, reference, mean_names()) for column in columns]
    if any(means):
        lines.append(["geometric mean", *(table.two_digits(m[0]) if m else "-" for m in means)])
        lines.append(["of so many rows", *(str(m[1]) if m else "-" for m in means)])
    return table.right(lines).splitlines()


def text(columns, reference, icount):
    """The rows of every kernel side by side, and what they mean."""
    if not names(columns):
        return "\nNo rows: --rows reads a table `row ns least most rounds` from stderr, and there was none."
    return "\n".join(["", *side_by_side(columns, reference, icount), figures_legend(columns, icount),
                      *(ratios_legend(reference) if len(columns) > 1 else [])])


def figures_legend(columns, icount):
    runs = len(columns[0].runs)
    emulated = "" if columns[0].provenance["accel"] == "kvm" else "emulated "
    what = ("Instructions for one operation (of the whole machine, idle time too: under --icount 1 ns is 1)"
            if icount else f"{emulated}time for one operation".capitalize() + ", n µ m for ns µs ms")
    over = f"median{table.meant(runs)}" if runs > 1 else "median of one run's batches"
    return f"{what}: {over.rstrip(',')}."


def ratios_legend(reference):
    name = reference.kernel.name
    yield f"Beside it {name}'s divided by it: above 1 needs less than {name}; none where the intervals overlap."
    yield (f"The mean is over the rows of {MEAN_LIST.relative_to(paths.ROOT)} that both have; "
           "not bandwidth, not working sets.")


def records(column):
    """For CSV and JSON: each row of each run, with where it comes from. Time and instructions have fields of their own."""
    unit = unit_of(column)
    return [{**column.provenance, "run": turn, "row": entry["row"], "group": entry["group"],
             **{f"{u}{part}": entry[key] if u == unit else ""
                for u in UNITS for part, key in (("", "ns"), ("_least", "least"), ("_most", "most"))},
             "rounds": entry["rounds"], "refused": entry["refused"]}
            for turn, entries in enumerate(column.tables, start=1) for entry in entries]


UNITS = ("emulated_ns", "hardware_ns", "instructions")


def unit_of(column):
    if column.provenance.get("icount"):
        return "instructions"
    return "hardware_ns" if column.provenance["accel"] == "kvm" else "emulated_ns"
