# SPDX-License-Identifier: AGPL-3.0-or-later
"""`GET /inbox`, `GET /inbox/{appeal}`, `GET /alarms`. Reading a notice changes nothing and is told to nobody."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from sunporch.hub.cameras.api import Trouble
from sunporch.hub.inbox import actions, notice
from sunporch.hub.inbox.models import Alarm, Appeal, Following, Match, Notice
from sunporch.hub.permissions import inbox as inbox_gate
from sunporch.hub.permissions import reads, resident
from sunporch.hub.preferences.actions import language_of

router = Router()
MOST_LISTED = 500


class NoticeOut(Schema):
    """An appeal that concerns this home, in short; times are Unix seconds."""

    appeal: int
    agency: str
    agency_name: str
    offence: str
    from_: int = Field(alias="from")
    to: int
    closes: int
    open: bool
    state: str


class MatchOut(Schema):
    """Footage of this home that the appeal is about; an indoor camera's is kept but cannot be shared."""

    camera: str
    camera_name: str
    indoor: bool
    from_: int = Field(alias="from")
    to: int
    kept: bool


class WholeNoticeOut(Schema):
    """The notice as a resident reads it: fixed sentences, the officer's own words apart, and what is here."""

    appeal: int
    language: str
    sentences: list[str]
    in_their_words: str
    open: bool
    state: str
    cells: list[str]
    from_: int = Field(alias="from")
    to: int
    closes: int
    here: list[MatchOut]
    kept_until: int | None
    outcome: dict[str, Any]


class RecordOut(Schema):
    """How following the town's record goes; `trouble` is empty while it goes well."""

    size: int
    root: str
    quorum_time: int
    read_at: int
    trouble: Trouble


class AlarmOut(Schema):
    """Something that must not happen and did; `ended_at` is null while it lasts."""

    kind: str
    subject: str
    what: str
    next: str
    clauses: list[dict[str, str]]
    first_seen: int
    last_seen: int
    ended_at: int | None


class AlarmsOut(Schema):
    """The state of the record here, and every alarm, newest first."""

    record: RecordOut
    alarms: list[AlarmOut]


@router.get("/inbox", response=list[NoticeOut], auth=inbox_gate, by_alias=True)
def inbox(request: HttpRequest) -> list[dict[str, Any]]:
    """List the appeals that concern this home, newest first."""
    language = language_of(resident(request))
    found = Notice.objects.select_related("appeal").order_by("-appeal_id")[:MOST_LISTED]
    return [_short(item.appeal, language) for item in found]


def _short(appeal: Appeal, language: str) -> dict[str, Any]:
    return {
        "appeal": appeal.index,
        "agency": appeal.fields["agency"],
        "agency_name": appeal.agency_name,
        "offence": notice.offence_in(appeal, language),
        "from": appeal.fields["from"],
        "to": appeal.fields["to"],
        "closes": appeal.fields["closes"],
        "open": appeal.is_open,
        "state": appeal.state,
    }


@router.get("/inbox/{int:index}", response=WholeNoticeOut, auth=inbox_gate, by_alias=True)
def one(request: HttpRequest, index: int) -> dict[str, Any]:
    """Show one notice."""
    appeal, language = actions.noticed_appeal(index), language_of(resident(request))
    matches = Match.objects.filter(appeal=appeal).select_related("camera").order_by("start_s", "camera__name")
    return _short(appeal, language) | {
        "language": language,
        "sentences": notice.sentences(appeal, language),
        "in_their_words": appeal.narrative,
        "cells": appeal.fields["cells"],
        "kept_until": appeal.kept_until,
        "outcome": appeal.outcome,
        "here": [
            {
                "camera": match.camera_id,
                "camera_name": match.camera.name,
                "indoor": match.camera.indoor,
                "from": match.start_s,
                "to": match.end_s,
                "kept": bool(match.hold),
            }
            for match in matches
        ],
    }


@router.get("/alarms", response=AlarmsOut, auth=reads)
def alarms(request: HttpRequest) -> dict[str, Any]:
    """Say how following the record goes, and list the alarms."""
    del request
    record = Following.objects.first() or Following()
    trouble = {"id": record.error_id, "what": record.error_what, "next": record.error_next}
    found = Alarm.objects.order_by("-last_seen", "-id")[:MOST_LISTED]
    return {
        "record": {
            "size": record.size,
            "root": record.root,
            "quorum_time": record.quorum_time,
            "read_at": record.read_at,
            "trouble": trouble,
        },
        "alarms": list(found.values()),
    }
