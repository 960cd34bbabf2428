# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody without an account sees: the film of a link that they were given, and the page that checks a film.

These pages look at no session and set no cookie. A link that ended, was spent or never was is one and the same page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from sunporch.base.errors import Error
from sunporch.base.strictjson import loads
from sunporch.hub import household
from sunporch.hub.errors import LINK_ABSENT
from sunporch.hub.forms import form_page
from sunporch.hub.permissions import looks, openings
from sunporch.hub.takeout import actions
from sunporch.hub.takeout.models import Link, State
from sunporch.vault import TICKS
from sunporch.web.ranges import file_answer

type View = Callable[..., HttpResponseBase]

PRIVATE = "private, no-store"


def _shows_nothing(view: View) -> View:
    """Answer with one plain page whatever the reason is that a link shows nothing."""

    @wraps(view)
    def shown_or_not(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        try:
            return view(request, *arguments, **named)
        except Error as error:
            if error.kind is not LINK_ABSENT:
                raise
            return render(request, "hub/film_none.html", status=HTTPStatus.NOT_FOUND)

    return shown_or_not


# Who sends the form has the link and nothing else: there is no session that another site's page could use.
@csrf_exempt
@form_page
@looks
@_shows_nothing
def shown(request: HttpRequest, token: str) -> HttpResponseBase:
    """Say what the film is and until when; the form opens it, and each opening is counted."""
    now = household.clock().now()
    if request.method == "POST":
        openings.spend(request)
        return redirect("film-playing", token, actions.open_link(token, now))
    return render(request, "hub/film.html", _told(actions.by_token(token, now)) | {"token": token})


@require_safe
@looks
@_shows_nothing
def playing(request: HttpRequest, token: str, opened: str) -> HttpResponseBase:
    """Play the film, and give it away with its proof, for the hour after it was opened."""
    link = actions.by_pass(token, opened, household.clock().now())
    return render(request, "hub/film.html", _told(link) | {"token": token, "opened": opened})


def _told(link: Link) -> dict[str, Any]:
    told: dict[str, Any] = {"link": link, "ready": link.state == State.READY.value}
    if link.proof:
        told["film"] = film_facts(link)
    return told


def film_facts(link: Link) -> dict[str, Any]:
    """Return what the proof of a link says, for a page."""
    said = loads(link.proof.split("\n")[1])
    return {
        "from": said["from_90k"] / TICKS,
        "to": said["to_90k"] / TICKS,
        "gaps": [(start / TICKS, end / TICKS) for start, end in said["gaps"]],
        "covered": len(said["report"]["covered"]),
        "sound": said["report"]["sound"],
        "sha256": said["sha256"],
        "sha512": said["sha512"],
        "bytes": said["bytes"],
        "signed_at": said["signed_at"],
    }


@require_safe
@looks
@_shows_nothing
def media(request: HttpRequest, token: str, opened: str) -> HttpResponseBase:
    """Give the film, whole or in part."""
    return film_answer(request, actions.by_pass(token, opened, household.clock().now()))


def film_answer(request: HttpRequest, link: Link) -> HttpResponseBase:
    """Return the film of a link as it lies sealed in the archive, opened piece by piece."""
    film = household.vault().film(link.id)
    return file_answer(
        request, size=film.size, read=film.read, etag=link.id, content_type="video/mp4", cache_control=PRIVATE
    )


@require_safe
@looks
@_shows_nothing
def proof(request: HttpRequest, token: str, opened: str) -> HttpResponseBase:
    """Give the proof that belongs to the film."""
    del request
    link = actions.by_pass(token, opened, household.clock().now())
    headers = {"Content-Disposition": 'attachment; filename="film.proof"'}
    return HttpResponse(link.proof, content_type="text/plain; charset=utf-8", headers=headers)


@require_safe
@looks
def check(request: HttpRequest) -> HttpResponseBase:
    """Let anybody check a film and its proof in their own browser; nothing is sent here."""
    told = {"key": household.vault().public_key, "words": _words()}
    return render(request, "hub/check.html", told)


def _words() -> dict[str, str]:
    return {
        "signed": gettext("The hub signed exactly these bytes on {at}. Not one of them has changed since."),
        "covered": gettext("{n} people, faces or boxes are covered in it."),
        "uncovered": gettext("Nothing in it is covered."),
        "sound": gettext("With sound."),
        "silent": gettext("Without sound."),
        "gap": gettext("Nothing was recorded from {from} to {to}."),
        "clock": gettext("The camera's own clock was {seconds} seconds off, as the picture may show."),
    }
