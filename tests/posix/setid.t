#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Set-user-ID programs, and what only user 0 may do to the system.
. "$(dirname "$0")/../lib.sh"
posix_group setid
