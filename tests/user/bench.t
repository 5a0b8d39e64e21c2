#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The built-in benchmark runs to its end, and refuses exactly the rows a kernel has declared.
. "$(dirname "$0")/../lib.sh"

rows_refused() {
	case $1 in
	sas | split) echo "fork-exit vfork-exec" ;;
	tasks | sasos) echo "fork-exit" ;;
	esac
}

# What the benchmark says on stdout on kernel $1.
rows_expected() {
	refused=" $(rows_refused "$1") "
	for row in null-call write-null read-zero-4k open-close stat pipe-self mmap-munmap \
		page-fault mprotect signal-self segv-handled yield futex-ping-pong \
		pipe-ping-pong thread-create-join fork-exit vfork-exec; do
		case $refused in
		*" $row "*) printf '%-20s refused: ENOSYS\n' "$row" ;;
		*) printf '%-20s ok\n' "$row" ;;
		esac
	done
}

for kernel in $KERNELS; do
	for cpus in $CPUS; do
		run "$kernel" "$cpus" bench -m 20 </dev/null
		is_status 0 "$kernel, $cpus CPUs: the benchmark ends"
		is_output "$(rows_expected "$kernel")" "$kernel, $cpus CPUs: its rows"
	done
done
done_testing
