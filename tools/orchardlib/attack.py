# SPDX-License-Identifier: BSD-2-Clause
"""
`orchard attack`: the attacks of user/attacks on each kernel, judged by evidence, beside what tests/attacks/expected says.

A verdict is what the program could say itself, what its neighbours went through, and how the machine ended:

    refused    an errno, or nothing came of it
    contained  the guilty process died; its neighbours worked on, and the kernel ended in order
    leaks      it read what is not its own
    runs       code ran that should not have: data, or another program
    corrupts   a canary changed: the kernel's, the victim's, or the neighbour's work
    panics     the kernel said so
    resets     the machine ended without the kernel's doing
    hangs      nothing happened until the time was over
    -          there is nobody to attack
"""

import concurrent.futures
import contextlib
import copy
import dataclasses
import json
import os
import re
import signal
import time
from pathlib import Path

from . import boot, guest, kernels, paths, provenance, run, runfile, symbols, table
from .errors import TIMEOUT, ToolError
from .sinks import MemorySink

VERDICTS = ("refused", "contained", "leaks", "runs", "corrupts", "panics", "resets", "hangs", "-")
HARMLESS = ("refused", "contained", "-")
EXPECTED = paths.ROOT / "tests/attacks/expected"
PROGRAM = paths.BUILD / "user/attacks"
REMEMBERED = paths.BUILD / "attacks.json"
SHELL = paths.BUILD / "user/spawnsh"
MEMORY = {True: 256 << 20, False: 96 << 20}     # Linux, ours: so small that hogs come to their end
SINGLE_S, TOGETHER_S, EACH_S = 20, 60, 5
# What main.c of the attacks calls the kernel's symbols: ours. `direct` is DIRECT_MAP of include/arch/layout.h.
SYMBOLS = {"__text_start": "text", "uts_nodename": "data", "memcpy": "copy", "panic": "panic", "gate_syscall": "gate"}
DIRECT = "ffff800000000000"
NAME = "orchard"        # what uname calls ours; Linux is told


@dataclasses.dataclass
class Cell:
    """What became of one attack on one kernel."""

    kernel: str
    attack: str
    verdict: str
    evidence: str


@dataclasses.dataclass
class Rule:
    attack: str
    where: str
    verdict: str
    sentence: str

    @property
    def harmless(self):
        return set(self.verdict.split("|")) <= set(HARMLESS)

    def holds(self, kernel):
        """`kernel` may have fragments behind it, NAME+FRAGMENT."""
        name, *fragments = kernel.split("+")
        words = {name, "*", *kernels.axes(name)[:3], *fragments}
        words |= set(os.environ.get("ORCHARD_FRAGMENT", "").split("+")) if name in kernels.MODELS else set()
        return any(set(part.split("+")) <= words for part in self.where.split(","))


def read_expected(path):
    """Rules in order; of those that fit a cell the first one counts."""
    rules = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        words = line.split(None, 3)
        if len(words) != 4 or not set(words[2].split("|")) <= set(VERDICTS):
            raise ToolError(f"{path}:{number}: not ATTACK WHERE VERDICT SENTENCE")
        rules.append(Rule(*words))
    return rules


def rule_for(rules, attack, kernel):
    return next((r for r in rules if r.attack == attack and r.holds(kernel)), None)


