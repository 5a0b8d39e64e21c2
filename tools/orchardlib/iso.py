# SPDX-License-Identifier: BSD-2-Clause
"""A hybrid ISO with GRUB for --boot grub and --boot uefi: the kernel, its command line, the initramfs."""

import os
import shutil
import subprocess

from .errors import ToolError


def _grub_quote(word):
    return "'" + word.replace("'", "'\\''") + "'"


def build(folder, kernel, arguments, initrd):
    """Writes folder/boot.iso and returns its path. `initrd` is bytes."""
    tree = folder / "iso"
    (tree / "boot" / "grub").mkdir(parents=True)
    name = "vmlinuz" if kernel.is_linux else "orchard.elf"
    shutil.copyfile(kernel.image, tree / name)
    (tree / "initrd").write_bytes(initrd)
    words = " ".join(_grub_quote(word) for word in arguments.split())
    boot, module = ("linux", "initrd") if kernel.is_linux else ("multiboot2", "module2")
    (tree / "boot" / "grub" / "grub.cfg").write_text(
        f"insmod all_video\nset timeout=0\n{boot} /{name} {words}\n{module} /initrd\nboot\n")
    image = folder / "boot.iso"
    # Its own temporary folders go into ours: nothing is left when it is killed.
    made = subprocess.run(["grub-mkrescue", "-o", str(image), str(tree)], capture_output=True, text=True,
                          env={**os.environ, "TMPDIR": str(folder)})
    if made.returncode != 0:
        raise ToolError(f"grub-mkrescue failed: {made.stderr.strip().splitlines()[-1:]}")
    return image
