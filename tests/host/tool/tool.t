#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The pure parts of tools/orchard: formats, checks, words. TAP; run by prove."""

import hashlib
import os
import re
import stat
import struct
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import accel, boot, cli, cpio, elfcheck, frames, kernels, linked, machine, rootfs  # noqa: E402
from orchardlib import parts, paths, replay, run, runfile, session, sinks, symbols, terminal  # noqa: E402
from tap import error_of, test  # noqa: E402

@test
def cpio_written_is_read_by_cpio():
    entries = {"/a": cpio.directory(), "/a/f": cpio.regular(b"\0\1data", 0o755), "/l": cpio.symlink("a/f")}
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["cpio", "-im", "--quiet"], input=cpio.write(entries), cwd=work, check=True)
        made = Path(work)
        assert (made / "a/f").read_bytes() == b"\0\1data"
        assert stat.S_IMODE((made / "a/f").stat().st_mode) == 0o755
        assert (made / "l").readlink() == Path("a/f")
        assert (made / "a/f").stat().st_mtime == 0


@test
def cpio_round_trip_in_any_order():
    entries = {f"/{name}": cpio.regular(b"x" * size) for name, size in (("c", 0), ("b", 1), ("a", 4097))}
    archive = cpio.write(entries)
    assert archive == cpio.write(dict(reversed(entries.items())))
    assert cpio.read(archive + b"\0" * 512 + archive) == entries


@test
def cpio_damage_is_named():
    archive = cpio.write({"/a": cpio.regular(b"x" * 100)})
    for damaged, word in ((archive[:150], "cut off"), (b"x" + archive[1:], "no newc header"),
                          (archive[:14] + b"zz" + archive[16:], "broken")):
        try:
            cpio.read(damaged)
            raise AssertionError("read")
        except cpio.CpioError as error:
            assert word in str(error), error


@test
def frames_in_any_pieces():
    stream = (b"\x1b[2Jnoise orchard \x05" + frames.encode(frames.HELLO, b"orchard 1 sas\n")
              + frames.encode(frames.STDOUT, bytes(range(256)) * 255)
              + frames.encode(frames.STDERR) + frames.encode(frames.EXIT, b"\0\1\0\0"))
    for piece in (1, 7, len(stream)):
        reader, got = frames.Reader(), []
        for at in range(0, len(stream), piece):
            got += reader.feed(stream[at:at + piece])
        assert [kind for kind, _ in got] == [5, 1, 2, 3], got
        assert got[1][1] == bytes(range(256)) * 255


@test
def frames_reject_garbage():
    reader = frames.Reader()
    reader.feed(frames.encode(frames.HELLO, b"orchard 1 sas\n"))
    try:
        reader.feed(b"\x7f\0\0")
        raise AssertionError("taken")
    except frames.FrameError as error:
        assert "0x7f" in str(error)


@test
def hello_and_stats():
    assert frames.parse_hello(b"orchard 1 sas\n") == ("sas", None)
    assert frames.parse_hello(b"orchard 1 linux window=16384\n") == ("linux", 16384)
    assert frames.parse_stats(b"run_ns=12\nx=y\nnothing\n") == {"run_ns": 12, "x": "y"}


@test
def run_file_records():
    text = runfile.encode("/bin/a", ["a", "b c", ""], {"K": "v=w"}, tty={2, 0}, size=(30, 90))
    assert text.split(b"\0") == [b"path=/bin/a", b"arg=a", b"arg=b c", b"arg=", b"env=K=v=w", b"cwd=/",
                                 b"tty=0,2", b"size=30x90", b""]
    assert runfile.encode("/a", ["a"], {}, stdin="/i").endswith(b"\0stdin=/i\0")
    assert b"size" not in runfile.encode("/bin/a", ["a"], {}, tty={0, 1}, size=None)
    assert b"tty" not in runfile.encode("/bin/a", ["a"], {})
    assert "NUL" in error_of(runfile.encode, "/a\0b", ["a"], {})


@test
def wait_statuses():
    assert [session.status_of(s) for s in (0, 0x100, 0xff00, 9, 0x8b)] == [0, 1, 255, 137, 139]


def elf(machine_number=62, kind=2, size=100, memory=100, interpreter=b""):
    """A small ELF file with one segment to load, or one interpreter too."""
    count = 2 if interpreter else 1
    head = b"\x7fELF\2\1\1" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", kind, machine_number, 1, 0, 64, 0, 0,
                                                      64, 56, count, 0, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, memory, 4096)
    if interpreter:
        head += struct.pack("<IIQQQQQQ", 3, 4, 176, 0, 0, len(interpreter), len(interpreter), 1)
    return (head + interpreter).ljust(300, b"\0")


