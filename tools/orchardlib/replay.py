# SPDX-License-Identifier: BSD-2-Clause
"""The command that does a run again that a seed decided (docs/races.md), and names for the data that a race was about."""

import os
import re
import shlex
import sys

from . import symbols

SEED = re.compile(r"(preempt|race)=")
REPORTED = re.compile(r"^(?:\[ *\d+\.\d+\] )?  seeds: ")
PLACE = re.compile(r"^race: at .*?\b(ffffffff[0-9a-f]{8})\b", re.M)


def command(argv, icount, environment):
    """What was typed, under --icount, with what chose the kernel."""
    words = [os.path.relpath(argv[0]), *argv[1:]]
    if not icount:
        words.insert(words.index("run") + 1, "--icount")
    fragment = environment.get("ORCHARD_FRAGMENT")
    return (f"ORCHARD_FRAGMENT={shlex.quote(fragment)} " if fragment else "") + shlex.join(words)


def variables(image, addresses):
    """{address: name+0xN} of the kernel's variables."""
    known = symbols.read(image)
    return {address: "{}+{:#x}".format(*known.at(address)) for address in addresses if known.at(address)}


def lines(kernel, chosen, outcome):
    """To be said after the run."""
    said = []
    places = {int(place, 16) for place in PLACE.findall("\n".join(outcome.console))}
    said += [f"{address:016x} is {name}" for address, name in sorted(variables(kernel.image, places).items())] if places else []
    seeded = any(SEED.match(word) for word in chosen.append.split())
    if not kernel.is_linux and ((outcome.status and seeded) or any(map(REPORTED.match, outcome.console))):
        what = "the same run again" if chosen.icount else "not the same run, but one that can be had again"
        said.append(f"{what}: {command(sys.argv, chosen.icount, os.environ)}")
    return said
