#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Traces: rings found in a machine's memory, the file, and every output of `orchard trace`. No kernel is started. TAP; run by prove."""

import contextlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import types
import xml.etree.ElementTree
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import cli, machine, run, symbols, trace, trace_chrome, trace_ctf, trace_file, trace_model  # noqa: E402
from orchardlib import trace_rings, trace_svg  # noqa: E402
from tap import error_of, test  # noqa: E402

KERNEL = 1 << 31
IDLE0, IDLE1 = KERNEL | 10, KERNEL | 11
KHZ = 2_000_000                         # two ticks of the TSC are a ns
READ, WRITE, WAIT4, EXIT = 0, 1, 61, 231
LOCK, CALLER = 0xffffffff80200040, 0xffffffff80100123
PHYSICAL = 16 * 4096


def name(text):
    return struct.unpack("<QQ", text.encode().ljust(16, b"\0"))


def event(ns, kind, thread=0, process=0, a=0, b=0):
    return ns, thread, process, trace_file.EVENTS.index(kind), a, b


def about(ns, kind, thread, process, text):
    return event(ns, kind, thread, process, *name(text))


# The shell starts `cat` on the other CPU and writes to it; then they share a CPU.
CPU0 = [
    about(100, "switch", 2, 2, "sh"),
    event(150, "syscall", 2, 2, WRITE, 1),
    event(160, "fault", 2, 2, 0x5000, CALLER),
    event(180, "fault_exit", 2, 2, 0x5000),
    event(200, "syscall_exit", 2, 2, WRITE, 5),
    about(300, "wake", 3, 3, "sh"),
    event(310, "ipi", 2, 2, 1, 0),
    event(400, "syscall", 2, 2, WAIT4, 3),
    event(405, "lock_wait", 2, 2, LOCK, CALLER),
    event(409, "lock_taken", 2, 2, LOCK),
    about(420, "switch", IDLE0, 0, "idle"),
    event(800, "irq", IDLE0, 0, 240),
    event(810, "irq_exit", IDLE0, 0, 240),
    about(820, "switch", 2, 2, "sh"),
    event(830, "syscall_exit", 2, 2, WAIT4, (1 << 64) - 10),
    about(900, "preempt", KERNEL | 12, 0, "reaper"),
    about(1000, "switch", 2, 2, "sh"),
    event(1010, "syscall", 2, 2, EXIT, 0),
    about(1100, "switch", IDLE0, 0, "idle"),
]
CPU1 = [
    event(350, "irq", IDLE1, 0, 240),
    event(360, "irq_exit", IDLE1, 0, 240),
    about(364, "switch", 3, 3, "sh"),
    about(500, "name", 3, 3, "cat"),
    event(510, "syscall", 3, 3, READ, 0),
    about(700, "wake", 2, 2, "sh"),
    event(705, "ipi", 3, 3, (1 << 64) - 1, 1),
    event(720, "syscall_exit", 3, 3, READ, 5),
    about(1200, "switch", IDLE1, 0, "idle"),
    about(1250, "switch", KERNEL | 12, 0, "reaper"),
    about(1300, "switch", IDLE1, 0, "idle"),
]


class Memory:
    """A machine's memory with rings in it, written as core/trace.c does, an event at a time."""

    def __init__(self, slots=128, blocks=2):
        self.fd = os.memfd_create("ram", 0)
        os.ftruncate(self.fd, 4 << 20)
        self.slots, self.blocks = slots, blocks
        self.taken, self.places = {}, {}

    def ring(self, cpu, cpus=2):
        size = self.slots * trace_rings.EVENT_SIZE
        self.taken[cpu] = 0
        self.places[cpu] = [PHYSICAL + size * (cpu * self.blocks + block) for block in reversed(range(self.blocks))]
        for block, at in enumerate(self.places[cpu]):
            os.pwrite(self.fd, trace_rings.HEAD.pack(trace_rings.MAGIC, at, 0, 0, 0, 0, 0, KHZ, block, self.blocks, cpu, cpus,
                                                     self.slots), at)

    def add(self, cpu, one, whole=True):
        number = self.taken[cpu]
        while number % self.slots < trace_rings.HEAD_SLOTS:
            number += 1
        ring = self.slots * self.blocks
        ns, thread, process, kind, a, b = one
        block, slot = divmod(number % ring, self.slots)
        lap = number // ring + whole & 0xff
        os.pwrite(self.fd, trace_file.EVENT.pack(2 * ns, thread, process, kind, lap, a, b), self.places[cpu][block] + 32 * slot)
        self.taken[cpu] = number + 1
        os.pwrite(self.fd, struct.pack("<Q", number + 1), self.places[cpu][0] + 16)

    def rings(self):
        return trace_rings.rings(self.fd)


