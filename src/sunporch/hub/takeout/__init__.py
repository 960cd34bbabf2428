# SPDX-License-Identifier: AGPL-3.0-or-later
"""My own recording, to whomever I choose: as a file, or behind a link that ends; and where anybody checks it."""
