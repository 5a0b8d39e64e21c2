#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The request loop of papers/02-fork-or-thread: every kind of worker answers every request, where the kernel has it, and is refused
# where it has not; what cannot be is said before anything is started. Two of the kernels, with CHECK=full all.
. "$(dirname "$0")/../lib.sh"

kernels=$KERNELS
[ "${CHECK-}" = full ] || [ -n "${KERNELS_GIVEN-}" ] || kernels="sas multi"

# Does kernel $1 have workers of kind $2?
has() {
	case $2 in
	fork) case $1 in sas | split | tasks | sasos) return 1 ;; esac ;;
	spawn) case $1 in sas | split) return 1 ;; esac ;;
	esac
}

# serves KERNEL KIND WORKERS OPTION...: what it says of itself, or that it was refused.
serves() {
	kernel=$1 kind=$2 workers=$3
	shift 3
	name="$kernel: $kind $*"
	run "$kernel" 4 serve -m "$kind" -w "$workers" -r 96 "$@" </dev/null
	sed -i '/^per_.* [0-9.]*$/d; /^mode/d; /^cpus/d; /^pinned/d' "$work/out"
	if has "$kernel" "$kind"; then
		[ "$kind" != single ] || workers=0
		is_output "workers $workers
operations 96" "$name"
		is_status 0 "$name: its end"
	else
		is_output "refused: ENOSYS" "$name"
		is_status 1 "$name: its end"
	fi
}

for kernel in $kernels; do
	most=4
	[ "$kernel" != host ] || most=2
	serves "$kernel" single 1 -b 16 -s 64
	serves "$kernel" thread 6 -b 16 -p 2
	serves "$kernel" thread $most -a -p 2
	serves "$kernel" fork 6 -s 64
	serves "$kernel" fork $most -a -p 1
	serves "$kernel" fork 2 -e
	serves "$kernel" spawn $most -a -s 64
done
run "${kernels%% *}" 4 serve -m fork -a -w 5 </dev/null
is_status 2 "more workers that do not sleep than CPUs are refused"
done_testing
