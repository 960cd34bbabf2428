# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's figures, computed from the public record alone: anybody who reads it gets the same numbers.

The same tables count the whole record, or one agency's part of it in a year (its annual report).

Nothing here relates clips to appeals: a share does not name the appeal that it answers, and how many homes were
asked, or answered, is known to nobody (R14). So there is no response rate.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import h3
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from sunporch.docket import entries as e
from sunporch.docket.fields import MOST_TIME
from sunporch.docket.lifecycle import RequestPhase
from sunporch.docket.state import DisclosureState, Record, State

TEXT_COLUMNS = {
    *("agency", "offence", "outcome", "clause", "pseudonym", "recipient", "act", "standard", "justification"),
    *("area", "code", "signers", "action"),
}
# ISO 8601, UTC: a day, or a moment.
TIME_COLUMNS = {"day": "date", "since": "datetime"}
HOUR = 3_600
# Appeals are counted by the H3 cell of this resolution around each of theirs: about 0.7 square kilometres.
AREA_RESOLUTION = 8
# Which earlier entry an entry is about: the first of these that it has.
_ABOUT = ("disclosure", "request", "partnership", "target", "complaint", "about", "freeze")

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
        text = dict.fromkeys(TEXT_COLUMNS, "string")
        kinds = [((text | TIME_COLUMNS).get(name, "integer"), name) for name in self.columns]
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


@dataclass(frozen=True)
class Part:
    """What is counted: the record as it stands `now`, or of it one agency's entries of a time (Unix seconds, UTC).

    An entry is of the time of its leaf. One that names no agency is the town's, and counts for each.
    """

    state: State
    now: int
    agency: str = ""
    begins: int = 0
    ends: int = MOST_TIME

    def holds(self, index: int) -> bool:
        """Say whether the entry is counted."""
        in_time = self.begins <= self.state.records[index].time < self.ends
        return in_time and (not self.agency or agency_of(self.state, index) in ("", self.agency))

    def entries[Kind: e.Signed](self, *kinds: type[Kind]) -> Iterator[tuple[Record, Kind]]:
        """Yield the records of these types that are in force and counted, each with its entry."""
        for record in self.state.records:
            if record.in_force and isinstance(record.entry, kinds) and self.holds(record.index):
                yield record, record.entry

    def agencies(self, named: Iterable[str]) -> list[str]:
        """Return those of the agencies that have a row, by name."""
        return sorted({one for one in named if self.agency in ("", one)})


def agency_of(state: State, index: int) -> str:
    """Return the agency that an entry names, or the entry that it is about; empty where it is the town's."""
    entry = state.records[index].entry
    about = next((getattr(entry, name) for name in _ABOUT if hasattr(entry, name)), -1)
    return getattr(entry, "agency", "") or (agency_of(state, about) if about >= 0 else "")


def tables(part: Part) -> list[Table]:
    """Return every table of a part of the record."""
    return [make(part) for make in _TABLES]


def _appeals(part: Part) -> Table:
    asked = [one for one in part.state.requests.values() if part.holds(one.index)]

    def of(agency: str) -> Row:
        phases = Counter(one.phase(part.now) for one in asked if one.entry.agency == agency)
        return (agency, phases.total(), *(phases[phase] for phase in _PHASES))

    return Table(
        "appeals",
        gettext_lazy("Appeals by agency"),
        gettext_lazy("Every appeal on record, by where it stands now. Overdue: no outcome was recorded in time."),
        ("agency", "appeals", "open", "suspended", "closed", "overdue", "with_outcome"),
        [of(agency) for agency in part.agencies(one.agency for one in part.state.partnerships.values())],
    )


