# SPDX-License-Identifier: AGPL-3.0-or-later
"""`GET /cameras`, `GET /cameras/{id}/timeline|live|still|video`, and what has no date: `/dateless`."""

from __future__ import annotations

from typing import Annotated

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from ninja import Field, Query, Router, Schema

from sunporch.base.errors import Error
from sunporch.hub import household
from sunporch.hub.cameras import actions, live, pictures
from sunporch.hub.permissions import live as watches
from sunporch.hub.permissions import pictures as looks
from sunporch.hub.permissions import previews, reads, writes
from sunporch.vault import TICKS

router = Router()
# Unix seconds, fractions exact to 1/90,000 s. What lies beyond is no moment that any camera saw.
Moment = Annotated[float, Field(ge=0, le=2**40)]
PRIVATE = {"Cache-Control": "private, no-store"}


class Trouble(Schema):
    """Why something does not go on: the house's error form; empty texts where nothing is wrong."""

    id: str
    what: str
    next: str


class CameraOut(Schema):
    """A camera; `state` is the recorder's word, `recorded_until` the Unix second up to which footage is kept.

    `sound` says whether its microphone is recorded too, where it has one.
    """

    id: str
    name: str
    indoor: bool
    sound: bool
    state: str
    recorded_until: int | None
    trouble: Trouble


class Recorded(Schema):
    """Recorded time [from_90k, to_90k), 90 kHz ticks since the epoch (UTC); one `run` has one media clock."""

    from_90k: int
    to_90k: int
    run: str


class Missing(Schema):
    """Time without footage, and why."""

    from_90k: int
    to_90k: int
    cause: str


class TimelineOut(Schema):
    """Spans and gaps that together are exactly the time asked for."""

    camera: str
    spans: list[Recorded]
    gaps: list[Missing]


class DatelessOut(Schema):
    """A recording from while the hub did not know the right time: made after `after_90k` and before `before_90k`.

    Both are 90 kHz ticks since the epoch (UTC), null where nobody can say. It is erased at the Unix second
    `erased_at`, or before when room is short; null as long as the hub does not know the time. It is in no timeline,
    no appeal is matched with it and nobody gets it.
    """

    run: str
    camera: str
    duration_90k: int
    after_90k: int | None
    before_90k: int | None
    erased_at: int | None


class ErasedOut(Schema):
    """How many sealed files were erased."""

    erased: int


class Between(Schema):
    """[from, to) in Unix seconds."""

    from_: int = Field(alias="from")
    to: int


@router.get("/cameras", response=list[CameraOut], auth=reads)
def cameras(request: HttpRequest) -> list[CameraOut]:
    """List the cameras of this home and how their recording goes."""
    del request
    return [
        CameraOut(
            id=camera.id,
            name=camera.name,
            indoor=camera.indoor,
            sound=camera.sound,
            state=camera.state,
            recorded_until=camera.recorded_until,
            trouble=Trouble(id=camera.error_id, what=camera.error_what, next=camera.error_next),
        )
        for camera in actions.here().order_by("name")
    ]


@router.get("/cameras/{camera_id}/timeline", response=TimelineOut, auth=reads)
def timeline(request: HttpRequest, camera_id: str, between: Query[Between]) -> TimelineOut:
    """Say what was recorded in [from, to) and why anything is missing."""
    del request
    camera = actions.find(camera_id)
    found = household.vault().timeline(camera.id, between.from_, between.to)
    return TimelineOut(
        camera=camera.id,
        spans=[Recorded(from_90k=span.start_90k, to_90k=span.end_90k, run=span.run) for span in found.spans],
        gaps=[Missing(from_90k=gap.start_90k, to_90k=gap.end_90k, cause=gap.cause.value) for gap in found.gaps],
    )


class Stretch(Schema):
    """[from, to) in Unix seconds, exact to 1/90,000 s."""

    from_: Moment = Field(alias="from")
    to: Moment


