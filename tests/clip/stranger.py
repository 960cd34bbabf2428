# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stranger's opener, written from spec/sealed-clip.md, RFC 5869, RFC 9180 and C2SP chunked-encryption alone.

It shares no code with the house: of the library it takes X25519 and AES-256-GCM, nothing that seals or derives.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK, TAG = 16_384, 16
KEM = b"KEM" + (0x0020).to_bytes(2, "big")
SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0002))


def extract(name, salt, key):
    return hmac.digest(salt or bytes(hashlib.new(name).digest_size), key, name)


def expand(name, key, info, size):
    block, result, number = b"", b"", 0
    while len(result) < size:
        number += 1
        block = hmac.digest(key, block + info + bytes([number]), name)
        result += block
    return result[:size]


def labelled_extract(suite, salt, label, key):
    return extract("sha256", salt, b"HPKE-v1" + suite + label + key)


def labelled_expand(suite, key, label, info, size):
    return expand("sha256", key, size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, size)


def hpke_open(private: bytes, sealed: bytes, info: bytes) -> bytes:
    """RFC 9180, sections 4.1 (DHKEM), 5.1 (base mode) and 5.2."""
    enc, ciphertext = sealed[:32], sealed[32:]
    own = X25519PrivateKey.from_private_bytes(private)
    shared = own.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + own.public_key().public_bytes_raw()
    prk = labelled_extract(KEM, b"", b"eae_prk", shared)
    secret = labelled_expand(KEM, prk, b"shared_secret", context, 32)
    hashes = labelled_extract(SUITE, b"", b"psk_id_hash", b"") + labelled_extract(SUITE, b"", b"info_hash", info)
    schedule = labelled_extract(SUITE, secret, b"secret", b"")
    key = labelled_expand(SUITE, schedule, b"key", b"\0" + hashes, 32)
    nonce = labelled_expand(SUITE, schedule, b"base_nonce", b"\0" + hashes, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def chunked_open(key: bytes, context: bytes, file: bytes) -> bytes:
    """C2SP chunked-encryption with SHA-512 and AEAD_AES_256_GCM."""
    salt, commitment, chunks = file[:24], file[24:56], file[56:]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    made = expand("sha512", key, info, 32 + 12 + 32)
    if made[44:] != commitment:
        raise ValueError("another key, salt or context")
    plain, size, number = b"", CHUNK, 0
    while size == CHUNK:
        chunk = chunks[number * (CHUNK + TAG) : (number + 1) * (CHUNK + TAG)]
        nonce = (int.from_bytes(made[32:44], "big") ^ number).to_bytes(12, "big")
        opened = AESGCM(made[:32]).decrypt(nonce, chunk, b"")
        plain, size, number = plain + opened, len(opened), number + 1
    return plain


def open_clip(header: bytes, file: bytes, name: str, private: bytes, s_k: bytes, c: str) -> tuple[dict, bytes]:
    """Return index and media."""
    said = json.loads(header)
    sealed = next(item["sealed"] for item in said["encapsulations"] if item["name"] == name)
    core = {key: value for key, value in said.items() if key != "encapsulations"}
    line = json.dumps(core, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    info = b"sunporch/clip/v1/recipient\0" + name.encode() + b"\0" + hashlib.sha256(line).digest()
    secret = hpke_open(private, base64.b64decode(sealed), info)
    s_a, salt = secret[:32], secret[32:]
    header_hash = hashlib.sha256(header).digest()
    whole = b"sunporch/c/v1\0" + header_hash + hashlib.sha256(file).digest() + salt
    if hashlib.sha256(whole).hexdigest() != c:
        raise ValueError("not what the record commits to")
    key = expand("sha256", extract("sha256", header_hash, s_a + s_k), b"sunporch/clip/v1", 32)
    plain = chunked_open(key, header_hash, file)
    length = int.from_bytes(plain[:4], "big")
    return json.loads(plain[4 : 4 + length]), plain[4 + length :]
