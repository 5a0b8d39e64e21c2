#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Pseudo-terminals: names in /dev/pts, sizes, full buffers, packet mode, and the end of either end.
. "$(dirname "$0")/../lib.sh"
posix_group pty
