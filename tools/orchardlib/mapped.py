# SPDX-License-Identifier: BSD-2-Clause
"""
What of a kernel is mapped while an application runs: a boot of a program that does nothing, stopped in it, and QEMU asked for
the page table that is loaded then. The kernel is not asked.
"""

import contextlib
import dataclasses
import json
import re
import socket
import tempfile
import threading
import time
from pathlib import Path

from . import accel, boot, cpio, machine, rootfs, runfile, symbols
from .errors import ToolError
from .sinks import MemorySink

# include/arch/layout.h
DIRECT_MAP, DIRECT_MAP_END = 0xffff800000000000, 0xffffc00000000000
STACKS, STACKS_END = 0xffffc00000000000, 0xffffc10000000000
UPPER = 1 << 63
SPIN = bytes.fromhex("ebfe")            # jmp .
TIMEOUT, ATTEMPTS = 30, 50
REGIONS = ("code", "constants", "data", "stacks", "all memory", "other")
RANGE = re.compile(r"^([0-9a-f]{16})-([0-9a-f]{16}) [0-9a-f]{16} ([u-])r([w-])", re.M)


class Monitor:
    """QEMU's machine protocol (QMP) on a socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        for line in self.lines:
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise ToolError(f"QEMU's monitor: {answer['error']['desc']}")
        raise ToolError("QEMU's monitor: the machine ended")

    def human(self, words):
        return self.ask("human-monitor-command", **{"command-line": words})

    def close(self):
        self.lines.close()
        self.socket.close()


def in_application(registers):
    """Is the next instruction in the lower half? (`info registers`)"""
    return int(re.search(r"RIP=([0-9a-f]+)", registers)[1], 16) < UPPER


def ranges_of(text):
    """[(start, end, application's?, writable?)] of the upper half, from `info mem`."""
    found = [(int(low, 16), int(high, 16) or 1 << 64, user == "u", write == "w")
             for low, high, user, write in RANGE.findall(text)]
    return [one for one in found if one[0] >= UPPER]


def _look(path, answers):
    """In a thread beside the machine's own loop: stops it where the application runs, asks, and ends it."""
    try:
        with contextlib.closing(Monitor(path)) as monitor:
            for _ in range(ATTEMPTS):
                time.sleep(0.02)
                monitor.ask("stop")
                registers = monitor.human("info registers")
                if in_application(registers):
                    answers["cpl"] = int(re.search(r"CPL=(\d)", registers)[1])
                    answers["ranges"] = ranges_of(monitor.human("info mem").replace("\r", ""))
                    break
                monitor.ask("cont")
            monitor.ask("quit")
    except (OSError, ToolError, ValueError) as error:
        answers.setdefault("error", str(error))


def _spinner():
    root = rootfs.minimal()
    root.put("/spin", cpio.regular(accel.static_program(SPIN), 0o755))
    return root


def _places(image):
    """{region: (start, end)} of the image, by the linker's symbols."""
    at = symbols.read(image).address
    return {"code": (at["__text_start"], at["__text_end"]), "constants": (at["__text_end"], at["__rodata_end"]),
            "data": (at["__rodata_end"], at["__kernel_end"]), "stacks": (STACKS, STACKS_END),
            "all memory": (DIRECT_MAP, DIRECT_MAP_END)}


def by_region(ranges, places):
    """{region: bytes mapped}, `other` what lies in none."""
    found = {name: sum(max(0, min(end, high) - max(start, low)) for start, end, _, _ in ranges)
             for name, (low, high) in places.items()}
    found["other"] = sum(end - start for start, end, _, _ in ranges) - sum(found.values())
    return found


def of(kernel, options):
    """{"cpl", "bytes": {region: bytes}, "open": bytes of the upper half that the application may use} while one runs."""
    answers = {}
    with tempfile.TemporaryDirectory(prefix="orchard-") as work:
        path = str(Path(work) / "monitor")
        options = dataclasses.replace(options, monitor=path, accel="tcg", boot="pvh",
                                      append=f"{machine.UNMOVED} {options.append}")
        thread = threading.Thread(target=_look, args=(path, answers), daemon=True)
        outcome = boot.once(kernel, options, _spinner(), runfile.encode("/spin", ["spin"], {}), stdin=None,
                            stdout=MemorySink(), stderr=MemorySink(), console=lambda *_: None, timeout=TIMEOUT,
                            on_hello=thread.start)
        if thread.ident:
            thread.join(TIMEOUT)
    if "ranges" not in answers:
        reason = answers.get("error") or outcome.reason or "no application ran"
        raise ToolError(f"{kernel.name}: its page tables were not seen: {reason}")
    ranges, cpl = answers["ranges"], answers["cpl"]
    everything = sum(end - start for start, end, _, _ in ranges)
    return {"cpl": cpl, "bytes": by_region(ranges, _places(kernel.image)),
            "open": everything if cpl == 0 else sum(end - start for start, end, user, _ in ranges if user)}
