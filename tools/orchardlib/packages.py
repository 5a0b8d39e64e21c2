# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages the project needs, by what needs them; names those missing and installs them."""

import os
import shutil
import subprocess
import sys

from . import paths
from .errors import ToolError

NEEDS = {
    "run": ["qemu-system-x86", "seabios"],
    "build": ["gcc", "make", "binutils", "libc6-dev", "kconfig-frontends-nox", "psf-unifont"],
    "linux": ["musl-tools", "gcc"],
    "grub": ["grub-common", "grub-pc-bin", "grub-efi-amd64-bin", "xorriso", "mtools"],
    "uefi": ["ovmf"],
    "programs": ["musl-tools", "busybox-static", "bash-static"],
    "check": ["libcmocka-dev", "perl", "cpio", "procps"],
    "fuzz": ["clang-14", "libclang-rt-14-dev"],
    "rewrite": ["python3-capstone"],
    "figures": ["python3-matplotlib"],
    "llvm": ["clang", "lld", "llvm"],
    "git": ["git"],
    "viewers": ["babeltrace2"],
}
# Debian's busybox and busybox-static conflict; either serves.
ALTERNATIVES = {"busybox-static": ["busybox"]}


def wanted(groups):
    return sorted({package for group in groups for package in NEEDS[group]})


def missing(packages):
    """Those of `packages` that dpkg does not have installed."""
    names = [n for package in packages for n in [package, *ALTERNATIVES.get(package, [])]]
    try:
        answer = subprocess.run(["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *names],
                                capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise ToolError("no dpkg-query here: Orchard's tools need Debian 12") from None
    have = {line.split()[0] for line in answer.splitlines() if line.endswith(" installed")}
    return [p for p in packages if not have & {p, *ALTERNATIVES.get(p, [])}]


def ensure(groups):
    """Installs what is missing after naming it: as root directly, else with sudo; SETUP=no only names it."""
    there = paths.Done("-".join(["packages", *sorted(groups)]))
    lacking = [] if there else missing(wanted(groups))
    if not lacking:
        there.set()
        return
    names = " ".join(lacking)
    if os.environ.get("SETUP") == "no":
        raise ToolError(f"missing Debian packages: {names} (SETUP=no: not installed)")
    root = os.geteuid() == 0
    if not root and not shutil.which("sudo"):
        raise ToolError(f"missing Debian packages: {names} (not root, and no sudo to install them)")
    print(f"orchard: installing Debian packages: {names}", file=sys.stderr)
    become = [] if root else ["sudo"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": sys.stderr} if root else {"stdout": sys.stderr}
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*become, "apt-get", "install", "-y", "-q", "--no-install-recommends", *lacking]
    if subprocess.run(install, env=environment, **quiet).returncode != 0:
        # Package lists may be absent or stale on a fresh machine.
        subprocess.run([*become, "apt-get", "update", "-q"], env=environment, **quiet)
        if subprocess.run(install, env=environment, **quiet).returncode != 0:
            raise ToolError(f"could not install: {names}")
