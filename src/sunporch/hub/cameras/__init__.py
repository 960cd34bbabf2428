# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras of this home: where they hang and how recording goes."""
