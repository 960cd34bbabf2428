# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import dataclasses
import json

import pytest

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.clip import header, index
from tests.clip.conftest import make_index


def changed(clip, change) -> bytes:
    value = json.loads(clip.sealed.header)
    change(value)
    return strictjson.dumps(value).encode()


BROKEN = {
    "missing": lambda v: v.pop("request"),
    "unknown": lambda v: v.update(extra=1),
    "format": lambda v: v.update(format="sunporch/clip/v2"),
    "suite": lambda v: v.update(suite="none"),
    "type": lambda v: v.update(request="7"),
    "origin-type": lambda v: v.update(origin=5),
    "id": lambda v: v.update(id="zz"),
    "origin-empty": lambda v: v.update(origin=""),
    "request-negative": lambda v: v.update(request=-1),
    "expires-mid-day": lambda v: v.update(expires=v["expires"] + 1),
    "one-recipient": lambda v: v.update(recipients=v["recipients"][:1]),
    "nine-recipients": lambda v: v.update(recipients=v["recipients"] * 5),
    "recipients-text": lambda v: v.update(recipients="diaz"),
    "recipient-field": lambda v: v["recipients"][0].pop("name"),
    "recipient-name": lambda v: v["recipients"][0].update(name=3),
    "recipient-key": lambda v: v["recipients"][0].update(x25519="00"),
    "recipient-twice": lambda v: v["recipients"][1].update(name=v["recipients"][0]["name"]),
    "encapsulation-missing": lambda v: v["encapsulations"].pop(),
    "encapsulation-order": lambda v: v["encapsulations"].reverse(),
    "encapsulation-base64": lambda v: v["encapsulations"][0].update(sealed="!"),
    "encapsulation-size": lambda v: v["encapsulations"][0].update(sealed="AAAA"),
    "encapsulation-field": lambda v: v["encapsulations"][0].pop("sealed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_header_is_refused_with_its_reason(clip, name):
    with pytest.raises(Error) as caught:
        header.parse(changed(clip, BROKEN[name]))
    assert caught.value.id == "clip.header-malformed"
    assert caught.value.params["reason"]


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b"x" * 9_000, b'{"a":1.5}'])
def test_what_is_no_header_at_all_is_refused(line):
    with pytest.raises(Error) as caught:
        header.parse(line)
    assert caught.value.id == "clip.header-malformed"


def test_the_same_header_spelled_otherwise_is_refused_because_its_hash_would_differ(clip):
    spaced = json.dumps(json.loads(clip.sealed.header)).encode()
    with pytest.raises(Error) as caught:
        header.parse(spaced)
    assert "canonical" in caught.value.what


def test_a_header_reads_back_as_it_was_written(clip):
    assert header.parse(clip.sealed.header).encode() == clip.sealed.header


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"extra": 1},
        {"start_ms": "now"},
        {"camera": 4},
        {"media_sha256": "00"},
        {"end_ms": 5},
        {"redacted": 2},
        {"sound": 7},
    ],
)
def test_a_malformed_index_is_refused_with_its_reason(change):
    value = strictjson.loads(make_index(b"").encode()) | change
    with pytest.raises(Error) as caught:
        index.parse(strictjson.dumps(value).encode())
    assert caught.value.id == "clip.index-malformed"


def test_an_index_that_is_no_json_or_too_long_is_refused():
    with pytest.raises(Error) as caught:
        index.parse(b"{")
    assert caught.value.id == "clip.index-malformed"
    with pytest.raises(Error) as caught:
        dataclasses.replace(make_index(b""), report="x" * (1 << 20)).encode()
    assert caught.value.id == "clip.index-malformed"
