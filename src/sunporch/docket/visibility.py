# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may see what. One table for all doors; `may_see` answers, nobody writes `if user.is_...`.

What is in the record is everybody's. The rest is listed here; what is not listed for a reader is not shown to them.
"""

from __future__ import annotations

from enum import StrEnum

from sunporch.docket.permissions import AGENCY_ROLES


class Thing(StrEnum):
    """What a door could show."""

    RECORD = "the public record: entries, published texts, rules"
    DRAFT = "a request that is not complete"
    PRIVATE_NOTE = "the private note and case number behind a request"
    SEALED_CONTENT = "the content of a sealed request"
    CLIP_LIST = "which clips wait for a recipient"
    MESSAGES = "the thread about a clip"
    MATCHES = "whether a camera's footage matches a request"
    RELEASES = "what a home shared, or decided not to share"


class Reader(StrEnum):
    """Who could look. Officers and supervisors are of the agency concerned, recipients of the clip concerned."""

    ANYONE = "anyone"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    REVIEWER = "reviewer"
    COURT = "court"
    RECIPIENT = "recipient"
    RESIDENT = "resident"


_EVERYONE = frozenset(Reader)
_AGENCY = frozenset({Reader.OFFICER, Reader.SUPERVISOR})

WHO_SEES: dict[Thing, frozenset[Reader]] = {
    Thing.RECORD: _EVERYONE,
    Thing.DRAFT: _AGENCY | {Reader.REVIEWER},
    Thing.PRIVATE_NOTE: _AGENCY | {Reader.REVIEWER},
    Thing.SEALED_CONTENT: _AGENCY | {Reader.REVIEWER, Reader.COURT},
    Thing.CLIP_LIST: frozenset({Reader.RECIPIENT}),
    Thing.MESSAGES: frozenset({Reader.RECIPIENT, Reader.RESIDENT}),
    # R14, R15: what happens at home is seen at home.
    Thing.MATCHES: frozenset({Reader.RESIDENT}),
    Thing.RELEASES: frozenset({Reader.RESIDENT}),
}


def may_see(reader: Reader, thing: Thing) -> bool:
    """Say whether the reader may be shown the thing."""
    return reader in WHO_SEES[thing]


def reader_of(role: str) -> Reader:
    """Return the reader that a key's role makes of its holder."""
    return Reader(role) if role in AGENCY_ROLES | {"reviewer", "court"} else Reader.ANYONE
