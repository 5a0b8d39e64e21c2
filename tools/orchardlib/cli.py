# SPDX-License-Identifier: BSD-2-Clause
"""The command line: what the words mean, and each error as one line."""

import argparse
import contextlib
import math
import os
import re
import signal
import sys
from pathlib import Path

from . import machine, paths
from .errors import TOOL, ToolError

DESCRIPTION = "One unmodified Linux x86-64 program on kernels of every isolation model, and on Linux."
EXIT_HELP = """exit status of run: the program's own (128+N when signal N killed it); 70 the kernel panicked or could not boot,
124 time-out, 125 an error of this tool. On a terminal, ^A x ends QEMU and ^A a sends ^A."""

COMPARE_STATUS_HELP = """exit status of compare: 0 when in every run the program ended by itself, whatever its status
or output; 1 when one did not (panic, time-out, an error of this tool), and with --strict also when outputs or
statuses differ; 125 when nothing could be run."""


ATTACK_STATUS_HELP = """exit status of attack: 0 when every verdict is the expected one; 1 when one differs, be it that an attack
succeeded or that it did not; 125 when something could not be run."""


LADDER_STATUS_HELP = """exit status of ladder: 0 when the parts of every step add up to the measured difference within
5 %; 1 when those of one do not; 125 when something could not be run."""


EXPERIMENT_STATUS_HELP = """exit status of experiment: 0 when every run ended by itself; 1 when one failed, or exact counts of one
of our kernels differed between runs; 125 when nothing could be run."""


class Parser(argparse.ArgumentParser):
    """Errors in one line, with the tool's status."""

    def error(self, message):
        raise ToolError(f"{message} (see {self.prog} --help)")


ACCELS = ("auto", "tcg", "kvm")


