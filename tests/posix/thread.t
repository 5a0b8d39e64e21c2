#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Threads: futexes, what pthreads promise, what a thread's end does, scheduling calls.
. "$(dirname "$0")/../lib.sh"

posix_group thread
