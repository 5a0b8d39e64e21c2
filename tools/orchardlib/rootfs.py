# SPDX-License-Identifier: BSD-2-Clause
"""The guest's root file system: a base, the program, what was added; in the end one initramfs."""

import os
import posixpath
import stat
import subprocess
from pathlib import Path

from . import cpio
from .errors import ToolError

SKELETON = ("/bin", "/dev", "/etc", "/proc", "/root", "/sbin", "/usr", "/usr/bin", "/usr/sbin", "/var")
PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
GROUP = b"root:x:0:\nnogroup:x:65534:\n"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MAX_LINKS = 40
RESERVED = "/.orchard"  # boot.py


class Root:
    """Files by absolute guest path. `before` is a cpio that goes in front unchanged."""

    def __init__(self):
        self.entries = {}
        self.base = {}
        self.before = b""

    def find(self, path):
        """The path with links followed, and its entry, or (path, None)."""
        real = self.resolve(path)
        return real, self._at(real)

    def _at(self, path):
        return self.entries.get(path) or self.base.get(path)

    def resolve(self, path):
        """Follows links as the guest would; the last part need not exist."""
        todo = [part for part in path.split("/") if part]
        at, links = "/", 0
        while todo:
            part = todo.pop(0)
            if part in (".", ".."):
                at = posixpath.dirname(at) if part == ".." else at
                continue
            at = posixpath.join(at, part)
            entry = self._at(at)
            if entry and stat.S_ISLNK(entry.mode):
                links += 1
                if links > MAX_LINKS:
                    raise ToolError(f"{path}: a loop of symbolic links in the root")
                target = os.fsdecode(entry.data)
                at = "/" if target.startswith("/") else posixpath.dirname(at)
                todo = [p for p in target.split("/") if p] + todo
        return at

    def has(self, path):
        entry = self.find(path)[1]
        return entry is not None and stat.S_ISREG(entry.mode)

    def is_folder(self, path):
        real, entry = self.find(path)
        return real == "/" or entry is not None and stat.S_ISDIR(entry.mode)

    def put(self, path, entry):
        """Adds with the folders above it; replaces what stands there, but no folder by a file nor a file by a folder."""
        folder = self.resolve(posixpath.dirname(path))
        self._make_folders(folder)
        place = posixpath.join(folder, posixpath.basename(path))
        is_folder = stat.S_ISDIR(entry.mode)
        if is_folder:
            place = self.resolve(place)  # a link to a folder is as good as the folder
        there = self._at(place)
        if there and stat.S_ISDIR(there.mode) != is_folder:
            raise ToolError(f"{place} is a {'file' if is_folder else 'folder'} in the root, which a "
                            f"{'folder' if is_folder else 'file'} cannot replace")
        if place == RESERVED or place.startswith(RESERVED + "/"):
            raise ToolError(f"{place}: {RESERVED} is this tool's own")
        self.entries[place] = entry

    def _make_folders(self, folder):
        while folder != "/":
            there = self._at(folder)
            if there and not stat.S_ISDIR(there.mode):
                raise ToolError(f"{folder} is a file in the root: nothing can be below it")
            if not there:
                self.entries[folder] = cpio.directory()
            folder = posixpath.dirname(folder)

    def put_tree(self, path, source):
        """Copies a host file or folder to a guest path."""
        source = Path(source)
        info = source.lstat()
        if stat.S_ISDIR(info.st_mode):
            if path != "/":
                self.put(path, cpio.directory(stat.S_IMODE(info.st_mode)))
            for child in sorted(os.listdir(source)):
                self.put_tree(posixpath.join(path, child), source / child)
        elif stat.S_ISLNK(info.st_mode):
            self.put(path, cpio.symlink(os.readlink(source)))
        elif stat.S_ISREG(info.st_mode):
            self.put(path, cpio.regular(source.read_bytes(), stat.S_IMODE(info.st_mode)))
        elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
            rdev = (os.major(info.st_rdev), os.minor(info.st_rdev))
            self.put(path, cpio.Entry(info.st_mode, b"", rdev))
        elif stat.S_ISFIFO(info.st_mode):
            self.put(path, cpio.Entry(info.st_mode))

    def archive(self, extra):
        """The initramfs: the base as it was given, then the rest and `extra` ({path: Entry})."""
        return self.before + b"\0" * (-len(self.before) % 4) + cpio.write({**self.entries, **extra})


