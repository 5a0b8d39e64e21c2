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


@contextlib.contextmanager
def locked(folder):
    """Two runs at once must not build or download the same thing into each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
