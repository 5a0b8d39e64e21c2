# SPDX-License-Identifier: BSD-2-Clause
"""
Which bytes of a program file are instructions, as far as that can be known: from the starts of functions (symbols, and the
frame descriptions that unwinding needs, which stripped files keep too) along every jump whose target is in the code. What is
reached in no such way is not claimed to be code, and so data never is. Behind a call it goes on only when what is called can
return; what comes after a jump, a `hlt` or an indirect jump is not looked at. Used by sites.py.
"""

import bisect
import struct

from . import decoder
from .errors import ToolError

PT_LOAD = 1
SHT_SYMTAB, SHT_DYNSYM = 2, 11
STT_FUNC = 2
PF_X, PF_W = 1, 2
PCREL_SDATA4 = 0x1b     # DW_EH_PE_pcrel | DW_EH_PE_sdata4, as all of Debian's compilers write
ENDS = {"hlt", "ud2", "ud0", "ud1", "int3"}


class Segment:
    """A PT_LOAD that is executed and not written."""

    def __init__(self, start, offset, data):
        self.start, self.offset, self.data = start, offset, data
        self.end = start + len(data)


class Function:
    """From `start` to below `end`; `reached` are its instructions: address -> size."""

    def __init__(self, start, end):
        self.start, self.end = start, end
        self.reached = {}
        self.returns = False
        self.called = False     # by a call whose target is known
        self.waiting = []       # (function, address): goes on there once this one is known to return
        self.tails = []         # functions that end by a jump to here
        self.jumps = set()      # functions that a jump leads to, but not as a tail call
        self.indirect = False   # has a jump to where nobody knows
        self.tangled = False    # two instructions of it share bytes


