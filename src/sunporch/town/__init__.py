# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demo: a whole town on one machine, every part a process of its own, started by its entry point."""
