#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Clocks, sleeps, CPUs; and that what the machine says of its idle time is the time in which all CPUs slept: then the rest, counted,
# is instructions, on one CPU and on four.
. "$(dirname "$0")/../lib.sh"

# works KERNEL CPUS: instructions of `sleep 0.2` under --icount.
works() {
	"$orchard" run "$1" --icount --cpus "$2" --timeout "$TIMEOUT" --json="$work/json" -- /bin/busybox sleep 0.2 >"$work/out" 2>"$work/err" \
		</dev/null && sed 's/.*"run_ns": \([0-9]*\), "idle_ns": \([0-9]*\).*/\1 \2/' "$work/json" | awk '{ print $1 - $2 }'
}
for kernel in $(printf '%s\n' $KERNELS | grep -xE 'sas|multi'); do
	one=$(works "$kernel" 1)
	four=$(works "$kernel" 4)
	[ "${one:-0}" -gt 0 ] && [ "${four:-0}" -gt "$((one * 9 / 10))" ] && [ "${four:-0}" -lt "$((one * 3 / 2))" ]
	check $? "$kernel: a sleeping program's instructions are not many more on four CPUs" || echo "#   $one on one, $four on four"
done
on_every_kernel tests/time
