# SPDX-License-Identifier: BSD-2-Clause
"""
`orchard ladder`: what each mechanism between two neighbours costs, and where. For each row of the suite and each kernel of a
chain the instructions of one operation are divided into parts (parts.py); between neighbours the differences of the parts
are held against the difference of what the guest's own clock measured. They agree within CLOSE, or the table says by how
much not. Beside it stands time, of runs in which nothing is counted.
"""

import copy
import csv
import json
import os
import sys
import time
from pathlib import Path

from . import bench, compare, counting, kernels, ladder_text, page, page_ladder, parts, paths, rows
from .errors import ToolError

CHAIN = paths.CONFIGS / "ladder"
REMEMBERED = paths.BUILD / "ladder.json"
CLOSE = 0.05        # of the measured difference of a step
CLOSE_SUM = 0.01    # of the measured whole of one kernel
# What is not of a row: bench prints one decimal, and reads the clock inside of what it measures, once for a thousand null calls.
RESOLUTION = 0.25
MILLISECONDS = 20   # of each row in one timed run


def read_chain(path):
    """[(kernel, what it adds)], lowest first."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ToolError(f"--chain {path}: {error.strerror}") from None
    found = [tuple(line.split(None, 1)) for line in lines if line.strip() and not line.startswith("#")]
    for number, rung in enumerate(found, 1):
        if len(rung) != 2:
            raise ToolError(f"{path}: rung {number} is not KERNEL WORDS: {rung[0]}")
    if not found:
        raise ToolError(f"{path}: no rungs in it")
    return found


def is_whole(cell):
    """Do the parts of one kernel add up to what the clock measured?"""
    if cell["refused"]:
        return True
    return abs(ladder_text.sums(cell)[0] - cell["clock"]) <= max(CLOSE_SUM * cell["clock"], RESOLUTION)


def step(low, high):
    """What lies between two cells, or None where a kernel refuses the row."""
    if low["refused"] or high["refused"]:
        return None
    by_part = {part: high["parts"][part][0] - low["parts"][part][0] for part in parts.PARTS}
    measured, explained = high["clock"] - low["clock"], sum(by_part.values())
    gap = explained - measured
    return {"measured": measured, "parts": by_part, "explained": explained, "gap": gap,
            "closes": abs(gap) <= max(CLOSE * abs(measured), RESOLUTION)}


def document(chain, counted, timed, began):
    """Everything, for machines and for the report of compare."""
    names = list(dict.fromkeys(row for kernel in counted for row in kernel["rows"]))
    found = []
    for row in names:
        cells = [kernel["rows"][row] for kernel in counted]
        found.append({
            "row": row, "what": next((cell["what"] for cell in cells if cell["what"]), ""),
            "kernels": [{**cell, "whole": is_whole(cell), "time_ns": time_ns}
                        for cell, time_ns in zip(cells, [rows.interval(column, row) for column in timed])],
            "steps": [step(low, high) for low, high in zip(cells, cells[1:])],
            "from_end_to_end": step(cells[0], cells[-1])})
    return {"began": time.strftime("%Y-%m-%dT%H:%M:%S%z", began), "epoch": time.mktime(began),
            "time_is_emulated": any(column.provenance["accel"] != "kvm" for column in timed),
            "timed_runs": len(timed[0].runs),
            "rungs": [{"kernel": name, "adds": words, "image_sha256": one["provenance"]["image_sha256"],
                       "provenance": one["provenance"]} for (name, words), one in zip(chain, counted)],
            "rows": found}


def closes(found):
    return not list(ladder_text.open_sums(found))


def remembered():
    """What the last whole ladder found, or None."""
    try:
        return json.loads(REMEMBERED.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def climb(options, chain, wanted):
    """Counts, then times, each kernel of the chain; returns the document."""
    began = time.localtime()
    bench.build()
    built = [kernels.prepare(name) for name, _ in chain]
    for kernel in built:
        if kernel.is_linux:
            raise ToolError(f"{kernel.name}: the ladder divides our kernels only")
    progress = compare.Progress(len(built) * (1 + options.runs))
    counted = []
    for kernel in built:
        progress.show(f"{kernel.name}: counted")
        counted.append(counting.of(options, kernel, wanted))
        progress.done()
    timed = bench.on_each(options, built, ["-m", str(MILLISECONDS), *wanted], options.runs, False, progress)
    progress.clear()
    for column in timed:
        if column.reason:
            raise ToolError(f"{column.kernel.name}: {column.reason}")
    return document(chain, counted, timed, began)


def with_defaults(options):
    """The options of another command, as if the ladder's own had been left out."""
    own = copy.copy(options)
    own.runs, own.icount, own.rows, own.cpus, own.env, own.stderr = 3, False, True, 1, [], False
    return own


def whole(options):
    """A whole ladder, with the machine's options of another command; remembered."""
    return _keep(climb(with_defaults(options), read_chain(CHAIN), counting.ROWS))


def _keep(found):
    REMEMBERED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def records(found):
    """A line of CSV for each row, kernel and part."""
    for row in found["rows"]:
        for rung, cell in zip(found["rungs"], row["kernels"]):
            common = {**rung["provenance"], "row": row["row"], "refused": cell["refused"]}
            for part in parts.PARTS if not cell["refused"] else [""]:
                instructions, references = cell["parts"][part] if part else ("", "")
                yield {**common, "part": part, "instructions": instructions, "memory_references": references,
                       "instructions_by_clock": cell.get("clock", "")}


def _write(found):
    """build/compare/<time>.ladder.html, .csv and .json; their paths as one would type them."""
    folder = paths.BUILD / "compare"
    folder.mkdir(parents=True, exist_ok=True)
    stem = time.strftime("%Y%m%dT%H%M%S", time.localtime(found["epoch"])) + ".ladder"
    report, sheet, data = (folder / (stem + end) for end in (".html", ".csv", ".json"))
    report.write_text(page.around("Orchard: the ladder", page_ladder.section(found)), encoding="utf-8")
    lines = list(records(found))
    with open(sheet, "w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    data.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return [os.path.relpath(path) for path in (report, sheet, data)]


def main(options):
    chain = [(name, "") for name in options.kernels] or read_chain(Path(options.chain))
    for name, _ in chain:
        kernels.check_name(name)
    wanted = options.rows.split(",") if options.rows else counting.ROWS
    own = copy.copy(options)
    own.rows, own.env, own.stderr, own.icount = True, [], False, False
    found = climb(own, chain, wanted)
    if not (options.kernels or options.rows or Path(options.chain) != CHAIN):
        _keep(found)
    text = json.dumps(found, indent=1)
    if options.json == "-":
        print(text)
    else:
        if options.json:
            Path(options.json).write_text(text + "\n", encoding="utf-8")
        print(ladder_text.text(found))
    files = _write(found)
    print("orchard: report: " + files[0], file=sys.stderr)
    print("orchard: data: " + " ".join(files[1:]), file=sys.stderr)
    return 0 if closes(found) else 1
