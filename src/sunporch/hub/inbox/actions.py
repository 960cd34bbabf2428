# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the hub writes down after each reading of the record: appeals, alarms, and what of it concerns this home.

The pictures of it that residents see (`Appeal`, `Alarm`, `Following`) are a projection: they can be made anew from
the record. `Match` and `Notice` come from this home alone.
"""

from __future__ import annotations

from typing import Any

from sunporch.base.errors import Error
from sunporch.docket import matching
from sunporch.docket.entries import Request, to_fields
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import Record, RequestState, State
from sunporch.docket.verdict import Outcome
from sunporch.docket.void import Void
from sunporch.hub.cameras.models import Camera
from sunporch.hub.errors import APPEAL_ABSENT, APPEAL_ENDED, APPEAL_FORBIDDEN, TEXT_WITHHELD
from sunporch.hub.following import Town
from sunporch.hub.inbox.models import Alarm, Appeal, Following, Match, Notice
from sunporch.vault import TICKS, Vault

DAY = 86_400
# What is kept because of an appeal stays so long after its outcome, or after that was due.
KEPT_AFTER_OUTCOME = 365 * DAY
# Less than one second of footage concerns nobody (3.5 of the protocol).
LEAST_RECORDED_90K = TICKS
ANSWERABLE = (RequestPhase.OPEN, RequestPhase.SUSPENDED)


def noticed_appeal(index: int) -> Appeal:
    """Return an appeal that concerns this home, or raise `hub.appeal-absent`."""
    # By the appeal's own key: a number that no row can have is looked for there, and fails nowhere.
    appeal = Appeal.objects.filter(pk=index, notice__isnull=False).first()
    if appeal is None:
        raise APPEAL_ABSENT(where=f"appeal {index}")
    return appeal


def open_appeal(index: int) -> Appeal:
    """Return an appeal that concerns this home and can be answered now; raises also `hub.appeal-ended`."""
    appeal = noticed_appeal(index)
    if not appeal.is_open:
        raise APPEAL_ENDED(where=f"appeal {index}")
    return appeal


def begin_reading() -> None:
    """Write down that this process has not tried to read the record yet, whatever an earlier one did."""
    Following.objects.update(tried_at=0)


def followed() -> tuple[int, str]:
    """Return how many entries of the record this home has followed, and their root; 0 and '' before the first."""
    return Following.objects.values_list("size", "root").first() or (0, "")


def note_reading(town: Town, now: int, error: Error | None) -> None:
    """Write down how a reading of the record went."""
    told = {"error_id": "", "error_what": "", "error_next": ""}
    if error is not None:
        told = {"error_id": error.id, "error_what": error.what, "error_next": error.next}
    fields: dict[str, Any] = {"tried_at": now, **told}
    if town.size >= followed()[0]:
        # What was followed once is not forgotten because the copy of it was lost and the portal shows less.
        fields |= {"size": town.size, "root": town.root, "quorum_time": town.quorum_time}
    if error is None:
        fields["read_at"] = now
    Following.objects.update_or_create(id=1, defaults=fields)


def note_clock(vault: Vault, *, right: bool) -> None:
    """Write down that this hub's clock agrees with the co-signers', or that it is wrong since it last agreed."""
    if right:
        vault.note_clock_right()
        Following.objects.update_or_create(id=1, defaults={"agreed_segment": vault.newest()})
    else:
        following = Following.objects.first()
        vault.note_clock_wrong(following.agreed_segment if following else 0)


def raise_alarm(error: Error, subject: str, now: int, clauses: list[dict[str, str]] | None = None) -> None:
    """Write down an alarm, or that it was seen again."""
    # The parameters as text, so that a page can say the same in the resident's language.
    params = {name: str(value) for name, value in error.params.items()}
    said: dict[str, Any] = {"what": error.what, "next": error.next, "params": params}
    Alarm.objects.update_or_create(
        kind=error.id,
        subject=subject,
        defaults=said | {"last_seen": now, "ended_at": None},
        create_defaults=said
        | {
            "clauses": clauses or [],
            "first_seen": now,
            "last_seen": now,
        },
    )


def end_alarms(subject: str, now: int, *, but: str = "") -> None:
    """Write down that what was wrong with the subject is over, all or all `but` one; alarms stay to be read."""
    Alarm.objects.filter(subject=subject, ended_at=None).exclude(kind=but).update(ended_at=now)


def end_text_alarms(still_missing: set[str], now: int) -> None:
    """Write down which withheld texts came after all."""
    open_alarms = Alarm.objects.filter(kind=TEXT_WITHHELD.id, ended_at=None)
    open_alarms.exclude(subject__in=still_missing).update(ended_at=now)


def judge_new(records: list[Record], now: int) -> None:
    """Raise an alarm for each published appeal that the rules forbid or that lacks the reviewer they ask for.

    One that cannot be checked is neither an appeal nor an alarm.
    """
    for record in records:
        verdict = record.verdict
        if not isinstance(record.entry, Request) or verdict is None:
            continue
        unreviewed = record.reason is Void.REVIEWER_SIGNATURE
        broken = verdict.review if unreviewed else verdict.clauses if verdict.outcome is Outcome.FORBID else ()
        if not broken:
            continue
        clauses = [{"id": c.id, "cite": c.cite, "sentence": c.sentence()} for c in broken]
        raise_alarm(APPEAL_FORBIDDEN(), f"appeal {record.index}", now, clauses)


class Docket:
    """The rows of appeals, brought up to the record after each reading; only what changed is written."""

    def __init__(self) -> None:
        self._written: dict[int, dict[str, Any]] = {}

    def project(self, town: Town, now: int) -> None:
        """Bring the rows of all appeals up to the record."""
        with town.locked() as state:
            requests = list(state.requests.values())
            for request in requests:
                row = _row(town, request, now)
                if self._written.get(request.index) != row:
                    _write(town, state, request, row)
                    self._written[request.index] = row


def _row(town: Town, request: RequestState, now: int) -> dict[str, Any]:
    """Return what can change about an appeal."""
    phase = request.phase(now)
    outcome: dict[str, Any] = {}
    if request.outcome is not None:
        outcome = {"code": request.outcome.code, "clips": request.outcome.clips, "at": request.outcome_at}
    return {
        "state": phase.value,
        "is_open": phase is RequestPhase.OPEN,
        "outcome": outcome,
        "kept_until": kept_until(request),
        "narrative": town.text(request.entry.narrative),
    }


def _write(town: Town, state: State, request: RequestState, row: dict[str, Any]) -> None:
    partnership = state.partnership_of(request.entry.agency, request.time)
    fixed = {
        "entry_id": state.records[request.index].id,
        "recorded_at": request.time,
        "fields": to_fields(request.entry),
        "agency_name": partnership.name if partnership else "",
        "offence": town.offence_names(request.entry),
        "retention_days": request.terms.retention_days,
    }
    Appeal.objects.update_or_create(index=request.index, defaults=row, create_defaults=row | fixed)


def kept_until(request: RequestState) -> int:
    """Return until when footage is kept because of the request: a year after its outcome came, or was due."""
    ended = request.outcome_at if request.outcome_at is not None else request.outcome_due
    return ended + KEPT_AFTER_OUTCOME


def match(town: Town, vault: Vault, now: int) -> None:
    """Match answerable appeals with what this home recorded; each match holds its footage and makes a notice.

    Nothing is sent, asked or timed by what is found. Indoor cameras take no part. A camera whose archive refuses
    hides no other camera's match; its error is raised once all were looked at.
    """
    refused: Error | None = None
    cameras = list(Camera.objects.filter(indoor=False))
    with town.locked() as state:
        answerable = [request for request in state.requests.values() if request.phase(now) in ANSWERABLE]
    for request in answerable:
        for camera in cameras:
            try:
                for start_s, end_s in _stretches(request.entry, camera, vault):
                    _hold(vault, request.index, camera, start_s, end_s, now)
            except Error as error:
                refused = error
    if refused is not None:
        raise refused


def _stretches(request: Request, camera: Camera, vault: Vault) -> list[tuple[int, int]]:
    """Return the seconds of the camera's footage that the request is about: at least one second was recorded there.

    However often the camera was interrupted: what
    counts is how much there is, not how it lies between the seconds of the clock. Each stretch is rounded outward,
    so that what was asked for is kept whole.
    """
    spans = vault.timeline(camera.id, request.from_, request.to).spans
    pieces = [(span.start_90k, span.end_90k) for span in spans]
    if sum(end - at for at, end in pieces) < LEAST_RECORDED_90K:
        return []
    place = matching.CameraPlace(camera.lat_e7, camera.lon_e7, camera.bearing, camera.field_of_view, camera.range_m)
    rounded = [matching.Span(at // TICKS, -(-end // TICKS)) for at, end in pieces]
    window = matching.Span(request.from_, request.to)
    found = matching.matches(request.cells, window, place, rounded)
    return [(span.start, span.end) for span in found]


def _hold(vault: Vault, index: int, camera: Camera, start_s: int, end_s: int, now: int) -> None:
    Notice.objects.get_or_create(appeal_id=index, defaults={"made_at": now})
    known = Match.objects.filter(appeal_id=index, camera=camera, start_s=start_s).first()
    if known is not None and (known.end_s >= end_s or not known.hold):
        return
    name = f"appeal-{index}-{camera.id}-{start_s}-{end_s}"
    vault.hold(name, camera.id, start_s, end_s)
    Match.objects.update_or_create(
        appeal_id=index, camera=camera, start_s=start_s, defaults={"end_s": end_s, "hold": name}
    )
    if known is not None:
        vault.end_hold(known.hold)


def end_holds(vault: Vault, now: int) -> None:
    """Let go what was kept for appeals whose year is over."""
    for match_ in Match.objects.filter(appeal__kept_until__lte=now).exclude(hold=""):
        vault.end_hold(match_.hold)
        match_.hold = ""
        match_.save(update_fields=["hold"])
