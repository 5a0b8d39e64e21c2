# SPDX-License-Identifier: BSD-2-Clause
"""
`orchard compare` without a program: the suite of user/bench on every kernel, timed and counted, and the kernels'
footprints. Timed and counted runs are different runs of one file: what counts instructions is slow in its own way.
"""

import csv
import json
import os
import sys
import time
from pathlib import Path

from . import attack, bench, compare, footprint, kernels, ladder, page, paths, rows, suite_text
from .errors import ToolError
from .findings import Findings, boot_time

MILLISECONDS, THOROUGH_MILLISECONDS = 30, 100       # of each row in one timed run
COUNTED_RUNS = 2                                    # which shall print the same


def main(options):
    began, start = time.localtime(), time.monotonic()
    chosen = compare.choose_kernels(options.kernels, [*kernels.names(), *kernels.LINUXES])
    bench.build()
    built = [kernels.prepare(name) for name in chosen]
    progress = compare.Progress(len(built) * (options.runs + COUNTED_RUNS + 1))
    options.rows = True
    timed = bench.on_each(options, built, ["-m", str(_milliseconds(options))], options.runs, False, progress)
    counted = bench.on_each(options, built, ["-x"], COUNTED_RUNS, True, progress)
    footprints = [footprint.measure(options, kernel, progress) for kernel in built]
    progress.clear()
    found = Findings(timed, counted, footprints, compare.reference_of(timed), began, time.monotonic() - start)
    if not options.kernels:
        _see_to_the_rest(options)
    return _conclude(options, found)


def _see_to_the_rest(options):
    """The ladder and the attacks have commands of their own, and take minutes: for the report they run where they never have."""
    for word, command in (("ladder", ladder), ("attacks", attack)):
        try:
            if command.remembered() is None:
                print(f"orchard: for the report: {word}", file=sys.stderr)
                command.whole(options)
        except ToolError as error:
            print(f"orchard: the report is without {word}: {error}", file=sys.stderr)


def _milliseconds(options):
    return THOROUGH_MILLISECONDS if options.thorough else MILLISECONDS


def _conclude(options, found):
    files = _write(found)
    if options.json:
        text = json.dumps(document(found), indent=1)
        if options.json == "-":
            print(text)
        else:
            Path(options.json).write_text(text + "\n")
    if options.json != "-":
        print(suite_text.text(found))
    print("orchard: report: " + files[0], file=sys.stderr)
    print("orchard: data: " + " ".join(files[1:]), file=sys.stderr)
    return 1 if any(kernel.reason for kernel in found.kernels) else 0


def _write(found):
    """build/compare/<time>.html, .rows.csv, .kernels.csv, .json; returns their paths as one would type them."""
    folder = paths.BUILD / "compare"
    folder.mkdir(parents=True, exist_ok=True)
    stem = time.strftime("%Y%m%dT%H%M%S", found.began)
    while (folder / f"{stem}.html").exists():
        stem += "+"
    report, table_of_rows, table_of_kernels, data = (folder / (stem + end) for end in
                                                     (".html", ".rows.csv", ".kernels.csv", ".json"))
    report.write_text(page.html(found, attack.remembered(), ladder.remembered()), encoding="utf-8")
    columns = [column for kernel in found.kernels for column in (kernel.timed, kernel.counted)]
    _csv(table_of_rows, [record for column in columns for record in rows.records(column)])
    _csv(table_of_kernels, [_kernel_record(kernel) for kernel in found.kernels])
    data.write_text(json.dumps(document(found), indent=1) + "\n")
    return [os.path.relpath(path) for path in (report, table_of_rows, table_of_kernels, data)]


def _csv(path, records):
    with open(path, "w", newline="") as out:
        writer = csv.DictWriter(out, list(records[0]) if records else ["kernel"])
        writer.writeheader()
        writer.writerows(records)


def _kernel_record(kernel):
    """One line for each kernel: what is not in the rows."""
    boot, at_least = boot_time(kernel.timed)
    output = kernel.timed.spread("first_output_s")
    memory = kernel.timed.spread("mem_peak_kib")
    counted_boot = kernel.counted.full_range("boot_ns") or ("", "")
    record = {**kernel.timed.provenance, "reason": kernel.reason, "refusals": "; ".join(kernel.refusals)}
    for name, value in (("boot_ns", boot), ("first_output_s", output), ("mem_peak_kib", memory)):
        for part, number in zip(("", "_low", "_high"), value or ("", "", "")):
            record[name + part] = number
    for name, mean in (("mean_of_time_ratios", kernel.time_mean), ("mean_of_instruction_ratios", kernel.count_mean)):
        record[name], record[name + "_rows"] = mean or ("", "")
    return {**record, "boot_is_lower_bound": at_least, "boot_instructions_least": counted_boot[0],
            "boot_instructions_most": counted_boot[1], "counted_runs_equal": kernel.repeats,
            "image_bytes": kernel.footprint.image_bytes, "image": kernel.footprint.image_note,
            "least_memory_mib": kernel.footprint.least_mib, "most_memory_too_small_mib": kernel.footprint.failed_mib}


def document(found):
    """Everything, for machines."""
    def cell(value):
        return {"refused": value.refused, "time_ns": value.time, "time_ratio": value.time_ratio,
                "instructions": value.count, "instruction_ratio": value.count_ratio}

    names = [kernel.name for kernel in found.kernels]
    return {"reference": found.reference.name, "began": time.strftime("%Y-%m-%dT%H:%M:%S%z", found.began),
            "took_s": round(found.took_s, 1), "time_is_emulated": found.emulated,
            "kernels": [{**_kernel_record(kernel), "timed_runs": kernel.timed.runs, "counted_runs": kernel.counted.runs}
                        for kernel in found.kernels],
            "rows": [{"row": row.name, "group": row.group, "what": row.what, "in_mean": row.in_mean,
                      "kernels": {name: cell(value) for name, value in zip(names, row.cells)}} for row in found.rows],
            "slower_by_time": _by_kernel(found.slower("time_ratio")),
            "slower_by_instructions": _by_kernel(found.slower("count_ratio"))}


def _by_kernel(together):
    return {name: of_it for names, of_it in together for name in names}
