# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clips on their way out of the house, and the only way there."""
