#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Races at the edges of life: exit, exec, stop, kill, alarms and pipes, with busy threads.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/stress
