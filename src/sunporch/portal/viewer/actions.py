# SPDX-License-Identifier: AGPL-3.0-or-later
"""The only writes about sealed clips."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from django.db import IntegrityError, transaction

from sunporch.base.digests import from_base64, sha256
from sunporch.clip.header import ENCAPSULATION_SIZE, MAX_HEADER, MAX_SEALED, parse
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import RECIPIENT_ROLES, Person
from sunporch.portal.errors import (
    ANSWERS_EXCEEDED,
    MAILBOX_FULL,
    MAILBOX_REFUSED,
    REMARK_REFUSED,
    REWRAP_REFUSED,
    UPLOAD_CLOSED,
    UPLOAD_CUT,
    UPLOAD_MISSING,
    UPLOAD_OVERSIZE,
    UPLOAD_TAKEN,
)
from sunporch.portal.storage import PIECE, Stored, name_of
from sunporch.portal.viewer import store
from sunporch.portal.viewer.models import MAX_MESSAGE, MAX_REMARK, Clip, Message, Remark, RemarkCode, Rewrap

# What one appeal may receive: junk must not fill the disk, and nobody looks at more.
MAX_CLIPS = 500
MAX_BYTES = 64 * 2**30
# An appeal still takes clips so long after it closed: hubs wait before they send (seconds).
LATE_SECONDS = 24 * 3600
DEAD_SECONDS = 24 * 3600
MAX_MESSAGES = 200
MAX_REWRAPS = 32
MAX_REMARKS = 200
MAX_MOMENT_MS = 15 * 60 * 1000  # a clip has at most 15 minutes


class Body(Protocol):
    """The body of a request, read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""


def upload_header(c: str, untrusted_header: bytes, state: State, now: int) -> bool:
    """Keep a clip's header; return False if the same one is there already.

    Raises `clip.header-malformed`, `portal.upload-closed`, `portal.answers-exceeded` or `portal.upload-taken`.
    """
    name = name_of(c, "header")
    if len(untrusted_header) > MAX_HEADER:
        raise UPLOAD_OVERSIZE(where=c, most=MAX_HEADER)
    header = parse(untrusted_header)
    _check_open(header.request, header.origin, state, now)
    digest = sha256(untrusted_header).hex()
    with transaction.atomic():
        row = store.clip(c)
        if row is not None:
            if row.header_sha256 != digest:
                raise UPLOAD_TAKEN(where=c)
            return False
        if store.received(header.request)[0] >= MAX_CLIPS:
            raise ANSWERS_EXCEEDED(where=c, appeal=header.request, limit=f"{MAX_CLIPS} clips")
        store.files().put(name, [untrusted_header], MAX_HEADER)
        Clip.objects.create(
            c=c,
            request=header.request,
            recipients=[recipient.name for recipient in header.recipients],
            header_size=len(untrusted_header),
            header_sha256=digest,
            made_at=now,
        )
    return True


def _check_open(request: int, origin: str, state: State, now: int) -> None:
    asked = state.requests.get(request)
    if asked is None or origin != state.origin:
        raise UPLOAD_CLOSED(where=str(request), appeal=request, reason="it is not in this town's record")
    if asked.phase(now) is RequestPhase.SUSPENDED:
        raise UPLOAD_CLOSED(where=str(request), appeal=request, reason="a reviewer suspended it")
    if now >= asked.closes_at + LATE_SECONDS:
        raise UPLOAD_CLOSED(where=str(request), appeal=request, reason="it is closed")


def upload_sealed(c: str, body: Body, said: int) -> bool:
    """Keep a clip's sealed file as it streams in; return False if the same one is there already.

    `said` is the length that the sender announced. Raises `portal.upload-missing`, `-oversize`, `-cut`, `-taken`.
    """
    name = name_of(c, "sealed")
    row = store.clip(c)
    if row is None:
        raise UPLOAD_MISSING(where=c, c=c)
    if not 0 < said <= MAX_SEALED:
        raise UPLOAD_OVERSIZE(where=c, most=MAX_SEALED)
    if row.sealed_size is not None:
        if row.sealed_sha256 != _digest(_pieces(body, said, c)).sha256:
            raise UPLOAD_TAKEN(where=c)
        return False
    if store.received(row.request)[1] + said > MAX_BYTES:
        raise ANSWERS_EXCEEDED(where=c, appeal=row.request, limit=f"{MAX_BYTES} bytes")
    stored = store.files().put(name, _pieces(body, said, c), MAX_SEALED)
    changed = Clip.objects.filter(c=c, sealed_size=None).update(sealed_size=stored.size, sealed_sha256=stored.sha256)
    return bool(changed)


def _pieces(body: Body, said: int, c: str) -> Iterator[bytes]:
    """Yield exactly the announced bytes; raise `portal.upload-cut` if the sender stops before."""
    left = said
    while left:
        piece = body.read(min(PIECE, left))
        if not piece:
            raise UPLOAD_CUT(where=c, got=said - left, said=said)
        left -= len(piece)
        yield piece


def _digest(pieces: Iterable[bytes]) -> Stored:
    size, digest = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        digest.update(piece)
    return Stored(size, digest.hexdigest())


