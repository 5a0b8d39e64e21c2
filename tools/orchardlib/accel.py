# SPDX-License-Identifier: BSD-2-Clause
"""--accel auto: KVM only when a probe kernel has really booted under it; remembered until the host reboots."""

import json
import os
import sys
from pathlib import Path

from . import boot, machine, paths, rootfs, runfile
from .sinks import MemorySink

DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PATIENCE = 3            # seconds: a KVM that cannot run a guest lets it spin for ever


def choose(wanted, kernel, icount):
    """Returns "kvm" or "tcg". Instructions are counted by TCG alone."""
    if icount:
        return "tcg"
    if wanted != "auto":
        return wanted
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return "tcg"
    record = paths.cache() / "kvm.json"
    boot_id = BOOT_ID.read_text().strip()
    try:
        known = json.loads(record.read_text())
    except (OSError, ValueError):
        known = {}
    if known.get("boot_id") != boot_id:
        accel, reason = _probe(kernel)
        known = {"boot_id": boot_id, "accel": accel, "reason": reason}
        record.parent.mkdir(parents=True, exist_ok=True)
        record.write_text(json.dumps(known) + "\n")
        print(f"orchard: --accel auto chooses {accel}: {reason}", file=sys.stderr)
    return known["accel"]


def _probe(kernel):
    """Boots `kernel` under KVM, up to its hello: the last thing before a program starts."""
    greeted = []
    outcome = boot.once(kernel, machine.Options(accel="kvm"), rootfs.minimal(),
                        runfile.encode("/probe", ["probe"], {}), stdin=None, stdout=MemorySink(),
                        stderr=MemorySink(), console=lambda *_: None, timeout=PATIENCE,
                        on_hello=lambda: greeted.append(True))
    if greeted:
        return "kvm", f"{kernel.name} booted under KVM"
    return "tcg", f"{kernel.name} did not boot under KVM within {PATIENCE} s: {outcome.reason}"