def minimal():
    root = Root()
    for path in SKELETON:
        root.put(path, cpio.directory())
    root.put("/tmp", cpio.directory(0o1777))
    root.put("/etc/passwd", cpio.regular(PASSWD))
    root.put("/etc/group", cpio.regular(GROUP))
    return root


def load(source):
    """--root: a folder, or a cpio file."""
    if source is None:
        return minimal()
    root = Root()
    try:
        if os.path.isdir(source):
            root.put_tree("/", source)
            return root
        root.before = Path(source).read_bytes()
        root.base = cpio.read(root.before)
        _imply_folders(root.base)
    except OSError as error:
        raise ToolError(f"--root {source}: {error.strerror}: {error.filename}") from None
    except cpio.CpioError as error:
        raise ToolError(f"--root {source}: a corrupt initramfs: {error}") from None
    return root


def _imply_folders(entries):
    """The folders that an archive does not name, but whose files it does."""
    for path in list(entries):
        while (path := posixpath.dirname(path)) != "/":
            entries.setdefault(path, cpio.directory())


def add(root, spec):
    """
    --add FILE[:PATH]. A file goes into PATH if that is a folder; a folder is merged with it. Without PATH: where it is
    on the host; a relative one stands below /.
    """
    try:
        source, path = _split_addition(spec)
        if path is None:
            path = os.path.normpath("/" + source)
            if not os.path.isabs(source) and os.path.normpath(source).startswith(".."):
                path = "/" + os.path.basename(source)
        elif os.path.isdir(source):
            path = root.resolve(path)
        elif path.endswith(("/", "/.", "/..")) or root.is_folder(path):
            path = posixpath.join(root.resolve(path), os.path.basename(source))
        # The file, not the link that leads to it: the link's target may not be in the guest.
        root.put_tree(path, os.path.realpath(source))
    except OSError as error:
        raise ToolError(f"--add {spec}: {error.strerror}") from None
    except ToolError as error:
        raise ToolError(f"--add {spec}: {error}") from None


def _split_addition(spec):
    """FILE and PATH, or None for it. A colon may be of the FILE's own name."""
    source, colon, path = spec.rpartition(":")
    if colon and path.startswith("/"):
        return source, path
    if colon and os.path.exists(source) and not os.path.exists(spec):
        raise ToolError(f"PATH must be absolute: /{path}?" if path else "no PATH after the colon")
    return spec, None


def add_program(root, program):
    """Looks PROGRAM up: in the root, as a host path, in the host's PATH. Returns its guest path and bytes."""
    for path in _guest_candidates(program):
        real, entry = root.find(path)
        if entry and stat.S_ISREG(entry.mode):
            return path, entry.data
    source = program if "/" in program else _host_search(program)
    try:
        data = Path(source or program).read_bytes() if source else None
    except IsADirectoryError:
        raise ToolError(f"{program}: a folder, not a program") from None
    except OSError as error:
        raise ToolError(f"{program}: {error.strerror} (neither in the root nor on the host)") from None
    if data is None:
        raise ToolError(f"{program}: not found in the root nor in the host's PATH")
    path = source if os.path.isabs(source) else "/bin/" + os.path.basename(source)
    path = posixpath.normpath(path)
    root.put(path, cpio.regular(data, 0o755))
    if os.path.basename(path) == "busybox":
        _add_applets(root, path, source)
    return path, data


def _guest_candidates(program):
    if program.startswith("/"):
        return [program]
    if "/" in program:
        return []
    return [f"{folder}/{program}" for folder in PATH.split(":")]


def _host_search(name):
    for folder in os.environ.get("PATH", "/usr/bin:/bin").split(":"):
        path = os.path.join(folder or ".", name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    return None


def _add_applets(root, path, source):
    """Debian's busybox runs its applets by name only through links, as `busybox --install -s` makes them."""
    try:
        listing = subprocess.run([os.path.abspath(source), "--list-full"], capture_output=True, text=True,
                                 timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return
    for applet in listing.split():
        link = "/" + applet.lstrip("/")
        if posixpath.basename(link) != "busybox" and root.find(link)[1] is None:
            root.put(link, cpio.symlink(path))
