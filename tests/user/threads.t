#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What pthreads need. RUNS=100 repeats it a hundred times on each kernel.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/threads
