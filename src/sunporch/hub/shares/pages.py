# SPDX-License-Identifier: AGPL-3.0-or-later
"""What left this house, in a browser: who opened it, time left, stop sharing, messages, the receipt."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sunporch.hub import household, permissions
from sunporch.hub.forms import form_page, posted, refused
from sunporch.hub.inbox import notice
from sunporch.hub.release.models import Release
from sunporch.hub.release.pages import trouble
from sunporch.hub.release.states import ENDED
from sunporch.hub.shares import actions, paper
from sunporch.hub.shares.models import Message, Share

MOST_LISTED = 500


class MessageForm(forms.Form):
    """What a resident writes to the recipients."""

    text = forms.CharField(
        label=gettext_lazy("Write to them"),
        help_text=gettext_lazy("Sealed to their devices; your name is not said."),
        max_length=actions.MOST_MESSAGE,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_safe
@permissions.page
@never_cache
def shares(request: HttpRequest) -> HttpResponse:
    """List what is on its way and what left this house, newest first."""
    now = household.clock().now()
    found = Share.objects.select_related("release", "release__appeal", "release__camera").order_by("-disclosure")
    rows = [_row(share, now) for share in found[:MOST_LISTED]]
    underway = Release.objects.exclude(state__in=[state.value for state in ENDED]).select_related("camera", "appeal")
    waiting = [{"release": item, "what": notice.offence_in(item.appeal, get_language())} for item in underway]
    told = {
        "waiting": waiting,
        "live": [row for row in rows if row["live"]],
        "over": [row for row in rows if not row["live"]],
    }
    return render(request, "hub/shares.html", told)


def _row(share: Share, now: int) -> dict[str, Any]:
    left = actions.time_left(share, now)
    return {
        "share": share,
        "release": share.release,
        "what": notice.offence_in(share.release.appeal, get_language()),
        "who": share.release.appeal.agency_name or share.release.appeal.fields["agency"],
        "live": left is not None,
        "left": left or 0,
    }


@form_page
@permissions.page
@never_cache
def one(request: HttpRequest, disclosure: int) -> HttpResponse:
    """One share; its form writes to the recipients."""
    share = actions.find(disclosure)
    form = MessageForm(posted(request))
    user, now = permissions.resident(request), household.clock().now()
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if refused(form, "text", lambda: actions.write(disclosure, text, user, now)) is not None:
            return redirect("share", disclosure)
    told = _row(share, now) | {
        "form": form,
        "messages": Message.objects.filter(share=share).order_by("at", "id")[:MOST_LISTED],
        "outcome": share.release.appeal.outcome,
        "by": permissions.name_of(share.release.released_by),
        "stopped_by": permissions.name_of(share.withdrawn_by) if share.withdrawn_by else "",
        "trouble": trouble(share),
        "told_all": share.custodian_told_at is not None and share.withdrawn_at is not None,
    }
    return render(request, "hub/share.html", told)


@form_page
@permissions.page
@never_cache
def stop(request: HttpRequest, disclosure: int) -> HttpResponse:
    """Stop sharing? Says what it does and what it cannot do; the form does it."""
    share = actions.find(disclosure)
    if request.method == "POST":
        actions.withdraw(disclosure, permissions.resident(request), household.clock().now())
        return redirect("share", disclosure)
    return render(request, "hub/stop.html", _row(share, household.clock().now()))


@require_safe
@permissions.page
@never_cache
def receipt(request: HttpRequest, disclosure: int) -> HttpResponse:
    """The receipt on paper, with the stop code that lets anybody end the share."""
    del request
    share = actions.find(disclosure)
    page = paper.receipt(share, household.hub().portal_url)
    answer = HttpResponse(page, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="sunporch-clip-{disclosure}.receipt.pdf"'
    return answer