class Flow:
    """The functions of a file, and their reached instructions."""

    def __init__(self, data):
        self.data = data
        self.segments = []
        self.functions = {}
        self.syscalls = []
        try:
            self._read()
        except struct.error:
            raise ToolError("the ELF file is cut off") from None
        self.starts = sorted(self.functions)
        self.cover = {segment.start: bytearray(len(segment.data)) for segment in self.segments}
        self.todo = [(function, start) for start, function in self.functions.items()]
        while self.todo:
            self._walk(*self.todo.pop())

    # -- the file ---------------------------------------------------------------------------------

    def _read(self):
        data = self.data
        entry, phoff, shoff = struct.unpack_from("<QQQ", data, 24)
        phentsize, phnum, shentsize, shnum = struct.unpack_from("<HHHH", data, 54)
        starts = {entry: 0}
        for i in range(phnum):
            kind, flags, offset, vaddr, _, filesz, _, _ = struct.unpack_from("<IIQQQQQQ", data, phoff + i * phentsize)
            if kind == PT_LOAD and flags & PF_X and not flags & PF_W:
                self.segments.append(Segment(vaddr, offset, data[offset:offset + filesz]))
        if shoff and shentsize == 64:
            self._read_sections(starts, shoff, min(shnum, (len(data) - shoff) // 64))
        self._bound(starts)

    def _read_sections(self, starts, shoff, shnum):
        names = struct.unpack_from("<H", self.data, 62)[0]
        headers = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + 64 * i) for i in range(shnum)]
        strings = headers[names][4] if names < shnum else 0
        for name, kind, _, vaddr, offset, size, _, _, _, each in headers:
            if kind in (SHT_SYMTAB, SHT_DYNSYM) and each == 24:
                self._read_symbols(starts, offset, size)
            elif self.data[strings + name:strings + name + 10] == b".eh_frame\0":
                self._read_frames(starts, offset, vaddr, size)

    def _read_symbols(self, starts, offset, size):
        for at in range(offset, min(offset + size, len(self.data)) - 23, 24):
            _, info, _, section, value, length = struct.unpack_from("<IBBHQQ", self.data, at)
            if info & 15 == STT_FUNC and section:
                starts[value] = max(length, starts.get(value, 0))

    def _read_frames(self, starts, offset, vaddr, size):
        """.eh_frame (LSB core, "Exception Frames"): a description for each function, in front of it what some have in common."""
        at, end, plain = offset, min(offset + size, len(self.data)), {}
        while at + 16 <= end:
            length, common = struct.unpack_from("<II", self.data, at)
            if length in (0, 0xffffffff):
                break   # its end; or 64-bit lengths, which nobody writes
            if common == 0:
                plain[at] = self._encoding(at + 8) == PCREL_SDATA4
            elif plain.get(at + 4 - common):
                begin, extent = struct.unpack_from("<iI", self.data, at + 8)
                start = vaddr + at + 8 - offset + begin
                starts[start] = max(extent, starts.get(start, 0))
            at += 4 + length

    def _encoding(self, at):
        """How a common part says that addresses are written: its R augmentation."""
        letters = self.data[at + 1:self.data.index(b"\0", at + 1)]
        at += 2 + len(letters)
        if not letters.startswith(b"z"):
            return None
        for _ in range(4):      # alignments, return register, length: LEB128 each
            while self.data[at] & 0x80:
                at += 1
            at += 1
        for letter in letters[1:]:
            if letter == ord("R"):
                return self.data[at]
            at += {"L": 1, "P": 5, "S": 0, "B": 0}.get(chr(letter), 1)
        return None

    def _bound(self, starts):
        """Functions end where they say, or where the next one begins, or the segment does."""
        for segment in self.segments:
            inside = sorted(start for start in starts if segment.start <= start < segment.end)
            for start, after in zip(inside, [*inside[1:], segment.end]):
                end = min(start + starts[start], after) if starts[start] else after
                self.functions[start] = Function(start, end)

    # -- the code ---------------------------------------------------------------------------------

    def segment_of(self, address):
        for segment in self.segments:
            if segment.start <= address < segment.end:
                return segment
        return None

    def function_of(self, address):
        at = bisect.bisect_right(self.starts, address) - 1
        function = self.functions[self.starts[at]] if at >= 0 else None
        return function if function and address < function.end else None

    def _walk(self, function, address):
        """Straight on from an address, until what was reached before, or control goes elsewhere."""
        segment = self.segment_of(address)
        if segment is None:
            return
        start, end, after = address - segment.start, function.end - segment.start, address
        cover = self.cover[segment.start]
        for at, size, name, operands in decoder.plain(segment.data[start:end], address):
            place = at - segment.start
            if cover[place] == 1:
                return
            if any(cover[place:place + size]):
                function.tangled = True
                return
            cover[place:place + size] = b"\1" + b"\2" * (size - 1)
            function.reached[at] = size
            if name == "syscall" and segment.data[place:place + size] == b"\x0f\x05":
                self.syscalls.append(at)
            after = at + size
            if not self._follow(function, at, after, name.split()[-1], operands):
                return
        if after < function.end:    # bytes that Capstone does not know
            function.indirect = True
            self._returns(function)
        else:
            self._jumps(function, after, True)

    def _follow(self, function, at, after, name, operands):
        """Where control may go from here; true: on to the next instruction."""
        if name in ENDS:
            return False
        if name.startswith("ret") or name.startswith("iret"):
            self._returns(function)
            return False
        if name == "call":
            target = decoder.target(operands)
            return target is None or self._calls(function, target, after)
        if not name.startswith(("j", "loop", "xbegin")):
            return True
        target = decoder.target(operands)
        if target is None:
            function.indirect = True
            self._returns(function)
            return False
        self._jumps(function, target, name == "jmp")
        return name != "jmp"

    def _calls(self, function, target, after):
        callee = self.functions.get(target) or self._discover(target)
        if callee is None or function.start < target < function.end:
            return False    # a call for the sake of its return address, perhaps, with data behind it
        callee.called = True
        if not callee.returns:
            callee.waiting.append((function, after))
        return callee.returns

    def _discover(self, target):
        """A function that nothing tells of but a call: up to the next one that is known."""
        segment = self.segment_of(target)
        if segment is None or self.function_of(target):
            return None
        at = bisect.bisect_right(self.starts, target)
        after = self.starts[at] if at < len(self.starts) else segment.end
        self.starts.insert(at, target)
        self.functions[target] = Function(target, min(after, segment.end))
        self.todo.append((self.functions[target], target))
        return self.functions[target]

    def _jumps(self, function, target, always):
        if function.start <= target < function.end:
            self.todo.append((function, target))
            return
        other = self.function_of(target)
        if other is None:
            function.indirect = True
            self._returns(function)
        elif always and other.start == target:
            other.tails.append(function)
            if other.returns:
                self._returns(function)
        else:
            function.jumps.add(other.start)
            self.todo.append((other, target))
            other.tails.append(function)
            if other.returns:
                self._returns(function)

    def _returns(self, function):
        if function.returns:
            return
        function.returns = True
        self.todo += function.waiting
        for other in function.tails:
            self._returns(other)

    def groups(self):
        """
        Functions between which jumps lead that are no tail calls, as one: [start, ...] for each start. What is jumped to and never
        called may be a part that the compiler set aside (`.cold`), with a name or a frame description of its own.
        """
        leader = {start: start for start in self.functions}
        for function in self.functions.values():
            for source in () if function.called else function.tails:
                source.jumps.add(function.start)

        def find(start):
            while leader[start] != start:
                start = leader[start]
            return start

        for start, function in self.functions.items():
            for other in function.jumps:
                leader[find(start)] = find(other)
        members = {}
        for start in self.functions:
            members.setdefault(find(start), []).append(start)
        return {start: members[find(start)] for start in self.functions}
