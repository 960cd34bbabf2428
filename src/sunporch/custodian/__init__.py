# SPDX-License-Identifier: AGPL-3.0-or-later
"""The key custodian: keeps half of each clip's key, gives it out per recorded opening, destroys it at the end.

It never sees footage or the other half. Everything it knows about people comes from the public log.
"""
