# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sealed clips on their way to their recipients: uploads, lists, re-sealings, sealed messages."""
