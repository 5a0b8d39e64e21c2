# SPDX-License-Identifier: BSD-2-Clause
#
# Sourced by the tests of the build. Makes a copy of the build machinery in a fresh directory, plants
# a pretend kernel of a few lines in its folders, and goes there: so the tests are quick, and say
# nothing about the real sources.

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
unset MAKEFLAGS MAKELEVEL MFLAGS O LLVM KERNELS FRAGMENT ORCHARD_FRAGMENT
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

plan=0
failed=0
# ok TEXT COMMAND...: one test, which passes when the command does.
ok() {
	ok_text=$1
	shift
	plan=$((plan + 1))
	if "$@" >"$work/ok.log" 2>&1; then
		echo "ok $plan - $ok_text"
	else
		echo "not ok $plan - $ok_text"
		cat "$work/ok.log" "$work/log" | head -30 | sed "s/^/# /"
		failed=1
	fi
}
done_testing() {
	echo "1..$plan"
	exit $failed
}
is() {
	printf 'wanted: %s\n   got: %s\n' "$1" "$2"
	test "$1" = "$2"
}
# same TEXT WANTED GOT
same() {
	ok "$1" is "$2" "$3"
}

# build ARG...: runs make, and keeps what it says in $work/log.
build() {
	make -j2 "$@" >"$work/log" 2>&1
}
# compiled: the objects that the last build made, in one line.
compiled() {
	sed -n 's/^  \(CC\|AS\|LD\) .*\/\([a-z_.0-9]*\)$/\2/p' "$work/log" | sort | tr '\n' ' '
}

plant() {
	: >"$work/log"
	mkdir -p "$work/tree/include/lib"
	cd "$top"
	cp -r Kconfig Makefile configs tools "$work/tree"
	for kconfig in */Kconfig */*/Kconfig; do
		mkdir -p "$work/tree/$(dirname "$kconfig")"
		cp "$kconfig" "$work/tree/$kconfig"
	done
	mkdir -p "$work/tree/include/abi/linux" "$work/tree/include/core" "$work/tree/abi/linux" "$work/tree/lib"
	cp include/abi/linux/syscall.h "$work/tree/include/abi/linux"
	cp include/core/symbols.h "$work/tree/include/core"
	cd "$work/tree"
	for folder in arch/x86_64 isolation core mm sched drivers fs abi lib; do
		echo 'obj-y :=' >$folder/Makefile
	done
	printf 'obj-y := a.o b.o entry.o\nobj-$(CONFIG_LOCKDEP) += lockdep.o\n' >core/Makefile
	echo 'dir-y := linux' >abi/Makefile
	echo 'obj-y := calls.o' >abi/linux/Makefile

	cat >include/lib/types.h <<-END
		#include <stdbool.h>
		#include <stddef.h>
		#include <stdint.h>
		typedef uint8_t u8;
		typedef uint32_t u32;
		typedef uint64_t u64;
		typedef u64 uaddr_t;
	END
	echo 'enum { stack = CONFIG_KSTACK_PAGES };' >include/lib/stack.h
	printf '#include <lib/stack.h>\nint a(void);\nint a(void)\n{\n\treturn stack;\n}\n' >core/a.c
	printf 'int b(void);\nint b(void)\n{\n\treturn CONFIG_NR_CPUS_MAX;\n}\n' >core/b.c
	printf 'int order(void);\nint order(void)\n{\n\treturn 1;\n}\n' >core/lockdep.c
	printf '.globl start\nstart:\n\tcall a\n\tcall b\n\tlea syscall_table, %%rax\n' >core/entry.S
	echo 'SECTIONS { .text : { __text_start = .; *(.text*) __text_end = .; } .data : { *(*.data* .rodata* .bss*) } }' |
		tee arch/x86_64/linker.ld.S >/dev/null
	echo '0 read long fd:fd uaddr:buf size:count' >abi/linux/syscall.tbl
	cat >abi/linux/calls.c <<-END
		#include <generated/syscall_proto.h>
		long sys_read(int fd, uaddr_t buf, size_t count)
		{
		        return fd + (long)buf + (long)count;
		}
	END
}
