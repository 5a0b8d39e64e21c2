#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The pure parts of tools/orchard: formats, checks, tables. TAP; run by prove."""

import os
import stat
import struct
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

from orchardlib import accel, cli, cpio, elfcheck, frames, kernels, machine, rootfs  # noqa: E402
from orchardlib import report, rows, run, runfile, session, sinks, table, terminal  # noqa: E402
from orchardlib.errors import ToolError  # noqa: E402

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def error_of(function, *args):
    """The message of the ToolError that must come."""
    try:
        function(*args)
    except ToolError as error:
        return str(error)
    raise AssertionError("no error")


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
    check(elf(interpreter=b"/lib/ld.so\0"), has=lambda path: path == "/lib/ld.so")


@test
def root_follows_links():
    root = rootfs.minimal()
    root.put("/lib", cpio.symlink("usr/lib"))
    root.put("/lib/x", cpio.regular(b"1"))
    assert "/usr/lib/x" in root.entries and root.has("/lib/../lib/x")
    root.put("/loop", cpio.symlink("loop"))
    assert "loop" in error_of(root.resolve, "/loop/x")


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
    assert "there are sas, split" in error_of(kernels.check_name, "zzzzzz")
    assert kernels.model_of("CONFIG_MODEL_RING0PROC=y\n")[:3] == ("ring0", "private", "many")


@test
def words_of_the_command_line():
    options = cli.parse(["compare", "--json", "sas", "--runs", "2", "--", "p", "--runs", "--", "x"])
    assert (options.kernels, options.runs, options.json) == (["sas"], 2, "-")
    assert options.program == ["p", "--runs", "--", "x"]
    assert "no program" in error_of(cli.parse, ["run", "sas"])
    assert "--timeout" in error_of(cli.parse, ["run", "sas", "--timeout", "0", "--", "p"])


@test
def typed_escape():
    keys = terminal.EscapeFilter()
    assert keys.feed(b"a\x01") == (b"a", False)
    assert keys.feed(b"ab\x01c") == (b"\x01b\x01c", False)
    assert keys.feed(b"q\x01xrest") == (b"q", True)


@test
def table_and_ratios():
    assert table.plain([("name", "n"), ("a", 5), ("bcdef", 10)]) == "name    n\na       5\nbcdef  10"
    assert [table.duration(ns) for ns in (5, 1500, 2.5e6, 3e9)] == ["5 ns", "1.5 us", "2.5 ms", "3 s"]
    assert table.ratio((10, 8, 12), (5, 4, 8)) == ""
    assert table.ratio((10, 9, 12), (5, 4, 8)) == "2"
    short = [table.short_duration(ns) for ns in (0, 15.25, 999.6, 1384, 13840, 999600, 2.5e9)]
    assert short == ["0ns", "15.2ns", "1µs", "1.38µs", "13.8µs", "1ms", "2.5s"], short
    assert [table.count(n) for n in (201.1, 99999, 150321, 2.5e6)] == ["201", "99999", "150k", "2.5M"]
    assert [table.two_digits(r) for r in (0.05, 0.994, 0.996, 9.94, 9.96, 120)] == [".05", ".99", "1.0", "9.9", "10", "120"]


BENCH = b"""a warning
row                            ns        least         most     rounds
null-call                   %d.0        100.0        120.0         50
pipe-self                   900.5        800.0       1000.0         10
fork-exit                 refused
a last word
"""


def column(name, *stderrs, reason="", stdout=b"x", status=0, **want):
    """A column of a comparison, of runs that said this on stderr."""
    want = types.SimpleNamespace(**{"rows": True, "stderr": False, **want})
    made = report.Column.__new__(report.Column)
    report.provenance.of, kept = (lambda *_: {"kernel": name, "accel": "tcg"}), report.provenance.of
    made.__init__(types.SimpleNamespace(name=name), machine.Options(), None, want)
    report.provenance.of = kept
    for turn, text in enumerate(stderrs):
        out, err = sinks.MemorySink(), sinks.MemorySink()
        out.write(stdout)
        err.write(text)
        made.add(turn, session.Outcome(status, reason), out, err)
    return made


@test
def rows_are_read_and_put_side_by_side():
    entries = rows.parse(BENCH % 110)
    assert [e["row"] for e in entries] == ["null-call", "pipe-self", "fork-exit"], entries
    assert entries[0] == {"row": "null-call", "ns": 110.0, "least": 100.0, "most": 120.0, "rounds": 50}
    assert entries[2]["ns"] == "refused" and rows.parse(b"no table\n1 2 3 4 5\n") == []
    linux = column("linux", BENCH % 440, BENCH % 460)
    other = column("sas", BENCH % 110, BENCH % 110)
    lines = rows.text([other, linux], linux, False).splitlines()
    assert lines[2].split() == ["null-call", "110ns", "4.1", "450ns"], lines[2]
    assert lines[3].split() == ["pipe-self", "900ns", "900ns"], "equal: no ratio"
    assert lines[4].split() == ["fork-exit", "refused", "refused"]
    assert lines[5].split() == ["geometric", "mean", "2.0", "-"] and lines[6].split()[-2:] == ["2", "-"]
    assert "No rows" in rows.text([column("sas", b"")], linux, False)
    assert [r["run"] for r in rows.records(other)] == [1, 1, 1, 2, 2, 2]


@test
def seven_kernels_fit_a_hundred_columns():
    names = ["sas", "split", "tasks", "sasos", "ring0proc", "multi"]
    table_text = (BENCH % 110000).replace(b"pipe-self         ", b"thread-create-join")
    columns = [column(name, table_text, table_text) for name in names]
    columns.append(column("linux", BENCH % 220000, BENCH % 230000))
    lines = rows.text(columns, columns[-1], False).splitlines()
    assert max(map(len, lines)) <= 100, max(lines, key=len)


@test
def rows_of_the_mean_are_rows_of_the_benchmark():
    source = (ROOT / "user" / "bench" / "rows.c").read_text()
    assert rows.mean_names() and all(f'{{"{name}",' in source for name in rows.mean_names())


@test
def outputs_are_compared_by_stdout():
    linux, other = column("linux", b"1", b"2"), column("sas", b"3", b"4")
    assert linux.completed and other.completed
    linux.judge(linux), other.judge(linux)
    assert (linux.output, other.output, other.agrees) == ("(reference)", "same", True)
    other = column("sas", b"", stdout=b"y")
    other.judge(linux)
    assert (other.output, other.agrees, other.completed) == ("different", False, True)
    other = column("sas", b"1", b"2", stderr=True)
    other.judge(linux)
    assert other.output == "varies" and not column("sas", b"", reason="kernel panic").completed


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


def main():
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, start=1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {number} - {name}")
        except Exception as error:  # any failure is this test's alone
            failed += 1
            print(f"not ok {number} - {name}\n# {type(error).__name__}: {error}")
    return 1 if failed else 0


sys.exit(main())
