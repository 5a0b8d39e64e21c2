# SPDX-License-Identifier: BSD-2-Clause
"""Plain text tables, and numbers the way people read them."""

import math
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
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
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
    """1.38µ: three digits and n, µ, m or s; at most five characters."""
    return _short(ns, ("n", "µ", "m", "s"))


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


CONFIDENCE = 0.95


def _left_out(count):
    """
    How many of the lowest and of the highest of `count` values the interval of their median leaves out. Between the k-th
    lowest and the k-th highest the true median lies with probability 1 - 2 P(fewer than k of count coins show heads), whatever
    the values' distribution (the sign test's interval). With 8 values or fewer it is the whole range.
    """
    tail, left_out = 2 * 0.5 ** count, 0
    while left_out + 1 < count - left_out - 1:
        tail += 2 * math.comb(count, left_out + 1) * 0.5 ** count
        if tail > 1 - CONFIDENCE:
            break
        left_out += 1
    return left_out


def spread(values):
    """(median, low, high): the median and its interval, which for 8 values or fewer is all they span."""
    left_out, ordered = _left_out(len(values)), sorted(values)
    return statistics.median(values), ordered[left_out], ordered[-1 - left_out]


def meant(count):
    """What the interval of so many runs is, in words for a legend."""
    left_out = _left_out(count)
    return f" of {count} runs" + (f", without the {left_out} lowest and highest," if left_out else "")


def overlap(a, b):
    """Whether two (median, low, high) intervals share a value."""
    return a[1] <= b[2] and b[1] <= a[2]


def ratio(a, b, form="{:.3g}".format):
    """How many times b's a is, or "" when the intervals overlap and no ratio would be honest."""
    if overlap(a, b) or b[0] == 0:
        return ""
    return form(a[0] / b[0])
