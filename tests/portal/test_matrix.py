# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page of the portal, for each role, in each language, on a phone and a desk, light and dark."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from sunporch.policy import amending, presets
from sunporch.policy.bundle import CLAUSE_WORD, NARRATIVE_CLAUSES, parse_bundle
from sunporch.policy.offences import TITLES
from sunporch.portal.agencies import permissions
from tests import pseudo
from tests.browser import PHONE
from tests.matrix import LANGUAGES, English, Table, look, look_pseudo
from tests.portal.everything import (
    ANSWERED,
    CLERKS,
    COMMENT,
    EXPLAINED,
    FINDING,
    NEWCOMER,
    REGISTRAR,
    STORY,
    everything,
    signed_in,
)
from tests.portal.office import Office
from tests.portal.street import AGENCY, NARRATIVE, OTHER_AGENCY, PEOPLE, TOWN, WITNESSES
from tests.portal.test_authorisation import PUBLIC, WORK
from tests.web.signin import ON_THE_WAY, SIGN_IN_PAGES

pytestmark = pytest.mark.timeout(600)
NOBODY = ""
ROLES = {role: name for name, (role, _) in reversed(PEOPLE.items())} | {
    **{
        permissions.CLERK: CLERKS[0],
        permissions.REGISTRAR: REGISTRAR,
        permissions.NEWCOMER: NEWCOMER,
        permissions.OPERATOR: "operator-1",
    },
    NOBODY: "",
}
# Pages that this town cannot show, and the browser test that looks at each.
ELSEWHERE = {
    **ON_THE_WAY,
    "work/proposals/<int:proposal>/check/": "tests/portal/test_rules_writing.py",
    "registrar/<str:motion_id>/": "tests/portal/test_partnering.py",
    "registrar/<str:motion_id>/note": "tests/portal/test_partnering.py",
    "work/approvals/<int:proposal>/": "tests/portal/test_partnering.py",
    "work/approvals/<int:proposal>/check/": "tests/portal/test_partnering.py",
}
FOR_PROGRAMS = ("api/", "_allauth/")


def of_role(role: str) -> list[str]:
    """Return the addresses that the role may see; what is public is looked at as nobody, who signs in as officer."""
    if role == NOBODY:
        return sorted(address for address in PUBLIC if not address.startswith(FOR_PROGRAMS))
    own = SIGN_IN_PAGES if role == "officer" else ()
    return sorted({address for address, roles in WORK.items() if role in roles} | {*own} - {"sign-in/"})


# What no catalogue translates: names and words of people, and what the town's rules say in their own words.
BUNDLE = parse_bundle(presets.make("consent", TOWN.grid, TOWN.places, name="Maple Street"))
DATA = [
    *("Maple Street", "custodian-lib", *PEOPLE, *CLERKS, *WITNESSES, NARRATIVE, STORY, "Español", "English"),
    *(
        NEWCOMER,
        "next-2b2b",
        "operator-1",
        "Person",
        "Person new",
        "Person next",
        REGISTRAR,
        "registrar-2",
        COMMENT,
        ANSWERED,
        EXPLAINED,
        FINDING,
        "Resolution 21",
        "Resolution 12",
        "Resolution 15",
        "disclosure",
        "federal",  # in the sentence of a clause
        "immigration",
    ),
    *(f"Police of {agency}" for agency in (AGENCY, OTHER_AGENCY)),
    *(place["name"] for place in TOWN.places),
    *(spanish for _, spanish in TITLES.values()),
    *(
        part.strip(" .")
        for text in BUNDLE.sentences[pseudo.LANGUAGE].values()
        for part in re.split(r"\{\w+\}|R\d+\.[\w-]+", text)
        if len(part) > 3
    ),
    *(" ".join(listed) for listed in amending.texts_of(BUNDLE)["words"].values()),
    *NARRATIVE_CLAUSES.values(),
    CLAUSE_WORD[pseudo.LANGUAGE],
    *(rule.cite for rule in BUNDLE.rules.rules.values() if rule.cite),
]


def places_of(street):
    """Let everything happen on the street; return each role's pages."""
    values = everything(street)
    clients = {role: signed_in(name) for role, name in ROLES.items()}
    table = Table("tests/portal/everything.py", values, lambda role, path: clients[role].get(path), ELSEWHERE)
    return table.places({role: of_role(role) for role in ROLES})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_portal_is_fit_to_be_seen_by_each_who_may(street, people, language):
    places, english, faults = places_of(street), English(), []
    office = Office(street, people)
    try:
        for role, name in ROLES.items():
            window = office.window(name, locale=language, reduced_motion="reduce")
            for place in places[role]:
                faults += look(window, place, language, role or "anybody", english)
            window.context.close()
    finally:
        office.close()
    assert not faults, "\n".join(sorted(set(faults)))


@contextmanager
def site_in_this_process():
    """Serve the portal's pages from a thread, so that they speak what this process speaks."""
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def test_every_page_of_the_portal_holds_a_language_of_longer_words_and_says_nothing_beside_it(street, people):
    places, faults = places_of(street), []
    with pseudo.spoken(), site_in_this_process() as url:
        for role, name in ROLES.items():
            window = people.window(url, PHONE, locale=pseudo.LANGUAGE, reduced_motion="reduce")
            for cookie in signed_in(name).cookies.values():
                window.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
            for place in places[role]:
                faults += look_pseudo(window, place, DATA)
            window.context.close()
    assert not faults, "\n".join(sorted(set(faults)))
