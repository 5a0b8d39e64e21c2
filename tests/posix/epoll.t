#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# epoll(7).
. "$(dirname "$0")/../lib.sh"
posix_group epoll
