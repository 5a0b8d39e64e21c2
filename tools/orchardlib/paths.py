# SPDX-License-Identifier: BSD-2-Clause
"""Where things are: the tree, the build folder, the cache."""

import contextlib
import fcntl
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
CONFIGS = ROOT / "configs"


def cache():
    """What is costly to get again: Debian's kernel, what KVM was found to do."""
    return Path(os.environ.get("ORCHARD_CACHE") or BUILD / "cache")


class Done:
    """
    What need not be done again. $ORCHARD_BUILT is a folder that remembers it since it is there: a user who changes nothing meanwhile
    (`make prove`) does not wait for make and dpkg again and again. Without the variable nobody remembers.
    """

    def __init__(self, name):
        known = os.environ.get("ORCHARD_BUILT")
        self.mark = Path(known) / name if known else None

    def __bool__(self):
        return self.mark is not None and self.mark.exists()

    def set(self):
        if self.mark:
            self.mark.parent.mkdir(parents=True, exist_ok=True)
            self.mark.touch()

    def clear(self):
        if self.mark:
            self.mark.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(folder):
    """Two runs at once must not build or download the same thing into each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
