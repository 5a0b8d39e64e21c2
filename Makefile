# SPDX-License-Identifier: BSD-2-Clause
#
# What one types: `make help` lists it. This file turns a configuration into kernels and runs the
# tests; how one kernel is compiled stands in tools/build/kernel.mk, which is run once for each.

include tools/build/common.mk
.DEFAULT_GOAL := all

KERNELS ?= sas split tasks sasos ring0proc multi

# --- Where things go -------------------------------------------------------------------------
# Without O= the configuration is ./.config and everything made goes to build/default.
ifneq ($(words $(CURDIR) $(O)),$(if $(strip $(O)),2,1))
$(error Orchard cannot be built in or into a directory with a space in its name)
endif
ifeq ($(strip $(O)),)
config := $(CURDIR)/.config
out := $(CURDIR)/build/default
else
config := $(abspath $(O))/.config
out := $(abspath $(O))
endif
build := $(CURDIR)/build
in_out := $(if $(strip $(O)),O=$(O) )

# All CPUs, unless somebody said -j. (make 4.3 knows its -j only inside a recipe.)
jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# --- One kernel ------------------------------------------------------------------------------
.PHONY: all iso compile_commands.json
all: sync
	+$(Q)$(MAKE) $(jobs) -f tools/build/kernel.mk out=$(out) config=$(config) kernel
	$(Q)ln -sfn $(out)/compile_commands.json compile_commands.json

compile_commands.json: all

# A hybrid image for BIOS and UEFI. INITRD=FILE and CMDLINE='...' go into its boot entry.
iso: all
	+$(Q)$(MAKE) -f tools/build/kernel.mk out=$(out) config=$(config) \
		INITRD='$(INITRD)' CMDLINE='$(CMDLINE)' iso

# --- Configuration ---------------------------------------------------------------------------
# kconfig reads the sources through srctree and writes its files into the directory it runs in.
kconfig = $(Q)cd $(out) && srctree=$(CURDIR) KCONFIG_CONFIG=$(config)

.PHONY: sync kconfig-there a-terminal menuconfig nconfig olddefconfig savedefconfig
kconfig-there:
	@command -v kconfig-conf >/dev/null || { echo "make: kconfig-conf is missing: Debian's\
	 package kconfig-frontends-nox has it (tools/orchard setup installs it)" >&2; exit 2; }
	@mkdir -p $(out)/include/config $(out)/include/generated

# Without a terminal on standard input the menus would spin for ever.
menuconfig nconfig: a-terminal
a-terminal:
	@test -t 0 || { echo "make: a menu needs a terminal; without one use NAME_defconfig" >&2; exit 2; }
menuconfig: kconfig-there
	$(kconfig) kconfig-mconf Kconfig
nconfig: kconfig-there
	$(kconfig) kconfig-nconf Kconfig
olddefconfig: kconfig-there
	$(kconfig) kconfig-conf --olddefconfig Kconfig
savedefconfig: kconfig-there
	$(kconfig) kconfig-conf --savedefconfig=$(out)/defconfig Kconfig
	@echo "written to $(patsubst $(CURDIR)/%,%,$(out)/defconfig)"

%_defconfig: kconfig-there
	$(call say,CONF,$(config))
	$(Q)tools/build/defconfig configs/$@ $(config) $(FRAGMENT)

# The configuration as make variables and as a header, checked against what was asked for. After
# a configuration that the same command line asks for.
sync: kconfig-there $(filter %config,$(MAKECMDGOALS))
	@test -f $(config) || { echo "make: no configuration yet: say\
	 'make $(in_out)multi_defconfig' or 'make $(in_out)menuconfig' first" >&2; exit 2; }
	$(Q)tools/build/syncconfig $(config) $(out)

# --- All kernels -----------------------------------------------------------------------------
# With FRAGMENT=NAME each has configs/NAME.config behind it, and is made in build/KERNEL-NAME.
fragment := $(if $(strip $(FRAGMENT)),-$(strip $(FRAGMENT)))
export FRAGMENT
.PHONY: kernels $(KERNELS:%=kernel-%)
kernels: kconfig-there
	+$(Q)$(MAKE) $(jobs) $(KERNELS:%=kernel-%)
	$(Q)test ! -d build/multi$(fragment) || ln -sfn build/multi$(fragment)/compile_commands.json compile_commands.json

$(KERNELS:%=kernel-%): kernel-%:
	+$(Q)$(MAKE) O=build/$*$(fragment) $*_defconfig sync
	+$(Q)$(MAKE) -f tools/build/kernel.mk out=$(build)/$*$(fragment) config=$(build)/$*$(fragment)/.config kernel

# --- Programs, tests, comparison -------------------------------------------------------------
# With SETUP=no in the environment or on the command line, setup only names what is missing.
.PHONY: setup user host-tests fuzz prove check check-full mutate soak compare paper papers lint stats
setup:
	$(Q)tools/orchard setup

user:
	+$(Q)$(MAKE) $(jobs) -C user O=$(build)/user
host-tests:
	+$(Q)$(MAKE) $(jobs) -C tests/host O=$(build)/host
	+$(Q)$(MAKE) $(jobs) -C tests/fuzz O=$(build)/fuzz

