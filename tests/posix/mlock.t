#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Memory that stays: mlock(2) and its kin.
. "$(dirname "$0")/../lib.sh"
posix_group mlock
