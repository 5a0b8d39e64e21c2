#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Damaged ELF files: each field of the ELF header and of each program header lies in turn, then whole tables do, then chance has
its way (seeded). Not the files themselves, which differ in a few bytes each, but how to make them from an undamaged one:

    elf.py list BASE          one line a case: NAME SIZE OFFSET:HEX,OFFSET:HEX...   (SIZE of the file; `-`: no bytes change)
    elf.py make BASE NAME     the damaged file on standard output

A case's name says what was done: a field and what it became. The same BASE gives the same cases, always. They are to be run as
/tmp/case, with a text in /tmp/text and nothing in /tmp/empty, which some name as their loader.
"""

import random
import struct
import sys

EHDR = {"EI_MAG": (0, 4), "EI_CLASS": (4, 1), "EI_DATA": (5, 1), "EI_VERSION": (6, 1), "EI_OSABI": (7, 1), "EI_PAD": (8, 8),
        "e_type": (16, 2), "e_machine": (18, 2), "e_version": (20, 4), "e_entry": (24, 8), "e_phoff": (32, 8), "e_shoff": (40, 8),
        "e_flags": (48, 4), "e_ehsize": (52, 2), "e_phentsize": (54, 2), "e_phnum": (56, 2), "e_shentsize": (58, 2),
        "e_shnum": (60, 2), "e_shstrndx": (62, 2)}
PHDR = {"p_type": (0, 4), "p_flags": (4, 4), "p_offset": (8, 8), "p_vaddr": (16, 8), "p_paddr": (24, 8), "p_filesz": (32, 8),
        "p_memsz": (40, 8), "p_align": (48, 8)}
EHDR_SIZE, PHDR_SIZE = 64, 56
LOAD, DYNAMIC, INTERP, NOTE, SHLIB, PHDR_TYPE, TLS = range(1, 8)
STACK, RELRO = 0x6474e551, 0x6474e552
ET_DYN = 3


class Base:
    def __init__(self, path):
        with open(path, "rb") as f:
            self.bytes = f.read()
        self.size = len(self.bytes)
        self.type, = struct.unpack_from("<H", self.bytes, 16)
        self.entry, self.phoff = struct.unpack_from("<QQ", self.bytes, 24)
        self.phnum, = struct.unpack_from("<H", self.bytes, 56)
        self.headers = [self.header(i) for i in range(self.phnum)]
        self.loads = [i for i, h in enumerate(self.headers) if h["p_type"] == LOAD]
        self.others = [i for i, h in enumerate(self.headers) if h["p_type"] not in (LOAD, DYNAMIC)]

    def number(self, at, size):
        return int.from_bytes(self.bytes[at:at + size], "little")

    def header(self, i):
        return {name: self.number(self.at(i, name), size) for name, (_, size) in PHDR.items()}

    def at(self, i, name):
        return self.phoff + i * PHDR_SIZE + PHDR[name][0]

    def set(self, i, **fields):
        """Patches that give fields of header i these values."""
        return [(self.at(i, name), (value % (1 << 8 * PHDR[name][1])).to_bytes(PHDR[name][1], "little"))
                for name, value in fields.items()]

    def put(self, name, value):
        at, size = EHDR[name]
        return [(at, (value % (1 << 8 * size)).to_bytes(size, "little"))]


def lies(base, old, size):
    """(what it says, value) of a field that was `old`."""
    ones, sign = (1 << 8 * size) - 1, 1 << (8 * size - 1)
    yield from (("0", 0), ("1", 1), ("ones", ones), ("sign", sign), ("max", sign - 1), ("plus1", old + 1), ("minus1", old - 1),
                ("flip", old ^ sign))
    if size == 8:
        yield from (("plus-page", old + 4096), ("minus-page", old - 4096), ("half-page", old + 2048), ("file-end", base.size),
                    ("past-end", base.size + 4096), ("2^32", 1 << 32), ("2^46", 1 << 46), ("user-end", 0x7ffffffff000),
                    ("noncanonical", 0x800000000000), ("kernel", 0xffffffff80000000), ("direct-map", 0xffff800000000000),
                    ("near-top", (1 << 64) - 4096))


def fields(base):
    for name, (at, size) in EHDR.items():
        for what, value in lies(base, base.number(at, size), size):
            yield f"{name}={what}", base.size, base.put(name, value)
    for i, h in enumerate(base.headers):
        for name, (_, size) in PHDR.items():
            for what, value in lies(base, h[name], size):
                yield f"ph{i}.{name}={what}", base.size, base.set(i, **{name: value})
        for value, name in enumerate(("NULL", "LOAD", "DYNAMIC", "INTERP", "NOTE", "SHLIB", "PHDR", "TLS")):
            yield f"ph{i}.p_type={name}", base.size, base.set(i, p_type=value)
        for flags in range(8):
            yield f"ph{i}.p_flags=bits{flags}", base.size, base.set(i, p_flags=flags)


def tables(base):
    """Headers that lie together, or are too many."""
    a, b = base.loads[0], base.loads[1]
    first, second, last = base.headers[a], base.headers[b], base.headers[base.loads[-1]]
    whole = base.size

    def both(i, j):
        return base.set(i, **base.headers[j]) + base.set(j, **base.headers[i])

    yield "swapped-loads", whole, both(a, b)
    yield "reversed-loads", whole, [p for i, j in zip(base.loads, reversed(base.loads)) for p in base.set(i, **base.headers[j])]
    yield "same-load-twice", whole, base.set(base.loads[-2], **last)
    yield "all-loads-the-same", whole, [p for i in base.loads for p in base.set(i, **second)]
    yield "overlap-by-a-byte", whole, base.set(a, p_memsz=second["p_vaddr"] - first["p_vaddr"] + 1)
    yield "overlap-by-a-page", whole, base.set(a, p_memsz=second["p_vaddr"] - first["p_vaddr"] + 4096)
    yield "overlap-everything", whole, base.set(a, p_memsz=1 << 30)
    yield "meets-the-next", whole, base.set(a, p_memsz=second["p_vaddr"] - first["p_vaddr"])
    for size in (1 << 20, 1 << 30, 1 << 36, 1 << 40, 1 << 46, (1 << 47) - 8192, 1 << 47):
        yield f"huge-bss-{size:#x}", whole, base.set(base.loads[-1], p_memsz=size)
        yield f"huge-hole-{size:#x}", whole, base.set(base.loads[-1], p_vaddr=last["p_vaddr"] + size)
    yield "memsz<filesz", whole, base.set(b, p_memsz=second["p_filesz"] - 1)
    yield "memsz-0", whole, base.set(b, p_memsz=0)
    yield "both-0", whole, base.set(base.loads[2], p_memsz=0, p_filesz=0)
    yield "all-0", whole, [p for i in base.loads for p in base.set(i, p_memsz=0, p_filesz=0)]
    yield "no-loads", whole, [p for i in base.loads for p in base.set(i, p_type=NOTE)]
    yield "sum-wraps", whole, base.set(base.loads[-1], p_vaddr=(1 << 64) - 4096 + last["p_vaddr"] % 4096, p_memsz=8192)
    yield "offset-wraps", whole, base.set(b, p_offset=(1 << 64) - 4096, p_filesz=8192, p_memsz=8192)
    yield "all-unaligned", whole, [p for i in base.loads for p in base.set(i, p_vaddr=base.headers[i]["p_vaddr"] + 8)]
    yield "all-write-and-execute", whole, [p for i in base.loads for p in base.set(i, p_flags=7)]
    yield "nothing-executable", whole, [p for i in base.loads for p in base.set(i, p_flags=4)]
    yield "nothing-writable", whole, [p for i in base.loads for p in base.set(i, p_flags=5)]
    yield "no-rights", whole, [p for i in base.loads for p in base.set(i, p_flags=0)]
    yield "unknown-rights", whole, [p for i in base.loads for p in base.set(i, p_flags=base.headers[i]["p_flags"] | 0xfffffff8)]
    for align in (0, 1, 3, 4096, 1 << 16, 1 << 21, 1 << 30, 1 << 40, 1 << 46, 1 << 63):
        yield f"all-aligned-{align:#x}", whole, [p for i in base.loads for p in base.set(i, p_align=align)]
    for n in (0, 1, 2, base.phnum + 1, 63, 64, 65, 72, 73, 74, 1000, 1170, 1171, 65535):
        yield f"phnum-{n}", whole, base.put("e_phnum", n)
        # As many as it says, the others empty; at the end of the file, beginning in a page of its own, and across two.
        for where in ("page", "across"):
            at = (whole + 4095) // 4096 * 4096 + (4096 - 100 if where == "across" else 0)
            table = base.bytes[base.phoff:base.phoff + min(n, base.phnum) * PHDR_SIZE]
            if table:
                yield (f"{n}-headers-{where}", at + n * PHDR_SIZE,
                       base.put("e_phnum", n) + base.put("e_phoff", at) + [(at, table)])
    many = b"".join(struct.pack("<IIQQQQQQ", LOAD, 4, 0, 0x10000000 + i * 8192, 0, 4096, 4096, 4096) for i in range(60))
    table = base.bytes[base.phoff:base.phoff + base.phnum * PHDR_SIZE] + many
    at = (whole + 4095) // 4096 * 4096
    yield "60-more-loads", at + len(table), base.put("e_phnum", base.phnum + 60) + base.put("e_phoff", at) + [(at, table)]
    yield "headers-on-header", whole, base.put("e_phoff", 0)
    yield "headers-unaligned", whole + 500, (base.put("e_phoff", 401) +
                                             [(401, base.bytes[base.phoff:base.phoff + base.phnum * PHDR_SIZE])])
    if base.type == ET_DYN:
        for where in (0x1000, 0x400000, 0x7f0000000000):
            moved = [p for i in base.loads for p in base.set(i, p_vaddr=base.headers[i]["p_vaddr"] + where)]
            yield f"based-at-{where:#x}", whole, moved + base.put("e_entry", base.entry + where)
        yield "as-exec", whole, base.put("e_type", 2)
        fixed = [p for i in base.loads for p in base.set(i, p_vaddr=base.headers[i]["p_vaddr"] + 0x400000)]
        yield "as-exec-elsewhere", whole, base.put("e_type", 2) + base.put("e_entry", base.entry + 0x400000) + fixed
    else:
        yield "as-pie", whole, base.put("e_type", 3)
    for where in (0, 0x1000, 0xf000, 0x10000, 0x7fffffff0000, 0x7ffffffff000):
        down = where - first["p_vaddr"]
        moved = [p for i in base.loads for p in base.set(i, p_vaddr=base.headers[i]["p_vaddr"] + down)]
        yield f"all-at-{where:#x}", whole, moved + base.put("e_entry", base.entry + down)


def loaders(base):
    """A header that loads nothing becomes a PT_INTERP; the name stands behind the file."""
    i, j = base.others[0], base.others[1]
    at = base.size

    def named(text, where=i, filesz=None):
        size = len(text) if filesz is None else filesz
        return base.set(where, p_type=INTERP, p_offset=at, p_filesz=size, p_memsz=size) + ([(at, text)] if text else [])

    texts = {"absent": b"/no/such/loader\0", "itself": b"/tmp/case\0", "folder": b"/tmp\0", "null": b"/dev/null\0", "zero": b"/dev/zero\0",
             "text": b"/tmp/text\0", "empty-file": b"/tmp/empty\0", "relative": b"no/such\0", "unterminated": b"/no/such", "short": b"/\0",
             "empty": b"\0", "nothing": b"", "two-names": b"/no\0/such\0", "slashes": b"/" * 4095 + b"\0", "long": b"/" + b"x" * 300 + b"\0",
             "longest": b"/" * 4096, "too-long": b"/" * 4096 + b"\0",
             "speaks": b"/no\nspoken \033[7m\0"}
    for name, text in texts.items():
        yield f"loader-{name}", at + len(text), named(text)
    yield "loader-past-end", at, named(b"", filesz=20)
    yield "loader-far-past-end", at, base.set(i, p_type=INTERP, p_offset=1 << 62, p_filesz=20)
    yield "loader-negative-offset", at, base.set(i, p_type=INTERP, p_offset=(1 << 64) - 20, p_filesz=20)
    yield "loader-huge", at, base.set(i, p_type=INTERP, p_offset=0, p_filesz=(1 << 64) - 1)
    yield "two-loaders", at + 16, named(b"/no/such/loader\0") + named(b"", j, 16)
    yield "second-loader-bad", at + 16, named(b"/no/such/loader\0") + base.set(j, p_type=INTERP, p_offset=0, p_filesz=0)


def lengths(base):
    end = max(base.headers[i]["p_offset"] + base.headers[i]["p_filesz"] for i in base.loads)
    for n in [0, 1, 3, 4, 5, 16, 40, 63, 64, 65, 100, 119, 120, 300, 455, 456, *range(512, end, 1500), end - 1, end, base.size - 1]:
        yield f"length-{n}", n, []
    yield "length-plus-1M", base.size + (1 << 20), []


def chance(base, seed=2026):
    rng = random.Random(seed)
    headers = base.phoff + base.phnum * PHDR_SIZE

    def flips(below, count):
        at = {}
        for _ in range(count):
            where = rng.randrange(below)
            at[where] = at.get(where, base.bytes[where]) ^ (1 << rng.randrange(8))
        return [(where, bytes([value])) for where, value in sorted(at.items())]

    for i in range(200):
        yield f"flip-{i}", base.size, flips(headers, 1 + i % 4)
    for i in range(100):
        yield f"noise-{i}", base.size, flips(base.size, 20)
    for i in range(50):
        length = rng.randrange(base.size)
        yield f"noisy-length-{i}", length, [p for p in flips(headers, 2) if p[0] < length]


def cases(base):
    yield "undamaged", base.size, []
    for group in (fields, tables, loaders, lengths, chance):
        yield from group(base)


def apply(base, size, patches):
    out = bytearray(base.bytes[:size].ljust(size, b"\0"))
    for at, new in patches:
        out[at:at + len(new)] = new
    return bytes(out[:size])


def main():
    command, base = sys.argv[1], Base(sys.argv[2])
    if command == "make":
        for name, size, patches in cases(base):
            if name == sys.argv[3]:
                sys.stdout.buffer.write(apply(base, size, patches))
                return 0
        print(f"elf.py: no case {sys.argv[3]}", file=sys.stderr)
        return 1
    for name, size, patches in cases(base):
        print(name, size, ",".join(f"{at:x}:{new.hex()}" for at, new in patches) or "-")
    return 0


if __name__ == "__main__":
    sys.exit(main())
