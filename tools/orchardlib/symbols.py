# SPDX-License-Identifier: BSD-2-Clause
"""The symbols of a kernel's image, by binutils' nm: the address of a name, and the name of what lies at an address."""

import bisect
import re
import subprocess

from .errors import ToolError

LINE = re.compile(r"^([0-9a-f]{16}) (\w) (\S+)$", re.M)
KERNEL_HALF = 1 << 63


class Symbols:
    """
    `address` is {name: address}; of several with one name (static ones of several files) the global one, else the lowest. Names
    of addresses are those of the upper half: there the image lies, and what is lower is a number and no place.
    """

    def __init__(self, listing):
        found = [(int(address, 16), name, kind.isupper()) for address, kind, name in LINE.findall(listing)]
        found.sort(key=lambda one: (one[2], -one[0]))     # of one name, the last stays
        self.address = {name: address for address, name, _ in found}
        self._known = sorted((address, name) for address, name, _ in found if address >= KERNEL_HALF)
        self._starts = [address for address, _ in self._known]

    def at(self, address, back=0):
        """
        (name, offset) of the symbol that lies there, or last before it; None below the first, and from the last on, which is an
        end. `back` is 1 for a return address, which may be its function's end.
        """
        place = bisect.bisect_right(self._starts, address - back) - 1
        if not 0 <= place < len(self._known) - 1:
            return None
        start, name = self._known[place]
        return name, address - start

    def text(self, address, back=0):
        """The same as NAME+OFFSET, or NAME alone."""
        found = self.at(address, back)
        return found and found[0] + (f"+{found[1]:#x}" if found[1] else "")


def read(image):
    """Of an ELF file."""
    done = subprocess.run(["nm", str(image)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise ToolError(f"{image}: its symbols cannot be read: {(done.stderr.strip().splitlines() or ['nm failed'])[-1]}")
    return Symbols(done.stdout)
