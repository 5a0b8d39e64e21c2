#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Experiments: what is refused and on which line, what is run again, what is shown. No kernel is started. TAP; run by prove."""

import contextlib
import csv
import dataclasses
import io
import os
import re
import sys
import tempfile
import types
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
os.environ.pop("ORCHARD_FRAGMENT", None)    # of `make check FRAGMENT=...`, which experiments refuse
import tap  # noqa: E402
from orchardlib import cli, experiment, experiment_data, experiment_engines, experiment_figure, experiment_file  # noqa: E402
from orchardlib import experiment_run, experiment_show, experiment_toml, kernels, paths, session  # noqa: E402
from orchardlib.errors import ToolError  # noqa: E402
from tap import error_of, test  # noqa: E402

TOML = '''# a comment
question = "Does it?"
kernels = ["sas", "multi+smap"]
metrics = ["row_instructions", "mem_peak_kib"]
repeats = 2

[[workload]]
name = "bench"
bench = ["null-call",
         "fork-exit"]

[[workload]]
name = "own"
program = "/bin/own"
arguments = ["-n", "{n}", "{{x}}"]
kernels = ["sas"]

[sweep]
cpus = [1, 2]

[sweep.boot]
lazy = [true, false]

[sweep.arguments]
n = [10, 20]

[[table]]
name = "t"
rows = "kernel"
columns = "row"
value = "row_instructions"
where = { workload = "bench", cpus = 1, "boot:lazy" = true }

[[figure]]
name = "f"
x = "cpus"
series = "kernel"
y = "row_instructions"
where = { row = "null-call", "boot:lazy" = false }
kind = "line"
'''
SMALL = '''question = "Q?"
kernels = ["sas", "multi"]
metrics = ["row_instructions"]
[[workload]]
name = "bench"
bench = ["null-call", "fork-exit"]
[[table]]
name = "t"
rows = "kernel"
columns = "row"
value = "row_instructions"
steps = true
'''
FIGURE = '''[[figure]]
name = "f"
x = "kernel"
series = "row"
y = "row_instructions"
'''
experiment_file.rows_of_bench = lambda: ["null-call", "read", "fork-exit"]


@contextlib.contextmanager
def folder_of(text, page=None):
    """papers/NN-slug with this experiment.toml, and a build folder beside it."""
    with tempfile.TemporaryDirectory() as work, mock.patch.object(paths, "BUILD", Path(work) / "build"):
        folder = Path(work) / "01-slug"
        folder.mkdir()
        (folder / "experiment.toml").write_text(text)
        if page is not None:
            (folder / "README.md").write_text(page)
        yield folder


def read(text):
    with folder_of(text) as folder:
        return experiment_file.read(str(folder))


def changed(*pairs, text=TOML):
    for old, new in pairs:
        assert text.count(old) >= 1, old
        text = text.replace(old, new, 1)
    return text


def line_and_error(text):
    found = re.fullmatch(r"\S*01-slug/experiment\.toml:(\d+): (.*)", error_of(read, text))
    assert found, error_of(read, text)
    return int(found[1]), found[2]


