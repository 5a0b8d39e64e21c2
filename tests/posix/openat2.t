#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# openat2, statx and its kin.
. "$(dirname "$0")/../lib.sh"
posix_group openat2
