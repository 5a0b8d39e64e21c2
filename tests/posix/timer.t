#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# timerfd_create(2) and timer_create(2).
. "$(dirname "$0")/../lib.sh"
posix_group timer
