#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# tools/lint on a small pretend tree: nothing to say about a good one, and one line naming file and
# line for each rule that is broken.

. "$(dirname "$0")/../build/pretend.sh"
plant

spdx='/* SPDX-License-Identifier: BSD-2-Clause */'
# Only what the lint is about: two options, no generated table.
rm -rf tests configs tools/orchard* core/*.c core/*.S abi/linux/*.c arch/x86_64/* include/abi include/core/symbols.h
find . -name Kconfig -delete
for folder in isolation core mm sched drivers fs abi abi/linux lib; do
	echo '# SPDX-License-Identifier: BSD-2-Clause' >$folder/Makefile
done
rm abi/linux/syscall.tbl
mkdir -p include/core include/arch include/mm include/isolation build/multi build/sas
printf '%s\n' "gcc -std=gnu11 -Iinclude -Wall -Werror" "gcc -Iinclude -D__ASSEMBLY__" |
	tee build/multi/cc.command >build/sas/cc.command
printf '# SPDX-License-Identifier: BSD-2-Clause\nconfig LOUD\nconfig FRAME_POINTER\nconfig DEBUG_ASSERT\nconfig LTO\nconfig DRAFT\nconfig SYMBOLS\nconfig STACK_PROTECTOR\nconfig RETPOLINE\nconfig KASAN\nconfig UBSAN\nconfig RACE\nconfig PKU\nconfig KASLR\nconfig LEAF_CALLS\nconfig APP_LINKED\nconfig APP_LINKED_FILE\n' >core/Kconfig
printf '# SPDX-License-Identifier: BSD-2-Clause\narch_halt\n' >tools/arch.list
put() {
	file=$1
	shift
	printf '%s\n' "$spdx" "$@" >"$file"
}
put include/lib/types.h 'typedef unsigned long u64;'
put include/lib/stack.h '#include <lib/types.h>'
put include/arch/cpu.h '#include <lib/types.h>' 'void arch_halt(u64 code);'
put include/mm/page.h '#include <arch/cpu.h>' 'u64 page(void);'
put include/isolation/gate.h '#ifdef CONFIG_LOUD' '#endif'
put core/main.c '#include <mm/page.h>' 'int x;'
put mm/page.c '#include <mm/page.h>' '#include <isolation/gate.h>' '#include "own.h"'
put mm/own.h '#include <stddef.h>'
put mm/entry.h '.macro save' '.endm'
put mm/entry.S '#include "entry.h"'
put core/print.c '#include <arch/cpu.h>' 'int loud = IS_ENABLED(CONFIG_LOUD);'

ok "nothing to say about a good tree" is "" "$(tools/lint . 2>&1)"
ok "and status 0" tools/lint .

# finds TEXT PATTERN FILE LINE...: with these lines in FILE, the lint says PATTERN; then FILE is as before.
finds() {
	finds_text=$1 pattern=$2 path=$3
	shift 3
	rm -rf "$work/saved"
	[ ! -e "$path" ] || cp "$path" "$work/saved"
	printf '%s\n' "$@" >"$path"
	tools/lint . >"$work/log" 2>&1
	same "$finds_text: status" 1 $?
	ok "$finds_text: the line" grep -q -e "^$pattern" "$work/log"
	rm "$path"
	[ ! -e "$work/saved" ] || cp "$work/saved" "$path"
}
finds "a layer that looks up" "core/print.c:2: layer core includes include/mm/page.h of the higher mm" \
	core/print.c "$spdx" '#include <mm/page.h>' 'int loud = CONFIG_LOUD;'
finds "lib that includes anything" "lib/a.c:2: layer lib includes include/arch/cpu.h" \
	lib/a.c "$spdx" '#include <arch/cpu.h>'
finds "a stranger's private header" 'core/a.c:2: "../mm/own.h" is private' \
	core/a.c "$spdx" '#include "../mm/own.h"'
finds "a private header that is not there" 'core/a.c:2: no private header "own.h"' \
	core/a.c "$spdx" '#include "own.h"'
finds "a header of the host" "core/a.c:2: <stdio.h> is neither" core/a.c "$spdx" '#include <stdio.h>'
finds "headers in a circle" "include/.*:2: headers in a circle: include/lib/.* -> include/lib" \
	include/lib/types.h "$spdx" '#include <lib/stack.h>' 'typedef unsigned long u64;'
finds "a header that needs another" "include/mm/page.h:1: does not compile alone in multi" \
	include/mm/page.h "$spdx" 'u64 page(void);'
finds "a conditional in a source" "mm/a.c:2: a conditional on CONFIG_; 0 allowed" \
	mm/a.c "$spdx" '#if defined(CONFIG_LOUD)' '#endif'
finds "one conditional too many" "include/isolation/gate.h:4: a conditional on CONFIG_; 1 allowed" \
	include/isolation/gate.h "$spdx" '#ifdef CONFIG_LOUD' '#endif' '#ifndef CONFIG_LOUD' '#endif'
finds "an option nobody reads" "core/Kconfig:2: option DEAF is read nowhere" \
	core/Kconfig '# SPDX-License-Identifier: BSD-2-Clause' 'config DEAF' 'config LOUD' \
	'config FRAME_POINTER' 'config DEBUG_ASSERT' 'config LTO'
finds "a symbol that is no option" "mm/a.c:2: no option CONFIG_LAUD" mm/a.c "$spdx" 'int a = CONFIG_LAUD;'
finds "an arch function not listed" "include/arch/cpu.h:3: arch_jump is not in tools/arch.list" \
	include/arch/cpu.h "$spdx" 'void arch_halt(unsigned long code);' 'void arch_jump(void);' \
	'typedef unsigned long u64;'
finds "a listed one that is not there" "tools/arch.list:2: arch_fly is declared nowhere" tools/arch.list \
	'# SPDX-License-Identifier: BSD-2-Clause' arch_fly arch_halt
finds "a file without licence" "mm/a.c:1: no SPDX line" mm/a.c 'int a;'
finds "blanks at a line's end" "mm/a.c:2: blanks at the end" mm/a.c "$spdx" 'int a; '
finds "unfinished work" "mm/a.c:2: unfinished: TO""DO" mm/a.c "$spdx" '/* TO''DO */'
finds "a file too long" "mm/a.c:700: 701 lines; 700 is the limit" \
	mm/a.c "$spdx" "$(yes 'extern int a;' | head -700)"
finds "a file in no layer" "isolation/odd.c:1: belongs to no layer" isolation/odd.c "$spdx"
rm build/multi/cc.command
finds "no kernel to compile headers with" "build/multi:0: not built" mm/a.c "$spdx"
done_testing
