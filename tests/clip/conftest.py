# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
import io
import secrets
from types import SimpleNamespace

import pytest

from sunporch.clip import keys
from sunporch.clip.header import Recipient
from sunporch.clip.index import Index
from sunporch.clip.seal import seal

EXPIRES = 20_000 * 86_400


def make_index(media: bytes) -> Index:
    return Index(
        camera="porch",
        start_ms=1_700_000_000_000,
        end_ms=1_700_000_002_000,
        media_type='video/mp4; codecs="avc1.42c01f"',
        media_sha256=hashlib.sha256(media).hexdigest(),
        media_sha512=hashlib.sha512(media).hexdigest(),
        original="a" * 64,
        redacted=1,
        reencoded=1,
        visible=0,
        sound=0,
        report="{}",
    )


def make_clip(media: bytes) -> SimpleNamespace:
    """Seal some bytes for Diaz and Kim, as Ana's hub does."""
    private = {name: keys.generate() for name in ("diaz-4f2a", "kim-09bc")}
    recipients = [Recipient(name, keys.public(key)) for name, key in private.items()]
    target = io.BytesIO()
    sealed = seal(
        [media[:70_000], media[70_000:]],
        make_index(media),
        target,
        origin="demo.maple-street",
        request=7,
        expires=EXPIRES,
        custodian="library-1",
        recipients=recipients,
    )
    return SimpleNamespace(sealed=sealed, file=target.getvalue(), private=private, media=media)


@pytest.fixture(scope="session")
def clip() -> SimpleNamespace:
    return make_clip(secrets.token_bytes(300_000))


@pytest.fixture(scope="session")
def small_clip() -> SimpleNamespace:
    return make_clip(b"a second of the porch")
