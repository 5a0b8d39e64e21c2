# SPDX-License-Identifier: BSD-2-Clause
"""What can be run: the names in configs/, a .config file, or Debian's Linux. Builds ours when needed."""

import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from . import debian_linux, packages, paths
from .errors import ToolError

LINUX = "linux"
LINUX_NOMIT = "linux-nomit"
# CONFIG_MODEL_<NAME> decides the three axes (isolation/Kconfig); in the order of the cube.
MODELS = {
    "sas": ("ring0", "shared", "one", "unikernel: OSv, Unikraft, MirageOS, IncludeOS"),
    "split": ("ring3", "shared", "one", "unikernel with kernel/user separation: Nanos"),
    "tasks": ("ring0", "shared", "many", "flat multi-tasking, RTOS style"),
    "sasos": ("ring3", "shared", "many", "protected kernel, flat tasks: NuttX PROTECTED, uClinux"),
    "ring0proc": ("ring0", "private", "many", "processes without privilege: Kernel Mode Linux"),
    "multi": ("ring3", "private", "many", "Unix, Linux"),
}
# What can be run beside ours: (axes and what it is, words for its command line).
LINUXES = {
    LINUX: (("ring3", "private", "many", "Debian's own kernel, the yardstick"), ""),
    LINUX_NOMIT: (("ring3", "private", "many", "the same with mitigations=off"), "mitigations=off"),
}


@dataclasses.dataclass
class Kernel:
    """One kernel, built: what to boot, and what it was made from."""

    name: str
    image: Path
    config: Path
    is_linux: bool = False
    version: str = ""
    append: str = ""        # words for its command line

    def config_hash(self):
        return hashlib.sha256(self.config.read_bytes()).hexdigest()[:12]

    def image_sha256(self):
        """Of what is booted. Of ours without the symbols, whose paths say where it was built."""
        stripped = self.image.with_suffix(".stripped")
        return hashlib.sha256((stripped if not self.is_linux and stripped.exists() else self.image).read_bytes()).hexdigest()


def names():
    """The blessed kernels, the six of the cube first."""
    found = [path.name.removesuffix("_defconfig") for path in paths.CONFIGS.glob("*_defconfig")]
    order = list(MODELS)
    return sorted(found, key=lambda n: (order.index(n) if n in order else len(order), n))


def model_of(config_text):
    """The three axes and what it is known as, from a configuration's model symbol."""
    for model, row in MODELS.items():
        if re.search(rf"^CONFIG_MODEL_{model.upper()}=y$", config_text, re.M):
            return row
    chosen = symbols_of(config_text)
    if chosen.get("CONFIG_MODEL_CUSTOM") != "y":
        return ("?", "?", "?", "a custom model")
    axes = [(("ring0", "ring3"), "GATE_RING3"), (("shared", "private"), "ASPACE_PRIVATE"), (("one", "many"), "PROC_MANY")]
    return (*(values[chosen.get(f"CONFIG_CUSTOM_{symbol}") == "y"] for values, symbol in axes), "a custom model")


