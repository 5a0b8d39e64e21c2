#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every kernel boots through GRUB on BIOS; two also on UEFI, which shares all but the firmware.
. "$(dirname "$0")/../lib.sh"

# boots KERNEL LOADER CPUS
boots() {
	run_options="--boot $2"
	run "$1" "$3" hello </dev/null
	is_output "hello, orchard" "$1 through $2, $3 CPUs: says hello"
	is_status 0 "$1 through $2, $3 CPUs: ends with 0"
}

for kernel in $KERNELS; do
	boots "$kernel" grub 2
	case $kernel in
	sas | multi) boots "$kernel" uefi 2 ;;
	esac
done
done_testing
