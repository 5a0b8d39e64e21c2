# SPDX-License-Identifier: BSD-2-Clause
"""Plots as SVG to stand in a page: colours and fonts are the page's (page.css), words are escaped here."""

import math
from html import escape

WIDTH, LANE, LEFT, RIGHT, AXIS = 360, 26, 74, 40, 30


def strip(interval, most, kind):
    """A bar from 0 to the median, with its interval as a thin line over it; `most` is the end of the scale."""
    median, low, high = (100 * min(value / most, 1) for value in interval)
    return (f'<svg class="strip {kind}" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect class="bar" x="0" y="2" width="{median:.2f}" height="8"/>'
            f'<rect class="interval" x="{low:.2f}" y="5" width="{max(high - low, 0.8):.2f}" height="2"/></svg>')


def _ticks(low, high):
    """Powers of two, as many as there is room for."""
    first, last = math.floor(math.log2(low)), math.ceil(math.log2(high))
    step = 1 if last - first <= 8 else 2
    return [2.0 ** power for power in range(first, last + 1) if power % step == 0 or power in (0,)]


def _power(value):
    return f"{value:g}" if value >= 1 else f"1/{1 / value:g}"


def lanes(label, rows):
    """
    A lane for each of `rows`, (name, {what: ratio}, mean or None): a dot for each ratio, a line and a number for the mean,
    on a logarithmic axis that shows 1.
    """
    every = [ratio for _, ratios, mean in rows for ratio in [*ratios.values(), *([mean] if mean else [])]]
    low, high = min([0.8, *every]), max([2.0, *every])
    ticks = _ticks(low, high)
    start, end = math.log2(ticks[0]), math.log2(ticks[-1])
    height = LANE * len(rows) + AXIS

    def x(ratio):
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log2(ratio) - start) / (end - start)

    parts = [f'<svg class="lanes" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">']
    for tick in ticks:
        one = " one" if tick == 1 else ""
        parts.append(f'<line class="grid{one}" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="0" y2="{height - AXIS}"/>'
                     f'<text class="tick{one}" x="{x(tick):.1f}" y="{height - AXIS + 14}">{_power(tick)}</text>')
    for i, (name, ratios, mean) in enumerate(rows):
        middle = LANE * i + LANE / 2
        parts.append(f'<text class="name" x="0" y="{middle + 4:.0f}">{escape(name)}</text>')
        for j, (what, ratio) in enumerate(ratios.items()):
            side = "slower" if ratio < 1 else "faster"
            parts.append(f'<circle class="{side}" cx="{x(ratio):.1f}" cy="{middle + (j * 7 % 5 - 2) * 2.6:.1f}" r="2.6">'
                         f'<title>{escape(what)}: {ratio:.2g}</title></circle>')
        if mean:
            parts.append(f'<line class="mean" x1="{x(mean):.1f}" x2="{x(mean):.1f}" y1="{middle - 10}" '
                         f'y2="{middle + 10}"/><text class="value" x="{WIDTH}" y="{middle + 4:.0f}">{mean:.2f}×</text>')
    return "".join([*parts, f'<text class="label" x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{height - 3}">{escape(label)}'
                    "</text></svg>"])


BAR, NAMES, FIGURES, STACK_WIDTH = 22, 104, 62, 640


def stacked(label, rows, words):
    """
    A bar for each of `rows`, (name, [(part, value)] or None, word in place of a bar): the values side by side in the parts'
    colours (`part-NAME` in page.css), the sum behind. `words` names the parts.
    """
    most = max((sum(value for _, value in values) for _, values, _ in rows if values), default=0) or 1
    height = BAR * len(rows)
    parts = [f'<svg class="stack" viewBox="0 0 {STACK_WIDTH} {height}" role="img" aria-label="{escape(label)}">']
    for i, (name, values, word) in enumerate(rows):
        top, x = BAR * i, float(NAMES)
        parts.append(f'<text class="name" x="0" y="{top + 15}">{escape(name)}</text>')
        for part, value in values or ():
            width = value / most * (STACK_WIDTH - NAMES - FIGURES)
            if width > 0:
                parts.append(f"<g><title>{escape(name)}: {escape(words[part])} {value:,.1f}</title>"
                             f'<rect class="part-{part}" x="{x:.2f}" y="{top + 3}" width="{width:.2f}" height="{BAR - 6}"/></g>')
            x += width
        after = f"{sum(value for _, value in values):,.0f}" if values else escape(word)
        parts.append(f'<text class="sum" x="{x + 5:.1f}" y="{top + 15}">{after}</text>')
    return "".join([*parts, "</svg>"])
