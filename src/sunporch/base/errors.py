# SPDX-License-Identifier: AGPL-3.0-or-later
"""One error class for the whole house: what went wrong, where, and what to do next.

Each room declares its kinds once, at module level, in its own `errors.py`::

    NOTE_MALFORMED = ErrorKind(
        "tlog.note-malformed",
        what="The signed note is not in C2SP form: {reason}.",
        next="Fetch it again; if it stays so, this server is not a Sunporch log.",
    )
    raise NOTE_MALFORMED(where="checkpoint", reason="no empty line")

The id is stable: the reference page, the translations of the doors and the saboteurs refer to it.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[a-z]+\.[a-z0-9]+(-[a-z0-9]+)+")
_KINDS: dict[str, ErrorKind] = {}


class Error(Exception):
    """A failure that a person or a program can act on.

    `id` is `room.noun-verb`; `what` and `next` are English sentences already filled in; `where` names the
    file, entry, field or address concerned (may be empty); `params` are the values filled in, so that a door
    can say the same in another language.
    """

    def __init__(self, kind: ErrorKind, where: str, params: dict[str, object]) -> None:
        self.kind = kind
        self.id = kind.id
        self.where = where
        self.params = params
        self.what = kind.what.format(**params)
        self.next = kind.next.format(**params)
        super().__init__(self.id)

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"{self.what}{where} {self.next} [{self.id}]"

    def as_json(self) -> dict[str, Any]:
        """Return the form in which every door and command hands an error to a program.

        `params` are what the sentences fill in, so that a page can say the same in its reader's language.
        """
        named = {name: self.params[name] for name in sorted(self.kind.parameters)}
        params = {name: value if isinstance(value, int) else str(value) for name, value in named.items()}
        return {"id": self.id, "what": self.what, "where": self.where, "next": self.next, "params": params}


@dataclass(frozen=True)
class ErrorKind:
    """One way to fail: a stable id and two sentences with `{named}` parameters."""

    id: str
    what: str
    next: str

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"error id {self.id!r} is not room.noun-verb")
        if self.id in _KINDS:
            raise ValueError(f"error id {self.id!r} is declared twice")
        _KINDS[self.id] = self

    def __call__(self, where: str = "", **params: object) -> Error:
        """Make the error; every `{parameter}` of the two sentences must be given."""
        return Error(self, where, params)

    @property
    def parameters(self) -> frozenset[str]:
        """The names that the sentences fill in."""
        found = {name for text in (self.what, self.next) for _, name, _, _ in string.Formatter().parse(text)}
        return frozenset(name for name in found if name)


def all_kinds() -> dict[str, ErrorKind]:
    """Return every kind declared by the modules imported so far, by id (for the reference page and tests)."""
    return dict(sorted(_KINDS.items()))
