# SPDX-License-Identifier: BSD-2-Clause
"""
What an experiment found, as tables and as a page. In README.md of the paper, what stands between two markers is refreshed,
and everything around them is the author's:

    <!-- table NAME --> … <!-- end table NAME -->          <!-- figure NAME --> … <!-- end figure NAME -->
"""

import dataclasses
import os
import re

from . import ladder_text, table
from .errors import ToolError
from .experiment_metrics import EXACT, MODEL, TIME, UNITS
from .experiment_run import DONE, FAILED, REFUSED

PAGE = "README.md"
MARKER = re.compile(r"^<!-- (end )?(figure|table) (\S+) -->[ \t]*$", re.M)
NONE = "–"


@dataclasses.dataclass
class Point:
    """All runs of one place in a table or figure."""

    values: list = dataclasses.field(default_factory=list)
    refused: str = ""
    failed: bool = False
    relative: bool = False
    first: "Point | None" = None    # of a relative one: by what it is divided

    @property
    def same(self):
        """Has it one value, without an interval?"""
        if self.relative and self.first is self:
            return bool(self.values)
        return len(set(self.values)) == 1 and (not self.relative or self.first is not None and len(set(self.first.values)) == 1)

    @property
    def shown(self):
        """Is there a number? No quotient is without a first value, nor by one that may be 0."""
        return bool(self.values) and (not self.relative or self.first is not None and self.first.above_zero)

    @property
    def above_zero(self):
        return bool(self.values) and min(self.values) > 0

    def middle(self):
        """
        (median, low, high), or None. A quotient's interval holds all quotients of a value in the one interval by a value in the
        other; the first is 1, and its own spread is in the intervals of all others.
        """
        if not self.shown:
            return None
        return self._quotient(*(table.spread(point.values) for point in (self, self.first))) if self.relative else \
            table.spread(self.values)

    def ends(self):
        """(least, greatest) of all runs, or of all quotients of theirs."""
        own = (min(self.values), max(self.values))
        if not self.relative:
            return own
        first = (min(self.first.values), max(self.first.values))
        return self._quotient((1, *own), (1, *first))[1:]

    def _quotient(self, mine, first):
        if self.first is self:
            return 1, 1, 1
        sides = [a / b for a in mine[1:] for b in first[1:]]
        return mine[0] / first[0], min(sides), max(sides)


def number(text):
    value = float(text)
    return int(value) if value.is_integer() else value


def rows_of(experiment, rows, show):
    """The rows that it shows."""
    where, counted = dict(show.where), {str(cell.counted) for cell in experiment.cells_of(show)}
    return [row for row in rows if row["icount"] in counted and all(row[key] in values for key, values in where.items())]


def grid(experiment, rows, show):
    """{x: {series: Point}}, both in the order of the experiment."""
    found = {}
    for cell in experiment.cells_of(show):
        named = cell.dimensions()
        found.setdefault(str(named.get(show.x, "")), {}).setdefault(str(named.get(show.series, "")), Point())
    for row in rows_of(experiment, rows, show):
        point = found.get(row.get(show.x, ""), {}).get(row.get(show.series, "") if show.series else "")
        if point is None:
            continue
        if row["state"] == REFUSED:
            point.refused = row["reason"]
        point.failed |= row["state"] == FAILED
        if row["state"] == DONE and row[show.metric.name] != "":
            point.values.append(number(row[show.metric.name]))
    if show.relative:
        _divide(found, show)
    return found


def _divide(found, show):
    """Tells each point what it is relative to: the point of the same line (or column) at the first value of that axis."""
    first_x, first_series = next(iter(found)), next(name for line in found.values() for name in line)
    for x, line in found.items():
        for name, point in line.items():
            point.relative = True
            point.first = found[first_x].get(name) if show.relative == show.x else found[x].get(first_series)


# -- tables ---------------------------------------------------------------------------------------

