# SPDX-License-Identifier: BSD-2-Clause
"""The user's terminal, when there is one: raw while a guest's terminal speaks, restored on every way out."""

import os
import termios
import tty

ESCAPE = 0x01           # ^A; then x ends QEMU, a sends ^A itself


class Terminal:
    """Which of descriptors 0, 1, 2 the guest gets as a terminal, and the raw mode that goes with it."""

    def __init__(self, fds=(0, 1, 2)):
        self.fds = {fd for fd in fds if os.isatty(fd)}
        if self.fds == {0}:
            # Nothing the guest's terminal prints could be shown: the host's own line editing serves better.
            self.fds = set()
        self.saved = None

    def size(self):
        """(rows, columns), or None when no terminal here knows its size."""
        for fd in self.fds:
            try:
                size = os.get_terminal_size(fd)
                if size.lines and size.columns:
                    return size.lines, size.columns
            except OSError:
                continue
        return None

    def __enter__(self):
        if 0 in self.fds:
            self.saved = termios.tcgetattr(0)
            tty.setraw(0, termios.TCSANOW)
            if self.fds != {0, 1, 2}:
                self._keep_output_processing()
        return self

    def _keep_output_processing(self):
        """Others may print here too, such as the end of `orchard run … | cat`: their lines still begin at the left."""
        mode = termios.tcgetattr(0)
        mode[1] = self.saved[1]
        termios.tcsetattr(0, termios.TCSANOW, mode)

    def __exit__(self, *_):
        if self.saved is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, self.saved)
            self.saved = None

    @property
    def raw(self):
        return self.saved is not None


class EscapeFilter:
    """Takes ^A x and ^A a out of what is typed."""

    def __init__(self):
        self.pending = False

    def feed(self, data):
        """Returns (bytes for the guest, whether the user asked for the end)."""
        out = bytearray()
        for byte in data:
            if self.pending:
                self.pending = False
                if byte == ord("x"):
                    return bytes(out), True
                if byte != ord("a"):
                    out.append(ESCAPE)
                    out.append(byte)
                else:
                    out.append(ESCAPE)
            elif byte == ESCAPE:
                self.pending = True
            else:
                out.append(byte)
        return bytes(out), False
