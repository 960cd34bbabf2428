# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every address of the URLconf x every role x another agency's objects. What is not in the table fails the test."""

from __future__ import annotations

import itertools
import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from sunporch.docket.entries import ROLES
from sunporch.portal.agencies import enrolment
from sunporch.portal.agencies.models import Account
from sunporch.portal.agencies.permissions import (
    AGENCY_ROLES,
    CLERK,
    NEWCOMER,
    OPERATOR,
    RECIPIENT_ROLES,
    REGISTRAR,
    Gate,
    OpenGate,
    person_of,
)
from sunporch.portal.api import api
from sunporch.portal.appeals.models import Sketch
from sunporch.web.limits import Limit
from tests.portal.street import PEOPLE, Visitor, error_of, let_in, totp_code
from tests.web.signin import SIGN_IN_PAGES

# Pages and files for everybody; signing in has its own gate.
PUBLIC = {
    *("", "appeals/<int:index>/", "agencies/", "rules/", "record/", "feeds/atom.xml", "feeds/feed.json"),
    *("statistics/", "statistics/datapackage.json", "statistics/<slug:name>.csv", "who-runs-what/"),
    *("rules/<int:index>/", "comments/<int:index>/", "findings/", "events/"),
    *(f"agencies/<str:agency>/reports/<int:year>/{tail}" for tail in ("", "report.json", "<slug:name>.csv")),
    # The secret in the address is the permission.
    *("complaint/", "complaint/<str:token>/", "invitation/<str:token>/"),
    *(f"registrar/<str:motion_id>/{tail}" for tail in ("", "signed/", "note")),
    *("log/<path:path>", "healthz", "readyz", "metrics"),
    *SIGN_IN_PAGES,
    *(f"_allauth/app/v1/{tail}" for tail in ("config", "auth/login", "auth/2fa/authenticate", "auth/session")),
    *("api/v1/openapi.json", "api/v1/"),
}
ANYBODY = ("anybody",)
# (method, path) -> the roles that may pass the gate.
OPERATIONS = {
    ("GET", "/me"): (*ROLES, CLERK, REGISTRAR, NEWCOMER, OPERATOR),
    ("GET", "/acts"): ("reviewer",),
    ("GET", "/rules"): ANYBODY,
    ("POST", "/rules/check"): ANYBODY,
    ("POST", "/case-tags"): ("officer", "supervisor"),
    ("POST", "/drafts"): ("officer",),
    ("GET", "/drafts"): ("officer", "supervisor", "reviewer"),
    ("GET", "/drafts/{draft_id}"): ("officer", "supervisor", "reviewer"),
    ("POST", "/drafts/{draft_id}/countersign"): ("supervisor",),
    ("POST", "/drafts/{draft_id}/review"): ("reviewer",),
    ("POST", "/drafts/{draft_id}/return"): ("supervisor",),
    ("POST", "/entries"): ANYBODY,
    ("GET", "/entries/{entry_id}"): ANYBODY,
    ("PUT", "/uploads/{c}/header"): ANYBODY,
    ("PUT", "/uploads/{c}/sealed"): ANYBODY,
    ("GET", "/clips"): RECIPIENT_ROLES,
    ("GET", "/clips/{index}/header"): RECIPIENT_ROLES,
    ("GET", "/clips/{index}/sealed"): RECIPIENT_ROLES,
    ("GET", "/clips/{index}/exports"): ("officer",),
    ("POST", "/clips/{index}/exports"): ("officer",),
    ("GET", "/clips/{index}/remarks"): ("officer", "supervisor"),
    ("POST", "/clips/{index}/remarks"): ("officer", "supervisor"),
    ("GET", "/clips/{index}/rewraps"): RECIPIENT_ROLES,
    ("POST", "/clips/{index}/rewraps"): RECIPIENT_ROLES,
    # The mailbox decides by itself: the clip's own key, or a recipient's session.
    ("GET", "/mailbox/{c}"): ANYBODY,
    ("POST", "/mailbox/{c}"): ANYBODY,
}
# Pages for whoever signed in, and the roles that may see them.
AGENCY = ("officer", "supervisor")
EVERYBODY = (*RECIPIENT_ROLES, "reviewer", CLERK, REGISTRAR)
WORK = {
    "work/": (*EVERYBODY, NEWCOMER, OPERATOR),
    "work/machine/": (OPERATOR,),
    "work/clips/": RECIPIENT_ROLES,
    "work/clips/<int:index>/": RECIPIENT_ROLES,
    "work/clips/reseal/": RECIPIENT_ROLES,
    "work/clips/reseal/<int:index>/": RECIPIENT_ROLES,
    "work/clips/<int:index>/junk/": RECIPIENT_ROLES,
    "work/clips/<int:index>/pass-on/": ("officer",),
    "work/complaints/": ("reviewer",),
    "work/complaints/<int:index>/": ("reviewer",),
    "work/comments/": ("reviewer", CLERK),
    "work/words/<str:kind>/<int:number>/takedown/": ("reviewer",),
    "work/findings/<int:index>/": ("supervisor",),
    "work/notices/": EVERYBODY,
    "work/reports/<int:year>/": ("supervisor",),
    "work/events/": ("reviewer", CLERK),
    "work/device/": (*ROLES, CLERK, REGISTRAR),
    "work/device/lost/": AGENCY,
    "work/joining/": (*AGENCY, NEWCOMER),
    "work/people/": (REGISTRAR,),
    "work/people/invite/": (REGISTRAR,),
    "work/people/invited/<int:invitation>/": (REGISTRAR,),
    "work/people/invited/<int:invitation>/drop/": (REGISTRAR,),
    "work/people/<int:index>/end/": (REGISTRAR,),
    "work/people/leave/": (REGISTRAR,),
    "work/appeals/": AGENCY,
    "work/appeals/new/": ("officer",),
    "work/appeals/writing/<int:sketch>/drop/": ("officer",),
    "work/appeals/writing/<int:sketch>/<slug:step>/": ("officer",),
    "work/appeals/<int:index>/outcome/": AGENCY,
    "work/appeals/<int:index>/card/": AGENCY,
    "work/drafts/<str:draft_id>/": (*AGENCY, "reviewer"),
    "work/drafts/<str:draft_id>/return/": ("supervisor",),
    "work/signed/<str:entry_id>/": EVERYBODY,
    "work/exports/<str:export_id>/": AGENCY,
    "work/exports/<str:export_id>/return/": ("supervisor",),
    "work/review/": ("reviewer",),
    "work/review/sample/": ("reviewer",),
    "work/review/sample/finding/": ("reviewer",),
    "work/review/roster/": ("reviewer",),
    "work/review/roster/<int:duty>/drop/": ("reviewer",),
    "work/review/clips/": ("reviewer",),
    "work/review/clips/<int:index>/": ("reviewer",),
    "work/review/<int:index>/": ("reviewer",),
    "work/review/<int:index>/takedown/": ("reviewer",),
    "work/review/drafts/<str:draft_id>/": ("reviewer",),
    "work/rules/": (CLERK,),
    "work/proposals/<int:proposal>/": (CLERK,),
    "work/proposals/<int:proposal>/check/": (CLERK,),
    "work/proposals/<int:proposal>/places/": (CLERK,),
    "work/proposals/<int:proposal>/words/": (CLERK,),
    "work/proposals/<int:proposal>/drop/": (CLERK,),
    "work/partnerships/": (CLERK,),
    "work/partnerships/new/": (CLERK,),
    "work/approvals/<int:proposal>/": (CLERK,),
    "work/approvals/<int:proposal>/check/": (CLERK,),
    "work/partnerships/<int:index>/end/": (CLERK,),
    "work/motions/<str:motion_id>/": (CLERK,),
    "work/motions/<str:motion_id>/drop/": (CLERK,),
}
# These are only posted to.
ACTS = {address for address in WORK if address.endswith(("/new/", "/drop/", "/return/", "/lost/"))}
# What stands in an address where nothing is.
NOBODYS = {
    "sketch": 99, "step": "what", "index": 99, "draft_id": "ab" * 32, "entry_id": "cd" * 32, "motion_id": "ef" * 32,
    "export_id": "ad" * 32,
    "proposal": 99,
    "invitation": 99, "duty": 99, "kind": "comment", "number": 99, "year": 1999,
}  # fmt: skip
BODIES = {
    "/case-tags": {"case_number": "24-1"},
    "/drafts": {"note": "x", "narrative": {"salt": "0" * 32, "text": "x"}, "case_number": "24-1"},
    "/drafts/{draft_id}/countersign": {"note": "x"},
    "/drafts/{draft_id}/review": {"note": "x"},
    "/drafts/{draft_id}/return": {"reason": "because"},
    "/clips/{index}/remarks": {"code": "useful"},
    "/clips/{index}/exports": {"note": "x", "size": 1, "why": "x"},
    "/clips/{index}/rewraps": {"name": "kim-77b0", "sealed": "AA=="},
}


