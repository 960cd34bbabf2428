# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stranger's tool reads the portal's own OpenAPI and holds the running portal to it (schemathesis).

Real processes, a real port, a town with an appeal, a draft and a clip.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import os
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st

from sunporch.base.digests import to_base64
from sunporch.clip.header import ENCAPSULATION_SIZE
from sunporch.docket import entries, wire
from sunporch.portal.exports import actions as exports
from sunporch.web.limits import Limit
from tests import contract
from tests.portal.everything import everything, signed_in
from tests.portal.running import Portal
from tests.portal.street import CASE, DAY, TOWN, Visitor
from tests.portal.test_authorisation import ANYBODY, OPERATIONS
from tests.portal.test_clips import mail, recorded_appeal, shared
from tests.portal.test_matrix import ROLES, of_role
from tests.web.signin import SIGN_IN_PAGES

CALLERS = {"officer": "nowak-11aa", "supervisor": "kim-77b0", "reviewer": "okafor-2c1d", "defence": "reyes-8e8e"}
# A draft that was countersigned a moment ago can be neither reviewed nor returned.
DECIDED = ("/drafts/{draft_id}/review", "/drafts/{draft_id}/return")


@dataclass(frozen=True)
class Town:
    """A running portal, and what is real in its town: names for addresses, whole bodies, a home's signature."""

    portal: Portal
    places: dict[str, Any]
    bodies: dict[str, Any]
    home: dict[str, str]

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.portal.port}"


@pytest.fixture
def town(street):
    """A running portal whose record has an appeal, a shared clip and a waiting draft."""
    request = recorded_appeal(street, "nowak-11aa")
    disclosure, c, header, sealed, d = shared(street, request)
    opened = {"disclosure": disclosure, "e": "ab" * 32, "purpose": "investigation"}
    street.record(street.signed(entries.Access, "nowak-11aa", **opened))
    copied = {"disclosure": disclosure, "file": "5e" * 32, "format": exports.FORMAT, "recipient": "court"}
    copy = street.signed(entries.Export, "nowak-11aa", **copied)
    note, narrative = street.appeal("nowak-11aa")
    submission = {
        "note": note,
        "narrative": {"salt": narrative.salt.hex(), "text": narrative.text},
        "case_number": CASE,
    }
    submitted = Visitor(street, "nowak-11aa").submit(note, narrative)
    assert submitted.status_code == 201, submitted.content
    other, text = street.appeal("nowak-11aa")
    countersigned = {"note": street.cosign(note, "kim-77b0")}
    asked = wire.decode(note.partition("\n\n")[0] + "\n")[1]
    start = street.now() + DAY
    event = street.signed(entries.Event, "okafor-2c1d", cells=(TOWN.centre,), from_=start, to=start + 9, kind="vote")
    size = street.state().size
    portal = Portal(street)
    try:
        portal.wait_ready()
        yield Town(
            portal,
            {
                "draft_id": submitted.json()["id"],
                "entry_id": next(id for id, row in street.rows().items() if row.index == disclosure),
                "c": c,
                "index": disclosure,
            },
            {
                "/rules/check": {
                    field.name.rstrip("_"): getattr(asked, field.name) for field in dataclasses.fields(asked)
                },
                "/case-tags": {"case_number": CASE},
                "/drafts": submission | {"note": other, "narrative": {"salt": text.salt.hex(), "text": text.text}},
                "/drafts/{draft_id}/countersign": countersigned,
                "/drafts/{draft_id}/review": countersigned,
                "/drafts/{draft_id}/return": {"reason": "too wide"},
                "/entries": {"note": event, "blobs": []},
                "/uploads/{c}/header": header,
                "/uploads/{c}/sealed": sealed,
                "/clips/{index}/rewraps": {"name": "lopez-90cd", "sealed": to_base64(bytes(ENCAPSULATION_SIZE))},
                "/clips/{index}/exports": {"note": copy, "size": size, "why": "For the hearing."},
                "/clips/{index}/remarks": {"code": "useful", "text": "The car is seen."},
                "/mailbox/{c}": {"to": "disclosure", "sealed": "AAAA"},
            },
            mail(street, c, d),
        )
    finally:
        portal.end()


class Stranger:
    """Calls one operation at a time and compares each answer with what the description says."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self._tokens = json.loads((town.portal.street.folder / "tokens.json").read_text())

    def call(self, case, allowed, caller: str, *, as_home: bool = False) -> int:
        """Send the call and return the status of an answer that keeps every promise."""
        headers = {"X-Session-Token": self._tokens[caller]} if caller else {}
        headers = self.town.home if as_home else headers
        status = contract.call(self.town.base, case, headers)
        if allowed != ANYBODY and not headers:
            assert status in (401, 404, 405), status
        return status


def operations(town):
    """Yield (operation, path, roles that may, pseudonyms of callers who may) for all that the portal describes."""
    found = contract.described(town.base)
    assert found.keys() == set(OPERATIONS)
    for (_, path), operation in found.items():
        allowed = OPERATIONS[operation.method.upper(), path]
        callers = [name for role, name in CALLERS.items() if allowed == ANYBODY or role in allowed]
        yield operation, path, allowed, callers


@pytest.mark.timeout(3_600 if os.environ.get("SUNPORCH_SOAK") == "1" else 120)
def test_a_stranger_who_reads_the_description_gets_what_it_says_and_never_a_crash(town, soak):
    stranger = Stranger(town)
    for operation, path, allowed, callers in operations(town):
        # Once as it should be: what the description promises must be possible.
        places = {name: town.places[name] for name in town.places if f"{{{name}}}" in path}
        body = {"body": town.bodies[path], "media_type": None} if operation.body and path in town.bodies else {}
        case = operation.Case(path_parameters=places, **body)
        status = stranger.call(case, allowed, callers[0], as_home=path.startswith("/mailbox"))
        assert status < 300 or (path in DECIDED and status == 409), (operation.label, status)
        wander(stranger, operation, path, allowed, callers, soak=soak)


def test_no_page_fails_whatever_is_typed_into_its_address_and_forms(street):
    values = everything(street)
    limits = [found for found in gc.get_objects() if type(found) is Limit]
    for role, name in ROLES.items():
        browser = signed_in(name)
        for address in set(of_role(role)) - SIGN_IN_PAGES:
            for method, path, word, status in contract.nonsense(browser, address, values):
                assert status < 500, (role, method, path, word)
                for limit in limits:
                    limit._spent.clear()


def wander(stranger: Stranger, operation, path, allowed, callers, *, soak: bool) -> None:
    """Call an operation many times, well-formed and not, as people who may, and as nobody."""

    def act(draw, case, good) -> None:
        if good:
            contract.season(draw, case, stranger.town.places, stranger.town.bodies.get(path))
        caller = draw(st.sampled_from([*callers, *callers, ""]))
        as_home = path.startswith("/mailbox") and draw(st.booleans())
        stranger.call(case, allowed, caller, as_home=as_home)

    contract.wander(operation, act, soak=soak)
