#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Processes: vfork, spawn, exec, wait; fork where there is fork.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/proc
