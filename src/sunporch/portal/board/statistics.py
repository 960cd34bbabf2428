# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's figures, computed from the public record alone: anybody who reads it gets the same numbers.

Nothing here relates clips to appeals: a share does not name the appeal that it answers, and how many homes were
asked, or answered, is known to nobody (R14). So there is no response rate.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from sunporch.docket import entries as e
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import DisclosureState, State

TEXT_COLUMNS = {
    *("agency", "offence", "outcome", "clause", "pseudonym", "recipient", "act", "standard", "justification"),
}

_PHASES = (RequestPhase.OPEN, RequestPhase.SUSPENDED, RequestPhase.CLOSED, RequestPhase.OVERDUE, RequestPhase.DONE)

type Row = tuple[str | int, ...]
type Words = str | Promise


@dataclass(frozen=True)
class Table:
    """One table: its name in addresses, title, what is counted and how, column names (as in the CSV) and rows."""

    name: str
    title: Words
    definition: Words
    columns: tuple[str, ...]
    rows: list[Row]

    def csv(self) -> str:
        """Return the table as RFC 4180 text."""
        text = io.StringIO()
        csv.writer(text).writerows([self.columns, *self.rows])
        return text.getvalue()

    def schema(self) -> dict[str, Any]:
        """Return the resource's entry of a Data Package (Frictionless Data Resource, Table Schema)."""
        kinds = [("string" if name in TEXT_COLUMNS else "integer", name) for name in self.columns]
        return {
            "name": self.name,
            "path": f"{self.name}.csv",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "title": str(self.title),
            "description": str(self.definition),
            "schema": {"fields": [{"name": name, "type": kind} for kind, name in kinds]},
        }


def tables(state: State, now: int) -> list[Table]:
    """Return every table, of the record as it stands at the time (Unix seconds)."""
    return [make(state, now) for make in _TABLES]


def _appeals(state: State, now: int) -> Table:
    def of(agency: str) -> Row:
        phases = Counter(asked.phase(now) for asked in state.requests.values() if asked.entry.agency == agency)
        return (agency, phases.total(), *(phases[phase] for phase in _PHASES))

    agencies = sorted({partner.agency for partner in state.partnerships.values()})
    return Table(
        "appeals",
        gettext_lazy("Appeals by agency"),
        gettext_lazy("Every appeal on record, by where it stands now. Overdue: no outcome was recorded in time."),
        ("agency", "appeals", "open", "suspended", "closed", "overdue", "with_outcome"),
        [of(agency) for agency in agencies],
    )


def _offences(state: State, now: int) -> Table:
    del now
    return Table(
        "offences",
        gettext_lazy("What was asked about"),
        gettext_lazy("Appeals on record by the code of their offence."),
        ("offence", "appeals"),
        _counted(asked.entry.offence for asked in state.requests.values()),
    )


def _outcomes(state: State, now: int) -> Table:
    del now
    return Table(
        "outcomes",
        gettext_lazy("What became of it"),
        gettext_lazy("The outcome that the agency recorded for its closed appeals."),
        ("outcome", "appeals"),
        _counted(asked.outcome.code for asked in state.requests.values() if asked.outcome is not None),
    )


def _refused(state: State, now: int) -> Table:
    del now
    counts: Counter[str] = Counter()
    for day in state.refusals.values():
        counts.update(day)
    return Table(
        "refused",
        gettext_lazy("What the rules refused"),
        gettext_lazy("Drafts refused before anybody saw them, by the clause of the rules. Told once a day."),
        ("clause", "drafts"),
        _ordered(counts),
    )


def _clips(state: State, now: int) -> Table:
    counted: tuple[Callable[[DisclosureState], bool], ...] = (
        lambda clip: not clip.ended(now),
        lambda clip: bool(clip.accesses),
        lambda clip: bool(clip.exports),
        lambda clip: clip.withdrawn_at is not None,
        lambda clip: clip.destroyed_at is None and clip.ended(now) and clip.frozen(now),
        lambda clip: clip.destroyed_at is not None,
    )

    def of(agency: str) -> Row:
        clips = state.clips_of[agency]
        return (agency, len(clips), *(sum(map(holds, clips)) for holds in counted))

    return Table(
        "clips",
        gettext_lazy("Clips that residents shared"),
        gettext_lazy("Clips by the agency they were shared with: how many are live, opened, exported, taken back."),
        ("agency", "shared", "live", "opened", "exported", "taken_back", "preserved", "key_destroyed"),
        [of(agency) for agency in sorted(state.clips_of)],
    )


def _people(state: State, now: int) -> Table:
    del now
    filed: Counter[str] = Counter(asked.officer for asked in state.requests.values())
    opened, exported = (_signers(state, kind) for kind in (e.Access, e.Export))
    names = sorted({*filed, *opened, *exported})
    return Table(
        "people",
        gettext_lazy("Acts by pseudonym"),
        gettext_lazy("Appeals filed, clips opened and copies exported, by the pseudonym of the key that signed."),
        ("pseudonym", "appeals", "openings", "exports"),
        [(name, filed[name], opened[name], exported[name]) for name in names],
    )


def _passed_on(state: State, now: int) -> Table:
    del now
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for entry in (record.entry for record in state.records if record.in_force):
        if isinstance(entry, e.Export):
            counts[entry.recipient, entry.TYPE, "", ""] += 1
        elif isinstance(entry, e.Sharing):
            counts[entry.recipient, entry.TYPE, entry.standard, entry.justification] += 1
    return Table(
        "passed-on",
        gettext_lazy("Whom clips were passed on to"),
        gettext_lazy("Copies and passing on by the kind of recipient; passing on by legal ground and reason too."),
        ("recipient", "times", "act", "standard", "justification"),
        [(key[0], times, *key[1:]) for key, times in sorted(counts.items(), key=lambda item: (-item[1], item[0]))],
    )


def _oversight(state: State, now: int) -> Table:
    del now
    kinds = (e.Review, e.Takedown, e.Complaint, e.Finding, e.Breach, e.Letter, e.LetterAnswer, e.PartnershipCancel)
    counts = Counter(type(record.entry) for record in state.records if record.in_force)
    return Table(
        "oversight",
        gettext_lazy("What overseers and the council did"),
        gettext_lazy("Reviews, texts taken down, complaints, findings, breaches, letters and ended partnerships."),
        ("act", "times"),
        [(kind.TYPE, counts[kind]) for kind in kinds],
    )


_TABLES = (_appeals, _offences, _outcomes, _refused, _clips, _people, _passed_on, _oversight)


def _counted(values: Iterable[str]) -> list[Row]:
    return _ordered(Counter(values))


def _ordered(counts: Counter[str]) -> list[Row]:
    """Return the largest first, equals by name."""
    return [*sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def _signers(state: State, kind: type[e.Access] | type[e.Export]) -> Counter[str]:
    """Count by the first signer: who acted; a second one only allowed it."""
    return Counter(r.signers[0] for r in state.records if r.in_force and isinstance(r.entry, kind) and r.signers)
