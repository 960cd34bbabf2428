# SPDX-License-Identifier: AGPL-3.0-or-later
"""Commands of the operator, run by `sunporch portal`."""
