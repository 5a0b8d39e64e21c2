#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What is taken and given back is all there again.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/leak
