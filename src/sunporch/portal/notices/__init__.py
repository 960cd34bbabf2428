# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who of the portal hears of what, if they chose to: that something waits, and nothing about it."""
