# SPDX-License-Identifier: BSD-2-Clause
"""For the .t scripts in Python that run kernels, what lib.sh is to those of sh: TAP, one check after another."""

_results = []


def check(good, name, *why):
    """One TAP line; why it failed below it."""
    _results.append(bool(good))
    print(f"{'ok' if good else 'not ok'} {len(_results)} - {name}")
    for line in () if good else why:
        print(f"#   {line}")


def done_testing():
    """The plan; the exit status."""
    print(f"1..{len(_results)}")
    return 0 if all(_results) else 1
