# SPDX-License-Identifier: BSD-2-Clause
"""What the suite found, for a terminal of 100 columns."""

import textwrap

from . import rows, table
from .findings import boot_time

WIDTH = 100


def text(found):
    timed = [kernel.timed for kernel in found.kernels]
    counted = [kernel.counted for kernel in found.kernels]
    reference = found.reference
    return "\n".join([
        *_by_group(found, timed, reference.timed, False), "", *_by_group(found, counted, reference.counted, True),
        *rows.ratios_legend(reference.timed), "", *_kernels(found), "", *_words(found)])


def _by_group(found, columns, reference, is_counted):
    """The rows of every kernel, with a heading for each group."""
    lines = rows.side_by_side(columns, reference, is_counted)
    by_name = {line.split()[0]: line for line in lines[1:]}
    yield lines[0]
    for title, of_group in found.groups():
        yield f"  {title.lower()}"
        yield from (by_name[row.name] for row in of_group if row.name in by_name)
    yield from lines[1 + len(rows.names(columns)):]
    yield ""
    yield from _wrapped(rows.figures_legend(columns, is_counted))


def boot(kernel):
    value, at_least = boot_time(kernel.timed)
    return ("≥" if at_least else "") + table.duration(value[0]) if value else "-"


def least_memory(kernel):
    return f"{kernel.footprint.least_mib} MiB" if kernel.footprint.least_mib else f">{kernel.footprint.failed_mib} MiB"


def _kernels(found):
    """One line for each kernel."""
    time_word = "emulated" if found.emulated else "time"
    lines = [["kernel", "boot to main", time_word + " mean", "instr. mean", "rows", "image", "smallest", "peak"]]
    for kernel in found.kernels:
        peak = kernel.timed.spread("mem_peak_kib")
        lines.append([kernel.name, boot(kernel), *(table.two_digits(m[0]) + "×" if m else "-"
                                                   for m in (kernel.time_mean, kernel.count_mean)),
                      str(kernel.time_mean[1]) if kernel.time_mean else "-",
                      table.size_kib(kernel.footprint.image_bytes >> 10), least_memory(kernel),
                      table.size_kib(int(peak[0])) if peak else "-"])
    yield from table.right(lines).splitlines()
    name = found.reference.name
    yield ""
    yield from textwrap.wrap(
        f"Means: {name}'s divided by the kernel's, over so many rows of the list. Boot to main: from the kernel's entry to "
        f"the program's first instruction, {'emulated' if found.emulated else 'time'}; ≥ where a kernel's clock starts later. "
        f"Image: stripped; Linux's is compressed. Smallest: the least memory in which hello runs to its end. Peak: the "
        f"most in use during the suite.", WIDTH)


def _words(found):
    """What needs words: slower rows, refusals, failures, and what was run."""
    for word, ratio in (("emulated time" if found.emulated else "time", "time_ratio"), ("instructions", "count_ratio")):
        for names, slow in found.slower(ratio):
            yield from _wrapped(f"{', '.join(names)}: more {word} than {found.reference.name}: {' '.join(slow)}")
    for names, errno, refused in found.refused():
        yield from _wrapped(f"{', '.join(names)}: refused with {errno}: {' '.join(refused)}")
    for kernel in found.kernels:
        if kernel.reason:
            yield from _wrapped(f"{kernel.name}: {kernel.reason}")
        if not kernel.repeats:
            yield f"{kernel.name}: counted runs differ"
    row = found.reference.timed.provenance
    yield from _wrapped(f"Program {row['program']} sha256 {row['program_sha256'][:16]}, CPUs {row['cpus']}, {row['accel']}, "
                        f"QEMU {row['qemu'].split()[0]}, git {row['git']}; {len(found.reference.timed.runs)} timed and "
                        f"{len(found.reference.counted.runs)} counted runs of each, {found.took_s / 60:.1f} minutes.")


def _wrapped(line):
    return textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
