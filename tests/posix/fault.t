#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Faults, alternate stacks, the frame a handler sees, default actions.
. "$(dirname "$0")/../lib.sh"

posix_group fault