@contextlib.contextmanager
def recorded(streams=(CPU0, CPU1), **header):
    """The path of a trace with these events."""
    memory = Memory()
    for cpu, stream in enumerate(streams):
        memory.ring(cpu, len(streams))
        for one in stream:
            memory.add(cpu, one)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        names = {f"{LOCK:x}": "big_lock", f"{CALLER:x}": "vfs_open+0x23"}
        trace_file.write(path, memory.rings(), names, {"kernel": "multi+trace", "program": "/bin/sh", "arguments": 'a "<b>',
                                                       "git": "abc", **header})
        yield path


def model():
    with recorded() as path:
        return trace_model.Model(trace_file.read(path))


def output(path, *words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = trace.main(cli.parse(["trace", path, *words]))
    assert status == 0
    return out.getvalue()


# ---- The rings ----

@test
def rings_are_found_in_memory():
    memory = Memory()
    for cpu, stream in enumerate((CPU0, CPU1)):
        memory.ring(cpu)
        for one in stream:
            memory.add(cpu, one)
    rings = memory.rings()
    assert [(ring.cpu, ring.lost, ring.torn) for ring in rings] == [(0, 0, 0), (1, 0, 0)], rings
    tsc = [one[0] for one in trace_file.EVENT.iter_unpack(rings[0].events)]
    assert tsc == [2 * one[0] for one in CPU0], tsc
    assert len(rings[1].events) == 32 * len(CPU1)


@test
def what_was_overwritten_is_counted():
    for count in (250, 251, 300, 500, 501, 700, 63000, 64000, 64300):
        memory = Memory()
        memory.ring(0, 1)
        for i in range(count):
            memory.add(0, event(i, "irq", a=i))
        ring, = memory.rings()
        found = [one[5] for one in trace_file.EVENT.iter_unpack(ring.events)]
        assert ring.torn == 0
        assert len(found) + ring.lost == count, (count, len(found), ring.lost)
        assert found == list(range(ring.lost, count)), count
        assert len(found) in (250, min(count, 250)), len(found)


@test
def what_is_not_whole_is_left_out():
    memory = Memory()
    memory.ring(0, 1)
    for i in range(400):
        memory.add(0, event(i, "irq", a=i), whole=i not in (390, 399))
    ring, = memory.rings()
    found = [one[5] for one in trace_file.EVENT.iter_unpack(ring.events)]
    assert ring.torn == 2 and 390 not in found and 399 not in found and found[-1] == 398, (ring.torn, found[-3:])


@test
def only_real_heads_are_rings():
    memory = Memory()
    memory.ring(0, 1)
    memory.add(0, CPU0[0])
    head = trace_rings.HEAD.pack(trace_rings.MAGIC, PHYSICAL, 9, 0, 0, 0, 0, KHZ, 0, 1, 5, 1, 128)
    os.pwrite(memory.fd, head, 1 << 20)             # a copy: its own address is another
    os.pwrite(memory.fd, head, PHYSICAL + 100)      # not at the start of a page
    assert [ring.cpu for ring in memory.rings()] == [0]
    assert Memory().rings() == []


@test
def a_ring_above_the_hole_is_found():
    memory = Memory(blocks=1)
    os.pwrite(memory.fd, trace_rings.HEAD.pack(trace_rings.MAGIC, (5 << 30) + 4096, 0, 0, 0, 0, 0, KHZ, 0, 1, 0, 1, 128), 1 << 20)
    memory.taken[0], memory.places[0] = 0, [1 << 20]
    memory.add(0, CPU0[0])
    assert [len(ring.events) for ring in memory.rings()] == [32]


@test
def a_default_size_leaves_memory():
    assert trace_rings.default_size(512 << 20, 4) == 4 << 20
    assert trace_rings.default_size(64 << 20, 4) == 2 << 20
    assert trace_rings.default_size(64 << 20, 255) == 32 << 10
    assert trace_rings.default_size(1 << 20, 255) == 4096


@test
def tool_and_kernel_agree():
    header = (tap.ROOT / "include/core/trace.h").read_text()
    names = re.findall(r"^\tTRACE_(\w+),", header, re.M)
    assert tuple(n.lower() for n in names) == tuple(k + "_enter" if k == "syscall" else k for k in trace_file.EVENTS), names
    ipis = re.search(r"enum ipi {([^}]*)}", (tap.ROOT / "include/arch/machine.h").read_text())[1]
    assert len(ipis.split(",")) - 1 == len(trace_file.IPIS)
    source = (tap.ROOT / "core/trace.c").read_text()
    assert f"{trace_rings.MAGIC:#x}ul" in source
    assert f"sizeof(struct trace_head) == {trace_rings.HEAD.size}," in source
    assert trace_file.syscall_names()["231"] == "exit_group"


# ---- The file ----

@test
def a_file_is_read_as_it_was_written():
    with recorded() as path:
        found = trace_file.read(path)
    assert len(found.events) == len(CPU0) + len(CPU1)
    assert [e.ns for e in found.events] == sorted(e[0] for e in CPU0 + CPU1)
    first = found.events[0]
    assert (first.cpu, first.kind, first.thread, first.process, first.name) == (0, "switch", 2, 2, "sh"), first
    assert found.syscall(WAIT4) == "wait4" and found.syscall(9999) == "syscall_9999"
    assert found.symbol(LOCK) == "big_lock" and found.symbol(0xffffffff80000000) == "0xffffffff80000000"


@test
def damaged_files_are_refused():
    with recorded() as path:
        whole = Path(path).read_bytes()

        def refusal(data):
            Path(path).write_bytes(data)
            return error_of(trace.main, cli.parse(["trace", path]))

        assert "not a trace" in refusal(b"") and "not a trace" in refusal(b"\x7fELF" + bytes(5000))
        assert "version 9" in refusal(whole[:8] + b"\x09" + whole[9:])
        assert "cut off" in refusal(whole[:-1])
        assert "behind its last event" in refusal(whole + b"\0")
        assert "header is damaged" in refusal(whole[:200])
        assert "header is damaged" in refusal(whole[:20] + b"\xff" + whole[21:])
        for wrong in (b'"cpus": []', b'"cpus": [1]', b'"cpus": [{"cpu": -1}]', b'"cpus": {}'):
            old = re.search(rb'"cpus": \[[^]]*\]', whole)[0]
            assert "header is damaged" in refusal(whole.replace(old, wrong.ljust(len(old)))), wrong
        assert error_of(trace.main, cli.parse(["trace", path, "--from", "x"])).startswith("--from x")
        Path(path).write_bytes(whole)
        assert "no events between" in error_of(trace.main, cli.parse(["trace", path, "--from", "5"]))


@test
def symbols_are_the_images():
    table = "0000000000100000 t boot\nffffffff80100100 t vfs_open\nffffffff80100200 T f\nffffffff80200040 b big_lock\nffffffff80200048 b x\n" \
            "ffffffff80300000 D __percpu_start\nffffffff80300108 d runqueue\nffffffff80300200 D __percpu_end\n"
    memory = Memory()
    memory.ring(0, 1)
    for one in (event(1, "lock_wait", a=LOCK + (2 << 20), b=0xffffffff80300200), event(2, "fault", a=5, b=0x401000),
                event(3, "lock_taken", a=0xffff800001000118), event(4, "lock_taken", a=0xffff800009000118)):
        memory.add(0, one)
    rings = memory.rings()
    rings[0].moved = 2 << 20
    rings[0].percpu = 0xffff800001000000 - 0xffffffff80500000 & (1 << 64) - 1
    with mock.patch.object(symbols, "read", lambda image: symbols.Symbols(table)):
        found = trace_file.names("x", rings)
    assert found == {f"{LOCK + (2 << 20):x}": "big_lock", "ffffffff80300200": "vfs_open+0x100",
                     "ffff800001000118": "runqueue+0x10 of cpu 0"}, found


# ---- What it means ----

@test
def runs_are_who_ran_where():
    found = [(r.cpu, r.thread, r.name, r.start, r.end) for r in model().runs]
    assert found == [(0, 2, "sh", 100, 420), (0, 2, "sh", 820, 900), (0, KERNEL | 12, "reaper", 900, 1000),
                     (0, 2, "sh", 1000, 1100), (1, 3, "sh", 364, 500), (1, 3, "cat", 500, 1200),
                     (1, KERNEL | 12, "reaper", 1250, 1300)], found


@test
def waits_are_from_wake_to_switch():
    found = [(w.thread, w.waker, w.cpu, w.end - w.start) for w in model().waits]
    assert found == [(3, 0, 1, 64), (2, 1, 0, 120), (2, None, 0, 100)], found


@test
def spans_nest_and_end():
    found = {(s.kind, s.name, s.start): (s.end, s.answer) for s in model().spans}
    assert found["syscall", "write", 150] == (200, 5)
    assert found["fault", "fault", 160] == (180, 0)
    assert found["syscall", "wait4", 400] == (830, (1 << 64) - 10)
    assert found["syscall", "exit_group", 1010] == (1100, None)      # when it left its CPU for good
    assert found["irq", "interrupt 240", 800] == (810, 0)
    assert found["lock_wait", "wait for big_lock", 405] == (409, 0)
    with recorded((CPU0[4:], CPU1)) as path:
        cut = trace_model.Model(trace_file.read(path))
    assert cut.unmatched == 1 and len(cut.spans) == len(found) - 2


# ---- Chrome ----

def chrome():
    out = io.BytesIO()
    trace_chrome.write(model(), out)
    return json.loads(out.getvalue())


@test
def chrome_slices_nest():
    tracks = {}
    for one in chrome()["traceEvents"]:
        if one["ph"] == "X":
            tracks.setdefault((one["pid"], one["tid"]), []).append((one["ts"], -one["dur"], one["name"]))
    assert set(tracks) == {(0, 0), (0, 1), (2, 2), (3, 3)}, set(tracks)
    for track, slices in tracks.items():
        stack = []
        for start, minus, what in sorted(slices):
            while stack and stack[-1] <= start + 1e-9:
                stack.pop()
            assert not stack or start - minus <= stack[-1] + 1e-9, (track, what)
            stack.append(start - minus)
    assert [what for _, _, what in sorted(tracks[2, 2])] == ["write", "fault", "wait4", "exit_group"]


@test
def chrome_has_names_and_arrows():
    whole = chrome()
    assert whole["otherData"]["lost"] == {"cpu 0": 0, "cpu 1": 0}
    by = {}
    for one in whole["traceEvents"]:
        by.setdefault(one["ph"], []).append(one)
    titles = {(one["name"], one["pid"], one["tid"]): one["args"].get("name") for one in by["M"]}
    assert titles["thread_name", 0, 1] == "cpu 1" and titles["process_name", 3, 3] == "cat" and titles["thread_name", 2, 2] == "sh"
    starts, ends = ({one["id"]: (one["tid"], one["ts"]) for one in by[ph]} for ph in "sf")
    assert starts == {0: (0, .3), 1: (1, .7)} and ends == {0: (1, .364), 1: (0, .82)}, (starts, ends)
    assert [one["name"] for one in by["i"]] == ["reschedule, to cpu 1", "flush the TLB, to all others"]
    wait4 = next(one for one in by["X"] if one["name"] == "wait4")
    assert wait4["args"] == {"cpu": 0, "first argument": "0x3", "answer": -10}, wait4


# ---- CTF ----

@test
def ctf_streams_are_whole():
    """Decoded by what the metadata says of each field."""
    with recorded() as path, tempfile.TemporaryDirectory() as folder:
        trace_ctf.write(trace_file.read(path), folder)
        text = Path(folder, "metadata").read_text()
        data = Path(folder, "cpu_0").read_bytes()
    assert text.startswith("/* CTF 1.8 */") and text.count("{") == text.count("}")
    classes = {int(number): (what, re.findall(r"(\w+) (\w+);", fields)) for what, number, fields in
               re.findall(r'name = "(\w+)";\n\tid = (\d+);\n\tstream_id = 0;\n\tfields := struct {([^}]*)}', text)}
    magic, stream, start, end, content, size, lost, cpu = struct.unpack_from("<IIQQQQQI", data)
    assert (magic, stream, start, end, content, size, lost, cpu) == (0xC1FC1FC1, 0, 100, 1100, 8 * len(data), 8 * len(data), 0, 0)
    at, found = struct.calcsize("<IIQQQQQI"), []
    while at < len(data):
        number, ns = struct.unpack_from("<HQ", data, at)
        at += 10
        what, fields = classes[number]
        values = {}
        for kind, field in fields:
            if kind == "string":
                values[field] = data[at:data.index(0, at)].decode()
                at += len(values[field]) + 1
            else:
                form = {"int32": "<i", "int64": "<q", "hex64": "<Q"}[kind]
                values[field], = struct.unpack_from(form, data, at)
                at += struct.calcsize(form)
        found.append((ns, what, values))
    assert [ns for ns, _, _ in found] == [one[0] for one in CPU0]
    assert found[10] == (420, "sched_switch", {"prev_comm": "sh", "prev_tid": 2, "prev_state": 1, "next_comm": "idle",
                                               "next_tid": 0}), found[10]
    assert found[15][2]["prev_state"] == 0 and found[14][2] == {"name": "wait4", "nr": 61, "ret": -10, "tid": 2}
    assert found[8][2] == {"lock_addr": LOCK, "lock": "big_lock", "caller": "vfs_open+0x23"}


@test
def ctf_opens_in_babeltrace2():
    if not shutil.which("babeltrace2"):
        return "babeltrace2 is not installed"
    with recorded() as path, tempfile.TemporaryDirectory() as folder:
        trace_ctf.write(trace_file.read(path), folder)
        done = subprocess.run(["babeltrace2", folder], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(CPU0) + len(CPU1), len(lines)
    assert re.search(r'syscall_exit: { cpu_id = 0 }, { name = "wait4", nr = 61, ret = -10, tid = 2 }', done.stdout), lines[-5:]
    return None


@test
def ctf_leaves_other_folders_alone():
    with recorded() as path, tempfile.TemporaryDirectory() as folder:
        Path(folder, "mine").write_text("x")
        assert "other things" in error_of(trace.main, cli.parse(["trace", path, "--ctf", folder]))
        assert os.listdir(folder) == ["mine"]
        into = os.path.join(folder, "made", "ctf")
        output(path, "--ctf", into)
        Path(into, "cpu_7").write_text("of a trace with more CPUs")
        output(path, "--ctf", into)
        assert sorted(os.listdir(into)) == ["cpu_0", "cpu_1", "metadata"]


# ---- The picture, and words ----

@test
def the_picture_is_well_formed_and_the_same_twice():
    with recorded() as path:
        pictures = []
        for _ in range(2):
            output(path, "--svg", path + ".svg")
            pictures.append(Path(path + ".svg").read_bytes())
    assert pictures[0] == pictures[1]
    root = xml.etree.ElementTree.fromstring(pictures[0])
    svg = "{http://www.w3.org/2000/svg}"
    texts = [one.text for one in root.iter(svg + "text")]
    assert "cpu 0" in texts and "cpu 1" in texts and "sh 2" in texts and "cat 3" in texts, texts
    assert 'multi+trace /bin/sh a "<b>' in texts and "0 µs" in texts
    bars = {one.find(svg + "title").text: one.get("d") for one in root.iter(svg + "path") if one.find(svg + "title") is not None}
    assert set(bars) == {"sh 2", "cat 3", "reaper"}, bars
    width = trace_svg.WIDTH - trace_svg.LEFT - trace_svg.RIGHT
    first = re.match(r"M([\d.]+) \d+H([\d.]+)", bars["sh 2"])
    want = [trace_svg.LEFT + width * (ns - 100) / 1100 for ns in (100, 420)]
    assert all(abs(float(got) - x) < .06 for got, x in zip(first.groups(), want)), (first.groups(), want)
    ticks = next(one.get("d") for one in root.iter(svg + "path") if one.get("class") == "c")
    assert ticks.count("M") == 4, ticks


@test
def the_text_is_a_line_for_each_event():
    with recorded() as path:
        lines = output(path, "--text").splitlines()
        later = output(path, "--text", "--from", "0.5", "--to", "0.7").splitlines()
    assert len(lines) == len(CPU0) + len(CPU1)
    assert "         0.830 us  cpu 0       2  wait4 answers -10" in lines, lines
    assert any("wait for the lock big_lock in vfs_open+0x23" in line for line in lines)
    assert [line.split("  ")[-1] for line in later] == ["switch to thread idle", "switch to thread sh (3)",
                                                        "the thread becomes cat (3)", "read(0x0, ...)", "wake thread sh (2)"], later


@test
def the_summary_counts():
    with recorded() as path:
        text = output(path)
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line}
    assert rows["switch"] == ["5", "4", "9"] and rows["preempt"] == ["1", "0", "1"] and rows["lost"] == ["0", "0", "0"], rows
    assert rows["cpu" if "cpu" in rows else "sh"], rows
    assert re.search(r"from +64 ns +3  #", text), text        # 64, 100 and 120 ns
    assert re.search(r"^cat 3 +3 +836 ns +69\.7 % +2 +1$", text, re.M), text
    assert re.search(r"^sh 2 +2 +500 ns +41\.7 % +3 +3$", text, re.M), text


@test
def an_interrupted_output_leaves_what_was_there():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "out")
        Path(path).write_text("old")
        try:
            with trace_file.replacing(path) as out:
                out.write(b"half")
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        assert Path(path).read_text() == "old" and os.listdir(folder) == ["out"]


