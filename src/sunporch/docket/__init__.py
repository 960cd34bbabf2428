# SPDX-License-Identifier: AGPL-3.0-or-later
"""The docket: what entries of the public record mean. Entries, their text, and the state folded from them."""