@test
def what_is_wrong_is_said_with_its_line():
    for old, new, line, words in (
            ('repeats = 2', 'repeat = 2', 5, "unknown key repeat: did you mean repeats?"),
            ('question = "Does it?"\n', '', 1, "no question"),
            ('question = "Does it?"', 'question = 3', 2, "question: 3: not a text"),
            ('"sas", "multi+smap"]', '"sas",\n "mutli"]', 4, "did you mean multi?"),
            ('multi+smap"]', 'multi+smup"]', 3, "no fragment configs/smup.config"),
            ('"sas", "multi+smap"]', '"sas", "/tmp/x/.config"]', 3, "no such kernel"),
            ('"sas", "multi+smap"]', '"sas", "sas"]', 3, "'sas' is there twice"),
            ('kernels = ["sas", "multi+smap"]', 'kernels = []', 3, "kernels: an empty list"),
            ('"mem_peak_kib"', '"mem_peek_kib"', 4, "no such metric: did you mean mem_peak_kib?"),
            ('["row_instructions", "mem_peak_kib"]', '["mem_peak_kib"]', 38, "not one of metrics: mem_peak_kib"),
            ('repeats = 2', 'repeats = 0', 5, "repeats: 0: not a whole number above 0"),
            ('repeats = 2', 'repeats = true', 5, "not a whole number"),
            ('"fork-exit"]', '"fork-exot"]', 10, "no such row of user/bench: did you mean fork-exit?"),
            ('program = "/bin/own"\n', '', 12, "workload own: either bench, with rows, or program"),
            ('repeats = 2\n', 'repeats = 2\n[words]\nstatus = "x"\n', 7, "words for status, which is not one of metrics"),
            ('name = "own"', 'name = "bench"', 13, "workload bench is there twice"),
            ('kernels = ["sas"]', 'kernels = ["split"]', 16, "not one of sas, multi+smap"),
            ('kernels = ["sas"]', 'cpus = [4]', 16, "cpus: 4: not one of 1, 2"),
            ('kernels = ["sas"]', 'boot = ["busy"]', 16, "boot: 'busy': not one of lazy"),
            ('kernels = ["sas"]', 'memory = ["1G"]', 16, "memory: '1G': not swept"),
            ('kernels = ["sas"]', 'metrics = ["status"]', 16, "metrics: 'status': not one of metrics: row_instructions, mem_pea"),
            ('kernels = ["sas"]', 'repeats = 0', 16, "repeats: 0: not a whole number above 0"),
            ('"{n}"', '"{m}"', 15, "{m}: no [sweep.arguments] has m"),
            ('"{n}"', '"n"', 25, "n is swept, and no workload has {n}"),
            ('cpus = [1, 2]', 'cpus = []', 19, "cpus: an empty list: nothing would be run"),
            ('cpus = [1, 2]', 'cpus = [1, 256]', 19, "cpus: 256: not a number from 1 to 255"),
            ('cpus = [1, 2]', 'cpus = [1, 2]\nmemory = ["0M"]', 20, "memory: '0M': less than 1M"),
            ('cpus = [1, 2]', 'cpu = [1, 2]', 19, "unknown key cpu: did you mean cpus?"),
            ('repeats = 2', 'cpus = 4', 19, "cpus is swept here, and fixed above"),
            ('lazy = [true, false]', 'lazy = ["a b"]', 22, "not one word of a kernel command line"),
            ('n = [10, 20]', 'n = 10', 25, "n: not a list"),
            ('rows = "kernel"', 'rows = "colonel"', 29, "'colonel': not one of kernel, workload, row"),
            ('"boot:lazy" = true }', '"boot:lazy" = 5 }', 32, "boot:lazy = 5: no run has that: there are True, False"),
            ('workload = "bench", cpus = 1, ', 'workload = "bench", ', 27, "cpus has several values (1, 2)"),
            ('kind = "line"', 'kind = "pie"', 40, "kind: 'pie': not one of line, bar"),
            ('kind = "line"', 'kind = "line"\nrelative = "row"', 41, "relative: 'row': not one of cpus, kernel"),
            ('kind = "line"', 'kind = "line"\nrelative = "kernel"\nideal = true', 42, 'needs kind = "line" and relative = "cpus"'),
            ('kind = "line"', 'kind = "bar"\nrelative = "cpus"\nideal = true', 42, 'needs kind = "line" and relative = "cpus"'),
            ('kind = "line"', 'kind = "line"\nideal = 1', 41, "ideal: 1: not true or false"),
            ('x = "cpus"\nseries = "kernel"', 'x = "kernel"\nseries = "cpus"\nrelative = "kernel"\nideal = true', 39,
             "ideal: kernel has values that are no numbers above 0 (sas, multi+smap)"),
            ('false }\nkind', 'false, cpus = 2 }\nrelative = "cpus"\nkind', 40, "relative: cpus has one value there (2)"),
            ('columns = "row"', 'columns = "row"\nideal = true', 31, "unknown key ideal"),
            ('columns = "row"', 'columns = "row"\nsteps = true\nrelative = "kernel"', 32, "relative and steps"),
            ('name = "f"', 'name = "a/b"', 35, "not a name of letters"),
            ('[sweep]', '[[figur]]', 18, "unknown key figur: did you mean figure?"),
            ('question = "Does it?"', 'question = "Does it?', 2, "no TOML"),
            ('[sweep]', '[sweep', 18, "no TOML")):
        got = line_and_error(changed((old, new)))
        assert got[0] == line and words in got[1], (new, got)
    assert "no [[workload]]" in line_and_error('question = "q"\nkernels = ["sas"]\nmetrics = ["status"]\n')[1]
    timed = changed(("columns = \"row\"", "steps = true"), ('"row_instructions", "mem', '"row_emulated_ns", "mem'),
                    ('value = "row_instructions"', 'value = "row_emulated_ns"'), text=TOML.partition("[[figure")[0])
    assert line_and_error(timed)[1].startswith("steps of times")
    again = '[[table]]\nname = "t"\nrows = "kernel"\ncolumns = "row"\nvalue = "row_instructions"\n'
    assert line_and_error(SMALL + again) == (14, "table t is there twice")


