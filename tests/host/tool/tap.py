# SPDX-License-Identifier: BSD-2-Clause
"""TAP for the tests of Python: functions marked with @test; a failure is an exception, why it was skipped what it returns."""

import sys
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))

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


def raise_tool_error(message):
    raise ToolError(message)


def main():
    print(f"1..{len(TESTS)}")
    failed = 0
    for number, function in enumerate(TESTS, start=1):
        name = function.__name__.replace("_", " ")
        try:
            skipped = function()
            print(f"ok {number} - {name}" + (f" # SKIP {skipped}" if skipped else ""))
        except Exception as error:  # any failure is this test's alone
            failed += 1
            print(f"not ok {number} - {name}\n# {type(error).__name__}: {error}")
    return 1 if failed else 0