def _figure(value, signed=False):
    """With a decimal below a thousand where there is one to show; exact numbers whole otherwise."""
    if isinstance(value, float) and abs(value) < 1000:
        return ladder_text.signed(value) if signed else ladder_text.number(value)
    return f"{round(value):+,}" if signed else f"{round(value):,}"


def _quotient_text(point, metric):
    """A time's interval stands alone when it holds 1: whether it is more or less is not known."""
    middle, low, high = point.middle()
    if point.same:
        return times(middle)
    if metric.kind == TIME:
        span = f"{times(low)} .. {times(high)}"
        return span if low <= 1 <= high else f"{times(middle)} ({span})"
    return " .. ".join(map(times, point.ends()))


def times(value):
    """How many times the first it is, to the second decimal or three digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def _cell_text(point, metric, above):
    if point is None:
        return NONE
    if not point.shown:
        return "failed" if point.failed else point.refused or NONE
    if point.relative:
        return _quotient_text(point, metric) + (" (failed)" if point.failed else "")
    middle, low, high = point.middle()
    if above is not None and point.same and above.same:
        text = _figure(round(middle - above.values[0], 6), signed=True)
        text = "0" if float(text.replace(",", "")) == 0 else text
    elif metric.kind == TIME and len(point.values) > 1:
        text = f"{_figure(middle)} ({_figure(low)} .. {_figure(high)})"
    else:       # what should be the same, and is not, is shown as what it spans
        text = _figure(point.values[0]) if point.same else f"{_figure(min(point.values))} .. {_figure(max(point.values))}"
    return text + (" (failed)" if point.failed else "")


def cells(experiment, rows, show):
    """Lines of text: the heading, then a line for each x. With `steps` the first that has a number, then differences."""
    found = grid(experiment, rows, show)
    columns = list(dict.fromkeys(name for line in found.values() for name in line))
    lines = [[show.x, *([show.metric.name] if not show.series else columns)]]
    above = dict.fromkeys(columns)
    for x, line in found.items():
        text = []
        for name in columns:
            point = line.get(name)
            text.append(_cell_text(point, show.metric, above[name] if show.steps else None))
            if point and point.same:
                above[name] = point
        lines.append([x, *text])
    return lines


def _escaped(text):
    return text.replace("|", "\\|")


def markdown(lines):
    head, *body = [[_escaped(cell) for cell in line] for line in lines]
    code = [[f"`{first}`", *rest] for first, *rest in body]
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---", *["---:"] * (len(head) - 1)], *code])


def _from(rows):
    """Where the numbers are from, in a sentence."""
    rows = [row for row in rows if row["state"] == DONE] or rows

    def all_of(name, form=lambda value: value):
        return ", ".join(dict.fromkeys(form(row[name]) for row in rows if row[name]))

    parts = [f"QEMU {all_of('qemu', lambda text: text.split()[0])}", all_of("accel").upper(), f"`-cpu {all_of('cpu')}`",
             f"tree {all_of('git')}"]
    programs = list(dict.fromkeys(row["program_sha256"] for row in rows if row["program_sha256"]))
    parts += [f"program {programs[0][:12]}"] if len(programs) == 1 else []
    return ", ".join(parts)


def legend(experiment, rows, show):
    """What the numbers are, and where they are from."""
    mine = [row for row in rows_of(experiment, rows, show) if row["state"] != DONE or row[show.metric.name] != ""]
    words = show.metric.words[0].upper() + show.metric.words[1:]
    what = {EXACT: "exact (`--icount`)", TIME: "emulated: for ratios here, not for hardware"}.get(show.metric.kind, "counted")
    if show.metric.kind == MODEL:
        what = "a model ([docs/model.md](../../docs/model.md); " + ", ".join(
            f"{name} {price:g}" for name, price in dataclasses.asdict(experiment.costs).items()) + ")"
    if show.metric.name == "wall_s":
        what = "the host's time, for its load too"
    points = [point for line in grid(experiment, rows, show).values() for point in line.values() if point.values]
    runs = max((len(point.values) for point in points), default=0)
    said = f"{words}, {what}; {runs} run{'s' if runs != 1 else ''} of each"
    if show.metric.repeats and runs > 1:
        said += ", all equal" if all(len(set(point.values)) == 1 for point in points) else ", not all equal"
    if show.steps:
        said += "; the first line that has a number, then the difference to the line above"
    if show.relative:
        said += f"; each divided by its own at {first_of(experiment, show)}"
    return f"*{said}. {_from(mine)}.*"


# -- the page -------------------------------------------------------------------------------------

def sections(text, name):
    """[(what, name, start, end)] of what stands between markers; whatever is wrong with them, with its line."""
    found, open_one = [], None
    for marker in MARKER.finditer(text):
        line = text.count("\n", 0, marker.start()) + 1
        ends, what, which = marker.groups()
        if ends and (open_one is None or open_one[:2] != (what, which)):
            raise ToolError(f"{name}:{line}: end of {what} {which}, which was not begun")
        if not ends and open_one is not None:
            raise ToolError(f"{name}:{line}: {what} {which} begins before {open_one[0]} {open_one[1]} has ended")
        if ends:
            found.append((what, which, open_one[2], marker.start()))
            open_one = None
        else:
            open_one = (what, which, marker.end())
    if open_one is not None:
        raise ToolError(f"{name}: no end of {open_one[0]} {open_one[1]}")
    return found


def page_of(experiment):
    """(path, text, sections) of the paper's page, or None: checked before anything is run."""
    path = experiment.folder / PAGE
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    found = sections(text, os.path.relpath(path))
    known = [(show.what, show.name) for show in experiment.shows]
    for what, name, start, _ in found:
        if (what, name) not in known:
            line = text.count("\n", 0, start) + 1
            raise ToolError(f"{os.path.relpath(path)}:{line}: {what} {name}: experiment.toml has none of that name")
    return path, text, found


