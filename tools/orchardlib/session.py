# SPDX-License-Identifier: BSD-2-Clause
"""One run of a program in a guest: relays its streams, watches the machine, and says how it ended."""

import contextlib
import dataclasses
import os
import re
import select
import signal
import struct
import time

from . import frames, machine
from .errors import PANIC, TIMEOUT, TOOL
from .qemu import Qemu
from .terminal import EscapeFilter

GRACE = 60              # seconds a guest has to end the machine after its exit frame: a debug build counts what is left, slowly
INPUT_ROOM = 65536      # bytes of frames kept for a guest that does not read
KVM_GAVE_UP = b"KVM internal error"
ANSI = re.compile(rb"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[=>c])")


@dataclasses.dataclass
class Outcome:
    """How a run ended. `status` is the tool's exit status; `reason` is empty when the program ended by itself."""

    status: int
    reason: str = ""
    wait_status: int | None = None
    stats: dict = dataclasses.field(default_factory=dict)
    refusals: list = dataclasses.field(default_factory=list)
    console: list = dataclasses.field(default_factory=list)
    kvm_failed: bool = False
    wall_s: float = 0.0
    busy: str = ""                          # of a machine that was stopped: whether its processors did anything
    first_output_s: float | None = None     # from QEMU's start to the program's first byte


def gave_up(line):
    """Is this the one line of a kernel that was given what it cannot boot with? (core/panic.h, give_up())"""
    return re.match(r"(\[ *\d+\.\d+\] )?cannot go on: ", line) is not None


def status_of(wait_status):
    """A shell's view of a wait status: the program's own, or 128 and the signal that killed it."""
    signal_number = wait_status & 0x7f
    return 128 + signal_number if signal_number else wait_status >> 8 & 0xff


