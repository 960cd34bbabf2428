# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sunporch: police ask for home-camera video in public; residents answer in private, or not at all."""
