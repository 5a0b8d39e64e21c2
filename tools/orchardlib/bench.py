# SPDX-License-Identifier: BSD-2-Clause
"""The suite's program, user/bench: made when needed, and run on kernels in turn. What compare, ladder and explain share."""

import copy
import os
import subprocess
import sys

from . import compare, guest, paths
from .errors import ToolError

PROGRAM = paths.BUILD / "user" / "bench"


def build():
    """bench and hello, made when their sources are newer."""
    folder = PROGRAM.parent
    with paths.locked(folder):
        done = subprocess.run(["make", "-s", "-C", str(paths.ROOT / "user"), f"O={folder}", str(PROGRAM), str(folder / "hello")],
                              stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if done.returncode != 0:
        raise ToolError("user/bench cannot be built")


def on_each(options, built, arguments, runs, icount, progress):
    """A report.Column for each kernel, of so many runs."""
    of_pass = copy.copy(options)
    of_pass.runs, of_pass.icount = runs, icount
    program = guest.prepare([os.path.relpath(PROGRAM), *arguments], None, [], options.env, options.memory, False)
    return compare.interleaved(of_pass, built, program, b"", progress)
