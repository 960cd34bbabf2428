# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recovery file of a home: what a new hub needs to be this home again, sealed for a key that only paper has."""
