# SPDX-License-Identifier: BSD-2-Clause
#
# How both makefiles speak: one short line for each step; nothing with -s; whole commands with V=1.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:

Q := $(if $(filter 1,$(V)),,@)
silent = $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say = $(if $(Q)$(silent),$(if $(silent),,@printf '  %-7s %s\n' $(1) $(patsubst $(CURDIR)/%,%,$(2))))
