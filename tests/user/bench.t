#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The built-in benchmark runs to its end, and refuses exactly the rows a kernel has declared; and where instructions are
# counted, two runs of it print the same digits, and those are instructions.
. "$(dirname "$0")/../lib.sh"

# Rows of processes by what they need: any at all, or fork.
spawning="pipe-processes ctx-proc-2/0K ctx-proc-2/16K ctx-proc-2/64K ctx-proc-8/0K ctx-proc-8/16K ctx-proc-8/64K
	ctx-proc-16/0K ctx-proc-16/16K ctx-proc-16/64K vfork-exec posix-spawn bw-pipe-procs"
forking="fork-exit fork-exec"
# epoll is not declared anywhere: whether a kernel has it is asked of its table of calls.
grep -q '[[:space:]]epoll_create1[[:space:]]' "$top/abi/linux/syscall.tbl" && epoll= || epoll="epoll-10 epoll-100"

rows_refused() {
	case $1 in
	sas | split) echo $epoll $spawning $forking ;;
	tasks | sasos) echo $epoll $forking ;;
	linux | host) ;;
	*) echo $epoll ;;
	esac
}

# What the benchmark says on stdout on kernel $1.
rows_expected() {
	refused=" $(rows_refused "$1") "
	for row in null-call read write stat fstat open-close yield select-10 select-100 poll-10 poll-100 epoll-10 \
		epoll-100 signal-install signal-deliver protection-fault mmap-munmap mprotect fault-zero fault-file \
		fault-cow pipe-self pipe-threads pipe-processes futex-threads \
		ctx-thr-2/0K ctx-thr-2/16K ctx-thr-2/64K ctx-thr-8/0K ctx-thr-8/16K ctx-thr-8/64K \
		ctx-thr-16/0K ctx-thr-16/16K ctx-thr-16/64K ctx-proc-2/0K ctx-proc-2/16K ctx-proc-2/64K \
		ctx-proc-8/0K ctx-proc-8/16K ctx-proc-8/64K ctx-proc-16/0K ctx-proc-16/16K ctx-proc-16/64K \
		thread-create fork-exit fork-exec vfork-exec posix-spawn create-delete-0K create-delete-4K \
		bw-pipe-threads bw-pipe-procs bw-mem-read bw-mem-write bw-mem-copy; do
		case $refused in
		*" $row "*) printf '%-16s refused: ENOSYS\n' "$row" ;;
		*) printf '%-16s ok\n' "$row" ;;
		esac
	done
}

# By the clock, on two CPUs: on two of the kernels, with CHECK=full on all.
timed=$KERNELS
if [ "${CHECK-}" != full ]; then
	[ -n "${CPUS_GIVEN-}" ] || CPUS=2
	[ -n "${KERNELS_GIVEN-}" ] || timed="${KERNELS%% *} ${KERNELS##* }"
fi
for kernel in $timed; do
	for cpus in $CPUS; do
		run "$kernel" "$cpus" bench -m 5 </dev/null
		is_status 0 "$kernel, $cpus CPUs: the benchmark ends"
		is_output "$(rows_expected "$kernel")" "$kernel, $cpus CPUs: its rows"
	done
done

# Two counted runs of one kernel, with its rows. By `compare`, because it lets nothing in while the program runs.
counted_alike() {
	"$orchard" compare "$1" --icount --runs 2 --timeout "$TIMEOUT" --json="$work/json" -- "$build/user/bench" -x \
		>/dev/null 2>"$work/err" &&
		/usr/bin/python3 -c '
import json, sys
first, second = json.load(open(sys.argv[1]))["kernels"][0]["runs"]
keys = ["status", "boot_ns", "stdout_sha256", "stderr_bytes", "stderr_sha256"]
for key in keys:
    if first[key] != second[key]:
        print(f"{key}: {first[key]} and {second[key]}", file=sys.stderr)
if first["stdout_sha256"] != sys.argv[2]:
    print("not the rows that are expected", file=sys.stderr)
    sys.exit(1)
sys.exit(first["status"] != 0 or first["stderr_bytes"] < 4000 or any(first[key] != second[key] for key in keys))
' "$work/json" "$(rows_expected "$1" | sha256sum | cut -d' ' -f1)" 2>>"$work/err"
}

for kernel in $KERNELS; do
	case $kernel in
	host | linux*) continue ;; # not ours to promise
	esac
	counted_alike "$kernel"
	check $? "$kernel: two counted runs are equal to the digit, in the rows that it has" || explain "$work/err"
	# Two runs that count by the host's clock may be alike by luck: an instruction is a nanosecond, but for an interrupt or two.
	run_options=--icount
	run "$kernel" 1 tests/count </dev/null
	run_options=
	read -r instructions ns <"$work/out" && [ "$ns" -ge "$instructions" ] && [ "$ns" -le $((instructions + instructions / 100)) ]
	check $? "$kernel: what was counted is instructions" || explain "$work/out"
done
done_testing
