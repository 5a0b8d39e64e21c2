# SPDX-License-Identifier: BSD-2-Clause
"""`orchard run`: one program on one kernel, as if it ran here."""

import contextlib
import dataclasses
import json
import os
import re
import stat
import sys

from . import accel, boot, guest, kernels, linked, machine, packages, provenance, replay, runfile, session
from .errors import ToolError
from .sinks import FdSink, FdSource
from .terminal import Terminal

INPUT_MAX = 16 << 20    # of a file that becomes part of the initramfs
STAMPED = re.compile(rb"\[ *\d+\.\d+\] ")      # how kernels begin their lines; firmware and GRUB do not


class Messages:
    """
    Kernel messages on the tool's stderr, marked, never in the middle of a line of the program's.
    With `quiet_firmware`, what others said on the console before the kernel's hello is shown only if that never comes.
    """

    def __init__(self, name, stdout, stderr, terminal, quiet_firmware=False):
        self.name = name
        self.stderr = stderr
        # What the guest's terminal prints comes as stdout when that is one.
        self.beside = [stdout, stderr] if terminal.fds >= {1, 2} else [stderr]
        self.terminal = terminal
        self.held = []
        self.firmware = [] if quiet_firmware else None

    def __call__(self, origin, line):
        mark = self.name if origin == "console" else "qemu"
        marked = b"[%s] %s" % (mark.encode(), line)
        if self.firmware is not None and origin == "console" and not STAMPED.match(line):
            self.firmware.append(marked)
        else:
            self.held.append(marked)
        self.release()

    def booted(self):
        """The kernel has said hello."""
        self.firmware = None

    def release(self, at_end=False):
        """Writes what is held when stderr stands at the start of a line; on a terminal at once, on a new line."""
        on_terminal = 2 in self.terminal.fds
        if at_end and self.firmware:
            self.held[:0] = self.firmware
        if not self.held or not (self.stderr.at_line_start or on_terminal or at_end):
            return
        end = b"\r\n" if self.terminal.raw and os.isatty(2) else b"\n"
        at_line_start = all(sink.at_line_start for sink in self.beside)
        first = b"" if at_line_start else end
        for sink in self.beside:
            sink.at_line_start = True
        self.stderr.write(first + b"".join(line + end for line in self.held))
        self.held.clear()


def machine_options(options, kernel):
    """The machine's part of the command line, with the accelerator chosen."""
    groups = ["run"] + (["grub"] if options.boot != "pvh" else []) + (["uefi"] if options.boot == "uefi" else [])
    packages.ensure(groups)
    if kernel.is_linux and options.machine == "microvm":
        raise ToolError("linux on a microvm: Debian's kernel finds no clock there that it trusts (neither HPET nor PM "
                        "timer) and often stands still: only --machine q35")
    most = kernels.most_cpus(kernel)
    if most and options.cpus > most:
        raise ToolError(f"--cpus {options.cpus}: {kernel.name} is configured for at most {most} (NR_CPUS_MAX in make menuconfig)")
    streams = options.streams or ("virtio" if options.machine == "microvm" else "com2")
    return machine.Options(
        cpus=options.cpus, cpu=options.cpu, memory=options.memory, machine=options.machine, streams=streams, boot=options.boot,
        icount=options.icount, shift=getattr(options, "shift", None) or 0,
        accel=accel.choose(options.accel, kernel, options.icount), verbose=options.verbose,
        strace=getattr(options, "strace", False), append=_append(options, kernel),
        gdb=machine.free_port() if getattr(options, "gdb", False) else 0)


def _append(options, kernel):
    """The user's words. A debugger knows the kernel where it was linked."""
    unmoved = [] if kernel.is_linux or not getattr(options, "gdb", False) else [machine.UNMOVED]
    return " ".join([*unmoved, *filter(None, [options.append])])


def _say(options, chosen, kernel):
    if options.strace and kernel.is_linux:
        print("orchard: linux: --strace is for Orchard's kernels: ignored", file=sys.stderr)
    if chosen.gdb:
        symbols = "" if kernel.is_linux else f" {kernel.image}"
        print(f"orchard: waiting for: gdb{symbols} -ex 'target remote 127.0.0.1:{chosen.gdb}'", file=sys.stderr)


