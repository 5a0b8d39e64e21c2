# SPDX-License-Identifier: BSD-2-Clause
"""/.orchard/run: what the guest is to start, as NUL-terminated records."""

from .errors import ToolError


def encode(path, argv, env, cwd="/", tty=(), size=None, stdin=None):
    records = [f"path={path}"]
    records += [f"arg={arg}" for arg in argv]
    records += [f"env={key}={value}" for key, value in env.items()]
    records.append(f"cwd={cwd}")
    if tty:
        records.append("tty=" + ",".join(str(fd) for fd in sorted(tty)))
        records += [f"size={size[0]}x{size[1]}"] if size else []
    if stdin:
        records.append(f"stdin={stdin}")
    for record in records:
        if "\0" in record:
            raise ToolError(f"a NUL byte in {record.split('=')[0]}")
    return b"".join(record.encode("utf-8", "surrogateescape") + b"\0" for record in records)
