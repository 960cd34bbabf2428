# SPDX-License-Identifier: AGPL-3.0-or-later
"""An agency's annual report: counted from the public record; the agency adds only what no record can tell (R31)."""
