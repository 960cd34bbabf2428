# SPDX-License-Identifier: AGPL-3.0-or-later
"""Complaints of people who were filmed, or of anybody: no account is needed, an answer is owed."""
