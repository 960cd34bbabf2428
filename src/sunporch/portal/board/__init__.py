# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public board: entries on their way into the record, and everything the record says, as pages and feeds."""