def expected_table(rules):
    """The rules as the Markdown table of docs/attacks.md."""
    columns = [*kernels.MODELS, kernels.LINUX]
    lines = ["| attack | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in dict.fromkeys(rule.attack for rule in rules):
        cells = [rule_for(rules, name, kernel) for kernel in columns]
        words = [(cell.verdict if cell.harmless else f"**{cell.verdict}**").replace("|", " or ") for cell in cells]
        lines.append(f"| {name} | " + " | ".join(words) + " |")
    return "\n".join(lines) + "\n"


# -- one boot -------------------------------------------------------------------------------------

def _symbols(kernel):
    found = symbols.read(kernel.image).address
    return ",".join([f"{SYMBOLS[name]}={found[name]:x}" for name in SYMBOLS if name in found] + [f"direct={DIRECT}"])


def _boot(kernel, options, timeout, names):
    """Tries these attacks one after another; the outcome, what the program said, and what the console said."""
    pairs = [f"ATTACKED_NAME={'(none)' if kernel.is_linux else NAME}"]
    pairs += [] if kernel.is_linux else [f"KERNEL_SYMBOLS={_symbols(kernel)}"]
    program = guest.prepare([str(PROGRAM), *names], None, [f"{SHELL}:/bin/sh"], pairs, options.memory, False)
    stdout = MemorySink()
    outcome = boot.once(kernel, options, program.root, runfile.encode(program.path, program.argv, program.env),
                        stdin=None, stdout=stdout, stderr=MemorySink(), console=lambda origin, line: None, timeout=timeout)
    return outcome, stdout.data.decode("utf-8", "replace").splitlines()


# -- from evidence to verdict ---------------------------------------------------------------------

def _machine_end(outcome):
    """(verdict, evidence) when the machine did not end in order, else None."""
    if outcome.status == TIMEOUT:
        return "hangs", f"{outcome.reason}; QEMU {outcome.busy}"
    if not outcome.reason:
        return None
    panic = next((line for line in outcome.console if "panic" in line.lower()), None)
    if panic:
        return "panics", panic
    return "resets", outcome.reason


def judge(said, end, outcome):
    """(verdict, evidence). `said`: [(word, text)], `end`: {...} of an `end` line, or None when there was none."""
    machine_end = None if end else _machine_end(outcome)
    if machine_end:
        return machine_end
    words = dict(reversed(said))
    how = end["how"] if end else _died(outcome.wait_status)
    changed = [key for key in ("kernel", "victim") if end and end[key] == "changed"]
    if changed:
        return "corrupts", f"{' and '.join(changed)} changed: {words.get('stored', how)}"
    if end and end["neighbour"] == "lost":
        return "corrupts", f"the neighbour is lost: {how}"
    for word, verdict in (("stored", "corrupts"), ("leaks", "leaks"), ("runs", "runs"), ("nobody", "-")):
        if word in words:
            return verdict, words[word]
    if "console" in words:
        return ("corrupts" if words["console"] in outcome.console else "refused"), f"on the console: {words['console']}"
    if how.startswith("signal"):
        return "contained", signal.Signals(int(how[7:])).name
    if "refused" in words:
        return "refused", words["refused"]
    if how not in ("exit:0", "exit:1"):
        return "refused", f"ended with errno {os.strerror(int(how[5:]))}"
    return "silent", f"said nothing, {how}"


def _died(wait_status):
    number = (wait_status or 0) & 0x7f
    return f"signal:{number}" if number else f"exit:{(wait_status or 0) >> 8 & 0xff}"


def cells_of(kernel, names, outcome, lines):
    """The cells that one boot decided: all it came to."""
    said, ends, cells = {}, {}, []
    for line in lines:
        if found := re.match(r"saw (\S+) (\w+) (.*)", line):
            said.setdefault(found[1], []).append((found[2], found[3]))
        elif found := re.match(r"end (\S+) (\S+) neighbour=(\S+) kernel=(\S+) victim=(\S+)", line):
            ends[found[1]] = dict(zip(("how", "neighbour", "kernel", "victim"), found.groups()[1:]))
    for name in names:
        if f"try {name}" not in lines:
            break
        cells.append(Cell(kernel, name, *judge(said.get(name, []), ends.get(name), outcome)))
    if not cells:
        raise ToolError(f"{kernel}: the attacks did not begin: {outcome.reason or 'no output'}")
    return cells


def unspoilt(cells, gate):
    """Those up to the first attack that got somewhere: in ring 0 what came after it, on the same machine, proves nothing."""
    for number, cell in enumerate(cells, 1):
        if gate == "ring0" and cell.verdict not in HARMLESS:
            return cells[:number]
    return cells


def _attack_all(kernel, options, timeout, names):
    """In as few boots as it takes: a machine that an attack ended, or spoilt, is not used for the next."""
    cells, left = [], list(names)
    while left:
        done = unspoilt(cells_of(kernel.name, left, *_boot(kernel, options, timeout, left)), kernels.axes(kernel.name)[0])
        cells += done
        left = left[len(done):]
    return cells


# -- all of them ----------------------------------------------------------------------------------

def _jobs(prepared, chosen, names, timeout, rules):
    """
    (kernel, options, seconds, names) of each boot. Where there are processes one boot for all that shall leave the machine
    whole (in ring 3 every attack); each of the others has a machine of its own.
    """
    for kernel in prepared:
        gate, _, proc, _ = kernels.axes(kernel.name)
        options = dataclasses.replace(chosen[kernel.name], memory=MEMORY[kernel.is_linux], verbose=False)
        together = [name for name in names if proc == "many" and (
            gate == "ring3" or any(r.harmless for r in [rule_for(rules, name, kernel.name)] if r))]
        if together:
            yield kernel, options, TOGETHER_S + EACH_S * len(together), together
        for name in names:
            if name not in together:
                yield kernel, options, timeout, [name]


def _run_all(jobs, workers):
    with concurrent.futures.ProcessPoolExecutor(workers) as pool:
        for cells in pool.map(_attack_all, *zip(*jobs)):
            yield from cells


def compare(cells, rules):
    """What differs from the rules, a line each; in both directions: an attack that fails where it should succeed, too."""
    for cell in cells:
        rule = rule_for(rules, cell.attack, cell.kernel)
        if rule is None or cell.verdict not in rule.verdict.split("|"):
            want = f"{rule.verdict} ({rule.sentence})" if rule else "no rule"
            yield f"{cell.attack} on {cell.kernel}: {cell.verdict} ({cell.evidence}); expected: {want}"


def _print_table(cells, names, columns, different):
    by = {(c.attack, c.kernel): c.verdict for c in cells}
    rows = [["attack", *columns]]
    for name in names:
        rows.append([name, *(by[name, k] + ("!" if any(d.startswith(f"{name} on {k}:") for d in different) else "")
                             for k in columns)])
    print(table.plain(rows))


def _document(prepared, chosen, cells, different, rules):
    """Everything, for machines and for the report of compare (page.py)."""
    program = guest.prepare([str(PROGRAM)], None, [], [], MEMORY[True], False)
    return {"epoch": time.time(),
            "kernels": [provenance.of(kernel, chosen[kernel.name], program) for kernel in prepared],
            "cells": [{**dataclasses.asdict(cell), "sentence": rule.sentence if rule else ""}
                      for cell in cells for rule in [rule_for(rules, cell.attack, cell.kernel)]],
            "different": different}


def remembered():
    """What the last whole run of the suite found, or None."""
    with contextlib.suppress(OSError, ValueError):
        return json.loads(REMEMBERED.read_text(encoding="utf-8"))
    return None


def find(options, columns, wanted, rules):
    """(document, cells, differences) of these attacks on these kernels."""
    prepared = [kernels.prepare(name) for name in columns]
    chosen = {kernel.name: run.machine_options(options, kernel) for kernel in prepared}
    jobs = list(_jobs(prepared, chosen, wanted, options.timeout or SINGLE_S, rules))
    cells = list(_run_all(jobs, options.jobs))
    cells.sort(key=lambda cell: (columns.index(cell.kernel), wanted.index(cell.attack)))
    different = list(compare(cells, rules))
    return _document(prepared, chosen, cells, different, rules), cells, different


def names_of(rules):
    return list(dict.fromkeys(rule.attack for rule in rules))


def _keep(document):
    REMEMBERED.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document


def whole(options):
    """A whole run of the suite, with the machine's options of another command; remembered."""
    if not PROGRAM.exists():
        raise ToolError(f"{PROGRAM} is missing: run make user")
    own, rules = copy.copy(options), read_expected(EXPECTED)
    own.cpus, own.icount, own.timeout, own.jobs = 1, False, None, os.cpu_count() or 1
    return _keep(find(own, [*kernels.MODELS, kernels.LINUX], names_of(rules), rules)[0])


def main(options):
    rules = read_expected(options.expected)
    names = names_of(rules)
    wanted = options.only.split(",") if options.only else names
    for name in wanted:
        if name not in names:
            raise ToolError(f"no attack named {name}: there are {', '.join(names)}")
    columns = options.kernels or [*kernels.MODELS, kernels.LINUX]
    for name in columns:
        kernels.check_name(name)
        if name not in kernels.MODELS and name not in kernels.LINUXES:
            raise ToolError(f"{name}: {EXPECTED.name} speaks of the six and of Linux only")
    if not PROGRAM.exists():
        raise ToolError(f"{PROGRAM} is missing: run make user")
    document, cells, different = find(options, columns, wanted, rules)
    if not (options.only or options.kernels):
        _keep(document)
    text = json.dumps(document, indent=1)
    if options.json == "-":
        print(text)
    elif options.json:
        Path(options.json).write_text(text + "\n", encoding="utf-8")
    if options.json != "-":
        _print_table(cells, wanted, columns, different)
        for line in different:
            print(f"differs: {line}")
    if options.verbose:
        for cell in cells:
            print(f"# {cell.attack} on {cell.kernel}: {cell.verdict}: {cell.evidence}")
    return 1 if different else 0
