#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every call with bad pointers, bad descriptors and bad flags.
. "$(dirname "$0")/../lib.sh"
posix_group errors
