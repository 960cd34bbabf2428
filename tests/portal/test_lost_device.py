# SPDX-License-Identifier: AGPL-3.0-or-later
"""Diaz loses the laptop: the old key ends, Kim re-seals from her browser, and Diaz opens on the new one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from sunporch.docket import entries
from tests.hands import invite, join
from tests.portal.office import published
from tests.portal.sharing import Officer, Sharing, openings
from tests.portal.street import Street, Visitor, error_of, let_in
from tests.portal.test_registrar_pages import REGISTRAR
from tests.portal.test_viewer_pages import MEDIA, is_open
from tests.web.films import NUMBER_ON

pytestmark = pytest.mark.timeout(240)
NEW = "diaz-9d9d"
# Whose receiving key a browser finds in the record.
ENROLLED = """async (name) => {
  const record = await import("/static/web/js/record.js");
  const { recipient } = await import("/static/web/js/enrolled.js");
  const read = await record.readRecord(record.logFiles("/log"));
  return recipient(read, name).then(({x25519}) => x25519, (error) => error.id);
}"""
DIAZ, KIM = "diaz-4f2a", "kim-77b0"


@pytest.fixture
def sharing(seed, street, tmp_path):
    street.account(REGISTRAR)
    made = Sharing(street)
    try:
        made.start()
        yield made
    finally:
        made.end()


def at_work(people, sharing, name) -> Officer:
    """Open a window in which the person is signed in with the keys of their file."""
    found = Officer(people, sharing, name)
    admit(found.window, sharing, name)
    found.import_keys()
    return found


def admit(window, sharing, name) -> None:
    """Sign a window in."""
    token = let_in(sharing.street, name)._headers["X-Session-Token"]
    window.context.add_cookies([{"name": "portal_session", "value": token, "url": sharing.url}])


@pytest.mark.requirement("R6")
def test_diaz_loses_the_laptop_kim_re_seals_and_diaz_opens_on_the_new_one(people, sharing):
    clip, _, _ = sharing.share(MEDIA)
    street = sharing.street
    ito = registrar(people, sharing)
    old = at_work(people, sharing, DIAZ)
    old.page.goto("/work/device/")
    old.page.get_by_role("button", name="My device is lost").click()
    ito.page.goto("/work/")
    ito.page.get_by_role("link", name=re.compile("End the lost key")).click()
    ito.page.get_by_label("The device is lost or was stolen").check()
    ito.page.get_by_role("button", name="Sign the end of the key").click()
    published(ito)
    ended_key_opens_nothing(street, old, clip)
    link = invite(ito.page, "Ana Diaz", NEW)
    new = Officer(people, sharing, NEW)
    join(new.window, link)
    new.page.get_by_role("button", name="Make my keys in this browser").click()
    expect(new.page.get_by_role("heading", name="Read this number to your registrar")).to_be_visible()
    ito.page.goto("/work/")
    ito.page.get_by_role("link", name="Enrol Ana Diaz").click()
    ito.page.get_by_label("I heard the same number").check()
    ito.page.get_by_role("button", name="Sign and put on record").click()
    published(ito)
    new.page.goto("/work/clips/")
    expect(new.page.get_by_text("Nobody has shared a clip with you yet.")).to_be_visible()
    kim = at_work(people, sharing, KIM)
    kim.page.goto("/work/clips/")
    kim.page.get_by_role("link", name="Seal clips for a colleague").click()
    kim.window.check("reseal-devices")
    kim.page.get_by_role("link", name="Ana Diaz").click()
    kim.window.check("reseal")
    kim.page.get_by_role("button", name="Seal the marked clips").click()
    expect(kim.page.get_by_text("They find the clips under")).to_be_visible()
    kim.window.check("reseal-done")
    assert kim.page.evaluate(ENROLLED, DIAZ) == "browser.recipient-unenrolled"
    assert kim.page.evaluate(ENROLLED, NEW) == street.state().names[NEW].x25519
    assert openings(street) == []
    new.opens(clip)
    is_open(new)
    assert new.page.locator("canvas").evaluate(NUMBER_ON) == 0
    (opened,) = openings(street)
    assert street.state().records[opened].signers == (NEW,)


def registrar(people, sharing):
    """Return the registrar's window, with the registrar's key imported."""
    window = people.window(sharing.url)
    admit(window, sharing, REGISTRAR)
    window.page.goto("/work/device/")
    text = f"{sharing.street.keys[REGISTRAR].secret_text()}\n{'ab' * 32}\n"
    file = {"name": "registrar.key", "mimeType": "text/plain", "buffer": text.encode()}
    window.page.get_by_label("Key file").set_input_files(file)
    expect(window.page.get_by_role("heading", name=REGISTRAR)).to_be_visible()
    return window


def ended_key_opens_nothing(street: Street, old: Officer, clip: int) -> None:
    """Whoever has the laptop sees no page, and what its key signs counts for nothing."""
    old.page.goto(f"/work/clips/{clip}/")
    expect(old.page.get_by_text(f"No key named {DIAZ} is live")).to_be_visible()
    fields = {"disclosure": clip, "e": "ab" * 32, "purpose": "investigation"}
    thief = Visitor(street)
    answer = thief.post("/api/v1/entries", note=street.signed(entries.Access, DIAZ, **fields), blobs=[])
    assert error_of(answer) == "portal.entry-void"
