#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Modes, owners and ids: what user 0 may, and what others may not.
. "$(dirname "$0")/../lib.sh"
posix_group permission