# The parsers of lib/, each for SECONDS (60) of new inputs.
fuzz:
	+$(Q)$(MAKE) -C tests/fuzz O=$(build)/fuzz SECONDS=$(or $(SECONDS),60) fuzz

# The tests themselves, on what is built. PROVE='tests/boot/smp.t ...' runs only those, JOBS=N so
# many at once, and one that compiles beside them; 1 is one. A test finds what was built in $BUILD; with $CHECK full it runs products
# of options. Under TCG wherever they run, unless ORCHARD_ACCEL says otherwise: a verdict shall not depend on the machine.
JOBS ?= 2
# Each rung is kernels of its own: combinations in which every two meet stand for them, in time that make check has.
rungs = $(if $(filter full,$(CHECK)),$(wildcard tests/rungs/*.t),tests/rungs/combos.t)
PROVE ?= $(sort $(wildcard tests/boot/*.t tests/kernel/*.t tests/user/*.t tests/posix/*.t tests/attacks/*.t tests/fuzz/*.t) \
	$(rungs) \
	$(shell find tests/host $(build)/host -name '*.t' -type f 2>/dev/null))
prove:
	$(Q)rm -rf $(build)/made && mkdir -p $(build)/made
	$(Q)env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u O BUILD=$(build) CHECK=$(or $(CHECK),small) JOBS=$(JOBS) \
		JUDGED=$(filter tests/posix/judge.t,$(PROVE)) ORCHARD_BUILT=$(build)/made \
		ORCHARD_ACCEL=$${ORCHARD_ACCEL:-tcg} ORCHARD_FRAGMENT=$(strip $(FRAGMENT)) tests/prove $(PROVE)

# One step after the other: a later one looks for what an earlier one made.
check check-full: setup
	+$(Q)$(MAKE) O= kernels
	+$(Q)$(MAKE) O= user
	+$(Q)$(MAKE) O= host-tests
	$(Q)tools/lint
	$(Q)tools/abi --check
	+$(Q)$(MAKE) O= CHECK=$(if $(filter %-full,$@),full,small) prove

# Breaks the kernel on purpose, line after line of tests/mutations, and demands red tests; MUTATE='NAME ...' only those. In a copy
# of the tree, build/mutate. Slow.
mutate: setup
	$(Q)tests/mutate $(MUTATE)

# Hours: what is true of one run, a hundred times; a million interrupts, faults and signals in each ring-0 kernel. One guest
# at a time, with four CPUs.
soak: setup
	+$(Q)$(MAKE) O= kernels
	+$(Q)$(MAKE) O= user
	+$(Q)CPUS=4 RUNS=100 $(MAKE) O= CHECK=full JOBS=1 PROVE='tests/user/threads.t tests/user/stress.t' prove
	+$(Q)CPUS=4 COUNT=full TIMEOUT=1200 KERNELS='sas tasks ring0proc' $(MAKE) O= CHECK=full JOBS=1 \
		PROVE=tests/user/redzone.t prove
	+$(Q)$(MAKE) O= CHECK=full JOBS=1 PROVE='tests/user/fuzz.t tests/user/failnth.t' prove
	+$(Q)$(MAKE) O= CHECK=full JOBS=1 FRAGMENT=sanitize PROVE='tests/user/fuzz.t tests/user/failnth.t' prove

compare: setup
	+$(Q)$(MAKE) O= kernels
	+$(Q)$(MAKE) O= user
	$(Q)tools/orchard compare --cpus 1 $(if $(filter-out 0 no,$(THOROUGH)),--thorough)

# The experiment of one paper, P=NN-slug or P=slug, or of all of them: one that fails stops no other. PAPERFLAGS go to the tool.
PAPERFLAGS ?= --jobs $(JOBS)
paper: setup
	$(Q)test -n "$(strip $(P))" || { echo "make: which paper? make paper P=slug: $(notdir $(papers))" >&2; exit 2; }
	$(Q)tools/orchard experiment $(firstword $(wildcard papers/$(strip $(P))/ papers/*-$(strip $(P))/) papers/$(strip $(P))) \
		$(PAPERFLAGS)
papers = $(patsubst %/experiment.toml,%,$(sort $(wildcard papers/*/experiment.toml)))
papers: setup
	$(Q)status=0; for paper in $(papers); do tools/orchard experiment $$paper $(PAPERFLAGS) || status=1; done; exit $$status

lint:
	$(Q)tools/lint
stats:
	$(Q)tools/stats

# --- Cleaning up -----------------------------------------------------------------------------
.PHONY: clean distclean help
clean:
	$(Q)if test -n "$(strip $(O))"; then tools/build/clean $(out); \
		else find build -mindepth 1 -maxdepth 1 ! -name cache ! -name compare -exec rm -rf {} + 2>/dev/null; true; fi
	$(Q)rm -f compile_commands.json
distclean: clean
	$(Q)test -n "$(strip $(O))" || rm -rf build
	$(Q)rm -f $(config) $(config).old

help:
	@cat tools/build/help.txt
