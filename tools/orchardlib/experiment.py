# SPDX-License-Identifier: BSD-2-Clause
"""
`orchard experiment`: runs what papers/NN-slug/experiment.toml describes, and refreshes the paper's data, figures and tables
(docs/experiments.md). Runs are interleaved, all cells in turn; each is in data.csv as soon as it has ended, so the same
command goes on where an interrupted one stopped.
"""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from . import (compare, experiment_data, experiment_engines, experiment_figure, experiment_file, experiment_run, experiment_show,
               packages, paths, provenance, table)
from .errors import TOOL, ToolError
from .experiment_metrics import TIME
from .experiment_run import DONE, FAILED

PDF_ENGINES = ("xelatex", "lualatex", "weasyprint")


class Estimate(compare.Progress):
    """The bar, and how long it will take: what is left of each kernel, at the pace its runs had so far."""

    def __init__(self, runs):
        super().__init__(max(1, len(runs)))
        self.left = [cell.kernel for cell, _ in runs]
        self.taken = {}

    def ended(self, kernel, seconds):
        self.left.remove(kernel)
        self.taken.setdefault(kernel, []).append(seconds)
        self.done()

    def estimate(self):
        """Seconds, or None as long as nothing has ended."""
        every = [one for taken in self.taken.values() for one in taken]
        if not every:
            return None
        return sum(sum(taken) / len(taken) for taken in (self.taken.get(kernel, every) for kernel in self.left))

    def show(self, name):
        seconds = self.estimate()
        if seconds is not None:
            minutes, rest = divmod(round(seconds), 60)
            name = f"{name}, {f'{minutes} min {rest} s' if minutes else f'{rest} s'} left"
        super().show(name)


def label(cell):
    return " ".join([cell.kernel, cell.row or cell.workload.name])


def _say(message):
    print(f"orchard: {message}", file=sys.stderr, flush=True)


# -- the runs -------------------------------------------------------------------------------------

def _in_turn(lab, runs, data, progress):
    for cell, turn in runs:
        progress.show(label(cell))
        began = time.monotonic()
        data.add(experiment_run.measure(lab, cell, turn))
        progress.ended(cell.kernel, time.monotonic() - began)


_lab = None     # of the workers, which are forked


def _work(run):
    began = time.monotonic()
    return experiment_run.measure(_lab, *run), time.monotonic() - began


def _side_by_side(lab, runs, data, progress, jobs):
    """Counts do not depend on who else is at work. Workers end what they have begun when ^C comes."""
    global _lab
    _lab = lab
    ignore = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    with concurrent.futures.ProcessPoolExecutor(jobs, **ignore) as pool:
        waiting = {pool.submit(_work, run): run for run in runs}
        try:
            for one in concurrent.futures.as_completed(waiting):
                record, seconds = one.result()
                data.add(record)
                progress.ended(record["kernel"], seconds / jobs)
                progress.show(f"{jobs} at once")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _on_engine(engine, options, experiment, plan, runs, keys, data, progress):
    """The same runs elsewhere: what comes back must be of the kernel, program and QEMU that are here."""
    numbers = {str(plan.index(run) + 1): run for run in runs}
    for number, text in engine.results(options, experiment, list(numbers)):
        if number not in numbers:
            continue
        cell, turn = numbers.pop(number)
        record = _merged(text, cell, turn, keys[cell])
        data.add(record)
        progress.ended(cell.kernel, 1)
        progress.show(engine.NAME)
    for number, (cell, turn) in numbers.items():
        data.add(_failed(cell, turn, keys[cell], f"{engine.NAME}: no result came back of --cell {number}"))


def _failed(cell, turn, key, reason):
    return {"run": key, "repeat": turn, "state": FAILED, "reason": reason, "icount": cell.counted, **cell.dimensions()}


def _merged(text, cell, turn, key):
    try:
        record = json.loads(text)
        if record["run"] == key and record["repeat"] == turn:
            return record
        image, program = (record.get(name, "")[:12] for name in ("image_sha256", "program_sha256"))
        return _failed(cell, turn, key, f"came back of another kernel, program or QEMU than here: image {image}, program "
                       f"{program}, QEMU {record.get('qemu', '').split(' ')[0]}")
    except (ValueError, KeyError, AttributeError, TypeError):
        return _failed(cell, turn, key, f"what came back is no result: {text[:80]!r}")


