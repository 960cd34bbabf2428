# SPDX-License-Identifier: AGPL-3.0-or-later
"""For each clause of the presets, one case that only this clause forbids (or sends to a reviewer).

A case is a street with its history, the entry, and who signed (None: a draft that is still being signed).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import h3

from sunporch.docket import entries as e
from sunporch.policy import offences, parse_bundle
from sunporch.policy.bundle import Bundle, bundle_text
from tests.docket.people import DAY, OTHER_ORI
from tests.docket.void_cases import event
from tests.policy.street import AREA, SAMPLE, Street, bundle_of, cells_of


@dataclass(frozen=True)
class Case:
    street: Street
    entry: object
    signers: tuple | None = None


CASES: dict[str, Callable[[], Case]] = {}


def case(clause_id: str):
    def register(function):
        CASES[clause_id] = function
        return function

    return register


def asked(preset: str = "consent", *, bundle: Bundle | None = None, limits=None, **changes) -> Case:
    street = Street(preset, bundle, **(limits or {}))
    return Case(street, street.draft(**changes))


def edited(**changes) -> Bundle:
    """The consent preset with other fields."""
    return parse_bundle(bundle_text(json.loads(bundle_of().text) | changes))


@cache
def without(text: str, clause_id: str) -> Bundle:
    """The same rules without one clause."""
    fields = json.loads(text)
    clause = re.compile(rf'@id\("{re.escape(clause_id)}"\).*?;\n', re.DOTALL)
    fields["cedar"], count = clause.subn("", fields["cedar"])
    assert count == 1, clause_id
    return parse_bundle(bundle_text(fields))


SIMPLE: dict[str, dict] = {
    "R2.policy-cited": {"policy": 0},
    "R2.purpose": {"purpose": "curiosity"},
    "R7.offence": {"offence": "35A"},
    "R7.case-tag": {"case_tag": "0" * 32},
    "R8.area-min": {"limits": {"cells_min": 8}},
    "R8.area-max": {"limits": {"cells_max": 6}},
    "R8.households-min": {"limits": {"households_min": 1_000}},
    "R8.households-max": {"limits": {"households_max": 200}},
    "R8.review-dense": {"limits": {"households_dense": 200}},
    "R10.flags-demanded": {"offence": "11A"},
    "R10.review-sexual": {"offence": "11A", "flags": ("sexual",)},
    "R10.review-domestic": {"flags": ("domestic",)},
    "R10.review-juvenile": {"flags": ("juvenile",)},
    "R10.review-event": {"flags": ("known_event",)},
    "R10.review-health": {"cells": cells_of("clinic")},
    "R10.review-worship": {"cells": cells_of("worship")},
    "R10.review-school": {"cells": cells_of("school")},
    "R19.recipients-min": {"limits": {"recipients_min": 3}},
}
for _id, _changes in SIMPLE.items():
    CASES[_id] = lambda changes=_changes: asked(**changes)


@case("R1.partnership")
def suspended():
    street = Street()
    fields = {"target": street.at["partnership"], "draft": "", "reason": "misuse"}
    street.good(e.Review, "okafor", action="suspended", **fields)
    return Case(street, street.draft())


@case("R2.basis")
def basis():
    return asked(bundle=edited(bases=["defence"]))


@case("R2.reach")
def reach():
    return asked(bundle=edited(reaches=["link"]))


@case("R5.offence")
def immigration_offence_that_a_town_lists_all_the_same():
    listed = offences.listed((*offences.GRAVE, "30A"), ("en", "es"))
    return asked(bundle=edited(offences=listed), offence="30A")


@case("R8.area-connected")
def two_pieces():
    far = h3.grid_ring(SAMPLE.centre, 4)[0]
    return asked(cells=tuple(sorted({*AREA, far})))


@case("R8.area-in-town")
def over_the_edge():
    edge = h3.grid_ring(SAMPLE.centre, 9)[2]
    return asked(cells=tuple(sorted(h3.grid_disk(edge, 1))), limits={"households_min": 0})


def timed(*, limits=None, **minutes) -> Case:
    street = Street(**(limits or {}))
    return Case(street, street.draft(**{name: street.now + value * 60 for name, value in minutes.items()}))


CASES |= {
    "R9.window-order": lambda: timed(from_=-60, to=-60),
    "R9.window-max": lambda: timed(from_=-800, to=-79),
    "R9.window-past": lambda: timed(from_=-60, to=1),
    "R9.look-back": lambda: timed(from_=-30 * 1440 - 1, to=-30 * 1440 + 60),
    "R9.closes-min": lambda: timed(closes=59),
    "R9.closes-max": lambda: timed(closes=7 * 1440 + 1),
}


@case("R9.case-requests")
def third_for_one_case():
    street = Street()
    street.ask()
    street.ask()
    return Case(street, street.draft())


@case("R10.assembly")
def assembly():
    street = Street()
    overlap = event(cells=(SAMPLE.centre,), from_=street.now - 3601, to=street.now)
    street.good(e.Event, "okafor", **overlap)
    return Case(street, street.draft())


@case("R12.two-people")
def one_person():
    street = Street()
    return Case(street, street.draft(), (street.fold.names["diaz"],))


@case("R19.recipients-max")
def three_devices():
    street = Street(recipients_max=2)
    return Case(street, street.draft(recipients=tuple(street.at[name] for name in ("diaz", "novak", "kim"))))


@case("R19.recipient-officer")
def supervisors_only():
    street = Street()
    return Case(street, street.draft(recipients=(street.at["kim"], street.at["ross"])))


@case("R19.recipient-supervisor")
def officers_only():
    street = Street()
    return Case(street, street.draft(recipients=(street.at["diaz"], street.at["novak"])))


@case("R32.outcome-overdue")
def outcome_owed():
    street = Street()
    street.ask(case_tag="c1" * 16)
    street.wait(days=37)
    return Case(street, street.draft())


@case("R32.open-requests")
def one_open():
    street = Street(open_requests_max=1)
    street.ask(case_tag="c1" * 16)
    return Case(street, street.draft())


def shared(preset: str = "consent", kind=e.Disclosure, late: int = 0) -> Case:
    street = Street(preset)
    fields = street.share_fields(expires=(street.now // DAY + 60 + late) * DAY)
    return Case(street, street.make(kind, **fields))


@case("R23.retention")
def a_day_too_long():
    return shared(late=1)


def opened(kind, *, accessed: bool = True, **fields) -> Case:
    street = Street()
    clip = street.share()
    if accessed:
        assert street.put_access(clip, "diaz").in_force
    return Case(street, street.make(kind, disclosure=clip, **fields))


def copied(recipient: str = "court", *, accessed: bool = True) -> Case:
    return opened(e.Export, accessed=accessed, file="f1" * 32, format="mp4", recipient=recipient)


def passed_on(*, accessed: bool = True, **changes) -> Case:
    fields = {"recipient": "state", "standard": "warrant", "justification": "charges-filed"} | changes
    return opened(e.Sharing, accessed=accessed, **fields)


CASES |= {
    "R5.export-federal": lambda: copied("federal"),
    "R24.export-unopened": lambda: copied(accessed=False),
    "R5.sharing-federal": lambda: passed_on(recipient="immigration"),
    "R25.sharing-standard": lambda: passed_on(standard="consent"),
    "R25.sharing-justification": lambda: passed_on(justification="curiosity"),
    "R24.sharing-unopened": lambda: passed_on(accessed=False),
}


@case("R5.agency-kind")
def federal_partner():
    street = Street()
    return Case(street, street.make(e.Partnership, **street.partnership_fields(OTHER_ORI, kind="federal")))


# The two presets that let nobody ask.
OTHER_PRESETS: dict[tuple[str, str], Callable[[], Case]] = {
    ("nobody", "R2.nobody-asks"): lambda: asked("nobody"),
    ("nobody", "R2.nothing-shared"): lambda: shared("nobody"),
    ("warrant-only", "R2.warrant-only"): lambda: asked("warrant-only"),
    ("warrant-only", "R2.share-warrant-only"): lambda: shared("warrant-only"),
    ("warrant-only", "R23.retention"): lambda: shared("warrant-only", e.WarrantReturn, late=1),
}
