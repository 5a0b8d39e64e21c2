#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Scheduling classes: what sched_setscheduler, sched_setattr and their kin promise.
. "$(dirname "$0")/../lib.sh"

posix_group sched
