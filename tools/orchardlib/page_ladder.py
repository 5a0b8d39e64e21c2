# SPDX-License-Identifier: BSD-2-Clause
"""The ladder as a section of the report: for each row a bar for each kernel, stacked from the parts, and the figures."""

from html import escape

from . import ladder_text, parts, plot, table


def section(found, note=""):
    """`note`: a sentence on where the figures are from."""
    one = found["rungs"][0]["provenance"]
    legend = "".join(f'<span class="key"><i class="part-{part}"></i>{parts.WORDS[part]}</span>' for part in parts.PARTS)
    chain = "".join(f"<li><b>{escape(rung['kernel'])}</b> {escape(rung['adds'])}</li>" for rung in found["rungs"])
    failed = "".join(f'<p class="failed">{escape(line)}</p>' for line in ladder_text.open_sums(found))
    when = found["began"][:16].replace("T", " ")
    return ('<section id="ladder"><h2>The ladder</h2><p>What stands between neighbours, one mechanism at a time, and where '
            "in an operation it is paid. Instructions, exact: each was counted by its address and belongs to one part; beside "
            "the sum of the parts stands what the guest's own clock measured, and the difference to the kernel above. Where a "
            "step's parts miss the measured difference by more than 5 %, it is marked !.</p>"
            f'<p class="soft">{escape(note)} Tree <code>{escape(one["git"])}</code>, {escape(when)}.</p>{failed}'
            f'<ol class="chain">{chain}</ol><p class="keys">{legend}</p>{"".join(_row(found, row) for row in found["rows"])}'
            "</section>")


def _row(found, row):
    bars = [(rung["kernel"], [(part, cell["parts"][part][0]) for part in parts.PARTS] if not cell["refused"] else None,
             cell["refused"]) for rung, cell in zip(found["rungs"], row["kernels"])]
    return (f'<h3>{escape(row["row"])}: {escape(row["what"])}</h3><figure>{plot.stacked(row["row"], bars, parts.WORDS)}</figure>'
            f"{_figures(found, row)}")


def _figures(found, row):
    """Kernels down, parts across; the difference to the kernel before stands small below each figure."""
    word = "emulated time" if found["time_is_emulated"] else "time"
    shown = [part for part in parts.PARTS if any(not c["refused"] and c["parts"][part][0] for c in row["kernels"])]
    heads = ["kernel", *(parts.WORDS[part] for part in shown), "sum", "by the<br>clock", "what is<br>left",
             "memory<br>references", word]
    lines = []
    for i, (rung, cell) in enumerate(zip(found["rungs"], row["kernels"])):
        step = row["steps"][i - 1] if i else None
        lines.append([f"<b>{escape(rung['kernel'])}</b>", *_cells(cell, step, shown)])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines)
    return f'<div class="wide steps"><table><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr>{body}</table></div>'


def _cells(cell, step, shown):
    if cell["refused"]:
        return [f'<span class="none">{escape(cell["refused"])}</span>', *[""] * (len(shown) + 4)]
    total, references = ladder_text.sums(cell)

    def figure(value, difference):
        small = f" <small>{ladder_text.signed(difference)}</small>" if step and abs(difference) >= 0.05 else ""
        return ladder_text.number(value) + small

    return [*(figure(cell["parts"][part][0], step["parts"][part] if step else 0) for part in shown),
            figure(total, step["explained"] if step else 0), figure(cell["clock"], step["measured"] if step else 0),
            escape(ladder_text.gap(step)) if step else "", ladder_text.number(references),
            table.duration(cell["time_ns"][0]) if cell["time_ns"] else "–"]
