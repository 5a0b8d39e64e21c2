#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Terminals: line editing, echo, mapping, flow control, raw mode, the controlling terminal, its keys.
. "$(dirname "$0")/../lib.sh"
posix_group tty
