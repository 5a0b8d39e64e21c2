# SPDX-License-Identifier: BSD-2-Clause
"""
`orchard explain A B`: what differs between two kernels, from the options to the price. Nothing here is written down
beforehand but what an attacker gains (tests/attacks/expected): all else is read off the two builds, or measured.
"""

import json
import subprocess
import textwrap
from pathlib import Path

from . import attack, bench, counting, kernels, ladder, ladder_text, mapped, paths, table
from .errors import ToolError
from .run import machine_options

WIDTH, NAMES = 100, 12      # columns; names of a list that are shown without -v


def options_of(text):
    """{option: value} of a .config, without CONFIG_; what is not set is n."""
    return {name.removeprefix("CONFIG_"): value for name, value in kernels.symbols_of(text).items()}


def differing(a, b):
    """[(option, in A, in B)]; one that does not exist in a configuration is "-"."""
    every = [(name, a.get(name, "-"), b.get(name, "-")) for name in sorted(a.keys() | b.keys())]
    return [one for one in every if one[1] != one[2]]


def _files(kernel):
    """{path: lines} of the sources it was compiled from, as the build has recorded them."""
    record = kernel.image.with_name("compile_commands.json")
    found = {}
    for entry in json.loads(record.read_text(encoding="utf-8")):
        path = Path(entry["directory"], entry["file"])
        name = str(path.relative_to(paths.ROOT)) if path.is_relative_to(paths.ROOT) else str(path)
        parts = name.split("/include/generated/")
        found["generated/" + parts[1] if len(parts) > 1 else name] = path.read_text(encoding="utf-8").count("\n")
    return found


def _symbols(kernel):
    """The functions and variables that a file offers to others: asked of the objects, before they are optimised as one."""
    folder = kernel.image.parent
    objects = [word for word in (folder / "ld.command").read_text(encoding="utf-8").split() if word.endswith(".o")]
    nm = "llvm-nm" if "clang" in (folder / "cc.command").read_text(encoding="utf-8").split()[0] else "gcc-nm"
    listing = subprocess.run([nm, "-g", "--defined-only", *objects], capture_output=True, text=True, check=True).stdout
    return {line.split()[2] for line in listing.splitlines() if len(line.split()) == 3 and line.split()[1] in "TRDB"}


def _size(kernel):
    answer = subprocess.run(["size", str(kernel.image)], capture_output=True, text=True, check=True).stdout
    numbers = answer.splitlines()[1].split()
    return {"text": int(numbers[0]), "data": int(numbers[1]), "bss": int(numbers[2]),
            "file": kernel.image.with_suffix(".stripped").stat().st_size}


def attacks(rules, a, b):
    """[(attack, verdict on A, on B, the sentences of both)] where they differ."""
    found = []
    for name in dict.fromkeys(rule.attack for rule in rules):
        pair = [attack.rule_for(rules, name, kernel) for kernel in (a, b)]
        if all(pair) and pair[0].verdict != pair[1].verdict:
            found.append((name, pair[0].verdict, pair[1].verdict, pair[0].sentence, pair[1].sentence))
    return found


def _sets(a, b):
    return {"a": len(a), "b": len(b), "only_a": sorted(a - b), "only_b": sorted(b - a)}


def document(options, pair, wanted):
    """All that differs, for machines."""
    a, b = pair
    files = [_files(kernel) for kernel in pair]
    counted = [counting.of(options, kernel, wanted) for kernel in pair]
    cost = []
    for row in counted[0]["rows"]:
        cells = [one["rows"][row] for one in counted]
        cost.append({"row": row, "what": cells[0]["what"] or cells[1]["what"], "kernels": cells, "step": ladder.step(*cells)})
    configs = [kernel.config.read_text(encoding="utf-8") for kernel in pair]
    return {"a": a.name, "b": b.name, "axes": [kernels.model_of(text)[:3] for text in configs],
            "options": differing(*map(options_of, configs)),
            "files": _sets(*map(set, files)), "lines": [sum(one.values()) for one in files],
            "lines_only": [sum(n for name, n in mine.items() if name not in other) for mine, other in (files, files[::-1])],
            "symbols": _sets(*map(_symbols, pair)), "size": [_size(kernel) for kernel in pair],
            "page_tables": [mapped.of(kernel, machine_options(options, kernel)) for kernel in pair],
            "attacks": attacks(attack.read_expected(attack.EXPECTED), a.name, b.name), "cost": cost,
            "provenance": counted[0]["provenance"]}


