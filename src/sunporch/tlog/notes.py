# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed notes (C2SP signed-note): a text, an empty line, and one line for each signature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import ED25519, SignerKey, VerifierKey, check_name
from sunporch.tlog.errors import NOTE_MALFORMED, SIGNATURE_WRONG

MAX_NOTE = 64 * 2**10  # bytes; far above a checkpoint and the 8-KiB leaf
MAX_SIGNATURES = 64  # signed-note asks for at least 16
KEY_ID_BYTES = 4
DASH = "\N{EM DASH}"

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True)
class Signature:
    """One line: the key's name, its 4-byte id, and the signature's bytes (64, or 72 for a cosignature)."""

    name: str
    key_id: bytes
    blob: bytes

    def __str__(self) -> str:
        return f"{DASH} {self.name} {to_base64(self.key_id + self.blob)}\n"

    def is_of(self, key: VerifierKey) -> bool:
        """Say whether the line claims to be by the key: its name and its id."""
        return self.name == key.name and self.key_id == key.key_id

    @classmethod
    def parse(cls, untrusted_line: str) -> Signature:
        """Return the signature of a line without its newline, or raise `tlog.note-malformed`."""
        parts = untrusted_line.split(" ")
        if len(parts) != 3 or parts[0] != DASH:
            raise NOTE_MALFORMED(reason="a line after the empty one is no signature")
        try:
            name = check_name(parts[1])
            data = from_base64(parts[2], "the signature")
        except Error as error:
            raise NOTE_MALFORMED(reason=error.what.rstrip(".")) from error
        if len(data) <= KEY_ID_BYTES:
            raise NOTE_MALFORMED(reason="a signature is too short")
        return cls(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and its signatures. Parsing checks the form only: see `verified`."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, untrusted: bytes) -> Note:
        """Return the note, or raise `tlog.note-malformed`."""
        if len(untrusted) > MAX_NOTE:
            raise NOTE_MALFORMED(reason=f"it has more than {MAX_NOTE} bytes")
        try:
            whole = untrusted.decode("utf-8")
        except UnicodeDecodeError as error:
            raise NOTE_MALFORMED(reason="it is not UTF-8") from error
        if _CONTROL.search(whole):
            raise NOTE_MALFORMED(reason="it holds a control character")
        head, empty_line, tail = whole.rpartition("\n\n")
        if not empty_line or not tail.endswith("\n"):
            raise NOTE_MALFORMED(reason="no empty line and signatures at its end")
        lines = tail[:-1].split("\n")
        if len(lines) > MAX_SIGNATURES:
            raise NOTE_MALFORMED(reason=f"it has more than {MAX_SIGNATURES} signatures")
        return cls(head + "\n", tuple(Signature.parse(line) for line in lines))

    def encode(self) -> bytes:
        """Return the note's bytes."""
        return (self.text + "\n" + "".join(str(item) for item in self.signatures)).encode()

    def with_signatures(self, *signatures: Signature) -> Note:
        """Return the note with the signatures added behind; one that is there already is not repeated."""
        return replace(self, signatures=tuple(dict.fromkeys((*self.signatures, *signatures))))

    def verified(self, keys: Iterable[VerifierKey]) -> tuple[VerifierKey, ...]:
        """Return those of the Ed25519 keys that signed the text, in the order of the signatures.

        Raises `tlog.signature-wrong` if a signature names one of the keys and is not by it (signed-note,
        "Signatures"). Signatures by other keys are ignored.
        """
        known = {(key.name, key.key_id): key for key in keys if key.type == ED25519}
        found: dict[VerifierKey, None] = {}
        for signature in self.signatures:
            key = known.get((signature.name, signature.key_id))
            if key is None:
                continue
            if not key.verify(signature.blob, self.text.encode()):
                raise SIGNATURE_WRONG(name=key.name)
            found[key] = None
        return tuple(found)


def check_text(text: str) -> str:
    """Return a text fit to be signed: UTF-8, ending in a newline, no control characters; or raise."""
    if not text.endswith("\n"):
        raise NOTE_MALFORMED(reason="the text does not end in a newline")
    if _CONTROL.search(text) or any("\ud800" <= character <= "\udfff" for character in text):
        raise NOTE_MALFORMED(reason="the text holds a control character")
    return text


def signature(text: str, signer: SignerKey) -> Signature:
    """Return the signer's Ed25519 signature over the text (type 0x01)."""
    if signer.type != ED25519:
        raise NOTE_MALFORMED(reason=f"the key {signer.name} is for cosignatures only")
    return Signature(signer.name, signer.verifier.key_id, signer.sign(check_text(text).encode()))


def sign(text: str, signers: Iterable[SignerKey]) -> Note:
    """Return the text as a note signed by each of the Ed25519 signers; raises `tlog.note-malformed`."""
    return Note(text, tuple(signature(text, signer) for signer in signers))