@test
def elf_checks():
    def check(data, memory=1 << 30, has=lambda path: False):
        return elfcheck.check("p", data, memory, has)

    check(elf())
    check(elf(kind=3))
    for data, word in ((b"hello", "not an ELF"), (b"#!/bin/sh\n", "script"), (elf()[:40], "truncated"),
                       (elf()[:100], "truncated"), (elf(size=1000), "truncated"), (elf(183), "AArch64"),
                       (elf(kind=1), "no program"), (elf(memory=1 << 31), "larger than memory"),
                       (elf(interpreter=b"/lib/ld.so\0"), "its loader /lib/ld.so")):
        message = error_of(check, data)
        assert word in message and "\n" not in message, message
    elfcheck.check_kernel(elf(memory=2 << 20), 1 << 20, 4 << 20)
    for archive, least in ((0, 1024), (1 << 20, 3072), (2 << 20, 4096)):
        message = error_of(elfcheck.check_kernel, elf(memory=2 << 20), archive, least << 10)
        assert f"{least} KiB are too little" in message and f"is {archive >> 10} KiB" in message, message
    check(elf(interpreter=b"/lib/ld.so\0"), has=lambda path: path == "/lib/ld.so")


@test
def root_follows_links():
    root = rootfs.minimal()
    root.put("/lib", cpio.symlink("usr/lib"))
    root.put("/lib/x", cpio.regular(b"1"))
    assert "/usr/lib/x" in root.entries and root.has("/lib/../lib/x")
    root.put("/loop", cpio.symlink("loop"))
    assert "loop" in error_of(root.resolve, "/loop/x")


def added(spec, *before):
    """A root to which file and folder of a new work folder were added; `@` is that folder."""
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "file").write_text("new")
        (Path(work) / "folder").mkdir()
        (Path(work) / "folder/file").write_text("below")
        (Path(work) / "root.cpio").write_bytes(cpio.write({"/opt/x/tool": cpio.regular(b"old")}))
        root = rootfs.load(f"{work}/root.cpio")
        for path in ("/bin", "/usr/lib"):
            root.put(path, cpio.directory())
        root.put("/lib", cpio.symlink("usr/lib"))
        for one in (*before, spec):
            rootfs.add(root, one.replace("@", work))
        return {path: entry.data for path, entry in root.entries.items() if stat.S_ISREG(entry.mode)}


@test
def added_files_go_into_folders():
    for path in ("/bin", "/bin/", "/bin/.", "/bin/file", "/usr/../bin"):
        assert added(f"@/file:{path}") == {"/bin/file": b"new"}, path
    for path in ("/lib", "/lib/", "/usr/lib/file"):
        assert added(f"@/file:{path}") == {"/usr/lib/file": b"new"}, path
    assert added("@/file:/") == added("@/file:/file") == {"/file": b"new"}
    assert added("@/file:/opt") == {"/opt/file": b"new"}  # the archive names only what is below it
    assert added("@/file:/new/") == {"/new/file": b"new"}
    assert added("@/file:/opt/x/tool") == {"/opt/x/tool": b"new"}
    assert added("@/folder:/lib") == added("@/folder:/usr/lib/") == {"/usr/lib/file": b"below"}
    assert added("@/folder:/", "@/file:/other") == {"/file": b"below", "/other": b"new"}


@test
def additions_that_no_file_system_can_have():
    for spec, *before, word in (
            ("@/file:/bin/file/below", "@/file:/bin", "/bin/file is a file in the root"),
            ("@/folder:/bin/file", "@/file:/bin", "/bin/file is a file in the root"),
            ("@/file:/opt/x/tool/y/z", "/opt/x/tool is a file in the root"),
            ("@/folder:/new", "@/file:/new/file/x", "/new/file is a folder in the root"),
            ("@/file:/.orchard", "this tool's own"), ("@/folder:/.orchard/x", "this tool's own"),
            ("@/file:rel/x", "PATH must be absolute: /rel/x"), ("@/file:", "no PATH"), ("@/none:/bin", "No such file")):
        message = error_of(added, spec, *before)
        assert message.startswith("--add ") and word in message and "\n" not in message, message


