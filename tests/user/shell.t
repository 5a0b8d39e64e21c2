#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Debian's own busybox and bash, as they are. Everywhere: busybox runs. Where there is fork: a script with pipelines,
# background jobs, signals and substitutions prints what it prints on Linux (shell.out); elsewhere fork is refused.
. "$(dirname "$0")/../lib.sh"

here=$top/tests/user

for kernel in $KERNELS; do
	[ "$kernel" != host ] || continue
	run "$kernel" 1 /bin/busybox uname -m </dev/null
	is_output x86_64 "$kernel: busybox uname"
	is_status 0 "$kernel: its status"
	for cpus in $CPUS; do
		where="$kernel, $cpus CPUs"
		run_options="--add $here/shell.sh:/shell.sh"
		run "$kernel" "$cpus" /bin/busybox sh /shell.sh </dev/null
		case $kernel in
		multi | ring0proc | linux)
			is_output "$(cat "$here/shell.out")" "$where: busybox sh"
			is_status 42 "$where: its status"
			run_options="$run_options --add /bin/bash-static"
			run "$kernel" "$cpus" /bin/busybox sh -c "exec /bin/bash-static /shell.sh" </dev/null
			is_output "$(cat "$here/shell.out")" "$where: bash"
			is_status 42 "$where: its status"
			run "$kernel" "$cpus" /bin/busybox sh -c 'exec /bin/bash-static -c "$1"' sh '
				mapfile -t lines < <(seq 3); echo "${lines[*]}"
				echo in | cat /dev/stdin; echo out >/dev/stdout; { echo err >/dev/stderr; } 2>&1 | cat
				ls -l /dev/fd /dev/std* | sed "s/.* \(.dev.* -> \)/\1/"' </dev/null
			is_output "1 2 3
in
out
err
/dev/fd -> /proc/self/fd
/dev/stderr -> /proc/self/fd/2
/dev/stdin -> /proc/self/fd/0
/dev/stdout -> /proc/self/fd/1" "$where: bash and the files of /dev for descriptors"
			;;
		*)
			grep -q 'fork: ENOSYS' "$work/err"
			check $? "$where: fork is refused, loudly"
			;;
		esac
		run_options=
	done
done
done_testing
