# SPDX-License-Identifier: BSD-2-Clause
#
# Compiles one kernel, configured in $(out)/include/config/auto.conf, into $(out)/orchard.elf.
# Run by the top Makefile, from the top of the tree. Each folder's Makefile says which objects it
# has; they are all read into this one make, so that it sees every dependency at once.

include tools/build/common.mk
.SECONDARY:
.DELETE_ON_ERROR:

include $(out)/include/config/auto.conf

# --- What is in this kernel ------------------------------------------------------------------
folders := arch/x86_64 isolation core mm sched drivers fs abi lib

define read_folder
obj-y :=
dir-y :=
include $(1)/Makefile
objs += $$(addprefix $(out)/$(1)/,$$(obj-y))
dirs_$(1) := $$(addprefix $(1)/,$$(dir-y))
endef
walk = $(eval $(call read_folder,$(1)))$(foreach d,$(dirs_$(1)),$(call walk,$(d)))

objs :=
$(foreach d,$(folders),$(call walk,$(d)))
objs += $(out)/abi/linux/syscall_table.o

# --- How it is compiled ----------------------------------------------------------------------
# With LLVM=1 by clang, lld and LLVM's binutils, as in Linux; else by gcc and GNU's.
ifeq ($(origin CC),default)
CC := $(if $(LLVM),clang,gcc)
endif
ifeq ($(origin LD),default)
LD := $(if $(LLVM),ld.lld,ld)
endif
HOSTCC ?= gcc
OBJCOPY ?= $(if $(LLVM),llvm-objcopy,objcopy)
OBJDUMP ?= $(if $(LLVM),llvm-objdump,objdump)
NM ?= $(if $(LLVM),llvm-nm,nm)

