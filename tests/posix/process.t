#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Processes: clone flags one by one, what a child inherits, waiting, groups and sessions, orphans.
. "$(dirname "$0")/../lib.sh"

posix_group process
