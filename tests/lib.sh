# SPDX-License-Identifier: BSD-2-Clause
# For the .t scripts: TAP from sh, and running a program on every kernel.
#
#   . "$(dirname "$0")/../lib.sh"
#   on_every_kernel tests/mm            one subtest for each kernel and number of CPUs
#   run KERNEL CPUS PROGRAM [ARG...]    $status, $work/out, $work/err
#   is_status 0 "name"; is_output "text" "name"; in_order FILE "name" PATTERN...; done_testing
#
# KERNELS names the kernels (all six), CPUS the numbers of CPUs (1 4), LINUX=1 adds linux, TIMEOUT
# is the seconds a run may take (120), RUNS how often each is done (1), PREEMPT the seeds (1..20, or "3 5") of
# preemptions with which each is done, O the build folder, ORCHARD the tool, MACHINE what QEMU shall be (q35). The kernel called
# `host` is this machine itself, without QEMU: how the programs are checked against the Linux they are written for.

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${O:-$top/build}
KERNELS_GIVEN=${KERNELS-}
KERNELS=${KERNELS-sas split tasks sasos ring0proc multi}
[ -z "${LINUX-}" ] || KERNELS="$KERNELS linux"
CPUS_GIVEN=${CPUS-}
CPUS=${CPUS-1 4}
TIMEOUT=${TIMEOUT-120}
orchard=${ORCHARD-$top/tools/orchard}
case ${PREEMPT-} in
*..*) preempt_seeds=$(seq "${PREEMPT%%..*}" "${PREEMPT##*..}") ;;
*) preempt_seeds=${PREEMPT-} ;;
esac
if [ -n "$preempt_seeds" ]; then # each run is one that can be had again, on kernels that have the points (docs/races.md)
	export ORCHARD_FRAGMENT="${ORCHARD_FRAGMENT:-preempt}"
fi
preempt_seed=
tests=0
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if [ ! -x "$build/user/hello" ]; then
	echo "Bail out! $build/user/hello is missing: run make -C user"
	exit 255
fi

# check STATUS NAME: one TAP line; an explanation for a failure goes to it from stdin.
check() {
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
		return 0
	fi
	failures=$((failures + 1))
	echo "not ok $tests - $2"
	return 1
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $2 # SKIP $1"
}

done_testing() {
	echo "1..$tests"
	[ "$failures" = 0 ]
	exit
}

# The last lines of a file as TAP comments: what the guest had to say.
explain() {
	[ ! -s "$1" ] || tail -n "${2:-15}" "$1" | tr -d '\000\r' | cut -c1-200 | sed 's/^/#   /'
}

