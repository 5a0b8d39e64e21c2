#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The ladder on real kernels: the parts of each row add up to what the guest's clock measured, and are what the kernel's code
# says: how many instructions stand before the dispatch is counted in the disassembly too, which knows nothing of line tables.
. "$(dirname "$0")/../lib.sh"

# Two kernels are enough to see both gates.
[ -n "${KERNELS_GIVEN-}" ] || KERNELS="sas multi"
case " $KERNELS " in
*" host "* | *" linux"*) skip "divides our kernels" ladder; done_testing ;;
esac
rows=null-call,read,fault-zero,pipe-threads

"$orchard" ladder $KERNELS --rows "$rows" --runs 1 --json="$work/json" >"$work/out" 2>"$work/err" </dev/null
status=$?
is_status 0 "$rows: the parts are the whole, and the steps close" || explain "$work/out" 60

# what KERNEL CHECK...: each an expression over this kernel's cells, by row.
parts_hold() {
	/usr/bin/python3 - "$work/json" "$(built "$1")/orchard.elf" "$1" <<-'END' >"$work/held" 2>&1
		import json, re, subprocess, sys
		found, image, name = json.load(open(sys.argv[1])), sys.argv[2], sys.argv[3]
		at = [rung["kernel"] for rung in found["rungs"]].index(name)
		cells = {row["row"]: row["kernels"][at] for row in found["rows"]}
		part = lambda row, which, what=0: round(cells[row]["parts"][which][what], 2)
		code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "--disassemble=gate_syscall", image],
		                      capture_output=True, text=True, check=True).stdout
		gate = [line.split("\t")[1] for line in code.splitlines() if re.match(r"\s*[0-9a-f]+:\t", line)]
		first = next(i for i, insn in enumerate(gate) if insn.startswith("lea ") or insn.startswith("xor "))
		before = [insn for insn in gate[:first] if not re.match(r"mov\s+(%rsp,%gs:|%gs:\S+,%rsp)", insn)]
		pushes = sum(insn.startswith("push") for insn in before)
		for what, got, want in [
		    ("instructions of a null call's entry", part("null-call", "entry"), len(before)),
		    ("its references: the pushes, and what one of them reads", part("null-call", "entry", 1), pushes + 1),
		    ("a null call's user copies", part("null-call", "copy"), 0),
		    ("its table switches", part("null-call", "table"), 0),
		    ("a read's entry is a null call's", part("read", "entry"), len(before)),
		    ("a read's exit is a null call's", part("read", "exit"), part("null-call", "exit"))]:
		    print("ok" if abs(got - want) <= 0.02 * max(1, want) else "not ok", what, got, want)
		for row, which in [("null-call", "dispatch"), ("null-call", "stack"), ("null-call", "exit"), ("null-call", "work"),
		                   ("read", "copy"), ("fault-zero", "entry"), ("fault-zero", "exit"), ("pipe-threads", "stack")]:
		    print("ok" if part(row, which) >= 1 else "not ok", row, which, part(row, which))
	END
	grep -q '^ok' "$work/held" && ! grep -qv '^ok' "$work/held"
	check $? "$1: the parts are what the code says" || explain "$work/held" 30
}
for kernel in $KERNELS; do
	parts_hold "$kernel"
done

# What is kept is what was counted.
"$orchard" ladder ${KERNELS%% *} --rows "$rows" --runs 1 --json="$work/again" >/dev/null 2>"$work/err" </dev/null
/usr/bin/python3 - "$work/json" "$work/again" <<-'END' >"$work/held" 2>&1
	import json, sys
	first, second = ([{key: row["kernels"][0].get(key) for key in ("clock", "parts")} for row in json.load(open(path))["rows"]]
	                 for path in sys.argv[1:])
	sys.exit(first != second)
END
check $? "counts are kept, and the same" || explain "$work/held"

"$orchard" ladder multi --rows no-such-row >"$work/out" 2>"$work/err" </dev/null
status=$?
is_status 125 "a row that is none"
grep -q "no such row: no-such-row" "$work/err"
check $? "is named" || explain "$work/err"

# explain, on a neighbour that needs no kernel of its own.
case " $KERNELS " in
*" sas "*"multi "*)
	"$orchard" explain sas multi --rows "$rows" --json="$work/json" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	is_status 0 "explain sas multi" || explain "$work/out"
	for words in 'MODEL_SAS +y +n' 'only sas: .*isolation/gate_ring0.c' 'only multi: .*isolation/gate_ring3.c' \
		'read-kernel-data: leaks on sas .* contained on multi' 'all memory .*MiB .*MiB' 'open to it +all of it +nothing' \
		'it runs in ring +0 +3' 'null-call +[0-9.]+ +[0-9.]+ +[+-][0-9.]+ +closes'; do
		tr '\n' ' ' <"$work/out" | grep -qE -e "$words" || grep -qE -e "$words" "$work/out"
		check $? "explain: $words" || explain "$work/out" 60
	done
	;;
esac
done_testing
