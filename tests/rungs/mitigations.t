#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Entry mitigations: chosen by the CPU that QEMU pretends to be. What TCG cannot show is that they help.
. "$(dirname "$0")/rung.sh"

# chooses PATTERN OPTION...: what /proc/orchard says with these options.
chooses() {
	pattern=$1
	shift
	run_options="$*"
	run "$kernel" 1 /bin/busybox cat /proc/orchard </dev/null
	grep -q "^mitigations: $pattern" "$work/out"
	check $? "$label: ${*:-as it is}: $pattern" || grep '^mitigations' "$work/out" | sed 's/^/#   /'
	run_options=
}

for model in $(models multi); do
	rung_kernel "$model" mitigations
	boots
	published "mitigations on"
	self_tests mitigations_
	self_tests mitigations_ 1 "--cpu max,vendor=GenuineIntel"
	chooses "swapgs not affected, no fence; spectre_v2 affected, retpolines are not built in; meltdown not affected\$"
	chooses "swapgs affected, lfence; .*; meltdown affected, PTI is not built in\$" --cpu max,vendor=GenuineIntel
	run_options="--cpu max,vendor=GenuineIntel"
	tap_run "$kernel" 4 tests/sig
	run_options=
done
done_testing
