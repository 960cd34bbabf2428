# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may act here: accounts of named people, bound to keys of the record; agencies and their partnerships."""
