# SPDX-License-Identifier: AGPL-3.0-or-later
"""Covers what must not be seen: a plan (pure), an engine that renders it, and a report of what was done."""
