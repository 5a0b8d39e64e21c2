#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Damaged initramfs archives: each field of a header lies in turn, then names, kinds and links do, then chance has its way (seeded).
Boots a kernel with each, given to the kernel itself (the tool would refuse them), and prints TAP. A kernel unpacks an archive and
goes on, or says in one line why not and ends at once: it never hangs, and never panics.

    archives.py KERNEL PROGRAM [1/N]      a sample; PROGRAM is run where the archive leaves it intact
"""

import random
import subprocess
import sys
import tempfile
import zlib

FIELDS = "ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check".split()
HEADER = 110
DIR, FILE, LINK = 0o40755, 0o100644, 0o120777
ORDERLY, PANIC = 33, 35
SAID = (b"the initramfs is unusable", b"the initramfs is corrupt", b"the initramfs has an unsafe name", b"not enough memory", b"no program", b"init: ")
TIMEOUT = 60


def member(name, kind, data=b"", magic=b"070701", **changed):
    raw = name if isinstance(name, bytes) else name.encode()
    values = dict.fromkeys(FIELDS, 0)
    values.update(ino=1, mode=kind, nlink=1, filesize=len(data), namesize=len(raw) + 1)
    values.update(changed)
    head = magic + b"".join(b"%08X" % (values[f] & 0xffffffff) for f in FIELDS) + raw + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


TRAILER = member("TRAILER!!!", 0)


class Archive:
    """What is around the damage."""

    def __init__(self, program):
        self.first = [member("bin", DIR), member("bin/link", LINK, b"/bin/other")]
        self.last = [member("init", 0o100755, program), TRAILER]
        self.good = b"".join(self.first + self.last)

    def around(self, *members):
        return b"".join([*self.first, *members, *self.last])


def fields(a):
    for field in FIELDS:
        good = {"ino": 1, "mode": FILE, "nlink": 1, "filesize": 4, "namesize": 9}.get(field, 0)
        for value in (0, 1, good + 1, good - 1, 0xff, 4096, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff):
            if (field, value) != ("namesize", 1):
                yield f"{field} {value & 0xffffffff:#x}", a.around(member("bin/file", FILE, b"text", **{field: value}))
                yield f"{field} {value & 0xffffffff:#x} of a link", a.around(member("bin/soft", LINK, b"file", **{field: value}))
        at = 6 + 8 * FIELDS.index(field)
        for text in (b"0000zz00", b"-0000001", b"        ", b"0x000001", b"\0\0\0\0\0\0\0\0"):
            yield f"{field} is {text!r}", a.good[:at] + text + a.good[at + 8:]


def names(a):
    for name in ("", "/", ".", "..", "./.", "../out", "a/../../b", "a/..", "a//b", "a/./b/", "x" * 255, "x" * 256, "x" * 4095,
                 "x" * 4096, "x" * 300 + "/y", "bin/link/x", "dev/null", "dev/null/x", "proc", "proc/x", "proc/self/mem", "init/x",
                 "init", "bin", "/" * 4000, "a/" * 2000, "a/" * 100 + "b", "d/" * 2047 + "e", "TRAILER!!!", "x\ny", "x\x1b[31m",
                 ".orchard", ".orchard/run"):
        for kind, mode in (("file", FILE), ("folder", DIR), ("link", LINK)):
            yield f"the {kind} {name[:20]!r} ({len(name)})", a.around(member(name, mode, b"" if mode == DIR else b"text"))
    yield "a name with a NUL inside", a.around(member(b"x\0y", FILE))
    yield "a name of bytes", a.around(member(bytes(range(1, 256)).replace(b"/", b""), FILE))


def kinds(a):
    for kind in range(16):
        for rights in (0, 0o7777):
            yield f"mode {kind << 12 | rights:o}", a.around(member("special", kind << 12 | rights, b"data"))
            yield f"mode {kind << 12 | rights:o} over a folder", a.around(member("bin", kind << 12 | rights, b"data"))
    for major, minor in ((1, 3), (1, 5), (5, 0), (0, 0), (0xffffffff, 0xffffffff), (4, 64)):
        yield f"the device {major}:{minor}", a.around(member("dev/odd", 0o20666, rdevmajor=major, rdevminor=minor))
        yield f"the device {major}:{minor} as the program", b"".join(
            [*a.first, member("init", 0o20777, rdevmajor=major, rdevminor=minor), TRAILER])


def links(a):
    hard = dict(ino=77, nlink=3)
    yield "hard links, data last", a.around(member("a", FILE, **hard), member("b", FILE, **hard), member("c", FILE, b"x", **hard))
    yield "hard links, data each time", a.around(*[member(n, FILE, b"data" * i, **hard) for i, n in enumerate("abcd")])
    yield "a hard link of another kind", a.around(member("a", FILE, b"x", **hard), member("b", DIR, **hard), member("c", LINK, b"a", **hard))
    yield "a hard link to what was replaced", a.around(member("a", FILE, b"x", **hard), member("a", LINK, b"b"), member("b", FILE, **hard))
    yield "a hard link to itself", a.around(member("a", FILE, b"x", **hard), member("a", FILE, b"y", **hard))
    yield "a link to itself", a.around(member("a", LINK, b"a"), member("a/b", FILE, b"x"))
    yield "two links to each other", a.around(member("a", LINK, b"b"), member("b", LINK, b"a"), member("a/x", FILE, b"x"))
    yield "a chain of links", a.around(*[member(f"l{i}", LINK, b"l%d" % (i + 1)) for i in range(100)], member("l0/x", FILE, b"x"))
    yield "the program is a link to itself", b"".join([*a.first, member("init", LINK, b"init"), TRAILER])
    yield "an empty link", a.around(member("a", LINK, b""), member("a/x", FILE))
    yield "a link with a NUL", a.around(member("a", LINK, b"bin\0/x"), member("a/x", FILE))
    yield "a link that leads out", a.around(member("out", LINK, b"../../.."), member("out/x", FILE, b"x"))
    yield "a long link", a.around(member("a", LINK, b"b" * 5000))
    yield "a huge link", a.around(member("a", LINK, b"b" * (6 << 20)))


def wholes(a):
    good = a.good
    for length in sorted({1, 5, 6, 7, 50, 109, 110, 111, 113, 115, 116, 230, 240, *range(300, len(good), 2999), len(good) - 130,
                          len(good) - 124, len(good) - 60, len(good) - 1}):
        yield f"cut off at {length}", good[:length]
    yield "only zeroes", bytes(4096)
    yield "a single zero", b"\0"
    yield "no end mark", b"".join(a.first + a.last[:1])
    yield "an end mark only", TRAILER
    yield "end marks only", TRAILER * 100
    yield "two archives", b"".join(a.first) + TRAILER + bytes(512) + b"".join(a.last)
    yield "two archives, the second unaligned", b"".join(a.first) + TRAILER + bytes(511) + b"".join(a.last)
    yield "garbage behind", good + b"garbage"
    yield "gzip", b"\x1f\x8b\x08" + good[3:]
    for magic in (b"070702", b"070707", b"070703", b"\xc7\x71\0\0\0\0", b"\x28\xb5\x2f\xfd\0\0"):
        yield f"magic {magic!r}", a.around(member("x", FILE, b"text", magic=magic))
    yield "a right checksum", a.around(member("x", FILE, b"text", magic=b"070702", check=sum(b"text")))
    yield "ten thousand files", a.around(*[member(f"many/{i}", FILE) for i in range(10000)])
    yield "the same file a thousand times", a.around(*[member("same", FILE, b"%d" % i) for i in range(1000)])
    yield "folder, file, folder", a.around(*[member("t", DIR if i % 2 else FILE) for i in range(100)])
    yield "a folder that is not empty becomes a file", a.around(member("bin", FILE, b"x"))
    yield "a file larger than half of memory", a.around(member("big", FILE, bytes(14 << 20)))
    yield "every file larger than memory", b"".join([*a.first, *[member(f"big{i}", FILE, bytes(1 << 20)) for i in range(15)], *a.last])


def run_files(a):
    for i, text in enumerate((b"", b"\0", b"path=", b"path=\0", b"path=/init", b"path=/init\0path=/init\0", b"path=init\0", b"tty=3\0path=/init\0",
                              b"size=0x0\0path=/init\0", b"nonsense\0", b"path=/init\0" + b"arg=x\0" * 200000,
                              b"path=/init\0arg=" + b"y" * 200000 + b"\0", b"path=/init\0cwd=/no/such\0", b"path=/init\0stdin=/no/such\0",
                              bytes(2 << 20))):
        yield f"run file {i}", a.around(member(".orchard", DIR), member(".orchard/run", FILE, text))


def chance(a, seed=2026):
    rng = random.Random(seed)
    head = len(b"".join(a.first)) + HEADER
    for i in range(150):
        bytes_ = bytearray(a.good)
        for _ in range(1 + i % 4):
            at = rng.randrange(head)
            if i % 2:
                bytes_[at] ^= 1 << rng.randrange(8)
            else:
                bytes_[at] = rng.choice(b"0123456789ABCDEFabcdef/\0.")
        yield f"chance {i}", bytes(bytes_)


def cases(archive):
    for group in (fields, names, kinds, links, wholes, run_files, chance):
        yield from group(archive)


def boot(kernel, archive, run_file=False):
    """QEMU's status and what the console said. Where the archive has a run file, frames go nowhere and only it is looked at."""
    streams, words = ("null", "exit=isa-debug streams=com2") if run_file else ("none", "exit=isa-debug")
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(archive)
        initrd.flush()
        done = subprocess.run(
            ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-M", "q35", "-nodefaults", "-no-user-config", "-display", "none",
             "-no-reboot", "-m", "32", "-serial", "stdio", "-serial", streams, "-kernel", kernel, "-initrd", initrd.name, "-append", words,
             "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT)
    return done.returncode, done.stdout


def is_fine(code, said):
    lines = [line for line in said.splitlines() if b"cannot go on: " in line]
    if b"panic: " in said or code == ORDERLY:
        return code == ORDERLY and b"panic: " not in said and not lines
    return code == PANIC and len(lines) == 1 and any(word in lines[0] for word in SAID)


def main():
    kernel, program = sys.argv[1:3]
    every = int(sys.argv[3][2:]) if len(sys.argv) > 3 else 1
    with open(program, "rb") as f:
        archive = Archive(f.read())
    code, said = boot(kernel, archive.good)
    print(f"{'ok' if code == ORDERLY and b'hello, orchard' in said else 'not ok'} 1 - an undamaged archive boots")
    count = 1
    for name, damaged in cases(archive):
        if zlib.crc32(name.encode()) % every:
            continue
        count += 1
        try:
            code, said = boot(kernel, damaged, name.startswith("run file"))
            fine = is_fine(code, said)
        except subprocess.TimeoutExpired as e:
            code, said, fine = "time-out", e.stdout or b"", False
        print(f"{'ok' if fine else 'not ok'} {count} - {name!a}: {code}", flush=True)
        if not fine:
            print("\n".join("#   " + ascii(line.decode("utf-8", "replace")) for line in said.splitlines()[-12:]))
    print(f"1..{count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