def operations():
    """Yield (method, path, gates) of every operation of the API."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for method in operation.methods:
                    yield method, prefix + path, operation.auth_callbacks


def views(patterns=None, prefix=""):
    """Yield every address of the URLconf with what answers there."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, text)
        else:
            assert isinstance(pattern, URLPattern)
            yield text, pattern.callback


def addresses():
    """Yield every address of the URLconf."""
    return (text for text, _ in views())


def test_every_page_for_whoever_signed_in_has_a_gate_with_a_limit_and_the_roles_of_the_table():
    found = {text: view.gate for text, view in views() if text.startswith("work/")}
    assert all(isinstance(gate, Gate) and isinstance(gate.limit, Limit) for gate in found.values())
    assert {text: set(gate.roles) for text, gate in found.items()} == {
        text: set(roles) for text, roles in WORK.items()
    }


def test_every_address_is_in_the_table():
    known = PUBLIC | WORK.keys() | {f"api/v1{path}".replace("{index}", "<index>") for _, path in OPERATIONS}
    found = {text.replace("<int:index>/", "<int:index>/") for text in addresses()}
    plain = {text.replace("<", "{").replace(">", "}").replace("{int:index}", "{index}") for text in found}
    wanted = {text.replace("<", "{").replace(">", "}").replace("{int:index}", "{index}") for text in known}
    assert not plain - wanted, f"add to PUBLIC, WORK or OPERATIONS of this file: {plain - wanted}"
    assert not wanted - plain, f"no such address any more: {wanted - plain}"


