# SPDX-License-Identifier: BSD-2-Clause
"""Says before a boot what is wrong with a program file: one line each, never a guest that dies strangely."""

import struct

from .errors import ToolError

ELF64, LITTLE, X86_64 = 2, 1, 62
ET_EXEC, ET_DYN = 2, 3
QEMU_TABLES = 160 << 10     # at the top of memory, with the initramfs below
PT_LOAD, PT_INTERP = 1, 3
MACHINES = {3: "i386", 8: "MIPS", 20: "PowerPC", 21: "PowerPC 64", 22: "S/390", 40: "ARM",
            50: "IA-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch"}


def check(name, data, memory, has):
    """`data` is the file, `memory` the guest's in bytes, `has(path)` whether the root has a file."""
    if data[:2] == b"#!":
        raise ToolError(f"{name}: a script, not an ELF program: run its interpreter")
    if data[:4] != b"\x7fELF":
        raise ToolError(f"{name}: not an ELF program")
    if len(data) < 64:
        raise ToolError(f"{name}: truncated: the ELF header is cut off")
    machine = struct.unpack_from("<H" if data[5] == LITTLE else ">H", data, 18)[0]
    if data[4] != ELF64 or data[5] != LITTLE or machine != X86_64:
        kind = MACHINES.get(machine, "x32" if machine == X86_64 else f"machine {machine}")
        raise ToolError(f"{name}: for another machine ({kind}), not x86-64")
    if struct.unpack_from("<H", data, 16)[0] not in (ET_EXEC, ET_DYN):
        raise ToolError(f"{name}: an ELF file, but no program (an object file or a core)")
    _check_segments(name, data, memory, has)


def check_kernel(data, archive_size, memory):
    """One that its loader puts where there is no memory, or under the initramfs, says nothing. `data` is our own ELF file."""
    offset, = struct.unpack_from("<Q", data, 32)
    count, = struct.unpack_from("<H", data, 56)
    headers = [struct.unpack_from("<IIQQQQQQ", data, offset + 56 * i) for i in range(count)]
    end = max(physical + in_memory for kind, _, _, _, physical, _, in_memory, _ in headers if kind == PT_LOAD)
    if end + archive_size + QEMU_TABLES > memory:
        raise ToolError(f"--memory: {memory >> 10} KiB are too little: the kernel's image ends at {end + 1023 >> 10} KiB, the root "
                        f"is {archive_size + 1023 >> 10} KiB, and QEMU's tables take {QEMU_TABLES >> 10}")


def _check_segments(name, data, memory, has):
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if size != 56 or count == 0 or offset + size * count > len(data):
        raise ToolError(f"{name}: truncated: its program headers are cut off")
    loaded = 0
    for i in range(count):
        kind, _, at, _, _, in_file, in_memory, _ = struct.unpack_from("<IIQQQQQQ", data, offset + size * i)
        if kind not in (PT_LOAD, PT_INTERP):
            continue
        if at + in_file > len(data):
            raise ToolError(f"{name}: truncated: needs {at + in_file} bytes, has {len(data)}")
        if kind == PT_LOAD:
            loaded += in_memory
        else:
            loader = data[at:at + in_file].rstrip(b"\0").decode("utf-8", "replace")
            if not has(loader):
                raise ToolError(f"{name}: dynamic: needs --root with its loader {loader} and its libraries")
    if loaded == 0:
        raise ToolError(f"{name}: has nothing to load")
    if loaded + len(data) > memory:
        need = (loaded + len(data)) >> 20
        raise ToolError(f"{name}: larger than memory: needs over {need} MiB, the guest has {memory >> 20}")
