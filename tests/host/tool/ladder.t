#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the ladder makes of counts: parts, sums, steps that close or do not; and what explain reads off. TAP; run by prove."""

import re
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import counting, explain, kernels, ladder, ladder_text, mapped, page, page_ladder, parts, plugin  # noqa: E402
from tap import ROOT, error_of, test  # noqa: E402

KERNEL = 0xffffffff80101000
GATES = [path.read_text() for path in sorted((ROOT / "isolation").glob("gate_ring*_entry.S"))]


def sources():
    """The kernel's C and assembler, and what is generated of the table of calls."""
    folders = ("arch", "isolation", "core", "mm", "sched", "abi", "include")
    return "\n".join(path.read_text() for folder in folders for path in (ROOT / folder).rglob("*")
                     if path.suffix in (".c", ".h", ".S", ".inc"))


def cell(clock, refused="", **counts):
    """What counting.of() has of one row: instructions by part."""
    if refused:
        return {"what": "a <thing>", "refused": refused}
    divided = {part: [counts.get(part, 0), counts.get(part, 0) / 2] for part in parts.PARTS}
    return {"what": "a <thing>", "refused": "", "rounds": 10, "clock": clock, "parts": divided}


def found_of(*cells):
    """A ladder's document of one row on kernels a, b, c …"""
    chain = [(name, f"+ {name}<>") for name, _ in zip("abcdefgh", cells)]
    provenance = {"git": "0123", "program_sha256": "ab" * 32, "cpu": "max", "qemu": "7.2", "accel": "tcg", "image_sha256": "cd"}
    counted = [{"provenance": provenance, "rows": {"row": one}} for one in cells]
    timed = [mock.Mock(provenance=provenance, runs=[1, 2], tables=[]) for _ in cells]
    return ladder.document(chain, counted, timed, time.localtime(0))


@test
def windows_are_read_and_nothing_else():
    assert counting.windows_of("window\nff 3 1\n10 2 0\nwindow\n") == [{255: (3, 1), 16: (2, 0)}, {}]
    for text in ("ff 3 1\n", "window\nff 3\n", "window\nnothing to read here\n"):
        assert "nobody reads" in error_of(counting.windows_of, text)


@test
def of_five_batches_the_one_in_the_middle_counts():
    windows = [{1: (count, 0)} for count in (7, 3, 9, 5, 1)]
    assert counting.median_window(windows) == {1: (5, 0)}


@test
def rows_take_their_windows_in_turn():
    entries = [{"row": "x", "what": "", "refused": "", "rounds": 2, "ns": 5.0}, {"row": "y", "what": "", "refused": "ENOSYS"},
               {"row": "z", "what": "", "refused": "", "rounds": 4, "ns": 5.0}]
    windows = [{1: (count, 8)} for count in (10, 10, 10, 20, 20, 20)]
    found = counting.cells(entries, windows, lambda window: {"work": list(window[1])})
    assert found["x"]["parts"] == {"work": [5, 4]} and found["z"]["parts"] == {"work": [5, 2]}
    assert found["y"]["refused"] == "ENOSYS"
    assert "disagree" in error_of(counting.cells, entries, windows[1:], dict)
    assert "disagree" in error_of(counting.cells, entries[1:2], windows, dict)


@test
def nothing_is_dropped_when_counts_are_divided():
    place = {KERNEL + i: parts.Place([name], "x.c", 1) for i, name in enumerate(("usercopy", "nobody_knows", "call_read"))}
    counts = {0x401000: (5, 1), 0x27: (7, 0), KERNEL: (10, 2), KERNEL + 1: (100, 3), KERNEL + 2: (1000, 4)}
    with mock.patch.object(parts, "places", lambda image, addresses: {a: place[a] for a in addresses}):
        sums = parts.divide(parts.read(), None, counts)
    assert sums["application"] == [5, 1] and sums["entry"] == [7, 0] and sums["copy"] == [10, 2]
    assert sums["work"] == [100, 3] and sums["dispatch"] == [1000, 4]
    assert [sum(both[i] for both in sums.values()) for i in (0, 1)] == [1122, 10]


@test
def the_line_table_s_answer_is_read():
    text = ("0xffffffff80113630\nspin_lock\n/a/spinlock.h:7\nschedule.part.0\n/a/switch.c:97 (discriminator 3)\n"
            "0xffffffff80113634\ncall_read.lto_priv.0\n??:?\n")
    found = parts.parse(text)
    assert found[0xffffffff80113630].functions == ["spin_lock", "schedule"] and found[0xffffffff80113630].line == 7
    assert found[0xffffffff80113634] == parts.Place(["call_read"], "??", 0)


@test
def innermost_or_any_function():
    place = parts.Place(["range_ok", "copyin", "sys_read"], "gate.c", 3)
    function, within = (parts.Rule("copy", how, False, ["user*", "copyin"], "") for how in ("function", "within"))
    assert not function.fits(place) and within.fits(place) and not within.fits(parts.Place(["copyin_vector"], "x.c", 1))


