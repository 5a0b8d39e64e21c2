#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Files without a name, and their seals.
. "$(dirname "$0")/../lib.sh"
posix_group memfd
