#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The same experiment here, through GNU parallel and through Slurm: the same data.csv, but for when, and how busy the host was. Slurm
# is daemons of this test's own, on this machine. With CHECK=full or KERNELS; an engine that is not installed is skipped.
. "$(dirname "$0")/../lib.sh"

if [ "${CHECK-}" != full ] && [ -z "$KERNELS_GIVEN" ]; then
	skip "an experiment three times, for CHECK=full or KERNELS=multi" engines
	done_testing
fi
one_kernel engines
paper=$work/01-engines
mkdir "$paper"
cat >"$paper/experiment.toml" <<END
question = "Is it the same everywhere?"
kernels = ["$kernel"]
metrics = ["row_instructions", "instructions", "mem_peak_kib"]
repeats = 1

[[workload]]
name = "bench"
bench = ["null-call"]

[[workload]]
name = "seq"
program = "/bin/busybox"
arguments = ["seq", "{n}"]

[sweep.arguments]
n = [10, 1000]
END

# told FILE: data.csv without when, and how busy the host was.
told() {
	/usr/bin/python3 -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1], newline="")):
    print({name: value for name, value in row.items() if name not in ("date", "host_load")})' "$paper/data.csv" >"$1"
}

# engine NAME OPTION...: the experiment anew, by that engine.
engine() {
	engine_name=$1
	shift
	"$orchard" experiment "$paper" --fresh "$@" >"$work/out" 2>"$work/err" </dev/null
	status=$?
	is_status 0 "$kernel: $engine_name"
	told "$work/$engine_name"
	[ -z "${local_told-}" ] || cmp -s "$work/local" "$work/$engine_name"
	check $? "$engine_name: $(wc -l <"$work/$engine_name") runs, as here" || diff "$work/local" "$work/$engine_name" | head -8 | sed 's/^/#   /'
}

slurm_stop() {
	for pid in "$work/slurmd.pid" "$work/ctld.pid" "$work/munge/pid"; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")"
	done
	sleep 1
}

# A cluster of this machine alone. Without systemd, control groups and accounting: slurm.conf(5).
slurm_start() {
	trap 'slurm_stop; rm -rf "$work"' EXIT
	mkdir -m 700 "$work/munge" && mkdir "$work/state" "$work/spool" || return 1
	head -c 1024 /dev/urandom >"$work/munge/key" && chmod 400 "$work/munge/key" || return 1
	port=$((20000 + $$ % 20000))
	cat >"$work/slurm.conf" <<-END
		ClusterName=test
		SlurmctldHost=$(hostname)
		AuthType=auth/munge
		AuthInfo=socket=$work/munge/socket
		SlurmUser=root
		SlurmdUser=root
		SlurmctldPort=$port
		SlurmdPort=$((port + 1))
		StateSaveLocation=$work/state
		SlurmdSpoolDir=$work/spool
		SlurmctldPidFile=$work/ctld.pid
		SlurmdPidFile=$work/slurmd.pid
		SlurmctldLogFile=$work/ctld.log
		SlurmdLogFile=$work/slurmd.log
		ProctrackType=proctrack/pgid
		TaskPlugin=task/none
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		MpiDefault=none
		SwitchType=switch/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		NodeName=$(hostname) CPUs=2 State=UNKNOWN
		PartitionName=all Nodes=$(hostname) Default=YES State=UP
	END
	export SLURM_CONF="$work/slurm.conf"
	munged --force --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
		--log-file="$work/munge/log" --seed-file="$work/munge/seed" && slurmctld && slurmd
}

engine local
local_told=1
if command -v parallel >/dev/null; then
	engine parallel --engine parallel --hosts : --jobs 2
else
	skip "no GNU parallel here" parallel
fi
if ! command -v sbatch >/dev/null || ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
	skip "no slurm-wlm and munge here" slurm
elif [ "$(id -u)" != 0 ]; then
	skip "only root may start daemons that run jobs" slurm
elif slurm_start >"$work/err" 2>&1; then
	engine slurm --engine slurm --jobs 2
else
	check 1 "Slurm's daemons start"
	cat "$work"/*.log >>"$work/err"
	explain "$work/err"
fi
rm -rf "$top/build/experiments/01-engines"
done_testing
