# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drafts of clips: whom the cameras saw in some seconds, and who of them stays covered."""