@test
def a_colon_in_a_files_name():
    with tempfile.TemporaryDirectory() as work:
        for name in ("a", "a:b"):
            (Path(work) / name).write_text(name)
        root = rootfs.minimal()
        rootfs.add(root, f"{work}/a:b")
        rootfs.add(root, f"{work}/a:b:/c")
        assert root.find(f"{work}/a:b")[1].data == root.find("/c")[1].data == b"a:b"


@test
def a_program_never_replaces_a_folder():
    root = rootfs.minimal()
    root.put("/bin/sh", cpio.directory())
    assert "/bin/sh is a folder" in error_of(rootfs.add_program, root, "/bin/sh")


@test
def sizes_and_cpus():
    assert machine.parse_memory("256M") == machine.parse_memory("256") == 256 << 20
    assert machine.parse_memory("1g") == 1 << 30
    for bad in ("", "0", "-1", "12Q", "1.5G", "9999999G"):
        assert "--memory" in error_of(machine.parse_memory, bad)
    assert machine.parse_cpus("255") == 255
    for bad in ("0", "300", "-1", "x", "256"):
        assert "1 to 255" in error_of(machine.parse_cpus, bad)


@test
def nearest_names():
    kernels.names = lambda: ["sas", "split", "tasks", "sasos", "ring0proc", "multi"]
    assert "did you mean split?" in error_of(kernels.check_name, "splitt")
    assert "linux" in error_of(kernels.check_name, "linix")
    assert kernels.check_name("linux-nomit") is None
    assert "there are sas, split" in error_of(kernels.check_name, "zzzzzz")
    assert error_of(kernels.check_name, "mutli").endswith("did you mean multi?")
    assert kernels.model_of("CONFIG_MODEL_RING0PROC=y\n")[:3] == ("ring0", "private", "many")
    custom = "CONFIG_MODEL_CUSTOM=y\nCONFIG_CUSTOM_GATE_RING3=y\n# CONFIG_CUSTOM_PROC_MANY is not set\n"
    assert kernels.model_of(custom)[:3] == ("ring3", "shared", "one")
    assert kernels.model_of("# CONFIG_MODEL_SAS is not set\n")[:3] == ("?", "?", "?")


@test
def a_configuration_is_declared_by_its_axes():
    table = (paths.ROOT / "abi/linux/syscall.tbl").read_text()
    assert re.search(r"^57 +fork .*\n(    @ .*\n)*    @ refused aspace=shared", table, re.M)

    def refused(call, kernel):
        return subprocess.run([paths.ROOT / "tools/abi", "--refused", call, kernel], check=False).returncode == 0

    with tempfile.TemporaryDirectory() as folder:
        flat, split, blank = (Path(folder) / name for name in ("flat", "split", "blank"))
        flat.write_text("CONFIG_MODEL_CUSTOM=y\nCONFIG_CUSTOM_PROC_MANY=y\n")
        split.write_text("CONFIG_MODEL_CUSTOM=y\nCONFIG_CUSTOM_PROC_MANY=y\nCONFIG_CUSTOM_ASPACE_PRIVATE=y\n")
        blank.write_text("CONFIG_LOCKDEP=y\n")
        assert refused("fork", "tasks") and refused("fork", flat) and not refused("getpid", flat)
        assert not any(refused("fork", kernel) for kernel in ("multi", split, blank, "linux", folder))


@test
def linux_without_mitigations_is_said_on_its_command_line():
    def words(name, append):
        kernel = kernels.Kernel(name, Path("i"), Path("c"), True, "", kernels.LINUXES[name][1])
        return machine.kernel_arguments(kernel, machine.Options(append=append)).split()

    assert "mitigations=off" not in words("linux", "") and words("linux-nomit", "x=1")[-2:] == ["mitigations=off", "x=1"]
    assert [line[0] for line in kernels.listing()[-2:]] == ["linux", "linux-nomit"]
    assert kernels.axes("linux-nomit")[:3] == kernels.axes("multi")[:3] == ("ring3", "private", "many")


