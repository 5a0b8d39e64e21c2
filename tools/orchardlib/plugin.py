# SPDX-License-Identifier: BSD-2-Clause
"""
tools/ladder/count.c and tools/model/record.c as plugins for the QEMU that is installed. The header they need is in no package
of Debian's: it is taken from QEMU's source package, once, into the cache.
"""

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from . import packages, paths
from .errors import ToolError

COUNT = paths.ROOT / "tools/ladder/count.c"
RECORD = paths.ROOT / "tools/model/record.c"
HEADER = "qemu-plugin.h"
SOURCES = (Path("/etc/apt/sources.list.d"), Path("/etc/apt/sources.list"))


def built(source):
    """The path of the plugin of that source, made when the source is newer."""
    packages.ensure(["build", "run"])
    folder = paths.BUILD / source.parent.name
    made = folder / f"{source.stem}.so"
    with paths.locked(folder):
        header = _header()
        newest = max(source.stat().st_mtime, header.stat().st_mtime)
        if made.exists() and made.stat().st_mtime > newest:
            return made
        fresh = folder / f"{made.name}.new"
        build = subprocess.run(["gcc", "-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror",
                                f"-I{header.parent}", "-o", str(fresh), str(source)], stdout=sys.stderr)
        if build.returncode != 0:
            raise ToolError(f"{source.relative_to(paths.ROOT)} does not compile")
        fresh.replace(made)
    return made


def _header():
    header = paths.cache() / "qemu-source" / HEADER
    if header.exists():
        return header
    with paths.locked(header.parent), tempfile.TemporaryDirectory(dir=header.parent) as work:
        print("orchard: downloading QEMU's source package for its plugin header (24 MB)", file=sys.stderr)
        take_header(_source_archive(Path(work)), header)
    return header


def take_header(archive, header):
    """Of the source archive only the one file, under its final name when it is whole."""
    with tarfile.open(archive, "r|xz") as tar:
        for member in tar:
            if member.name.endswith(f"/include/qemu/{HEADER}"):
                fresh = header.with_suffix(".new")
                fresh.write_bytes(tar.extractfile(member).read())
                fresh.replace(header)
                return
    raise ToolError(f"{archive.name}: no include/qemu/{HEADER} in it")


def _source_archive(work):
    """apt knows source packages by lists of its own, made here of the sources that the machine has for binary ones."""
    parts, lists = work / "parts", work / "lists"
    for folder in (parts, lists / "partial"):
        folder.mkdir(parents=True)
    for path in [*sorted(SOURCES[0].glob("*.sources")), *sorted(SOURCES[0].glob("*.list")), SOURCES[1]]:
        if path.is_file():
            (parts / path.name).with_suffix(path.suffix or ".list").write_text(as_source(path.read_text(), path.suffix))
    apt = ["-q", "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}",
           "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={work}", "-o", "APT::Sandbox::User=root"]
    for words in (["update"], ["source", "--download-only", "qemu"]):
        done = subprocess.run(["apt-get", *apt, *words], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            reason = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["no message"]
            raise ToolError(f"QEMU's source package, whose header the counting plugin needs: apt-get {words[0]}: {reason[0]}")
    archives = sorted(work.glob("qemu_*.orig.tar.xz"))
    if not archives:
        raise ToolError("QEMU's source package has no qemu_*.orig.tar.xz")
    return archives[0]


def as_source(text, suffix):
    """A list of binary packages' places as one of source packages'."""
    lines = text.splitlines()
    if suffix == ".sources":
        lines = ["Types: deb-src" if line.startswith("Types:") else line for line in lines]
    else:
        lines = ["deb-src " + line[4:] for line in lines if line.startswith("deb ")]
    return "\n".join(lines) + "\n"


def argument(source, out):
    """What QEMU's -plugin is given, to write to `out`. Commas in a path are doubled."""
    return ",".join([str(built(source)).replace(",", ",,"), "out=" + str(out).replace(",", ",,")])
