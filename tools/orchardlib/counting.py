# SPDX-License-Identifier: BSD-2-Clause
"""
One kernel, counted part by part: user/bench under --icount with the plugin of tools/ladder/count.c. Two numbers of each row
that know nothing of each other: the plugin's sum of instructions, and the guest's clock, which is QEMU's own count of them.
"""

import dataclasses
import hashlib
import json
import os
import tempfile
from pathlib import Path

from . import bench, boot, guest, machine, parts, paths, plugin, provenance, rows, runfile
from .errors import ToolError
from .run import machine_options
from .sinks import MemorySink

# What the ladder shows: user/bench's names. The same row by threads shows what a switch costs where there is one process.
ROWS = ["null-call", "read", "fault-zero", "pipe-threads", "pipe-processes", "fork-exit"]
FOLDER = paths.BUILD / "ladder"
TIMEOUT = 120


def windows_of(text):
    """[{address: (instructions, references)}] of what the plugin wrote."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if words == ["window"]:
            found.append({})
        elif len(words) == 3 and found:
            found[-1][int(words[0], 16)] = (int(words[1]), int(words[2]))
        else:
            raise ToolError(f"the counting plugin wrote what nobody reads: {line[:80]}")
    return found


def median_window(windows):
    """The one whose sum is the median: bench's figure is the median of the same batches."""
    ordered = sorted(windows, key=lambda window: sum(count for count, _ in window.values()))
    return ordered[len(ordered) // 2]


def cells(entries, windows, divide):
    """{row: what was counted} from bench's own table and the windows it opened, in the same order."""
    done = [entry for entry in entries if not entry["refused"]]
    if not done or len(windows) % len(done):
        raise ToolError(f"{len(windows)} windows were counted for {len(done)} rows: the program and the plugin disagree")
    batches = len(windows) // len(done)
    found = {}
    for entry in entries:
        if entry["refused"]:
            found[entry["row"]] = {"what": entry["what"], "refused": entry["refused"]}
            continue
        mine, windows = windows[:batches], windows[batches:]
        divided = divide(median_window(mine))
        found[entry["row"]] = {
            "what": entry["what"], "refused": "", "rounds": entry["rounds"], "clock": entry["ns"],
            "parts": {part: [number / entry["rounds"] for number in both] for part, both in divided.items()}}
    return found


def _sha256(*files):
    joined = hashlib.sha256()
    for file in files:
        joined.update(hashlib.sha256(file.read_bytes()).digest())
    return joined.hexdigest()


def of(options, kernel, wanted):
    """
    {"provenance", "rows"} of one of our kernels. The same image, program and map give the same numbers, to
    the digit, so they are kept in build/ladder and not counted again.
    """
    rules = parts.read()
    parts.check(rules, kernel.image)
    counted = dataclasses.replace(machine_options(options, kernel), icount=True, accel="tcg", cpus=1,
                                  append=f"{machine.UNMOVED} {options.append}")
    program = guest.prepare([os.path.relpath(bench.PROGRAM), "-x", *wanted], None, [], [], counted.memory, False)
    library = plugin.built(plugin.COUNT)
    record = {"provenance": provenance.of(kernel, counted, program)}
    key = dict(record["provenance"], git="", kernel_version="", kernel="", map=_sha256(parts.MAP, library, Path(parts.__file__), Path(__file__)))
    kept = FOLDER / (hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:24] + ".json")
    if kept.exists():
        return {**record, "rows": json.loads(kept.read_text(encoding="utf-8"))}
    record["rows"] = _count(kernel, counted, program, rules)
    fresh = kept.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps(record["rows"], indent=1) + "\n", encoding="utf-8")
    fresh.replace(kept)
    return record


def _count(kernel, options, program, rules):
    stderr = MemorySink()
    with tempfile.TemporaryDirectory(prefix="orchard-") as work:
        out = Path(work) / "counts"
        options = dataclasses.replace(options, plugin=plugin.argument(plugin.COUNT, out))
        outcome = boot.once(kernel, options, program.root, runfile.encode(program.path, program.argv, program.env,
                            stdin=boot.STDIN_FILE), stdin_file=b"", stdin=None, stdout=MemorySink(), stderr=stderr,
                            console=lambda *_: None, timeout=TIMEOUT)
        if outcome.reason or outcome.status:
            said = stderr.data.decode("utf-8", "replace").splitlines()
            raise ToolError(f"{kernel.name}: not counted: {outcome.reason or (said or [f'status {outcome.status}'])[-1]}")
        windows = windows_of(out.read_text(encoding="ascii"))
    return cells(rows.parse(stderr.data), windows, lambda window: parts.divide(rules, kernel.image, window))
