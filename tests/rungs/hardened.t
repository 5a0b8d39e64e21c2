#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# All rungs that fit, together: multi has all, sas those that ring 0 can have. And the two that the compiler makes, by what is in
# the image: no indirect branch but through a thunk, and canaries. (tests/mm and posix/mmap demand what W^X refuses.)
. "$(dirname "$0")/rung.sh"

# No call or jump through a register or memory is left in C, nor at the gate.
no_indirect_branches() {
	objdump -d "$folder/orchard.elf" | awk '
		/^[0-9a-f]+ <.*>:$/ { name = $2 }
		/(call|jmp) +\*/ && name !~ /<(boot_|trampoline)/ { print "#   " name $0 }' >"$work/branches"
	[ ! -s "$work/branches" ]
	check $? "$label: no indirect branch after boot but by a thunk" || head -20 "$work/branches"
}

for model in $(models multi sas); do
	rung_kernel "$model" hardened
	boots
	boots --cpus 4
	self_tests canary_is_random
	published "wx on" "aslr on" "canary on"
	crash smash
	says '^panic: kernel stack smashed: .* in crash_smash\+0x'
	crash stack
	says '^panic: kernel stack overflow, .*, in crash_recurse'
	[ "$model" = multi ] || published "pks on, the CPU has it"
	[ "$model" = multi ] || continue
	published "smep on, the CPU has it" "smap on, the CPU has it" "umip on, the CPU has it" "retpoline on" "mitigations on" "pti on" "pku on, the CPU has it"
	no_indirect_branches
	for program in tests/sig tests/proc posix/exec; do
		tap_run "$kernel" 1 "$program"
	done
done
done_testing
