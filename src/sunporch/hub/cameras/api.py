# SPDX-License-Identifier: AGPL-3.0-or-later
"""`GET /cameras`, `GET /cameras/{id}/timeline`."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from sunporch.hub import household
from sunporch.hub.cameras import actions
from sunporch.hub.cameras.models import Camera
from sunporch.hub.permissions import reads

router = Router()


class Trouble(Schema):
    """Why something does not go on: the house's error form; empty texts where nothing is wrong."""

    id: str
    what: str
    next: str


class CameraOut(Schema):
    """A camera; `state` is the recorder's word, `recorded_until` the Unix second up to which footage is kept."""

    id: str
    name: str
    indoor: bool
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
            state=camera.state,
            recorded_until=camera.recorded_until,
            trouble=Trouble(id=camera.error_id, what=camera.error_what, next=camera.error_next),
        )
        for camera in Camera.objects.order_by("name")
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
