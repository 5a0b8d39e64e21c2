# SPDX-License-Identifier: BSD-2-Clause
"""`orchard compare`: the same program on many kernels, interleaved, and a table of what differed."""

import difflib
import json
import os
import sys
import time
from pathlib import Path

from . import accel, boot, guest, kernels, report, rows, runfile, session
from .errors import TOOL, ToolError
from .run import machine_options
from .sinks import MemorySink

DEFAULT_TIMEOUT = 120
DIFF_LINES = 40


def main(options):
    if not options.program:
        from . import suite
        return suite.main(options)
    # All that this machine can boot, unless some were asked for.
    linux = [] if options.machine == "microvm" else [kernels.LINUX]
    chosen = choose_kernels(options.kernels, [*kernels.names(), *linux])
    program = guest.prepare(options.program, options.root, options.add, options.env, options.memory, False)
    stdin = _stdin(options.stdin)
    built = [kernels.prepare(name) for name in chosen]
    began = time.strftime("%Y%m%dT%H%M%S")
    progress = Progress(len(built) * options.runs)
    columns = interleaved(options, built, program, stdin, progress)
    progress.clear()
    return _conclude(options, columns, began)


def interleaved(options, built, program, stdin, progress):
    """A report.Column for each kernel of `options.runs` runs: all kernels in turn, again and again."""
    machines = [machine_options(options, kernel) for kernel in built]
    record = runfile.encode(program.path, program.argv, program.env, stdin=boot.STDIN_FILE)
    columns = [report.Column(kernel, machine, program, options) for kernel, machine in zip(built, machines)]
    for turn in range(options.runs):
        for kernel, machine, column in zip(built, machines, columns):
            progress.show(kernel.name)
            stdout, stderr = MemorySink(), MemorySink()
            try:
                outcome = boot.once(kernel, machine, program.root, record, stdin_file=stdin, stdin=None,
                                    stdout=stdout, stderr=stderr, console=lambda *_: None,
                                    timeout=options.timeout or DEFAULT_TIMEOUT)
            except ToolError as error:
                outcome = session.Outcome(TOOL, str(error))
            accel.heed(options.accel, outcome)
            column.add(turn, outcome, stdout, stderr)
            progress.done()
    return columns


def choose_kernels(names, default):
    """The names given, else the default; each once and known."""
    chosen = names or default
    for name in chosen:
        kernels.check_name(name)
    return list(dict.fromkeys(chosen))


def reference_of(columns):
    """Linux when it is there, as it comes; else the first."""
    linux = sorted((column for column in columns if column.kernel.is_linux),
                   key=lambda column: column.kernel.name != kernels.LINUX)
    return (linux or columns)[0]


def _stdin(source):
    try:
        return b"" if source is None else Path(source).read_bytes()
    except OSError as error:
        raise ToolError(f"--stdin {source}: {error.strerror}") from None


def _conclude(options, columns, began):
    """Writes the files, prints the table or JSON, and judges."""
    reference = reference_of(columns)
    for column in columns:
        column.judge(reference)
    files = report.write_files(columns, began)
    if options.json:
        text = json.dumps(report.document(columns, reference), indent=1)
        if options.json == "-":
            print(text)
        else:
            Path(options.json).write_text(text + "\n")
    if options.json != "-":
        print(report.text(columns, reference, options.icount))
        for column in columns:
            if column.output == "different":
                print(_diff(reference, column))
        if options.rows:
            print(rows.text(columns, reference, options.icount))
    print("orchard: data: " + " ".join(map(str, files)), file=sys.stderr)
    return 0 if all(column.agrees if options.strict else column.completed for column in columns) else 1


def _diff(reference, column):
    """A unified diff of what the program printed; a line in place of what is not text or too long."""
    lines = []
    for name in column.streams:
        a = getattr(reference, name).decode("utf-8", "replace").splitlines()
        b = getattr(column, name).decode("utf-8", "replace").splitlines()
        lines += difflib.unified_diff(a, b, f"{reference.kernel.name} {name}", f"{column.kernel.name} {name}",
                                      n=1, lineterm="")
    if len(lines) > DIFF_LINES:
        lines = [*lines[:DIFF_LINES], f"… {len(lines) - DIFF_LINES} more lines"]
    return "\n" + "\n".join(line[:200] for line in lines)


class Progress:
    """A bar on stderr when that is a terminal; silent otherwise."""

    WIDTH = 30

    def __init__(self, total):
        self.total = total
        self.count = 0
        self.on = os.isatty(2)

    def show(self, name):
        if self.on:
            filled = self.WIDTH * self.count // self.total
            bar = "#" * filled + "." * (self.WIDTH - filled)
            sys.stderr.write(f"\r\x1b[K[{bar}] {self.count}/{self.total} {name}")
            sys.stderr.flush()

    def done(self):
        self.count += 1

    def clear(self):
        if self.on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
