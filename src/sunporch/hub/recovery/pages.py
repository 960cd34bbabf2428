# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recovery in a browser: a key that is shown once, and files for it. Whoever asks gives their own password first."""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.account.decorators import reauthentication_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from sunporch.hub import household, permissions
from sunporch.hub.forms import form_page
from sunporch.hub.recovery import actions

KEY, FILE = "key", "file"
# So many characters of a key stand together, to be copied by hand; what all keys begin with stands apart.
_GROUP, _BEGINNING = 6, len("AGE-SECRET-KEY-1")


@form_page
@permissions.page
@reauthentication_required  # type: ignore[untyped-decorator]  # allauth has no type hints
@never_cache
def recovery(request: HttpRequest) -> HttpResponse:
    """Say how recovery stands; make a key, which is shown once, or a file, which the browser keeps."""
    user, now = permissions.resident(request), household.clock().now()
    asked = request.POST.get("act")
    if asked == KEY:
        return render(request, "hub/recovery_key.html", {"groups": _groups(actions.new_key(now))})
    if asked == FILE:
        file = actions.make_file(household.hub(), household.settings_file(), household.vault(), user, now)
        return HttpResponse(
            file,
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{_name(now)}"'},
        )
    found = actions.present()
    told = {"recovery": found, "by": found and found.file_by and permissions.name_of(found.file_by)}
    return render(request, "hub/recovery.html", told | {"since": actions.shared_since(found)})


def _groups(key: str) -> list[str]:
    return [key[:_BEGINNING], *(key[at : at + _GROUP] for at in range(_BEGINNING, len(key), _GROUP))]


def _name(now: int) -> str:
    return f"sunporch-home-{datetime.fromtimestamp(now, UTC):%Y-%m-%d}.age"
