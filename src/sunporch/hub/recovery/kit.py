# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a recovery file: a tar archive of the home's small files, sealed with age for one X25519 recipient.

So the household can open it with nothing but `age` and `tar`, should no Sunporch be left. No footage is in it, no key
of a recording or of a film, and not the copy of the public record.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyrage
from pyrage import x25519

from sunporch.base import strictjson
from sunporch.base.errors import Error
from sunporch.hub.errors import (
    RECOVERY_DAMAGED,
    RECOVERY_KEY_MALFORMED,
    RECOVERY_KEY_WRONG,
    RECOVERY_UNKNOWN,
)

VERSION = "sunporch/home-recovery/v1"
# A home's database has a few MB; a file beyond this is none of ours.
MOST_BYTES = 1024 * 1024 * 1024
# An age key has 74 characters; spaces and line ends between them are room enough.
MOST_KEY = 400
MANIFEST, SETTINGS, PIN, PUSH_KEY, DATABASE = "manifest.json", "hub.toml", "pin.json", "vapid.key", "hub.sqlite3"
VAULT = "vault/"
_NEEDED = {MANIFEST, SETTINGS, PIN, PUSH_KEY, DATABASE, f"{VAULT}household.json"}
_CAMERA_KEY = re.compile(rf"{VAULT}camera-keys/[0-9a-f]{{16}}\.json", re.ASCII)
# What pyrage says, and nothing else tells it apart: the file is whole and was sealed for others.
_FOR_OTHERS = "No matching keys found"


@dataclass(frozen=True)
class Kit:
    """What a home is made of, as it was at `made_at` (Unix seconds); `keys` are the archive's, by name below it."""

    made_at: int
    settings: bytes = field(repr=False)
    pin: bytes
    push_key: bytes = field(repr=False)
    database: bytes = field(repr=False)
    keys: Mapping[str, bytes] = field(repr=False)


def new_key() -> tuple[str, str]:
    """Return a new recovery key and its public half: 256 random bits, with a check against slips of the pen."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def seal(kit: Kit, recipient: str) -> bytes:
    """Return the recovery file for whoever has the recipient's key."""
    manifest = {"version": VERSION, "made_at": kit.made_at}
    files = {
        MANIFEST: strictjson.dumps(manifest).encode(),
        SETTINGS: kit.settings,
        PIN: kit.pin,
        PUSH_KEY: kit.push_key,
        DATABASE: kit.database,
        **{VAULT + name: data for name, data in kit.keys.items()},
    }
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o600, kit.made_at
            archive.addfile(entry, io.BytesIO(data))
    sealed: bytes = pyrage.encrypt(plain.getvalue(), [x25519.Recipient.from_str(recipient)])
    return sealed


def unseal(untrusted_file: bytes, untrusted_key: str) -> Kit:
    """Return what a recovery file holds.

    Spaces, line ends and small letters in the key do not matter. Raises `hub.recoverykey-malformed`,
    `hub.recoverykey-wrong`, `hub.recovery-damaged`, `hub.recovery-unknown`.
    """
    try:
        identity = x25519.Identity.from_str("".join(untrusted_key.split()).upper())
    except pyrage.IdentityError as error:
        raise RECOVERY_KEY_MALFORMED() from error
    try:
        plain = pyrage.decrypt(untrusted_file, [identity])
    except pyrage.DecryptError as error:
        if str(error) == _FOR_OTHERS:
            raise RECOVERY_KEY_WRONG() from error
        raise RECOVERY_DAMAGED() from error
    return _parse(plain)


def _parse(plain: bytes) -> Kit:
    """Return the kit. What was sealed whole and is not as this version makes it was made by another one."""
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            files = {entry.name: _bytes(archive, entry) for entry in archive.getmembers()}
        manifest = strictjson.loads(files.get(MANIFEST, b""), MANIFEST)
    except (tarfile.TarError, Error) as error:
        raise RECOVERY_UNKNOWN() from error
    more = files.keys() - _NEEDED
    whole = manifest.get("version") == VERSION and files.keys() >= _NEEDED
    if not whole or not all(_CAMERA_KEY.fullmatch(name) for name in more):
        raise RECOVERY_UNKNOWN()
    made_at = int(manifest["made_at"])
    keys = {name.removeprefix(VAULT): data for name, data in files.items() if name.startswith(VAULT)}
    return Kit(made_at, files[SETTINGS], files[PIN], files[PUSH_KEY], files[DATABASE], keys)


def _bytes(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry) if entry.isreg() else None
    return file.read() if file is not None else b""