@router.get("/cameras/{camera_id}/still", auth=looks)
def still(request: HttpRequest, camera_id: str, at: Moment | None = None) -> HttpResponse:
    """Give a picture (JPEG): the first at or after the Unix second `at`, else the newest there is."""
    del request
    camera = actions.find(camera_id)
    if at is None:
        newest = live.newest(household.hub().data_dir, household.vault(), camera, household.clock())
        picture, at = newest.picture, newest.at
    else:
        picture = pictures.still(household.vault(), camera, at)
    return HttpResponse(picture, content_type="image/jpeg", headers=PRIVATE | {"X-Taken-At": f"{at:.3f}"})


class Watching(Schema):
    """Which page asks (a random name of its own), and what it has: pictures before `after` of the `run`."""

    viewer: str = Field(pattern=r"^[0-9a-f]{16}$")
    run: str = Field("", max_length=16)
    after: int = Field(0, ge=0, le=2**53)


@router.get("/cameras/{camera_id}/live", auth=watches)
def live_part(request: HttpRequest, camera_id: str, watching: Query[Watching]) -> HttpResponse:
    """Give what the camera showed since: fragmented MP4 without sound, perhaps nothing; ask again soon.

    `X-Live-Run` and `X-Live-After` are what to ask with next, `X-Live-Type` is the film's type, `X-Live-Age` how old
    its newest picture is (seconds), `X-Camera-State` what `GET /cameras` says. With `X-Live-Begins: 1` a player
    begins anew: this piece stands alone. Where there is nothing to see now, the answer is JSON that says why:
    `{"away": {"id", "what", "where", "next"}}`.
    """
    del request
    camera = actions.find(camera_id)
    state = {"X-Camera-State": camera.state}
    try:
        seen = live.part(household.hub().data_dir, camera, watching.viewer, watching.run, watching.after)
    except Error as error:
        if error.kind not in live.AWAY:
            raise
        return JsonResponse({"away": error.as_json()}, headers=PRIVATE | state)
    said = {
        "X-Live-Run": seen.part.run,
        "X-Live-After": str(seen.part.following),
        "X-Live-Type": seen.part.media_type,
        "X-Live-Age": f"{seen.age_s:.3f}",
        "X-Live-Begins": str(int(seen.part.begins)),
    }
    return HttpResponse(seen.part.data, content_type="video/mp4", headers=PRIVATE | state | said)


@router.get("/cameras/{camera_id}/video", auth=previews)
def video(request: HttpRequest, camera_id: str, stretch: Query[Stretch]) -> HttpResponse:
    """Give exactly [from, to) as an MP4 that browsers play, nothing covered: for the household's own eyes."""
    del request
    camera = actions.find(camera_id)
    media, *_ = pictures.watch(household.vault(), camera, stretch.from_, stretch.to, sound=camera.sound)
    return HttpResponse(media, content_type="video/mp4", headers=PRIVATE)


@router.get("/dateless", response=list[DatelessOut], auth=reads)
def dateless(request: HttpRequest) -> list[DatelessOut]:
    """List what was recorded while the hub did not know the right time and cannot be dated (yet)."""
    del request
    days = household.hub().retention_days
    return [
        DatelessOut(
            run=found.run,
            camera=found.camera,
            duration_90k=found.duration_90k,
            after_90k=found.after_90k,
            before_90k=found.before_90k,
            erased_at=None if found.before_90k is None else found.before_90k // TICKS + days * 86_400,
        )
        for found in household.vault().dateless()
    ]


@router.get("/dateless/{run}", auth=reads)
def watch_dateless(request: HttpRequest, run: str) -> FileResponse:
    """Give such a recording as it was recorded (MP4), to watch it or to keep a copy."""
    del request
    file = household.vault().dateless_part(run).open()
    return FileResponse(file, content_type="video/mp4", headers=PRIVATE)


@router.delete("/dateless/{run}", response=ErasedOut, auth=writes)
def erase_dateless(request: HttpRequest, run: str) -> ErasedOut:
    """Erase such a recording for good."""
    del request
    return ErasedOut(erased=household.vault().erase_dateless(run))