@test
def behind_ends_at_the_next_entry():
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "gate.S"
        file.write_text("\t.global one\none:\n\tswapgs\n\tDISPATCH\n\tcli\n\t.global two\ntwo:\n\tnop\n")
        rule = parts.Rule("exit", "behind", True, ["DISPATCH"], "")
        assert [rule.fits(parts.Place(["x"], str(file), line)) for line in (3, 4, 5, 8)] == [False, False, True, False]
        assert not rule.fits(parts.Place(["x"], "x.c", 5)), "C has no order that one may rely on"
        assert "built in another place" in error_of(rule.fits, parts.Place(["x"], str(file) + ".S", 5))


@test
def what_the_map_names_is_in_the_sources():
    rules, text = parts.read(), sources()
    for rule in rules:
        if rule.how in ("line", "behind"):
            assert any(re.search(rule.patterns[0], line) for gate in GATES for line in gate.splitlines()), rule.patterns
            assert not rule.must or all(re.search(rule.patterns[0], gate) for gate in GATES), rule.patterns
        else:
            for pattern in rule.patterns:
                name = pattern if pattern != "call_*" else "syscall_call"
                assert re.search(rf"\b{name.replace('*', '')}", text), pattern
    assert {rule.part for rule in rules} == set(parts.PARTS) - {"application", "work"}


@test
def a_bad_line_of_the_map_is_named():
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "parts"
        for line in ("rest function x", "copy near x", "copy function"):
            path.write_text("# fine\n" + line + "\n")
            assert "parts:2:" in error_of(parts.read, path), line


@test
def a_lost_symbol_is_an_error():
    symbols = {"gate_syscall": KERNEL, "usercopy": 1, "arch_switch": 2}
    with mock.patch.object(parts, "_symbols", lambda image: symbols), \
            mock.patch.object(parts, "places", lambda image, addresses: {KERNEL: parts.Place(["gate_syscall"], "gate.S", 1)}), \
            mock.patch.object(parts, "source", lambda file: GATES[1].splitlines()):
        parts.check(parts.read(), "image")
        del symbols["usercopy"]
        assert "copy by function usercopy" in error_of(parts.check, parts.read(), "image")
    with mock.patch.object(parts, "_symbols", lambda image: symbols | {"usercopy": 1}), \
            mock.patch.object(parts, "places", lambda image, addresses: {KERNEL: parts.Place(["gate_syscall"], "gate.S", 1)}), \
            mock.patch.object(parts, "source", lambda file: ["call *%rax"]):
        assert "nothing in image is" in error_of(parts.check, parts.read(), "image")
    with mock.patch.object(parts, "_symbols", lambda image: {}):
        assert "no gate_syscall" in error_of(parts.check, parts.read(), "image")


@test
def a_step_closes_or_says_by_how_much_not():
    low = cell(100.0, entry=60, work=40)
    closing = ladder.step(low, cell(200.0, entry=120, work=77))
    assert closing["closes"] and closing["gap"] == -3 and ladder_text.gap(closing) == "-3.0 (-3.0%)"
    open_ = ladder.step(low, cell(200.0, entry=120, work=70))
    assert not open_["closes"] and ladder_text.gap(open_) == "-10.0 (-10.0%) !"
    assert ladder.step(low, low)["closes"] and ladder_text.gap(ladder.step(low, low)) == "closes"
    one_too_much = ladder.step(low, cell(100.0, entry=61, work=40))
    assert not one_too_much["closes"] and ladder_text.gap(one_too_much) == "+1.0 !"
    assert ladder.step(low, cell(0, refused="ENOSYS")) is None


@test
def a_part_that_is_lost_is_seen_in_the_text_and_in_the_status():
    whole = found_of(cell(100.0, entry=60, work=40), cell(110.0, entry=70, work=40), cell(0, refused="ENOSYS"))
    assert ladder.closes(whole) and "All of it closes." in ladder_text.text(whole)
    lines = ladder_text.text(whole).splitlines()
    assert "  b + b<>: +10.0: entry +10.0" in lines
    assert any(line.split() == ["step", "by", "the", "clock", "+10.0", "-"] for line in lines), lines
    lost = found_of(cell(100.0, entry=60, work=40), cell(110.0, entry=70, work=30))
    assert not ladder.closes(lost) and "Does not close: row on b: the parts say 100.0, the clock 110.0" in ladder_text.text(lost)
    assert "Does not close: row, the step to b: the parts say +0.0, the clock +10.0" in ladder_text.text(lost)


