#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Damaged programs (tests/corpus/): what becomes of each is what the table says, and neither kernel nor neighbour suffers. Where
# there are many processes one program runs them all, elsewhere each is booted. A sample of them, all with CHECK=full.
. "$(dirname "$0")/../lib.sh"

corpus=$top/tests/corpus
[ "${CHECK-}" = full ] && many=1/1 few=1/1 || many=1/8 few=1/160

# corpus_run KERNEL BASE: $work/out gets a line for each case of $work/selected.
corpus_run() {
	case $1 in
	sas | split)
		"$corpus/boot.py" "$(built "$1")/orchard.elf" "$build/user/$2" "$work/selected" >"$work/out" 2>"$work/err"
		status=$?
		;;
	*)
		run_options="--add $build/user/$2:/base --add $work/selected:/list"
		run "$1" 1 tests/corpus /base /list </dev/null
		;;
	esac
}

for kernel in $KERNELS; do
	[ "$kernel" != host ] || continue
	case $kernel in
	sas) select="ring0 $few" ;;
	split) select=$few ;;
	tasks | ring0proc) select="ring0 $many" ;;
	*) select=$many ;;
	esac
	for base in hello hello-exec; do
		"$corpus/elf.py" list "$build/user/$base" >"$work/list"
		"$corpus/judge.py" select "$corpus/$base.table" "$work/list" $select >"$work/selected"
		corpus_run "$kernel" "$base"
		[ "$status" = 0 ] && [ -s "$work/selected" ] &&
			"$corpus/judge.py" judge "$corpus/$base.table" "$work/selected" "$work/out" "$kernel" >"$work/wrong"
		check $? "$kernel: $(wc -l <"$work/selected") damaged copies of $base" || {
			echo "#   status $status"
			explain "$work/wrong" 40
			explain "$work/err"
		}
		# A kernel message names what was looked for, line ends and escapes and all.
		if has_processes "$kernel" && [ "$kernel" != linux ]; then
			grep -q 'loader /no?spoken ?\[7m' "$work/err"
			check $? "$kernel: no program speaks for the kernel" || explain "$work/err"
		fi
	done
done
done_testing
