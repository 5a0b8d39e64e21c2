#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The model of parallel time on cases whose answer can be written down. TAP; run by prove."""

import sys

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import cli, parallel, parallel_events  # noqa: E402
from orchardlib.parallel import LOCK, READ, UNLOCK, WRITE, Costs, Event, Stream, replay  # noqa: E402
from tap import error_of, test  # noqa: E402

FREE = Costs(line=0, pause=0, sleep=0)
PRICED = Costs(line=100, pause=40, sleep=4000)
ROUNDS, ALONE, INSIDE = 400, 900, 100
LINE, OTHER, GUARD = 0x1000, 0x2000, 0xffff8000


def loop(rounds, alone, inside, lock=GUARD, sleeps=False):
    """Rounds of `alone` instructions by itself, and `inside` with a lock."""
    events = []
    for at in range(0, rounds * (alone + inside), alone + inside):
        events.append(Event(at + alone, LOCK, LINE, lock, sleeps))
        events.append(Event(at + alone + inside, UNLOCK, LINE, lock, sleeps))
    return Stream(events, rounds * (alone + inside))


def referring(what, rounds, between, line=LINE):
    return Stream([Event(at * between, what, line) for at in range(1, rounds + 1)], rounds * between)


def speedup(cpus, price=FREE, kind="ticket", **more):
    alone = replay([loop(ROUNDS, ALONE, INSIDE, **more)], price, kind).span
    return cpus * alone / replay([loop(ROUNDS, ALONE, INSIDE, **more) for _ in range(cpus)], price, kind).span


def near(value, wanted, part=0.01):
    assert abs(value - wanted) <= part * wanted, f"{value:.3f} is not {wanted:.3f}"


@test
def one_cpu_takes_its_instructions_and_nothing_else():
    for kind in ("ticket", "tas", "ttas", "mcs", "queued"):
        assert replay([loop(ROUNDS, ALONE, INSIDE)], PRICED, kind).span == ROUNDS * (ALONE + INSIDE)
    assert replay([referring(WRITE, 100, 7)], PRICED).span == 700
    assert replay([], PRICED).span == 0


@test
def a_serial_tenth_ends_the_speedup_at_ten():
    # Amdahl's law for a queue with one server, where nothing is random: N, and never more than the whole by the serial part.
    for cpus in (2, 4, 8, 9):
        near(speedup(cpus), cpus)
    for cpus in (11, 16, 32, 64):
        near(speedup(cpus), (ALONE + INSIDE) / INSIDE)


@test
def a_lock_that_all_want_is_as_fast_as_its_kind_hands_over():
    for kind in ("ticket", "tas", "ttas", "mcs", "queued"):
        for cpus in (2, 8, 32):
            span = replay([loop(ROUNDS, 0, INSIDE) for _ in range(cpus)], PRICED, kind).span
            # Until the others have ended, all but the holder wait.
            near(span, cpus * ROUNDS * (INSIDE + parallel.handover(kind, cpus - 1, PRICED)), 0.02)


@test
def hand_over_is_constant_in_a_list_and_grows_with_tickets():
    for waiting in (2, 31, 63):
        assert parallel.handover("mcs", waiting, PRICED) == 300
        assert parallel.handover("queued", waiting, PRICED) == 500
        assert parallel.handover("ticket", waiting, PRICED) == 100 * (1 + (waiting + 1) / 2)
        assert parallel.handover("tas", waiting, PRICED) == 100 * (waiting + 1)
    assert parallel.handover("queued", 1, PRICED) == 300
    assert "semaphore" in error_of(parallel.handover, "semaphore", 1, PRICED)


@test
def a_line_between_two_writers_moves_for_each_write():
    near(replay([referring(WRITE, 500, 1), referring(WRITE, 500, 1)], PRICED).span, 2 * 500 * 100, 0.01)
    found = replay([referring(WRITE, 500, 1), referring(WRITE, 500, 1, OTHER)], PRICED)
    assert found.span == 500 and not found.lines


@test
def a_counter_of_all_is_no_faster_with_more():
    for cpus in (4, 32):
        near(replay([referring(WRITE, 200, 3) for _ in range(cpus)], PRICED).span, cpus * 200 * 100, 0.02)


