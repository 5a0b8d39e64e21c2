# SPDX-License-Identifier: BSD-2-Clause
"""A kernel that its program is linked into (docs/linked.md): it takes no initramfs, and arguments from its command line."""

import dataclasses
import hashlib
import re

from . import paths
from .errors import ToolError

CMDLINE_ROOM = 3072     # of the kernel's 4 KiB


def program_of(config_text):
    """The file, from the top of the tree, or None."""
    if not re.search(r"^CONFIG_APP_LINKED=y$", config_text, re.M):
        return None
    return paths.ROOT / re.search(r'^CONFIG_APP_LINKED_FILE="(.*)"$', config_text, re.M)[1]


def is_in(kernel):
    return not kernel.is_linux and program_of(kernel.config.read_text()) is not None


def with_arguments(kernel, options, program):
    """The machine's options for running `program` on it: refused when it has another inside, or when it cannot be told so much."""
    if not is_in(kernel):
        return options
    inside = program_of(kernel.config.read_text())
    if hashlib.sha256(inside.read_bytes()).hexdigest() != program.sha256:
        raise ToolError(f"{kernel.name}: {inside} is linked into it: that is the only program it can run")
    words = " ".join(_quoted(argument) for argument in program.argv[1:])
    if len(words.encode()) > CMDLINE_ROOM:
        raise ToolError(f"{kernel.name}: the arguments do not fit on its command line")
    return dataclasses.replace(options, linked=words)


def _quoted(argument):
    if '"' in argument or not argument or not argument.isprintable():
        raise ToolError(f"a linked program's argument {argument!r}: its command line cannot say that")
    return f'"{argument}"' if " " in argument else argument
