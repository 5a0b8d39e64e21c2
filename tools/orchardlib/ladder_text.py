# SPDX-License-Identifier: BSD-2-Clause
"""What the ladder found, for a terminal of 100 columns."""

import textwrap

from . import parts, table

WIDTH = 100


def number(value):
    """Exact below a thousand to a tenth, above it whole."""
    return f"{value:.1f}" if abs(value) < 1000 else f"{value:.0f}"


def signed(value):
    return f"{value:+.1f}" if abs(value) < 1000 else f"{value:+.0f}"


def gap(step):
    """How a step closes: what the parts leave of the measured difference, or have too much."""
    if abs(step["gap"]) < 0.05:
        return "closes"
    share = step["gap"] / step["measured"] if step["measured"] else 0
    share = f" ({share:+.1%})" if abs(share) >= 0.0005 else ""
    return f"{step['gap']:+.1f}{share}" + ("" if step["closes"] else " !")


def sums(cell):
    return tuple(sum(both[i] for both in cell["parts"].values()) for i in (0, 1))


def open_sums(found):
    """A line for each sum that is not what was measured: a kernel's parts, or a step's."""
    for row in found["rows"]:
        for rung, cell in zip(found["rungs"], row["kernels"]):
            if not cell["whole"]:
                yield (f"{row['row']} on {rung['kernel']}: the parts say {number(sums(cell)[0])}, the clock "
                       f"{number(cell['clock'])}")
        for rung, step in zip(found["rungs"][1:], row["steps"]):
            if step and not step["closes"]:
                yield (f"{row['row']}, the step to {rung['kernel']}: the parts say {signed(step['explained'])}, the clock "
                       f"{signed(step['measured'])}")


def _cells(row, form):
    return ["-" if cell["refused"] else form(cell) for cell in row["kernels"]]


def _steps(row, form):
    return ["", *("-" if step is None else form(step) for step in row["steps"])]


def heading(word, names):
    """A kernel's rungs below its name, so that columns stay narrow."""
    split = [[name.split("+")[0], *("+" + fragment for fragment in name.split("+")[1:])] for name in names]
    height = max(map(len, split))
    return [[word if not line else "", *(one[line] if line < len(one) else "" for one in split)] for line in range(height)]


def row_lines(found, row):
    """One row's table: kernels side by side, the parts, their sum, the clock, and the steps."""
    lines = heading(row["row"], [rung["kernel"] for rung in found["rungs"]])
    for part in parts.PARTS:
        if any(not cell["refused"] and cell["parts"][part][0] for cell in row["kernels"]):
            lines.append(["  " + parts.WORDS[part], *_cells(row, lambda cell, part=part: number(cell["parts"][part][0]))])
    lines += [["sum of the parts", *_cells(row, lambda cell: number(sums(cell)[0]))],
              ["by the clock", *[cell["refused"] or number(cell["clock"]) for cell in row["kernels"]]]]
    if len(row["kernels"]) > 1:
        lines += [["step by the clock", *_steps(row, lambda step: signed(step["measured"]))],
                  ["step by the parts", *_steps(row, lambda step: signed(step["explained"]))],
                  ["what is left", *_steps(row, gap)]]
    lines += [["memory references", *_cells(row, lambda cell: number(sums(cell)[1]))],
              ["emulated time" if found["time_is_emulated"] else "time",
               *_cells(row, lambda cell: table.short_duration(cell["time_ns"][0]) if cell["time_ns"] else "-")]]
    return table.right(lines).splitlines()


def differences(step):
    """The parts of a step in words, largest first."""
    moved = [(part, value) for part, value in step["parts"].items() if abs(value) >= 0.05]
    moved.sort(key=lambda one: -abs(one[1]))
    return ", ".join(f"{parts.WORDS[part]} {signed(value)}" for part, value in moved) or "nothing"


def text(found):
    lines = []
    for row in found["rows"]:
        lines += [f"{row['row']}: {row['what']}", *row_lines(found, row)]
        for rung, step in zip(found["rungs"][1:], row["steps"]):
            if step:
                lines += textwrap.wrap(f"{rung['kernel']} {rung['adds']}: {signed(step['measured'])}: {differences(step)}",
                                       WIDTH, initial_indent="  ", subsequent_indent="      ")
        lines.append("")
    return "\n".join([*lines, *legend(found)])


def legend(found):
    one, failed = found["rungs"][0]["provenance"], list(open_sums(found))
    yield from textwrap.wrap(
        "Instructions for one operation, exact (--icount). The parts are counted one by one by a plugin of QEMU; by the clock: "
        "what user/bench read from the guest's own clock, in the same run. A step is the difference to the kernel before; what "
        "is left is what its parts have too much (+) or too little, of the difference that was measured; ! where that is more "
        "than 5 %.", WIDTH)
    yield from [f"Does not close: {line}" for line in failed] or ["All of it closes."]
    yield from textwrap.wrap(
        f"Program sha256 {one['program_sha256'][:16]}, {one['cpu']}, QEMU {one['qemu'].split()[0]}, git {one['git']}; time: "
        f"median of {found['timed_runs']} runs in which nothing is counted.", WIDTH)