@test
def what_all_read_comes_once_until_somebody_writes():
    found = replay([referring(READ, 300, 10) for _ in range(8)], PRICED)
    assert found.lines[LINE] == sum(100 * at for at in range(1, 8)), found.lines   # one after the other, as they come at once
    writer = Stream([Event(50_000, WRITE, LINE)], 50_001)
    reader = Stream([Event(1, READ, LINE), Event(60_000, READ, LINE)], 60_001)
    assert replay([writer, reader], PRICED).span == 60_001 + 100


@test
def a_lock_of_sleepers_is_free_for_who_comes_first():
    # Two CPUs: the second finds it held, sleeps, and has it `sleep` after it was given back, if the first stays away for so long.
    one = Stream([Event(0, LOCK, LINE, GUARD, True), Event(100, UNLOCK, LINE, GUARD, True)], 10_000)
    two = Stream([Event(50, LOCK, LINE, GUARD, True), Event(150, UNLOCK, LINE, GUARD, True)], 150)
    found = replay([one, two], PRICED)
    assert found.clocks == [10_000, 100 + PRICED.sleep + PRICED.line + 100], found.clocks
    assert found.locks[GUARD] == 50 + PRICED.sleep
    # Who gives it back and wants it again at once has it again: the other one only when the first has ended.
    span = replay([loop(100, 0, INSIDE, sleeps=True) for _ in range(2)], PRICED).span
    assert 2 * 100 * INSIDE < span <= 2 * 100 * INSIDE + PRICED.sleep + 2 * PRICED.line, span


@test
def who_reads_beside_a_lock_takes_its_line_from_the_holder():
    holder = Stream([Event(1, LOCK, LINE, GUARD), Event(1000, UNLOCK, LINE, GUARD)], 1001)
    reader = Stream([Event(500, READ, LINE)], 501)
    found = replay([holder, reader], PRICED)
    assert found.clocks == [1101, 601], found.clocks
    assert replay([holder], PRICED).span == 1001


@test
def equal_cpus_end_together():
    clocks = replay([loop(ROUNDS, ALONE, INSIDE) for _ in range(32)], PRICED, "mcs").clocks
    near(min(clocks), max(clocks), 0.02)


@test
def locks_in_two_orders_stand_still():
    one = Stream([Event(1, LOCK, 1, 1), Event(10, LOCK, 2, 2), Event(20, UNLOCK, 2, 2), Event(30, UNLOCK, 1, 1)], 40)
    two = Stream([Event(1, LOCK, 2, 2), Event(10, LOCK, 1, 1), Event(20, UNLOCK, 1, 1), Event(30, UNLOCK, 2, 2)], 40)
    assert "stands still" in error_of(replay, [one, two], PRICED)


@test
def waiting_is_taken_out_of_what_was_recorded():
    lines = ["window\n", "cpu 0 1000 0 1\n", "L 100 12 40 ffff80 0 ff\n", "U 150 0 40 ffff80 0 ff\n", "W 160 0 80 0 0 ff\n",
             "cpu 3 2000 1 1\n", "L 900 512 40 ffff80 0 ff\n", "U 950 0 40 ffff80 0 ff\n"]
    window, = parallel_events.parse(lines)
    assert window.cpus == [0, 3] and window.idle == 1
    assert [event.when for event in window.streams[0].events] == [100, 150, 160] and window.streams[0].instructions == 1000
    assert [event.when for event in window.streams[1].events] == [400, 450] and window.streams[1].instructions == 1500
    assert "nobody reads" in error_of(parallel_events.parse, ["window\n", "cpu 0 1 0 1\n", "X 1 2 3\n"])
    assert "2 threads took part on CPU 0" in error_of(parallel_events.parse, ["window\n", "cpu 0 9 0 2\n"])
    assert "had not ended" in error_of(parallel_events.parse, ["window\n", "cpu 0 0 0 1\n"])


@test
def prices_are_changed_by_name():
    assert parallel.costs() == Costs(**{"line": 100, "pause": 40, "sleep": 4000})
    assert parallel.costs([("line", 30)]).line == 30
    assert "no such price: lines: there are line," in error_of(parallel.costs, [("lines", 1)])
    assert "less than nothing" in error_of(parallel.costs, [("line", -1)])
    for word in ("line", "line=", "line=nan", "line=inf"):
        assert "not NAME=NUMBER" in error_of(cli.parse, ["model", "multi", "--cost", word, "--", "x"])
    assert "no program" in error_of(cli.parse, ["model", "multi"])


sys.exit(tap.main())
