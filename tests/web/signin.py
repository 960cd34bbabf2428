# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of the pages for signing in: the same at both sites, each with a gate of its own (allauth's)."""

from __future__ import annotations

SIGN_IN_PAGES = {
    *(
        f"sign-in/{tail}"
        for tail in ("", "code/", "passkey/", "again/", "again/code/", "again/passkey/", "inactive/", "password/")
    ),
    *("sign-out/", "passkeys/", "passkeys/add/", "passkeys/<int:pk>/remove/"),
}
# One gets to these only on the way through a task, or with a passkey: looked at where somebody plays that task.
ON_THE_WAY = {
    "sign-in/code/": "tests/hub/test_signin_pages.py",
    "sign-in/passkey/": "tests/hub/test_signin_pages.py",
    "sign-in/again/passkey/": "tests/hub/test_signin_pages.py",
    "passkeys/add/": "tests/hub/test_signin_pages.py",
    "passkeys/<int:pk>/remove/": "tests/hub/test_signin_pages.py",
}
