# SPDX-License-Identifier: AGPL-3.0-or-later
"""Civil oversight: reads everything, edits nothing, suspends."""
