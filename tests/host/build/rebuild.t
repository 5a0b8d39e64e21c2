#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What is built again after a change, and what is not.

. "$(dirname "$0")/pretend.sh"
plant

ok "a configuration is made" build O=out multi_defconfig
ok "a kernel is built" build O=out
ok "its file is there" test -s out/orchard.elf
ok "without a warning" sh -c '! grep -i warning "$0"' "$work/log"
ok "compile_commands.json is valid" /usr/bin/python3 -m json.tool compile_commands.json
ok "and linked to the top" test -L compile_commands.json

build O=out
build -s O=out V=
ok "with -s nothing is said" test ! -s "$work/log"
same "nothing changed: nothing is built" "" "$(compiled)"

touch core/a.c
build O=out
same "a touched source: one object and the kernel" "a.o orchard.elf " "$(compiled)"

touch include/lib/stack.h
build O=out
same "a touched header: who includes it" "a.o orchard.elf " "$(compiled)"

sed -i 's/NR_CPUS_MAX=64/NR_CPUS_MAX=8/' out/.config
build O=out
same "a changed symbol: who mentions it" "b.o orchard.elf " "$(compiled)"

sed -i 's/KSTACK_PAGES=4/KSTACK_PAGES=8/' out/.config
build O=out
same "a symbol in a header: who includes that" "a.o orchard.elf " "$(compiled)"

sed -i 's/# CONFIG_LOCKDEP is not set/CONFIG_LOCKDEP=y/' out/.config
build O=out
same "a symbol that picks a file: that file" "lockdep.o orchard.elf " "$(compiled)"

sed -i 's/CONFIG_LOCKDEP=y/# CONFIG_LOCKDEP is not set/' out/.config
build O=out
same "and without it the kernel is linked again" "orchard.elf " "$(compiled)"

sed -i 's/CONFIG_FRAME_POINTER=y/# CONFIG_FRAME_POINTER is not set/' out/.config
build O=out
same "other flags: all C" "a.o b.o calls.o entry.o orchard.elf syscall_table.o " "$(compiled)"

sed -i 's,^small := ,&$(out)/core/b.o ,' tools/build/kernel.mk
build O=out
same "an object put into a list of kernel.mk: that object" "b.o orchard.elf " "$(compiled)"
ok "as the list says" grep -q 'own-.*/core/b.o := .*-Os' out/core/b.o.d
build O=out
same "and once" "" "$(compiled)"

sed -i 's,^small := $(out)/core/b.o ,small := ,' tools/build/kernel.mk
build O=out
same "and taken out of it: again" "b.o orchard.elf " "$(compiled)"

printf 'int d(void);\nint d(void)\n{\n\treturn 4;\n}\n' >core/d.c
sed -i 's/^obj-y := a.o/& d.o/' core/Makefile
build O=out
same "an object more in a folder's list: that object" "d.o orchard.elf " "$(compiled)"
sed -i 's/ d.o//' core/Makefile
build O=out
same "and one less: the kernel is linked again" "orchard.elf " "$(compiled)"

echo '1 write long fd:fd uaddr:buf size:count' >>abi/linux/syscall.tbl
sed 's/sys_read/sys_write/; /#include/d' abi/linux/calls.c >>abi/linux/calls.c.new
cat abi/linux/calls.c.new >>abi/linux/calls.c
build O=out
same "a new system call: its table and its users" "calls.o orchard.elf syscall_table.o " "$(compiled)"

echo 'int c(void);' >include/lib/gone.h
echo '#include <lib/gone.h>' >>core/b.c
build O=out
sed -i '/gone/d' core/b.c
rm include/lib/gone.h
ok "a header that is gone breaks nothing" build O=out
same "and its user was built" "b.o orchard.elf " "$(compiled)"

# A stand-in, so that the test asks nothing of the machine: what it is told to compile, it says and does.
mkdir "$work/bin"
printf '#!/bin/sh\necho "$@" >>"%s/asked"\nexec "$@"\n' "$work" >"$work/bin/ccache"
chmod +x "$work/bin/ccache"
alone=$PATH
PATH=$work/bin:$PATH
build O=out CCACHE=1
same "with CCACHE=1 nothing is compiled again for that" "" "$(compiled)"
touch core/a.c
build O=out CCACHE=1
same "what is compiled" "a.o orchard.elf " "$(compiled)"
ok "goes through ccache" grep -q '^gcc .* core/a.c ' "$work/asked"
rm "$work/asked"
touch core/a.c
build O=out CCACHE=0
same "and not with CCACHE=0" "a.o orchard.elf  " "$(compiled) $(cat "$work/asked" 2>/dev/null)"
PATH=$alone
if ! command -v ccache >/dev/null; then
	build O=out CCACHE=1
	ok "without ccache its package is named" grep -q "package ccache has it" "$work/log"
fi

ok "clean leaves the configuration" build O=out clean
same "and nothing else" "out/.config" "$(find out -type f)"
done_testing
