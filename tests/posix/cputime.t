#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Limits and timers of processor time.
. "$(dirname "$0")/../lib.sh"
posix_group cputime
