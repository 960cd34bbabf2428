# SPDX-License-Identifier: AGPL-3.0-or-later
"""How times and spans are written on the pages of both sites."""
