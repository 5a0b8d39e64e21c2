# SPDX-License-Identifier: BSD-2-Clause
"""Where a number comes from: what every row of data carries."""

import functools
import subprocess

from . import machine, paths


@functools.cache
def _first_line(*command):
    try:
        answer = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    except OSError:
        answer = []
    return answer[0] if answer else ""


def git_sha():
    """The commit, and whether anything but papers has changed since: what they hold is read of kernels, not part of one."""
    sha = _first_line("git", "-C", str(paths.ROOT), "rev-parse", "HEAD")[:12]
    dirty = _first_line("git", "-C", str(paths.ROOT), "status", "--porcelain", "--untracked-files=no", "--", ".", ":!papers")
    return (sha or "unknown") + ("-dirty" if dirty else "")


def of(kernel, options, program):
    """The provenance of one run."""
    return {
        "kernel": kernel.name,
        "git": git_sha(),
        "kernel_version": kernel.version or git_sha(),
        "config": kernel.config_hash(),
        "image_sha256": kernel.image_sha256(),
        "kernel_arguments": machine.kernel_arguments(kernel, options),
        "qemu": _first_line("qemu-system-x86_64", "--version").removeprefix("QEMU emulator version "),
        "accel": options.accel,
        "icount": options.icount,
        "shift": options.shift,
        "cpu": machine.cpu_model(options),
        "cpus": options.cpus,
        "memory_kib": options.memory >> 10,
        "machine": options.machine,
        "streams": options.streams,
        "boot": options.boot,
        "seed": machine.SEED if options.icount else "",
        "program": program.path,
        "arguments": " ".join(program.argv[1:]),
        "program_sha256": program.sha256,
    }
