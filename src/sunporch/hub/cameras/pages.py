# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cameras in a browser: what each keeps, a day of one, playing it, erasing it, pausing, its place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sunporch.base.digests import to_base64
from sunporch.base.errors import Error
from sunporch.hub import household, permissions
from sunporch.hub.cameras import actions, live
from sunporch.hub.cameras.masks import SIDES, shown
from sunporch.hub.cameras.models import Camera
from sunporch.hub.errors import LIVE_CROWDED, PICTURE_ABSENT
from sunporch.hub.forms import form_page, number, posted, refused
from sunporch.hub.takeout import actions as links
from sunporch.vault import TICKS, Timeline
from sunporch.vault.errors import FOOTAGE_HELD
from sunporch.web.answers import said

DAY, HOUR, MINUTE = 86_400, 3_600, 60
# Shorter gaps are drawn and not listed: a camera that came back at once.
LEAST_LISTED_SECONDS = 1
# What is shorter is drawn so long, or nobody would see it on a telephone.
LEAST_DRAWN_SECONDS = 400
MOST_GAPS = 100
# Twice as far above the usual as its pictures stray by themselves (`recorder.motion`): measured in its tests.
LEAST_MOTION = 16
# Marks that are nearer are one; the newest ones are listed.
JOIN_MARKS_SECONDS = 10
MOST_MARKS = 200


@dataclass(frozen=True)
class Bar:
    """A piece of the day's bar: where it begins and how long it is, in 86,400ths of the day."""

    x: float
    width: float


@require_safe
@permissions.page
@never_cache
def cameras(request: HttpRequest) -> HttpResponse:
    """List the cameras with a still of each."""
    return render(request, "hub/cameras.html", {"cards": cards(), "removed": actions.removed(household.vault())})


def cards() -> list[dict[str, Any]]:
    """Return the cameras of this home, each with whether there is a picture to show."""
    found = actions.here().order_by("name")
    return [{"camera": one, "seen": household.vault().last_recorded_90k(one.id) is not None} for one in found]


@form_page
@permissions.page
@never_cache
def one(request: HttpRequest, camera_id: str) -> HttpResponse:
    """A day of one camera, and the minute that is watched; the form pauses or goes on."""
    camera = actions.find(camera_id)
    if request.method == "POST":
        actions.pause(camera_id, paused=request.POST.get("paused") == "1")
        return redirect("camera", camera_id)
    now = household.clock().now()
    at = moment(request.GET.get("at"))
    until = min(now, moment(request.GET.get("until")) or (max(now, 0) if at is None else math.ceil(at / DAY) * DAY))
    day = household.vault().timeline(camera_id, until - DAY, until)
    watched = _minute(camera, at) if at is not None else None
    told = _day(camera, day, until, now) | {"watched": watched, "live": None if watched else _live(camera)}
    told |= {"ready": "ready" in request.GET, "film": actions.source_of(camera).is_file}
    return render(request, "hub/camera.html", told)


def _live(camera: Camera) -> dict[str, Any]:
    """Return what the live picture begins with: the newest still inside the page, so that its time is its own.

    Where that cannot be opened, what is wrong: the page has more to show than this picture.
    """
    told: dict[str, Any] = {"words": None if actions.source_of(camera).is_file else _live_words(), "at": None}
    try:
        newest = live.newest(household.hub().data_dir, household.vault(), camera, household.clock())
    except Error as error:
        return told | {"trouble": None if error.kind is PICTURE_ABSENT else said(error)}
    return told | {"at": newest.at, "still": f"data:image/jpeg;base64,{to_base64(newest.picture)}"}


def _live_words() -> dict[str, Any]:
    """Return what the live picture's module says, in the reader's language; refusals by their ids."""
    kinds = (*live.AWAY, LIVE_CROWDED)
    return {
        "recording": gettext("recording"),
        "idle": gettext("not recording"),
        "live": gettext("live"),
        "away": gettext("not live"),
        "stills": gettext("stills"),
        "taken": gettext("Picture of {time}."),
        "late": gettext("The camera has sent no new picture since {time}."),
        "unplayable": gettext(
            "This browser cannot play what the camera sends: here is a new still every two seconds."
        ),
        "unreachable": gettext("The hub does not answer. This page tries again by itself."),
    } | {kind.id: [gettext(kind.what), gettext(kind.next)] for kind in kinds}


