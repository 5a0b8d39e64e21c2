#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Identifiers in the TLB, where the CPU has none, as under TCG: nothing is different, and it is said. What is decided with them is
# tested in tests/host/pcid, on processors of software that have them.
. "$(dirname "$0")/rung.sh"

# without MODEL FRAGMENTS
without() {
	rung_kernel "$1" "$2"
	boots --cpus 4
	says "^pcid: not supported by this CPU\$"
	published "pcid missing, the CPU lacks it"
	self_tests pcid_ 4
}

for model in $(models multi ${full:+ring0proc}); do
	without "$model" pcid
	for program in tests/tlb tests/proc; do
		run "$kernel" 4 "$program" </dev/null
		is_status 0 "$label: $program"
	done
	rung_kernel "$model" pcid+required
	run "$kernel" 1 hello </dev/null
	is_status 70 "$label: does not boot on a CPU without it"
	says "^cannot go on: pcid: not supported by this CPU, and this kernel requires it"
done
for model in $(models multi split ${full:+sasos}); do
	without "$model" pti+pcid
done
done_testing
