# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first run: from nobody to the first adult, the limits of what is kept, and the first camera's live picture."""
