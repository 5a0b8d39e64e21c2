# SPDX-License-Identifier: BSD-2-Clause
"""What one run of an experiment needs, made once for all: kernels, programs, what identifies a result; and the run itself."""

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

from . import accel, bench, boot, guest, kernels, machine, model, paths, provenance, rows, runfile
from .errors import ToolError
from .experiment_metrics import Seen
from .run import machine_options
from .sinks import MemorySink

DONE, REFUSED, FAILED = "done", "refused", "failed"
PROGRAMS = "build/user/"        # what `make user` makes
LOG_TAIL = 64 << 10
REFUSAL = re.compile(rb"^refused: ([\w-]+)$", re.M)      # what a program says, with a status that is not 0
# Where a number comes from, and not what it is: the same image and program give the same on any commit and host.
NO_INPUT = ("git", "kernel_version")


@functools.cache
def host_cpu():
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"


def made(program):
    """A program of user/ is made when its sources are newer."""
    if program.startswith(PROGRAMS):
        folder = paths.BUILD / "user"
        with paths.locked(folder):
            done = subprocess.run(["make", "-s", "-C", str(paths.ROOT / "user"), f"O={folder}", str(paths.ROOT / program)],
                                  stdin=subprocess.DEVNULL, stdout=sys.stderr)
        if done.returncode:
            raise ToolError(f"{program} cannot be built")


@dataclasses.dataclass
class Ready:
    """A cell that can be run."""

    kernel: object
    options: object
    program: object
    provenance: dict
    key: str


class Lab:
    """Kernels are built once for each name, programs are read once for each command."""

    def __init__(self, experiment):
        self.experiment = experiment
        self.kernels = {}
        self.programs = {}
        self.roots = {}

    def build(self, say):
        """All kernels; of one that cannot be built the cells fail, and the others go on."""
        for name in self.experiment.kernels:
            say(f"{name}: built")
            self.kernel(name)
        same = {}
        for name, found in self.kernels.items():
            if not isinstance(found, ToolError):
                same.setdefault((found.config_hash(), found.append), []).append(name)
        return [names for names in same.values() if len(names) > 1]

    def kernel(self, name):
        if name not in self.kernels:
            try:
                self.kernels[name] = kernels.prepare(name)
            except ToolError as error:
                self.kernels[name] = error
        return self.kernels[name]

    def _program(self, cell):
        """The command of a cell, in its root; relative paths begin at the tree's top, wherever one stands."""
        workload = cell.workload
        if cell.row:
            command = [PROGRAMS + bench.PROGRAM.name, *(["-x"] if cell.counted else ["-m", str(workload.milliseconds)]), cell.row]
        else:
            command = [workload.program, *cell.words()]
        key = (tuple(command), workload.env, workload.add, workload.root, cell.memory)
        if key not in self.programs:
            if not any(other[0][0] == command[0] for other in self.programs):
                made(command[0])
            with contextlib.chdir(paths.ROOT):
                program = guest.prepare(command, workload.root, list(workload.add), list(workload.env), cell.memory, False)
            self.programs[key] = (program, hashlib.sha256(program.root.archive({})).hexdigest())
        return self.programs[key]

    def ready(self, cell):
        """A Ready, or the ToolError that says why it cannot be run."""
        kernel = self.kernel(cell.kernel)
        if isinstance(kernel, ToolError):
            return kernel
        try:
            program, root = self._program(cell)
            options = machine_options(self._machine(cell), kernel)
        except ToolError as error:
            return error
        from_where = provenance.of(kernel, options, program)
        inputs = {key: value for key, value in from_where.items() if key not in NO_INPUT}
        inputs.update(cell.dimensions(), root=root, env=program.env, argv=program.argv,
                      qemu_command=machine.qemu_command(options, 0, 0),
                      metrics=[metric.name for metric in self.experiment.metrics_of(cell)],
                      host="" if cell.counted else host_cpu())
        if self.experiment.is_modelled(cell):
            inputs.update(model=model.version(self.experiment.costs))
        return Ready(kernel, options, program, from_where, _digest(inputs))

    def _machine(self, cell):
        chosen = self.experiment
        return types.SimpleNamespace(
            cpus=cell.cpus, cpu=chosen.cpu, memory=cell.memory, machine=chosen.machine, streams=None, boot="pvh", accel="tcg",
            icount=cell.counted, verbose=False,
            append=" ".join([*[machine.UNMOVED] * chosen.is_modelled(cell), *chosen.boot_words.split(), *cell.append()]))

    def key(self, cell):
        """What a result of this cell is known by: all that could change it."""
        found = self.ready(cell)
        return _digest(cell.dimensions()) if isinstance(found, ToolError) else found.key


