#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# mmap and its relatives, faults, the stack, bad pointers.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/mm