def _write_json(target, kernel, chosen, program, outcome):
    row = {**provenance.of(kernel, chosen, program), "status": outcome.status, "reason": outcome.reason,
           "wait_status": outcome.wait_status, "refusals": outcome.refusals, "wall_s": round(outcome.wall_s, 3),
           "stats": outcome.stats}
    text = json.dumps(row)
    if target == "-":
        print(text, file=sys.stderr)
    else:
        with open(target, "w") as out:
            out.write(text + "\n")


def _whole_input(options, kernel):
    """
    Under --icount nothing may come from the host while the program runs, at a moment that the host chooses: where the input is
    a file, or nothing, it travels in the initramfs. None: it comes as it comes.
    """
    status = os.fstat(0)
    if not options.icount or linked.is_in(kernel):
        return None
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev:
        return b""
    if stat.S_ISREG(status.st_mode) and status.st_size <= INPUT_MAX and os.lseek(0, 0, os.SEEK_CUR) == 0:
        with open(0, "rb", closefd=False) as whole:
            return whole.read()
    return None


@contextlib.contextmanager
def _traced(options, kernel, chosen, program):
    """The machine with --trace: when it has ended, be it by ^C, what it left in its memory is kept."""
    if not options.trace:
        yield chosen
        return
    from . import trace, trace_rings

    with open(options.trace, "ab"):     # refused now, and not after the run
        pass
    size = f"trace={trace_rings.default_size(chosen.memory, chosen.cpus) >> 10}K"
    with trace_rings.memory(chosen.memory) as memory:
        chosen = dataclasses.replace(chosen, memory_fd=memory, append=" ".join(filter(None, [size, chosen.append])))
        try:
            yield chosen
        finally:
            trace.keep(options.trace, memory, kernel, provenance.of(kernel, chosen, program))


def _kernel(options):
    if not options.trace:
        return kernels.prepare(options.kernel)
    from . import trace  # and all that draws and writes: a tenth of what a run of the tool takes

    return kernels.prepare(trace.kernel_name(options.kernel))


def main(options):
    kernels.check_name(options.kernel)
    terminal = Terminal()
    program = guest.prepare(options.program, options.root, options.add, options.env, options.memory,
                            bool(terminal.fds))
    kernel = _kernel(options)
    if linked.is_in(kernel) and (options.root or options.add or options.env):
        raise ToolError(f"{kernel.name}: a program is linked into it: no --root, --add or --env")
    chosen = linked.with_arguments(kernel, machine_options(options, kernel), program)
    _say(options, chosen, kernel)
    whole = _whole_input(options, kernel)
    record = runfile.encode(program.path, program.argv, program.env, tty=terminal.fds, size=terminal.size(),
                            stdin=None if whole is None else boot.STDIN_FILE)
    stdout, stderr = FdSink(1), FdSink(2)
    messages = Messages(kernel.name, stdout, stderr, terminal, options.boot != "pvh" and not options.verbose)
    with _traced(options, kernel, chosen, program) as chosen, terminal:
        outcome = boot.once(kernel, chosen, program.root, record, stdin_file=whole,
                            stdin=FdSource(0) if whole is None else None, stdout=stdout,
                            stderr=stderr, console=messages, terminal=terminal, timeout=options.timeout,
                            on_hello=messages.booted, at_end=lambda: messages.release(at_end=True))
    accel.heed(options.accel, outcome)
    for refusal in outcome.refusals:
        print(f"orchard: {kernel.name}: refused: {refusal}", file=sys.stderr)
    if outcome.reason and not session.gave_up(outcome.reason):  # that line is said already
        print(f"orchard: {kernel.name}: {outcome.reason}", file=sys.stderr)
    for line in replay.lines(kernel, chosen, outcome):
        print(f"orchard: {kernel.name}: {line}", file=sys.stderr)
    if options.json:
        _write_json(options.json, kernel, chosen, program, outcome)
    return outcome.status