# -- what is said ---------------------------------------------------------------------------------

def _say_what_is_kept(lab, data, plan, runs):
    if data.lost:
        _say(f"{experiment_data.FILE}: {data.lost} lines are no rows (an interrupted write?): run again")
    if data.stale:
        changed = data.what_changed(lab, plan)
        what = f" ({', '.join(changed)} changed)" if changed else " (experiment.toml or the inputs changed)"
        _say(f"{experiment_data.FILE}: {len(data.stale)} rows are of another experiment or kernel{what} and count no more: "
             f"kept in {os.path.relpath(data.replaced)}")
    if data.failed:
        _say(f"{data.failed} runs that had failed are run again")
    if len(runs) < len(plan):
        _say(f"{len(plan) - len(runs)} of {len(plan)} runs are in {experiment_data.FILE} already")


def unequal(experiment, rows):
    """Cells whose exact counts differ from run to run: [(row, metric, values)]."""
    groups = {}
    for row in rows:
        if row["state"] == DONE:
            groups.setdefault(row["run"], []).append(row)
    for metric in experiment.metrics:
        if metric.repeats:
            for same in groups.values():
                values = sorted({row[metric.name] for row in same} - {""}, key=float)
                if len(values) > 1:
                    yield same[0], metric, values


def _judge(experiment, rows):
    """What failed, and what was not exact; the exit status."""
    failed = [row for row in rows if row["state"] == FAILED]
    for row in failed:
        log = experiment_run.log_of(experiment, row)
        where = f": {os.path.relpath(log)}" if log.exists() else ""
        _say(f"failed: {row['kernel']} {row['row'] or row['workload']}, repeat {row['repeat']}: {row['reason']}{where}")
    broken = False
    for row, metric, values in unequal(experiment, rows):
        linux = row["kernel"].startswith("linux")
        broken |= not linux
        _say(f"{'not exact' if not linux else 'varies'}: {row['kernel']} {row['row'] or row['workload']}: {metric.name} is "
             f"{', '.join(values[:3])}")
    return 1 if failed or broken else 0


def _publish(experiment, rows, page, options):
    """Figures, tables, page; printed is what the page would show."""
    for show in experiment.shows:
        if show.what == "figure":
            path = experiment.folder / f"{show.name}.svg"
            drawn = experiment_figure.draw(experiment, rows, show)
            if not path.exists() or path.read_bytes() != drawn:
                path.write_bytes(drawn)
    path, unseen = experiment_show.refresh(experiment, rows, page)
    for show in unseen if path else ():
        _say(f"{os.path.relpath(path)} has no place for {show.what} {show.name}: <!-- {show.what} {show.name} --> and "
             f"<!-- end {show.what} {show.name} --> make one")
    print(experiment_show.text(experiment, rows))
    files = [experiment.folder / experiment_data.FILE, path, *([_pdf(experiment, path)] if options.pdf else [])]
    _say("data: " + " ".join(os.path.relpath(file) for file in files if file))


def _pdf_engine(experiment, page):
    """pandoc makes PDFs where it is installed, with one of these."""
    engine = next(filter(shutil.which, PDF_ENGINES), None)
    if page is None:
        raise ToolError(f"--pdf: {experiment.slug} has no {experiment_show.PAGE}")
    if not shutil.which("pandoc") or not engine or (engine != "weasyprint" and not shutil.which("rsvg-convert")):
        raise ToolError("--pdf needs Debian's packages pandoc and weasyprint, or pandoc, texlive-xetex and librsvg2-bin")
    return engine


