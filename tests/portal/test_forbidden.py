# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.docket import entries
from sunporch.portal.appeals.models import Draft
from tests.forbidden import ATTACKS, Ground, event
from tests.portal.street import DAY, TOWN, Visitor, error_of

# The portal refuses these before it asks the rules: the account, the case number or the second person is wrong.
SOONER = {
    "an agency without a partnership": "portal.signature-refused",
    "no case": "portal.tag-dishonest",
}
# These are complete drafts that wait for the next person: see test_drafts.py for who cannot be it.
WAITING = {
    "a flagged appeal that no reviewer signed",
    "one person alone",
    "one person who is also nobody's supervisor",
}


@pytest.mark.promise(6)
@pytest.mark.requirement("R1", "R2", "R4", "R5", "R7", "R8", "R9", "R10", "R12")
def test_each_forbidden_appeal_is_refused_at_the_portal_with_its_clause(street):
    diaz = Visitor(street, "diaz-4f2a")
    ground = Ground(street.now(), TOWN.centre, street.index_of("diaz-4f2a"))
    street.record(street.signed(entries.Event, "okafor-2c1d", **event(ground)))
    for name in ATTACKS.keys() - WAITING:
        note, narrative = street.appeal(**ATTACKS[name].changes(ground))
        answer = diaz.submit(note, narrative)
        error = answer.json()["error"]
        if name in SOONER:
            assert error["id"] == SOONER[name], name
            continue
        assert (answer.status_code, error["id"]) == (422, "portal.appeal-forbidden"), (name, error)
        assert ATTACKS[name].clause in {clause["id"] for clause in error["clauses"]}, name
    assert Draft.objects.count() == 0


@pytest.mark.promise(6)
@pytest.mark.requirement("R3", "R5", "S2")
def test_an_agency_that_the_town_did_not_let_in_properly_is_refused_at_the_door(street):
    begin, anyone, council = street.now() + DAY, Visitor(street), ("council-1", "council-2")
    good = {"agency": "ZZ0000000", "name": "Elsewhere", "kind": "municipal", "instrument": "Memo 1"}
    good |= {"link": "https://example.org/1", "hearing": begin, "in_force_from": begin, "ends": begin + DAY}
    good["registrar"] = str(street.keys["registrar-2"].verifier)
    for changes, signers in (
        ({"in_force_from": street.now() - 1, "hearing": street.now() - DAY}, council),
        ({"hearing": begin + 1}, council),
        ({"ends": begin}, council),
        ({"kind": "federal"}, council),
        ({"kind": "immigration"}, council),
        ({}, council[:1]),
        ({}, ("diaz-4f2a", "kim-77b0")),
    ):
        note = street.signed(entries.Partnership, *signers, "registrar-1", **(good | changes))
        answer = anyone.post("/api/v1/entries", note=note)
        assert (answer.status_code, error_of(answer)) == (422, "portal.entry-void"), changes
