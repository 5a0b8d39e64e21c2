#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What compare makes of its runs: numbers, intervals, ratios, rows, the suite's findings and its page. TAP; run by prove."""

import contextlib
import io
import re
import sys
import time
import types
from html.parser import HTMLParser

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import findings, footprint, machine, page, parts, plot, report, rows, session, sinks  # noqa: E402
from orchardlib import suite, suite_text, table  # noqa: E402
from tap import ROOT, test  # noqa: E402

BENCH = b"""a warning
row                            ns        least         most     rounds   what
# Calls
null-call                   %d.0        100.0        120.0         50   getppid
pipe-self                   900.5        800.0       1000.0         10
# Processes
fork-exit                 refused ENOSYS fork & <exit>
a last word
"""
SIX = ["sas", "split", "tasks", "sasos", "ring0proc", "multi"]


def column(name, *stderrs, reason="", stdout=b"x", status=0, icount=False, stats=None, **want):
    """A column of a comparison, of runs that said this on stderr."""
    want = types.SimpleNamespace(**{"rows": True, "stderr": False, **want})
    made = report.Column.__new__(report.Column)
    provenance = {key: f"a {key}" for key in page.PROVENANCE} | {"kernel": name, "accel": "tcg", "icount": icount,
                                                                 "program_sha256": "ab" * 32}
    report.provenance.of, kept = (lambda *_: dict(provenance)), report.provenance.of
    kernel = types.SimpleNamespace(name=name, is_linux=name.startswith("linux"))
    made.__init__(kernel, machine.Options(icount=icount), None, want)
    report.provenance.of = kept
    for turn, text in enumerate(stderrs):
        out, err = sinks.MemorySink(), sinks.MemorySink()
        out.write(stdout)
        err.write(text)
        made.add(turn, session.Outcome(status, reason, stats=stats or {}, refusals=["fork: <no>"]), out, err)
    return made


@test
def numbers_as_people_read_them():
    assert table.plain([("name", "n"), ("a", 5), ("bcdef", 10)]) == "name    n\na       5\nbcdef  10"
    assert [table.duration(ns) for ns in (5, 1500, 2.5e6, 3e9)] == ["5 ns", "1.5 µs", "2.5 ms", "3 s"]
    short = [table.short_duration(ns) for ns in (0, 15.25, 999.6, 1384, 13840, 999600, 2.5e9)]
    assert short == ["0n", "15.2n", "1µ", "1.38µ", "13.8µ", "1m", "2.5s"], short
    assert [table.count(n) for n in (201.1, 99999, 150321, 2.5e6)] == ["201", "99999", "150k", "2.5M"]
    assert [table.two_digits(r) for r in (0.05, 0.994, 0.996, 9.94, 9.96, 120)] == [".05", ".99", "1.0", "9.9", "10", "120"]


@test
def intervals_and_ratios():
    assert table.ratio((10, 8, 12), (5, 4, 8)) == "" and table.ratio((10, 9, 12), (5, 4, 8)) == "2"
    assert table.spread([3, 1, 2]) == (2, 1, 3) and table.spread([7]) == (7, 7, 7)
    # The sign test's intervals, as tables of it have them: 8 values 1..8, 9 values 2..8, 25 values 8..18.
    for count, low in ((8, 1), (9, 2), (11, 2), (12, 3), (25, 8)):
        assert table.spread(range(1, count + 1))[1:] == (low, count + 1 - low), count
    assert table.meant(3) == " of 3 runs" and "without the 1 lowest" in table.meant(9)


@test
def rows_are_read():
    entries = rows.parse(BENCH % 110)
    assert [e["row"] for e in entries] == ["null-call", "pipe-self", "fork-exit"], entries
    assert entries[0] == {"row": "null-call", "group": "Calls", "what": "getppid", "ns": 110.0, "least": 100.0,
                          "most": 120.0, "rounds": 50, "refused": ""}
    assert (entries[1]["what"], entries[2]["group"], entries[2]["refused"]) == ("", "Processes", "ENOSYS")
    assert rows.parse(b"no table\n1 2 3 4 5\n") == []
    bare = rows.parse(b"row ns least most rounds\na 1 1 1 2\nb refused\nc 1 2\nd x y z w\n")
    assert [(e["row"], e["refused"]) for e in bare] == [("a", ""), ("b", "refused")], bare


@test
def rows_stand_side_by_side():
    linux = column("linux", BENCH % 440, BENCH % 460)
    other = column("sas", BENCH % 110, BENCH % 110)
    lines = rows.text([other, linux], linux, False).splitlines()
    assert lines[2].split() == ["null-call", "110n", "4.1", "450n"], lines[2]
    assert lines[3].split() == ["pipe-self", "900n", "900n"], "equal: no ratio"
    assert lines[4].split() == ["fork-exit", "ENOSYS", "ENOSYS"]
    assert lines[5].split() == ["geometric", "mean", "2.0", "-"] and lines[6].split()[-2:] == ["2", "-"], lines[5:]
    assert "No rows" in rows.text([column("sas", b"")], linux, False)


