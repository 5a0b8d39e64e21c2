#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Damaged programs as first ones, for kernels that run no other: boots a kernel for each case of elf.py, given to it directly
(the tool would refuse them), and prints `CASE RESULT` as tests/user/corpus.c does.

    boot.py KERNEL BASE LIST
"""

import errno
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "tools")]
import elf  # noqa: E402
from orchardlib import cpio  # noqa: E402

TIMEOUT = 20
ORDERLY = 33


def archive(program):
    return cpio.write({"tmp": cpio.directory(), "tmp/case": cpio.regular(program, 0o700), "tmp/empty": cpio.regular(b"", 0o700),
                       "tmp/text": cpio.regular(b"a text\n", 0o700)})


def boot(kernel, initrd):
    """QEMU's status and what the console said; None for a status when it did not end."""
    command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-M", "q35", "-nodefaults", "-no-user-config", "-display", "none",
               "-no-reboot", "-m", "64", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd, "-append",
               "exit=isa-debug loglevel=7 init=/tmp/case", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)
        return done.returncode, done.stdout.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as e:
        return None, (e.stdout or b"").decode("utf-8", "replace")


def result(status, said):
    if status is None:
        return "alarm" if "panic" not in said else "hung in a panic"
    if status != ORDERLY or "panic:" in said:
        return f"machine {status}"
    refused = re.search(r"cannot run /tmp/case: (\w+)", said)
    if refused:
        return refused[1] if hasattr(errno, refused[1]) else f"E{refused[1]}"
    ended = re.search(r"/tmp/case ended with status ([0-9a-f]+)", said)
    if not ended:
        return "silent"
    word = int(ended[1], 16)
    return f"signal {word & 0x7f}" if word & 0x7f else f"exit {word >> 8}"


def main():
    kernel, base, path = sys.argv[1:]
    base = elf.Base(base)
    with open(path, encoding="ascii") as f:
        wanted = {line.split(" ", 1)[0] for line in f}
    for name, size, patches in elf.cases(base):
        if name not in wanted:
            continue
        with tempfile.NamedTemporaryFile() as initrd:
            initrd.write(archive(elf.apply(base, size, patches)))
            initrd.flush()
            status, said = boot(kernel, initrd.name)
        print(name, result(status, said), flush=True)
        if status is not None and status != ORDERLY:
            print("\n".join(said.splitlines()[-30:]), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
