# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sealed clip that leaves the house (spec/sealed-clip.md): `header` stands apart from `seal` and `open`."""