def _pdf(experiment, page):
    engine, out = _pdf_engine(experiment, page), paths.BUILD / "papers" / f"{experiment.slug}.pdf"
    out.parent.mkdir(parents=True, exist_ok=True)
    command = ["pandoc", "--from", "gfm", "--metadata", f"pagetitle={experiment.question}", "--pdf-engine", engine,
               "-o", str(out), page.name]
    done = subprocess.run(command, cwd=experiment.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise ToolError(f"--pdf: pandoc failed: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return out


def _list(lab, experiment, plan):
    rows = [("cell", "repeat", *experiment.columns, "counted")]
    for number, (cell, turn) in enumerate(plan, 1):
        named = cell.dimensions()
        rows.append((number, turn, *(named.get(column, "") for column in experiment.columns), "yes" if cell.counted else "no"))
    print(table.plain(rows))
    return 0


def _timed(experiment, cell):
    return any(metric.kind == TIME for metric in experiment.metrics_of(cell))


# -- the command ----------------------------------------------------------------------------------

def _may_be_apart(options, experiment):
    """
    Times are compared within one interleaved run on one quiet machine; counts are the same anywhere. With --jobs what is
    timed is run alone, behind the counts; where there are none, there is nothing to be had side by side.
    """
    timed = [metric.name for metric in experiment.metrics if metric.kind == TIME]
    counts = any(not _timed(experiment, cell) for cell in experiment.cells)
    if timed and (options.jobs > 1 and not counts or options.engine != "local"):
        word = f"--jobs {options.jobs}" if options.engine == "local" else f"--engine {options.engine}"
        raise ToolError(f"{word}: {', '.join(timed)} is time, which runs side by side would take from one another; only exact "
                        "counts can be had that way")


def _one_cell(lab, plan, number):
    """For an engine: this run's record as a line of JSON."""
    if not 1 <= number <= len(plan):
        raise ToolError(f"--cell {number}: there are 1 to {len(plan)}")
    record = experiment_run.measure(lab, *plan[number - 1])
    print(json.dumps(record))
    return 1 if record["state"] == FAILED else 0


def _run(options, experiment, lab, plan, page):
    progress = compare.Progress(1)
    same = lab.build(progress.show)
    progress.clear()
    for names in same:
        _say(f"{', '.join(names)} are one configuration: no difference between them is a kernel's")
    keys = {cell: lab.key(cell) for cell in experiment.cells}
    if options.fresh:
        (experiment.folder / experiment_data.FILE).unlink(missing_ok=True)
    data = experiment_data.Data(experiment, plan, keys)
    runs = [(cell, turn) for cell, turn in plan if not data.has(keys[cell], turn)]
    _say_what_is_kept(lab, data, plan, runs)
    progress, whole = Estimate(runs), False
    try:
        if options.engine != "local" and runs:
            _on_engine(experiment_engines.ENGINES[options.engine], options, experiment, plan, runs, keys, data, progress)
        elif options.jobs > 1:
            _side_by_side(lab, [run for run in runs if not _timed(experiment, run[0])], data, progress, options.jobs)
            _in_turn(lab, [run for run in runs if _timed(experiment, run[0])], data, progress)
        else:
            _in_turn(lab, runs, data, progress)
        whole = True
    finally:
        progress.clear()
        if not whole:
            _say(f"stopped: {len(data.rows)} of {len(plan)} runs are in {experiment_data.FILE}; the same command goes on")
    rows = data.finish()
    _publish(experiment, rows, page, options)
    return _judge(experiment, rows)


def _with_ccache():
    """Kernels of experiments are built through ccache where there is one, unless somebody has chosen a compiler or CCACHE."""
    if shutil.which("ccache") and not {"CC", "CCACHE"} & set(os.environ):
        os.environ["CCACHE"] = "1"


def main(options):
    _with_ccache()
    if os.environ.get("ORCHARD_FRAGMENT"):
        raise ToolError("ORCHARD_FRAGMENT is set: an experiment says itself what its kernels are made of")
    experiment = experiment_file.read(options.paper)
    _may_be_apart(options, experiment)
    page = experiment_show.page_of(experiment)
    lab, plan = experiment_run.Lab(experiment), experiment.runs()
    if options.list:
        return _list(lab, experiment, plan)
    if options.cell is not None:
        return _one_cell(lab, plan, options.cell)
    if options.engine != "local":
        experiment_engines.ENGINES[options.engine].check()
    if options.pdf:
        _pdf_engine(experiment, page)
    if any(show.what == "figure" for show in experiment.shows):
        packages.ensure(["figures"])
    if options.show:
        header, rows, _ = experiment_data.read(experiment.folder / experiment_data.FILE)
        if header != experiment_data.fields(experiment):
            raise ToolError(f"--show: {experiment_data.FILE} is not of this experiment: run it")
        _publish(experiment, rows, page, options)
        return _judge(experiment, rows)
    provenance.git_sha()        # before anything of the paper's is written
    with paths.locked(paths.BUILD / "experiments" / experiment.slug):
        return _run(options, experiment, lab, plan, page)
