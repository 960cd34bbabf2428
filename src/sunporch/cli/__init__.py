# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line: `sunporch COMMAND`, each found by its entry point; and the commands that need no extra."""
