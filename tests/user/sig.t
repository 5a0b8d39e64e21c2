#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Signals.
. "$(dirname "$0")/../lib.sh"
on_every_kernel tests/sig
