#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""/proc/schedstat, /proc/PID/schedstat and /proc/orchard_sched: are their figures true? Two boots of multi. TAP; run by prove."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]
from lib import check, done_testing  # noqa: E402
from orchardlib import kernels  # noqa: E402

ORCHARD = os.environ.get("ORCHARD", str(ROOT / "tools/orchard"))
FRAGMENT = os.environ.get("ORCHARD_FRAGMENT", "")
HOGS = "while :; do :; done & a=$!; while :; do :; done & b=$!; usleep 200000; cat /proc/$a/schedstat /proc/$b/schedstat; " \
    "cat /proc/schedstat /proc/orchard_sched /proc/uptime; kill $a $b"


def counts(config):
    return kernels.symbols_of((ROOT / "configs" / config).read_text()).get("CONFIG_SCHEDSTATS") == "y"


def run(*words):
    parts = [part for part in FRAGMENT.split("+") if part]
    if not parts:
        kernel = "multi+debug"    # it counts, and other tests have it made
    else:
        kernel = "multi" if any(counts(f"{part}.config") for part in parts) else "multi+schedstats"
    done = subprocess.run([ORCHARD, "run", kernel, "--timeout", "120", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    check(done.returncode == 0, "the program runs", done.returncode, done.stdout, done.stderr)
    return done.stdout


def near(a, b, share):
    return abs(a - b) <= share * max(a, b)


def numbers(line):
    return [int(word) for word in line.split()[1:]]


def hogs():
    """Two programs that compute, on one CPU, for 200 ms."""
    text = run("--icount", "--", "/bin/busybox", "sh", "-c", HOGS)
    lines = text.splitlines()
    both = [[int(word) for word in line.split()] for line in lines[:2]]
    check(all(len(one) == 3 for one in both), "a process has three numbers", both)
    for run_ns, wait_ns, slices in both:
        check(near(run_ns, 100e6, .15) and near(wait_ns, 100e6, .15), "each of two runs half of the time, and waits as long",
              run_ns, wait_ns)
        check(5 <= slices <= 500, "in many slices", slices)
    check(lines[2:4] == ["version 15", lines[3]] and re.fullmatch(r"timestamp \d+", lines[3]), "the format is Linux's version 15",
          lines[2:4])
    cpus = [line for line in lines if line.startswith("cpu")]
    yields, zero, schedules, idles, wakes, local, ran, waited, slices = numbers(cpus[0])
    check(len(cpus) == 1 and zero == 0, "one CPU is one line", cpus)
    check(local == wakes > 0 and slices > 0 and schedules >= slices and idles < schedules, "its counts fit together", cpus)
    check(waited > sum(one[1] for one in both), "its waiting is all threads'", cpus)
    up, idle = (float(word) * 1e9 for word in lines[-1].split())
    # Before the first thread nobody runs: a boot, which takes a sanitized kernel some 40 of 280 ms.
    check(near(ran + idle, up, .2 if "sanitize" in FRAGMENT else .1), "running and being idle is the time there was", ran, idle, up)
    waits = {int(low): int(times) for low, times in re.findall(r"^wait cpu0 (\d+) (\d+)$", text, re.M)}
    check(all(low & (low - 1) == 0 for low in waits) and list(waits) == sorted(waits), "the histogram is by powers of two", waits)
    check(0 <= sum(waits.values()) - slices <= 20, "a wait for each slice", waits, slices)
    low = sum(low * times for low, times in waits.items())
    check(low <= waited * 1.05 and waited <= 2 * low + 1e6, "of such lengths as add up to it", low, waited)


def many():
    lines = run("--cpus", "4", "--", "/bin/busybox", "sh", "-c", "seq 300 | sort -n | tail -n 1; sh -c 'cat /proc/$$/task/$$/schedstat'; "
                "cat /proc/schedstat /proc/uptime").splitlines()
    cpus = [numbers(line) for line in lines if line.startswith("cpu")]
    check(len(cpus) == 4 and all(len(one) == 9 for one in cpus), "four CPUs have nine numbers each", lines)
    check(sum(one[4] for one in cpus) > sum(one[5] for one in cpus), "some wakes are for another CPU", cpus)
    check(all(one[3] <= one[2] for one in cpus) and any(0 < one[3] < one[2] for one in cpus), "a CPU was left idle at times", cpus)
    up, idle = (float(word) * 1e9 for word in lines[-1].split())
    check(sum(one[6] for one in cpus) + idle <= len(cpus) * up * 1.02, "being idle is not running", cpus, up, idle)
    check(re.fullmatch(r"[1-9]\d* \d+ [1-9]\d*", lines[1]), "a thread has three numbers", lines[1])


if __name__ == "__main__":
    hogs()
    many()
    sys.exit(done_testing())