def check_uploaded(c: str) -> None:
    """Raise `portal.upload-missing` unless header and sealed file of the clip are here."""
    row = store.clip(c)
    if row is None or row.sealed_size is None:
        raise UPLOAD_MISSING(where=c, c=c)


def tie(shared: dict[str, int]) -> None:
    """Say which disclosure in force shared which clip. Called with the public tables, in their transaction."""
    for c, disclosure in shared.items():
        Clip.objects.filter(c=c, disclosure=None).update(disclosure=disclosure)


def bury(state: State, now: int) -> int:
    """Delete what must not lie here: uploads without a disclosure after 24 h, sealed files of destroyed keys.

    Files go before rows, so that a kill leaves rows that are tried again. Returns how many clips were deleted.
    """
    dead = list(Clip.objects.filter(disclosure=None, made_at__lt=now - DEAD_SECONDS))
    for row in dead:
        _delete_files(row.c, ("sealed", "header"))
        row.delete()
    destroyed = [index for index, clip in state.disclosures.items() if clip.destroyed_at is not None]
    ended = list(Clip.objects.filter(deleted_at=None, disclosure__in=destroyed)) if destroyed else []
    for row in ended:
        _delete_files(row.c, ("sealed",))
        Clip.objects.filter(c=row.c).update(deleted_at=now)
    return len(dead) + len(ended)


def strays() -> set[str]:
    """Return the names of files that belong to no clip, or to one whose key is destroyed.

    A kill came between a file and its row, or somebody brought an older copy of the files back.
    """
    rows = dict(Clip.objects.values_list("c", "deleted_at"))
    buried = {name_of(c, "sealed") for c, deleted_at in rows.items() if deleted_at is not None}
    return {name for name in store.files().names() if name in buried or name.partition(".")[0] not in rows}


def bury_strays(names: set[str]) -> None:
    """Delete these files."""
    for name in names:
        store.files().delete(name)


def _delete_files(c: str, parts: tuple[str, ...]) -> None:
    for part in parts:
        store.files().delete(name_of(c, part))


def add_rewrap(
    person: Person, row: Clip, untrusted_name: str, untrusted_sealed: str, state: State, now: int
) -> Rewrap:
    """Add a re-sealing by a recipient for another live device; raises `portal.rewrap-refused`."""
    key = state.live_key(untrusted_name)
    if key is None or not key.x25519 or key.role not in RECIPIENT_ROLES:
        raise REWRAP_REFUSED(where=untrusted_name, reason="no live device of that name is in the record")
    if key.agency and key.agency != person.agency:
        raise REWRAP_REFUSED(where=untrusted_name, reason="it belongs to another agency")
    if len(from_base64(untrusted_sealed, "the re-sealing")) != ENCAPSULATION_SIZE:
        raise REWRAP_REFUSED(where=untrusted_name, reason="it has not the size of a re-sealing")
    if row.rewraps.count() >= MAX_REWRAPS:  # type: ignore[attr-defined]  # django adds the name
        raise REWRAP_REFUSED(where=untrusted_name, reason=f"there are {MAX_REWRAPS} already")
    try:
        with transaction.atomic():
            return Rewrap.objects.create(clip=row, by=person.name, name=key.name, sealed=untrusted_sealed, at=now)
    except IntegrityError as error:
        raise REWRAP_REFUSED(where=untrusted_name, reason="it was sealed for that device already") from error


def add_message(by: str, row: Clip, untrusted_to: str, untrusted_sealed: str, now: int) -> Message:
    """Add a sealed message from `by` (a pseudonym, or `disclosure` for the home) to one of the clip's people."""
    if untrusted_to not in store.names_of(row) | {"disclosure"}:
        raise MAILBOX_REFUSED(where=untrusted_to[:100])
    if not 0 < len(from_base64(untrusted_sealed, "the message")) <= MAX_MESSAGE:
        raise UPLOAD_OVERSIZE(where=row.c, most=MAX_MESSAGE)
    with transaction.atomic():
        if row.messages.count() >= MAX_MESSAGES:  # type: ignore[attr-defined]  # django adds the name
            raise MAILBOX_FULL(where=row.c, most=MAX_MESSAGES)
        return Message.objects.create(clip=row, by=by, to=untrusted_to, sealed=untrusted_sealed, at=now)


def remark(person: Person, row: Clip, code: str, text: str, moment_ms: int | None, now: int) -> Remark:
    """Write something beside a clip for the person's own agency; raises `portal.remark-refused`."""
    if code not in RemarkCode.values or (code == RemarkCode.MOMENT) != (moment_ms is not None):
        raise REMARK_REFUSED(where="code", reason="it is neither a finding nor a moment")
    if len(text) > MAX_REMARK or (moment_ms is not None and not 0 <= moment_ms <= MAX_MOMENT_MS):
        raise REMARK_REFUSED(where="text", reason=f"a note has at most {MAX_REMARK} characters")
    with transaction.atomic():
        if Remark.objects.filter(clip=row, agency=person.agency).count() >= MAX_REMARKS:
            raise REMARK_REFUSED(where=row.c, reason=f"{MAX_REMARKS} stand beside this clip already")
        return Remark.objects.create(
            clip=row, agency=person.agency, by=person.name, code=code, text=text, moment_ms=moment_ms, at=now
        )
