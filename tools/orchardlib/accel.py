# SPDX-License-Identifier: BSD-2-Clause
"""--accel auto: KVM only when a probe has really run under it, program and all; remembered until the host reboots."""

import json
import os
import struct
import sys
from pathlib import Path

from . import boot, cpio, linked, machine, paths, rootfs, runfile
from .sinks import MemorySink

DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PATIENCE = 5            # seconds: a KVM that cannot run a guest lets it spin for ever
CPUS = 2
STATUS = 77

# What the probe runs: a KVM that boots kernels may still give up on a program's vector registers.
PROBE_CODE = bytes.fromhex(
    "f2480f2ac4"            # cvtsi2sd %rsp, %xmm0
    "0f110425 00104000"     # movups %xmm0, 0x401000        a page fault
    "488d3d 15000000"       # lea ts(%rip), %rdi
    "31f6 b823000000 0f05"  # nanosleep(&ts, NULL)          a timer's interrupt, and back from idle
    "bf4d000000"            # mov $STATUS, %edi
    "b8e7000000 0f05"       # exit_group
    "0000000000000000 40420f0000000000")  # ts: 1 ms


def choose(wanted, kernel, icount):
    """Returns "kvm" or "tcg". Instructions are counted by TCG alone."""
    if icount:
        return "tcg"
    if wanted != "auto":
        return wanted
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return "tcg"
    boot_id = BOOT_ID.read_text().strip()
    try:
        known = json.loads(_record().read_text())
    except (OSError, ValueError):
        known = {}
    if known.get("boot_id") != boot_id:
        if linked.is_in(kernel):  # which runs no probe
            return "tcg"
        known = _remember(*_probe(kernel))
    return known["accel"]


def heed(wanted, outcome):
    """When KVM gave up on a guest after all, auto means TCG from now on."""
    if wanted == "auto" and outcome.kvm_failed:
        _remember("tcg", "KVM gave up on a guest that a probe had not warned of")


def _record():
    return paths.cache() / "kvm.json"


def _remember(accel, reason):
    known = {"boot_id": BOOT_ID.read_text().strip(), "accel": accel, "reason": reason}
    _record().parent.mkdir(parents=True, exist_ok=True)
    _record().write_text(json.dumps(known) + "\n")
    print(f"orchard: --accel auto chooses {accel}: {reason}", file=sys.stderr)
    return known


def static_program(code):
    """A static ELF file of two pages: this code, and a page of zeroes."""
    base, headers = 0x400000, 64 + 2 * 56
    ident = b"\x7fELF\2\1\1".ljust(16, b"\0")
    size = headers + len(code)
    header = ident + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + headers, 64, 0, 0, 64, 56, 2, 0, 0, 0)
    text = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    data = struct.pack("<IIQQQQQQ", 1, 6, 0, base + 0x1000, base + 0x1000, 0, 0x1000, 0x1000)
    return header + text + data + code


def _probe(kernel):
    """Runs a small program to its end on `kernel` under KVM."""
    root = rootfs.minimal()
    root.put("/probe", cpio.regular(static_program(PROBE_CODE), 0o755))
    outcome = boot.once(kernel, machine.Options(accel="kvm", cpus=CPUS), root,
                        runfile.encode("/probe", ["probe"], {}), stdin=None, stdout=MemorySink(),
                        stderr=MemorySink(), console=lambda *_: None, timeout=PATIENCE)
    if outcome.wait_status == STATUS << 8 and not outcome.reason:
        return "kvm", f"a probe ran on {kernel.name} under KVM"
    return "tcg", f"a probe did not run on {kernel.name} under KVM: {outcome.reason or 'its status is wrong'}"