# With CCACHE=1 an object of C that was compiled before, of the same text by the same command, comes from ccache's memory. It is no
# part of the command that decides what to compile again: the object is the same.
ccache := $(if $(filter-out 0 no,$(CCACHE)),ccache )
ifneq ($(ccache),)
ifeq ($(shell command -v ccache),)
$(error CCACHE=$(CCACHE): there is no ccache here: Debian's package ccache has it)
endif
endif

cc_takes = $(shell $(CC) -Werror $(1) -c -x c /dev/null -o /dev/null 2>/dev/null && echo $(1))

ld_takes = $(shell $(LD) -v $(1) >/dev/null 2>&1 && echo $(1))

includes := -nostdinc -isystem $(shell $(CC) -print-file-name=include) \
	-Iinclude -I$(out)/include -include generated/autoconf.h

# Two rungs are the compiler's. What clang calls them differs; it leaves jump tables alone by itself.
guard := $(if $(CONFIG_STACK_PROTECTOR),-fstack-protector-strong -mstack-protector-guard=global,-fno-stack-protector)
retpoline := $(if $(CONFIG_RETPOLINE),$(if $(LLVM),-mretpoline-external-thunk,-mindirect-branch=thunk-extern \
	-mindirect-branch-register) -fno-jump-tables)

machine := -m64 -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	$(guard) -fcf-protection=none -fno-asynchronous-unwind-tables $(retpoline)

# The compiler's checks (docs/sanitizers.md): each is a call, of a function of ours. What they are made of is not checked; nor, for
# undefined behaviour, what breaks the kernel on purpose. lib/string.c is looked at as a whole: core/wrapped_string.c.
kasan := $(if $(CONFIG_KASAN),-fsanitize=kernel-address $(if $(LLVM),-mllvm -asan-instrumentation-with-call-threshold=0 \
	-mllvm -asan-stack=0,-fasan-shadow-offset=0xdffffc0000000000 --param=asan-instrumentation-with-call-threshold=0 \
	--param=asan-stack=0 --param=asan-globals=1))
ubsan := $(if $(CONFIG_UBSAN),-fsanitize=undefined)
without_kasan := $(addprefix $(out)/,mm/kasan.o mm/kasan_slab.o mm/kasan_string.o mm/kasan_report.o mm/slab.o mm/poison.o lib/string.o \
	core/sanitizer.o core/ubsan.o core/wrapped_string.o symbols.o relocs.o abi/linux/vdso/vdso.o)
without_ubsan := $(filter-out %/slab.o,$(without_kasan)) $(out)/sched/crash.o
# Races (docs/races.md): what the detector is made of, what a report goes through, and what has no lock on purpose, are not checked.
race := $(if $(CONFIG_RACE),-fsanitize=thread -fno-optimize-sibling-calls $(if $(LLVM),-mllvm -tsan-distinguish-volatile=1 \
	-mllvm -tsan-instrument-func-entry-exit=0,--param=tsan-distinguish-volatile=1 --param=tsan-instrument-func-entry-exit=0 -Wno-tsan))
without_race := $(addprefix $(out)/,core/race.o core/race_atomic.o core/wrapped_string.o core/race_report.o core/seeds.o lib/rand.o core/lockdep.o core/lockclass.o core/lockstat.o core/printk.o \
	core/panic.o core/panic_cpus.o core/sanitizer.o core/ubsan.o lib/string.o arch/x86_64/cpu/early_console.o symbols.o \
	abi/linux/vdso/vdso.o) $(foreach o,$(objs),$(if $(findstring /screen/,$o),$o))
wrapped := $(if $(CONFIG_RACE),$(addprefix --wrap=,memcpy memmove memset memzero memcmp strlcpy page_zero page_copy)) \
	$(if $(CONFIG_KASAN),$(addprefix --wrap=,memcpy memmove memset memzero memcmp memchr strlen strnlen strcmp strncmp \
	strchr strrchr strstr strlcpy page_zero page_copy))

# No object may depend on where it was built; loops must not become calls of memset in memset. Padding before loops and
# jumps was 16 KiB of the image.
shape := -std=gnu11 $(if $(CONFIG_DRAFT),-O1 -foptimize-sibling-calls,-O2 -g) $(call cc_takes,-fno-align-jumps) $(call cc_takes,-fno-align-loops) -fno-strict-aliasing -fno-common -ffunction-sections -fdata-sections \
	-ffile-prefix-map=$(out)/= $(call cc_takes,-fno-tree-loop-distribute-patterns) \
	$(if $(CONFIG_LEAF_CALLS),-momit-leaf-frame-pointer) $(if $(CONFIG_FRAME_POINTER),-fno-omit-frame-pointer,-fomit-frame-pointer) \
	$(if $(CONFIG_DEBUG_ASSERT),-fno-optimize-sibling-calls)

warnings := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wformat=2 -Wframe-larger-than=$(if $(kasan)$(ubsan)$(race),4096,2048) \
	$(if $(ubsan),-Wno-array-bounds) # which is wrong where checks stand between an index and its use

# What gcc calls by itself, memcpy and its like, must be there before it looks at the whole.
lto := $(if $(CONFIG_LTO),$(if $(LLVM),,-flto))
# The self-tests shall call what they test, and be small: no program uses them.
ktests := $(foreach o,$(objs),$(if $(filter ktest_%,$(notdir $o)),$o))
without_lto := $(out)/lib/string.o $(out)/isolation/rungs/canary.o $(out)/symbols.o $(out)/relocs.o $(ktests)
# What runs at boot or in the end, what waits for a person, and what an administrator asks for is compiled for size:
# docs/decisions/0019.
small := $(ktests) $(foreach o,$(objs),$(if $(filter acpi% init.o initramfs.o runfile.o cpio.o cmdline.o param.o fdt.o fw_cfg.o \
	virtio_places.o panic% describe.o strace.o oom.o rungs.o mitigations.o console.o tty.o tty_%.o pty.o devpts.o procfs% proc_orchard.o \
	policy.o class.o realtime.o deadline.o shared.o sys_session.o signal_group.o sys_admin.o sys_id.o sys_prctl.o sys_limit.o sys_attr.o sys_itimer.o sys_sched_policy.o \
	posix_timer.o memfd.o lock.o stack.o main.o pvh.o multiboot2.o smp.o ioapic.o rtc.o power.o tables.o clock_reference.o entropy.o \
	screen.o pixels.o text.o symbols.o explain.o backtrace.o mount.o printk.o bootmem.o utsname.o vdso_map.o cred.o sys_misc.o remap.o sys_copy.o sys_clock_set.o sys_timerfd.o sys_signalfd.o sys_lock.o \
	kernel.o,$(notdir $o)),$o))
# What an object has of its own, by these lists.
own = $(strip $(if $(filter $(without_lto),$1),,$(lto)) $(if $(filter $(small),$1),-Os) \
	$(if $(filter $(without_kasan),$1),,$(kasan)) $(if $(filter $(without_ubsan),$1),,$(ubsan)) $(if $(filter $(without_race),$1),,$(race)))
cflags = $(shape) $(machine) $(includes) $(warnings) $(call own,$@)
sflags := -g -m64 -D__ASSEMBLY__ -ffile-prefix-map=$(out)/= $(includes) -Wa,--noexecstack
ldflags := -m elf_x86_64 -static -nostdlib -z max-page-size=4096 -z noexecstack --gc-sections \
	--build-id=none $(call ld_takes,--no-warn-rwx-segments) $(wrapped)

# --- Rules -----------------------------------------------------------------------------------
.PHONY: kernel iso FORCE
kernel: $(out)/orchard.elf $(out)/orchard.stripped $(out)/compile_commands.json

gen := $(out)/include/generated
generated := $(addprefix $(gen)/,autoconf.h version.h syscall_nr.h syscall_proto.h)
fixdep := $(out)/tools/fixdep

# Written only when their content changes: who depends on them is rebuilt exactly then.
$(out)/cc.command: FORCE
	@mkdir -p $(@D)
	@tools/build/update $@ '$(CC) $(cflags)' '$(CC) $(sflags)' '$(vdso_cflags)' '$(vdso_ldflags)'
$(out)/ld.command: FORCE
	@mkdir -p $(@D)
	@tools/build/update $@ '$(LD) $(ldflags) $(objs) $(lto)'
$(gen)/version.h: FORCE
	@tools/build/version $(out) | tools/build/update $@
$(gen)/autoconf.h: ;

# What of the table is there with an option only, or in a place of its own.
call_options := $(if $(CONFIG_PKU),PKU) $(if $(CONFIG_LEAF_CALLS),LEAF)
$(out)/syscalls.options: FORCE
	@mkdir -p $(@D)
	@tools/build/update $@ '$(call_options)'

$(gen)/syscall_nr.h $(gen)/syscall_proto.h $(gen)/syscall_table.c &: \
		abi/linux/syscall.tbl tools/build/syscalls $(out)/syscalls.options
	$(call say,GEN,$(gen)/syscall_table.c)
	$(Q)tools/build/syscalls $< $(gen) $(call_options)

$(fixdep): tools/build/fixdep.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(HOSTCC) -O2 -Wall -Wextra -Werror -o $@ $<

# The compiler's list of headers goes through fixdep, which trades autoconf.h for the CONFIG_
# symbols that the source and its headers really mention. Beside them stand the flags that are the object's own: at the end those
# whose flags are others now are compiled again.
deps = -MD -MP -MF $@.d -MT $@
record = $(fixdep) $@.d $(out) && echo 'own-$@ := $(call own,$@)' >>$@.d

$(out)/%.o: %.c $(out)/cc.command $(fixdep) | $(generated)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(ccache)$(CC) $(cflags) $(deps) -c $< -o $@ && $(record)
$(out)/%.o: %.S $(out)/cc.command $(fixdep) | $(generated)
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)$(CC) $(sflags) $(deps) -c $< -o $@ && $(record)
$(out)/abi/linux/syscall_table.o: $(gen)/syscall_table.c $(out)/cc.command $(fixdep) | $(generated)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(ccache)$(CC) $(cflags) $(deps) -c $< -o $@ && $(record)

