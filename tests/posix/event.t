#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# eventfd(2) and signalfd(2).
. "$(dirname "$0")/../lib.sh"
posix_group event
