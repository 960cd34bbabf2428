# SPDX-License-Identifier: AGPL-3.0-or-later
"""The numbered procedure and the tailing state: bytes in, report out. No network, no files, no clock of its own."""
