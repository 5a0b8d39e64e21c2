#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The model of parallel time on a real kernel, where its answer is known: calls that share nothing are four times as many on four
# CPUs, a counter that all add to is as fast as its line can move. (Closed-form cases without a kernel: tests/host/tool/model.t.)
. "$(dirname "$0")/../lib.sh"

kernel=multi+draft
[ "${ORCHARD_FRAGMENT-}" != draft ] || unset ORCHARD_FRAGMENT
if [ -n "${ORCHARD_FRAGMENT-}" ] || [ "${KERNELS_GIVEN-multi}" = host ]; then
	skip "of a kernel without checks" model
	done_testing
fi

# model CPUS PROGRAM [ARG...]
model() {
	model_cpus=$1 model_program=$(program "$2")
	shift 2
	"$orchard" model "$kernel" --cpus "$model_cpus" --timeout "$TIMEOUT" ${option-} -- "$model_program" "$@" >"$work/out" 2>"$work/err" \
		</dev/null
	status=$?
}

# is_near NAME WANT [PERCENT]: operations in a thousand instruction times, within 2 %.
is_near() {
	found=$(sed -n 's/.*: \([0-9.]*\) in a thousand.*/\1/p' "$work/out")
	awk -v found="${found:-0}" -v want="$2" -v within="${3:-2}" \
		'BEGIN { exit !(found > (1 - within / 100) * want && found < (1 + within / 100) * want) }'
	check $? "$1" && return
	echo "#   $found in a thousand, want $2"
	explain "$work/out"
	explain "$work/err"
}

ORCHARD_FRAGMENT=draft "$orchard" run multi --icount --timeout "$TIMEOUT" -- "$(program scale)" -c pipe -n 1 -p -r 200 >"$work/out" 2>"$work/err" \
	</dev/null
unmarked=$(awk '/^ns / { print 200 * 1000 / $2 }' "$work/out")
model 1 scale -c pipe -n 1 -p -r 200
is_near "the marks of locks take no time" "${unmarked:-0}" 0.5
model 1 scale -c getpid -n 1 -p -r 200
alone=$(sed -n 's/.*: \([0-9.]*\) in a thousand.*/\1/p' "$work/out")
model 4 scale -c getpid -n 4 -p -r 200
is_near "four CPUs make four times the calls that share nothing" "$(awk -v one="${alone:-0}" 'BEGIN { print 4 * one }')"
option="--quantum 1"
model 4 scale -c getpid -n 4 -p -r 200
is_near "also when they take turns every thousand instructions" "$(awk -v one="${alone:-0}" 'BEGIN { print 4 * one }')"
option=
model 4 scale -c counter -n 4 -p -r 500
is_near "a counter of all: one operation for each move of its line" 10
grep -q "^line [0-9a-f]* *9[89]\..* the program$" "$work/out"
check $? "the line is named, and whose it is" || explain "$work/out"
cp "$work/out" "$work/before"
model 4 scale -c counter -n 4 -p -r 500
cmp -s "$work/out" "$work/before"
check $? "the same again" || explain "$work/out"
option="--cost line=20"
model 4 scale -c counter -n 4 -p -r 500
is_near "a line that moves in a fifth of the time" 50
option=
model 1 hello
is_status 125 "a program without a window is refused"
grep -q "the program opened no window" "$work/err"
check $? "which says why" || explain "$work/err"
"$orchard" model linux -- "$build/user/hello" 2>"$work/err" >"$work/out"
grep -q "^orchard: linux.*: .*marks" "$work/err"
check $? "so is Linux, which has no marks" || explain "$work/err"
done_testing
