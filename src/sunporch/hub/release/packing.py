# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a choice to a sealed clip, all of it in memory: footage, covering, two halves of a key, one-time key `d`.

The half keys exist only inside `Packed`, which the worker holds until the custodian's receipt is checked.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from sunporch.base.notekeys import SignerKey
from sunporch.clip import keys as x25519
from sunporch.clip.header import MIN_RECIPIENTS, Recipient
from sunporch.clip.index import Index
from sunporch.clip.seal import Sealed, seal
from sunporch.docket import custody
from sunporch.docket.blobs import Blob
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import KeyState, RequestState, State
from sunporch.hub.coverings.actions import rendered
from sunporch.hub.coverings.rendering import Covered
from sunporch.hub.errors import APPEAL_ENDED, CAMERA_INDOOR, CUSTODIAN_ABSENT, RECIPIENTS_ABSENT
from sunporch.hub.release.models import Release
from sunporch.vault import Vault

CUSTODIAN_ROLE = "custodian"
ONE_TIME_NAME = "disclosure"
# What a resident calls a camera is nobody's business: each clip is from "a camera".
ANY_CAMERA = "camera"


@dataclass(frozen=True)
class Addressed:
    """To whom a clip goes, as the record has it now; `expires` is the end of the share (Unix seconds)."""

    request: int
    agency: str
    recipients: tuple[Recipient, ...]
    custodian: KeyState
    expires: int


@dataclass(frozen=True)
class Packed:
    """A sealed clip in memory, with what alone can share it."""

    addressed: Addressed
    sealed: Sealed = field(repr=False)
    file: bytes = field(repr=False)
    d: SignerKey
    d_x25519_secret: str = field(repr=False)
    redacted: int
    visible: int
    sound: int
    released_sha256: str
    proof: Blob = field(repr=False)


def answerable(state: State, index: int, now: int) -> RequestState:
    """Return the appeal if it is in force and open, or raise `hub.appeal-ended`."""
    request = state.requests.get(index)
    if request is None or request.phase(now) is not RequestPhase.OPEN:
        raise APPEAL_ENDED(where=f"appeal {index}")
    return request


def address(state: State, index: int, now: int) -> Addressed:
    """Return to whom a clip for the appeal goes.

    Raises `hub.appeal-ended`, `hub.custodian-absent`, `hub.recipients-absent` (a clip needs at least two devices).
    """
    request = answerable(state, index, now)
    live = [state.key_at(recipient) for recipient in request.entry.recipients]
    recipients = tuple(Recipient(key.name, key.x25519) for key in live if key is not None and key.live and key.x25519)
    if len(recipients) < MIN_RECIPIENTS:
        raise RECIPIENTS_ABSENT(where=f"appeal {index}")
    custodians = [key for key in state.keys.values() if key.role == CUSTODIAN_ROLE and key.live and key.url]
    if not custodians:
        raise CUSTODIAN_ABSENT(where=state.origin)
    newest = max(custodians, key=lambda key: key.index)
    expires = custody.expiry(now, request.terms.retention_days)
    return Addressed(index, request.entry.agency, recipients, newest, expires)


def pack(state_origin: str, to: Addressed, release: Release, vault: Vault) -> Packed:
    """Cover and seal what the resident chose; raises `vault.`, `redact.` and `clip.` errors."""
    if release.camera.indoor:
        raise CAMERA_INDOOR(where=release.camera.name)
    footage = vault.footage(release.camera_id, release.from_s, release.to_s)
    covered = rendered(footage, release.covering)
    proof = Blob.new(covered.original)
    target = io.BytesIO()
    sealed = seal(
        [covered.media],
        _index(covered, proof.commitment),
        target,
        origin=state_origin,
        request=to.request,
        expires=to.expires,
        custodian=to.custodian.name,
        recipients=to.recipients,
    )
    return Packed(
        addressed=to,
        sealed=sealed,
        file=target.getvalue(),
        d=SignerKey.generate(ONE_TIME_NAME),
        d_x25519_secret=x25519.generate(),
        redacted=covered.redacted,
        visible=covered.told.visible,
        sound=covered.told.sound,
        released_sha256=covered.told.output_sha256,
        proof=proof,
    )


def _index(covered: Covered, original: str) -> Index:
    """Return what the hub says of the clip, inside the seal: nothing that another clip of this home says too."""
    told = covered.told
    return Index(
        camera=ANY_CAMERA,
        start_ms=covered.start_ms,
        end_ms=covered.end_ms,
        media_type=told.media_type,
        media_sha256=told.output_sha256,
        media_sha512=told.output_sha512,
        original=original,
        redacted=covered.redacted,
        reencoded=told.reencoded,
        visible=told.visible,
        sound=told.sound,
        report=covered.report,
    )
