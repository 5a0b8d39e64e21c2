#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# open flags, offsets, holes, vectors, locks, copies, times: what one open file is.
. "$(dirname "$0")/../lib.sh"
posix_group file
