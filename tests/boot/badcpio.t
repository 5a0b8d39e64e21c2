#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A damaged initramfs, given to the kernel itself (the tool would refuse it): the kernel unpacks it or says in one line why not,
# and ends at once; it never hangs, and never panics over anything else. What runs then, if anything, ends the machine too.
# The code is the same in all kernels: the first one stands for all, unless CHECK=full.
. "$(dirname "$0")/../lib.sh"

for kernel in $KERNELS; do
	case $kernel in
	linux | host) continue ;;
	esac
	python3 - "$build/$kernel/orchard.elf" "$build/user/hello" >"$work/tap" <<'END'
import os, struct, subprocess, sys, tempfile

KERNEL, PROGRAM = sys.argv[1:]
FIELDS = "ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check".split()
ORDERLY, PANIC = 33, 35
SAID = (b"the initramfs is unusable", b"not enough memory", b"no program")


def member(name, file_mode, data=b"", **changed):
    values = dict.fromkeys(FIELDS, 0)
    values.update(ino=1, mode=file_mode, nlink=1, filesize=len(data), namesize=len(name) + 1)
    values.update(changed)
    head = b"070701" + b"".join(b"%08X" % values[f] for f in FIELDS) + name.encode() + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


with open(PROGRAM, "rb") as f:
    program = f.read()
FIRST = [member("bin", 0o40755), member("bin/link", 0o120777, b"/bin/other")]
LAST = [member("init", 0o100755, program), member("TRAILER!!!", 0)]
good = b"".join(FIRST + LAST)


def boot(archive):
    with tempfile.NamedTemporaryFile() as initrd:
        initrd.write(archive)
        initrd.flush()
        done = subprocess.run(
            ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-M", "q35", "-nodefaults", "-no-user-config",
             "-display", "none", "-no-reboot", "-m", "32", "-serial", "stdio", "-kernel", KERNEL, "-initrd", initrd.name,
             "-append", "exit=isa-debug", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.returncode, done.stdout


def cases():
    """(name, archive)"""
    for field in FIELDS:
        for value in (0, 1, 0x7fffffff, 0xffffffff):
            if (field, value) != ("namesize", 1):
                yield f"{field} {value:#x}", b"".join([FIRST[0], member("bin/file", 0o100644, b"text", **{field: value})] + LAST)
        at = 6 + 8 * FIELDS.index(field)
        yield f"{field} not hexadecimal", good[:at] + b"0000zz00" + good[at + 8:]
    for name in ("", "/", ".", "..", "../out", "a/../../b", "a//b", "a/./b/", "x" * 4095, "x" * 300 + "/y", "bin/link/x", "dev/null/x",
                 "proc/x", "init/x"):
        yield f"the name {name[:20]!r}", b"".join(FIRST + [member(name, 0o100644, b"text")] + LAST)
    for mode in (0o10644, 0o20644, 0o60644, 0o140644, 0o170000, 0o120777, 0):
        yield f"mode {mode:o}", b"".join(FIRST + [member("special", mode, b"")] + LAST)
    for length in (1, 5, 6, 50, 109, 110, 111, 115, 116, 230, 240, len(good) // 2, len(good) - 130, len(good) - 124, len(good) - 60):
        yield f"cut off at {length}", good[:length]
    yield "only zeroes", bytes(4096)
    yield "no end mark", b"".join(FIRST + LAST[:1])
    yield "gzip", b"\x1f\x8b\x08" + good[3:]


def judge(code, said):
    lines = [line for line in said.splitlines() if line.startswith(b"panic: ")]
    if code == ORDERLY:
        return not lines
    return code == PANIC and len(lines) == 1 and any(word in lines[0] for word in SAID)


count = 0
everything = os.environ.get("CHECK") == "full"
code, said = boot(good)
print(f"{'ok' if code == ORDERLY and b'hello, orchard' in said else 'not ok'} 1 - an undamaged archive boots")
count = 1
for i, (name, archive) in enumerate(cases()):
    if not everything and i % 3:
        continue
    count += 1
    try:
        code, said = boot(archive)
        fine = judge(code, said)
    except subprocess.TimeoutExpired:
        code, said, fine = "time-out", b"", False
    print(f"{'ok' if fine else 'not ok'} {count} - {name}: {code}")
    if not fine:
        print("\n".join("#   " + line for line in said.decode("utf-8", "replace").splitlines()[-12:]))
print(f"1..{count}")
END
	sed 's/^/    /' "$work/tap"
	grep -q '^1\.\.' "$work/tap" && ! grep -q '^not ok' "$work/tap"
	check $? "$kernel: damaged initramfs"
	[ "${CHECK-}" = full ] || break
done
done_testing
