# SPDX-License-Identifier: AGPL-3.0-or-later
"""Diaz hands out a copy of a clip: made in her browser, signed for by Kim too, the same bytes each time."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

import pytest
from playwright.sync_api import expect

from sunporch.base import strictjson
from sunporch.docket import wire
from sunporch.portal.exports.models import Handover
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from tests.browser import PHONE
from tests.portal.running import Portal, until
from tests.portal.sharing import Officer, openings
from tests.web.films import numbered

pytestmark = pytest.mark.timeout(300)
MEDIA = numbered(48, 12)
KIM, MARSH = "kim-77b0", "marsh-0b0b"


def signed_in(people, sharing, name="diaz-4f2a", **more) -> Officer:
    made = Officer(people, sharing, name, **more)
    made.page.goto("/work/clips/")
    made.sign_in()
    made.import_keys()
    return made


def ask(diaz: Officer, clip: int) -> None:
    diaz.opens(clip)
    diaz.page.get_by_label("To whom does it go?").select_option("court")
    diaz.page.get_by_label("What is it for?").fill("The hearing on Monday.")
    diaz.page.get_by_role("button", name="Sign and ask a supervisor").click()
    expect(diaz.page.locator("#exports .state")).to_have_text("waiting for a supervisor")


def saved(diaz: Officer) -> bytes:
    with diaz.page.expect_download() as started:
        diaz.page.get_by_role("button", name="Save the file").click()
    return started.value.path().read_bytes()


@pytest.mark.requirement("R24")
def test_diaz_gets_a_copy_only_after_kim_signed_too_and_the_same_bytes_when_she_opens_again(people, sharing):
    clip, film, _ = sharing.share(MEDIA)
    diaz = signed_in(people, sharing)
    ask(diaz, clip)
    assert "federal" in diaz.page.locator("#export-refused").inner_text()
    offered = diaz.page.locator("#recipient option").evaluate_all("(options) => options.map(({ value }) => value)")
    assert set(offered) == {"local", "state", "court", "defence"}
    expect(diaz.page.get_by_role("button", name="Save the file")).to_be_hidden()
    diaz.window.check("export-asked")
    kim = signed_in(people, sharing, KIM, size=PHONE)
    kim.page.goto("/work/")
    kim.page.get_by_role("link", name=f"A copy of clip {clip}").click()
    expect(kim.page.get_by_text("The hearing on Monday.")).to_be_visible()
    kim.window.check("export-countersign")
    kim.page.get_by_role("button", name="Countersign the copy").click()
    kim.page.wait_for_url("**/work/signed/**")
    until(lambda: sharing.street.state().disclosures[clip].exports, "the copy is on record", sharing.portal)
    (index,) = sharing.street.state().disclosures[clip].exports
    diaz.page.get_by_role("button", name="Look where they stand").click()
    expect(diaz.page.locator("#exports .state")).to_have_text(f"on record as entry {index}")
    diaz.window.check("export-recorded")
    file = saved(diaz)
    record = sharing.street.state().records[index]
    assert hashlib.sha256(file).hexdigest() == record.entry.file
    told = read(file)
    assert (told["clip"], told["record"]["size"] <= index) == ({"entry": clip, "c": film.made.c}, True)
    assert [(one["type"], one["signed"]) for one in told["custody"]] == [
        ("disclosure", ["disclosure"]),
        ("access", ["diaz-4f2a"]),
    ]
    diaz.opens(clip)
    assert saved(diaz) == file
    assert len(openings(sharing.street)) == 1
    pass_on(diaz, kim, clip)


def pass_on(diaz: Officer, kim: Officer, clip: int) -> None:
    """The court gets the copy; both sign what everybody may read of it."""
    page = diaz.page
    page.get_by_role("link", name="Pass it on to somebody outside your agency").click()
    page.get_by_label("To whom does it go?").select_option("court")
    page.get_by_label("What is the legal ground?").select_option("subpoena")
    page.get_by_label("Why?", exact=True).select_option("court-demand")
    page.get_by_label("What is it for?").fill("The hearing on Monday.")
    page.get_by_text("The exact text that you sign").click()
    expect(page.locator("[data-exact]")).to_contain_text('"standard":"subpoena"')
    diaz.window.check("pass-on")
    page.get_by_role("button", name="Sign and ask a supervisor").click()
    expect(page.locator(".state")).to_have_text("waiting for a supervisor")
    kim.page.goto("/work/")
    kim.page.get_by_role("link", name=f"Passing on clip {clip}").click()
    kim.window.check("pass-on-countersign")
    kim.page.get_by_role("button", name="Countersign").click()
    kim.page.wait_for_url("**/work/signed/**")
    street = diaz.sharing.street
    until(lambda: street.state().disclosures[clip].sharings, "it is on record", diaz.sharing.portal)
    page.goto(f"/work/clips/{clip}/pass-on/")
    expect(page.get_by_text("A subpoena. A court demands it.")).to_be_visible()
    diaz.window.check("passed-on")


def read(file: bytes) -> dict:
    """Return the custody of a copy that is in its form: the film first, and the hashes of the film."""
    with zipfile.ZipFile(io.BytesIO(file)) as box:
        assert box.namelist() == ["clip.mp4", "custody.json"]
        assert box.testzip() is None
        assert {(one.compress_type, one.date_time) for one in box.infolist()} == {(0, (1980, 1, 1, 0, 0, 0))}
        assert box.read("clip.mp4") == MEDIA
        text = box.read("custody.json").decode()
    told = json.loads(text)
    assert text == strictjson.dumps(told) + "\n"
    assert told["media"] == {
        "name": "clip.mp4",
        "bytes": len(MEDIA),
        "sha256": hashlib.sha256(MEDIA).hexdigest(),
        "sha512": hashlib.sha512(MEDIA).hexdigest(),
    }
    return told


def test_a_portal_that_calls_an_unsigned_copy_recorded_gets_nothing_out_of_the_page(people, sharing):
    clip, *_ = sharing.share(MEDIA)
    diaz = signed_in(people, sharing, size=PHONE)
    ask(diaz, clip)
    # An officer's signature is no supervisor's, and another agency's supervisor has no say.
    first = log(
        sharing, *(sharing.street.cosign(Handover.objects.get().note, name) for name in ("nowak-11aa", MARSH))
    )
    alert = diaz.page.locator("#refused")
    for index in (clip, first, first + 1):
        diaz.page.route("**/exports", lie(index), times=1)
        diaz.page.get_by_role("button", name="Look where they stand").click()
        expect(diaz.page.locator("#exports .state")).to_have_text(f"on record as entry {index}")
        alert.evaluate("told => { told.hidden = true; }")
        diaz.page.get_by_role("button", name="Save the file").click()
        expect(alert).to_be_visible()
        expect(alert).to_contain_text("does not hold this copy under two signatures")


def lie(index: int):
    """Return what tells Diaz's page that her copy is on record as an entry."""

    def told(route) -> None:
        asked = route.fetch().json()
        asked["asked"][0] |= {"state": "recorded", "index": index}
        route.fulfill(json=asked)

    return told


def log(sharing, *notes: str) -> int:
    """Put entries into the log that count for nothing, as only its operator can; return the index of the first."""
    sharing.portal.end()
    writer = Writer(DirectoryStorage(sharing.street.settings.log_dir))
    first, now = writer.size, sharing.street.now()
    writer.append([wire.leaf(now, note.encode()) for note in notes])
    writer.close()
    sharing.portal = Portal(sharing.street, sharing.portal.port)
    sharing.portal.wait_ready()
    until(lambda: len(sharing.street.state().records) == first + len(notes), "they are on record", sharing.portal)
    return first