@test
def time_and_instructions_have_fields_of_their_own():
    timed = rows.records(column("sas", BENCH % 110, BENCH % 110))
    assert [r["run"] for r in timed] == [1, 1, 1, 2, 2, 2]
    assert (timed[0]["emulated_ns"], timed[0]["instructions"], timed[0]["hardware_ns"]) == (110.0, "", "")
    counted = rows.records(column("sas", BENCH % 110, icount=True))
    assert (counted[0]["emulated_ns"], counted[0]["instructions_most"]) == ("", 120.0)
    assert counted[2]["refused"] == "ENOSYS" and counted[2]["instructions"] == ""


def all_rows(ns):
    """What the suite prints, with the names and words of user/bench."""
    lines = ["row ns least most rounds what"]
    for source in sorted((ROOT / "user" / "bench").glob("rows_*.c")):
        lines += [f"{name} {ns} {ns} {ns} 10 words" for name in re.findall(r'^    \{"([^"]+)"', source.read_text(), re.M)]
    rings = [f"ctx-{kind}-{count}/{kib}K" for kind in ("thr", "proc") for count in (2, 8, 16) for kib in (0, 16, 64)]
    return "\n".join([*lines, *(f"{name} {ns} {ns} {ns} 10 words" for name in rings), ""]).encode()


@test
def rows_of_the_mean_are_rows_of_the_benchmark():
    names = [entry["row"] for entry in rows.parse(all_rows(1))]
    assert len(names) == len(set(names)) > 50, len(names)
    assert rows.mean_names() and set(rows.mean_names()) <= set(names), set(rows.mean_names()) - set(names)
    outside = set(names) - set(rows.mean_names())
    assert all(re.match(r"bw-|ctx-\w+-\d+/(16|64)K$", name) for name in outside), outside


def found_of(names, tables, counted_tables=None):
    """Findings of kernels that printed these tables, the last kernel being the reference."""
    timed = [column(name, *texts, stats={"boot_ns": 20_000_000, "mem_peak_kib": 7000}) for name, texts in zip(names, tables)]
    counted = [column(name, *texts, icount=True, stats={"boot_ns": 11_000_000})
               for name, texts in zip(names, counted_tables or tables)]
    feet = [footprint.Footprint(320 << 10, "ELF, stripped", 3, 2, 9) for _ in names]
    return findings.Findings(timed, counted, feet, timed[-1], time.localtime(0), 60.0)


@test
def eight_kernels_fit_a_hundred_columns():
    names = [*SIX, "linux-nomit", "linux"]
    found = found_of(names, [[all_rows(ns)] * 3 for ns in (1384000, 13840, 138400, 18.25, 99999, 999, 450000, 460000)])
    lines = suite_text.text(found).splitlines()
    assert max(map(len, lines)) <= 100, max(lines, key=len)
    assert any(line.startswith("linux-nomit") for line in lines)


@test
def no_ratio_where_intervals_overlap():
    linux = [BENCH % ns for ns in (400, 440, 500)]
    found = found_of(["sas", "tasks", "linux"], [[BENCH % ns for ns in (100, 110, 399)],
                                                 [BENCH % ns for ns in (100, 110, 401)], linux])
    first = found.rows[0]
    assert first.name == "null-call" and first.cells[0].time_ratio == 4.0, first
    assert first.cells[1].time == (110, 100, 401) and first.cells[1].time_ratio is None, "the intervals share 400"
    assert first.cells[2].time_ratio is None, "the reference against itself"
    assert found.kernels[0].time_mean == (2.0, 2) and found.reference.time_mean is None, found.kernels[0].time_mean


@test
def slower_rows_and_refusals_are_named():
    found = found_of(["sas", "linux"], [[BENCH % 900] * 2, [BENCH % 300] * 2], [[BENCH % 10] * 2, [BENCH % 300] * 2])
    assert found.slower("time_ratio") == [(["sas"], ["null-call"])] and found.slower("count_ratio") == []
    assert found.refused() == [(["sas", "linux"], "ENOSYS", ["fork-exit"])], found.refused()
    text = suite_text.text(found)
    assert "sas: more emulated time than linux: null-call" in text and "sas: more instructions" not in text
    assert "sas, linux: refused with ENOSYS: fork-exit" in text


@test
def counted_runs_that_differ_are_called_so():
    found = found_of(["sas", "linux"], [[BENCH % 900] * 2] * 2, [[BENCH % 10, BENCH % 11], [BENCH % 300] * 2])
    assert [kernel.repeats for kernel in found.kernels] == [False, True]
    assert "sas: counted runs differ" in suite_text.text(found) and ">differ<" in page.html(found)


class Page(HTMLParser):
    """Every element closed, every id once, every link inside the page there, nothing fetched, no script."""

    VOID = {"meta", "col", "br", "rect", "line"}

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags = [], [], [], set()
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        attributes = dict(attributes)
        self.ids += [attributes["id"]] if "id" in attributes else []
        assert "src" not in attributes
        if "href" in attributes:
            assert attributes["href"].startswith("#"), attributes["href"]
            self.links.append(attributes["href"][1:])
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> after {self.open}"


