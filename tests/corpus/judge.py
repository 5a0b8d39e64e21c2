#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What becomes of the damaged programs of elf.py, and what should. A table, tests/corpus/BASE.table, has a line for each case of
which the end is not `exit 0` everywhere:

    CASE LINUX ORCHARD WHY [slot]

LINUX is what Debian's Linux answers, ORCHARD what our kernels do: `=` the same. An errno is execve's; `died` is any end but
`exit 0` of a program that did run. Every difference has a reason, WHY, which stands in REASONS. With `slot`, kernels with a shared
space refuse with ENOEXEC: the program is larger than a process's slot. Cases called noise change code and data too: of them only
the kernel has to come out well.

    judge.py select TABLE LIST [ring0] [1/N]       the lines of LIST to run: in ring 0 only cases that do not run damaged; a sample
    judge.py judge TABLE SELECTED RESULTS KERNEL   one line for each case that went wrong; 1 when there were any
    judge.py learn LINUX-RESULTS RESULTS           a new table; `?` where it finds no reason for a difference
                                                   (slots are marked by hand)
"""

import re
import sys
import typing
import zlib

REASONS = {
    "late": "Linux finds out when the old program is gone, or when the damaged one runs, and kills it; we refuse before",
    "ident": "Linux never looks at this byte; a file with another value in it is no little-endian 64-bit ELF of version 1",
    "order": "loadable segments out of order or overlapping: the gABI forbids them, Linux maps one over the other",
    "cut": "a segment lies past the end of the file: Linux runs it and kills at the first touch, if there is one",
    "page0": "Linux maps the page at 0 for user 0; here nobody has it",
    "bounds": "addresses outside the lower half before the base is added; Linux looks only afterwards",
    "xonly": "a page that may only be executed takes protection keys, which Linux uses; here it may be read too",
    "fixed": "a loader has to be position independent",
}
ALWAYS = ("undamaged", "loader-speaks")
SHARED = ("sas", "split", "tasks", "sasos")
RULES = [  # (why, case, Linux, Orchard)
    ("late", r".*", "died", r"ENOEXEC|ENOMEM"),
    ("ident", r"(EI_|e_version).*", "exit 0", "ENOEXEC"),
    ("order", r"(overlap-|reversed-|swapped-|ph\d\.p_(memsz|vaddr|type)=).*", "exit 0", "ENOEXEC"),
    ("cut", r"length-.*", "exit 0", "ENOEXEC"),
    ("page0", r"(as-exec|e_type=minus1|ph0\.p_filesz=0)", "exit 0", "ENOEXEC|died"),
    ("bounds", r"all-at-0x7ffffffff000", "exit 0", "ENOEXEC"),
    ("xonly", r"ph\d\.p_flags=(1|bits1)", "died", "exit 0"),
    ("fixed", r"loader-itself", ".*", "ELIBBAD"),
]


class Fate(typing.NamedTuple):
    linux: str = "exit 0"
    ours: str = "exit 0"
    why: str = "-"
    slot: bool = False

    def on(self, kernel):
        if kernel == "linux":
            return self.linux
        return "ENOEXEC" if self.slot and kernel in SHARED else self.ours


def end(text):
    """`died` for all ends but errnos and `exit 0`."""
    return "died" if re.match(r"signal|alarm|exit (?!0$)", text) else text


def read(path):
    """{case: rest of the line}"""
    with open(path, encoding="ascii") as f:
        return dict(line.rstrip("\n").split(" ", 1) for line in f if not line.startswith("#"))


def read_table(path):
    table = {}
    for case, rest in read(path).items():
        linux, orchard, why, *slot = rest.split()
        linux = linux.replace("_", " ")
        table[case] = Fate(linux, linux if orchard == "=" else orchard.replace("_", " "), why, bool(slot))
    return table


def is_noise(case):
    return case.startswith("noise-")


def select(table, path, words):
    every = next((int(w[2:]) for w in words if w.startswith("1/")), 1)
    for case, rest in read(path).items():
        if "ring0" in words and (is_noise(case) or table.get(case, Fate()).ours == "died"):
            continue
        if zlib.crc32(case.encode()) % every == 0 or case in ALWAYS:
            print(case, rest)
    return 0


def judge(table, selected, results, kernel):
    wrong = 0
    for case in read(selected):
        fate = table.get(case, Fate())
        want = fate.on(kernel)
        got = end(results.get(case, "nothing"))
        if is_noise(case) and re.match("died$|exit|E", got):
            continue
        if got != want or (fate.linux != fate.ours and fate.why not in REASONS):
            print(f"{case}: {results.get(case, 'nothing')}, want {want} ({fate.why})")
            wrong += 1
    if results.get("neighbour", "worked") != "worked":
        print("the neighbour was lost")
        wrong += 1
    return 1 if wrong else 0


def learn(linux, ours):
    print("# CASE LINUX ORCHARD WHY [slot]: see judge.py. Cases that are not here end with `exit 0` everywhere.")
    for case in linux:
        a, b = end(linux[case]), end(ours[case])
        if is_noise(case) or case == "neighbour" or a == b == "exit 0":
            continue
        why = "-" if a == b else next((w for w, name, x, y in RULES if re.fullmatch(name, case) and re.fullmatch(x, a) and
                                       re.fullmatch(y, b)), "?")
        print(case, a.replace(" ", "_"), "=" if a == b else b.replace(" ", "_"), why)
    return 0


def main():
    command, *args = sys.argv[1:]
    if command == "learn":
        return learn(read(args[0]), read(args[1]))
    table = read_table(args[0])
    if command == "select":
        return select(table, args[1], args[2:])
    return judge(table, args[1], read(args[2]), args[3])


if __name__ == "__main__":
    sys.exit(main())
