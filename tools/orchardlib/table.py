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


def _is_number(cell):
    return cell in ("", "-") or cell.lstrip("≤±-")[:1].isdigit()


def duration(ns):
    """12.3 ms: three digits and a unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns / size < 1000 else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


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


def ratio(a, b):
    """How many times b's a is, or "" when the intervals overlap and no ratio would be honest."""
    if overlap(a, b) or b[0] == 0:
        return ""
    return f"{a[0] / b[0]:.3g}"