class Interrupted(BaseException):
    """SIGTERM or SIGHUP: unwinds, so that QEMU ends and the terminal is restored."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number


def _default_accel():
    value = os.environ.get("ORCHARD_ACCEL") or "auto"
    if value not in ACCELS:
        raise ToolError(f"ORCHARD_ACCEL={value}: not one of {', '.join(ACCELS)}")
    return value


def _machine_options(parser):
    parser.add_argument("--cpus", default="1", metavar="N", help="1 to 255 (default 1)")
    parser.add_argument("--cpu", default="", metavar="MODEL",
                        help="QEMU's -cpu, such as max,-smap (default: max, under KVM host)")
    parser.add_argument("--memory", default="512M", metavar="SIZE", help="such as 256M or 1G (default 512M)")
    parser.add_argument("--machine", default="q35", choices=list(machine.MACHINES),
                        help="QEMU's PC (default), or the small machine without PCI")
    parser.add_argument("--streams", choices=["com2", "virtio"],
                        help="what carries the program's streams: the second serial port (default on q35), or a "
                        "virtio console, which is faster (microvm only, and its default)")
    parser.add_argument("--boot", default="pvh", choices=["pvh", "grub", "uefi"],
                        help="straight by QEMU (default), or an ISO through GRUB")
    parser.add_argument("--accel", default=_default_accel(), choices=ACCELS,
                        help="auto: KVM when a probe really ran under it, else TCG (default: $ORCHARD_ACCEL, or auto)")
    parser.add_argument("--icount", action="store_true", help="count instructions: exact, and slower")
    parser.add_argument("--append", action="append", default=[], metavar="STR",
                        help="more words for the kernel command line; may be repeated")
    parser.add_argument("-v", "--verbose", action="store_true", help="all kernel messages; the QEMU command")


def _program_options(parser):
    parser.add_argument("--root", metavar="DIR|CPIO", help="the root file system (default: a minimal one)")
    parser.add_argument("--add", action="append", default=[], metavar="FILE[:PATH]",
                        help="add a file or folder to the root, where it is here, or at PATH, or in it when it is a folder; "
                        "may be repeated")
    parser.add_argument("--env", action="append", default=[], metavar="K=V", help="may be repeated")
    parser.add_argument("--timeout", metavar="S", help="end after S seconds with status 124")
    parser.add_argument("--json", metavar="FILE", help=argparse.SUPPRESS)


def parser():
    top = Parser(prog="orchard", description=DESCRIPTION, epilog=EXIT_HELP)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    run = commands.add_parser("run", help="run a program on one kernel", epilog=EXIT_HELP,
                              usage="orchard run KERNEL [options] -- PROGRAM [ARG…]",
                              description="KERNEL: a name of `orchard list`, or a .config file. "
                              "--json writes the result as the last line of stderr, --json=FILE to a file.")
    run.add_argument("kernel", metavar="KERNEL")
    _machine_options(run)
    _program_options(run)
    run.add_argument("--strace", action="store_true", help="a line for each system call on the console")
    run.add_argument("--trace", metavar="FILE", help="what every CPU did, event by event, for `orchard trace`")
    run.add_argument("--shift", metavar="N", help="with --icount: an instruction takes 2^N ns (default 0; QEMU's is the like-named "
                     "setting): of a slow machine a second is soon over")
    run.add_argument("--gdb", action="store_true", help="wait for a debugger before the first instruction")
    compare = commands.add_parser("compare", help="run a program, or the benchmark suite, on many kernels, and compare",
                                  usage="orchard compare [KERNEL…] [options] [-- PROGRAM [ARG…]]",
                                  description="Without a program: the suite of user/bench, timed and counted, and a "
                                  "report as HTML. Default: the kernels in configs/ and linux, for the suite also "
                                  "linux-nomit. --json prints JSON in place of the table.", epilog=COMPARE_STATUS_HELP)
    compare.add_argument("kernels", metavar="KERNEL", nargs="*")
    _machine_options(compare)
    _program_options(compare)
    compare.add_argument("--runs", metavar="N", help="runs of each kernel, interleaved (default 3; of the suite "
                         "9, with --thorough 25)")
    compare.add_argument("--thorough", action="store_true", help="the suite for publication: more and longer runs")
    compare.add_argument("--stdin", metavar="FILE", help="what the program reads (default: nothing)")
    compare.add_argument("--stderr", action="store_true", help="compare stderr too, not only stdout")
    compare.add_argument("--strict", action="store_true", help="status 1 also when outputs or statuses differ")
    compare.add_argument("--rows", action="store_true", help="the program prints a table `row ns least most "
                         "rounds` on stderr, as user/bench does: show its rows for all kernels")
    attack = commands.add_parser("attack", help="the attack suite, beside what is expected of it",
                                 usage="orchard attack [KERNEL…] [options]",
                                 description="The attacks of user/attacks on each kernel (default: the six and linux), "
                                 "judged by evidence; docs/attacks.md says what the words mean. --json prints JSON in "
                                 "place of the table.", epilog=ATTACK_STATUS_HELP)
    attack.add_argument("kernels", metavar="KERNEL", nargs="*")
    _machine_options(attack)
    attack.add_argument("--only", metavar="NAME,…", help="these attacks (default: all)")
    attack.add_argument("--expected", metavar="FILE", default=str(paths.ROOT / "tests/attacks/expected"),
                        help="another table of what must happen")
    attack.add_argument("--jobs", metavar="N", help="so many machines at once (default: one for each processor)")
    attack.add_argument("--timeout", metavar="S", help="seconds after which a machine hangs (default 20)")
    attack.add_argument("--json", metavar="FILE", help=argparse.SUPPRESS)
    rewrite = commands.add_parser("rewrite", help="where the rewritten gate may replace a program's syscall instructions",
                                  usage="orchard rewrite FILE [-v] [--json]",
                                  description="How many of the program's system calls a kernel with the rung `rewrite` makes calls, "
                                  "and why it keeps the others; docs/rewritten-gate.md.")
    rewrite.add_argument("file", metavar="FILE")
    rewrite.add_argument("-v", "--verbose", action="store_true", help="a line for each")
    rewrite.add_argument("--json", metavar="", nargs="?", const="-", help="JSON in place of the text")
    ladder = commands.add_parser("ladder", help="what each mechanism between two kernels costs, part by part",
                                 usage="orchard ladder [KERNEL…] [options]",
                                 description="Divides the instructions of a few rows of the suite into parts, on each kernel of "
                                 "a chain of neighbours (default: configs/ladder), and holds the differences against what was "
                                 "measured; docs/ladder.md. --json prints JSON in place of the tables.",
                                 epilog=LADDER_STATUS_HELP)
    ladder.add_argument("kernels", metavar="KERNEL", nargs="*", help="a name, or NAME+FRAGMENT")
    _machine_options(ladder)
    ladder.add_argument("--chain", metavar="FILE", default=str(paths.CONFIGS / "ladder"), help="another chain")
    ladder.add_argument("--rows", metavar="NAME,…", help="these rows of user/bench")
    ladder.add_argument("--runs", metavar="N", help="timed runs of each kernel, interleaved (default 5)")
    ladder.add_argument("--timeout", metavar="S", help=argparse.SUPPRESS)
    ladder.add_argument("--json", metavar="FILE", help=argparse.SUPPRESS)
    explain = commands.add_parser("explain", help="what differs between two kernels", usage="orchard explain A B [options]",
                                  description="Options, files, lines, symbols, page tables, what an attacker gains, and what it "
                                  "costs. A and B: names, or NAME+FRAGMENT, such as multi and multi+pti. --json prints JSON.")
    explain.add_argument("kernels", metavar="KERNEL", nargs=2)
    _machine_options(explain)
    explain.add_argument("--rows", metavar="NAME,…", help="the cost by these rows of user/bench")
    explain.add_argument("--timeout", metavar="S", help=argparse.SUPPRESS)
    explain.add_argument("--json", metavar="FILE", help=argparse.SUPPRESS)
    _experiment(commands)
    _model(commands)
    _trace(commands)
    commands.add_parser("list", help="the kernels and their axes, and the rungs, one line each",
                        usage="orchard list")
    commands.add_parser("setup", help="install the Debian packages the project needs (SETUP=no: name them)",
                        usage="orchard setup")
    return top


def _trace(commands):
    one = commands.add_parser("trace", help="a trace of `run --trace`: a summary, a picture, or a file for viewers",
                              usage="orchard trace FILE [options]",
                              description="Without an option: how many events of which kind, how long threads waited for a CPU, "
                              "which ran longest; docs/trace.md.")
    one.add_argument("file", metavar="FILE")
    one.add_argument("--chrome", metavar="OUT", help="JSON for ui.perfetto.dev and chrome://tracing")
    one.add_argument("--ctf", metavar="DIR", help="the Common Trace Format, for babeltrace2 and Trace Compass")
    one.add_argument("--svg", metavar="OUT", help="a picture: who ran where, when")
    one.add_argument("--text", action="store_true", help="a line for each event")
    one.add_argument("--from", dest="start", metavar="US", help="only from so many microseconds after boot on")
    one.add_argument("--to", dest="end", metavar="US", help="only until then")


def _model(commands):
    one = commands.add_parser("model", help="how long a program's work on several CPUs takes when they run at the same time",
                              usage="orchard model KERNEL [options] -- PROGRAM [ARG…]",
                              description="Runs the program on KERNEL+marks, one CPU at a time, and replays what CPUs did to one "
                              "another with a clock for each: a model, docs/model.md. The program must say from where to where, "
                              "as build/user/scale does.")
    one.add_argument("kernel", metavar="KERNEL")
    _machine_options(one)
    _program_options(one)
    one.add_argument("--quantum", metavar="US", help="no CPU has its turn for more than US thousand instructions (default: until the "
                     "next timer): the model should not depend on it")
    one.add_argument("--cost", action="append", default=[], metavar="NAME=N",
                     help="another price than tools/model/costs.toml has; may be repeated")


def _experiment(commands):
    one = commands.add_parser("experiment", help="run a paper's experiment, and refresh its data, figures and tables",
                              usage="orchard experiment papers/NN-slug [options]",
                              description="Runs what experiment.toml in that folder describes: kernels, workloads, what is "
                              "swept, what is measured; docs/experiments.md. Goes on where an interrupted run stopped.",
                              epilog=EXPERIMENT_STATUS_HELP)
    one.add_argument("paper", metavar="PAPER")
    one.add_argument("--jobs", metavar="N", help="so many machines at once: where all metrics are counts (default 1)")
    one.add_argument("--engine", default="local", choices=["local", "parallel", "slurm"],
                     help="who starts the runs: this tool, GNU parallel, or a Slurm job array")
    one.add_argument("--hosts", default=":", metavar="HOST,…", help="of --engine parallel: --sshlogin (default: this machine)")
    one.add_argument("--fresh", action="store_true", help="run everything again, whatever data.csv has")
    one.add_argument("--show", action="store_true", help="run nothing: tables, figures and page of the data there is")
    one.add_argument("--pdf", action="store_true", help="the page as a PDF too, by pandoc, into build/papers")
    one.add_argument("--list", action="store_true", help="run nothing: name the runs")
    one.add_argument("--cell", metavar="K", help="only run K of --list; prints its result as JSON (what engines start)")


def _with_negative_values(words):
    """`--memory -5M` as `--memory=-5M`, so that the error is about the value: to argparse it would be an option."""
    joined = []
    for word in words:
        if re.match(r"-\d", word) and joined and re.fullmatch(r"--[a-z]+", joined[-1]):
            joined[-1] += "=" + word
        else:
            joined.append(word)
    return joined


def parse(words):
    """Splits at `--`: what follows is the program's, whatever it looks like."""
    own, program = words, None
    if "--" in words:
        at = words.index("--")
        own, program = words[:at], words[at + 1:]
    # An optional value is only taken with `=`, so that `--json` never swallows a kernel's name.
    own = ["--json=-" if word == "--json" else word for word in own]
    own = _with_negative_values(own)
    options = parser().parse_args(own)
    options.program = program
    if options.command is None:
        raise ToolError("no command: run, compare, attack, ladder, explain, experiment, model, trace, rewrite, list or setup "
                        "(see orchard --help)")
    if options.command in ("run", "compare", "model"):
        _check_program(options)
    if options.command in ("run", "compare", "attack", "ladder", "explain", "model"):
        _check_values(options)
    if options.command == "experiment":
        _check_experiment(options)
    return options


