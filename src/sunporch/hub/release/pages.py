# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sharing in a browser, one question a page: which seconds, who stays covered, look and hold, then it waits."""

from __future__ import annotations

import math
import re
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext, gettext_lazy
from django.views.decorators.cache import never_cache

from sunporch.base.errors import all_kinds
from sunporch.docket import custody
from sunporch.hub import household, permissions
from sunporch.hub.cameras import actions as cameras
from sunporch.hub.coverings import actions as coverings
from sunporch.hub.coverings.models import Covering
from sunporch.hub.errors import APPEAL_ABSENT
from sunporch.hub.forms import form_page, number, posted, refused
from sunporch.hub.inbox import actions as inbox
from sunporch.hub.inbox import notice
from sunporch.hub.inbox.models import Appeal, Match
from sunporch.hub.release import actions
from sunporch.hub.release.states import RETURNABLE, State
from sunporch.redact.plan import TICKS

# Seconds are chosen within at most ten minutes at a time: fine enough for a thumb, and few stills.
PIECE_SECONDS = 600
STRIP_STILLS = 6
DEFAULT_SECONDS = 40
MOST_PIECES = 144
_TRACK = re.compile(r"[0-9]{1,6}", re.ASCII)
_NUMBERS = ("x", "y", "width", "height", "from", "to")


class TrimForm(forms.Form):
    """Exact seconds, counted from the beginning of the piece that is shown."""

    start = forms.FloatField(label=gettext_lazy("From second"), min_value=0)
    end = forms.FloatField(label=gettext_lazy("To second"), min_value=0)

    def __init__(self, data: QueryDict | None, length: float) -> None:
        """`length` is that of the piece, in seconds."""
        super().__init__(data, initial={"start": 0, "end": f"{min(DEFAULT_SECONDS, length):g}"})
        for field in self.fields.values():
            field.widget.attrs |= {"step": "0.1", "max": f"{length:g}", "inputmode": "decimal"}


@form_page
@permissions.inbox_page
@never_cache
def trim(request: HttpRequest, index: int, camera_id: str) -> HttpResponse:
    """Ask which seconds."""
    appeal, camera = inbox.open_appeal(index), cameras.find(camera_id)
    stretches = _stretches(appeal, camera_id)
    begins, length = _piece(stretches, request.POST.get("at") or request.GET.get("at"))
    form = TrimForm(posted(request), length)
    if request.method == "POST" and form.is_valid():
        seconds = begins + form.cleaned_data["start"], begins + form.cleaned_data["end"]
        wish = coverings.Wish(index, camera_id, *seconds, boxes=[], sound=False)
        user, now = permissions.resident(request), household.clock().now()
        made = refused(form, "end", lambda: coverings.begin(household.vault(), user, wish, now))
        if made is not None:
            return redirect("cover", made.id)
    told = {
        "appeal": appeal,
        "camera": camera,
        "begins": begins,
        "length": length,
        "form": form,
        "strip": [begins + length * (2 * n + 1) / (2 * STRIP_STILLS) for n in range(STRIP_STILLS)],
        "pieces": _pieces(stretches),
        "still": f"/api/v1/cameras/{camera_id}/still",
        "video": f"/api/v1/cameras/{camera_id}/video",
    }
    return render(request, "hub/trim.html", told)


def _stretches(appeal: Appeal, camera_id: str) -> list[tuple[float, float]]:
    """Return what the camera has within the appeal's hours; raises `hub.appeal-absent` where it has nothing."""
    matches = Match.objects.filter(appeal=appeal, camera_id=camera_id).order_by("start_s")
    begins, ends = appeal.fields["from"], appeal.fields["to"]
    inside = [(max(begins, match.start_s), min(ends, match.end_s)) for match in matches]
    found = [(start, end) for start, end in inside if start < end]
    if not found:
        raise APPEAL_ABSENT(where=f"appeal {appeal.index}")
    return found


def _piece(stretches: list[tuple[float, float]], untrusted_at: str | None) -> tuple[float, float]:
    """Return beginning and length of the piece that begins at the moment asked for, or the first one."""
    try:
        at = float(untrusted_at or "nan")
    except ValueError:
        at = math.nan
    start, end = next(((a, b) for a, b in stretches if a <= at < b), stretches[0])
    begins = at if start <= at < end else start
    return begins, min(PIECE_SECONDS, end - begins)


def _pieces(stretches: list[tuple[float, float]]) -> list[float]:
    """Return where the other pieces begin; empty where there is only one."""
    found = [a + n * PIECE_SECONDS for a, b in stretches for n in range(math.ceil((b - a) / PIECE_SECONDS))]
    return found[:MOST_PIECES] if len(found) > 1 else []


class CoverForm(forms.Form):
    """Who is left visible, boxes drawn besides, and sound. The repeated fields are read from the form's data."""

    @property
    def wanted(self) -> coverings.Choices:
        """Return the choices; raises `hub.box-refused` as far as numbers cannot be read."""
        data = cast("QueryDict", self.data)
        columns = [data.getlist(name) for name in _NUMBERS]
        return coverings.Choices(
            uncovered=[(int(number), True) for number in data.getlist("match") if _TRACK.fullmatch(number)],
            boxes=[dict(zip(_NUMBERS, map(number, row), strict=True)) for row in zip(*columns, strict=False)],
            sound=data.get("sound") == "1",
        )


