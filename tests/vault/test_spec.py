# SPDX-License-Identifier: AGPL-3.0-or-later
"""spec/sealed-segment.md, read by somebody who has the document and none of our code."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from sunporch.vault import Vault
from tests.vault.conftest import NOW, PASSPHRASE, gop, record, sealed_files


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def household_key(folder: Path) -> bytes:
    """Section 2, last paragraph."""
    stored = json.loads((folder / "household.json").read_text())
    wrapped = base64.b64decode(stored["wrapped"])
    salt = base64.b64decode(stored["salt"])
    kdf = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=64 * 1024)
    key = AESGCM(kdf.derive(PASSPHRASE.encode()))
    return key.decrypt(wrapped[:12], wrapped[12:], b"sunporch/household-key/v1")


def opened(suite: str, key: bytes, wrapped: bytes, info: bytes) -> bytes:
    """Section 2: one wrapping, either way."""
    if suite == "A256GCM":
        return AESGCM(key).decrypt(wrapped[:12], wrapped[12:60], info)
    hpke = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    return hpke.decrypt(wrapped, X25519PrivateKey.from_private_bytes(key), info)


def test_a_stranger_reads_a_segment_and_its_proof_from_the_document_alone(either: Vault):
    camera = either.add_camera("porch")
    record(either, camera, NOW - 100, 3)
    (path,) = sealed_files(either)
    data = path.read_bytes()
    assert data[:8] == b"sunseg/1"
    (length,) = struct.unpack(">I", data[88:92])
    about = json.loads(data[92 : 92 + length])
    head = sha(data[: 92 + length])
    wrapped_camera = json.loads((either.folder / "camera-keys" / f"{camera}.json").read_text())["wrapped"]
    camera_key = opened(
        about["suite"], household_key(either.folder), base64.b64decode(wrapped_camera),
        b"sunporch/camera-key/v1\0" + camera.encode(),
    )  # fmt: skip
    info = f"sunporch/segment-key/v1\0{camera}\0{about['segment']}".encode()
    key = opened(about["suite"], camera_key, data[8:88], info)
    at, plain = 92 + length, []
    while at < len(data):
        size, flags, first, duration = struct.unpack(">IBqQ", data[at : at + 21])
        end = at + 21 + size + 16
        assert zlib.crc32(data[at:end]) == struct.unpack(">I", data[end : end + 4])[0]
        aad = head + struct.pack(">QBqQ", len(plain), flags, first, duration)
        plain.append(AESGCM(key).decrypt(len(plain).to_bytes(12, "big"), data[at + 21 : end], aad))
        at = end + 4
    *chunks, last = plain
    assert flags == 1
    assert (first, duration) == (3 * 90_000, 3 * 90_000)
    assert chunks == [b"init 0123456789abcdef", *map(gop, range(3))]
    assert last == struct.pack(">q", -(2**63)) + sha(*chunks) + b"".join(sha(chunk) for chunk in chunks)
    root = sha(b"sunporch/segment-plain/v1\0", *(sha(chunk) for chunk in chunks))
    link = sha(b"sunporch/segment-link/v1\0", head, sha(data), root).hex()
    proof = either.footage(camera, NOW - 100, NOW - 97).proof
    (point,) = proof["checkpoints"]
    title, time, previous, *links = point["text"].splitlines()
    assert (title, int(time), previous) == ("sunporch/vault-checkpoint/v1", NOW, "0" * 64)
    assert link in links
    key_bytes = base64.b64decode(proof["public_key"].split("+", 2)[2])[1:]
    public = Ed25519PublicKey.from_public_bytes(key_bytes)
    public.verify(base64.b64decode(point["signature"]), point["text"].encode())


def test_every_member_of_the_header_is_in_the_document(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 3)
    text = (Path(__file__).parents[2] / "spec" / "sealed-segment.md").read_text()
    data = sealed_files(vault)[0].read_bytes()
    (length,) = struct.unpack(">I", data[88:92])
    for name in json.loads(data[92 : 92 + length]):
        assert f"| `{name}` |" in text


def test_each_segment_names_the_one_before(vault: Vault):
    camera = vault.add_camera("porch")
    record(vault, camera, NOW - 100, 15)
    previous = []
    for path in sealed_files(vault):
        data = path.read_bytes()
        (length,) = struct.unpack(">I", data[88:92])
        previous.append(json.loads(data[92 : 92 + length])["previous"])
    assert previous[0] == "0" * 64
    assert len(set(previous)) == 3
