# SPDX-License-Identifier: BSD-2-Clause
# For the tests of rungs: kernels with a rung turned on, made when they are asked for.
#
#   . "$(dirname "$0")/rung.sh"
#   rung_kernel multi smap         $kernel is multi with configs/smap.config behind it, for run() of ../lib.sh
#   published "smap on"            /proc/orchard of the kernel says so
#   self_tests smap [CPUS [OPTION]] its KTESTs are green, and some of that name are among them
#   crash NAME; says PATTERN...    a kernel that is broken on purpose, and what its console said
#
# All share two folders for each model, one of them for the rungs that change how everything is compiled, so that from one rung to
# the next only what mentions its option is compiled; so these tests run one at a time. KERNELS chooses the models: where none of
# a test's own is among them, nothing is tested.
TIMEOUT=${TIMEOUT-60}
. "$(dirname "$0")/../lib.sh"

full=
[ "${CHECK-}" != full ] || full=1
mkdir -p "$build"
exec 9>"$build/rungs.lock"
flock 9

# models NAME...: those that are to be tested, of those that can have the rung.
models() {
	for model; do
		case " $KERNELS " in
		*" $model "*) echo "$model" ;;
		esac
	done
}

# rung_kernel MODEL FRAGMENT[+FRAGMENT...]. With hurry=draft it is compiled faster, and has no self-tests.
hurry=${hurry-quick}
rung_kernel() {
	case $2 in
	*canary* | *retpoline* | *hardened* | *sanitize*) folder=$build/rungs-$1-$hurry-all ;;
	*) folder=$build/rungs-$1-$hurry ;;
	esac
	make -s -C "$top" O="$folder" FRAGMENT="$hurry+$2" "$1_defconfig" >"$work/make" 2>&1 || {
		sed 's/^/# /' "$work/make"
		echo "Bail out! $1 with $2 cannot be built"
		exit 255
	}
	kernel=$folder/.config
	label="$1, $2"
}

# What the kernel said, of the last run.
console() {
	sed -n 's/^\[[^]]*\] //p' "$work/err" | tr -d '\000\r'
}

says() {
	for pattern; do
		console | grep -qE -e "$pattern"
		check $? "$label: says $pattern" || explain "$work/err" 40
	done
}

# boots [OPTION...]: with these options of the tool, hello says hello.
boots() {
	run_options="$*"
	run "$kernel" 1 hello </dev/null
	is_output "hello, orchard" "$label: hello${*:+, with $*}"
	is_status 0 "$label: ends with 0${*:+, with $*}"
	run_options=
}

published() {
	run_options=
	run "$kernel" 1 /bin/busybox cat /proc/orchard </dev/null
	for line; do
		grep -qx "rung: $line" "$work/out"
		check $? "$label: /proc/orchard says $line" || grep '^rung' "$work/out" | sed 's/^/#   /'
	done
}

self_tests() {
	run_options="--append ktest ${3-}"
	run "$kernel" "${2-1}" hello </dev/null
	run_options=
	console | grep -E '^(ok|not ok|1\.\.|Bail out!|# )' >"$work/out"
	grep -q "^ok [0-9]* - $1" "$work/out" && tap_is_good && [ "$status" = 70 ]
	check $? "$label: self-tests, with those of $1${3:+, with $3}" && return
	grep -E '^(not ok|#)' "$work/out"
	explain "$work/err"
}

crash() {
	run_options="--append crash=$1"
	run "$kernel" 1 hello </dev/null
	run_options=
	is_status 70 "$label: crash=$1 ends with 70"
}

# needs_cpu RUNG MODEL: without the CPU's help it is off and says so, or, where it is required, nothing boots.
needs_cpu() {
	rung_kernel "$2" "$1"
	boots --cpu "max,-$1"
	says "^$1: not supported by this CPU\$"
	rung_kernel "$2" "$1+required"
	run_options="--cpu max,-$1"
	run "$kernel" 1 hello </dev/null
	is_status 70 "$label: does not boot on a CPU without it"
	says "^cannot go on: $1: not supported by this CPU, and this kernel requires it"
	run_options=
}
