# SPDX-License-Identifier: BSD-2-Clause
"""Frames on COM2, as docs/protocol.md has them: kind, length, payload."""

import struct

# guest to host
STDOUT, STDERR, EXIT, STATS, HELLO, REFUSAL, TAKEN = range(1, 8)
# host to guest
STDIN, STDIN_END, WINSIZE = range(1, 4)

GREETING = b"orchard "
MAX_PAYLOAD = 65535


class FrameError(Exception):
    """The guest said something that is no frame."""


def encode(kind, payload=b""):
    return struct.pack("<BH", kind, len(payload)) + payload


class Reader:
    """Bytes in any pieces in, whole frames out. What comes before the hello is firmware noise."""

    def __init__(self):
        self.buffer = bytearray()
        self.synced = False

    def feed(self, data):
        self.buffer += data
        if not self.synced:
            self._find_hello()
        frames = []
        start = 0
        while self.synced and len(self.buffer) - start >= 3:
            kind, length = struct.unpack_from("<BH", self.buffer, start)
            if not STDOUT <= kind <= TAKEN:
                raise FrameError(f"a frame of unknown kind 0x{kind:02x}")
            if len(self.buffer) - start - 3 < length:
                break
            frames.append((kind, bytes(self.buffer[start + 3:start + 3 + length])))
            start += 3 + length
        del self.buffer[:start]
        return frames

    def _find_hello(self):
        at = self.buffer.find(GREETING)
        while at >= 0:
            if at >= 3 and self.buffer[at - 3] == HELLO:
                del self.buffer[:at - 3]
                self.synced = True
                return
            at = self.buffer.find(GREETING, at + 1)
        del self.buffer[:-(len(GREETING) + 2)]


def parse_hello(payload):
    """`orchard 1 NAME [window=N]` -> (name, most stdin bytes on the way or None)."""
    words = payload.decode("ascii", "replace").split()
    if len(words) < 3 or words[:2] != ["orchard", "1"]:
        raise FrameError(f"a hello of another protocol: {' '.join(words)}")
    window = [int(w[7:]) for w in words[3:] if w.startswith("window=") and w[7:].isdigit()]
    return words[2], window[0] if window else None


def parse_stats(payload):
    """`key=value` lines; numbers become int."""
    stats = {}
    for line in payload.decode("utf-8", "replace").splitlines():
        key, equals, value = line.partition("=")
        if equals:
            stats[key] = int(value) if value.isdigit() else value
    return stats


def parse_u32(payload):
    if len(payload) != 4:
        raise FrameError(f"a number of {len(payload)} bytes")
    return struct.unpack("<I", payload)[0]
