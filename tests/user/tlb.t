#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# TLB shootdown, as programs see it.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/tlb
