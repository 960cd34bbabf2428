# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pings: short words to people outside the site that something waits for them there, and nothing about what."""
