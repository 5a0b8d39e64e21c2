# SPDX-License-Identifier: BSD-2-Clause
"""Capstone, from Debian's python3-capstone."""

import functools
import importlib
import re

from . import packages


@functools.cache
def _engine(detail):
    try:
        capstone = importlib.import_module("capstone")
    except ImportError:
        packages.ensure(["rewrite"])
        importlib.invalidate_caches()
        capstone = importlib.import_module("capstone")
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.detail = detail
    return engine


def plain(code, address):
    """(address, size, mnemonic, operands) of each instruction, up to bytes that are none."""
    return _engine(False).disasm_lite(code, address)


def full(code, address):
    """The one instruction at `address`, with operands and registers."""
    return next(_engine(True).disasm(code, address, 1))


def target(operands):
    """Of a direct jump or call; None: an indirect one."""
    return int(operands, 16) if re.fullmatch(r"0x[0-9a-f]+|\d", operands) else None
