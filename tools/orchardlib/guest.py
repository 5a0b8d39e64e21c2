# SPDX-License-Identifier: BSD-2-Clause
"""A program for a guest, checked: the root it lives in, its path, arguments and environment."""

import dataclasses
import hashlib
import os

from . import elfcheck, rootfs
from .errors import ToolError


@dataclasses.dataclass
class Guest:
    """What all kernels of one command are given alike."""

    root: rootfs.Root
    path: str
    argv: list
    env: dict
    sha256: str


def prepare(command, root_source, additions, env_pairs, memory, terminal):
    """From the command line's PROGRAM ARG…, --root, --add and --env."""
    program, *arguments = command
    root = rootfs.load(root_source)
    for spec in additions:
        rootfs.add(root, spec)
    path, data = rootfs.add_program(root, program)
    elfcheck.check(program, data, memory, root.has)
    name = path if "/" in program and not program.startswith("/") else program
    return Guest(root, path, [name, *arguments], _environment(env_pairs, terminal),
                 hashlib.sha256(data).hexdigest())


def _environment(pairs, terminal):
    env = {"PATH": rootfs.PATH, "HOME": "/root"}
    if terminal:
        env["TERM"] = os.environ.get("TERM", "linux")
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise ToolError(f"--env {pair}: not of the form NAME=VALUE")
        env[key] = value
    return env