@test
def only_who_asks_runs_a_linked_program():
    with tempfile.TemporaryDirectory() as folder:
        inside, config = Path(folder) / "program", Path(folder) / ".config"
        inside.write_bytes(b"a program")
        config.write_text(f'CONFIG_APP_LINKED=y\nCONFIG_APP_LINKED_FILE="{inside}"\n')
        kernel = kernels.Kernel("k", Path("i"), config, False, "")
        program = types.SimpleNamespace(sha256=hashlib.sha256(b"a program").hexdigest(), argv=["p", "one", "two  words"])
        plain = machine.Options(append="x=1")
        said = linked.with_arguments(kernel, plain, program)
        assert machine.kernel_arguments(kernel, said).endswith(' x=1 -- one "two  words"')
        assert "only `orchard run`" in error_of(boot.once, kernel, machine.Options(append="-- one"), None, None)
        program.sha256 = "other"
        assert "the only program it can run" in error_of(linked.with_arguments, kernel, plain, program)
        with mock.patch.multiple(accel, DEVICE=inside, _record=lambda: Path(folder) / "none", _probe=None):
            assert accel.choose("auto", kernel, False) == "tcg"


@test
def words_of_the_command_line():
    options = cli.parse(["compare", "--json", "sas", "--runs", "2", "--", "p", "--runs", "--", "x"])
    assert (options.kernels, options.runs, options.json) == (["sas"], 2, "-")
    assert options.program == ["p", "--runs", "--", "x"]
    assert "no program" in error_of(cli.parse, ["run", "sas"])
    assert "no program" in error_of(cli.parse, ["compare", "sas", "--"])
    suite = cli.parse(["compare", "sas"])
    assert (suite.program, suite.runs, cli.parse(["compare", "--thorough"]).runs) == (None, 9, 25)
    assert cli.parse(["compare", "--runs", "4"]).runs == 4 and cli.parse(["compare", "--", "p"]).runs == 3
    assert "--icount needs a program" in error_of(cli.parse, ["compare", "--icount"])
    assert "--thorough is for the suite" in error_of(cli.parse, ["compare", "--thorough", "--", "p"])
    assert "--timeout" in error_of(cli.parse, ["run", "sas", "--timeout", "0", "--", "p"])
    assert "--memory -5M: not a size" in error_of(cli.parse, ["run", "sas", "--memory", "-5M", "--", "p"])
    assert "--cpus -1: not a number" in error_of(cli.parse, ["run", "sas", "--cpus", "-1", "--", "p", "--cpus", "-1"])
    assert cli.parse(["run", "sas", "--", "p", "--n", "-1"]).program == ["p", "--n", "-1"]


