# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the elected body does: partnerships, and entries that need several of its keys."""