def _digest(values):
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def logs(slug):
    return paths.BUILD / "experiments" / slug / "logs"


def measure(lab, cell, turn):
    """One run: its record, a row of the CSV."""
    ready = lab.ready(cell)
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {"run": lab.key(cell), "repeat": turn, "state": FAILED, "reason": "", **cell.dimensions(), "icount": cell.counted,
              "host_cpu": host_cpu(), "host_load": round(os.getloadavg()[0], 2), "date": date}
    if isinstance(ready, ToolError):
        return {**record, "git": provenance.git_sha(), "reason": str(ready)}
    record.update(ready.provenance)
    stdout, stderr, console = MemorySink(), MemorySink(), []
    run_file = runfile.encode(ready.program.path, ready.program.argv, ready.program.env, stdin=boot.STDIN_FILE)
    try:
        with _recorded(lab.experiment, cell, ready.options) as (options, events):
            outcome = boot.once(ready.kernel, options, ready.program.root, run_file, stdin_file=b"", stdin=None, stdout=stdout,
                                stderr=stderr, console=lambda origin, line: console.append(line), timeout=lab.experiment.timeout)
            record.update(_result(lab.experiment, cell, ready, outcome, stdout, stderr, events))
    except ToolError as error:
        record["reason"] = str(error)
    if record["state"] == FAILED:
        _keep_log(lab.experiment, record, console, stdout, stderr)
    return record


def _recorded(experiment, cell, options):
    """The machine, and where its plugin writes; None where nothing is modelled."""
    return model.recording(options) if experiment.is_modelled(cell) else contextlib.nullcontext((options, None))


def _result(experiment, cell, ready, outcome, stdout, stderr, events):
    if outcome.reason:
        raise ToolError(outcome.reason)
    wanted = experiment.metrics_of(cell)
    entry = None
    if cell.row:
        entry = next((one for one in rows.parse(stderr.data) if one["row"] == cell.row), None)
        if entry and entry["refused"]:
            return {"state": REFUSED, "reason": entry["refused"]}
        if not entry:
            raise ToolError(f"bench printed no row {cell.row}")
    refused = REFUSAL.search(bytes(stdout.data)) if outcome.status else None
    if refused:
        return {"state": REFUSED, "reason": refused[1].decode()}
    if outcome.status and not any(metric.name == "status" for metric in wanted):
        raise ToolError(f"exit status {outcome.status} (with the metric `status` that would be a result)")
    modelled = model.seen(ready.kernel, events, bytes(stdout.data), experiment.costs) if events else None
    seen = Seen(ready.kernel, outcome, bytes(stdout.data), entry, modelled)
    return {"state": DONE, **{metric.name: metric.value(seen) for metric in wanted}}


def log_of(experiment, record):
    return logs(experiment.slug) / f"{record['run']}-{record['repeat']}.log"


def _keep_log(experiment, record, console, stdout, stderr):
    """What the machine and the program said, for whoever looks into the failure."""
    log = log_of(experiment, record)
    log.parent.mkdir(parents=True, exist_ok=True)
    parts = [("kernel messages", b"\n".join(console)), ("stdout", bytes(stdout.data)), ("stderr", bytes(stderr.data))]
    text = f"{record['kernel']}, {record['workload']} {record['row']}: {record['reason']}\n".encode()
    text += b"".join(b"--- %s\n%s\n" % (name.encode(), data[-LOG_TAIL:]) for name, data in parts)
    log.write_bytes(text)
