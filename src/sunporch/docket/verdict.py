# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the rules, or the form of a trust policy, say about an entry. Both are read one floor up, in `policy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sunporch.docket.entries import Entry
    from sunporch.docket.state import KeyState, State


class Outcome(StrEnum):
    """What the rules say."""

    PERMIT = "permit"
    FORBID = "forbid"
    CANNOT_CHECK = "cannot check"  # no bundle here, or one that this software is too old to read


@dataclass(frozen=True)
class Clause:
    """One rule by its id, the law or design it cites, and its sentence per language, parameters filled in.

    `checked_by` is empty for rules that everybody computes, else it names who checks a hidden field.
    """

    id: str
    cite: str
    sentences: Mapping[str, str] = field(default_factory=dict)
    checked_by: tuple[str, ...] = ()

    def sentence(self, language: str = "en") -> str:
        """Return the sentence in the language, else in English, else the id."""
        return self.sentences.get(language) or self.sentences.get("en") or self.id


@dataclass(frozen=True)
class Terms:
    """The two spans that a policy fixes for all that happens under it, in days."""

    retention_days: int
    outcome_days: int


@dataclass(frozen=True)
class Verdict:
    """The answer for one entry.

    `clauses`: every clause that forbids (or why it cannot be checked). `review`: every clause for which a
    reviewer must sign as third before the entry counts. `terms`: of the policy it was judged by.
    """

    outcome: Outcome
    clauses: tuple[Clause, ...] = ()
    review: tuple[Clause, ...] = ()
    terms: Terms | None = None

    @property
    def permitted(self) -> bool:
        """Say whether no rule forbids it."""
        return self.outcome is Outcome.PERMIT


class Judge(Protocol):
    """Whoever reads for the fold what it cannot read itself: the town's rules, and trust policies."""

    def judge(self, entry: Entry, fold: State, now: int, signers: tuple[KeyState, ...] | None = None) -> Verdict:
        """Return what the rules say, given the fold before the entry.

        `signers` are the live enrolled keys that signed; None while a draft is still being signed.
        """
