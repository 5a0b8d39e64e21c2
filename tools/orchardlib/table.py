# SPDX-License-Identifier: BSD-2-Clause
"""Plain text tables, and numbers the way people read them."""

import statistics


def plain(rows):
    """Columns aligned, two spaces apart; the first row is the heading. Numbers stand right."""
    rows = [[str(cell) for cell in row] for row in rows]
    columns = list(zip(*rows))
    widths = [max(len(cell) for cell in column) for column in columns]
    right = [len(column) > 1 and all(_is_number(cell) for cell in column[1:]) for column in columns]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def right(rows):
    """As plain(), but every column after the first stands right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))])
                     .rstrip() for row in rows)


def _is_number(cell):
    return cell in ("", "-") or cell.lstrip("≤±-")[:1].isdigit()


def duration(ns):
    """12.3 ms: three digits and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns / size < 1000 else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


def _short(number, units):
    """Three digits and the first unit in which they are below 1000."""
    for unit in units:
        if float(f"{number:.3g}") < 1000:
            break
        number /= 1000
    return f"{float(f'{number:.3g}'):g}{unit}"


def short_duration(ns):
    """1.38µs: at most six characters."""
    return _short(ns, ("ns", "µs", "ms", "s"))


def count(number):
    """Exact below 100,000; then 1.38M."""
    return f"{number:.0f}" if number < 99999.5 else _short(number / 1000, ("k", "M", "G"))


def two_digits(ratio):
    """1.4, 14, .14: at most three characters from .01 to 999."""
    if ratio >= 9.95:
        return f"{ratio:.0f}"
    return f"{ratio:.1f}" if ratio >= 0.995 else f"{ratio:.2f}".lstrip("0")


def thousands(number):
    return f"{number:,}"


def size_kib(kib):
    return f"{kib / 1024:.1f} MiB" if kib >= 1024 else f"{kib} KiB"


def spread(values):
    """(median, lowest, highest): with few runs the whole range is the interval."""
    return statistics.median(values), min(values), max(values)


def overlap(a, b):
    """Whether two (median, low, high) intervals share a value."""
    return a[1] <= b[2] and b[1] <= a[2]


def ratio(a, b, form="{:.3g}".format):
    """How many times b's a is, or "" when the intervals overlap and no ratio would be honest."""
    if overlap(a, b) or b[0] == 0:
        return ""
    return form(a[0] / b[0])
