#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Mappings: flags, faults, files seen through memory, mremap, madvise, mlock, memfd.
. "$(dirname "$0")/../lib.sh"
posix_group mmap
