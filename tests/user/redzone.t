#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The red zone survives interrupts, faults and signals. COUNT=full: a million of each.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/redzone ${COUNT-}
