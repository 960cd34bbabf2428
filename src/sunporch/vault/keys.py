# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys of the household: household -> camera -> segment, in one of two modes.

*Simple*: one symmetric household key, in the clear (0600) or under a passphrase; until it is unlocked nothing is
recorded. Who takes the machine, unlocked, reads everything.
*Sealed*: an X25519 pair whose private half exists only under the passphrase. The recorder needs the public half
alone, so it records after a power cut without the owner, and neither it nor a thief can read what it recorded.
The key that signs the chain is in the clear in both: a thief can sign new checkpoints, never open footage.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from sunporch.base import durable, strictjson
from sunporch.base.digests import from_base64, sha256, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.vault.errors import (
    CAMERA_UNKNOWN,
    FOLDER_UNKNOWN,
    HOUSEHOLD_FOREIGN,
    KEY_LOCKED,
    PASSPHRASE_NEEDED,
    PASSPHRASE_WRONG,
    SEGMENT_DAMAGED,
)
from sunporch.vault.segment import WRAPPED_BYTES

HOUSEHOLD_FILE = "household.json"
CAMERA_KEYS = "camera-keys"
MIN_PASSPHRASE = 8
# RFC 9106, second recommended option: 64 MiB, three passes, four lanes.
ARGON_MEMORY_KIB = 65_536
ARGON_PASSES = 3
ARGON_LANES = 4
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_AES_WRAPPED = 12 + 32 + 16


class Mode(StrEnum):
    """How the household's key is kept."""

    SIMPLE = "simple"
    SEALED = "sealed"


def _argon(passphrase: str, salt: bytes) -> bytes:
    kdf = Argon2id(salt=salt, length=32, iterations=ARGON_PASSES, lanes=ARGON_LANES, memory_cost=ARGON_MEMORY_KIB)
    return kdf.derive(passphrase.encode())


def _aes_wrap(key: bytes, secret: bytes, info: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, secret, info)


def _aes_unwrap(key: bytes, wrapped: bytes, info: bytes) -> bytes:
    return AESGCM(key).decrypt(wrapped[:12], wrapped[12:], info)


def check_passphrase(mode: Mode, passphrase: str | None) -> None:
    """Raise `vault.passphrase-needed` if the mode cannot do with this one."""
    if passphrase is None and mode is Mode.SIMPLE:
        return
    if passphrase is None or len(passphrase) < MIN_PASSPHRASE:
        raise PASSPHRASE_NEEDED(least=MIN_PASSPHRASE)


