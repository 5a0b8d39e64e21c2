# SPDX-License-Identifier: BSD-2-Clause
"""Exit statuses of the tool, and the error that becomes one clear line."""

PANIC = 70
TIMEOUT = 124
TOOL = 125


class ToolError(Exception):
    """Something the user can act on. Printed as `orchard: MESSAGE`; the tool exits with `status`."""

    def __init__(self, message, status=TOOL):
        super().__init__(message)
        self.status = status
