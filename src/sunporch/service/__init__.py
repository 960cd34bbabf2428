# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a process of ours serves and ends: a port of its own, its parent's pipe, granian inside one process."""
