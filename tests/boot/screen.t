#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a person sees who boots through GRUB: kernel messages and the console's terminal, on a VGA's text (BIOS) and on a
# framebuffer (UEFI), where pixels are read back with the font. It scrolls; escape sequences are not drawn. The code is the same in
# all kernels: the last one stands for all, unless CHECK=full.
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" screen; done_testing; }

mkdir -p "$work/root/bin" "$work/iso"
cp "$build/user/cat" "$work/root/bin"
(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/initrd"
"$top/tools/build/font" /usr/share/consolefonts/Unifont-APL8x16.psf.gz >"$work/font.c"

[ "${CHECK-}" = full ] && few=$KERNELS || few=${KERNELS##* }
for kernel in $few; do
	cp "$(built "$kernel")/orchard.elf" "$work/iso"
	"$top/tools/build/iso" "$work/iso" "$work/initrd" "init=/bin/cat loglevel=8"
	for firmware in bios uefi; do
		/usr/bin/python3 - "$work" $firmware "$kernel" >"$work/tap" <<'END'
import os, re, socket, subprocess, sys, time

work, firmware, kernel = sys.argv[1:]
PATIENCE = 90
tests = failures = 0


def check(good, name, rows):
    global tests
    tests += 1
    print(f"{'ok' if good else 'not ok'} {tests} - {name}")
    if not good:
        print("\n".join("#   |" + row for row in rows))


with open(work + "/font.c") as text:
    glyphs = re.findall(r"{ ((?:0x..(?:, )?){16}) }", text.read())
font = {bytes(int(b, 16) for b in glyph.split(", ")): chr(32 + i) for i, glyph in enumerate(glyphs)}
command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-M", "q35", "-m", "256", "-nodefaults", "-no-user-config",
           "-display", "none", "-no-reboot", "-vga", "std", "-serial", "stdio", "-monitor", f"unix:{work}/monitor,server,nowait",
           "-cdrom", work + "/iso/orchard.iso"] + (["-bios", "/usr/share/ovmf/OVMF.fd"] if firmware == "uefi" else [])
qemu = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=open(work + "/serial", "wb"))
monitor = socket.socket(socket.AF_UNIX)
for _ in range(100):
    try:
        monitor.connect(work + "/monitor")
        break
    except OSError:
        time.sleep(0.1)


def ask(line=""):
    """One monitor command, to its next prompt; the first prompt comes by itself."""
    monitor.sendall(line.encode() + b"\n" * bool(line))
    answer = b""
    while not answer.endswith(b"\n(qemu) "):
        answer += monitor.recv(4096)


def text_rows():
    ask(f'pmemsave 0xb8000 4000 "{work}/vga"')    # quoted: a slash divides
    with open(work + "/vga", "rb") as file:
        cells = file.read()[::2]
    return [cells[at:at + 80].decode("latin-1").rstrip("\0 ") for at in range(0, 2000, 80)]


def pixel_rows():
    ask(f"screendump {work}/screen.ppm")
    with open(work + "/screen.ppm", "rb") as file:
        _, size, _, pixels = file.read().split(b"\n", 3)
    width, height = map(int, size.split())
    lines = [bytes(1 if p else 0 for p in pixels[y * width * 3:(y + 1) * width * 3:3]) for y in range(height)]
    rows = []
    for top in range(0, height - 15, 16):
        row = ""
        for left in range(0, width - 7, 8):
            cell = bytes(int("".join(map(str, line[left:left + 8])), 2) for line in lines[top:top + 16])
            row += font.get(cell) or font.get(cell[:15] + b"\0") or "~"
        rows.append(row.rstrip())
    return rows


def wait_for(condition):
    """The screen, once `condition` is true of it, or as it is after a while."""
    end = time.monotonic() + PATIENCE
    while True:
        rows = text_rows() if firmware == "bios" else pixel_rows()
        if condition(rows) or time.monotonic() > end:
            return rows
        time.sleep(0.5)


def typed(text):
    qemu.stdin.write(text.encode())
    qemu.stdin.flush()


try:
    ask()
    rows = wait_for(lambda rows: any("init: running /bin/cat" in row for row in rows))
    check(any(re.search(rf", {kernel}\+?: gate", row) for row in rows), "the kernel names itself", rows)  # +: a fragment's
    check(any("init: running /bin/cat" in row for row in rows), "and its program", rows)
    typed("a\x1b[31mb\tc äd\n")
    want = "ab" + " " * 6 + "c ?d"
    rows = wait_for(lambda rows: want in rows)
    check(want in rows, "escapes are swallowed, tabs widened, a foreign letter is one ?", rows)
    for i in range(60):
        typed(f"typed {i}\n")
        time.sleep(0.01)
    rows = wait_for(lambda rows: rows.count("typed 59") == 2)
    numbers = [int(row.split()[1]) for row in rows if re.fullmatch(r"typed \d+", row)]
    check(len(numbers) >= 20 and set(numbers) == set(range(min(numbers), 60)), "the last lines are there", rows)
    check(not any("init: running" in row for row in rows), "the first ones have gone", rows)
    check("typed 59" in rows[-3:], "and the text ends at the bottom", rows)
finally:
    qemu.kill()
    qemu.wait()
print(f"1..{tests}")
END
		sed 's/^/    /' "$work/tap"
		grep -q '^1\.\.6' "$work/tap" && ! grep -q '^not ok' "$work/tap"
		check $? "$kernel, $firmware: what is on the screen"
		rm -f "$work/monitor"
	done
done
done_testing
