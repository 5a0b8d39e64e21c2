#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What a program finds on its initial stack: arguments, environment, auxiliary vector; static PIE
# and ET_EXEC.
. "$(dirname "$0")/../lib.sh"

for kernel in $KERNELS; do
	for cpus in $CPUS; do
		for program in echoargs echoargs-exec; do
			where="$kernel, $cpus CPUs, $program"
			[ "$kernel" = host ] || run_options="--env FRUIT=apple"
			FRUIT=apple
			export FRUIT
			run "$kernel" "$cpus" "$program" "two words" "" 'quo"te' </dev/null
			is_status 0 "$where: the vector is right"
			grep -qx 'argv\[1\]=two words' "$work/out" &&
				grep -qx 'argv\[2\]=' "$work/out" &&
				grep -qx 'argv\[3\]=quo"te' "$work/out"
			check $? "$where: arguments arrive as they are"
			grep -qx 'env FRUIT=apple' "$work/out"
			check $? "$where: so does the environment"
		done
	done
done
done_testing
