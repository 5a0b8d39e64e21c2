#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Clocks, sleeps, CPUs.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/time
