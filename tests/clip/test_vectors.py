# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest

from sunporch.base.digests import from_base64, sha256
from sunporch.base.errors import Error
from sunporch.clip import halves, header, index, keys, seal
from sunporch.clip.open import open_clip, recipient_half
from tests.clip import stranger

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "clip"
HEADER = (VECTORS / "clip.header").read_bytes()
FILE = (VECTORS / "clip.sealed").read_bytes()
CLIP = json.loads((VECTORS / "clip.json").read_text(encoding="ascii"))
MEDIA = bytes(i * i % 251 for i in range(20_000))


def cases(name):
    listed = json.loads((VECTORS / f"{name}-refused.json").read_text(encoding="ascii"))
    return [pytest.param(value, id=key) for key, value in listed.items()]


def secret(name):
    return sha256(f"sunporch vector {name}".encode())


def refused(error_id, act):
    with pytest.raises(Error) as caught:
        act()
    assert caught.value.id == error_id


def test_the_values_of_the_vector_are_what_it_says():
    assert {name: secret(name).hex() for name in CLIP["private_keys"]} == CLIP["private_keys"]
    assert [secret(name).hex() for name in ("s_A", "s_K", "salt")] == [CLIP["s_A"], CLIP["s_K"], CLIP["salt"]]
    assert sha256(HEADER).hex() == CLIP["header_sha256"]
    assert sha256(FILE).hex() == CLIP["sealed_sha256"]
    assert header.parse(HEADER).core().decode() == CLIP["core"]
    assert seal.clip_key(HEADER, secret("s_A"), secret("s_K")).hex() == CLIP["K"]
    assert header.commitment(HEADER, sha256(FILE), secret("salt")) == CLIP["c"]
    assert sha256(MEDIA).hex() == CLIP["media_sha256"]


@pytest.mark.parametrize("name", ["diaz-4f2a", "kim-09bc", "reyes-defence"])
def test_every_device_of_the_vector_opens_its_clip(name):
    rewrapped = from_base64(CLIP["rewrap"]["sealed"], "rewrap") if name == CLIP["rewrap"]["name"] else None
    half = recipient_half(HEADER, name, CLIP["private_keys"][name], rewrapped)
    assert (half.s_a.hex(), half.salt.hex()) == (CLIP["s_A"], CLIP["salt"])
    found, media = open_clip(HEADER, io.BytesIO(FILE), half, bytes.fromhex(CLIP["s_K"]), CLIP["c"])
    assert found == index.parse(CLIP["index"].encode())
    assert b"".join(media) == MEDIA


@pytest.mark.parametrize("name", ["diaz-4f2a", "kim-09bc"])
def test_a_stranger_who_read_the_specification_opens_the_clip(name):
    private, s_k = bytes.fromhex(CLIP["private_keys"][name]), bytes.fromhex(CLIP["s_K"])
    found, media = stranger.open_clip(HEADER, FILE, name, private, s_k, CLIP["c"])
    assert media == MEDIA
    assert found == json.loads(CLIP["index"])


def test_a_stranger_who_read_the_specification_opens_the_custodians_half():
    half = CLIP["half"]
    leaf_hash = hashlib.sha256(b"\0" + from_base64(half["leaf"], "leaf")).digest()
    assert leaf_hash.hex() == half["leaf_hash"]
    sealed, info = from_base64(half["sealed"], "half"), b"sunporch/half/v1\0" + leaf_hash
    assert stranger.hpke_open(bytes.fromhex(half["e_private"]), sealed, info).hex() == CLIP["s_K"]
    assert halves.open_half(sealed, half["e_private"], leaf_hash).hex() == CLIP["s_K"]


@pytest.mark.parametrize("text", cases("headers"))
def test_each_malformed_header_is_refused(text):
    refused("clip.header-malformed", lambda: header.parse(text.encode()))


@pytest.mark.parametrize("text", cases("indices"))
def test_each_malformed_index_is_refused(text):
    refused("clip.index-malformed", lambda: index.parse(text.encode()))


@pytest.mark.parametrize("text", cases("proofs"))
def test_each_malformed_proof_is_refused(text):
    refused("clip.proof-malformed", lambda: index.parse_original(text))


def test_the_clip_of_the_vector_commits_to_its_proof_by_the_specification_alone():
    salt, text = bytes.fromhex(CLIP["proof"]["salt"]), CLIP["proof"]["text"]
    committed = json.loads(CLIP["index"])["original"]
    assert hashlib.sha256(salt + text.encode()).hexdigest() == committed
    assert hashlib.sha256(salt + text.encode() + b" ").hexdigest() != committed
    assert index.parse_original(text) == index.Original("a" * 64, json.loads(text)["chain"]["public_key"], (-40,))


@pytest.mark.parametrize("change", cases("files"))
def test_each_changed_file_is_refused(change):
    file = bytearray(FILE[: change.get("size", len(FILE))] + bytes.fromhex(change.get("append", "")))
    if "flip" in change:
        file[change["flip"]] ^= 1
    half = recipient_half(HEADER, "diaz-4f2a", CLIP["private_keys"]["diaz-4f2a"])

    def opened(c):
        return b"".join(open_clip(HEADER, io.BytesIO(file), half, bytes.fromhex(CLIP["s_K"]), c)[1])

    refused("clip.commitment-mismatch", lambda: opened(CLIP["c"]))
    refused("clip.file-damaged", lambda: opened(header.commitment(HEADER, sha256(file), half.salt)))


@pytest.mark.parametrize("sealed", cases("encapsulations"))
def test_each_useless_rewrap_is_refused(sealed):
    private = CLIP["private_keys"]["reyes-defence"]
    given = from_base64(sealed, "rewrap")
    refused("clip.encapsulation-refused", lambda: recipient_half(HEADER, "reyes-defence", private, given))


@pytest.mark.parametrize("half", cases("halves"))
def test_each_useless_half_is_refused(half):
    sealed, leaf_hash = from_base64(half["sealed"], "half"), bytes.fromhex(half["leaf_hash"])
    refused("clip.half-refused", lambda: halves.open_half(sealed, half["e_private"], leaf_hash))


@pytest.mark.parametrize("public", cases("keys"))
def test_nothing_is_sealed_to_each_useless_key(public):
    refused("clip.key-malformed", lambda: keys.encrypt(b"x", public, b""))
