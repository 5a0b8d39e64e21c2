# SPDX-License-Identifier: BSD-2-Clause
"""
What a kernel with the rewritten gate is told of programs (docs/protocol.md): for each file, by its sha256, where sites.py has proved
that `syscall` may become a call. The files themselves stay as they are. And `orchard rewrite`, which shows it.
"""

import collections
import hashlib
import json
import os
import stat
from pathlib import Path

from . import paths
from .errors import ToolError

HEAD = "orchard-sites 1\n"
PROVERS = ("decoder.py", "flow.py", "sites.py", "sidecar.py")


def wanted(kernel):
    """Has this kernel the rung?"""
    return not kernel.is_linux and "\nCONFIG_REWRITE=y\n" in kernel.config.read_text(encoding="utf-8")


def _is_program(data):
    return data[:4] == b"\x7fELF" and len(data) >= 64 and data[4:6] == b"\2\1" and data[18:20] == b"\x3e\0"


def text(root):
    """The sidecar of a root: of each program in it, the loaders included."""
    records = {}
    for entry in {**root.base, **root.entries}.values():
        if stat.S_ISREG(entry.mode) and entry.mode & 0o111 and _is_program(entry.data) and entry.data[24:32] != bytes(8):
            digest = hashlib.sha256(entry.data).hexdigest()
            if digest not in records:
                records[digest] = _record(digest, entry.data)
    return (HEAD + "".join(records[digest] for digest in sorted(records))).encode()


def _record(digest, data):
    """Made once for each file, as long as this code stays what it is."""
    version = hashlib.sha256(b"".join((Path(__file__).parent / name).read_bytes() for name in PROVERS)).hexdigest()
    cached = paths.cache() / "sites" / f"{digest}-{version[:16]}"
    try:
        return cached.read_text(encoding="ascii")
    except OSError:
        pass
    try:
        found = _find(data)[0]
    except ToolError:       # damaged: it keeps its instructions, and exec says what it thinks of it
        found = []
    record = encode(digest, len(data), found)
    cached.parent.mkdir(parents=True, exist_ok=True)
    fresh = cached.with_name(f".{cached.name}.{os.getpid()}")
    fresh.write_text(record, encoding="ascii")
    fresh.rename(cached)
    return record


def _find(data):
    from . import sites  # Capstone is asked for only where it is needed
    return sites.find(data)


def encode(digest, size, found):
    offsets = sorted(site.offset for site in found if not site.why)
    kept = sum(1 for site in found if site.why)
    return f"file {digest} {size} {len(offsets)} {kept}\n" + "".join(f"{offset:x}\n" for offset in offsets)


def main(options):
    """`orchard rewrite PROGRAM`."""
    path = Path(options.file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}") from None
    if not _is_program(data):
        raise ToolError(f"{path}: not an x86-64 ELF program")
    found, other = _find(data)
    kept = [site for site in found if site.why]
    digest = hashlib.sha256(data).hexdigest()
    if options.json:
        print(json.dumps({"sha256": digest, "rewritten": len(found) - len(kept), "kept": len(kept), "not_code": other,
                          "sites": [{"address": site.address, "offset": site.offset, "number": site.number, "why": site.why}
                                    for site in found]}))
        return 0
    if options.verbose:
        from . import table

        rows = [("address", "number", "")]
        rows += [(f"{site.address:x}", "?" if site.number is None else str(site.number), site.why or "rewritten") for site in found]
        print(table.plain(rows) + "\n")
    unknown = sum(1 for site in found if not site.why and site.number is None)
    print(f"sha256 {digest}\nrewritten {len(found) - len(kept)}, {unknown} of them with a number that only the run knows\n"
          f"kept {len(kept)}")
    for why, count in sorted(collections.Counter(site.why for site in kept).items(), key=lambda item: (-item[1], item[0])):
        print(f"  {count:4} {why}")
    print(f"0f 05 where no instruction is known to begin: {other}")
    return 0
