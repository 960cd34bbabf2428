# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the home hub tells its residents elsewhere, if they chose to: that something is waiting, and nothing else."""