def _offences(part: Part) -> Table:
    seconds: Counter[str] = Counter()
    appeals: Counter[str] = Counter()
    for _, asked in part.entries(e.Request):
        appeals[asked.offence] += 1
        seconds[asked.offence] += asked.to - asked.from_
    return Table(
        "offences",
        gettext_lazy("What was asked about"),
        gettext_lazy(
            "Appeals on record by the code of their offence, and how many hours they asked for, rounded up."
        ),
        ("offence", "appeals", "hours"),
        [(str(code), times, -(-seconds[str(code)] // HOUR)) for code, times in _ordered(appeals)],
    )


def _areas(part: Part) -> Table:
    return Table(
        "areas",
        gettext_lazy("Where was asked"),
        gettext_lazy("Appeals by the parts of town that they touch: H3 cells of about 0.7 square kilometres."),
        ("area", "appeals"),
        _counted(area for _, asked in part.entries(e.Request) for area in {_area_of(cell) for cell in asked.cells}),
    )


def _area_of(cell: str) -> str:
    return str(h3.cell_to_parent(cell, min(AREA_RESOLUTION, h3.get_resolution(cell))))


def _outcomes(part: Part) -> Table:
    return Table(
        "outcomes",
        gettext_lazy("What became of it"),
        gettext_lazy("The outcome that the agency recorded for its closed appeals."),
        ("outcome", "appeals"),
        _counted(outcome.code for _, outcome in part.entries(e.Outcome)),
    )


def _refused(part: Part) -> Table:
    counts: Counter[str] = Counter()
    for _, day in part.entries(e.Refusals):
        counts.update(dict(day.counts))
    return Table(
        "refused",
        gettext_lazy("What the rules refused"),
        gettext_lazy(
            "Drafts of all agencies refused before anybody saw them, by the clause of the rules. Told once a day."
        ),
        ("clause", "drafts"),
        _ordered(counts),
    )


def _clips(part: Part) -> Table:
    now = part.now
    counted: tuple[Callable[[DisclosureState], bool], ...] = (
        lambda clip: not clip.ended(now),
        lambda clip: bool(clip.accesses),
        lambda clip: bool(clip.exports),
        lambda clip: clip.withdrawn_at is not None,
        lambda clip: clip.destroyed_at is None and clip.ended(now) and clip.frozen(now),
        lambda clip: clip.destroyed_at is not None,
    )

    def of(agency: str) -> Row:
        clips = [clip for clip in part.state.clips_of[agency] if part.holds(clip.index)]
        return (agency, len(clips), *(sum(map(holds, clips)) for holds in counted))

    return Table(
        "clips",
        gettext_lazy("Clips that residents shared"),
        gettext_lazy("Clips by the agency they were shared with: how many are live, opened, exported, taken back."),
        ("agency", "shared", "live", "opened", "exported", "taken_back", "preserved", "key_destroyed"),
        [of(agency) for agency in part.agencies(part.state.clips_of)],
    )


def _ends(part: Part) -> Table:
    destroyed = sum(
        part.agency in ("", part.state.disclosures[index].agency)
        for _, end in part.entries(e.Expiry)
        for index in end.disclosures
    )
    kinds = (e.Freeze, e.Unfreeze, e.Withdrawal, e.DeletionAttest)
    counts = Counter(entry.TYPE for _, entry in part.entries(*kinds)) + Counter({e.Expiry.TYPE: destroyed})
    return Table(
        "ends",
        gettext_lazy("How keeping clips ended"),
        gettext_lazy("Clips taken back, held as evidence, clips whose key was destroyed, and deletions attested."),
        ("act", "times"),
        [(kind.TYPE, counts[kind.TYPE]) for kind in (*kinds, e.Expiry)],
    )


def _people(part: Part) -> Table:
    filed = Counter(asked.officer for asked in part.state.requests.values() if part.holds(asked.index))
    # By the first signer: who acted; a second one only allowed it.
    opened, exported = (Counter(r.signers[0] for r, _ in part.entries(kind)) for kind in (e.Access, e.Export))
    names = sorted({*filed, *opened, *exported})
    return Table(
        "people",
        gettext_lazy("Acts by pseudonym"),
        gettext_lazy("Appeals filed, clips opened and copies exported, by the pseudonym of the key that signed."),
        ("pseudonym", "appeals", "openings", "exports"),
        [(name, filed[name], opened[name], exported[name]) for name in names],
    )


def _passed_on(part: Part) -> Table:
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for _, copy in part.entries(e.Export):
        counts[copy.recipient, copy.TYPE, "", ""] += 1
    for _, entry in part.entries(e.Sharing):
        counts[entry.recipient, entry.TYPE, entry.standard, entry.justification] += 1
    return Table(
        "passed-on",
        gettext_lazy("Whom clips were passed on to"),
        gettext_lazy("Copies and passing on by the kind of recipient; passing on by legal ground and reason too."),
        ("recipient", "times", "act", "standard", "justification"),
        [(key[0], times, *key[1:]) for key, times in sorted(counts.items(), key=lambda item: (-item[1], item[0]))],
    )


def _complaints(part: Part) -> Table:
    received: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for record, complaint in part.entries(e.Complaint):
        received[complaint.code] += 1
        found[complaint.code] += bool(part.state.complaints[record.index].findings)
    return Table(
        "complaints",
        gettext_lazy("What people complained about"),
        gettext_lazy("Complaints by what they are about, and how many of them a reviewer answered by a finding."),
        ("code", "complaints", "with_finding"),
        [(code, times, found[str(code)]) for code, times in _ordered(received)],
    )


def _oversight(part: Part) -> Table:
    kinds = (e.Review, e.Takedown, e.Complaint, e.Finding, e.Breach, e.Letter, e.LetterAnswer, e.PartnershipCancel)
    counts = Counter(entry.TYPE for _, entry in part.entries(*kinds))
    return Table(
        "oversight",
        gettext_lazy("What overseers and the council did"),
        gettext_lazy("Reviews, texts taken down, complaints, findings, breaches, letters and ended partnerships."),
        ("act", "times"),
        [(kind.TYPE, counts[kind.TYPE]) for kind in kinds],
    )


def _breaches(part: Part) -> Table:
    return Table(
        "breaches",
        gettext_lazy("What went wrong"),
        gettext_lazy("Each breach of the whole town: its code, how many clips it touches, since when, by its entry."),
        ("code", "clips", "since", "entry"),
        [
            (breach.code, breach.clips, f"{_moment(breach.since):%Y-%m-%dT%H:%M:%SZ}", record.index)
            for record, breach in part.entries(e.Breach)
        ],
    )


def _decisions(part: Part) -> Table:
    kinds = (e.Policy, e.Trust, e.Partnership, e.PartnershipCancel, e.Review)
    return Table(
        "decisions",
        gettext_lazy("Rules, partnerships and suspensions"),
        gettext_lazy(
            "Rules adopted, partnerships approved or ended, what reviewers suspended or returned, and who signed."
        ),
        ("act", "signers", "action", "day", "entry"),
        [
            (
                entry.TYPE,
                " ".join(record.signers),
                getattr(entry, "action", ""),
                f"{_moment(record.time):%Y-%m-%d}",
                record.index,
            )
            for record, entry in part.entries(*kinds)
        ],
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


_TABLES = (
    *(_appeals, _offences, _areas, _outcomes, _refused, _clips, _ends, _people, _passed_on, _complaints, _oversight),
    *(_breaches, _decisions),
)


def _counted(values: Iterable[str]) -> list[Row]:
    return _ordered(Counter(values))


def _ordered(counts: Counter[str]) -> list[Row]:
    """Return the largest first, equals by name."""
    return [*sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
