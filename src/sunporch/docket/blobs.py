# SPDX-License-Identifier: AGPL-3.0-or-later
"""Texts that lie beside the log: the record holds a commitment, the file holds salt and text.

Deleting the salt erases the text: without its 16 random bytes the commitment says nothing about it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sunporch.base.digests import from_hex, sha256
from sunporch.base.errors import Error
from sunporch.base.strictjson import dumps, loads
from sunporch.docket.errors import BLOB_MALFORMED, BLOB_MISMATCHED
from sunporch.docket.fields import UNSHOWN

if TYPE_CHECKING:
    from sunporch.docket.entries import Entry

SALT_SIZE = 16
MOST_BYTES = 4 * 1024 * 1024
UNSHOWN_REASON = "its text holds a control character or a mark that turns the order of letters"
COMMITTING_FIELDS = ("grid", "bundle", "narrative", "content", "text")


def hides_something(text: str) -> bool:
    """Say whether a text of several lines holds what is never shown, or shown elsewhere than it stands."""
    return UNSHOWN.search(text.replace("\n", "")) is not None


@dataclass(frozen=True)
class Blob:
    """A published text and the 16-byte salt that hides it until it is published.

    Raises `docket.blob-malformed` for a text that could show a reader something else than it says.
    """

    salt: bytes
    text: str

    def __post_init__(self) -> None:
        if hides_something(self.text):
            raise BLOB_MALFORMED(reason=UNSHOWN_REASON)

    @classmethod
    def new(cls, text: str) -> Blob:
        """Salt a text with the operating system's randomness."""
        return cls(secrets.token_bytes(SALT_SIZE), text)

    @property
    def commitment(self) -> str:
        """The hex SHA-256 of salt and UTF-8 text, as entries name it."""
        return sha256(self.salt, self.text.encode()).hex()

    def to_json(self) -> str:
        """Return the file's content, one line of strict JSON."""
        return dumps({"salt": self.salt.hex(), "text": self.text})

    @classmethod
    def parse(cls, untrusted_json: str | bytes, commitment: str = "") -> Blob:
        """Return the blob; raise `docket.blob-malformed`, or `docket.blob-mismatched` for another commitment."""
        if len(untrusted_json) > MOST_BYTES:
            raise BLOB_MALFORMED(where=commitment, reason=f"it is longer than {MOST_BYTES} bytes")
        try:
            value = loads(untrusted_json)
            if set(value) != {"salt", "text"} or not isinstance(value["text"], str):
                raise BLOB_MALFORMED(where=commitment, reason="it is not exactly a salt and a text")
            blob = cls(from_hex(str(value["salt"]), SALT_SIZE, "the salt"), value["text"])
        except Error as error:
            if error.kind is BLOB_MALFORMED:
                raise
            raise BLOB_MALFORMED(where=commitment, reason=error.what.rstrip(".")) from error
        if commitment and blob.commitment != commitment:
            raise BLOB_MISMATCHED(where=commitment)
        return blob


def commitments(entry: Entry) -> tuple[str, ...]:
    """Return every commitment that the entry makes to a text beside the log (a tailer fetches all of them)."""
    found = (getattr(entry, name, "") for name in COMMITTING_FIELDS)
    return tuple(commitment for commitment in found if commitment)