@test
def eight_kernels_fit_a_hundred_columns():
    found = found_of(*[cell(40000.0 * i, entry=40000 * i + 0.2 * i) for i in range(1, 9)])
    names = ("sas+rewrite", "sas+leaf", "sas", "split", "split+smap", "sasos+smap", "multi+smap", "multi+smap+pti")
    for rung, name in zip(found["rungs"], names):
        rung["kernel"] = name
    assert max(map(len, ladder_text.text(found).splitlines())) <= 100, max(ladder_text.text(found).splitlines(), key=len)


@test
def each_part_is_a_line_of_the_data():
    lines = list(ladder.records(found_of(cell(100.0, entry=60, work=40), cell(0, refused="ENOSYS"))))
    assert len(lines) == len(parts.PARTS) + 1 and sum(line["instructions"] for line in lines[:-1]) == 100
    assert lines[-1]["refused"] == "ENOSYS" and lines[0]["git"] == "0123" and lines[0].keys() == lines[-1].keys()


@test
def the_section_of_the_page_is_whole():
    found = found_of(cell(100.0, entry=60, work=40), cell(110.0, entry=60, work=40), cell(0, refused="ENOSYS"))
    text = page.around("t", page_ladder.section(found, "a note & more"))
    assert "&lt;thing&gt;" in text and "+ b&lt;&gt;" in text and "a note &amp; more" in text and "ENOSYS" in text
    assert text.count('<p class="failed">') == 2 and text.count("<rect") == 4
    assert all(f"part-{part}" in text for part in parts.PARTS)
    for tag in ("section", "table", "svg", "figure", "ol", "tr", "td"):
        assert text.count(f"<{tag}") - text.count(f"</{tag}>") == 0, tag


@test
def what_is_old_is_called_so():
    now = time.localtime(100 * 3600)
    kept = {"epoch": 100 * 3600 - 60, "rungs": [{"image_sha256": "a"}, {"image_sha256": "b"}]}
    assert page.age(kept, {"a", "c"}, now) == ("Found just now on 1 of the kernels of this report, the same images to the byte, "
                                               "and 1 more.")
    other = {"epoch": 0, "kernels": [{"image_sha256": "b"}, {}]}
    assert page.age(other, {"a"}, now).startswith("Found 4 days before, on other images")


@test
def the_chain_is_of_kernels_there_are():
    for name, adds in ladder.read_chain(ladder.CHAIN):
        kernels.check_name(name)
        assert adds
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "chain"
        path.write_text("# nothing\n")
        assert "no rungs" in error_of(ladder.read_chain, path)
        path.write_text("sas a\nsplit\n")
        assert "rung 2 is not KERNEL WORDS: split" in error_of(ladder.read_chain, path)
    assert "no fragment configs/nope.config" in error_of(kernels.check_name, "multi+smap+nope")
    assert "no kernel named" in error_of(kernels.check_name, "mutli+smap")


@test
def lists_of_sources_are_made_of_lists_of_packages():
    assert plugin.as_source("Types: deb\nURIs: x\n", ".sources") == "Types: deb-src\nURIs: x\n"
    assert plugin.as_source("# a\ndeb [signed-by=k] u s main\ndeb-src u s main\n", ".list") == "deb-src [signed-by=k] u s main\n"


@test
def options_that_differ():
    a, b = (explain.options_of(text) for text in ("CONFIG_X=y\n# CONFIG_Y is not set\nCONFIG_Z=3\n", "CONFIG_X=y\nCONFIG_Y=y\n"))
    assert explain.differing(a, b) == [("Y", "n", "y"), ("Z", "3", "-")]


@test
def an_attacker_s_gain_is_read_off_the_table():
    rules = explain.attack.read_expected(explain.attack.EXPECTED)
    differ = {name: (a, b) for name, a, b, _, _ in explain.attacks(rules, "sas", "split")}
    assert differ["read-kernel-data"] == ("leaks", "contained") and "null-read" not in differ
    assert [one[:3] for one in explain.attacks(rules, "multi", "multi+wx")][0] == ("exec-mprotect", "runs", "refused")
    assert explain.attacks(rules, "multi", "multi") == []


@test
def what_is_mapped_is_added_up_by_region():
    text = ("0000000000400000-0000000000402000 0000000000002000 ur-\n"
            "ffff800000000000-ffff800000200000 0000000000200000 -rw\n"
            "ffffffff80101000-ffffffff80103000 0000000000002000 -r-\n"
            "fffffffffffff000-0000000000000000 0000000000001000 urw\n")
    ranges = mapped.ranges_of(text)
    assert len(ranges) == 3 and ranges[-1] == ((1 << 64) - 4096, 1 << 64, True, True)
    places = {"code": (0xffffffff80101000, 0xffffffff80102000), "all memory": (mapped.DIRECT_MAP, mapped.DIRECT_MAP_END)}
    assert mapped.by_region(ranges, places) == {"code": 4096, "all memory": 2 << 20, "other": 8192}
    assert mapped.in_application("RIP=0000000000400078 RFL=") and not mapped.in_application("RIP=ffffffff80101000 RFL=")


sys.exit(tap.main())