@test
def lines_are_found_in_any_toml():
    text = 'a = """\nx = 1\n"""\n\n"b c".d = [ # [ "no"\n  "one",\n  "two" ]\n[[t]]\n' \
        'k = 1\n[t.sub]\nk = 2\n[[t]]\nk = {x = 3, y = [4,\n5]}\n'
    found = experiment_toml.places(text)
    assert {path: line for path, (line, _) in found.items()} == {
        ("a",): 1, ("b c", "d"): 5, ("t", 0): 8, ("t", 0, "k"): 9, ("t", 0, "sub"): 10, ("t", 0, "sub", "k"): 11, ("t", 1): 12,
        ("t", 1, "k"): 13}, found


@test
def every_cell_once_and_kernels_innermost():
    found = read(TOML)
    # bench: 2 rows, 2 CPUs, lazy or not, 2 kernels; own: 2 arguments, 2 CPUs, lazy or not, 1 kernel
    assert len(found.cells) == len(set(found.cells)) == 16 + 8
    assert [cell.kernel for cell in found.cells[:4]] == ["sas", "multi+smap"] * 2
    own = [cell for cell in found.cells if cell.workload.name == "own"]
    assert [cell.words() for cell in own[::4]] == [["-n", "10", "{x}"], ["-n", "20", "{x}"]]
    assert [cell.append() for cell in own[:2]] == [["lazy"], []]
    assert [turn for _, turn in found.runs()] == [1] * 24 + [2] * 24
    assert own[0].dimensions()["argument:n"] == 10 and "argument:n" not in found.cells[0].dimensions()


@test
def counted_runs_and_timed_runs_are_different_runs():
    both = read(changed(('"mem_peak_kib"', '"row_emulated_ns", "mem_peak_kib"')))
    names = {counted: [metric.name for metric in both.metrics_of(cell)] for counted in (True, False)
             for cell in both.cells if cell.row and cell.counted == counted}
    assert names == {True: ["row_instructions", "mem_peak_kib"], False: ["row_emulated_ns"]}, names
    assert not any(cell.row == "" and not cell.counted for cell in both.cells), "nothing timed is measured of the program"
    plain = read(changed(('"row_instructions", ', ''), text=SMALL.partition("[[table")[0].replace("row_instructions", "status")
                         .replace('["status"]', '["row_instructions", "status"]')))
    assert [cell.counted for cell in plain.cells] == [False] * 4


