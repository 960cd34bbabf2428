# SPDX-License-Identifier: AGPL-3.0-or-later
"""The home hub: records, follows the public record, matches at home, shares what a resident chooses, or nothing."""
