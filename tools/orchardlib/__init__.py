# SPDX-License-Identifier: BSD-2-Clause
"""The parts of tools/orchard, one idea each. README.md in this folder lists them."""