def test_every_operation_has_one_gate_with_a_limit_and_the_roles_of_the_table():
    found = {}
    for method, path, gates in operations():
        (gate,) = gates
        assert isinstance(gate, Gate | OpenGate), (method, path)
        assert isinstance(gate.limit, Limit)
        found[method, path] = gate.roles or ANYBODY
    assert found == OPERATIONS


def look(visitor: Visitor, address: str, **theirs: object):
    """Ask for a page as the person, with what belongs to somebody else in its address."""
    filled = re.sub(r"<\w+:(\w+)>", lambda part: str((NOBODYS | theirs)[part[1]]), f"/{address}")
    return visitor.post(filled) if address in ACTS else visitor.get(filled)


def unenrolled(street) -> dict[str, Visitor]:
    """Return, signed in, whoever no `key` entry names: a clerk, a registrar, a newcomer, an operator."""
    street.account("council-1")
    street.account("registrar-1")
    street.operator("operator-1")
    registrar = person_of(Account.objects.get(pseudonym="registrar-1"), street.state(), street.now())
    made = enrolment.invite(registrar, enrolment.Wish("Person new", "newcomer-1", "officer"), street.now())
    secret = enrolment.totp_secret(made.invitation)
    enrolment.accept(made.token, "four words and more", totp_code(secret), street.now())
    names = {CLERK: "council-1", REGISTRAR: "registrar-1", NEWCOMER: "newcomer-1", OPERATOR: "operator-1"}
    return {role: let_in(street, name) for role, name in names.items()}


@pytest.mark.requirement("R6", "R35", "S11")
def test_each_role_passes_exactly_the_pages_of_the_table(street):
    visitors = {role: Visitor(street, name) for name, (role, _) in PEOPLE.items()} | unenrolled(street)
    nobody = Visitor(street)
    for address, roles in WORK.items():
        led = look(nobody, address)
        assert led.status_code == 302 and led["Location"].startswith("/sign-in/?next="), address
        for role, visitor in visitors.items():
            answer = look(visitor, address)
            told = "portal.key-awaited" if role == NEWCOMER else "portal.role-refused"
            stopped = answer.status_code == 403 and told in answer.content.decode()
            assert stopped == (role not in roles), (address, role, answer.content)
            if "<" in address and not stopped:
                assert answer.status_code == 404, (address, role, answer.content)
            assert answer.status_code != 200 or answer["Cache-Control"] == "private, no-store"


