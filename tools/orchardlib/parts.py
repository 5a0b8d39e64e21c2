# SPDX-License-Identifier: BSD-2-Clause
"""
tools/ladder/parts: to which part of an operation an instruction of a kernel belongs. It is known by the image's own line
table, so inlining and link-time optimisation hide nothing: each address has the chain of functions it was written in.
"""

import dataclasses
import fnmatch
import functools
import re
import subprocess
from pathlib import Path

from . import paths, symbols
from .errors import ToolError

MAP = paths.ROOT / "tools/ladder/parts"
APPLICATION, WORK = "application", "work"
# In the order of an operation.
PARTS = (APPLICATION, "entry", "stack", "table", "copy", "dispatch", WORK, "exit")
WORDS = {APPLICATION: "application", "entry": "entry", "stack": "stack", "table": "table switch", "copy": "user copy",
         "dispatch": "dispatch", WORK: "work", "exit": "exit"}
# include/arch/layout.h: below USER_MIN nothing is ever mapped for an application; what runs there is a way into the kernel.
APPLICATION_START, APPLICATION_END = 0x10000, 1 << 47
HOWS = ("line", "behind", "function", "within")
# What the compiler made of a function is still that function.
MADE_OF = re.compile(r"(\.(isra|constprop|part|lto_priv|cold)(\.\d+)?)+$")


@dataclasses.dataclass
class Rule:
    part: str
    how: str
    must: bool
    patterns: list      # names of the shell, or one regular expression
    where: str          # for messages

    def fits(self, place):
        if self.how == "line":
            return place.is_assembler and re.search(self.patterns[0], place.text())
        if self.how == "behind":
            return place.is_assembler and place.is_behind(self.patterns[0])
        functions = place.functions if self.how == "within" else place.functions[:1]
        return any(fnmatch.fnmatchcase(function, pattern) for function in functions for pattern in self.patterns)


@dataclasses.dataclass
class Place:
    """Of one address: the functions it was written in, innermost first, and the innermost's source line."""

    functions: list
    file: str
    line: int

    @property
    def is_assembler(self):
        return self.file.endswith(".S") and self.line > 0

    def text(self):
        lines = source(self.file)
        return lines[self.line - 1] if self.line <= len(lines) else ""

    def is_behind(self, pattern):
        """Does a line that matches stand before this one, with no global label between?"""
        for line in reversed(source(self.file)[:self.line - 1]):
            if line.split()[:1] == [".global"]:
                return False
            if re.search(pattern, line):
                return True
        return False


@functools.cache
def source(file):
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        raise ToolError(f"{file}: no such source: the kernel was built in another place; build it here") from None


def read(path=MAP):
    """The rules, in order."""
    rules = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        part, how, *patterns = line.split(None, 2) if line.split()[1].rstrip("!") in HOWS[:2] else line.split()
        must, how = how.endswith("!"), how.rstrip("!")
        if part not in PARTS or how not in HOWS or not patterns:
            raise ToolError(f"{path}:{number}: not PART HOW PATTERN: {line}")
        rules.append(Rule(part, how, must, [pattern.strip() for pattern in patterns], f"{path.name}:{number}"))
    return rules


def places(image, addresses):
    """{address: Place}, by binutils' addr2line."""
    if not addresses:
        return {}
    done = subprocess.run(["addr2line", "-a", "-f", "-i", "-e", str(image)], capture_output=True, text=True,
                          input="".join(f"{address:x}\n" for address in addresses))
    if done.returncode != 0:
        raise ToolError(f"{image}: no line table can be read: {done.stderr.strip()}")
    return parse(done.stdout)


def parse(text):
    """addr2line's answer: an address, then a function and a FILE:LINE for each, innermost first."""
    found, lines = {}, iter(text.splitlines())
    address = None
    for line in lines:
        if line.startswith("0x"):
            address = int(line, 16)
            continue
        file, _, number = next(lines).partition(" (discriminator")[0].rpartition(":")
        function = MADE_OF.sub("", line)
        if address in found:
            found[address].functions.append(function)
        else:
            found[address] = Place([function], file, int(number) if number.isdigit() else 0)
    return found


def _symbols(image):
    found = symbols.read(image).address
    made = {MADE_OF.sub("", name): address for name, address in found.items()}
    return {name: found.get(name, address) for name, address in made.items()}


def check(rules, image):
    """Each rule that must have its place in every kernel has one in this."""
    known = _symbols(image)
    if "gate_syscall" not in known:
        raise ToolError(f"{image}: no gate_syscall: not one of our kernels, or without symbols")
    gate = source(places(image, [known["gate_syscall"]])[known["gate_syscall"]].file)
    for rule in rules:
        if not rule.must:
            continue
        if rule.how in ("line", "behind"):
            there = any(re.search(rule.patterns[0], line) for line in gate)
        else:
            there = all(fnmatch.filter(known, pattern) for pattern in rule.patterns)
        if not there:
            raise ToolError(f"{rule.where}: nothing in {image} is {rule.part} by {rule.how} {' '.join(rule.patterns)}")


def divide(rules, image, counts):
    """{part: [instructions, references]} of {address: (instructions, references)}. All of it: what fits no rule is work."""
    sums = {part: [0, 0] for part in PARTS}
    kernel = [address for address in counts if address >= APPLICATION_END]
    where = places(image, kernel)
    for address, (instructions, references) in counts.items():
        part = APPLICATION if address >= APPLICATION_START else "entry"
        if address >= APPLICATION_END:
            part = next((rule.part for rule in rules if rule.fits(where[address])), WORK)
        sums[part][0] += instructions
        sums[part][1] += references
    return sums