# The glyphs of a font that Debian keeps.
FONT ?= /usr/share/consolefonts/Unifont-APL8x16.psf.gz
$(gen)/font.c: tools/build/font
	$(call say,GEN,$@)
	$(Q)tools/build/font $(FONT) > $@
$(out)/arch/x86_64/screen/font.o: $(gen)/font.c $(out)/cc.command $(fixdep) | $(generated)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(ccache)$(CC) $(cflags) -iquote arch/x86_64/screen $(deps) -c $< -o $@ && $(record)

# The linked program (CONFIG_APP_LINKED): the file, and the name that it has inside.
program := $(subst ",,$(CONFIG_APP_LINKED_FILE))
$(out)/linked.program: FORCE
	@tools/build/update $@ '$(program)'
$(out)/fs/linked_image.o: $(program) $(out)/linked.program
ifneq ($(program),)
$(program): # made when it is not there, if it is one of ours
	$(if $(filter build/user/%,$@),+$(Q)$(MAKE) -C user O=$(CURDIR)/build/user $(CURDIR)/$@,\
		@echo "make: CONFIG_APP_LINKED_FILE: there is no file $@" >&2; exit 2)
endif
$(out)/fs/linked_image.o: sflags += -DLINKED_FILE='"$(program)"' -DLINKED_PATH='"/$(notdir $(program))"'

# The vDSO: code for applications, so position-independent, with unwind tables, linked by itself.
vdso := $(out)/abi/linux/vdso
vdso_cflags := $(filter-out $(guard) $(retpoline) $(kasan) $(ubsan) $(race) -fno-pic -fno-pie -mcmodel=kernel -fno-asynchronous-unwind-tables -flto,$(cflags)) \
	-fPIC -fno-stack-protector -fvisibility=default -fasynchronous-unwind-tables -fno-jump-tables
vdso_ldflags := -m elf_x86_64 -shared -Bsymbolic -soname linux-vdso.so.1 --hash-style=both --eh-frame-hdr \
	--build-id=none -z max-page-size=4096 -z noexecstack
$(vdso)/vdso.o: abi/linux/vdso/vdso.c $(out)/cc.command $(fixdep) | $(generated)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(ccache)$(CC) $(vdso_cflags) $(deps) -c $< -o $@ && $(record)
$(vdso)/vdso.so: $(vdso)/vdso.o abi/linux/vdso/image.lds
	$(call say,LD,$@)
	$(Q)$(LD) $(vdso_ldflags) -T abi/linux/vdso/image.lds $< -o $@ && $(OBJCOPY) --strip-debug $@
$(vdso)/image.o: $(vdso)/vdso.so
$(vdso)/image.o: sflags += -DVDSO_FILE='"$(vdso)/vdso.so"'

linker := arch/x86_64/linker.ld
$(out)/$(linker): $(linker).S $(out)/cc.command $(fixdep) | $(generated)
	@mkdir -p $(@D)
	$(call say,LDS,$@)
	$(Q)$(CC) -E -P -x assembler-with-cpp $(sflags) $(deps) $< -o $@ && $(record)

# Across files gcc optimises once, into one object.
whole := $(if $(lto),$(out)/whole.o,$(objs))
$(out)/whole.o: $(objs) $(out)/ld.command
	$(call say,LTO,$@)
	+$(Q)$(CC) $(shape) $(machine) $(lto)=auto -flinker-output=nolto-rel -nostdlib -r $(objs) -o $@

# With a table of its functions' names the kernel is linked twice: first without, to learn where they are; the table lies
# behind them, so the second link must leave each where it was.
symbols := $(if $(CONFIG_SYMBOLS),$(out)/symbols.o)
text_of = $(NM) -n $(1) | grep -E ' [tT] | __text_(start|end)$$'

$(out)/orchard.unnamed: $(whole) $(out)/$(linker) $(out)/ld.command
	$(Q)$(LD) $(ldflags) -T $(out)/$(linker) $(whole) -o $@
$(out)/symbols.list: $(out)/orchard.unnamed
	$(Q)$(call text_of,$<) > $@
$(out)/symbols.c: $(out)/symbols.list tools/build/symbols
	$(call say,GEN,$@)
	$(Q)tools/build/symbols $< > $@
$(out)/symbols.o: $(out)/symbols.c $(out)/cc.command $(fixdep) | $(generated)
	$(Q)$(ccache)$(CC) $(cflags) $(deps) -c $< -o $@ && $(record)

# A kernel that can be moved (KASLR) is linked once more, to learn where it holds addresses of its own; the list lies behind all else.
relocs := $(if $(CONFIG_KASLR),$(out)/relocs.o)
$(out)/orchard.unmoved: $(whole) $(symbols) $(out)/$(linker) $(out)/ld.command
	$(Q)$(LD) $(ldflags) --emit-relocs -T $(out)/$(linker) $(whole) $(symbols) -o $@
$(out)/relocs.c: $(out)/orchard.unmoved tools/build/relocs
	$(call say,GEN,$@)
	$(Q)tools/build/relocs $< > $@
$(out)/relocs.o: $(out)/relocs.c $(out)/cc.command $(fixdep) | $(generated)
	$(Q)$(ccache)$(CC) $(cflags) $(deps) -c $< -o $@ && $(record)

$(out)/orchard.elf: $(if $(CONFIG_LEAF_CALLS),tools/build/leafcheck) $(whole) $(symbols) $(relocs) $(out)/$(linker) $(out)/ld.command
	$(call say,LD,$@)
	$(Q)$(LD) $(ldflags) -T $(out)/$(linker) -Map $(out)/orchard.map $(whole) $(symbols) $(relocs) -o $@
	$(if $(symbols),$(Q)$(call text_of,$@) | cmp -s - $(out)/symbols.list || \
		{ echo "make: the second link moved functions: the table of names is wrong" >&2; rm -f $@; exit 1; })
	$(if $(relocs),$(Q)tools/build/relocs --check $(out)/orchard.unmoved $@ || { rm -f $@; exit 1; })
	$(if $(CONFIG_LEAF_CALLS),$(Q)tools/build/leafcheck $(OBJDUMP) $@ abi/linux/syscall.tbl || { rm -f $@; exit 1; })
$(out)/orchard.stripped: $(out)/orchard.elf
	$(Q)$(OBJCOPY) --strip-all $< $@

$(out)/compile_commands.json: $(out)/cc.command $(out)/ld.command tools/build/compdb
	$(Q)tools/build/compdb $(out) > $@

# A bootable image: GRUB for BIOS and UEFI, one entry, no waiting.
iso: $(out)/orchard.elf
	$(call say,ISO,$(out)/orchard.iso)
	$(Q)tools/build/iso $(out) '$(INITRD)' '$(CMDLINE)'

recorded := $(objs) $(symbols) $(relocs) $(vdso)/vdso.o
-include $(addsuffix .d,$(recorded) $(out)/$(linker))
$(foreach o,$(recorded),$(if $(filter-out $(own-$o),$(call own,$o))$(filter-out $(call own,$o),$(own-$o)),$(eval $o: FORCE)))