# -- as text --------------------------------------------------------------------------------------

def _wrapped(text, indent="  "):
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "    ", break_on_hyphens=False,
                         break_long_words=False)


def _only(found, a, b, everything):
    """Two lists of names that one side alone has."""
    for name, only in ((a, found["only_a"]), (b, found["only_b"])):
        shown = only if everything else only[:NAMES]
        more = f" and {len(only) - len(shown)} more (-v)" if len(only) > len(shown) else ""
        if only:
            yield from _wrapped(f"only {name}: {' '.join(shown)}{more}")


def _bytes(number):
    return "-" if not number else table.size_kib(number >> 10)


def _tables(found):
    a, b = found["page_tables"]
    lines = [["", found["a"], found["b"]]]
    for region in mapped.REGIONS:
        lines.append([region, _bytes(a["bytes"][region]), _bytes(b["bytes"][region])])
    lines.append(["open to it", *("nothing" if not one["open"] else "all of it" if one["cpl"] == 0 else
                                  _bytes(one["open"]) for one in (a, b))])
    lines.append(["it runs in ring", str(a["cpl"]), str(b["cpl"])])
    return ["  " + line for line in table.right(lines).splitlines()]


def _attacks(found):
    if not found["attacks"]:
        return ["  Nothing: the table of attacks has the same verdicts for both."]
    lines = []
    for name, on_a, on_b, why_a, why_b in found["attacks"]:
        lines += _wrapped(f"{name}: {on_a} on {found['a']} ({why_a.rstrip('.')}), {on_b} on {found['b']} ({why_b.rstrip('.')}).")
    return lines


def _cost(found):
    lines = [["", found["a"], found["b"], "step", "left", "where"]]
    for row in found["cost"]:
        cells = [cell["refused"] or ladder_text.number(cell["clock"]) for cell in row["kernels"]]
        step = row["step"]
        words = [ladder_text.signed(step["measured"]), ladder_text.gap(step), ladder_text.differences(step)] if step else []
        lines.append([row["row"], *cells, *(words or ["-", "", ""])])
    return ["  " + line for line in table.plain(lines).splitlines()]


def text(found, everything=False):
    a, b = found["a"], found["b"]
    axes = "; ".join(f"{name}: {', '.join(values)}" for name, values in zip((a, b), found["axes"]))
    sizes = found["size"]
    return "\n".join([
        f"{a} and {b} ({axes})",
        "", f"Options that differ: {len(found['options'])}",
        *("  " + line for line in table.plain([("", a, b), *found["options"]]).splitlines() if found["options"]),
        "", f"Files compiled: {found['files']['a']} and {found['files']['b']}, of {found['lines'][0]} and {found['lines'][1]} lines",
        *(f"  in files that only {name} has: {lines} lines" for name, lines in zip((a, b), found["lines_only"]) if lines),
        *_only(found["files"], a, b, True),
        "", f"Functions and variables that files offer to others: {found['symbols']['a']} and {found['symbols']['b']}",
        *_only(found["symbols"], a, b, everything),
        "", "Bytes: " + ", ".join(f"{part} {sizes[0][part]} and {sizes[1][part]} ({sizes[1][part] - sizes[0][part]:+d})"
                                  for part in ("text", "data", "bss", "file")),
        "", "Of the kernel's half, the page table that is loaded while an application runs maps", *_tables(found),
        "", "What an attacker gains or loses (tests/attacks/expected)", *_attacks(found),
        "", "What it costs, in instructions (orchard ladder)", *_cost(found)])


def main(options):
    for name in options.kernels:
        kernels.check_name(name)
        if name in kernels.LINUXES:
            raise ToolError(f"{name}: only kernels of this tree can be explained")
    if options.kernels[0] == options.kernels[1]:
        raise ToolError("explain: two different kernels")
    bench.build()
    pair = [kernels.prepare(name) for name in options.kernels]
    found = document(options, pair, options.rows.split(",") if options.rows else counting.ROWS)
    as_json = json.dumps(found, indent=1)
    if options.json == "-":
        print(as_json)
        return 0
    if options.json:
        Path(options.json).write_text(as_json + "\n", encoding="utf-8")
    print(text(found, options.verbose))
    return 0