@test
def a_workload_may_have_less_than_all():
    own_keys = 'memory = ["1024M"]\ncpus = [2]\nmetrics = ["emulated_ns"]\nrepeats = 3\n'
    found = read(changed(('"mem_peak_kib"]', '"mem_peak_kib", "exact:n", "emulated_ns"]'),
                         ('cpus = [1, 2]', 'cpus = [1, 2]\nmemory = ["64M", "1G"]'),
                         ('kernels = ["sas"]\n', 'kernels = ["sas"]\n' + own_keys),
                         ('"fork-exit"]\n', '"fork-exit"]\nmetrics = ["mem_peak_kib", "row_instructions"]\n'),
                         text=TOML.partition("[[table")[0]))
    own = [cell for cell in found.cells if cell.workload.name == "own"]
    assert {(cell.cpus, cell.memory, cell.counted) for cell in own} == {(2, 1 << 30, False)} and len(own) == 4, own
    rest = [cell for cell in found.cells if cell not in own]
    assert {cell.cpus for cell in rest} == {1, 2} and all(cell.counted for cell in rest) and len(rest) == 32
    assert [metric.name for metric in found.metrics_of(rest[0])] == ["mem_peak_kib", "row_instructions"]
    assert [turn for _, turn in found.runs()] == [1] * 36 + [2] * 36 + [3] * 4
    found = read(changed(('kernels = ["sas"]\n', 'kernels = ["sas"]\nboot = []\n')))
    assert {cell.boot for cell in found.cells if cell.workload.name == "own"} == {()}
    assert {cell.boot for cell in found.cells if cell.workload.name == "bench"} == {(("lazy", True),), (("lazy", False),)}


def outcome_of(status=0, reason="", **stats):
    return session.Outcome(status, reason, stats=stats)


