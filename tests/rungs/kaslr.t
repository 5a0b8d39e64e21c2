#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# KASLR: the image lies elsewhere each time, by a multiple of 2 MiB; not with nokaslr; with a seed (--icount) where it lay the last
# time. Moved, everything works as before: the self-tests, four CPUs, the names in a panic, and booting through GRUB.
. "$(dirname "$0")/rung.sh"

# moved OPTION...: by how much, in steps of 2 MiB, says the panic of a run with these options of the tool.
moved() {
	run_options="$*"
	run "$kernel" 1 hello </dev/null
	run_options=
	by=$(console | sed -n 's/^  the image was moved up by \([0-9a-f]*\)$/\1/p')
	[ -n "$by" ] || explain "$work/err" >&2
	[ $((0x${by:-1} % 0x200000)) = 0 ] && echo $((0x$by / 0x200000)) || echo "no multiple: $by"
}

for model in $(models multi sas ${full:+split tasks sasos ring0proc}); do
	rung_kernel "$model" kaslr
	published "kaslr on"
	boots
	self_tests kernel_is_w_xor_x 4
	for _ in 1 2 3 4 5 6 7 8; do
		moved --append crash=null
	done >"$work/places"
	awk '!/^[0-9]+$/ || $1 < 1 || $1 > 511 { bad = 1 } END { exit bad }' "$work/places"
	check $? "$label: moved, by whole steps, within a gibibyte" || explain "$work/places"
	[ "$(sort -u "$work/places" | wc -l)" -ge 5 ] # of some 510: a collision among eight is one in twenty, and four are none
	check $? "$label: to places that differ" || explain "$work/places"
	[ "$(moved --append crash=null --append nokaslr)" = 0 ]
	check $? "$label: nokaslr leaves it where it was linked" || explain "$work/err"
	says '^kaslr: the image is where it was linked'
	run_options="--append nokaslr"
	run "$kernel" 1 /bin/busybox grep kaslr /proc/orchard </dev/null
	run_options=
	is_output 'rung: kaslr off' "$label: /proc/orchard knows"
	first=$(moved --append crash=null --icount) second=$(moved --append crash=null --icount)
	[ "$first" = "$second" ] && [ "$first" -gt 0 ] 2>/dev/null
	check $? "$label: two runs with the same seed are alike" || echo "#   $first, $second"
	crash call
	says '^panic: address [0-9a-f]+ was called' '^    [0-9a-f]{16} crash_call\+0x' '^    [0-9a-f]{16} crash_thread\+0x' \
		'^  the image was moved up by [0-9a-f]+00000$'
	[ -z "$full" ] && [ "$model" != multi ] || boots --boot grub
	case $model in
	sas | tasks | ring0proc)
		ORCHARD_FRAGMENT=quick+kaslr "$orchard" attack "$model" --jobs "${JOBS:-2}" >"$work/out" 2>"$work/err"
		status=$?
		is_status 0 "$label: every attack ends as the table says"
		[ "$status" = 0 ] || grep '^differs' "$work/out" | sed 's/^/#   /'
		;;
	esac
done
done_testing
