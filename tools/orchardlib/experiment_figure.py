# SPDX-License-Identifier: BSD-2-Clause
"""
Figures as SVG, by Debian's python3-matplotlib: wide as a phone is, so that no letter is shrunk there, and of the same bytes
for the same data (no date, fixed identifiers, letters as outlines of the font that comes with matplotlib).
"""

import io
import math

from . import experiment_show, packages

WIDTH, HEIGHT, LINE = 4.2, 2.9, 0.26    # inches; LINE for each bar
# Paul Tol's bright scheme (personal.sron.nl/~pault): told apart by the colour-blind, and in grey.
COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#222222")
MARKS = "osD^v<>P"
SETTINGS = {"svg.hashsalt": "orchard", "svg.fonttype": "path", "font.family": "DejaVu Sans", "font.size": 9, "axes.grid": True,
            "grid.linewidth": 0.4, "grid.alpha": 0.6, "axes.axisbelow": True, "axes.spines.top": False,
            "axes.spines.right": False, "figure.facecolor": "white", "axes.titlesize": 10, "legend.fontsize": 8,
            "path.simplify": False}


def draw(experiment, rows, show):
    """The bytes of an SVG file."""
    packages.ensure(["figures"])
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    with matplotlib.rc_context({**matplotlib.rcParamsDefault, "backend": "svg", **SETTINGS}):
        found = experiment_show.grid(experiment, rows, show)
        series = list(dict.fromkeys(name for line in found.values() for name in line))
        bars = len(found) * len(series) + len(found)
        height = HEIGHT if show.kind == "line" else max(1.6, 0.9 + LINE * min(bars, 60) * (1 if len(series) == 1 else 0.72))
        figure, axes = pyplot.subplots(figsize=(WIDTH, height))
        try:
            (_lines if show.kind == "line" else _bars)(axes, show, found, series)
            (axes.set_ylabel if show.kind == "line" else axes.set_xlabel)(experiment_show.units(experiment, show))
            axes.set_title(show.title, loc="left", wrap=True)
            if len(series) > 1 or show.ideal:
                # Below the plot: beside it there is no room on a phone, and in it would be data.
                axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.55 / height - 0.06), ncol=2, frameon=False)
            out = io.BytesIO()
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": "Orchard"}, bbox_inches="tight")
        finally:
            pyplot.close(figure)
    return out.getvalue()


def _interval(points):
    """Medians, and how far the interval reaches below and above; nan where there is no number."""
    middles = [point.middle() if point else None for point in points]
    values = [middle[0] if middle else math.nan for middle in middles]
    return values, [[middle[0] - middle[1] if middle else 0 for middle in middles],
                    [middle[2] - middle[0] if middle else 0 for middle in middles]]


def _lines(axes, show, found, series):
    numeric = all(_is_number(x) for x in found)
    places = [experiment_show.number(x) for x in found] if numeric else list(range(len(found)))
    for at, name in enumerate(series):
        values, reach = _interval([line.get(name) for line in found.values()])
        there = not all(map(math.isnan, values))
        axes.errorbar(places, values, yerr=reach if there else None, label=name or None, color=COLOURS[at % len(COLOURS)],
                      marker=MARKS[at % len(MARKS)], markersize=4, linewidth=1.2, capsize=2)
    if show.ideal:
        axes.plot(places, [place / places[0] for place in places], label="ideal", color="#888888", linestyle="--", linewidth=1,
                  zorder=1)
    if "x" in show.log and numeric:
        axes.set_xscale("log", base=2)
    axes.set_xticks(places, list(found), rotation=0 if numeric else 45, ha="center" if numeric else "right")
    axes.minorticks_off()
    axes.set_xlabel(show.x)
    if "y" in show.log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)


def _bars(axes, show, found, series):
    """Lying, so that names can be read: x downwards, series within."""
    thick = 0.8 / len(series)
    most = max((point.middle()[2] for line in found.values() for point in line.values() if point.shown), default=1)
    for at, name in enumerate(series):
        points = [line.get(name) for line in found.values()]
        values, reach = _interval(points)
        places = [place + (at - (len(series) - 1) / 2) * thick for place in range(len(found))]
        spans = any(length for side in reach for length in side)
        axes.barh(places, [0 if math.isnan(value) else value for value in values], height=thick * 0.9, label=name or None,
                  color=COLOURS[at % len(COLOURS)], xerr=reach if spans else None, error_kw={"linewidth": 0.8, "capsize": 2})
        for place, value, point in zip(places, values, points):
            word = _word(point)
            axes.annotate(word or _label(value, show),
                          (0 if word else value, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7,
                          color="#222222" if not word else "#888888")
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    if show.log:
        axes.set_xscale("log")
    else:
        axes.set_xlim(0, most * 1.18)
    axes.margins(x=0.15)


def _label(value, show):
    """At the end of a bar."""
    if show.relative:
        return experiment_show.times(value)
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}".removesuffix(".0")


def _word(point):
    """What stands in place of a bar."""
    if point is None:
        return experiment_show.NONE
    if not point.shown:
        return "failed" if point.failed else point.refused or experiment_show.NONE
    return ""


def _is_number(text):
    try:
        float(text)
        return True
    except ValueError:
        return False