class Session:
    """The relay of one QEMU. All descriptors are waited for together; nothing here blocks for long."""

    def __init__(self, qemu, stdin, stdout, stderr, console, terminal=None, timeout=None, on_hello=None,
                 at_end=None):
        self.qemu = qemu
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.console = console          # called with each line of kernel messages (bytes)
        self.terminal = terminal
        self.on_hello = on_hello        # called when the guest is about to start the program
        self.at_end = at_end            # called before the last output is written
        self.started = time.monotonic()
        self.deadline = self.started + timeout if timeout else None
        self.timeout = timeout
        self.reader = frames.Reader()
        self.escape = EscapeFilter()
        self.to_guest = bytearray()
        self.on_the_way = 0             # stdin bytes sent and not yet taken
        self.window = None
        self.hello = False
        self.spoke = False              # anything came from the guest
        self.stdin_open = stdin is not None
        self.partial = {"console": bytearray(), "qemu": bytearray()}
        self.outcome = Outcome(0)
        self.resized = False
        self.end = None                 # (status, reason) once the run is decided from outside

    # -- the loop ---------------------------------------------------------------------------------

    def run(self):
        open_ends = {self.qemu.streams, self.qemu.console, self.qemu.errors}
        with self._wake_on_signals() as wake:
            while self.end is None and open_ends:
                self._turn(open_ends, wake)
        self._finish()
        return self.outcome

    def _turn(self, open_ends, wake):
        readable = [wake, *(e for e in open_ends if e is not self.qemu.streams or not self._output_full())]
        writable = [s.fd for s in (self.stdout, self.stderr) if s.pending]
        if self._may_read_stdin():
            readable.append(self.stdin.fd)
        if self.to_guest and self.qemu.streams in open_ends:
            writable.append(self.qemu.streams)
        ready, can_write, _ = select.select(readable, writable, [], self._patience())
        for end in [e for e in ready if e in open_ends]:
            if not self._read_guest(end):
                open_ends.discard(end)
        if wake in ready:
            os.read(wake, 512)
        if self.stdin_open and self.stdin.fd in ready:
            self._read_stdin()
        if self.resized and self.hello:
            self._send_size()
        if self.qemu.streams in can_write:
            self._write_guest()
        for sink in (self.stdout, self.stderr):
            if sink.fd is not None and sink.fd in can_write:
                sink.flush_some()
            if sink.broken:
                self.end = 128 + signal.SIGPIPE, ""
        self._check_clock()

    def _patience(self):
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def _check_clock(self):
        if self.end is not None or self.deadline is None or time.monotonic() < self.deadline:
            return
        if self.outcome.wait_status is not None:
            self.end = PANIC, f"the program ended, but the machine did not within {GRACE} s"
        else:
            self.end = TIMEOUT, f"timed out after {self.timeout:g} s"

    @contextlib.contextmanager
    def _wake_on_signals(self):
        """A signal must end a select() that waits: SIGWINCH here, others by raising from their handlers."""
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        old_fd = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        old_handler = signal.signal(signal.SIGWINCH, self._on_resize)
        try:
            yield read_end
        finally:
            signal.signal(signal.SIGWINCH, old_handler)
            signal.set_wakeup_fd(old_fd)
            os.close(read_end)
            os.close(write_end)

    def _on_resize(self, *_):
        self.resized = bool(self.terminal and self.terminal.fds)

    # -- to the guest -----------------------------------------------------------------------------

    def _may_read_stdin(self):
        if not (self.stdin_open and self.hello) or len(self.to_guest) >= INPUT_ROOM:
            return False
        return self.window is None or self.on_the_way < self.window

    def _read_stdin(self):
        most = 32768 if self.window is None else min(32768, self.window - self.on_the_way)
        data = self.stdin.read(most)
        if not data:
            self.stdin_open = False
            self.to_guest += frames.encode(frames.STDIN_END)
            return
        if self.terminal and self.terminal.raw:
            data, leave = self.escape.feed(data)
            if leave:
                self.end = 128 + signal.SIGTERM, "ended by ^A x"
        if data:
            self.on_the_way += len(data)
            self.to_guest += frames.encode(frames.STDIN, data)

    def _send_size(self):
        self.resized = False
        size = self.terminal.size()
        if size:
            self.to_guest += frames.encode(frames.WINSIZE, struct.pack("<HH", *size))

    def _write_guest(self):
        try:
            sent = self.qemu.streams.send(self.to_guest)
            del self.to_guest[:sent]
        except BlockingIOError:
            return
        except OSError:
            self.to_guest.clear()
            self.stdin_open = False

    # -- from the guest ---------------------------------------------------------------------------

    def _output_full(self):
        return self.stdout.full or self.stderr.full

    def _read_guest(self, end):
        """False at the end of this channel."""
        try:
            data = end.read(65536) if end is self.qemu.errors else end.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        self.spoke |= bool(data) and end is not self.qemu.errors
        if end is self.qemu.streams:
            self._take_frames(data)
        else:
            self._take_lines("console" if end is self.qemu.console else "qemu", data or b"")
        return bool(data)

    def _take_frames(self, data):
        try:
            for kind, payload in self.reader.feed(data):
                self._take_frame(kind, payload)
        except frames.FrameError as error:
            self.end = PANIC, f"the stream port is corrupt: {error}"

    def _take_frame(self, kind, payload):
        if kind in (frames.STDOUT, frames.STDERR) and self.outcome.first_output_s is None:
            self.outcome.first_output_s = time.monotonic() - self.started
        if kind == frames.STDOUT:
            self.stdout.write(payload)
        elif kind == frames.STDERR:
            self.stderr.write(payload)
        elif kind == frames.HELLO:
            _, self.window = frames.parse_hello(payload)
            self.hello = True
            if self.on_hello:
                self.on_hello()
        elif kind == frames.STATS:
            self.outcome.stats.update(frames.parse_stats(payload))
        elif kind == frames.REFUSAL:
            self.outcome.refusals.append(payload.decode("utf-8", "replace").strip())
        elif kind == frames.TAKEN:
            self.on_the_way -= frames.parse_u32(payload)
        elif kind == frames.EXIT:
            self.outcome.wait_status = frames.parse_u32(payload)
            self.stdin_open = False
            self.deadline = time.monotonic() + GRACE

    def _take_lines(self, origin, data):
        """Whole lines of kernel messages; an empty `data` is the end, which completes the last one."""
        partial = self.partial[origin]
        partial += data
        *lines, rest = bytes(partial).split(b"\n")
        partial[:] = rest
        if not data and rest:
            lines.append(rest)
            partial.clear()
        for line in lines:
            line = ANSI.sub(b"", line).replace(b"\r", b"").rstrip()
            if line:
                self.outcome.console.append(line.decode("utf-8", "replace"))
                self.console(origin, line)
            if origin == "qemu" and line.startswith(KVM_GAVE_UP) and self.end is None:
                self.outcome.kvm_failed = True # QEMU would let the machine stand still for ever
                self.end = TOOL, "KVM on this machine gave up on the guest; --accel tcg works everywhere"

    # -- the end ----------------------------------------------------------------------------------

    def _finish(self):
        if self.end is not None:
            self.outcome.busy = self._busy()
            self.qemu.kill()
        code = self.qemu.process.wait()
        self.outcome.wall_s = time.monotonic() - self.started
        if self.at_end:
            self.at_end()
        for sink in (self.stdout, self.stderr):
            sink.flush()
        self.outcome.status, self.outcome.reason = self.end or self._judge(code)

    def _busy(self):
        """From the processor time QEMU took: a halted machine takes next to none."""
        with contextlib.suppress(OSError, ValueError):
            with open(f"/proc/{self.qemu.process.pid}/stat", "rb") as stat:
                user, system = stat.read().rpartition(b")")[2].split()[11:13]
            share = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - self.started)
            return f"used {share:.0%} of a processor"
        return "is gone"

    def _judge(self, code):
        """QEMU has ended by itself. Only an exit frame and the orderly code together are a success."""
        if self.outcome.wait_status is not None and code == machine.ORDERLY:
            return status_of(self.outcome.wait_status), ""
        panics = [line for line in self.outcome.console if "panic" in line.lower() or gave_up(line)]
        if code == machine.PANIC or (code == 0 and panics):
            return PANIC, next(iter(panics), "kernel panic")  # the first is the cause; more are about the report of it
        if code == 0 and self.outcome.wait_status is not None:
            return PANIC, (f"the program ended with {status_of(self.outcome.wait_status)}, but the machine "
                           "reset or powered off in place of the orderly end")
        if code == machine.TESTS_FAILED:
            return PANIC, "the kernel's self-tests failed, or something was left at the end"
        if code == machine.ORDERLY:
            return PANIC, "the machine ended in order, but without the program's exit status"
        if code == 1 and not self.spoke:
            return TOOL, "QEMU did not start the machine"
        if code < 0:
            return PANIC, f"QEMU was killed by signal {-code}"
        if code == 0 and not self.hello:
            return PANIC, "did not boot: the machine reset or powered off (has it enough memory?)"
        if code == 0:
            return PANIC, "the machine reset or powered off before the program's end"
        return PANIC, f"QEMU ended with status {code} before the program's end"


def run(kernel, options, media, media_fds, **channels):
    """Boots once and relays until the end; whatever happens, no QEMU is left."""
    qemu = Qemu(options, media, media_fds)
    try:
        return Session(qemu, **channels).run()
    finally:
        qemu.close()
