#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# exec: what a new program finds, what it keeps, and every way to be refused.
. "$(dirname "$0")/../lib.sh"

posix_group exec
