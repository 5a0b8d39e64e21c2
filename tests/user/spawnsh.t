#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A shell without fork runs eight programs: pipes, background jobs, wait, kill, three alive at once.
# With one process it must say that it cannot.
. "$(dirname "$0")/../lib.sh"

tools="cat seq wc sleep sort upper nl primes psx exitwith killself"
here=$top/tests/user
run_options="--add $here/pipelines.sh:/pipelines.sh"
for tool in $tools; do
	run_options="$run_options --add $build/user/$tool:/bin/$tool"
done

# shell KERNEL CPUS ARG...: spawnsh with its tools in PATH.
shell() {
	case $1 in
	host) script=$here/pipelines.sh path=$build/user ;;
	*) script=/pipelines.sh path=/bin ;;
	esac
	shell_kernel=$1 shell_cpus=$2
	shift 2
	[ "$1" != SCRIPT ] || set -- "$script"
	set -- "$shell_kernel" "$shell_cpus" spawnsh "$@"
	if [ "$shell_kernel" = host ]; then
		saved=$PATH PATH=$path:$PATH
		run "$@" </dev/null
		PATH=$saved
	else
		base_options=$run_options run_options="$run_options --env PATH=$path"
		run "$@" </dev/null
		run_options=$base_options
	fi
}

for kernel in $KERNELS; do
	for cpus in $CPUS; do
		where="$kernel, $cpus CPUs"
		if has_processes "$kernel"; then
			shell "$kernel" "$cpus" SCRIPT
			is_status 42 "$where: the script's own status"
			is_output "$(cat "$here/pipelines.out")" "$where: pipelines, jobs, kill"
			shell "$kernel" "$cpus" -c 'seq 3 | no-such | wc -l; exit $?'
			is_status 0 "$where: a missing program in a pipeline harms nobody"
		else
			shell "$kernel" "$cpus" -c 'echo alone; seq 3'
			is_status 126 "$where: a command is refused"
			is_output alone "$where: builtins work"
		fi
	done
done
done_testing