class Keyring:
    """The household's keys in one folder; what is locked stays locked until `unlock`."""

    def __init__(self, folder: Path, stored: dict[str, Any]) -> None:
        self._folder = folder
        self._stored = stored
        self.mode = Mode(stored["mode"])
        self.signer = SignerKey.parse(stored["signer"])
        self._public = from_base64(stored["public"], "the household's public key")
        self._secret: bytes | None = None
        self._camera_secrets: dict[str, bytes] = {}
        self._lock = threading.Lock()
        if "secret" in stored:
            self._secret = from_base64(stored["secret"], "the household key")

    @classmethod
    def create(cls, folder: Path, mode: Mode, passphrase: str | None) -> Keyring:
        """Make the household's keys in the folder, after `check_passphrase`."""
        secret = X25519PrivateKey.generate().private_bytes_raw() if mode is Mode.SEALED else os.urandom(32)
        public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        stored = {
            "version": 1,
            "mode": mode.value,
            "signer": SignerKey.generate("sunporch-vault").secret_text(),
            # In simple mode the household key is symmetric and has no public half.
            "public": to_base64(public if mode is Mode.SEALED else b""),
        }
        if passphrase is None:
            stored["secret"] = to_base64(secret)
        else:
            salt = os.urandom(16)
            wrapped = _aes_wrap(_argon(passphrase, salt), secret, b"sunporch/household-key/v1")
            stored |= {"salt": to_base64(salt), "wrapped": to_base64(wrapped)}
        durable.write(folder / HOUSEHOLD_FILE, strictjson.dumps(stored).encode())
        durable.private_directory(folder / CAMERA_KEYS)
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Keyring:
        """Return the keyring of an archive's folder; raises `vault.folder-unknown`."""
        path = folder / HOUSEHOLD_FILE
        try:
            stored = strictjson.loads(durable.read_private(path), str(path))
            if stored.get("version") != 1:
                raise FOLDER_UNKNOWN(where=str(path), reason="its keys are of another version")
            return cls(folder, stored)
        except FileNotFoundError as error:
            raise FOLDER_UNKNOWN(where=str(folder), reason="it has no household keys") from error
        except (KeyError, ValueError) as error:
            raise FOLDER_UNKNOWN(where=str(path), reason="its household keys are damaged") from error

    @staticmethod
    def files(folder: Path) -> dict[str, bytes]:
        """Return the files of the household's and its cameras' keys, by name below the archive's folder.

        Whoever has them opens what the passphrase, where there is one, does not close. No key of a recording is here.
        """
        places = [folder / HOUSEHOLD_FILE, *sorted((folder / CAMERA_KEYS).glob("*.json"))]
        return {str(place.relative_to(folder)): durable.read_private(place) for place in places}

    @classmethod
    def restore(cls, folder: Path, files: Mapping[str, bytes]) -> None:
        """Put such files back where they are missing; raises `vault.household-foreign` before anything is written."""
        if (folder / HOUSEHOLD_FILE).exists():
            kept = strictjson.loads(files[HOUSEHOLD_FILE], HOUSEHOLD_FILE)["signer"]
            if str(SignerKey.parse(kept).verifier) != str(cls.load(folder).signer.verifier):
                raise HOUSEHOLD_FOREIGN(where=str(folder))
        durable.private_directory(folder / CAMERA_KEYS)
        for name, data in files.items():
            if not (folder / name).exists():
                durable.write(folder / name, data)

    @property
    def locked(self) -> bool:
        """Whether footage cannot be opened now."""
        return self._secret is None

    @property
    def suite(self) -> str:
        """The name of the wrapping in a segment's header."""
        return "HPKE-X25519-A256GCM" if self.mode is Mode.SEALED else "A256GCM"

    @property
    def household_id(self) -> str:
        """16 hex digits that name the household's signing key."""
        return sha256(self.signer.verifier.public).hex()[:16]

    def unlock(self, passphrase: str) -> None:
        """Take the household key out of its wrapping; raises `vault.passphrase-wrong`."""
        if "wrapped" not in self._stored:
            return
        salt = from_base64(self._stored["salt"], "the salt")
        wrapped = from_base64(self._stored["wrapped"], "the wrapped household key")
        try:
            self._secret = _aes_unwrap(_argon(passphrase, salt), wrapped, b"sunporch/household-key/v1")
        except InvalidTag as error:
            raise PASSPHRASE_WRONG() from error

    def lock(self) -> None:
        """Forget the household key, where a passphrase can bring it back."""
        if "wrapped" in self._stored:
            with self._lock:
                self._secret = None
                self._camera_secrets.clear()

    def add_camera(self, camera: str) -> None:
        """Make and store the camera's key; raises `vault.key-locked` in a locked simple archive."""
        info = b"sunporch/camera-key/v1\0" + camera.encode()
        if self.mode is Mode.SEALED:
            private = X25519PrivateKey.generate()
            wrapped = _HPKE.encrypt(
                private.private_bytes_raw(), X25519PublicKey.from_public_bytes(self._public), info
            )
            stored = {"public": to_base64(private.public_key().public_bytes_raw()), "wrapped": to_base64(wrapped)}
        else:
            stored = {"wrapped": to_base64(_aes_wrap(self._unlocked("add a camera"), os.urandom(32), info))}
        durable.write(self._folder / CAMERA_KEYS / f"{camera}.json", strictjson.dumps(stored).encode())

    def wrap(self, camera: str, segment: str, key: bytes) -> bytes:
        """Return the 80 bytes that stand in a segment's header for its key."""
        info = _segment_info(camera, segment)
        if self.mode is Mode.SEALED:
            public = from_base64(str(self._camera_file(camera)["public"]), "the camera's public key")
            return _HPKE.encrypt(key, X25519PublicKey.from_public_bytes(public), info)
        return _aes_wrap(self._camera_secret(camera, "record"), key, info).ljust(WRAPPED_BYTES, b"\0")

    def unwrap(self, camera: str, segment: str, wrapped: bytes) -> bytes:
        """Return a segment's key; raises `vault.key-locked`, or `vault.segment-damaged` if it was destroyed."""
        info = _segment_info(camera, segment)
        secret = self._camera_secret(camera, "show recordings")
        try:
            if self.mode is Mode.SEALED:
                return _HPKE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(secret), info)
            if any(wrapped[_AES_WRAPPED:]):
                raise SEGMENT_DAMAGED(where=segment, reason="its wrapped key has been changed")
            return _aes_unwrap(secret, wrapped[:_AES_WRAPPED], info)
        except (InvalidTag, ValueError) as error:
            raise SEGMENT_DAMAGED(where=segment, reason="its key was destroyed or changed") from error

    def _unlocked(self, what_for: str) -> bytes:
        if self._secret is None:
            raise KEY_LOCKED(where=str(self._folder), what_for=what_for)
        return self._secret

    def _camera_file(self, camera: str) -> dict[str, Any]:
        path = self._folder / CAMERA_KEYS / f"{camera}.json"
        try:
            return strictjson.loads(durable.read_private(path), str(path))
        except FileNotFoundError as error:
            raise CAMERA_UNKNOWN(where=str(path), camera=camera) from error

    def _camera_secret(self, camera: str, what_for: str) -> bytes:
        household = self._unlocked(what_for)
        with self._lock:
            if camera not in self._camera_secrets:
                self._camera_secrets[camera] = self._open_camera(household, camera)
            return self._camera_secrets[camera]

    def _open_camera(self, household: bytes, camera: str) -> bytes:
        info = b"sunporch/camera-key/v1\0" + camera.encode()
        try:
            wrapped = from_base64(str(self._camera_file(camera)["wrapped"]), "the camera's key")
            if self.mode is Mode.SEALED:
                return _HPKE.decrypt(wrapped, X25519PrivateKey.from_private_bytes(household), info)
            return _aes_unwrap(household, wrapped, info)
        except (InvalidTag, ValueError, KeyError) as error:
            raise FOLDER_UNKNOWN(where=camera, reason="the key of a camera is damaged") from error
        except Error as error:
            if error.id.startswith("digest."):
                raise FOLDER_UNKNOWN(where=camera, reason="the key of a camera is damaged") from error
            raise


def _segment_info(camera: str, segment: str) -> bytes:
    return f"sunporch/segment-key/v1\0{camera}\0{segment}".encode()
