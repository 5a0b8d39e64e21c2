#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A program's end arrives whole: all 256 statuses, signals as 128+N, 124 for a time-out, 70 when the
# machine ends without the program's status. STEP=N tries each Nth status on the first kernel
# (32; with CHECK=full all).
. "$(dirname "$0")/../lib.sh"

first=${KERNELS%% *}
[ "${CHECK-}" = full ] && full=1 every=1 || full='' every=32
wrong=
for want in $(seq 0 "${STEP:-$every}" 255); do
	run "$first" 1 exitwith "$want" </dev/null
	[ "$status" = "$want" ] || wrong="$wrong $want:$status"
done
[ -z "$wrong" ]
check $? "$first: all exit statuses arrive" || echo "#   wanted:got$wrong"

# Not the tool's but the program's, also when there is nowhere to say anything.
for fd in 1 2; do
	eval "\"\$orchard\" run \"\$first\" --timeout 120 -- \"\$build/user/exitwith\" 7 <&- >/dev/null 2>/dev/null $fd>&-"
	[ $? = 7 ]
	check $? "$first: exit status 7 with descriptors 0 and $fd closed"
done

for kernel in $KERNELS; do
	for want in 0 ${full:+70 124} 125 255; do
		run "$kernel" 2 exitwith "$want" </dev/null
		is_status "$want" "$kernel: exit status $want"
	done
	for signal in ${full:+6} 9 11 ${full:+15}; do
		run "$kernel" 2 killself "$signal" </dev/null 2>/dev/null
		is_status $((128 + signal)) "$kernel: killed by signal $signal"
	done
	if [ -n "$full" ] || [ "$kernel" = "$first" ]; then
		TIMEOUT=2
		run "$kernel" 1 sleep 100 </dev/null
		is_status 124 "$kernel: a time-out is 124"
		TIMEOUT=120
	fi
	case $kernel in
	sas | tasks | ring0proc) want=70 ;;
	*) want=139 ;;
	esac
	run "$kernel" 1 crash </dev/null
	is_status $want "$kernel: an attack on the machine is $want"
done
done_testing