def refreshed(text, found, contents):
    """The page with what is between markers put anew; `contents` is {(what, name): Markdown}."""
    for what, name, start, end in reversed(found):
        text = f"{text[:start]}\n{contents[what, name]}\n{text[end:]}"
    return text


def content(experiment, rows, show):
    """What goes between the markers."""
    if show.what == "figure":
        return f"![{show.title}]({show.name}.svg)\n\n{legend(experiment, rows, show)}"
    return f"{markdown(cells(experiment, rows, show))}\n\n{legend(experiment, rows, show)}"


def refresh(experiment, rows, page):
    """Writes the page when it has changed; returns (path or None, figures and tables that it does not show)."""
    if page is None:
        return None, [show for show in experiment.shows]
    path, text, found = page_of(experiment) or page     # as the author has left it by now
    shown = {(what, name) for what, name, _, _ in found}
    contents = {(show.what, show.name): content(experiment, rows, show) for show in experiment.shows}
    new = refreshed(text, found, contents)
    if new != text:
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(new, encoding="utf-8")
        fresh.replace(path)
    return path, [show for show in experiment.shows if (show.what, show.name) not in shown]


def text(experiment, rows):
    """All tables for a terminal."""
    parts = []
    for show in experiment.shows:
        if show.what == "table":
            parts += ["", show.title, table.right(cells(experiment, rows, show)), legend(experiment, rows, show).strip("*")]
    return "\n".join(parts).lstrip("\n")


def first_of(experiment, show):
    """What each is relative to, as NAME VALUE."""
    return f"{show.relative} {experiment.cells_of(show)[0].dimensions().get(show.relative, '')}"


def units(experiment, show):
    if show.relative:
        return f"times that at {first_of(experiment, show)}"
    kind = show.metric.kind
    return show.metric.words if kind not in (EXACT, MODEL) else f"{show.metric.words} ({UNITS[kind].rpartition(' ')[2]})"
