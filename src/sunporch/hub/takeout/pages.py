# SPDX-License-Identifier: AGPL-3.0-or-later
"""A resident's own recording in a browser: as a file, or behind a link; and the links that there are."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import segno
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sunporch.hub import household, permissions
from sunporch.hub.cameras import actions as cameras
from sunporch.hub.cameras import pictures
from sunporch.hub.cameras.models import Camera
from sunporch.hub.cameras.pages import MINUTE, moment
from sunporch.hub.errors import LINK_ABSENT
from sunporch.hub.forms import form_page, posted, refused
from sunporch.hub.release.pages import trouble
from sunporch.hub.takeout import actions, films, strangers
from sunporch.hub.takeout.models import MAX_TITLE, State

FILE, LINK = "file", "link"
_HERE = ("localhost", "127.0.0.1", "[::1]")


class TakeForm(forms.Form):
    """Which seconds are taken out, counted from the moment that is watched, how, and by which way."""

    start = forms.FloatField(label=gettext_lazy("From second"), min_value=0, initial=0)
    end = forms.FloatField(label=gettext_lazy("To second"), min_value=0, initial=MINUTE)
    covered = forms.BooleanField(label=gettext_lazy("Cover people"), required=False)
    sound = forms.BooleanField(label=gettext_lazy("With sound: voices can be recognised"), required=False)
    how = forms.ChoiceField(
        label=gettext_lazy("How do you hand it over?"),
        choices=[(FILE, gettext_lazy("As a file")), (LINK, gettext_lazy("As a link that ends"))],
        widget=forms.RadioSelect,
        initial=FILE,
    )
    title = forms.CharField(
        label=gettext_lazy("What is it?"),
        help_text=gettext_lazy("Whoever opens the link reads this. You may leave it empty."),
        max_length=MAX_TITLE,
        required=False,
    )
    hours = forms.TypedChoiceField(
        label=gettext_lazy("The link ends after"),
        coerce=int,
        choices=[
            (1, gettext_lazy("one hour")),
            (6, gettext_lazy("6 hours")),
            (24, gettext_lazy("24 hours")),
            (72, gettext_lazy("3 days")),
            (168, gettext_lazy("one week")),
            (720, gettext_lazy("30 days")),
        ],
        initial=24,
    )
    most = forms.IntegerField(
        label=gettext_lazy("How often can it be opened?"),
        help_text=gettext_lazy("Leave it empty for as often as anybody likes until it ends."),
        min_value=1,
        max_value=actions.MOST_OPENINGS,
        required=False,
    )

    def __init__(self, data: Any = None) -> None:
        """Seconds take tenths."""
        super().__init__(data)
        for name in ("start", "end"):
            self.fields[name].widget.attrs |= {"step": "0.1", "inputmode": "decimal"}


@form_page
@permissions.page
@never_cache
def take(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Take out one's own recording: never gated, told to nobody."""
    camera = cameras.find(camera_id)
    at = moment(request.POST.get("at") or request.GET.get("at")) or household.clock().now() - MINUTE
    form = TakeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        permissions.previews(request)
        answer = (_link if form.cleaned_data["how"] == LINK else _file)(request, form, camera, at)
        if answer is not None:
            return answer
    return render(request, "hub/take.html", {"camera": camera, "at": at, "form": form})


def _file(request: HttpRequest, form: TakeForm, camera: Camera, at: float) -> HttpResponse | None:
    wanted, now = form.cleaned_data, household.clock().now()
    start, end, covered = at + wanted["start"], at + wanted["end"], wanted["covered"]
    sound = wanted["sound"] and camera.sound

    def make() -> films.Made:
        if covered:
            pictures.check_length(camera, start, end, films.MOST_COVERED_SECONDS)
        return films.make(household.vault(), camera, start, end, covered=covered, sound=sound, now=now)

    made = refused(form, "end", make)
    if made is None:
        return None
    headers = {"Cache-Control": "private, no-store", "Content-Disposition": 'attachment; filename="film.zip"'}
    folder = films.folder(made, _how_to_check(request, made))
    return HttpResponse(folder, content_type="application/zip", headers=headers)


def _how_to_check(request: HttpRequest, made: films.Made) -> str:
    lines = (
        gettext("Is this film unaltered?"),
        gettext("Open %(address)s where that home hub can be reached, and choose the film and its proof there.")
        % {"address": request.build_absolute_uri(reverse("check"))},
        gettext("Or, without any network: sunporch verify --film FILM.mp4 FILM.proof --key KEY"),
        gettext("The hub's key, to be compared with what the people of that home say it is: %(key)s")
        % {"key": made.film.key},
        gettext("It shows that the film is unaltered since the hub signed it, not that what is seen happened."),
    )
    return "\n\n".join(lines) + "\n"


def _link(request: HttpRequest, form: TakeForm, camera: Camera, at: float) -> HttpResponse | None:
    wanted, now = form.cleaned_data, household.clock().now()
    wish = actions.Wish(
        camera=camera.id,
        from_s=at + wanted["start"],
        to_s=at + wanted["end"],
        covered=wanted["covered"],
        sound=wanted["sound"],
        title=wanted["title"],
        hours=wanted["hours"],
        most=wanted["most"],
    )
    made = refused(form, "end", lambda: actions.make(household.vault(), permissions.resident(request), wish, now))
    if made is None:
        return None
    link, token = made
    address = request.build_absolute_uri(reverse("film", args=[token]))
    host = urlsplit(address).hostname or ""
    told = {"link": link, "address": address, "square": _square(address), "only_here": host in _HERE}
    return render(request, "hub/link_made.html", told)


def _square(address: str) -> str:
    """Return an address as a QR code (SVG) for the telephone beside you."""
    picture = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        picture, kind="svg", xmldecl=False, svgns=False, border=4, light="white", svgclass="square", omitsize=True
    )
    return picture.getvalue().decode()


@require_safe
@permissions.page
@never_cache
def links(request: HttpRequest) -> HttpResponse:
    """List the links, and how often each was opened."""
    live, ended = actions.listed(household.clock().now())
    return render(request, "hub/links.html", {"live": live, "ended": ended})


@form_page
@permissions.page
@never_cache
def one(request: HttpRequest, link_id: str) -> HttpResponse:
    """A link: what it shows, how often it was opened; the form ends it at once."""
    link = actions.find(link_id)
    now = household.clock().now()
    if request.method == "POST":
        actions.end(household.vault(), link_id, now)
        return redirect("link", link_id)
    told = {
        "link": link,
        "live": not actions.over(link, now),
        "by": permissions.name_of(link.made_by),
        "film": strangers.film_facts(link) if link.state == State.READY.value else None,
        "trouble": trouble(link),
    }
    return render(request, "hub/link.html", told)


@require_safe
@permissions.page
def own_film(request: HttpRequest, link_id: str) -> HttpResponseBase:
    """Give the film of a link to the people of this home: not counted."""
    link = actions.find(link_id)
    if link.ended_at is not None or link.state != State.READY.value:
        raise LINK_ABSENT(where=link_id)
    return strangers.film_answer(request, link)
