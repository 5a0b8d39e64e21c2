# SPDX-License-Identifier: BSD-2-Clause
"""
The suite's report as one HTML file: no script, nothing fetched, light and dark, for a phone and for a desktop. Time and
instructions never share a column or a plot.
"""

import math
import time
from html import escape
from pathlib import Path

from . import page_ladder, plot, rows, suite_text, table

STYLE = Path(__file__).with_name("page.css")
# Of a column's provenance: what is said once when it is the same for all.
PROVENANCE = {"git": "tree", "kernel_version": "kernel", "config": "configuration", "image_sha256": "sha256 of its image",
              "kernel_arguments": "command line",
              "qemu": "QEMU", "accel": "accelerator", "cpu": "CPU model", "cpus": "CPUs", "memory_kib": "memory, KiB",
              "boot": "booted by", "seed": "seed", "program": "program", "program_sha256": "its sha256",
              "arguments": "its arguments"}
NO_RATIO = "≈"


def html(found, attacks=None, ladder=None):
    """`attacks` and `ladder`: what attack.remembered() and ladder.remembered() return, if these have run."""
    title = f"Orchard: one program on {len(found.kernels)} kernels"
    images = {kernel.timed.provenance["image_sha256"] for kernel in found.kernels}
    return around(title, "\n".join([
        _head(found, title, attacks, ladder), _glance(found), _kernels(found), _matrices(found), _rows(found), _refusals(found),
        page_ladder.section(ladder, age(ladder, images, found.began)) if ladder else "",
        _attacks(attacks, age(attacks, images, found.began)) if attacks else "", _provenance(found), _how_to_read(found)]))


def around(title, body):
    """A whole page."""
    return (f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
            f"<style>\n{STYLE.read_text()}</style></head>\n<body>\n{body}\n</body></html>\n")


def age(kept, images, began):
    """What a reader shall know of results that are from another command: of these kernels, or of others, and how old."""
    hours = max(0.0, (time.mktime(began) - kept.get("epoch", 0)) / 3600)
    when = "just now" if hours < 0.5 else f"{hours:.0f} hours before" if hours < 48 else f"{hours / 24:.0f} days before"
    mine = {one.get("image_sha256") for one in kept.get("rungs") or kept["kernels"]}
    if mine & images:
        others = f", and {len(mine - images)} more" if mine - images else ""
        return f"Found {when} on {len(mine & images)} of the kernels of this report, the same images to the byte{others}."
    return f"Found {when}, on other images than those of this report: run the command again."


def _time_word(found):
    return "emulated time" if found.emulated else "time"


def _head(found, title, attacks, ladder):
    row = found.reference.timed.provenance
    when = time.strftime("%-d %B %Y, %H:%M", found.began)
    failures = "".join(f'<p class="failed"><b>{escape(k.name)}</b>: {escape(k.reason)}</p>'
                       for k in found.kernels if k.reason)
    links = [("glance", "At a glance"), ("kernels", "Kernels"), ("matrix", "Ratios"), ("rows", "Rows"),
             ("refusals", "Refusals"), *([("ladder", "The ladder")] if ladder else []),
             *([("attacks", "Attacks")] if attacks else []),
             ("provenance", "Provenance"), ("reading", "How to read this")]
    return (f"<header><h1>{escape(title)}</h1>"
            f'<p>The same file, <code>{escape(row["program"])}</code>, sha256 <code>{row["program_sha256"][:16]}…</code>, '
            f"ran on every kernel under the same QEMU. {len(found.reference.timed.runs)} interleaved runs were timed, "
            f"{len(found.reference.counted.runs)} were counted. {when}, tree <code>{escape(row['git'])}</code>, "
            f"{found.took_s / 60:.1f} minutes.</p>{failures}"
            f"<nav>{''.join(f'<a href=#{anchor}>{word}</a>' for anchor, word in links)}</nav></header>")


def _short(name):
    """As a heading of a narrow column, and beside a plot."""
    return name if len(name) <= 9 else name.rpartition("-")[2]


# ---- at a glance ----

def _lanes(found, ratio, mean, label):
    picture = [(_short(kernel.name),
                {row.name: getattr(row.cells[i], ratio) for row in found.rows if getattr(row.cells[i], ratio) and row.in_mean},
                getattr(kernel, mean) and getattr(kernel, mean)[0])
               for i, kernel in enumerate(found.kernels) if not kernel.is_reference]
    return plot.lanes(label, picture)


def _links(names):
    return ", ".join(f'<a href="#{_anchor(name)}">{escape(name)}</a>' for name in names)


def _slower(found, ratio, what):
    slower = found.slower(ratio)
    name = escape(found.reference.name)
    if not slower:
        return f"<p>No listed row needs more {what} than {name} on any of our kernels.</p>"
    items = "".join(f"<li><b>{escape(', '.join(names))}</b>: {_links(of_them)}</li>" for names, of_them in slower)
    return f"<p>More {what} than {name}:</p><ul>{items}</ul>"