def _check_program(options):
    if options.program:
        if options.command == "compare" and options.thorough:
            raise ToolError("--thorough is for the suite; a program of your own takes --runs")
        return
    if options.command != "compare" or options.program is not None:
        raise ToolError(f"no program: orchard {options.command} … -- PROGRAM [ARG…]")
    for word in ("icount", "stdin", "stderr", "strict", "root", "add"):
        if getattr(options, word):
            raise ToolError(f"--{word} needs a program: orchard compare … -- PROGRAM [ARG…]")


def _check_values(options):
    options.cpus = machine.parse_cpus(options.cpus)
    options.memory = machine.parse_memory(options.memory)
    options.append = " ".join(options.append)
    if options.streams == "virtio" and options.machine != "microvm":
        raise ToolError(f"--streams virtio: {options.machine} has virtio on PCI only: --machine microvm")
    if options.machine == "microvm" and options.boot != "pvh":
        raise ToolError(f"--boot {options.boot}: a microvm has no drive to boot from: only --boot pvh")
    if options.command == "run" and options.shift is not None:
        options.shift = _positive(options.shift, "--shift", int)
        if not options.icount or options.shift > machine.SHIFT_MAX:
            raise ToolError(f"--shift: 1 to {machine.SHIFT_MAX}, and only with --icount")
    if options.timeout is not None:
        options.timeout = _positive(options.timeout, "--timeout", float)
    if options.command in ("attack", "ladder", "explain") and options.program is not None:
        raise ToolError(f"{options.command} takes no program")
    if options.command in ("ladder", "explain") and (options.cpus != 1 or options.icount):
        word = "--icount: instructions are counted anyway" if options.icount else "--cpus: instructions are counted on one CPU"
        raise ToolError(f"{options.command} {word}")
    if options.command == "model":
        options.cost = [_price(word) for word in options.cost]
        options.quantum = _positive(options.quantum, "--quantum", int) if options.quantum else 0
    if options.command == "attack":
        options.expected = Path(options.expected)
        options.jobs = _positive(options.jobs or str(os.cpu_count() or 1), "--jobs", int)
    if options.command == "compare":
        default = "3" if options.program else "25" if options.thorough else "9"
        options.runs = _positive(options.runs or default, "--runs", int)
    if options.command == "ladder":
        options.runs = _positive(options.runs or "5", "--runs", int)