def moment(untrusted_text: str | None) -> float | None:
    """Return a Unix second, None for what is none."""
    try:
        value = float(untrusted_text or "nan")
    except ValueError:
        return None
    return value if DAY < value < 2**40 else None


def _day(camera: Camera, day: Timeline, until: float, now: int) -> dict[str, Any]:
    begins = until - DAY
    spans = [(span.start_90k / TICKS, span.end_90k / TICKS) for span in day.spans]
    gaps = [(gap.start_90k / TICKS, gap.end_90k / TICKS, gap.cause.value) for gap in day.gaps]
    moved, unread = _moved(camera, begins, until)
    hours = [begins + HOUR * n for n in range(24)]
    looks = [max(hour, a) for hour in hours for a, b in spans if a < hour + HOUR and b > hour]
    by_hour = {int((look - begins) // HOUR): look for look in reversed(looks)}
    still = f"/api/v1/cameras/{camera.id}/still"
    return {
        "camera": camera,
        "begins": begins,
        "until": until,
        "earlier": begins,
        "later": until + DAY if until < now else None,
        "recorded": [Bar(a - begins, max(LEAST_DRAWN_SECONDS, b - a)) for a, b in spans],
        "moved": [Bar(a - begins, max(LEAST_DRAWN_SECONDS, b - a)) for a, b in moved],
        "moved_at": [start for start, _ in moved[-MOST_MARKS:]],
        "moved_unread": unread,
        "hour_marks": [HOUR * n for n in range(1, 24)],
        "recorded_s": day.recorded_90k // TICKS,
        "gaps": [gap for gap in gaps if gap[1] - gap[0] >= LEAST_LISTED_SECONDS][-MOST_GAPS:],
        "looks": [by_hour[hour] for hour in sorted(by_hour)],
        "still": still,
        "scrub": {"begins": begins, "still": still, "reach": LEAST_DRAWN_SECONDS, "spans": spans},
    }


def _moved(camera: Camera, begins: float, until: float) -> tuple[list[tuple[float, float]], dict[str, Any] | None]:
    """Return when more moved than usual, or why that cannot be read: a locked archive, a spoiled recording."""
    try:
        found = household.vault().motion(camera.id, begins, until, least=LEAST_MOTION, join_s=JOIN_MARKS_SECONDS)
    except Error as error:
        return [], said(error)
    return [(moved.start_90k / TICKS, moved.end_90k / TICKS) for moved in found], None


def _minute(camera: Camera, at: float) -> dict[str, Any]:
    """Return what there is in the minute from a moment on."""
    found = household.vault().timeline(camera.id, at, at + MINUTE)
    spans = [(span.start_90k / TICKS, span.end_90k / TICKS) for span in found.spans]
    return {
        "at": at,
        "to": at + MINUTE,
        "before": at - MINUTE,
        "from": spans[0][0] if spans else None,
        "ends": spans[-1][1] if spans else None,
        "video": f"/api/v1/cameras/{camera.id}/video",
    }


class PlaceForm(forms.Form):
    """Where a camera hangs and looks."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=actions.MAX_NAME)
    place = forms.CharField(
        label=gettext_lazy("Place"),
        help_text=gettext_lazy("Degrees north and east, like 39.7589123,-84.1916069. It stays in this hub."),
    )
    bearing = forms.IntegerField(
        label=gettext_lazy("Looks to"), help_text=gettext_lazy("Degrees: 0 north, 90 east, 180 south, 270 west.")
    )
    field_of_view = forms.IntegerField(
        label=gettext_lazy("Sees so wide"), help_text=gettext_lazy("Degrees, up to 360.")
    )
    range_m = forms.IntegerField(label=gettext_lazy("Sees so far"), help_text=gettext_lazy("Metres."))
    indoor = forms.BooleanField(label=gettext_lazy("It hangs indoors: never share what it records"), required=False)


@form_page
@permissions.page
@never_cache
def place(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Change a camera's name and place."""
    camera = actions.find_here(camera_id)
    at = actions.written_place(camera)
    known = {name: getattr(camera, name) for name in ("name", "bearing", "field_of_view", "range_m", "indoor")}
    form = PlaceForm(posted(request), initial=known | {"place": at})
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        try:
            where = actions.parse_place(wanted["place"])
            actions.change(camera_id, actions.Place(**(wanted | {"place": where})))
        except Error as error:
            told = said(error)
            form.add_error("place" if error.id == "hub.place-malformed" else None, f"{told['what']} {told['next']}")
        else:
            return redirect("camera", camera_id)
    return render(request, "hub/place.html", {"camera": camera, "form": form})


@form_page
@permissions.page
@never_cache
def masks(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Draw what is covered in everything of this camera that leaves the house."""
    camera = actions.find(camera_id)
    form = forms.Form(posted(request))
    boxes = [shown(mask) for mask in camera.masks]
    if request.method == "POST" and form.is_valid():
        rows = zip(*(request.POST.getlist(side) for side in SIDES), strict=False)
        boxes = [dict(zip(SIDES, row, strict=True)) for row in rows]
        if "add" in request.POST:
            boxes.append(_FRESH)
        elif "remove" in request.POST:
            boxes = [box for n, box in enumerate(boxes, 1) if str(n) != request.POST["remove"]]
        elif refused(form, None, lambda: actions.mask(camera_id, _numbers(boxes))) is not None:
            return redirect("camera", camera_id)
    seen = household.vault().last_recorded_90k(camera_id) is not None
    told = {"camera": camera, "form": form, "boxes": boxes, "fresh": _FRESH, "seen": seen}
    return render(request, "hub/masks.html", told | {"still": f"/api/v1/cameras/{camera.id}/still"})


# A new mask, in per cent of the picture: in its middle.
_FRESH = {"x": "40", "y": "40", "width": "20", "height": "20"}


def _numbers(untrusted_boxes: list[dict[str, str]]) -> list[dict[str, float]]:
    """Return the boxes as numbers; what is none becomes one that every check refuses."""
    return [{side: number(text) for side, text in box.items()} for box in untrusted_boxes]


class EraseForm(forms.Form):
    """How much is erased, from a moment on."""

    span = forms.TypedChoiceField(
        label=gettext_lazy("How much"),
        coerce=int,
        choices=[
            (MINUTE, gettext_lazy("this minute")),
            (HOUR, gettext_lazy("this hour")),
            (DAY, gettext_lazy("24 hours from here")),
        ],
        widget=forms.RadioSelect,
        initial=MINUTE,
    )
    even_held = forms.BooleanField(
        label=gettext_lazy("Also what an appeal asked for, originals of what I shared, and what a link shows"),
        required=False,
    )


@form_page
@permissions.page
@never_cache
def erase(request: HttpRequest, camera_id: str) -> HttpResponse:
    """Erase a stretch for good."""
    camera = actions.find(camera_id)
    at = moment(request.POST.get("at") or request.GET.get("at")) or household.clock().now() - MINUTE
    form = EraseForm(posted(request))
    erased = None
    if request.method == "POST" and form.is_valid():
        span, even_held = form.cleaned_data["span"], form.cleaned_data["even_held"]
        try:
            erased = household.vault().erase(camera_id, at, at + span, even_held=even_held)
            links.end_erased(household.vault(), camera_id, at, at + span, household.clock().now())
        except Error as error:
            told = said(error)
            held = gettext(
                "It is kept because an appeal asked for it, as the original of what you shared, or for a link. "
            )
            form.add_error(None, (held if error.kind is FOOTAGE_HELD else "") + told["next"])
    return render(request, "hub/erase.html", {"camera": camera, "at": at, "form": form, "erased": erased})
