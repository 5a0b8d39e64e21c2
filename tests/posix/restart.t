#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Which calls a handler interrupts for good, and which go on: the tables of signal(7).
. "$(dirname "$0")/../lib.sh"

posix_group restart
