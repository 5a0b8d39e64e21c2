#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Job control: stop and continue, background jobs at a terminal, orphaned groups, a session's end, an interactive shell.
. "$(dirname "$0")/../lib.sh"
run_options="--add /bin/busybox"
posix_group job
