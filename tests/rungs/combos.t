#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Rungs together: on multi and sas a few combinations in which every two meet (tests/rungs/pairs), and one by a seed, on a kernel by
# the same seed (SEED repeats it). With CHECK=full also every rung alone on each kernel that can have it, and every two of them, and
# no other, on multi and sas. In the small check, where these kernels are compiled for nothing else, multi has queued spinlocks and
# the others have MCS; all other tests run with tickets, and tests/rungs/locks.t with each kind.
[ "${CHECK-}" = full ] || hurry=draft
. "$(dirname "$0")/rung.sh"

IN_BOTH="wx aslr kaslr canary"
IN_RING0="rewrite pks"
IN_RING3="smep smap umip pti mitigations retpoline pku"
IN_PRIVATE="pcid" # of a shared space only with pti, which its fragment does not bring along: tests/rungs/pcid.t

rungs_of() {
	case $1 in
	split) echo "$IN_BOTH $IN_RING3 linked" ;;
	sasos) echo "$IN_BOTH $IN_RING3" ;;
	multi) echo "$IN_BOTH $IN_RING3 ${full:+$IN_PRIVATE}" ;; # no CPU here has it
	sas) echo "wx aslr kaslr ${full:+canary} $IN_RING0 leaf linked" ;; # each flag for all files is all files anew
	tasks) echo "$IN_BOTH $IN_RING0 leaf" ;;
	*) echo "$IN_BOTH $IN_RING0 $IN_PRIVATE" ;;
	esac
}

kind_of() {
	[ -n "$full" ] || case $1 in
	multi) echo queued ;;
	*) echo mcs ;;
	esac
}

# all_on FRAGMENT+...: what /proc/orchard says of each of them; of identifiers for the TLB it may be that the CPU has none.
all_on() {
	run "$kernel" 4 /bin/busybox cat /proc/orchard </dev/null
	for rung in $(echo "$1" | tr + ' '); do
		grep -qE "^rung: $rung on|^rung: pcid missing" "$work/out" || echo "$rung"
	done >"$work/not"
	grep -q "^locks: spinlock=${kind:-ticket} " "$work/out" || echo "${kind:-ticket}" >>"$work/not"
	[ ! -s "$work/not" ]
	check $? "$label: all are on" || sed 's/^/#   not on: /' "$work/not"
}

threaded=
# tries MODEL FRAGMENTS: builds, boots; with CHECK=full it also tests itself.
tries() {
	kind=$(kind_of "$1")
	rung_kernel "$1" "$2${kind:++$kind}"
	case $2 in
	*linked*) boots --cpus 4 ;; # no /proc
	*)
		all_on "$2"
		[ -n "$full" ] || [ "$threaded" = "$1" ] || {
			threaded=$1 # once on each kernel, for the spinlocks' sake
			# Two CPUs: those that wait in order wait for ever where the host has not one for each.
			run "$kernel" 2 tests/threads </dev/null
			is_status 0 "$label: threads"
		}
		;;
	esac
	[ -z "$full" ] || self_tests kernel_is_w_xor_x 4
}

NEVER="linked+rewrite leaf+rewrite leaf+pks pks+rewrite" # Kconfig says why not

for model in $(models multi sas); do
	# shellcheck disable=SC2046,SC2086
	pairs=$("$top/tests/rungs/pairs" $(rungs_of "$model") without $NEVER)
	[ "$(echo "$pairs" | wc -l)" -ge 6 ]
	check $? "$model: there are combinations"
	for fragments in $pairs; do
		tries "$model" "$fragments"
	done
done

# The same in each `make check`, so that a verdict repeats.
seed=${SEED-$([ "${CHECK-}" = full ] && date +%s || echo 3)}
echo "# SEED=$seed"
combination=$(awk -v seed="$seed" -v kernels="$KERNELS" -v both="$IN_BOTH" -v three="$IN_RING3" -v zero="$IN_RING0" 'BEGIN {
	srand(seed)
	model = "linux"
	n = split(kernels, all, " ")
	while (n && model !~ /^(sas|split|tasks|sasos|ring0proc|multi)$/ && tries++ < 1000)
		model = all[1 + int(rand() * n)]
	n = split(both (model ~ /^(split|sasos|multi)$/ ? " " three : " " zero), rung, " ")
	while (!text)
		for (i = 1; i <= n; i++)
			if (rand() < 0.5 && !(rung[i] == "pks" && text ~ /rewrite/)) # Kconfig says why not
				text = text (text ? "+" : "") rung[i]
	if (model != "linux" && model != "host")
		print model, text
}')
if [ -z "$combination" ]; then
	skip "needs our kernels" combination
	done_testing
fi
# shellcheck disable=SC2086
tries $combination

if [ "${CHECK-}" = full ]; then
	for model in $(models sas split tasks sasos ring0proc multi); do
		for one in $(rungs_of "$model"); do
			tries "$model" "$one"
		done
	done
	for model in $(models multi sas); do
		for one in $(rungs_of "$model"); do
			for other in $(rungs_of "$model"); do
				[ "$one" '<' "$other" ] || continue
				case " $NEVER " in
				*" $one+$other "*) continue ;;
				esac
				tries "$model" "$one+$other"
			done
		done
	done
fi
done_testing
