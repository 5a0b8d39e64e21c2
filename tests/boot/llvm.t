#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two kernels, one of each gate, compiled by clang and linked by lld: without a warning (the build has -Werror), and they
# boot, run programs and take signals. With CHECK=full all six. (LLVM=1 make prove runs every test on such kernels.)
. "$(dirname "$0")/../lib.sh"

[ "$KERNELS" != host ] || { skip "needs our kernels" llvm; done_testing; }

export LLVM=1
[ "${CHECK-}" = full ] && few=$KERNELS || few="sas multi"
for kernel in $few; do
	# Under a name of its own: gcc's kernel of this name stays as it is.
	config=$work/$kernel.config
	{
		cat "$(built "$kernel")/.config"
		echo "# by clang"
	} >"$config"
	folder=$build/custom-$(sha256sum "$config" | cut -c1-8)
	for cpus in 1 4; do
		run "$config" "$cpus" hello </dev/null
		is_output "hello, orchard" "$kernel by clang, $cpus CPUs: says hello"
		is_status 0 "$kernel by clang, $cpus CPUs: ends with 0"
	done
	grep -aq "clang version" "$folder/orchard.elf" && ! grep -aq "GNU C11" "$folder/orchard.elf"
	check $? "$kernel: it was clang"
	head -1 "$folder/orchard.map" | grep -q "VMA.*LMA"
	check $? "$kernel: it was lld"
	tap_run "$config" 4 tests/sig
done
done_testing
