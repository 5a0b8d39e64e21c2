#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# select(2) and poll(2) over many descriptors; descriptors that others close while a call uses them.
. "$(dirname "$0")/../lib.sh"
posix_group select
