#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files, folders, descriptors, pipes, poll, /dev and /proc.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/fs
