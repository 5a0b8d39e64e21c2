# SPDX-License-Identifier: BSD-2-Clause
"""One QEMU process: started with its serial ports on socket pairs, never left behind."""

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys

from . import machine

PR_SET_PDEATHSIG = 1
SO_SNDBUFFORCE = 32     # <asm-generic/socket.h>; root only
ROOM = 64 << 20
_libc = ctypes.CDLL(None, use_errno=True)


def _make_room(end):
    """
    A full socket makes QEMU's UART try again when the host's clock says so, and then instructions no longer repeat. Bytes
    go one by one, each with some 800 bytes of the host's book-keeping: without root this is full after 500 of them.
    """
    try:
        end.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, ROOM)
    except PermissionError:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)


class Qemu:
    """A running machine. `console` and `streams` are COM1 and COM2 as sockets, `errors` QEMU's own stderr."""

    def __init__(self, options, media, media_fds):
        self.console, console = socket.socketpair()
        self.streams, streams = socket.socketpair()
        _make_room(console)
        _make_room(streams)
        command = [*machine.qemu_command(options, console.fileno(), streams.fileno()), *media]
        if options.verbose:
            print("orchard:", shlex.join(command), file=sys.stderr)
        parent = os.getpid()

        def die_with_parent():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        try:
            # Own session: ^C in the terminal is for the tool to handle, which then ends QEMU.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=(console.fileno(), streams.fileno(), *media_fds, *([options.memory_fd] if options.memory_fd >= 0 else [])),
                start_new_session=True,
                preexec_fn=die_with_parent)
        finally:
            console.close()
            streams.close()
        self.errors = self.process.stderr
        for end in (self.console, self.streams):
            end.setblocking(False)
        os.set_blocking(self.errors.fileno(), False)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()

    def close(self):
        """Kills it if it still runs, waits for it, and closes its channels. Twice is fine."""
        self.kill()
        self.process.wait()
        for end in (self.console, self.streams, self.errors):
            end.close()
