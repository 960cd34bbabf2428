# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clip that is really sealed, with everything that must never reach the portal beside it."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass

from sunporch.base.notekeys import SignerKey
from sunporch.clip import keys
from sunporch.clip.header import Recipient
from sunporch.clip.index import Index
from sunporch.clip.open import recipient_half
from sunporch.clip.seal import clip_key, seal
from sunporch.docket import custody
from tests.portal.street import ORIGIN, Street

CANARY = b"CANARY-a-frame-of-Ana's-porch-" + b"0123456789" * 10


@dataclass(frozen=True)
class SealedShare:
    """What a home uploads, and under `secrets` what it keeps, sends to the custodian, or what recipients hold."""

    c: str
    header: bytes
    sealed: bytes
    d: SignerKey
    secrets: dict[str, bytes]


def sealed_share(street: Street, request: int) -> SealedShare:
    """Seal a canary for the people that the appeal names."""
    state = street.state()
    devices = [state.key_at(index) for index in state.requests[request].entry.recipients]
    private = {device.name: keys.generate() for device in devices}
    media = CANARY + os.urandom(50_000) + CANARY
    index = Index(
        camera="porch",
        start_ms=1,
        end_ms=2,
        media_type="video/mp4",
        media_sha256=hashlib.sha256(media).hexdigest(),
        media_sha512=hashlib.sha512(media).hexdigest(),
        original=hashlib.sha256(b"the unreleased original").hexdigest(),
        redacted=1,
        reencoded=1,
        visible=0,
        sound=0,
        report="{}",
    )
    target = io.BytesIO()
    made = seal(
        [media],
        index,
        target,
        origin=ORIGIN,
        request=request,
        expires=custody.expiry(street.now(), 60),
        custodian="custodian-lib",
        recipients=[Recipient(name, keys.public(key)) for name, key in private.items()],
    )
    name, key = next(iter(private.items()))
    half = recipient_half(made.header, name, key)
    d = SignerKey.generate("disclosure")
    secrets = {
        "footage": CANARY,
        "a piece of footage": media[20_000:20_064],
        "the residents' half": half.s_a,
        "the custodian's half": made.s_k,
        "the clip's key": clip_key(made.header, half.s_a, made.s_k),
        "the clip's signing key": d.seed,
        "the commitment's salt": made.salt,
        **{f"the device key of {name}": bytes.fromhex(key) for name, key in private.items()},
        **{f"the signing key of {name}": street.keys[name].seed for name in ("diaz-4f2a", "kim-77b0", "council-1")},
    }
    return SealedShare(made.c, made.header, target.getvalue(), d, secrets)
