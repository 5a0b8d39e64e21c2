#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Pipes and FIFOs: atomic writes, ends that close, waiting, sizes.
. "$(dirname "$0")/../lib.sh"
posix_group pipe
