#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# W^X for applications: refused where Linux allows it, which is asked of the same kernel without the rung.
. "$(dirname "$0")/rung.sh"

for model in $(models multi sas); do
	rung_kernel "$model" wx
	boots
	published "wx on"
	tap_run "$kernel" 1 rungs/wx
	says "refused: mmap: EACCES: W.X" "refused: mprotect: EACCES: W.X"
	tap_run "$model" 1 rungs/wx off
done
done_testing
