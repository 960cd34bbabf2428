# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/api/v1/uploads`, `/clips` and `/mailbox`: sealed clips from homes to the people that they were sealed for."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from ninja import Field, Router, Schema, Status

from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.clip.header import MAX_HEADER
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import (
    AGENCY_ROLES,
    RECIPIENT_ROLES,
    Gate,
    OpenGate,
    Person,
    check_role,
    signed_in_person,
)
from sunporch.portal.board import words
from sunporch.portal.errors import CLIP_ABSENT, CLIP_DELETED, MAILBOX_REFUSED, UPLOAD_OVERSIZE
from sunporch.portal.record import public_record
from sunporch.portal.storage import name_of
from sunporch.portal.viewer import actions, store
from sunporch.portal.viewer.models import MAX_MESSAGE, MAX_REMARK, MAX_SEALING, Clip, Remark
from sunporch.web.limits import Limit
from sunporch.web.ranges import file_answer

router = Router(tags=["clips"])

# Per hashed address. An hour of uploads is far above one evening of one household, far below a flood.
UPLOADS = Limit(most=120, seconds=3600)
UPLOADED_BYTES = Limit(most=16 * 2**30, seconds=3600)
READS = Limit(most=1200, seconds=60)
WRITES = Limit(most=120, seconds=60)
MAILBOX_SECONDS = 300
HOME = "disclosure"
_MESSAGE_BASE64 = MAX_MESSAGE * 4 // 3 + 4


_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
# For the description only: bodies and answers that are bytes, whole or one range of them.
UPLOAD = {"requestBody": {"required": True, "content": _BYTES}}
FILE = {
    "responses": {
        200: {"description": "The whole file", "content": _BYTES},
        206: {"description": "The range asked for", "content": _BYTES},
        304: {"description": "The caller has it already"},
    }
}


class ClipSeen(Schema):
    """A clip as one of its recipients sees it."""

    disclosure: int
    c: str
    request: int
    expires: int
    state: str
    size: int
    custodian_url: str


class RewrapIn(Schema):
    """A re-sealing: for whose key, and the HPKE sealing in base64."""

    name: str = Field(max_length=128)
    sealed: str = Field(max_length=MAX_SEALING)


class RewrapSeen(RewrapIn):
    """A re-sealing with who made it and when."""

    by: str
    at: int


class MessageIn(Schema):
    """A message sealed to `to`: a recipient's pseudonym, or `disclosure` for the home."""

    to: str = Field(max_length=128)
    sealed: str = Field(max_length=_MESSAGE_BASE64)


class MessageSeen(MessageIn):
    """A message with its sender and time."""

    by: str
    at: int


class Uploaded(Schema):
    """The name under which an upload was kept."""

    c: str


class RemarkIn(Schema):
    """A finding (`useful`, `not-useful`, `again`), or a `moment` at so many milliseconds, with a note."""

    code: str = Field(max_length=16)
    text: str = Field("", max_length=MAX_REMARK)
    moment_ms: int | None = None


class RemarkSeen(RemarkIn):
    """A remark with its finding in words, who wrote it, and when."""

    said: str
    by: str
    at: int


@router.put(
    "/uploads/{c}/header", auth=OpenGate(UPLOADS), response={200: Uploaded, 201: Uploaded}, openapi_extra=UPLOAD
)
def put_header(request: HttpRequest, c: str) -> Any:
    """Upload a clip's header (the body's bytes, at most 8 KiB)."""
    data = request.read(MAX_HEADER + 1)
    if len(data) > MAX_HEADER:
        raise UPLOAD_OVERSIZE(where=c[:64], most=MAX_HEADER)
    with public_record().reading() as state:
        made = actions.upload_header(c, data, state, public_record().now())
    return Status(HTTPStatus.CREATED if made else HTTPStatus.OK, {"c": c})


@router.put(
    "/uploads/{c}/sealed", auth=OpenGate(UPLOADS), response={200: Uploaded, 201: Uploaded}, openapi_extra=UPLOAD
)
def put_sealed(request: HttpRequest, c: str) -> Any:
    """Upload a clip's sealed file (the body's bytes; `Content-Length` is needed)."""
    text = request.headers.get("Content-Length", "")
    said = int(text) if text.isascii() and text.isdecimal() else 0
    UPLOADED_BYTES.spend(request, said)
    made = actions.upload_sealed(c, request, said)
    return Status(HTTPStatus.CREATED if made else HTTPStatus.OK, {"c": c})


@router.get("/clips", auth=Gate(READS, *RECIPIENT_ROLES), response=list[ClipSeen])
def list_clips(request: HttpRequest) -> Any:
    """List the clips that were sealed for you."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    now = public_record().now()
    with public_record().reading() as state:
        return [_seen(row, state, now) for row in store.clips_of(person)]


def _seen(row: Clip, state: State, now: int) -> ClipSeen:
    shared = state.disclosures[row.disclosure or 0]
    custodian = state.key_at(shared.custodian)
    return ClipSeen(
        disclosure=shared.index,
        c=row.c,
        request=row.request,
        expires=shared.lease_end,
        state=shared.phase(now).value,
        size=row.sealed_size or 0,
        custodian_url=custodian.url if custodian is not None else "",
    )


@router.get("/clips/{index}/header", auth=Gate(READS, *RECIPIENT_ROLES), openapi_extra=FILE)
def get_header(request: HttpRequest, index: int) -> HttpResponseBase:
    """Return the header's bytes."""
    return _file(request, index, "header")


@router.get("/clips/{index}/sealed", auth=Gate(READS, *RECIPIENT_ROLES), openapi_extra=FILE)
def get_sealed(request: HttpRequest, index: int) -> HttpResponseBase:
    """Return the sealed file, whole or one range."""
    return _file(request, index, "sealed")


