# SPDX-License-Identifier: BSD-2-Clause
"""From a kernel, a root and a run file to a boot: what run, compare and the KVM probe share."""

import contextlib
import os
import tempfile
from pathlib import Path

from . import cpio, debian_linux, elfcheck, iso, linked, machine, session, sidecar
from .errors import ToolError

STDIN_FILE = "/.orchard/stdin"


def _extra_files(kernel, root, run_record, stdin_file):
    """/.orchard: what the guest reads and removes before the program starts."""
    extra = {"/.orchard": cpio.directory(0o700), "/.orchard/run": cpio.regular(run_record, 0o600)}
    if stdin_file is not None:
        extra[STDIN_FILE] = cpio.regular(stdin_file, 0o400)
    if sidecar.wanted(kernel):
        extra["/.orchard/sites"] = cpio.regular(sidecar.text(root), 0o600)
    if kernel.is_linux:
        extra["/.orchard/init"] = cpio.regular(debian_linux.agent().read_bytes(), 0o700)
        extra["/dev"] = cpio.directory()
        extra["/dev/console"] = cpio.Entry(0o020600, b"", (5, 1))
    return extra


@contextlib.contextmanager
def _memory_file(data):
    """A file without a name, by descriptor: nothing is left on disk whatever kills this process."""
    fd = os.memfd_create("initrd", 0)
    try:
        with open(fd, "wb", closefd=False) as out:
            out.write(data)
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def _iso_file(kernel, options, archive):
    """Likewise: the folder it was made in is gone before the machine starts."""
    with tempfile.TemporaryDirectory(prefix="orchard-") as work:
        image = iso.build(Path(work), kernel, machine.kernel_arguments(kernel, options), archive)
        fd = os.open(image, os.O_RDONLY)
    try:
        yield fd
    finally:
        os.close(fd)


def _once_linked(kernel, options, stdin_file, channels):
    """Nothing but the kernel. Who has not asked linked.with_arguments() knows of no linked program: it would run the wrong one."""
    if options.linked is None or stdin_file is not None:
        raise ToolError(f"{kernel.name}: a program is linked into it: only `orchard run` can run that")
    if options.boot != "pvh":
        raise ToolError(f"{kernel.name}: --boot {options.boot}: a linked program is booted by pvh")
    elfcheck.check_kernel(kernel.image.read_bytes(), 0, options.memory)
    media = ["-kernel", str(kernel.image), "-append", machine.kernel_arguments(kernel, options)]
    return session.run(kernel, options, media, (), **channels)


def once(kernel, options, root, run_record, stdin_file=None, **channels):
    """
    One boot. `channels` are those of session.Session; `stdin_file` are the bytes of what the run file calls STDIN_FILE:
    nothing comes from outside while the program runs, and so instructions repeat. Returns its Outcome.
    """
    if linked.is_in(kernel):
        return _once_linked(kernel, options, stdin_file, channels)
    archive = root.archive(_extra_files(kernel, root, run_record, stdin_file))
    if not kernel.is_linux:
        elfcheck.check_kernel(kernel.image.read_bytes(), len(archive), options.memory)
    if options.boot == "pvh":
        with _memory_file(archive) as initrd:
            return session.run(kernel, options, machine.kernel_media(kernel, options, initrd), (initrd,), **channels)
    with _iso_file(kernel, options, archive) as image:
        return session.run(kernel, options, machine.iso_media(image, options), (image,), **channels)
