#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Resource limits: how they are set, and that each of them bites.
. "$(dirname "$0")/../lib.sh"
posix_group limits
