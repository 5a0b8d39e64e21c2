#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The futex system call.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/futex
