# SPDX-License-Identifier: AGPL-3.0-or-later
"""The inbox in a browser: which appeals concern this home, one appeal, and the PIN before them.

Reading is told to nobody, and ignoring is closing the page: no address of this site takes a "no".
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sunporch.hub import permissions
from sunporch.hub.cameras.models import Camera
from sunporch.hub.forms import form_page, posted, refused
from sunporch.hub.inbox import actions, notice
from sunporch.hub.inbox.around import draw
from sunporch.hub.inbox.models import Appeal, Match, Notice
from sunporch.hub.preferences import pin
from sunporch.hub.release.models import Release

MOST_LISTED = 500


class PinForm(forms.Form):
    """The PIN before the inbox."""

    pin = forms.CharField(
        label=gettext_lazy("PIN"),
        max_length=pin.MOST_DIGITS,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
    )


@form_page
@permissions.page
@never_cache
def unlock(request: HttpRequest) -> HttpResponse:
    """Ask for the PIN; whoever gives it is led to where they wanted to go."""
    user = permissions.resident(request)
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("inbox")
    form = PinForm(posted(request))
    if request.method == "POST" and form.is_valid():
        refused(form, "pin", lambda: pin.give(request, user, form.cleaned_data["pin"]))
        if not form.errors:
            return HttpResponseRedirect(wanted)
    return render(request, "hub/unlock.html", {"form": form, "next": wanted})


@require_safe
@permissions.inbox_page
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    """List the appeals that concern this home: those that can be answered first."""
    language = get_language()
    found = Notice.objects.select_related("appeal").order_by("-appeal_id")[:MOST_LISTED]
    rows = [_row(item.appeal, language) for item in found]
    still_open = [row for row in rows if row["appeal"].is_open]
    return render(
        request, "hub/inbox.html", {"open": still_open, "over": [row for row in rows if row not in still_open]}
    )


def _row(appeal: Appeal, language: str) -> dict[str, Any]:
    return {
        "appeal": appeal,
        "who": appeal.agency_name or appeal.fields["agency"],
        "what": notice.offence_in(appeal, language),
        "from": appeal.fields["from"],
        "to": appeal.fields["to"],
        "closes": appeal.fields["closes"],
        "length": appeal.fields["to"] - appeal.fields["from"],
    }


@require_safe
@permissions.inbox_page
@never_cache
def appeal(request: HttpRequest, index: int) -> HttpResponse:
    """Show one notice: the fixed sentences, the officer's own words apart, the place, and what is here."""
    found = actions.noticed_appeal(index)
    language = get_language()
    matches = Match.objects.filter(appeal=found).select_related("camera").order_by("camera__name", "start_s")
    concerned = {match.camera_id for match in matches}
    told = _row(found, language) | {
        "parts": notice.parts(found, language),
        "matches": matches,
        "drawing": draw(found.fields["cells"], Camera.objects.filter(id__in=concerned).order_by("name")),
        "mine": Release.objects.filter(appeal=found).order_by("-made_at"),
    }
    return render(request, "hub/appeal.html", told)
