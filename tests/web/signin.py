# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of the pages for signing in: the same at both sites, each with a gate of its own (allauth's)."""

from __future__ import annotations

SIGN_IN_PAGES = {
    *(
        f"sign-in/{tail}"
        for tail in ("", "code/", "passkey/", "again/", "again/code/", "again/passkey/", "inactive/")
    ),
    *("sign-out/", "passkeys/", "passkeys/add/", "passkeys/<int:pk>/remove/"),
}
