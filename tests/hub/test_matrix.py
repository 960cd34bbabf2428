# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page of the hub, for a resident and for whoever comes by, in each language, on a phone and a desk."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import pseudo
from tests.browser import PHONE
from tests.hub.everything import BROWSER, LETTER, everything
from tests.hub.maple import NARRATIVE
from tests.hub.test_api import FIRST_RUN, PAGES, RESIDENTS
from tests.matrix import LANGUAGES, English, Table, look, look_pseudo
from tests.web.signin import ON_THE_WAY, SIGN_IN_PAGES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]
NOBODY, LOCKED = "", "omar"
# Who sees what: Ana everything, Omar the question for his PIN, and who comes by only what needs no resident.
ALLOWED = {
    "ana": sorted(RESIDENTS.keys() | SIGN_IN_PAGES - {"sign-in/"} | {""}),
    LOCKED: ["inbox/pin/"],
    NOBODY: sorted(PAGES - RESIDENTS.keys()),
}
# Pages that this home cannot show, and the browser test that looks at each.
ELSEWHERE = {
    **ON_THE_WAY,
    **dict.fromkeys(FIRST_RUN - {"welcome/later/"}, "tests/hub/test_welcome_pages.py"),
    "welcome/language/": "tests/hub/test_welcome_pages.py",
    "settings/adult/": "tests/hub/test_home_pages.py",
    "settings/adults/<int:adult_id>/": "tests/hub/test_home_pages.py",
    "settings/recovery/": "tests/hub/test_recovery.py",
}


def signed_in(name: str) -> Client:
    """Return a browser in which the resident is signed in; without a name, nobody."""
    client = Client(headers={"host": "localhost"})
    if name:
        client.force_login(User.objects.get(username=name))
    return client


AGENCY, OFFENCE = "Maple Street Police Department", "Robo en vivienda o local"
# What no catalogue translates: names and words of people, and what the town's rules say in their own words.
DATA = [
    *("Ana", "Omar", "diaz", "porch", "hall", "Bicycle", "English", "Español"),
    NARRATIVE,
    LETTER,
    BROWSER,
    AGENCY,
    OFFENCE,
]


def windows(people, live_server, home, street, **options):
    """Yield (role, window, its pages): each role's browser, in the home where everything has happened."""
    values = everything(home, street)
    clients = {role: signed_in(role) for role in ALLOWED}
    table = Table("tests/hub/everything.py", values, lambda role, path: clients[role].get(path), ELSEWHERE)
    places = table.places(ALLOWED)
    for role, client in clients.items():
        window = people.window(live_server.url, reduced_motion="reduce", **options)
        for cookie in client.cookies.values():
            window.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        yield role, window, places[role]
        window.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_hub_is_fit_to_be_seen_by_each_who_may(people, live_server, home, street, language):
    english, faults = English(), []
    for role, window, places in windows(people, live_server, home, street, locale=language):
        for place in places:
            faults += look(window, place, language, role or "anybody", english)
    assert not faults, "\n".join(sorted(set(faults)))


def test_every_page_of_the_hub_holds_a_language_of_longer_words_and_says_nothing_beside_it(
    people, live_server, home, street
):
    faults = []
    with pseudo.spoken():
        for _, window, places in windows(people, live_server, home, street, locale=pseudo.LANGUAGE, size=PHONE):
            for place in places:
                faults += look_pseudo(window, place, DATA)
    assert not faults, "\n".join(sorted(set(faults)))