# ---- `orchard run --trace` ----

@test
def a_kernel_without_tracepoints_gets_them():
    with mock.patch.dict(os.environ, ORCHARD_FRAGMENT=""):
        assert trace.kernel_name("multi") == "multi+trace"
        assert trace.kernel_name("multi+smap") == "multi+smap+trace"
        assert trace.kernel_name("multi+debug") == "multi+debug"
    with mock.patch.dict(os.environ, ORCHARD_FRAGMENT="debug"):
        assert trace.kernel_name("multi") == "multi"
    assert "for Orchard's kernels" in error_of(trace.kernel_name, "linux")
    with tempfile.NamedTemporaryFile("w", suffix=".config") as config:
        config.write("# CONFIG_TRACE is not set\n")
        config.flush()
        assert "CONFIG_TRACE=y" in error_of(trace.kernel_name, config.name)
        Path(config.name).write_text("CONFIG_TRACE=y\n")
        assert trace.kernel_name(config.name) == config.name


@test
def the_machines_memory_is_a_file_only_then():
    plain = machine.qemu_command(machine.Options(), 3, 4)
    assert "memory-backend" not in " ".join(plain) and plain[plain.index("-M") + 1] == "q35"
    traced = machine.qemu_command(machine.Options(memory_fd=9, memory=64 << 20), 3, 4)
    assert traced[traced.index("-M") + 1] == "q35,memory-backend=ram"
    assert traced[traced.index("-object") + 1] == "memory-backend-file,id=ram,size=65536k,mem-path=/dev/fd/9,share=on"


