#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Names: directories, links, renaming, the *at family, the working directory.
. "$(dirname "$0")/../lib.sh"
posix_group directory
