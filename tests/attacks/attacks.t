#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The attack suite beside its table: every verdict the expected one, on every kernel. And the table is believed in neither
# direction: a wrong cell is status 1, be it that an attack should succeed or that it should not.
. "$(dirname "$0")/../lib.sh"

table=$top/tests/attacks/expected
"$build/user/attacks" list | sort >"$work/program"
sed -n 's/^\([a-z][^ ]*\) .*/\1/p' "$table" | sort -u | diff "$work/program" - >"$work/diff"
check $? "the program's attacks are the table's" || explain "$work/diff"

# Two of the six have every axis's two sides.
[ "${CHECK-small}" != small ] || [ -n "${KERNELS_GIVEN-}" ] || KERNELS="sas multi"
[ "${CHECK-small}" = small ] || [ -n "${KERNELS_GIVEN-}" ] || KERNELS="$KERNELS linux"
# attacked KERNEL [WHAT IT IS]
attacked() {
	"$orchard" attack "$1" --jobs "${JOBS:-2}" -v >"$work/out" 2>"$work/err"
	status=$?
	is_status 0 "$1${2-}: every attack ends as the table says"
	[ "$status" = 0 ] || grep '^differs' "$work/out" | sed 's/^/#   /'
	[ "$(grep -c "^# .* on $1: " "$work/out")" = "$(wc -l <"$work/program")" ]
	check $? "$1${2-}: each was tried"
}
for kernel in $KERNELS; do
	attacked "$kernel"
	if [ "${CHECK-small}" != small ] && [ "$kernel" != linux ] && [ -z "${ORCHARD_FRAGMENT-}" ]; then
		export ORCHARD_FRAGMENT=hardened
		attacked "$kernel" ", hardened"
		unset ORCHARD_FRAGMENT
	fi
done

# wrong ATTACK VERDICT KERNEL: with that verdict in the table, a difference. Of the kernels that are tested.
wrong() {
	case " $KERNELS " in
	*" $3 "*) ;;
	*) return ;;
	esac
	{ echo "$1 * $2 a wrong table" && cat "$table"; } >"$work/wrong"
	"$orchard" attack "$3" --only "$1" --expected "$work/wrong" >"$work/out" 2>"$work/err"
	status=$?
	is_status 1 "$1 is not $2 on $3"
	grep -q "^differs: $1 on $3: " "$work/out"
	check $? "and said to be different" || explain "$work/out"
}
wrong exec-mprotect refused multi
wrong null-read leaks multi
wrong write-kernel-data contained sas
done_testing
