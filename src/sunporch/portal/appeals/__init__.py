# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appeals for footage before they are public: drafts, what the rules say to them, second and third signatures."""
