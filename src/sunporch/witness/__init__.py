# SPDX-License-Identifier: AGPL-3.0-or-later
"""An independent co-signer of a community's log (C2SP tlog-witness).

It remembers the newest checkpoint it signed, and signs only what continues that.
"""
