#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Terminals and pseudo-terminals: names, line editing, echo, mapping, flow control, raw mode, signals, sizes, hanging up.
. "$(dirname "$0")/../lib.sh"
posix_group tty
