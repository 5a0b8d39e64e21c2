#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Configurations: the good ones are granted, the impossible ones refused by name.

. "$(dirname "$0")/pretend.sh"
plant

# refuses TEXT PATTERN MAKE-ARG...: make fails with status 2, and says PATTERN.
refuses() {
	text=$1 pattern=$2
	shift 2
	build "$@"
	same "$text: status" 2 $?
	ok "$text: says so" grep -q -e "$pattern" "$work/log"
}

refuses "no configuration" "say 'make multi_defconfig'"
refuses "no configuration in O" "say 'make O=out multi_defconfig'" O=out
refuses "an unknown one" "no configs/mutli_defconfig; there are: multi_defconfig" mutli_defconfig

for name in sas split tasks sasos ring0proc multi; do
	ok "$name is granted" build O=out/$name ${name}_defconfig
done
axes() { sed -n 's/^CONFIG_\(GATE\|ASPACE\|PROC\)_\(.*\)=y/\2/p' out/$1/.config | sort | tr '\n' ' '; }
same "the axes of sas" "ONE RING0 SHARED " "$(axes sas)"
same "the axes of split" "ONE RING3 SHARED " "$(axes split)"
same "the axes of tasks" "MANY RING0 SHARED " "$(axes tasks)"
same "the axes of sasos" "MANY RING3 SHARED " "$(axes sasos)"
same "the axes of ring0proc" "MANY PRIVATE RING0 " "$(axes ring0proc)"
same "the axes of multi" "MANY PRIVATE RING3 " "$(axes multi)"

# asks TEXT SYMBOL LINE...: a defconfig with these lines is refused, and SYMBOL is named.
asks() {
	text=$1 symbol=$2
	shift 2
	printf '%s\n' "$@" >configs/bad_defconfig
	refuses "$text" "configs/bad_defconfig:[0-9]*: asks for $symbol=" O=out/bad bad_defconfig
	ok "$text: no configuration is left" test ! -e out/bad/.config
}
asks "a private space for one process" CONFIG_CUSTOM_ASPACE_PRIVATE \
	CONFIG_MODEL_CUSTOM=y CONFIG_CUSTOM_ASPACE_PRIVATE=y
asks "an axis against its model" CONFIG_GATE_RING3 CONFIG_MODEL_SAS=y CONFIG_GATE_RING3=y
asks "two models" CONFIG_MODEL_SAS CONFIG_MODEL_SAS=y CONFIG_MODEL_MULTI=y
asks "300 CPUs" CONFIG_NR_CPUS_MAX CONFIG_NR_CPUS_MAX=300
asks "0 CPUs" CONFIG_NR_CPUS_MAX CONFIG_NR_CPUS_MAX=0
asks "an unknown option" CONFIG_TURBO CONFIG_TURBO=y
asks "a derived option switched off" CONFIG_GATE_RING0 CONFIG_MODEL_SAS=y '# CONFIG_GATE_RING0 is not set'

sed 's/NR_CPUS_MAX=64/NR_CPUS_MAX=300/' out/sas/.config >.config
refuses "an impossible .config" "\.config:[0-9]*: asks for CONFIG_NR_CPUS_MAX=300"
ok "which is left as it was" grep -q NR_CPUS_MAX=300 .config
echo 'gibberish' >.config
refuses "a .config that is none" ".config:1: not a line of a configuration: gibberish"
rm .config

ok "all six are built at once" build kernels
same "each under its name" 6 "$(ls build/*/orchard.elf | wc -l)"
name() { sed -n 's/.*_CONFIG_NAME "\(.*\)"/\1/p' "$1/include/generated/version.h"; }
same "a blessed kernel knows its name" sasos "$(name build/sasos)"
sed 's/NR_CPUS_MAX=64/NR_CPUS_MAX=8/' build/sasos/.config >.config
build
same "a changed one has a plus" sasos+ "$(name build/default)"
ok "the short form is written" build savedefconfig
same "and is short" "CONFIG_MODEL_SASOS=y CONFIG_NR_CPUS_MAX=8" "$(sort build/default/defconfig | xargs)"

ok "two fragments are joined" build O=out/two FRAGMENT=smap+smep multi_defconfig
same "and both are granted" "SMAP SMEP" "$(sed -n 's/^CONFIG_\(SM.P\)=y/\1/p' out/two/.config | sort | xargs)"
refuses "a fragment that is not there" "no fragment smip.config; there are: " O=out/bad FRAGMENT=smap+smip multi_defconfig
refuses "a rung that ring 0 cannot have" "configs/sas_defconfig and configs/smap.config:[0-9]*: asks for CONFIG_SMAP=y" \
	O=out/bad FRAGMENT=smap sas_defconfig
ok "all rungs that fit fit everywhere" build O=out/hard FRAGMENT=hardened sas_defconfig
ok "ring 0 has those it can have" grep -q '^CONFIG_ASLR=y' out/hard/.config
ok "and none of ring 3" test -z "$(grep '^CONFIG_\(SM.P\|UMIP\)=y' out/hard/.config)"

# bad_table TEXT PATTERN LINE...: a system-call table with these lines is refused.
bad_table() {
	text=$1 pattern=$2
	shift 2
	printf '%s\n' "$@" >abi/linux/syscall.tbl
	refuses "$text" "abi/linux/syscall.tbl:[0-9]*: $pattern"
}
bad_table "a number twice" "number 0 is taken by read" '0 read long' '0 write long'
bad_table "a name twice" "read has number 0 already" '0 read long' '1 read long'
bad_table "an unknown type" "unknown type word" '0 read long word:w'
bad_table "an unknown result" "unknown return type void" '0 read void'
bad_table "a missing type" "not an argument" '0 read long count'
bad_table "seven arguments" "read has more than 6" \
	'0 read long int:a int:b int:c int:d int:e int:f int:g'
done_testing