def _glance(found):
    name, word = escape(found.reference.name), _time_word(found)
    if len(found.kernels) < 2:
        return '<section id="glance"></section>'
    return (f'<section id="glance"><h2>At a glance</h2>'
            f"<p>How many times as much {name} needs for the same operation: above 1 the kernel is better. A dot is a row, "
            f"the bar and the number are the geometric mean over the rows that both have.</p>"
            f'<div class="pair"><figure><h3>{word.capitalize()}</h3>{_lanes(found, "time_ratio", "time_mean", f"{name} / kernel, {word}")}'
            f"{_slower(found, 'time_ratio', word)}</figure>"
            f'<figure><h3>Instructions</h3>{_lanes(found, "count_ratio", "count_mean", f"{name} / kernel, instructions")}'
            f"{_slower(found, 'count_ratio', 'instructions')}</figure></div>"
            f"</section>")


# ---- the kernels ----

def _mean(mean):
    return f"{mean[0]:.2f}× <small>of {mean[1]}</small>" if mean else "–"


def _boot_count(kernel):
    count = kernel.counted.full_range("boot_ns")
    if not count:
        return "–"
    return table.thousands(count[0]) if count[0] == count[1] else f"{count[0]:,}–{count[1]:,}"


def _table(heads, lines):
    return ('<div class="wide"><table><tr>' + "".join(f"<th>{head}</th>" for head in heads) + "</tr>" +
            "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines) + "</table></div>")


def _kernels(found):
    word = "emulated" if found.emulated else "time"
    means, needs = [], []
    for kernel in found.kernels:
        output, peak = kernel.timed.spread("first_output_s"), kernel.timed.spread("mem_peak_kib")
        name = f"<b>{escape(kernel.name)}</b>"
        means.append([name, *map(escape, kernel.axes[:3]), _mean(kernel.time_mean), _mean(kernel.common_time_mean),
                      _mean(kernel.count_mean), _mean(kernel.common_count_mean)])
        needs.append([name, escape(suite_text.boot(kernel)), _boot_count(kernel), f"{output[0]:.2f} s" if output else "–",
                      table.size_kib(kernel.footprint.image_bytes >> 10),
                      escape(suite_text.least_memory(kernel)), table.size_kib(int(peak[0])) if peak else "–"])
    return ('<section id="kernels"><h2>The kernels</h2>' +
            _table(["kernel", "gate", "space", "processes", f"{_time_word(found)},<br>mean", "of rows<br>all have",
                    "instructions,<br>mean", "of rows<br>all have"], means) +
            '<p class="soft">The means as above, with the number of rows in them. Only those of the rows that all kernels have '
            "can be compared between kernels that refuse different rows.</p>" +
            _table(["kernel", f"boot to main,<br>{word}", "boot to main,<br>instructions", "QEMU start to first<br>output, wall",
                    "image", "smallest<br>memory", "peak<br>memory"], needs) +
            '<p class="soft">Boot to main: from the kernel\'s entry to the program\'s first instruction; ≥ where a kernel\'s '
            "clock starts later than that. Smallest memory: the least in which hello runs to its end, to 1 MiB or 3 %. "
            f"Peak: the most in use during the suite. Image: {_image_notes(found)}.</p></section>")


def _image_notes(found):
    """What each size is the size of, kernels alike together."""
    by_note = {}
    for kernel in found.kernels:
        by_note.setdefault(kernel.footprint.image_note, []).append(kernel.name)
    return "; ".join(f"{escape(note)} ({escape(', '.join(names))})" for note, names in by_note.items())


# ---- ratios ----

def _shade(ratio):
    if table.two_digits(ratio) == "1.0":
        return ""
    side = "faster" if ratio >= 1 else "slower"
    return f'class="{side}-cell" style="--a:{min(0.12 + abs(math.log2(ratio)) / 7, 0.75):.2f}"'


def _matrix_cell(cell, value, ratio):
    if cell.refused:
        return f'<td class="none" title="refused: {escape(cell.refused)}">–</td>'
    if ratio:
        return f"<td {_shade(ratio)}>{table.two_digits(ratio)}</td>"
    return f'<td class="none">{NO_RATIO if value else ""}</td>'


def _matrix(found, value, ratio, mean, heading):
    shown = [i for i, kernel in enumerate(found.kernels) if not kernel.is_reference]
    head = "".join(f"<th><span>{escape(_short(found.kernels[i].name))}</span></th>" for i in shown)
    lines = [f"<tr><th></th>{head}</tr>"]
    for title, of_group in found.groups():
        lines.append(f'<tr class="group"><td colspan="{len(shown) + 1}">{escape(title)}</td></tr>')
        for row in of_group:
            cells = "".join(_matrix_cell(row.cells[i], getattr(row.cells[i], value), getattr(row.cells[i], ratio))
                            for i in shown)
            lines.append(f'<tr><td><a href="#{_anchor(row.name)}">{escape(row.name)}</a></td>{cells}</tr>')
    means = "".join(f"<td>{table.two_digits(m[0]) if m else '–'}</td>"
                    for m in (getattr(found.kernels[i], mean) for i in shown))
    lines.append(f'<tr class="sum"><td>geometric mean</td>{means}</tr>')
    return f'<div><h3>{heading}</h3><table class="matrix">{"".join(lines)}</table></div>'


def _matrices(found):
    name = escape(found.reference.name)
    if len(found.kernels) < 2:
        return '<section id="matrix"></section>'
    return (f'<section id="matrix"><h2>{name} divided by the kernel</h2><p class="soft">{NO_RATIO} where the intervals '
            "overlap, so that no ratio would be honest; – where the kernel refuses. A row's name leads to its figures.</p>"
            f'<div class="pair">{_matrix(found, "time", "time_ratio", "time_mean", _time_word(found).capitalize())}'
            f'{_matrix(found, "count", "count_ratio", "count_mean", "Instructions")}</div></section>')


# ---- the rows ----

def _anchor(name):
    return "row-" + "".join(letter if letter.isalnum() else "-" for letter in name)


def _ratio(ratio, value, is_reference):
    return table.two_digits(ratio) if ratio else "" if is_reference or not value else NO_RATIO


def _count(count):
    """All digits: they are exact. A second line where runs differ."""
    if not count:
        return "–"
    median, low, high = count
    form = "{:,.0f}".format if median >= 1000 else "{:,.1f}".format
    spread = "" if form(low) == form(high) else f"<small>{form(low)}–{form(high)}</small>"
    return form(median) + spread


def _card_line(kernel, cell, most):
    kind = "linux" if kernel.timed.kernel.is_linux else "ours"
    name = f"<td>{escape(kernel.name)}</td>"
    if cell.refused:
        return f'<tr>{name}<td class="refused" colspan="5">refused: {escape(cell.refused)}</td></tr>'
    if not cell.time:
        return f'<tr>{name}<td class="refused" colspan="5">no figure</td></tr>'
    low, high = (table.duration(bound) for bound in cell.time[1:])
    low = low if low.split()[1] != high.split()[1] else low.split()[0]
    return (f"<tr>{name}<td>{plot.strip(cell.time, most, kind)}</td><td>{table.duration(cell.time[0])}"
            f"<small>{low}–{high}</small></td><td>{_ratio(cell.time_ratio, cell.time, kernel.is_reference)}</td>"
            f'<td class="i">{_count(cell.count)}</td>'
            f"<td>{_ratio(cell.count_ratio, cell.count, kernel.is_reference)}</td></tr>")


def _card(found, row):
    most = max((bound for cell in row.cells if cell.time for bound in (cell.time[0], _reach(cell.time))), default=1)
    lines = "".join(_card_line(kernel, cell, most) for kernel, cell in zip(found.kernels, row.cells))
    mark = "" if row.in_mean else '<span class="mark">not in the mean</span>'
    word = "emulated" if found.emulated else "time"
    return (f'<article class="card" id="{_anchor(row.name)}">{mark}<h4>{escape(row.name)}</h4><p>{escape(row.what)}</p>'
            '<table><colgroup><col class="k"><col><col class="t"><col class="r"><col class="i"><col class="r"></colgroup>'
            f'<tr><th></th><th></th><th>{word}</th><th>ratio</th><th class="i">instr.</th><th>ratio</th></tr>{lines}'
            "</table></article>")


def _reach(interval):
    """How far the scale goes for an interval: one wild run shall not press all bars flat."""
    return min(interval[2], 2 * interval[0])


def _rows(found):
    parts = ['<section id="rows"><h2>The rows</h2><p class="soft">A bar is the median, the line in it its interval; each '
             "row has its own scale, from 0. The figures under a time are its interval.</p>"]
    for title, of_group in found.groups():
        parts.append(f'<h3>{escape(title)}</h3><div class="cards">{"".join(_card(found, row) for row in of_group)}</div>')
    return "\n".join([*parts, "</section>"])


# ---- refusals, provenance, reading ----

def _refusals(found):
    refused = "".join(f'<li><b>{escape(", ".join(names))}</b>: {escape(errno)} for {_links(of_them)}</li>'
                      for names, errno, of_them in found.refused())
    said = "".join(f"<li><b>{escape(', '.join(names))}</b>: <code>{'</code>; <code>'.join(map(escape, lines))}</code></li>"
                   for names, lines in found.said())
    if not refused:
        return '<section id="refusals"><h2>Refusals</h2><p>No kernel refused a row.</p></section>'
    return ('<section id="refusals"><h2>Refusals</h2><p class="soft">What a configuration cannot do it refuses, with an '
            f"errno.</p><ul>{refused}</ul>" +
            (f'<p class="soft">The kernels\' own words for it:</p><ul>{said}</ul>' if said else "") + "</section>")


def _attacks(document, note):
    """A row for each attack, a column for each kernel; the sentence of the table as the cell's title."""
    names = [kernel["kernel"] for kernel in document["kernels"]]
    cells = {(cell["attack"], cell["kernel"]): cell for cell in document["cells"]}
    lines = []
    for attack in dict.fromkeys(cell["attack"] for cell in document["cells"]):
        row = [cells[attack, name] for name in names]
        lines.append([f"<b>{escape(attack)}</b>", *(
            f'<span title="{escape(cell["sentence"])} ({escape(cell["evidence"])})">{escape(cell["verdict"])}</span>'
            for cell in row)])
    different = "".join(f'<p class="failed">{escape(line)}</p>' for line in document["different"])
    return ('<section id="attacks"><h2>Attacks</h2><p class="soft">What became of each attack of <code>orchard attack</code>, '
            f'tree <code>{escape(document["kernels"][0]["git"])}</code>. {escape(note)} '
            f'<code>docs/attacks.md</code> says what the words mean.</p>{different}{_table(["attack", *map(escape, names)], lines)}</section>')


def _terms(pairs):
    return "<dl>" + "".join(f"<dt>{escape(word)}</dt><dd><code>{escape(str(value))}</code></dd>"
                            for word, value in pairs) + "</dl>"


def _provenance(found):
    columns = [(f"{kernel.name}, {kind}", column.provenance) for kernel in found.kernels
               for kind, column in (("timed", kernel.timed), ("counted", kernel.counted))]
    alike = [key for key in PROVENANCE if len({str(row[key]) for _, row in columns}) == 1]
    by_pass = [key for key in PROVENANCE if key not in alike and all(
        len({str(row[key]) for name, row in columns if name.endswith(kind)}) == 1 for kind in ("timed", "counted"))]
    own = [key for key in PROVENANCE if key not in alike and key not in by_pass]
    parts = ['<section id="provenance"><h2>Provenance</h2><h3>All columns</h3>',
             _terms((PROVENANCE[key], columns[0][1][key]) for key in alike)]
    for i, kind in enumerate(("timed", "counted")):
        parts += [f"<h3>All {kind} columns</h3>", _terms((PROVENANCE[key], columns[i][1][key] or "–") for key in by_pass)]
    heads = "".join(f"<th>{PROVENANCE[key]}</th>" for key in own)
    lines = "".join(f"<tr><td><b>{escape(kernel.name)}</b></td>" +
                    "".join(f"<td><code>{escape(str(kernel.timed.provenance[key]))}</code></td>" for key in own) +
                    f"<td>{'equal' if kernel.repeats else 'differ'}</td></tr>" for kernel in found.kernels)
    return "".join([*parts, f'<h3>Each kernel</h3><div class="wide"><table><tr><th>kernel</th>{heads}<th>counted runs</th>'
                    f"</tr>{lines}</table></div></section>"])


def _how_to_read(found):
    runs, name = len(found.reference.timed.runs), escape(found.reference.name)
    emulated = ("Times are emulated: they are good for ratios between the kernels of this run, and say nothing about hardware. "
                if found.emulated else "")
    return (f'<section id="reading"><h2>How to read this</h2>'
            f"<p><b>Time.</b> {emulated}A figure is the median{table.meant(runs)} each of which gives the median of its "
            "batches. The interval is that of the median by the sign test, at least 95 % where there are six runs or more, "
            "and no assumption about how times are distributed.</p>"
            "<p><b>Instructions</b> are those of the whole machine for one operation, kernel included, counted in runs of their "
            "own by QEMU's clock of instructions, with a fixed number of rounds. Our kernels' runs repeat to the digit; a "
            "second line appears where runs differ. They say nothing about how long an instruction takes.</p>"
            f"<p><b>Ratio.</b> {name}'s figure divided by the kernel's. None is given where the intervals overlap. "
            f"The geometric mean is over the rows of <code>{rows.MEAN_LIST.name}</code> that both kernels have, all of them, "
            "also those without a ratio of their own; bandwidth and context switches with a working set stand outside it, "
            "because under emulation they say how fast the emulator moves bytes.</p>"
            f"<p><b>Columns.</b> Between two of our kernels that differ in one axis the difference is that axis's price. "
            f"{name} differs in everything, so it is a yardstick.</p></section>")
