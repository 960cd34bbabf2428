# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the town's rules say to an appeal before it is public, in the words of the person who asks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from sunporch.base.errors import Error
from sunporch.docket import entries, wire
from sunporch.docket.entries import Request
from sunporch.docket.verdict import Clause, Verdict
from sunporch.policy import Bundle, allowance, check_narrative
from sunporch.portal.board import signing, words
from sunporch.portal.errors import APPEAL_FORBIDDEN, RULES_ABSENT, SIGNATURE_REFUSED
from sunporch.portal.record import public_record
from sunporch.tlog.notes import Note


class AppealForbidden(Error):
    """`portal.appeal-forbidden`, with every clause that forbids."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self.clauses = shown(clauses)
        sentences = " ".join(clause["sentence"] for clause in self.clauses)
        super().__init__(APPEAL_FORBIDDEN, "rules", {"clauses": sentences})


def shown(clauses: Sequence[Clause]) -> list[dict[str, str]]:
    """Return clauses in the reader's language, each once."""
    unique = {clause.id: clause for clause in clauses}
    return [
        {"id": clause.id, "cite": clause.cite, "sentence": clause.sentence(words.language())}
        for clause in unique.values()
    ]


def verdict_shown(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict for an answer."""
    return {
        "outcome": verdict.outcome.value,
        "clauses": shown(verdict.clauses),
        "review": shown(verdict.review),
    }


def rules_in_force(now: int) -> tuple[int, Bundle]:
    """Return index and rules in force, or raise `portal.rules-absent`."""
    with public_record().reading() as state:
        policy = state.policy_in_force(now)
    bundle = public_record().bundle(policy.index) if policy is not None else None
    if policy is None or bundle is None:
        raise RULES_ABSENT(where="rules")
    return policy.index, bundle


def rules_or_none(now: int) -> Bundle | None:
    """Return the rules in force, None where there are none."""
    with public_record().reading() as state:
        policy = state.policy_in_force(now)
    return public_record().bundle(policy.index) if policy is not None else None


def check_private_side(narrative: str, case_number: str, now: int) -> tuple[Clause, ...]:
    """Return the clauses that forbid by what only portal and reviewers see: the narrative and the case number."""
    return check_narrative(narrative, case_number, rules_in_force(now)[1])


def request_of(note: str) -> Request:
    """Return the appeal inside a kept draft."""
    return signing.entry_in(Note.parse(note.encode()), Request)


def verdict_of_note(note: str, now: int) -> dict[str, Any]:
    """Return what the rules say now to the appeal inside a kept draft."""
    return verdict_shown(public_record().verdict(request_of(note), now))


def checked(untrusted_fields: dict[str, Any], now: int) -> dict[str, Any]:
    """Return verdict and allowance for the fields of an unsigned appeal; raises the `docket.field-` errors."""
    _, bundle = rules_in_force(now)
    # The rules do not look at these two, which are made when the entry is signed.
    fields = {"nonce": wire.new_nonce(), "not_after": now} | untrusted_fields
    request = entries.from_fields(Request, fields)
    if not isinstance(request, Request):
        raise SIGNATURE_REFUSED(where="fields", reason="it is not an appeal for footage")
    with public_record().reading() as state:
        left = allowance(state, bundle, request.agency, now, request.case_tag)
    verdict = public_record().verdict(request, now)
    return verdict_shown(verdict) | {"allowance": dataclasses.asdict(left)}