@form_page
@permissions.inbox_page
@never_cache
def cover(request: HttpRequest, covering_id: str) -> HttpResponse:
    """Ask who stays covered."""
    covering = coverings.find(covering_id)
    length = covering.to_s - covering.from_s
    form = CoverForm(posted(request))
    boxes = [_shown_box(box) for box in covering.boxes]
    uncovered, sound = set(covering.uncovered), covering.sound
    if request.method == "POST":
        form.is_valid()
        wanted = form.wanted
        boxes = [{name: f"{value:g}" for name, value in box.items()} for box in wanted.boxes]
        sound = wanted.sound
        uncovered = {number for number, _ in wanted.uncovered}
        if "add" in request.POST:
            boxes.append(_fresh(covering))
        elif "remove" in request.POST:
            boxes = [box for n, box in enumerate(boxes, 1) if str(n) != request.POST["remove"]]
        elif refused(form, None, lambda: coverings.choose(covering.id, wanted)) is not None:
            return redirect("review", covering.id)
    tracks = [
        {
            "track": track.id,
            "covered": track.id not in uncovered,
            "from": f"{track.boxes[0].from_90k / TICKS:.1f}",
            "to": f"{track.boxes[-1].to_90k / TICKS:.1f}",
        }
        for track in coverings.found(covering)
    ]
    told = _around(covering) | {
        "form": form,
        "length": length,
        "tracks": tracks,
        "boxes": boxes,
        "fresh": _fresh(covering),
        "sound": sound,
        "still": f"/api/v1/cameras/{covering.camera_id}/still",
        "found": {"done_s": covering.done_90k / TICKS, "total_s": length},
        "trouble": trouble(covering),
    }
    return render(request, "hub/cover.html", told)


def _fresh(covering: Covering) -> dict[str, Any]:
    """Return a box in the middle of the picture, for the whole clip."""
    w, h = covering.width, covering.height
    place = {"x": w * 2 // 5, "y": h * 2 // 5, "width": max(1, w // 5), "height": max(1, h // 5)}
    return place | {"from": "0", "to": f"{covering.to_s - covering.from_s:g}"}


def _shown_box(box: dict[str, int]) -> dict[str, Any]:
    times = {"from": f"{box['from_90k'] / TICKS:g}", "to": f"{box['to_90k'] / TICKS:g}"}
    return {name: box[name] for name in ("x", "y", "width", "height")} | times


def _around(covering: Covering) -> dict[str, Any]:
    return {
        "covering": covering,
        "camera": cameras.find(covering.camera_id),
        "address": f"/api/v1/coverings/{covering.id}",
    }


def trouble(row: Any) -> dict[str, str] | None:
    """Return why something does not go on, in the page's language where its sentence has no blanks to fill."""
    if not row.trouble_id:
        return None
    kind = all_kinds().get(row.trouble_id)
    if kind is not None and not kind.parameters:
        return {"id": kind.id, "what": gettext(kind.what), "next": gettext(kind.next)}
    return {"id": row.trouble_id, "what": row.trouble_what, "next": row.trouble_next}


@form_page
@permissions.inbox_page
@never_cache
def review(request: HttpRequest, covering_id: str) -> HttpResponse:
    """Show what they will see; hold to share."""
    covering = coverings.ready(coverings.find(covering_id))
    appeal = inbox.open_appeal(covering.appeal_id)
    form = forms.Form(posted(request))
    if request.method == "POST":
        form.is_valid()
        if request.POST.get("sure") != "1":
            form.add_error(None, gettext("Hold the button, or say yes: nothing is shared by a slip."))
        else:
            hub, vault, user = household.hub(), household.vault(), permissions.resident(request)
            now = household.clock().now()
            made = refused(form, None, lambda: actions.release(hub, vault, user, covering.id, now))
            if made is not None:
                return redirect("release", made.id)
    told = _around(covering) | {
        "form": form,
        "who": appeal.agency_name or appeal.fields["agency"],
        "what": notice.offence_in(appeal, get_language()),
        "devices": len(appeal.fields["recipients"]),
        "seconds": _seconds(covering.to_s - covering.from_s),
        "visible": len(covering.uncovered),
        "sound": covering.sound,
        "until": custody.expiry(household.clock().now(), appeal.retention_days),
    }
    return render(request, "hub/review.html", told)


def _seconds(count: float) -> str:
    return gettext("%(n)s seconds") % {"n": f"{count:.1f}".removesuffix(".0")}


@form_page
@permissions.page
@never_cache
def one(request: HttpRequest, release_id: str) -> HttpResponse:
    """A clip on its way: it waits, can be taken back or sent now; once shared, the share is shown."""
    release = actions.find(release_id)
    now = household.clock().now()
    if request.method == "POST":
        if request.POST.get("act") == "undo":
            actions.undo(household.vault(), release_id, now)
        elif request.POST.get("act") == "send":
            actions.send_now(release_id, now)
        return redirect("release", release_id)
    if release.state == State.SHARED.value and release.disclosure is not None:
        return redirect("share", release.disclosure)
    told = {
        "release": release,
        "address": f"/api/v1/releases/{release_id}",
        "left": max(0, release.due_at - now),
        "can_undo": State(release.state) in RETURNABLE,
        "what": notice.offence_in(release.appeal, get_language()),
        "by": permissions.name_of(release.released_by),
        "trouble": trouble(release),
    }
    return render(request, "hub/waiting.html", told)