class Machine:
    """Stands in for QEMU: bench's rows as they are told here, counted up by kernel; fork-exit refused by sas."""

    def __init__(self, folder, failing=(), interrupt_at=None, noisy=False):
        self.runs, self.failing, self.interrupt_at, self.noisy = [], failing, interrupt_at, noisy
        self.image = folder.parent / "image"
        self.image.write_text("image")
        self.program = "a program"

    def prepare(self, name):
        if name in self.failing:
            raise ToolError(f"{name}: cannot be built: `make` failed")
        return kernels.Kernel(name, self.image, self.image)

    def program_of(self, lab, cell):
        argv = ["bench", "-x", cell.row]
        return types.SimpleNamespace(path="/bin/bench", argv=argv, env={}, sha256=self.program, root=None), "root"

    def once(self, kernel, options, root, record, stdout, stderr, console, **rest):
        row = re.search(rb"arg=(null-call|fork-exit)", record)[1].decode()
        if self.interrupt_at is not None and len(self.runs) == self.interrupt_at:
            raise KeyboardInterrupt
        self.runs.append((kernel.name, row))
        console("console", b"[ 0.0] a kernel's message")
        if (kernel.name, row) in self.failing:
            return outcome_of(70, "kernel panic: planted")
        count = 96.1 + 2 * (kernel.name == "multi") + self.noisy * len(self.runs)
        said = "refused ENOSYS" if (kernel.name, row) == ("sas", "fork-exit") else f"{count} 1 1 10 words"
        stderr.write(f"row ns least most rounds what\n{row} {said}\n".encode())
        return outcome_of(run_ns=5, idle_ns=1)

    def run(self, folder, *words):
        """(status, stdout, stderr) of `orchard experiment`."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), \
                mock.patch.object(kernels, "prepare", self.prepare), mock.patch.dict(os.environ, ORCHARD_FRAGMENT=""), \
                mock.patch.object(experiment_run.Lab, "_program", lambda lab, cell: self.program_of(lab, cell)), \
                mock.patch.object(experiment_run.boot, "once", self.once):
            try:
                status = experiment.main(cli.parse(["experiment", str(folder), *words]))
            except KeyboardInterrupt:
                status = 130
        return status, out.getvalue(), err.getvalue()


def data_of(folder):
    return list(csv.DictReader(open(folder / "data.csv", newline="")))


@test
def a_row_a_run_with_where_it_comes_from():
    with folder_of(SMALL) as folder:
        status, out, _ = Machine(folder).run(folder)
        rows = data_of(folder)
    assert status == 0 and len(rows) == 8, (status, rows)
    assert [(row["kernel"], row["row"], row["repeat"], row["state"], row["row_instructions"]) for row in rows[:4]] == [
        ("sas", "null-call", "1", "done", "96.1"), ("multi", "null-call", "1", "done", "98.1"),
        ("sas", "fork-exit", "1", "refused", ""), ("multi", "fork-exit", "1", "done", "98.1")]
    assert rows[2]["reason"] == "ENOSYS"
    for column in ("git", "config", "image_sha256", "program_sha256", "qemu", "accel", "host_cpu", "date", "seed", "icount"):
        assert all(row[column] for row in rows), column
    assert re.search(r"sas +96\.1 +ENOSYS\n +multi +\+2\.0 +98\.1", out.replace("\nmulti", "\n multi")), out


@test
def an_interrupted_run_goes_on_where_it_stopped():
    with folder_of(SMALL) as folder:
        first = Machine(folder, interrupt_at=3)
        status, _, err = first.run(folder)
        assert status == 130 and len(data_of(folder)) == 3 and "3 of 8 runs are in data.csv" in err, err
        with open(folder / "data.csv", "a") as file:    # as if the machine had died in the middle of a write
            file.write("0123,1,done,,sas,be")
        second = Machine(folder)
        status, _, err = second.run(folder)
        assert status == 0 and len(second.runs) == 5 and first.runs + second.runs == in_order(), second.runs
        assert "1 lines are no rows" in err and "3 of 8 runs are in data.csv already" in err, err
        whole = (folder / "data.csv").read_bytes()
        third = Machine(folder)
        assert third.run(folder)[0] == 0 and third.runs == [] and (folder / "data.csv").read_bytes() == whole
        again = Machine(folder)
        assert again.run(folder, "--fresh")[0] == 0 and len(again.runs) == 8


def in_order():
    return [("sas", "null-call"), ("multi", "null-call"), ("sas", "fork-exit"), ("multi", "fork-exit")] * 2


@test
def what_changed_is_run_again_and_said():
    with folder_of(SMALL) as folder:
        Machine(folder).run(folder)
        before = (folder / "data.csv").read_bytes()
        other = Machine(folder)
        other.image.write_text("another image")
        status, _, err = other.run(folder)
        assert status == 0 and len(other.runs) == 8, other.runs
        assert "8 rows are of another experiment or kernel (config, image_sha256 changed) and count no more" in err, err
        assert (folder.parent / "build/experiments/01-slug/replaced.csv").read_bytes() == before
        assert len(data_of(folder)) == 8
        other.program = "another program"
        other.runs.clear()
        assert "program_sha256 changed" in other.run(folder)[2] and len(other.runs) == 8
        other.runs.clear()
        (folder / "experiment.toml").write_text(changed(('["null-call", "fork-exit"]', '["null-call"]'), text=SMALL))
        status, _, err = other.run(folder)
        assert other.runs == [] and "4 rows are of another experiment" in err and len(data_of(folder)) == 4, (other.runs, err)
        (folder / "experiment.toml").write_text(changed(('["row_instructions"]', '["row_instructions", "status"]'), text=SMALL))
        other.run(folder)
        assert len(other.runs) == 8, "another metric is another experiment"


@test
def a_failed_cell_stops_no_other():
    with folder_of(SMALL) as folder:
        machine = Machine(folder, failing=[("multi", "null-call")])
        status, out, err = machine.run(folder)
        rows = data_of(folder)
        assert status == 1 and len(rows) == 8 and [row["state"] for row in rows].count("failed") == 2, rows
        log = re.search(r"failed: multi null-call, repeat 1: kernel panic: planted: (\S+\.log)", err)
        assert log and "a kernel's message" in Path(log[1]).read_text(), err
        assert re.search(r"multi +failed +98\.1", out), out
        mended = Machine(folder)
        status, _, err = mended.run(folder)
        assert status == 0 and mended.runs == [("multi", "null-call")] * 2 and "2 runs that had failed are run again" in err, err
        unbuilt = Machine(folder, failing=["sas"])
        status, _, err = unbuilt.run(folder, "--fresh")
        assert status == 1 and len(unbuilt.runs) == 4 and "sas: cannot be built" in err, err


@test
def exact_counts_that_differ_are_no_success():
    with folder_of(SMALL) as folder:
        status, out, err = Machine(folder, noisy=True).run(folder)
        assert status == 1 and "not exact: sas null-call: row_instructions is 97.1, 101.1" in err, err
        assert "97.1 .. 101.1" in out and "not all equal" in out, out


@test
def times_are_not_had_side_by_side():
    timed = SMALL.replace("row_instructions", "row_emulated_ns").replace("steps = true\n", "")
    with folder_of(timed) as folder:
        for words in (["--jobs", "2"], ["--engine", "slurm"]):
            message = error_of(experiment.main, cli.parse(["experiment", str(folder), *words]))
            assert message.startswith(" ".join(words)) and "row_emulated_ns is time" in message, message
    with folder_of(SMALL) as folder:
        status, *_ = Machine(folder).run(folder, "--jobs", "2")
        assert status == 0 and [(row["kernel"], row["row"]) for row in data_of(folder)] == in_order(), "as the plan has them"


@test
def what_is_timed_runs_alone_behind_the_counts():
    mixed = SMALL.replace('["row_instructions"]', '["row_instructions", "row_emulated_ns"]')
    with folder_of(mixed) as folder:
        machine, apart = Machine(folder), []
        with mock.patch.object(experiment, "_side_by_side", lambda lab, runs, data, progress, jobs: apart.extend(runs)):
            machine.run(folder, "--jobs", "2")
        assert len(apart) == len(machine.runs) == 8 and all(cell.counted for cell, _ in apart), apart
        assert {row["icount"] for row in data_of(folder)} == {"False"}
        assert "--engine slurm: row_emulated_ns is time" in error_of(
            experiment.main, cli.parse(["experiment", str(folder), "--engine", "slurm"]))


@test
def engines_bring_back_what_was_asked_for_or_nothing():
    with folder_of(SMALL) as folder, mock.patch.object(experiment_engines.shutil, "which", lambda name: None):
        for engine, package in (("slurm", "slurm-wlm"), ("parallel", "parallel")):
            message = error_of(experiment.main, cli.parse(["experiment", str(folder), "--engine", engine]))
            assert f"Debian's package {package} has it" in message, message
    with folder_of(SMALL) as folder:
        machine = Machine(folder)
        lines = [machine.run(folder, "--cell", str(number))[1] for number in range(1, 9)]
        wrong = lines[1].replace('"run": "', '"run": "x')
        came = [("1", lines[0]), ("2", wrong), ("3", "Traceback\n"), *((str(n), lines[n - 1]) for n in range(5, 9))]
        with mock.patch.object(experiment_engines.Parallel, "results", lambda *_: iter(came)), \
                mock.patch.object(experiment_engines.Parallel, "check", lambda: None):
            status, _, err = machine.run(folder, "--engine", "parallel")
        assert status == 1 and [row["state"] for row in data_of(folder)] == [
            "done", "failed", "failed", "failed", "done", "done", "refused", "done"], data_of(folder)
        for words in ("came back of another kernel", "is no result: 'Traceback", "no result came back of --cell 4"):
            assert words in err, err
        assert "--cell 9: there are 1 to 8" in error_of(lambda: machine.run(folder, "--cell", "9"))


@test
def only_what_is_between_markers_is_refreshed():
    page = "# Mine\n\nbefore\n<!-- table t -->\nold\n<!-- end table t -->\nbetween\n" \
        "<!-- figure f -->\n<!-- end figure f -->\nafter | {x}\n"
    with folder_of(SMALL + FIGURE, page) as folder:
        Machine(folder).run(folder)
        new = (folder / "README.md").read_text()
        (folder / "README.md").write_text(new)
        Machine(folder).run(folder, "--show")
        assert (folder / "README.md").read_text() == new, "refreshed twice is refreshed once"
        assert (folder / "f.svg").read_bytes().startswith(b"<?xml")
    outside = re.sub(r"(<!-- (table|figure) \w -->\n).*?(<!-- end)", r"\1\3", new, flags=re.S)
    assert outside == page.replace("old\n", ""), outside
    assert "| `sas` | 96.1 | ENOSYS |\n| `multi` | +2.0 | 98.1 |" in new and "![Q?](f.svg)" in new, new
    for text, words in ((page.replace("t -->\nold", "u -->\nold"), "README.md:6: end of table t, which was not begun"),
                        (page.replace("table t", "table u"), "README.md:4: table u: experiment.toml has none"),
                        (page.replace("<!-- end table t -->\n", ""), "README.md:7: figure f begins before table t has ended"),
                        (page.replace("<!-- end figure f -->\n", ""), "no end of figure f")):
        with folder_of(SMALL + FIGURE, text) as folder:
            message = error_of(lambda: Machine(folder).run(folder))
            assert words in message, message
    with folder_of(SMALL + FIGURE, "# no place\n") as folder:
        assert "has no place for figure f" in Machine(folder).run(folder)[2]


@test
def the_same_data_is_the_same_picture():
    def drawn(kind, noisy=False):
        with folder_of(SMALL + FIGURE + (f'kind = "line"\nlog = "y"\n' if kind == "line" else "")) as folder:
            Machine(folder, noisy=noisy).run(folder)
            found = experiment_file.read(str(folder))
            return experiment_figure.draw(found, data_of(folder), found.shows[0])

    for kind in ("bar", "line"):
        first = drawn(kind)
        assert first == drawn(kind) and first != drawn(kind, True) and b"<dc:date>" not in first
        assert float(re.search(rb'width="([\d.]+)pt"', first)[1]) < 330, "as wide as a phone is"


SPEED = '''question = "Q?"
kernels = ["sas", "split", "multi"]
metrics = ["exact:ops", "time:ops"]
[sweep]
cpus = [2, 1, 4]
[[workload]]
name = "loops"
program = "/bin/loops"
[[table]]
name = "exact"
rows = "cpus"
columns = "kernel"
value = "exact:ops"
relative = "cpus"
[[table]]
name = "time"
rows = "cpus"
columns = "kernel"
value = "time:ops"
relative = "cpus"
[[table]]
name = "beside"
rows = "cpus"
columns = "kernel"
value = "exact:ops"
relative = "kernel"
[[figure]]
name = "f"
x = "cpus"
series = "kernel"
y = "time:ops"
kind = "line"
relative = "cpus"
ideal = true
[[figure]]
name = "g"
x = "cpus"
series = "kernel"
y = "time:ops"
kind = "bar"
relative = "kernel"
'''


def measured(metric, values):
    """Rows as data.csv has them, of {(kernel, cpus): values}; a value that is a word is a reason."""
    for (kernel, cpus), several in values.items():
        for value in several:
            done = not isinstance(value, str)
            yield {"state": "done" if done else "refused", "reason": "" if done else value, "icount": str(metric == "exact:ops"),
                   "kernel": kernel, "workload": "loops", "row": "", "cpus": str(cpus), "memory_kib": "524288",
                   "exact:ops": "", "time:ops": "", metric: str(value) if done else "", "qemu": "7.2", "accel": "tcg",
                   "cpu": "max", "git": "0", "program_sha256": ""}


TIMES = {("sas", 2): [90, 100, 104], ("sas", 1): [99, 110, 120], ("sas", 4): [290, 300, 330], ("split", 2): [50],
         ("split", 4): [100]}


@test
def relative_to_the_first_of_its_own():
    with folder_of(SPEED) as folder:
        found = experiment_file.read(str(folder))
        exact, time, beside = (next(show for show in found.shows if show.name == name) for name in ("exact", "time", "beside"))
        counts = {("sas", 2): [200, 200], ("sas", 1): [100, 100], ("sas", 4): [390, 390], ("split", 2): ["ENOSYS"] * 2,
                  ("split", 4): [7, 7], ("multi", 2): [100, 125], ("multi", 1): [50, 50], ("multi", 4): [500000, 500000]}
        rows = list(measured("exact:ops", counts))
        assert experiment_show.cells(found, rows, exact) == [
            ["cpus", "sas", "split", "multi"], ["2", "1.00", "ENOSYS", "1.00"], ["1", "0.5", "–", "0.4 .. 0.5"],
            ["4", "1.95", "–", "4,000 .. 5,000"]], experiment_show.cells(found, rows, exact)
        assert experiment_show.cells(found, rows, beside) == [
            ["cpus", "sas", "split", "multi"], ["2", "1.00", "ENOSYS", "0.5 .. 0.625"], ["1", "1.00", "–", "0.5"],
            ["4", "1.00", "0.0179", "1,282"]], experiment_show.cells(found, rows, beside)
        legend = experiment_show.legend(found, rows, exact)
        assert "not all equal; each divided by its own at cpus 2." in legend, legend
        zero = list(measured("exact:ops", {**counts, ("sas", 2): [0, 0]}))
        assert [cells[1] for cells in experiment_show.cells(found, zero, exact)] == ["sas", "–", "–", "–"], "nothing is so many times 0"
        # Medians 100, 110 and 300; quotients from 99 / 104 to 120 / 90, and from 290 / 104 to 330 / 90.
        rows = list(measured("time:ops", TIMES))
        assert experiment_show.cells(found, rows, time) == [
            ["cpus", "sas", "split", "multi"], ["2", "1.00", "1.00", "–"], ["1", "0.952 .. 1.33", "–", "–"],
            ["4", "3.00 (2.79 .. 3.67)", "2.00", "–"]], experiment_show.cells(found, rows, time)


@test
def the_ideal_is_a_line_of_its_own():
    with folder_of(SPEED) as folder:
        found, rows = experiment_file.read(str(folder)), list(measured("time:ops", TIMES))
        line, bars = (show for show in found.shows if show.what == "figure")
        assert experiment_show.units(found, line) == "times that at cpus 2"
        assert experiment_show.units(found, bars) == "times that at kernel sas"
        with_ideal = experiment_figure.draw(found, rows, line)
        assert with_ideal == experiment_figure.draw(found, rows, line) and experiment_figure.draw(found, rows, bars)
        without = experiment_figure.draw(found, rows, dataclasses.replace(line, ideal=False))
        assert b"stroke-dasharray: 3.7" in with_ideal and b"stroke-dasharray: 3.7" not in without, "the ideal is dashed"


@test
def numbers_that_the_program_prints():
    text = changed(('bench = ["null-call", "fork-exit"]', 'program = "/bin/p"'),
                   ('["row_instructions"]', '["count:wakes", "status"]'), text=SMALL.partition("[[table")[0])
    metric = read(text).metrics[0]
    seen = types.SimpleNamespace(entry=None, stdout=b"wakes: 12\nwakes of others 3\n")
    assert metric.value(seen) == 12 and metric.kind == "count"
    seen.stdout = b"nothing\n"
    assert "no lines `wakes NUMBER`" in error_of(metric.value, seen)
    linux = types.SimpleNamespace(outcome=outcome_of(run_ns=5))
    assert experiment_file.experiment_metrics.named("instructions").value(linux) == "", "without idle time there is no count"


@test
def kernels_are_built_through_ccache_where_it_is():
    for there, chosen, wanted in ((True, {}, "1"), (False, {}, None), (True, {"CC": "gcc-11"}, None), (True, {"CCACHE": "0"}, "0")):
        with mock.patch.dict(os.environ, chosen, clear=True), \
                mock.patch.object(experiment.shutil, "which", lambda name: there and name == "ccache"):
            experiment._with_ccache()
            assert os.environ.get("CCACHE") == wanted, (there, chosen)


@test
def a_program_may_say_that_it_was_refused():
    text = changed(('bench = ["null-call", "fork-exit"]', 'program = "/bin/p"'),
                   ('["row_instructions"]', '["count:wakes"]'), text=SMALL.partition("[[table")[0])
    found = read(text)

    def result(status, said):
        return experiment_run._result(found, found.cells[0], types.SimpleNamespace(kernel=None), outcome_of(status),
                                      types.SimpleNamespace(data=said), types.SimpleNamespace(data=b""), None)
    assert result(1, b"x\nrefused: ENOSYS\n") == {"state": "refused", "reason": "ENOSYS"}
    assert result(0, b"refused: ENOSYS\nwakes 3\n")["state"] == "done", "it ended well: these are words of its own"
    assert "exit status 1" in error_of(result, 1, b"I was refused: ENOSYS\n")


@test
def how_long_it_will_take():
    cells = [types.SimpleNamespace(kernel=name) for name in ("fast", "slow", "fast", "slow")]
    progress = experiment.Estimate([(cell, 1) for cell in cells])
    assert progress.estimate() is None
    progress.ended("fast", 1.0)
    assert progress.estimate() == 3.0
    progress.ended("slow", 9.0)
    assert progress.estimate() == 10.0


sys.exit(tap.main())