@test
def a_run_keeps_its_trace_whatever_ends_it():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "t")
        options = types.SimpleNamespace(trace=path)
        kernel, program = types.SimpleNamespace(name="multi+trace", image="x"), None

        def interrupted():
            with run._traced(options, kernel, machine.Options(cpus=1, append="quiet"), program) as chosen:
                assert chosen.append == "trace=4096K quiet", chosen.append
                memory = Memory(blocks=1)
                memory.ring(0, 1)
                memory.add(0, CPU0[0])
                os.pwrite(chosen.memory_fd, os.pread(memory.fd, 4 << 20, 0), 0)
                raise KeyboardInterrupt

        with mock.patch.object(run.provenance, "of", return_value={"kernel": "multi"}):
            try:
                interrupted()
            except KeyboardInterrupt:
                pass
            assert len(trace_file.read(path).events) == 1
            said = io.StringIO()
            with contextlib.redirect_stderr(said), run._traced(options, kernel, machine.Options(), program):
                pass
        assert "did not get as far" in said.getvalue() and not os.path.exists(path)
        options.trace = os.path.join(folder, "no", "t")
        try:
            with run._traced(options, kernel, machine.Options(), program):
                raise AssertionError("was started")
        except FileNotFoundError:
            pass


sys.exit(tap.main())