@pytest.mark.requirement("R6", "R14")
def test_nobody_sees_what_another_agency_or_another_officer_writes(street):
    diaz = Visitor(street, "diaz-4f2a")
    note, narrative = street.appeal()
    draft = diaz.submit(note, narrative).json()["id"]
    diaz.post("/work/appeals/new/")
    sketch = Sketch.objects.get().pk
    theirs = {"draft_id": draft, "sketch": sketch}
    own = {"diaz-4f2a": 200, "nowak-11aa": 200, "kim-77b0": 200, "okafor-2c1d": 200}
    for name in ("diaz-4f2a", "nowak-11aa", "kim-77b0", "stone-0a0a", "marsh-0b0b", "okafor-2c1d"):
        answer = look(Visitor(street, name), "work/drafts/<str:draft_id>/", **theirs)
        assert answer.status_code == own.get(name, 404), name
        answer = look(Visitor(street, name), "work/drafts/<str:draft_id>/return/", **theirs)
        assert answer.status_code == (200 if name == "kim-77b0" else 404 if name == "marsh-0b0b" else 403), name
    for name in ("nowak-11aa", "stone-0a0a"):
        for address in WORK:
            if "<int:sketch>" in address:
                assert look(Visitor(street, name), address, **theirs).status_code == 404, (name, address)
    assert look(diaz, "work/appeals/writing/<int:sketch>/<slug:step>/", **theirs).status_code == 200
    kim = Visitor(street, "kim-77b0")
    kim.post(f"/api/v1/drafts/{draft}/countersign", note=street.cosign(note, "kim-77b0"))
    street.drain()
    (index,) = street.state().requests
    for tail in ("outcome", "card"):
        for name in ("diaz-4f2a", "kim-77b0", "stone-0a0a", "marsh-0b0b"):
            answer = look(Visitor(street, name), f"work/appeals/<int:index>/{tail}/", index=index)
            assert answer.status_code == own.get(name, 404), (name, tail)


def call(visitor: Visitor, method: str, path: str):
    address = "/api/v1" + path.format(draft_id="ab" * 32, entry_id="cd" * 32, c="ef" * 32, index=7)
    if method == "GET":
        return visitor.get(address)
    return visitor.post(address, **BODIES.get(path, {}))


@pytest.mark.requirement("R6", "R35", "S11")
def test_each_role_passes_exactly_the_gates_of_the_table(street):
    visitors = {role: Visitor(street, name) for name, (role, _) in PEOPLE.items()} | unenrolled(street)
    nobody = Visitor(street)
    for (method, path), roles in OPERATIONS.items():
        if roles == ANYBODY:
            continue
        refused = call(nobody, method, path)
        assert (refused.status_code, error_of(refused)) == (401, "web.session-absent"), path
        for role, visitor in visitors.items():
            answer = call(visitor, method, path)
            told = "portal.key-awaited" if role == NEWCOMER else "portal.role-refused"
            stopped = answer.status_code == 403 and error_of(answer) == told
            assert stopped == (role not in roles), (method, path, role, answer.content)


def test_other_peoples_objects_are_as_if_they_were_not_there(street):
    for name in PEOPLE:
        visitor = Visitor(street, name)
        for (method, path), roles in OPERATIONS.items():
            if "{" not in path or PEOPLE[name][0] not in roles:
                continue
            answer = call(visitor, method, path)
            assert answer.status_code == 404, (name, method, path, answer.content)
            assert error_of(answer) in ("portal.draft-absent", "portal.clip-absent")


def test_no_role_is_both_of_an_agency_and_a_reviewer():
    assert "reviewer" not in AGENCY_ROLES
    assert "reviewer" not in RECIPIENT_ROLES
    assert "custodian" not in RECIPIENT_ROLES


def test_no_address_has_a_method_that_is_not_in_the_table(street):
    anyone = Visitor(street)._client
    paths = {path for _, path in OPERATIONS}
    for path, method in itertools.product(
        sorted(paths), ("get", "post", "put", "patch", "delete", "options", "trace")
    ):
        if (method.upper(), path) in OPERATIONS:
            continue
        address = "/api/v1" + path.format(draft_id="ab" * 32, entry_id="cd" * 32, c="ef" * 32, index=7)
        answer = anyone.generic(method.upper(), address)
        assert (answer.status_code, error_of(answer)) == (405, "web.method-refused"), (method, path)
        allowed = {name for name, known in OPERATIONS if known == path}
        assert set(answer["Allow"].split(", ")) == allowed, path
