#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What the attack suite makes of evidence, and of its table. TAP; run by prove."""

import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
import tap  # noqa: E402
from orchardlib import attack, session  # noqa: E402
from tap import ROOT, error_of, test  # noqa: E402


def verdicts(lines, names=("a",), status=0, **outcome):
    """What one boot's lines come to."""
    cells = attack.cells_of("multi", names, session.Outcome(status, **outcome), lines.splitlines())
    return [cell.verdict for cell in cells]


def ended(how, neighbour="works", kernel="whole", victim="whole", saw=""):
    return f"try a\n{saw}\nend a {how} neighbour={neighbour} kernel={kernel} victim={victim}\n"


@test
def a_word_is_believed():
    for word, verdict in (("refused", "refused"), ("leaks", "leaks"), ("runs", "runs"), ("stored", "corrupts"), ("nobody", "-")):
        assert verdicts(ended("exit:0", saw=f"saw a {word} something")) == [verdict]


@test
def a_canary_is_believed_more():
    assert verdicts(ended("signal:11")) == ["contained"]
    assert verdicts(ended("signal:11", kernel="changed")) == ["corrupts"]
    assert verdicts(ended("exit:0", victim="changed", saw="saw a refused it says")) == ["corrupts"]
    assert verdicts(ended("signal:11", neighbour="lost")) == ["corrupts"]


@test
def silence_is_no_verdict_of_the_table():
    assert verdicts(ended("exit:0")) == ["silent"] and "silent" not in attack.VERDICTS


@test
def where_there_is_one_process_its_end_is_the_run_s():
    assert verdicts("try a\n", wait_status=11) == ["contained"]
    assert verdicts("try a\n", wait_status=38 << 8) == ["refused"]
    assert verdicts("try a\nsaw a leaks all\n", wait_status=11) == ["leaks"]


@test
def the_machine_s_end_is_the_attack_s_during_which_it_came():
    lines = ended("exit:0", saw="saw a refused no") + "try b\nsaw b runs\n"
    for outcome, verdict in (({"status": 124, "reason": "timed out"}, "hangs"),
                             ({"status": 70, "reason": "x", "console": ["panic: owned"]}, "panics"),
                             ({"status": 70, "reason": "the machine reset"}, "resets")):
        assert verdicts(lines, ("a", "b", "c"), **outcome) == ["refused", verdict]
    assert "did not begin" in error_of(verdicts, "", ("a",), 70)


@test
def rules_by_axis_and_the_first_one_counts():
    rules = [attack.Rule("a", "ring0+many,multi", "runs", "x"), attack.Rule("a", "one", "-", "x"),
             attack.Rule("a", "*", "refused", "x")]
    got = [attack.rule_for(rules, "a", kernel).verdict for kernel in ("sas", "tasks", "sasos", "multi", "linux")]
    assert got == ["-", "runs", "refused", "runs", "refused"] and attack.rule_for(rules, "b", "sas") is None


@test
def differences_in_both_directions():
    rules = [attack.Rule("a", "*", "runs", "x"), attack.Rule("b", "*", "contained", "x")]
    cells = [attack.Cell("sas", "a", "runs", "e"), attack.Cell("sas", "b", "contained", "e")]
    assert not list(attack.compare(cells, rules))
    cells[0].verdict, cells[1].verdict = "contained", "runs"
    assert len(list(attack.compare(cells, rules))) == 2
    assert "no rule" in next(attack.compare([attack.Cell("sas", "c", "runs", "e")], rules))


@test
def every_cell_has_a_rule_and_every_rule_a_cell():
    rules = attack.read_expected(ROOT / "tests/attacks/expected")
    used = set()
    for fragment in ("", "hardened", "pks", "kaslr", "domains"):
        with mock.patch.dict(os.environ, ORCHARD_FRAGMENT=fragment):
            for name in {rule.attack for rule in rules}:
                for kernel in (*attack.kernels.MODELS, "linux"):
                    rule = attack.rule_for(rules, name, kernel)
                    assert rule, f"{name} on {kernel}"
                    used.add(id(rule))
    assert not [rule for rule in rules if id(rule) not in used]


@test
def what_ran_on_a_spoilt_machine_does_not_count():
    cells = [attack.Cell("tasks", name, verdict, "") for name, verdict in (("a", "refused"), ("b", "runs"), ("c", "contained"))]
    assert attack.unspoilt(cells, "ring0") == cells[:2] and attack.unspoilt(cells, "ring3") == cells


@test
def a_race_may_have_two_ends():
    rules = [attack.Rule("a", "*", "refused|contained", "x")]
    for verdict, differences in (("refused", 0), ("contained", 0), ("runs", 1)):
        assert len(list(attack.compare([attack.Cell("sas", "a", verdict, "e")], rules))) == differences


@test
def the_page_s_table_is_the_rules():
    rules = attack.read_expected(attack.EXPECTED)
    assert attack.expected_table(rules) in (ROOT / "docs/attacks.md").read_text(encoding="utf-8")


@test
def a_bad_line_is_named():
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / "table"
        path.write_text("# fine\na * triumphs Everywhere.\n")
        assert "table:2:" in error_of(attack.read_expected, path)


sys.exit(tap.main())
