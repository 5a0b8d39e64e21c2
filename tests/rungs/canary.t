#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The kernel's stack protector, alone: hit, and the panic says which function.
. "$(dirname "$0")/rung.sh"

if [ "${CHECK-}" != full ] && [ -z "$KERNELS_GIVEN" ]; then
	skip "a kernel more, for CHECK=full or KERNELS=multi" canary
	done_testing
fi
for model in $(models multi); do
	rung_kernel "$model" canary
	boots
	boots --cpus 4
	published "canary on"
	self_tests canary_is_random
	crash smash
	says '^panic: kernel stack smashed: .* in crash_smash\+0x'
done
done_testing
