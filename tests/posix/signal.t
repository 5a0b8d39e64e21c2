#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Signals: actions and their flags, what a handler is told, masks and queues.
. "$(dirname "$0")/../lib.sh"

posix_group signal
