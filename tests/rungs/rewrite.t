#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The rewritten gate: calls through it, what page zero stops, strange numbers, what keeps its instruction (tests/rungs/rewrite.c);
# its counts, its price, its sidecar when that is wrong, and the CPU without protection keys.
. "$(dirname "$0")/rung.sh"

program=$build/user/rungs/rewrite

# The line of /proc/orchard about this program is what the tool says of the file.
counts() {
	"$orchard" rewrite --json "$program" >"$work/json"
	want=$(python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))
print("rewrite: sha256", found["sha256"], "rewritten", found["rewritten"], "kept", found["kept"])' "$work/json")
	run_options="--add $program:/bin/rewrite"
	run "$kernel" 1 /bin/busybox cat /proc/orchard </dev/null
	run_options=
	grep -qx "$want" "$work/out"
	check $? "$label: /proc/orchard has both counts of the file as it is" || grep '^rewrite' "$work/out" | sed 's/^/#   /'
	grep -qx "rewrite: sled 464 bytes, page zero execute-only" "$work/out"
	check $? "$label: and the sled's length" || grep '^rewrite' "$work/out" | sed 's/^/#   /'
}

# At most 40 instructions from the call to its return: exact, by --icount.
price() {
	run_options=--icount
	run "$kernel" 1 rungs/rewrite count </dev/null
	run_options=
	echo "# $label: a null call is $(cat "$work/out") instructions"
	awk '{ exit !($1 > 10 && $1 <= 40) }' "$work/out"
	check $? "$label: a null call is at most 40 instructions" || explain "$work/err"
}

# spoilt NAME SED PATTERN: with a sidecar that is changed so, the kernel says PATTERN, and rewrites nothing.
spoilt() {
	sed "$2" "$sidecar" >"$work/spoilt"
	cp "$sidecar" "$work/whole"
	cp "$work/spoilt" "$sidecar"
	tap_run "$kernel" 1 rungs/rewrite plain
	[ -z "$3" ] || says "$3"
	cp "$work/whole" "$sidecar"
}

for model in $(models sas tasks ring0proc); do
	rung_kernel "$model" rewrite
	tap_run "$kernel" 1 rungs/rewrite
	tap_run "$kernel" 4 rungs/rewrite
	price
	[ "$model" != ring0proc ] || tap_run "$kernel" 4 rungs/rewrite fork
	if [ "$model" = sas ] || [ -n "$full" ]; then
		for tested in tests/redzone tests/sig tests/threads posix/restart; do
			run "$kernel" 4 "$tested" </dev/null
			is_status 0 "$label: $tested"
		done
	fi
	[ "$model" = sas ] || continue
	published "rewrite on"
	counts

	ORCHARD_CACHE=$work/cache
	export ORCHARD_CACHE
	boots
	run "$kernel" 1 rungs/rewrite plain </dev/null # makes its sidecar
	sidecar=$(grep -l "^file $(sha256sum <"$program" | cut -d' ' -f1) " "$work/cache/sites"/*)
	spoilt "no such file" 's/^file ../file 00/' ''
	spoilt "damaged" '2s/$/x/' 'rewrite: sites: an offset is no number, or one is missing: no system call is rewritten'
	spoilt "not a syscall" '2s/.*/0/' 'rewrite: no `syscall` of the program.s at 0 of the file: none of its is rewritten'
	unset ORCHARD_CACHE

	run_options="--cpu max,-pks"
	run "$kernel" 1 hello </dev/null
	is_status 70 "$label: does not boot without protection keys"
	says "^cannot go on: rewrite: this CPU has no protection keys for supervisor pages"
	run_options="--cpu max,-pks --append unsafe_null=1"
	run "$kernel" 1 rungs/rewrite null </dev/null
	is_output eb "$label: unsafe_null=1: a null load reads the sled"
	run_options=
	run "$kernel" 1 rungs/rewrite null </dev/null
	is_status 139 "$label: with the keys it does not"
done

# What exec reads of the sidecar is there until nobody execs any more, and is counted then: the compiler's checks see who is late.
# It takes a CPU for the end and one for the exec, and a kernel of its own: not in every make check.
if [ -n "$full$KERNELS_GIVEN" ]; then
	for model in $(models ring0proc); do
		rung_kernel "$model" sanitize+rewrite
		for cpus in 2 4 4; do
			run "$kernel" "$cpus" rungs/rewrite orphan </dev/null
			is_status 0 "$label, $cpus CPUs: an orphan that execs while the kernel ends"
		done
	done
fi
done_testing
