# SPDX-License-Identifier: BSD-2-Clause
"""The QEMU command line of one run, and the kernel command line inside it."""

import dataclasses
import re
import socket

from .errors import ToolError

ORDERLY, PANIC, TESTS_FAILED = 33, 35, 37
SEED = 42
MAX_CPUS = 255
OVMF = "/usr/share/ovmf/OVMF.fd"
# The second has no PCI and little firmware. Its clock, timer and interrupt chips are there under every accelerator.
UNMOVED = "nokaslr"     # our kernels stay where they were linked: for who knows addresses from the image
SHIFT_MAX = 10          # QEMU's
MACHINES = {"q35": "q35", "microvm": "microvm,pit=on,pic=on,rtc=on"}


@dataclasses.dataclass
class Options:
    """What a user chooses of the machine."""

    cpus: int = 1
    cpu: str = ""           # QEMU's -cpu; "": the whole of what the accelerator has
    memory: int = 512 << 20
    machine: str = "q35"
    streams: str = "com2"
    boot: str = "pvh"
    accel: str = "tcg"
    icount: bool = False
    shift: int = 0          # an instruction is 2^shift ns
    strace: bool = False
    verbose: bool = False
    append: str = ""
    linked: str | None = None  # linked.py's: the arguments of a program inside the kernel, as its command line has them
    gdb: int = 0
    plugin: str = ""        # QEMU's -plugin
    quantum: int = 0        # us, under --icount: no CPU has its turn for longer; 0: until the next timer of the machine
    monitor: str = ""       # a path: QEMU's QMP as a socket there
    memory_fd: int = -1     # a file that is the machine's memory, for who looks into it later


def parse_memory(text):
    """256M, 1G, 65536K; a bare number is MiB. In bytes."""
    found = re.fullmatch(r"(\d+)([KMG]?)(?:i?B)?", text.strip(), re.I)
    if not found:
        raise ToolError(f"--memory {text}: not a size (such as 256M or 1G)")
    size = int(found[1]) << {"K": 10, "": 20, "M": 20, "G": 30}[found[2].upper()]
    if size < 1 << 20:
        raise ToolError(f"--memory {text}: less than 1M")
    if size > 1 << 40:
        raise ToolError(f"--memory {text}: more than the machine can address (1024G)")
    return size


def parse_cpus(text):
    if not re.fullmatch(r"\d+", text.strip()) or not 1 <= int(text) <= MAX_CPUS:
        raise ToolError(f"--cpus {text}: not a number from 1 to {MAX_CPUS}")
    return int(text)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_model(options):
    return options.cpu or ("host" if options.accel == "kvm" else "max")


def kernel_arguments(kernel, options):
    """The kernel command line."""
    if kernel.is_linux:
        words = ["console=ttyS0", "panic=-1", "rdinit=/.orchard/init"]
        words += ["loglevel=7"] if options.verbose else ["quiet", "loglevel=3"]
    else:
        words = [f"streams={options.streams}", "exit=isa-debug"]
        words += ["loglevel=7"] if options.verbose else []
        words += ["strace"] if options.strace else []
    words += [*kernel.append.split(), *options.append.split()]
    return " ".join(words if options.linked is None else [*words, "--", options.linked])


def kernel_media(kernel, options, initrd_fd):
    """QEMU options that boot straight; the initramfs is an inherited descriptor."""
    return ["-kernel", str(kernel.image), "-initrd", f"/dev/fd/{initrd_fd}",
            "-append", kernel_arguments(kernel, options)]


def iso_media(image_fd, options):
    """QEMU options that boot through GRUB; the image is an inherited descriptor."""
    return (["-bios", OVMF] if options.boot == "uefi" else []) + [
        "-drive", f"file=/dev/fd/{image_fd},format=raw,media=cdrom,readonly=on", "-boot", "d"]


def _stream_port(options):
    """COM2, or a port of a virtio console. A microvm has but one serial port of its own."""
    if options.streams == "virtio":
        return ["-global", "virtio-mmio.force-legacy=off", "-device", "virtio-serial-device",
                "-device", "virtserialport,chardev=streams,nr=1,name=orchard.streams"]
    if options.machine == "microvm":
        return ["-device", "isa-serial,chardev=streams,iobase=0x2f8,irq=3,index=1"]
    return ["-serial", "chardev:streams"]


def _board(options):
    if options.memory_fd < 0:
        return ["-M", MACHINES[options.machine]]
    return ["-M", MACHINES[options.machine] + ",memory-backend=ram", "-object",
            f"memory-backend-file,id=ram,size={options.memory >> 10}k,mem-path=/dev/fd/{options.memory_fd},share=on"]


def qemu_command(options, console_fd, stream_fd):
    """All of the command but what it boots."""
    command = ["qemu-system-x86_64", "-accel", options.accel, "-cpu", cpu_model(options), *_board(options),
               "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
               "-m", f"{options.memory >> 10}k", "-smp", str(options.cpus),
               "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
               "-chardev", f"socket,id=console,fd={console_fd}", "-serial", "chardev:console",
               "-chardev", f"socket,id=streams,fd={stream_fd}", *_stream_port(options)]
    if options.icount:
        command += ["-icount", f"shift={options.shift},sleep=off", "-seed", str(SEED), "-rtc", "base=2026-01-01,clock=vm"]
    if options.quantum:     # a timer of the machine's clock, of which the guest sees nothing
        command += ["-netdev", "hubport,id=nobody,hubid=0",
                    "-object", f"filter-buffer,id=quantum,netdev=nobody,interval={options.quantum}"]
    if options.plugin:
        command += ["-plugin", options.plugin]
    if options.monitor:
        command += ["-qmp", f"unix:{options.monitor},server=on,wait=off"]
    if options.gdb:
        command += ["-gdb", f"tcp:127.0.0.1:{options.gdb}", "-S"]
    return command
