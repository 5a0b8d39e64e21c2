#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Vector and x87 registers belong to their thread.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/fpu
