#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Clocks, sleeps, interval timers, and processor time with its figures.
. "$(dirname "$0")/../lib.sh"

posix_group time
