# SPDX-License-Identifier: BSD-2-Clause
"""Where a program's bytes go to and come from: the tool's own descriptors, or memory."""

import errno
import hashlib
import os
import select

from .errors import ToolError

ROOM = 1 << 20          # bytes kept for a slow reader before the guest is made to wait
PIECE = 4096            # a pipe that select() calls writable takes as much without blocking


class FdSink:
    """A descriptor of the tool's own. It stays in blocking mode: others share it."""

    def __init__(self, fd):
        self.fd = fd
        self.pending = bytearray()
        self.broken = False
        self.at_line_start = True

    def write(self, data):
        if data and not self.broken:
            self.pending += data
            self.at_line_start = data.endswith(b"\n")

    @property
    def full(self):
        return len(self.pending) >= ROOM

    def flush_some(self):
        """Writes one piece; to be called when select() says so."""
        try:
            written = os.write(self.fd, self.pending[:PIECE])
            del self.pending[:written]
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return
            self.broken = True
            self.pending.clear()
            if error.errno != errno.EPIPE:
                name = {1: "standard output", 2: "standard error"}.get(self.fd, "an output")
                raise ToolError(f"cannot write {name}: {error.strerror}") from error

    def flush(self):
        while self.pending:
            select.select([], [self.fd], [])
            self.flush_some()


class MemorySink:
    """Keeps what was written, up to a limit, and the hash of all of it."""

    LIMIT = 16 << 20
    fd = None
    pending = b""
    broken = False
    full = False
    at_line_start = True

    def __init__(self):
        self.data = bytearray()
        self.size = 0
        self.hash = hashlib.sha256()

    def write(self, data):
        self.size += len(data)
        self.hash.update(data)
        self.data += data[:max(0, self.LIMIT - len(self.data))]

    def flush(self):
        pass


class FdSource:
    """The tool's own stdin."""

    def __init__(self, fd):
        self.fd = fd

    def read(self, most):
        """b"" at the end of file. To be called when select() says so."""
        try:
            return os.read(self.fd, most)
        except OSError:
            return b""