@test
def closed_and_full_streams_leave_the_status():
    def status_and_output(redirection, *words):
        done = subprocess.run(["sh", "-c", f'"$@" {redirection}', "sh", str(tap.ROOT / "tools/orchard"), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr

    for redirection in ("2>&-", "2</dev/null", "0<&- 2>&-", "0<&- 1>&- 2>&-", "2>/dev/full"):
        assert status_and_output(redirection, "run", "mutli", "--", "/bin/true") == (125, b"", b""), redirection
    assert status_and_output("2>&-", "list")[:2] == status_and_output("", "list")[:2]
    assert status_and_output("1>&-", "list") == (0, b"", b"")


@test
def typed_escape():
    keys = terminal.EscapeFilter()
    assert keys.feed(b"a\x01") == (b"a", False)
    assert keys.feed(b"ab\x01c") == (b"\x01b\x01c", False)
    assert keys.feed(b"q\x01xrest") == (b"q", True)


@test
def firmware_speaks_only_without_a_kernel():
    def said(*steps):
        sink = sinks.MemorySink()
        messages = run.Messages("sas", None, sink, types.SimpleNamespace(fds=set(), raw=False), True)
        for step in steps:
            messages.booted() if step is None else messages("console", step)
        messages.release(at_end=True)
        return bytes(sink.data)

    assert said(b"BdsDxe", b"[    0.1] warning", None, b"late") == b"[sas] [    0.1] warning\n[sas] late\n"
    assert said(b"BdsDxe: no boot device") == b"[sas] BdsDxe: no boot device\n"


@test
def a_kvm_that_gives_up_ends_the_run_and_is_remembered():
    with tempfile.TemporaryDirectory() as work:
        fake = Path(work) / "qemu-system-x86_64"
        fake.write_text("#!/bin/sh\necho KVM internal error. Suberror: 1 >&2\nexec sleep 60\n")
        fake.chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{work}:{os.environ['PATH']}"):
            outcome = session.run(None, machine.Options(accel="kvm"), [], (), stdin=None, stdout=sinks.MemorySink(),
                                  stderr=sinks.MemorySink(), console=lambda *_: None, timeout=30)
    assert outcome.status == 125 and outcome.kvm_failed and "--accel tcg" in outcome.reason, outcome
    with mock.patch.object(accel, "_remember") as remember:
        accel.heed("kvm", outcome)
        assert not remember.called
        accel.heed("auto", outcome)
        assert remember.call_args.args[0] == "tcg"


def said_after(argv, append="", icount=True, status=0, console=(), fragment="debug"):
    kernel = types.SimpleNamespace(is_linux=False, image=Path("nowhere"))
    chosen = machine.Options(icount=icount, append=append)
    with mock.patch.object(sys, "argv", [os.path.abspath(argv[0]), *argv[1:]]), \
            mock.patch.dict(os.environ, ORCHARD_FRAGMENT=fragment):
        return replay.lines(kernel, chosen, session.Outcome(status, console=list(console)))


@test
def names_have_addresses_and_addresses_names():
    table = symbols.Symbols("ffffffff80200000 t twice\nffffffff80000000 T __text_start\nffffffff80100000 T twice\n"
                            "ffffffff80000000 t first\n                 U nowhere\n0000000000001000 A size\nffffffff80300000 b f.constprop.0\n"
                            "ffffffff80150000 t f\nffffffff80140000 t f\nffffffff80400000 B __kernel_end\n")
    assert table.address["twice"] == 0xffffffff80100000, "the global one"
    assert table.address["f"] == 0xffffffff80140000 and table.address["size"] == 0x1000 and "nowhere" not in table.address
    assert table.at(0xffffffff80000004) == ("first", 4) and table.text(0xffffffff80100000) == "twice"
    assert table.text(0xffffffff80140000, back=1) == "twice+0x40000", "a return address behind its function's last instruction"
    assert [table.at(address) for address in (0, 0x1004, 0xffffffff7fffffff, 0xffffffff80400000)] == [None] * 4
    with mock.patch.object(symbols, "read", lambda image: table):
        assert replay.variables("x", [0xffffffff80300000, 0x1004]) == {0xffffffff80300000: "f.constprop.0+0x0"}
        assert parts._symbols("x")["f"] == 0xffffffff80140000, "a copy that the compiler made hides no function"
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "image").write_text("no ELF")
        assert "image: its symbols cannot be read: nm: " in error_of(symbols.read, Path(work) / "image")


@test
def what_a_seed_decided_is_done_again_by_what_was_typed():
    typed = ["tools/orchard", "run", "multi", "--cpus", "4", "--icount", "--append", "preempt=7 trace", "--", "./a program", "x"]
    command = "ORCHARD_FRAGMENT=debug tools/orchard run multi --cpus 4 --icount --append 'preempt=7 trace' -- './a program' x"
    assert said_after(typed, "preempt=7 trace", status=1) == [f"the same run again: {command}"]
    typed.remove("--icount")
    assert said_after(typed, "trace race=7", icount=False, status=124, fragment="") == [
        "not the same run, but one that can be had again: tools/orchard run --icount multi --cpus 4 --append 'preempt=7 trace' "
        "-- './a program' x"]


@test
def a_run_that_no_seed_decided_or_that_ended_well_says_nothing():
    typed = ["tools/orchard", "run", "multi", "--icount", "--", "./a"]
    assert not said_after(typed, "preempt=7")
    assert not said_after(typed, "sched=rr xpreempt=7", status=1, console=["panic: seeds: none"])
    assert len(said_after(typed, status=70, console=["panic: race", "  seeds: race=1,1/256 (...)"])) == 1


@test
def input_that_is_a_file_travels_with_the_machine_where_runs_shall_repeat():
    kernel, exact = types.SimpleNamespace(name="multi", config=None, is_linux=False), types.SimpleNamespace(icount=True)
    saved = os.dup(0)
    with tempfile.TemporaryFile() as file, mock.patch.object(linked, "is_in", return_value=False):
        file.write(b"input")
        file.seek(0)
        try:
            os.dup2(file.fileno(), 0)
            assert run._whole_input(types.SimpleNamespace(icount=False), kernel) is None
            assert run._whole_input(exact, kernel) == b"input"
            file.seek(2)
            assert run._whole_input(exact, kernel) is None, "who has read some of it goes on from there"
            with open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), 0)
            assert run._whole_input(exact, kernel) == b""
            ends = os.pipe()
            os.dup2(ends[0], 0)
            assert run._whole_input(exact, kernel) is None, "a pipe comes as it comes"
            os.close(ends[0])
            os.close(ends[1])
        finally:
            os.dup2(saved, 0)
            os.close(saved)


sys.exit(tap.main())
