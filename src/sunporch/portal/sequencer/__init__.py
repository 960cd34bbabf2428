# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appends the outbox to the log, in order, each entry once, and has every checkpoint co-signed before it is shown."""
