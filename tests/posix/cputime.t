#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Limits and timers of processor time. On slow machines: an instruction takes 64 ns, so a second is used up soon.
. "$(dirname "$0")/../lib.sh"
posix_group cputime --icount --shift 6
