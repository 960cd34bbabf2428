# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the public record says, what of it concerns this home, and what is wrong with it."""
