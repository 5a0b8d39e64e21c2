# SPDX-License-Identifier: BSD-2-Clause
"""From a kernel, a root and a run file to a boot: what run, compare and the KVM probe share."""

import contextlib
import tempfile
from pathlib import Path

from . import cpio, debian_linux, iso, machine, session


def _extra_files(kernel, run_record):
    """/.orchard: what the guest reads and removes before the program starts."""
    extra = {"/.orchard": cpio.directory(0o700), "/.orchard/run": cpio.regular(run_record, 0o600)}
    if kernel.is_linux:
        extra["/.orchard/init"] = cpio.regular(debian_linux.agent().read_bytes(), 0o700)
        extra["/dev"] = cpio.directory()
        extra["/dev/console"] = cpio.Entry(0o020600, b"", (5, 1))
    return extra


@contextlib.contextmanager
def media(kernel, options, root, run_record):
    """Writes the initramfs, and the ISO when GRUB boots, to a private folder; yields (initrd, iso)."""
    with tempfile.TemporaryDirectory(prefix="orchard-") as work:
        initrd = Path(work) / "initrd"
        initrd.write_bytes(root.archive(_extra_files(kernel, run_record)))
        image = None
        if options.boot != "pvh":
            image = iso.build(Path(work), kernel, machine.kernel_arguments(kernel, options), initrd)
        yield initrd, image


def once(kernel, options, root, run_record, **channels):
    """One boot. `channels` are those of session.Session. Returns its Outcome."""
    with media(kernel, options, root, run_record) as (initrd, image):
        return session.run(kernel, options, initrd, image, **channels)
