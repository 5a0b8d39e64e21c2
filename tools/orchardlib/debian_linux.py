# SPDX-License-Identifier: BSD-2-Clause
"""The kernel `linux`: Debian's own package, downloaded and unpacked, never installed; and its init agent."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from . import paths
from .errors import ToolError

METAPACKAGES = ("linux-image-cloud-amd64", "linux-image-amd64")
# All must be built in: an initramfs of the program's own has no modules.
BUILT_IN = ("SERIAL_8250", "SERIAL_8250_CONSOLE", "DEVTMPFS", "UNIX98_PTYS", "BLK_DEV_INITRD",
            "X86_IOPL_IOPERM", "BINFMT_ELF", "PROC_FS", "TTY", "SIGNALFD")
AGENT_SOURCE = paths.ROOT / "user" / "linux-init"


def kernel():
    """{"image", "config", "version"}: from the cache, or downloaded into it. The cache is kept until deleted."""
    folder = paths.cache() / "linux"
    with paths.locked(folder):
        record = folder / "kernel.json"
        if record.exists():
            found = json.loads(record.read_text())
            if all((folder / found[key]).exists() for key in ("image", "config")):
                return {**found, "image": folder / found["image"], "config": folder / found["config"]}
        return _download(folder, record)


def _download(folder, record):
    apt = _apt_options(folder)
    lacking = {}
    for metapackage in METAPACKAGES:
        package = _image_package(metapackage, apt)
        print(f"orchard: downloading Debian's kernel {package} (not installed)", file=sys.stderr)
        found = _fetch(package, apt, folder)
        config = (folder / found["config"]).read_text()
        lacking[package] = [s for s in BUILT_IN if f"CONFIG_{s}=y\n" not in config]
        if not lacking[package]:
            record.write_text(json.dumps(found) + "\n")
            return {**found, "image": folder / found["image"], "config": folder / found["config"]}
    reasons = "; ".join(f"{p} lacks {' '.join(symbols)}" for p, symbols in lacking.items())
    raise ToolError(f"no Debian kernel has all that is needed built in: {reasons}")


def _apt_options(folder):
    """Options under which apt knows the kernel packages: its own lists, or private ones without root."""
    options = ["-o", "APT::Sandbox::User=root", "-q"]
    if _image_package(METAPACKAGES[0], options, may_miss=True):
        return options
    if os.geteuid() != 0:
        lists = folder / "apt" / "lists"
        archives = folder / "apt" / "cache"
        for place in (lists / "partial", archives / "archives" / "partial"):
            place.mkdir(parents=True, exist_ok=True)
        options += ["-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache={archives}"]
        if _image_package(METAPACKAGES[0], options, may_miss=True):
            return options
    update = subprocess.run(["apt-get", *options, "update"], stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if update.returncode != 0:
        raise ToolError("apt-get update failed: Debian's kernel cannot be downloaded")
    return options


def _image_package(metapackage, apt, may_miss=False):
    """linux-image-amd64 -> the package with the files, linux-image-6.1.0-NN-amd64."""
    shown = subprocess.run(["apt-cache", *apt, "show", "--no-all-versions", metapackage],
                           capture_output=True, text=True)
    found = re.search(r"^Depends:.*?\b(linux-image-\d\S*)", shown.stdout, re.M)
    if not found and not may_miss:
        raise ToolError(f"apt knows no package {metapackage}")
    return found and found[1]


def _fetch(package, apt, folder):
    with tempfile.TemporaryDirectory(dir=folder) as work:
        got = subprocess.run(["apt-get", *apt, "download", package], cwd=work, capture_output=True, text=True)
        debs = [name for name in os.listdir(work) if name.endswith(".deb")]
        if got.returncode != 0 or not debs:
            raise ToolError(f"apt-get download {package} failed: {_last_line(got.stderr)}")
        deb = os.path.join(work, debs[0])
        tree = os.path.join(work, "tree")
        if subprocess.run(["dpkg-deb", "-x", deb, tree]).returncode != 0:
            raise ToolError(f"{debs[0]}: cannot be unpacked")
        version = subprocess.run(["dpkg-deb", "-f", deb, "Version"], capture_output=True, text=True).stdout
        found = {"package": package, "version": version.strip()}
        for key, prefix in (("image", "vmlinuz-"), ("config", "config-")):
            names = [n for n in os.listdir(os.path.join(tree, "boot")) if n.startswith(prefix)]
            if not names:
                raise ToolError(f"{package}: no boot/{prefix}* in it")
            os.replace(os.path.join(tree, "boot", names[0]), folder / names[0])
            found[key] = names[0]
        return found


def _last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no message"


def agent():
    """The path of the init agent, built when its sources are newer."""
    sources = sorted(AGENT_SOURCE.glob("*.c"))
    folder = paths.BUILD / "linux-init"
    program = folder / "init"
    with paths.locked(folder):
        newest = max(f.stat().st_mtime for f in [*sources, *AGENT_SOURCE.glob("*.h")])
        if program.exists() and program.stat().st_mtime > newest:
            return program
        if not shutil.which("musl-gcc"):
            raise ToolError("missing Debian packages: musl-tools")
        fresh = folder / "init.new"
        build = subprocess.run(["musl-gcc", "-static", "-O2", "-s", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
                                "-Wl,--build-id=none", "-o", str(fresh), *map(str, sources)], stdout=sys.stderr)
        if build.returncode != 0:
            raise ToolError("user/linux-init does not compile")
        fresh.replace(program)
    return program
