# SPDX-License-Identifier: BSD-2-Clause
"""How little a kernel needs: the size of its image, and the least memory in which it runs a program to its end."""

import copy
import dataclasses
import os

from . import boot, guest, paths, runfile
from .errors import ToolError
from .run import machine_options
from .sinks import MemorySink

FLOOR, LINUX_FLOOR, CEILING = 2, 32, 512    # MiB
PATIENCE, LINUX_PATIENCE = 10, 60           # seconds
PRECISION = 32                              # the answer is exact to a 32nd, or to 1 MiB


@dataclasses.dataclass
class Footprint:
    """Of one kernel. `least_mib` is None where not even the ceiling was enough."""

    image_bytes: int
    image_note: str
    least_mib: int | None
    failed_mib: int | None  # the most that was tried and was not enough; None where even the floor was
    boots: int


def image(kernel):
    """(bytes, what they are) of the file that is booted, without symbols."""
    stripped = kernel.image.with_suffix(".stripped")
    if not kernel.is_linux and stripped.exists():
        return stripped.stat().st_size, "ELF, stripped"
    return kernel.image.stat().st_size, "bzImage, compressed" if kernel.is_linux else "ELF"


def least(works, low, high):
    """(least, most that failed, tries), by bisection of whole MiB from `low` to `high`; None for what there is not."""
    if not works(high):
        return None, high, 1
    if works(low):
        return low, None, 2
    tries = 2
    while high - low > max(1, high // PRECISION):
        middle = (low + high) // 2
        tries += 1
        if works(middle):
            high = middle
        else:
            low = middle
    return high, low, tries


def measure(options, kernel, progress):
    """Boots build/user/hello in less and less memory, on one CPU."""
    program = guest.prepare([os.path.relpath(paths.BUILD / "user" / "hello")], None, [], [], CEILING << 20, False)
    record = runfile.encode(program.path, program.argv, program.env, stdin=boot.STDIN_FILE)
    progress.show(f"{kernel.name}: memory")

    def works(mib):
        once = copy.copy(options)
        once.memory, once.cpus = mib << 20, 1
        try:
            outcome = boot.once(kernel, machine_options(once, kernel), program.root, record, stdin_file=b"", stdin=None,
                                stdout=MemorySink(), stderr=MemorySink(), console=lambda *_: None,
                                timeout=LINUX_PATIENCE if kernel.is_linux else PATIENCE)
        except ToolError:
            return False
        return not outcome.reason and outcome.status == 0

    found, failed, boots = least(works, LINUX_FLOOR if kernel.is_linux else FLOOR, CEILING)
    progress.done()
    return Footprint(*image(kernel), found, failed, boots)
