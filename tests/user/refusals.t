#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A kernel is what /proc/orchard says, and refuses what it cannot do.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/refusals
