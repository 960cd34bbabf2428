# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a household and its residents prefer."""
