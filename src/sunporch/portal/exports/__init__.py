# SPDX-License-Identifier: AGPL-3.0-or-later
"""Copies that leave the viewer: asked for by an officer, signed for by a supervisor too, then on the record."""