@test
def the_page_is_whole_and_alone():
    odd = BENCH.replace(b"fork-exit", b"odd/row<&>")
    found = found_of([*SIX, "linux-nomit", "linux"], [[all_rows(ns) + odd % ns] * 3 for ns in range(10, 90, 10)])
    text = page.html(found)
    read = Page(text)
    assert len(read.ids) == len(set(read.ids)) and set(read.links) <= set(read.ids), set(read.links) - set(read.ids)
    assert "script" not in read.tags and "svg" in read.tags and "url(" not in text and "@import" not in text
    assert "fork &amp; &lt;exit&gt;" in text and "fork: &lt;no&gt;" in text, "what programs and kernels print is escaped"
    for word in ("prefers-color-scheme", "width=device-width", "ab" * 32, "a config", "a qemu", "a cpu", "a seed", "a git"):
        assert word in text, word


@test
def a_page_with_attacks():
    cell = {"attack": "a<b", "kernel": "sas", "verdict": "runs", "evidence": "e&", "sentence": "why \"so\""}
    attacks = {"kernels": [{"kernel": "sas", "git": "0123"}], "cells": [cell], "different": ["a<b on sas"]}
    found = found_of(["sas"], [[BENCH % 5] * 2])
    read = Page(page.html(found, attacks))
    assert "attacks" in read.ids and "attacks" in read.links and set(read.links) <= set(read.ids)
    assert "a&lt;b on sas" in page.html(found, attacks) and 'id="attacks"' not in page.html(found)


@test
def the_report_s_other_commands_run_where_they_never_have():
    ran = []
    for name, kept in (("ladder", None), ("attack", {})):
        setattr(getattr(suite, name), "remembered", lambda kept=kept: kept)
        setattr(getattr(suite, name), "whole", lambda options, name=name: ran.append(name))
    suite._see_to_the_rest(None)
    assert ran == ["ladder"], "what is remembered is not run again"
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        suite.ladder.whole = lambda options: tap.raise_tool_error("no network")
        suite._see_to_the_rest(None)
    assert "the report is without ladder: no network" in said.getvalue(), said.getvalue()


@test
def a_page_with_a_ladder_and_its_age():
    found = found_of(["sas"], [[BENCH % 5] * 2])
    divided = {part: [1, 1] for part in parts.PARTS}
    cell = {"what": "w", "refused": "", "rounds": 1, "clock": 8.0, "parts": divided, "whole": True, "time_ns": (5, 4, 6)}
    provenance = {"git": "0123", "image_sha256": "a image_sha256"}
    kept = {"began": "2026-11-26T18:35", "epoch": time.mktime(found.began), "time_is_emulated": True, "timed_runs": 2,
            "rungs": [{"kernel": "sas", "adds": "<x>", "image_sha256": "a image_sha256", "provenance": provenance}],
            "rows": [{"row": "r", "what": "w", "kernels": [cell], "steps": []}]}
    read = Page(page.html(found, None, kept))
    assert "ladder" in read.ids and "ladder" in read.links and set(read.links) <= set(read.ids)
    assert "just now on 1 of the kernels of this report" in page.html(found, None, kept)
    kept["rungs"][0]["image_sha256"] = "another"
    assert "on other images than those of this report" in page.html(found, None, kept)


@test
def a_page_of_one_kernel():
    Page(page.html(found_of(["sas"], [[BENCH % 5] * 2])))
    found = found_of(["sas", "linux"], [[b""], [b""]])
    Page(page.html(found)), suite_text.text(found)


@test
def plots_end_where_their_scales_end():
    drawn = plot.strip((50.0, 25.0, 300.0), 100.0, "ours")
    assert 'width="50.00"' in drawn and 'x="25.00" y="5" width="75.00"' in drawn, drawn
    picture = plot.lanes("a <b>", [("sas", {"r": 0.5, "s": 16.0}, 4.0), ("none", {}, None)])
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', picture)]
    assert len(places) == 2 and plot.LEFT <= places[0] < places[1] <= plot.WIDTH - plot.RIGHT, places
    assert "a &lt;b&gt;" in picture and "<b>" not in picture


@test
def least_memory_by_bisection():
    for needed in (3, 5, 60, 129, 512):
        tried = []
        found, failed, boots = footprint.least(lambda mib: tried.append(mib) or mib >= needed, 2, 512)
        assert needed <= found <= needed * 33 / 32 + 1 and failed < needed and boots == len(tried) < 14, (needed, tried)
    assert footprint.least(lambda mib: True, 2, 512) == (2, None, 2)
    assert footprint.least(lambda mib: False, 2, 512) == (None, 512, 1)


@test
def the_document_has_all_of_it():
    found = found_of(["sas", "linux"], [[BENCH % 100] * 2, [BENCH % 300] * 2])
    document = suite.document(found)
    cell = document["rows"][0]["kernels"]["sas"]
    assert cell["time_ratio"] == 3.0 and cell["instructions"][0] == 100.0 and document["time_is_emulated"]
    assert document["kernels"][0]["least_memory_mib"] == 3 and document["kernels"][0]["boot_ns"] == 20_000_000


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


sys.exit(tap.main())