def _check_experiment(options):
    if options.program is not None:
        raise ToolError("experiment takes no program: experiment.toml names them")
    options.jobs = _positive(options.jobs or "1", "--jobs", int)
    if options.cell is not None:
        options.cell = _positive(options.cell, "--cell", int)
    if options.hosts != ":" and options.engine != "parallel":
        raise ToolError("--hosts is for --engine parallel")


def _price(word):
    name, equals, value = word.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ToolError(f"--cost {word}: not NAME=NUMBER")
    return name, number


def _positive(text, name, kind):
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < 1e9:
        raise ToolError(f"{name} {text}: not a number above 0")
    return value


def _dispatch(options):
    # Imported here so that `list` and errors in the words cost nothing.
    if options.command == "run":
        from . import run
        return run.main(options)
    if options.command == "compare":
        from . import compare
        return compare.main(options)
    if options.command == "attack":
        from . import attack
        return attack.main(options)
    if options.command == "rewrite":
        from . import sidecar
        return sidecar.main(options)
    if options.command == "ladder":
        from . import ladder
        return ladder.main(options)
    if options.command == "explain":
        from . import explain
        return explain.main(options)
    if options.command == "experiment":
        from . import experiment
        return experiment.main(options)
    if options.command == "model":
        from . import model
        return model.main(options)
    if options.command == "trace":
        from . import trace
        return trace.main(options)
    if options.command == "setup":
        from . import packages
        packages.ensure(packages.NEEDS)
        return 0
    from . import kernels, table
    print(table.plain(kernels.listing()))
    print("\nrungs, behind any of ours: ORCHARD_FRAGMENT=NAME, or several joined by + (docs/rungs.md)")
    print(table.plain(kernels.rungs()))
    return 0


def _interrupt(number, _frame):
    raise Interrupted(number)


def _complain(error):
    """The status tells it too where stderr takes nothing, as a full disk."""
    with contextlib.suppress(OSError):
        print(f"orchard: {error}", file=sys.stderr)


def main(words):
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _dispatch(parse(words))
    except ToolError as error:
        _complain(error)
        return error.status
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except Interrupted as stop:
        return 128 + stop.number
    except BrokenPipeError:
        return 128 + signal.SIGPIPE
    except OSError as error:
        _complain(error)
        return TOOL