# A program by its name in the build folder, or a path with a leading / or ./.
program() {
	case $1 in
	/* | ./*) echo "$1" ;;
	*) echo "$build/user/$1" ;;
	esac
}

# Where a kernel of that name was built, with the fragment that all are built with, if any.
built() {
	echo "$build/$1${ORCHARD_FRAGMENT:+-$ORCHARD_FRAGMENT}"
}

# The fragment of kernels that look for trouble: debug, or the one that all are built with, if it has all that debug has.
with_checks() {
	case ${ORCHARD_FRAGMENT-} in
	*sanitize*) echo "$ORCHARD_FRAGMENT" ;;
	*) echo debug ;;
	esac
}

# run KERNEL CPUS PROGRAM [ARG...], with $run_options for the tool; stdin is passed on.
run() {
	run_kernel=$1 run_cpus=$2 run_program=$(program "$3")
	shift 3
	if [ "$run_kernel" = host ]; then
		timeout "$TIMEOUT" "$run_program" "$@" >"$work/out" 2>"$work/err"
	else
		"$orchard" run "$run_kernel" --cpus "$run_cpus" --timeout "$TIMEOUT" \
			${MACHINE:+--machine $MACHINE} ${run_options-} ${preempt_seed:+--icount --append preempt=$preempt_seed} \
			-- "$run_program" "$@" >"$work/out" 2>"$work/err"
	fi
	status=$?
}

# is_status WANT NAME, for the last run.
is_status() {
	[ "$status" = "$1" ]
	check $? "$2" && return
	echo "#   status $status, want $1"
	explain "$work/err"
}

# is_output TEXT NAME: the whole stdout of the last run; a final newline does not matter.
is_output() {
	printf '%s\n' "$1" >"$work/want"
	printf '%s\n' "$(cat "$work/out")" | cmp -s - "$work/want"
	check $? "$2" && return
	diff "$work/want" "$work/out" | head -20 | sed 's/^/#   /'
	explain "$work/err"
}

# in_order FILE NAME PATTERN...: has the file a line for each pattern, in this order?
in_order() {
	order_file=$1 order_name=$2 order_line=0
	shift 2
	for pattern; do
		at=$(tail -n +$((order_line + 1)) "$order_file" | grep -nE -m 1 -e "$pattern" | cut -d: -f1)
		if [ -z "$at" ]; then
			check 1 "$order_name"
			echo "#   no such line after line $order_line: $pattern"
			explain "$order_file" 60
			return 1
		fi
		order_line=$((order_line + at))
	done
	check 0 "$order_name"
}

# Is $work/out a whole TAP stream: a plan that matches, all tests counted, none failed?
tap_is_good() {
	awk '
		/^ok [0-9]/ { seen++ }
		/^not ok/ { seen++; bad = 1 }
		/^Bail out!/ { bad = 1 }
		/^1\.\.[0-9]+/ { plans++; planned = substr($0, 4) + 0 }
		END { exit bad || plans != 1 || planned != seen || !seen }
	' "$work/out"
}

# A check may be left out only where the table of system calls says that this kernel refuses the call: "# SKIP refused CALL".
# Linux refuses nothing.
skips_are_declared() {
	[ -n "${strict_skips-}" ] || return 0
	sed -n 's/^ok .*# SKIP //p' "$work/out" | sort -u | while read -r word call rest; do
		[ "$word" = refused ] && [ -z "$rest" ] && "$top/tools/abi" --refused "$call" "$1" && continue
		echo "#   left out, and not declared in abi/linux/syscall.tbl: $word $call $rest"
		exit 1
	done
}

# tap_run KERNEL CPUS PROGRAM [ARG...]: the program writes TAP; it becomes a subtest.
tap_run() {
	tap_name="$1, $2 CPU$([ "$2" = 1 ] || echo s)${preempt_seed:+, preempt=$preempt_seed}"
	run "$@" </dev/null
	tr -d '\000\r' <"$work/out" | sed 's/^/    /'
	tap_is_good && [ "$status" = 0 ] && skips_are_declared "$1"
	check $? "$tap_name" && return
	echo "#   status $status"
	explain "$work/err"
}

# on_every_kernel PROGRAM [ARG...]: the whole of a simple .t script.
on_every_kernel() {
	for kernel in $KERNELS; do
		for cpus in $CPUS; do
			for _ in $(seq "${RUNS:-1}"); do
				for preempt_seed in ${preempt_seeds:-none}; do
					[ "$preempt_seed" != none ] || preempt_seed=
					tap_run "$kernel" "$cpus" "$@"
				done
			done
		done
	done
	done_testing
}

# posix_group NAME [OPTION...]: one group of tests/posix, on every kernel (with these options of the tool) and on Linux, which is the
# judge. Where tests/posix/judge.t is among the tests that are run (JUDGED), it has that boot for all of them.
posix_group() {
	strict_skips=1
	[ -n "${KERNELS_GIVEN-}" ] || [ -n "${JUDGED-}" ] || tap_run linux 1 "posix/$1"
	group=$1
	shift
	run_options="${run_options-} $*"
	on_every_kernel "posix/$group"
}

# In `make check`, for tests that take long: three of the six, which have each axis's two sides. Not where KERNELS were given.
three_kernels() {
	[ "${CHECK-}" = full ] || [ -n "${KERNELS_GIVEN-}" ] || KERNELS="sas sasos multi"
}

# one_kernel TEST: $kernel, for a test of the tool's: the first that was given, or multi, with the fragment in its name.
one_kernel() {
	kernel=${KERNELS_GIVEN:-multi}
	kernel=${kernel%% *}
	case $kernel in
	host | linux*) skip "an experiment of our kernels" "$1"; done_testing ;;
	esac
	kernel=$kernel${ORCHARD_FRAGMENT:++$ORCHARD_FRAGMENT}
	unset ORCHARD_FRAGMENT
}

# has_processes KERNEL: can it run more than one program?
has_processes() {
	case $1 in
	sas | split) false ;;
	*) true ;;
	esac
}
