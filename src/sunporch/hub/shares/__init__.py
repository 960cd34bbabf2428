# SPDX-License-Identifier: AGPL-3.0-or-later
"""What left the house: who opened it, time left, withdrawal, messages."""
