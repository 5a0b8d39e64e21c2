# SPDX-License-Identifier: BSD-2-Clause
"""The cpio newc format of an initramfs, written the same way each time and read strictly."""

import dataclasses
import stat

TRAILER = "TRAILER!!!"
HEADER = 110


class CpioError(Exception):
    """A damaged archive, and where."""


@dataclasses.dataclass
class Entry:
    """One member. `data` is a file's content or a link's target; `rdev` a device's (major, minor)."""

    mode: int
    data: bytes = b""
    rdev: tuple = (0, 0)


def directory(mode=0o755):
    return Entry(stat.S_IFDIR | mode)


def regular(data, mode=0o644):
    return Entry(stat.S_IFREG | mode, data)


def symlink(target):
    return Entry(stat.S_IFLNK | 0o777, target.encode("utf-8", "surrogateescape"))


def _pad(length):
    return b"\0" * (-length % 4)


def _member(ino, name, entry):
    raw = name.encode("utf-8", "surrogateescape") + b"\0"
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (ino, entry.mode, 0, 0, links, 0, len(entry.data), 0, 0, *entry.rdev, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
    return head + _pad(len(head)) + entry.data + _pad(len(entry.data))


def write(entries):
    """{path: Entry} -> bytes. Sorted, owned by root, at time 0: equal input gives equal bytes."""
    parts = []
    for ino, (path, entry) in enumerate(sorted(entries.items()), start=1):
        parts.append(_member(ino, path.lstrip("/"), entry))
    parts.append(_member(0, TRAILER, Entry(0)))
    return b"".join(parts)


def read(archive):
    """bytes (one or more archives in a row) -> {path: Entry}. Later members win."""
    entries = {}
    at = 0
    while at < len(archive):
        if archive[at] == 0:
            at += 1
            continue
        name, entry, at = _read_member(archive, at)
        if name != TRAILER:
            entries["/" + name.removeprefix("./").strip("/")] = entry
    entries.pop("/.", None)
    entries.pop("/", None)
    return entries


def _read_member(archive, at):
    head = archive[at:at + HEADER]
    if len(head) < HEADER or head[:6] not in (b"070701", b"070702"):
        raise CpioError(f"no newc header at byte {at}")
    try:
        fields = [int(head[i:i + 8], 16) for i in range(6, HEADER, 8)]
    except ValueError:
        raise CpioError(f"a broken newc header at byte {at}") from None
    mode, size, rdev, name_size = fields[1], fields[6], tuple(fields[9:11]), fields[11]
    name_at = at + HEADER
    data_at = name_at + name_size + (-(HEADER + name_size) % 4)
    if name_size < 2 or data_at + size > len(archive):
        raise CpioError(f"a member cut off at byte {at}")
    name = archive[name_at:name_at + name_size - 1].decode("utf-8", "surrogateescape")
    data = archive[data_at:data_at + size]
    return name, Entry(mode, data, rdev), data_at + size + (-size % 4)
