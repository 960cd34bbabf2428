# SPDX-License-Identifier: AGPL-3.0-or-later
"""The kinds of value an entry's fields may hold, each with its bounds, its check and its JSON schema.

A field of an entry is declared once, as `Annotated[type, Kind(...)]` in `entries`; decoding, encoding and the
generated schemas all read that declaration.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any, Protocol

import h3

from sunporch.base.digests import to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import ED25519, NAME, VerifierKey

MOST_TIME = 253_402_300_799  # the last second of the year 9999
MOST_INDEX = 2**40
MOST_CELLS = 256
MOST_TEXT = 500
# What shown text never holds: it would break the line, rewrite a terminal, or turn the order of letters around it.
UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
CELL_RESOLUTION = 10


class Refused(Exception):
    """A value is not of its kind; `entries` turns it into a named error with the field, so it never leaves this room.

    `mistyped` tells a wrong type from a wrong value.
    """

    def __init__(self, wanted: str, *, mistyped: bool = False) -> None:
        self.wanted = wanted
        self.mistyped = mistyped
        super().__init__(wanted)


class Kind(Protocol):
    """What a field's declaration can do."""

    def read(self, untrusted_value: Any) -> Any:
        """Return the checked value in its Python shape, or raise Refused."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema (2020-12) of the value."""


def _text(untrusted_value: Any, wanted: str) -> str:
    if not isinstance(untrusted_value, str):
        raise Refused(wanted, mistyped=True)
    return untrusted_value


@dataclass(frozen=True)
class Whole:
    """A whole number within inclusive bounds."""

    least: int = 0
    most: int = MOST_TIME

    def read(self, untrusted_value: Any) -> int:
        """Return the number."""
        if not isinstance(untrusted_value, int) or isinstance(untrusted_value, bool):
            raise Refused("a whole number", mistyped=True)
        if not self.least <= untrusted_value <= self.most:
            raise Refused(f"a whole number from {self.least} to {self.most}")
        return untrusted_value

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Text:
    """Text of a bounded length, without what is never shown (`UNSHOWN`); line ends only where `lines`."""

    least: int = 1
    most: int = MOST_TEXT
    lines: bool = False

    def read(self, untrusted_value: Any) -> str:
        """Return the text."""
        value = _text(untrusted_value, "text")
        if not self.least <= len(value) <= self.most:
            raise Refused(f"text of {self.least} to {self.most} characters")
        if UNSHOWN.search(value.replace("\n", "") if self.lines else value):
            raise Refused("text without control characters and marks that turn its direction")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {"type": "string", "minLength": self.least, "maxLength": self.most}


@dataclass(frozen=True)
class Pattern:
    """Text of one exact form."""

    pattern: str
    wanted: str
    compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "compiled", re.compile(self.pattern))

    def read(self, untrusted_value: Any) -> str:
        """Return the text."""
        value = _text(untrusted_value, self.wanted)
        if not self.compiled.fullmatch(value):
            raise Refused(self.wanted)
        return value

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": self.wanted}


def hexadecimal(size: int, *, or_empty: bool = False) -> Pattern:
    """Return the kind for `size` bytes in lower-case hex, perhaps or nothing."""
    pattern = f"[0-9a-f]{{{2 * size}}}"
    wanted = f"{size} bytes of lower-case hexadecimal"
    return Pattern(f"|{pattern}", wanted + ", or empty") if or_empty else Pattern(pattern, wanted)