def _file(request: HttpRequest, index: int, part: str) -> HttpResponseBase:
    row = store.clip_of(request.auth, index)  # type: ignore[attr-defined]  # ninja sets it
    with public_record().reading() as state:
        destroyed = state.disclosures[index].destroyed_at is not None
    if part == "sealed" and destroyed:
        raise CLIP_DELETED(where=f"clip {index}")
    name, files = name_of(row.c, part), store.files()
    digest = row.header_sha256 if part == "header" else row.sealed_sha256
    answer = file_answer(
        request,
        size=files.size(name),
        read=lambda start, length: files.read(name, start, length),
        etag=digest,
        content_type="application/octet-stream",
        cache_control="private, no-store",
    )
    # What shall come is known before it came, so a viewer can compare it with the record at once (RFC 9530).
    answer["Repr-Digest"] = f"sha-256=:{to_base64(bytes.fromhex(digest))}:"
    return answer


@router.get("/clips/{index}/rewraps", auth=Gate(READS, *RECIPIENT_ROLES), response=list[RewrapSeen])
def list_rewraps(request: HttpRequest, index: int) -> Any:
    """List the re-sealings of a clip."""
    row = store.clip_of(request.auth, index)  # type: ignore[attr-defined]  # ninja sets it
    return [RewrapSeen(name=r.name, sealed=r.sealed, by=r.by, at=r.at) for r in store.rewraps(row)]


@router.post("/clips/{index}/rewraps", auth=Gate(WRITES, *RECIPIENT_ROLES), response={201: RewrapSeen})
def add_rewrap(request: HttpRequest, index: int, body: RewrapIn) -> Any:
    """Add a re-sealing of a clip for another device."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    row = store.clip_of(person, index)
    with public_record().reading() as state:
        made = actions.add_rewrap(person, row, body.name, body.sealed, state, public_record().now())
    return Status(HTTPStatus.CREATED, RewrapSeen(name=made.name, sealed=made.sealed, by=made.by, at=made.at))


@router.get("/clips/{index}/remarks", auth=Gate(READS, *sorted(AGENCY_ROLES)), response=list[RemarkSeen])
def list_remarks(request: HttpRequest, index: int) -> Any:
    """List what your agency wrote beside a clip, oldest first."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    return [_remark_seen(one) for one in store.remarks(store.clip_of(person, index), person.agency)]


@router.post("/clips/{index}/remarks", auth=Gate(WRITES, *sorted(AGENCY_ROLES)), response={201: RemarkSeen})
def add_remark(request: HttpRequest, index: int, body: RemarkIn) -> Any:
    """Write a finding, or mark a moment, for your agency alone."""
    person: Person = request.auth  # type: ignore[attr-defined]  # ninja sets it
    row, now = store.clip_of(person, index), public_record().now()
    made = actions.remark(person, row, body.code, body.text.strip(), body.moment_ms, now)
    return Status(HTTPStatus.CREATED, _remark_seen(made))


def _remark_seen(one: Remark) -> RemarkSeen:
    said = str(words.triage(one.code))
    return RemarkSeen(code=one.code, said=said, text=one.text, moment_ms=one.moment_ms, by=one.by, at=one.at)


@router.get("/mailbox/{c}", auth=OpenGate(READS), response=list[MessageSeen])
def list_messages(request: HttpRequest, c: str) -> Any:
    """List the sealed messages about a clip, oldest first."""
    row, _ = _mailbox(request, c)
    return [MessageSeen(to=m.to, sealed=m.sealed, by=m.by, at=m.at) for m in store.messages(row)]


@router.post("/mailbox/{c}", auth=OpenGate(WRITES), response={201: MessageSeen})
def add_message(request: HttpRequest, c: str, body: MessageIn) -> Any:
    """Leave a sealed message about a clip."""
    row, by = _mailbox(request, c)
    made = actions.add_message(by, row, body.to, body.sealed, public_record().now())
    return Status(HTTPStatus.CREATED, MessageSeen(to=made.to, sealed=made.sealed, by=made.by, at=made.at))


def _mailbox(request: HttpRequest, c: str) -> tuple[Clip, str]:
    """Return the clip and the caller's name in its thread, or raise `portal.mailbox-refused` or a sign-in error."""
    authorization = request.headers.get("Authorization", "")
    row = store.clip(c)
    if authorization:
        _check_home(c, row, authorization)
        if row is None:
            raise MAILBOX_REFUSED(where=c[:64])
        return row, HOME
    person = signed_in_person(request)
    check_role(person, RECIPIENT_ROLES, request.path)
    if row is None or row.disclosure is None or person.name not in store.names_of(row):
        raise CLIP_ABSENT(where=c[:64])
    return row, person.name


def _check_home(c: str, row: Clip | None, untrusted: str) -> None:
    """Check `Sunporch-D <unix time> <base64 signature>` by the clip's own key over the mailbox text."""
    words = untrusted.split(" ")
    now = public_record().now()
    refused = MAILBOX_REFUSED(where=c[:64])
    if row is None or row.disclosure is None or len(words) != 3 or words[0] != "Sunporch-D":
        raise refused
    if not words[1].isascii() or not words[1].isdecimal() or abs(now - int(words[1][:12])) > MAILBOX_SECONDS:
        raise refused
    with public_record().reading() as state:
        shared = state.disclosures.get(row.disclosure)
        text = f"sunporch/mailbox/v1\n{state.origin}\n{c}\n{words[1]}\n".encode()
    try:
        signature = from_base64(words[2], "the signature")
    except Error as error:
        raise refused from error
    if shared is None or not shared.d.verify(signature, text):
        raise refused
