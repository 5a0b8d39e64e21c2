#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An experiment on a real kernel: two cells, one of which fails; exact counts are the same again; what is there is not run again;
# a cell run by itself, as an engine does it, gives the same numbers.
. "$(dirname "$0")/../lib.sh"

one_kernel experiment
paper=$work/01-tiny
mkdir "$paper"
cat >"$paper/experiment.toml" <<END
question = "Is it the same again?"
kernels = ["$kernel"]
metrics = ["row_instructions", "instructions", "mem_peak_kib"]
repeats = 2

[[workload]]
name = "bench"
bench = ["null-call"]

[[workload]]
name = "exits"
program = "/bin/busybox"
arguments = ["{word}"]

[sweep.arguments]
word = ["true", "false"]

[[table]]
name = "calls"
rows = "kernel"
value = "row_instructions"
where = { workload = "bench" }
END
printf 'mine\n<!-- table calls -->\n<!-- end table calls -->\n' >"$paper/README.md"
# rows WHERE FIELD: that field of data.csv's rows for which the awk expression is true; f["name"] is a field.
rows() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) n[$i] = i; next }
		{ for (name in n) f[name] = $n[name] } '"$1"' { print f["'"$2"'"] }' "$paper/data.csv"
}

"$orchard" experiment "$paper" >"$work/out" 2>"$work/err" </dev/null
status=$?
is_status 1 "$kernel: an experiment with a cell that fails" || explain "$work/err"
[ "$(rows 'f["state"] == "done"' repeat | tr '\n' ' ')" = "1 1 2 2 " ] &&
	[ "$(rows 'f["state"] == "failed"' repeat | wc -l)" = 2 ]
check $? "the others are done" || explain "$paper/data.csv"
grep -q "failed: .*exits, repeat 1: exit status 1 .*\.log" "$work/err"
check $? "what failed is named, and its log" || explain "$work/err"
[ "$(rows 'f["workload"] == "bench"' row_instructions | sort -u | wc -l)" = 1 ] &&
	[ "$(rows 'f["argument:word"] == "true"' instructions | sort -u | wc -l)" = 1 ]
check $? "exact counts are the same again" || explain "$paper/data.csv"
grep -q "^| .$kernel. | [0-9.,]* |" "$paper/README.md" && grep -q ", all equal" "$paper/README.md" &&
	grep -q "^mine" "$paper/README.md"
check $? "the page has them" || explain "$paper/README.md"

cp "$paper/data.csv" "$work/before"
rows 'f["state"] == "done"' date >"$work/dates"
"$orchard" experiment "$paper" >"$work/out" 2>"$work/err" </dev/null
status=$?
is_status 1 "run again"
rows 'f["state"] == "done"' date | cmp -s "$work/dates" - && grep -q "4 of 6 runs are in data.csv already" "$work/err"
check $? "only what had failed is run" || explain "$work/err"

"$orchard" experiment "$paper" --cell 1 >"$work/out" 2>"$work/err" </dev/null
status=$?
is_status 0 "one cell" || explain "$work/err"
grep -q "\"row_instructions\": $(rows 'f["workload"] == "bench"' row_instructions | head -1)," "$work/out"
check $? "has the same count" || explain "$work/out"

rm -rf "$top/build/experiments/01-tiny"
sed 's/null-call/nil-call/' "$paper/experiment.toml" >"$work/bad" && cp "$work/bad" "$paper/experiment.toml"
"$orchard" experiment "$paper" >"$work/out" 2>"$work/err" </dev/null
status=$?
is_status 125 "a row that is none"
grep -q "experiment.toml:8: bench: 'nil-call': no such row" "$work/err"
check $? "is named with its line" || explain "$work/err"
done_testing