@dataclass(frozen=True)
class Choice:
    """One of a closed list of words."""

    words: tuple[str, ...]

    def read(self, untrusted_value: Any) -> str:
        """Return the word."""
        wanted = "one of " + ", ".join(repr(word) for word in self.words)
        value = _text(untrusted_value, wanted)
        if value not in self.words:
            raise Refused(wanted)
        return value

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 verifier key in C2SP text form; `name` demands one name (a one-time key is `disclosure`)."""

    name: str = ""

    def read(self, untrusted_value: Any) -> str:
        """Return the canonical key text."""
        wanted = "an Ed25519 verifier key name+hash+key" + (f" named {self.name}" if self.name else "")
        value = _text(untrusted_value, wanted)
        try:
            key = VerifierKey.parse(value)
        except Error as error:
            raise Refused(wanted) from error
        if key.type != ED25519 or (self.name and key.name != self.name):
            raise Refused(wanted)
        return value

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        name = re.escape(self.name) or NAME
        return {"type": "string", "pattern": f"^{name}\\+[0-9a-f]{{8}}\\+[A-Za-z0-9+/]{{44}}$"}


@dataclass(frozen=True)
class Signature:
    """64 bytes in padded base64 (an Ed25519 signature)."""

    def read(self, untrusted_value: Any) -> str:
        """Return the base64 text."""
        value = _text(untrusted_value, "an Ed25519 signature in base64")
        # 64 bytes end in `==`; the last letter before it has four zero bits, or one value had two spellings.
        if not re.fullmatch(r"[A-Za-z0-9+/]{85}[AQgw]==", value):
            raise Refused("an Ed25519 signature in base64")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {"type": "string", "pattern": "^[A-Za-z0-9+/]{85}[AQgw]==$", "example": to_base64(bytes(64))}


@dataclass(frozen=True)
class Cells:
    """H3 cells of resolution 10, sorted, each once, as 15 lower-case hex characters."""

    most: int = MOST_CELLS

    def read(self, untrusted_value: Any) -> tuple[str, ...]:
        """Return the cells."""
        if not isinstance(untrusted_value, list | tuple):
            raise Refused("a list of H3 cells", mistyped=True)
        if not 1 <= len(untrusted_value) <= self.most:
            raise Refused(f"1 to {self.most} H3 cells")
        for cell in untrusted_value:
            check_cell(cell)
        if any(a >= b for a, b in itertools.pairwise(untrusted_value)):
            raise Refused("H3 cells sorted, each once")
        return tuple(untrusted_value)

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        cell = {"type": "string", "pattern": "^8a[0-9a-f]{13}$"}
        return {"type": "array", "items": cell, "minItems": 1, "maxItems": self.most, "uniqueItems": True}


def check_cell(untrusted_cell: Any) -> str:
    """Return an H3 cell of resolution 10 in its one spelling, or raise Refused."""
    wanted = "an H3 cell of resolution 10 in lower-case hexadecimal"
    cell = _text(untrusted_cell, wanted)
    if not re.fullmatch(r"8a[0-9a-f]{13}", cell) or not h3.is_valid_cell(cell):
        raise Refused(wanted)
    return cell


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind, of bounded length, each value once."""

    kind: Kind
    least: int
    most: int

    def read(self, untrusted_value: Any) -> tuple[Any, ...]:
        """Return the values."""
        if not isinstance(untrusted_value, list | tuple):
            raise Refused("a list", mistyped=True)
        if not self.least <= len(untrusted_value) <= self.most:
            raise Refused(f"a list of {self.least} to {self.most}")
        values = tuple(self.kind.read(item) for item in untrusted_value)
        if len(set(values)) != len(values):
            raise Refused("a list in which each value stands once")
        return values

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        items = {"items": self.kind.schema(), "minItems": self.least, "maxItems": self.most}
        return {"type": "array", **items, "uniqueItems": True}


@dataclass(frozen=True)
class Counts:
    """How often each name was counted: an object of whole numbers, in Python sorted pairs."""

    key: Pattern
    most: int

    def read(self, untrusted_value: Any) -> tuple[tuple[str, int], ...]:
        """Return the sorted pairs of name and count."""
        pairs = dict(untrusted_value) if isinstance(untrusted_value, tuple) else untrusted_value
        if not isinstance(pairs, dict):
            raise Refused("an object of counts", mistyped=True)
        if not 1 <= len(pairs) <= self.most:
            raise Refused(f"1 to {self.most} counts")
        count = Whole(1, MOST_INDEX)
        return tuple(sorted((self.key.read(name), count.read(value)) for name, value in pairs.items()))

    def schema(self) -> dict[str, Any]:
        """Return the schema."""
        return {
            "type": "object",
            "propertyNames": self.key.schema(),
            "additionalProperties": Whole(1, MOST_INDEX).schema(),
            "minProperties": 1,
            "maxProperties": self.most,
        }
