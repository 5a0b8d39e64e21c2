#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All groups on Linux, which is the judge, one after another in one boot: each a subtest. (A group whose own
# script is run without this one boots Linux alone.)
. "$(dirname "$0")/../lib.sh"

[ -z "${KERNELS_GIVEN-}" ] || { skip "KERNELS names others" linux; done_testing; }

strict_skips=1
cat >"$work/all.sh" <<'END'
for group in /posix/*; do
	echo "== ${group##*/}"
	$group </dev/null
	echo "== ended with $?"
done
END
groups=$(ls "$top"/tests/posix/*.t | sed 's|.*/||; s|\.t$||' | grep -vx judge)
run_options="--add $work/all.sh:/all.sh --add /bin/busybox"
for group in $groups; do
	run_options="$run_options --add $build/user/posix/$group:/posix/$group"
done
run linux 1 /bin/busybox sh /all.sh </dev/null
is_status 0 "linux: the groups ran"
cp "$work/out" "$work/all"
for group in $groups; do
	tr -d '\000\r' <"$work/all" | awk -v group="$group" '/^== / { inside = $2 == group || (inside && $2 == "ended"); if ($2 == "ended") { if (inside) status = $4; inside = 0 } next }
		inside { print } END { exit status == "" ? 255 : status }' >"$work/out"
	status=$?
	sed 's/^/    /' "$work/out"
	tap_is_good && [ "$status" = 0 ] && skips_are_declared linux
	check $? "linux: $group" || explain "$work/err"
done
done_testing