def check_name(text):
    """Refuses an unknown kernel before anything is built or downloaded."""
    known = [*names(), *LINUXES]
    if text in known or Path(text).is_file():
        return
    name, plus, fragments = text.partition("+")
    if plus and name in names():
        for part in fragments.split("+"):
            if not (paths.CONFIGS / f"{part}.config").is_file():
                raise ToolError(f"{text}: there is no fragment configs/{part}.config (see orchard list)")
        return
    import difflib  # only who asks for what is not there waits for it

    near = difflib.get_close_matches(text, known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise ToolError(f"no kernel named {text}: {hint}")


def prepare(text):
    """The kernel for KERNEL, built or downloaded first when needed."""
    check_name(text)
    if text in LINUXES:
        packages.ensure(["linux"])
        found = debian_linux.kernel()
        version = f"{found['package']} {found['version']}"
        return Kernel(text, found["image"], found["config"], True, version, LINUXES[text][1])
    packages.ensure(["build"])
    name, _, fragments = text.partition("+")
    if name in names() and not Path(text).is_file():
        everywhere = os.environ.get("ORCHARD_FRAGMENT", "")
        return dataclasses.replace(_build_named(name, "+".join(filter(None, [fragments, everywhere]))), name=text)
    return _build_custom(Path(text))


def _build_named(name, fragment):
    """One of configs/, with the fragments of these names (joined by +) behind it: as `make kernels FRAGMENT=...` builds them."""
    sources = [paths.CONFIGS / f"{name}_defconfig"]
    for part in fragment.split("+") if fragment else ():
        sources.append(paths.CONFIGS / f"{part}.config")
        if not sources[-1].is_file():
            raise ToolError(f"ORCHARD_FRAGMENT={fragment}: there is no {sources[-1]}")
    folder = paths.BUILD / (f"{name}-{fragment}" if fragment else name)
    return _build(name, folder, sources, f"{name}_defconfig", f"FRAGMENT={fragment}")


def _build_custom(config):
    wanted = config.read_bytes()
    if not re.search(rb"^(# )?CONFIG_\w+( is not set$|=)", wanted, re.M):
        raise ToolError(f"{config}: no configuration: it sets no CONFIG_ symbol")
    if config.resolve() == paths.ROOT / ".config":
        _make("default", paths.BUILD / "default", "O=")  # as a plain `make` does: into the same folder
        return Kernel("default", paths.BUILD / "default" / "orchard.elf", config)
    if config.name == ".config" and config.resolve().parent.parent == paths.BUILD:
        folder = config.resolve().parent  # as `make O=build/NAME` does; configured already
        with paths.locked(folder):
            _make(folder.name, folder)
        return Kernel(folder.name, folder / "orchard.elf", config)
    short = hashlib.sha256(wanted).hexdigest()[:8]
    return _build(f"custom-{short}", paths.BUILD / f"custom-{short}", [config], "olddefconfig")


def _build(name, folder, sources, *targets):
    """Configures when the source changed or someone edited the result; then make decides what to compile."""
    with paths.locked(folder):
        made = paths.Done(hashlib.sha256(str(folder).encode()).hexdigest())
        config = folder / ".config"
        stamp = folder / ".orchard-config"
        if not (config.exists() and stamp.exists() and stamp.read_text() == _digest(*sources, config)):
            if targets[0] == "olddefconfig":
                shutil.copyfile(sources[0], config)
            _make(name, folder, *targets)
            if targets[0] == "olddefconfig":
                _check_repaired(sources[0], config)
            stamp.write_text(_digest(*sources, config))
            made.clear()
        if not (made and (folder / "orchard.elf").exists()):
            _make(name, folder)
            made.set()
    return Kernel(name, folder / "orchard.elf", config)


def _digest(*files):
    return " ".join(hashlib.sha256(f.read_bytes()).hexdigest() for f in files)


def _make(name, folder, *targets):
    command = ["make", "-s", "-C", str(paths.ROOT), f"O={folder}", *targets]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    if done.returncode != 0:
        raise ToolError(f"{name}: cannot be built: `{' '.join(command)}` failed")


def symbols_of(text):
    """{symbol: value}, with "is not set" as n."""
    found = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.M))
    found.update({symbol: "n" for symbol in re.findall(r"^# (CONFIG_\w+) is not set$", text, re.M)})
    return found


def _check_repaired(source, config):
    """kconfig silently repairs an impossible .config: that is an error here."""
    asked, got = symbols_of(source.read_text()), symbols_of(config.read_text())
    repaired = [s for s, value in asked.items() if got.get(s, "n") != value]
    if repaired:
        raise ToolError(f"{source}: impossible: kconfig changed {' '.join(sorted(repaired)[:8])}")


def most_cpus(kernel):
    """How many CPUs it can start; None: it does not say."""
    found = None if kernel.is_linux else re.search(r"^CONFIG_NR_CPUS_MAX=(\d+)$", kernel.config.read_text(encoding="utf-8"), re.M)
    return int(found[1]) if found else None


def rungs():
    """[(fragment, what it is)] of the fragments in configs/ that turn on one option of these Kconfig files, by its prompt."""
    text = "".join((paths.ROOT / path).read_text(encoding="utf-8") for path in ("isolation/rungs/Kconfig", "core/lock/Kconfig"))
    prompts = dict(re.findall(r'^config (\w+)\n\tbool "(.*)"$', text, re.M))
    found = []
    for path in sorted(paths.CONFIGS.glob("*.config")):
        symbols = re.findall(r"^CONFIG_(\w+)=y$", path.read_text(encoding="utf-8"), re.M)
        if len(symbols) == 1 and symbols[0] in prompts:
            found.append((path.stem, prompts[symbols[0]]))
    return found


def listing():
    """One line for each kernel: name, gate, aspace, proc, known as."""
    rows = [("name", "gate", "aspace", "proc", "known as")]
    for name in names():
        rows.append((name, *model_of((paths.CONFIGS / f"{name}_defconfig").read_text())))
    return [*rows, *((name, *axes) for name, (axes, _) in LINUXES.items())]


def axes(name):
    """(gate, aspace, proc, known as) of a kernel that has a name of its own."""
    model = name.partition("+")[0]
    return LINUXES[name][0] if name in LINUXES else MODELS.get(model, ("?", "?", "?", "a custom model"))
