# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that templates of the hub use."""
