# SPDX-License-Identifier: BSD-2-Clause
"""
Runs of an experiment on other machines, by engines that exist: Slurm, or GNU parallel over ssh. Both start `orchard
experiment PAPER --cell K` for each run that is missing, in the same tree at the same path on every node, and what it prints,
a line of JSON, is the result.
"""

import os
import shlex
import shutil
import subprocess
import sys
import time

from . import paths
from .errors import ToolError

MOST = 1000     # indices in one job array: Slurm's MaxArraySize is 1001


def _command(experiment):
    return ["tools/orchard", "experiment", os.path.relpath(experiment.folder.resolve(), paths.ROOT), "--cell"]


class Engine:
    """NAME is --engine's; PROGRAM, of Debian's PACKAGE, does the work."""

    @classmethod
    def check(cls):
        if not shutil.which(cls.PROGRAM):
            raise ToolError(f"--engine {cls.NAME}: no {cls.PROGRAM} here: Debian's package {cls.PACKAGE} has it")


class Parallel(Engine):
    NAME, PROGRAM, PACKAGE = "parallel", "parallel", "parallel"

    @staticmethod
    def results(options, experiment, numbers):
        """(number, line) as they come. `:` is this machine, without ssh."""
        command = ["parallel", "--will-cite", "--quote", "--line-buffer", "--tag", "--jobs", str(options.jobs), "--sshlogin",
                   options.hosts, "--workdir", str(paths.ROOT), *_command(experiment), "{}"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sys.stderr, text=True,
                              cwd=paths.ROOT) as process:
            try:
                process.stdin.write("\n".join(numbers) + "\n")
                process.stdin.close()
                for line in process.stdout:
                    number, tab, text = line.partition("\t")
                    if tab and number in numbers:
                        yield number, text
            finally:
                if process.poll() is None:
                    process.terminate()


class Slurm(Engine):
    NAME, PROGRAM, PACKAGE = "slurm", "sbatch", "slurm-wlm"

    @staticmethod
    def results(options, experiment, numbers):
        """(number, line), a job array for each thousand; ^C cancels it."""
        folder = paths.BUILD / "experiments" / experiment.slug / "slurm"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for first in range(0, len(numbers), MOST):
            mine = numbers[first:first + MOST]
            # A task's index is its place in this list: numbers of runs may be larger than Slurm's.
            words = f"set -- {' '.join(mine)}; shift $SLURM_ARRAY_TASK_ID; exec {shlex.join(_command(experiment))} $1"
            command = ["sbatch", "--wait", "--parsable", f"--array=0-{len(mine) - 1}%{options.jobs}", f"--chdir={paths.ROOT}",
                       f"--job-name=orchard-{experiment.slug}", f"--output={folder}/{first}-%a.out",
                       f"--error={folder}/{first}-%a.err", "--wrap", words]
            yield from Slurm._array(command, folder, first, dict(enumerate(mine)))

    @staticmethod
    def _array(command, folder, first, left):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=sys.stderr, text=True)
        job = process.stdout.readline().strip().partition(";")[0]
        if not job:
            process.wait()
            raise ToolError("--engine slurm: sbatch took no job")
        try:
            running = True
            while running:
                running = process.poll() is None
                for index in list(left):
                    out = folder / f"{first}-{index}.out"
                    text = out.read_text(encoding="utf-8") if out.exists() else ""
                    if text.endswith("\n"):
                        yield left.pop(index), text.splitlines()[-1]
                if running:
                    time.sleep(0.5)
        finally:
            if process.poll() is None:
                subprocess.run(["scancel", job], check=False)
                process.wait()


ENGINES = {"slurm": Slurm, "parallel": Parallel}
