# SPDX-License-Identifier: AGPL-3.0-or-later
"""Officer Diaz opens a shared clip in a browser: everything public is on record first, and every failure is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from sunporch.base.digests import from_base64, sha256
from sunporch.docket import entries
from sunporch.portal.viewer.models import Clip
from sunporch.portal.viewer.pages import custodians_origin
from tests.browser import PHONE
from tests.hands import reach
from tests.portal.running import free_port, until
from tests.portal.sharing import DIAZ, OPEN, Officer, openings
from tests.web.films import NUMBER_ON, SealedFilm, numbered

pytestmark = pytest.mark.timeout(240)
FPS, FRAMES = 12, 48
MEDIA = numbered(FRAMES, FPS)


def test_diaz_enrols_the_browser_opens_a_clip_and_stops_at_a_frame_with_the_keyboard_alone(people, sharing):
    clip, _, _ = sharing.share(MEDIA)
    diaz = Officer(people, sharing)
    page, window = diaz.page, diaz.window
    page.goto("/work/clips/")
    diaz.sign_in()
    page.get_by_role("link", name=f"Clip {clip}", exact=True).wait_for()
    window.check("clips")
    page.goto("/work/device/")
    window.check("device-none")
    page.goto(f"/work/clips/{clip}/")
    expect(page.get_by_text("This browser holds no keys for")).to_be_visible()
    diaz.import_keys()
    window.check("device")
    page.goto(f"/work/clips/{clip}/")
    expect(page.get_by_text("Your opening goes on the public record.")).to_be_visible()
    window.check("clip-before")
    assert openings(sharing.street) == []
    reach(page, OPEN)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What was shared")).to_be_focused()
    recorded = openings(sharing.street)
    assert len(recorded) == 1
    expect(page.locator("[data-told='access']")).to_have_text(str(recorded[0]))
    reach(page, "One frame on")
    page.keyboard.press("Enter")
    expect(page.locator("#where")).to_contain_text("frame 1")
    window.check("clip-open")
    for at in (0, 1.5, 3.25, 2.0):
        page.locator("#position").evaluate(
            "(input, at) => { input.value = at; input.dispatchEvent(new Event('input')); }", at
        )
        expect(page.locator("#where")).to_contain_text(f"frame {round(at * FPS)}")
        assert page.locator("canvas").evaluate(NUMBER_ON) == round(at * FPS)


def told(diaz: Officer, what: str) -> None:
    """The page says it at the top."""
    alert = diaz.page.locator("#refused")
    expect(alert).to_contain_text(what, timeout=40_000)
    expect(alert).to_be_focused()


@pytest.fixture
def diaz(people, sharing):
    made = Officer(people, sharing, size=PHONE)
    made.page.goto("/work/clips/")
    made.sign_in()
    made.import_keys()
    return made


def is_open(diaz: Officer) -> None:
    expect(diaz.page.get_by_role("heading", name="What was shared")).to_be_visible(timeout=40_000)


def test_without_a_quorum_or_a_custodian_no_key_comes_and_the_second_try_records_nothing_twice(diaz, sharing):
    clip, _, _ = sharing.share(MEDIA)
    for witness in sharing.street.witnesses[2:]:
        witness.stop()
    diaz.opens(clip)
    told(diaz, "No key is given out until enough independent co-signers confirm the public record.")
    diaz.window.check("clip-no-quorum")
    for witness in sharing.street.witnesses[2:]:
        witness.start()
    sharing.custodian.stop()
    diaz.page.get_by_role("button", name=OPEN).click()
    told(diaz, "but the key custodian gives no key now")
    assert len(openings(sharing.street)) == 1
    sharing.custodian.start()
    diaz.page.get_by_role("button", name=OPEN).click()
    is_open(diaz)
    diaz.window.check("clip-open")
    diaz.opens(clip)
    is_open(diaz)
    assert len(openings(sharing.street)) == 1


def test_diaz_who_reads_spanish_is_told_in_spanish_why_no_key_comes(diaz, sharing):
    clip, _, _ = sharing.share(MEDIA)
    sharing.custodian.stop()
    diaz.page.goto(f"/es/work/clips/{clip}/")
    diaz.page.get_by_role("button", name="Registrar mi apertura y abrir el clip").click()
    told(diaz, "pero el custodio de claves no da ahora ninguna clave: 127.0.0.1:")
    told(diaz, "no responde.Pulse el botón más tarde;")
    diaz.window.check("clip-custodian-down-es")


def stored(sharing, film: SealedFilm) -> Path:
    """Return where the portal keeps the sealed file."""
    files = (path for path in sharing.street.data.rglob("*") if path.is_file())
    return next(path for path in files if path.read_bytes() == film.file)


def test_another_file_than_the_record_commits_to_is_not_recorded_or_not_shown_to_its_end(diaz, sharing):
    clip, film, _ = sharing.share(MEDIA)
    row, kept, forged = Clip.objects.filter(c=film.made.c), stored(sharing, film), film.forged()
    row.update(sealed_sha256=sha256(forged).hex())
    diaz.opens(clip)
    told(diaz, "Header and sealed file are not those that the record commits to.")
    assert openings(sharing.street) == []
    # It says what the record says, and delivers what somebody made who opened the clip before.
    row.update(sealed_sha256=sha256(film.file).hex())
    kept.write_bytes(forged)
    diaz.opens(clip)
    told(diaz, "Header and sealed file are not those that the record commits to.")
    expect(diaz.page.get_by_role("heading", name="What was shared")).to_be_hidden()
    assert diaz.page.locator("canvas").evaluate("(canvas) => canvas.width") == 0
    kept.write_bytes(film.file)
    diaz.opens(clip)
    is_open(diaz)
    expect(diaz.page.get_by_text("All of it was compared")).to_be_visible()
    assert len(openings(sharing.street)) == 1


def test_a_damaged_file_an_answered_opening_and_a_withdrawn_clip_are_told_in_words(diaz, sharing):
    diaz.window.expected |= {409, 410}  # what the custodian answers to a second question, and after the end
    clip, film, d = sharing.share(MEDIA)
    kept = stored(sharing, film)
    kept.write_bytes(bytes([film.file[0] ^ 1]) + film.file[1:])
    diaz.opens(clip)
    told(diaz, "The sealed file was changed or cut short at or before byte 56.")
    kept.write_bytes(film.file)
    diaz.page.get_by_role("button", name=OPEN).click()
    is_open(diaz)
    assert len(openings(sharing.street)) == 1
    sharing.street.advance(601)
    sharing.custodian_reads(sharing.put(entries.Event, "council-1", "council-2", **EVENT))
    diaz.opens(clip)
    told(diaz, "The custodian answered this opening before, and its ten minutes are over.")
    assert len(openings(sharing.street)) == 1
    diaz.page.get_by_role("button", name=OPEN).click()
    is_open(diaz)
    assert len(openings(sharing.street)) == 2
    sharing.put(entries.Withdrawal, d, disclosure=clip)
    sharing.street.advance(601)
    sharing.custodian_reads(sharing.put(entries.Event, "council-1", "council-2", **EVENT))
    diaz.opens(clip)
    told(diaz, "This clip can no longer be opened")
    assert "ended" in diaz.page.locator("#state").inner_text()
    assert len(openings(sharing.street)) == 2
    no_film, _, _ = sharing.share(b"no film" * 5_000)
    diaz.opens(no_film)
    told(diaz, "The video inside the clip is not a fragmented MP4")
    expect(diaz.page.get_by_role("heading", name="What was shared")).to_be_hidden()


def test_diaz_asks_back_the_home_answers_and_only_those_named_in_the_appeal_can_read_it(people, sharing):
    clip, film, d = sharing.share(MEDIA)
    diaz, question = Officer(people, sharing), "Could you share five more minutes, before or after these?"
    page = diaz.page
    page.goto("/work/clips/")
    diaz.sign_in()
    diaz.import_keys()
    page.goto(f"/work/clips/{clip}/")
    expect(page.get_by_role("status")).to_have_text("None yet.")
    page.get_by_label("Your message").fill("  ")
    page.get_by_role("button", name="Send to the home").click()
    told(diaz, "A message to the home needs 1 to 1000 characters.")
    page.get_by_label("What do you ask for?").select_option("Five more minutes")
    expect(page.get_by_label("Your message")).to_have_value(question)
    diaz.window.check("clip-asks")
    page.get_by_role("button", name="Send to the home").click()
    expect(page.locator("#messages li")).to_have_count(1)
    expect(page.get_by_label("Your message")).to_have_value("")
    carried = sharing.home_reads(film.made.c, d)
    assert [(item["to"], item["by"]) for item in carried] == [(to, DIAZ) for to in ("disclosure", DIAZ, "kim-77b0")]
    assert carried[0]["text"] == question
    assert all(question.encode() not in from_base64(item["sealed"], "") for item in carried)
    sharing.home_writes(film.made.c, d, "Yes. <b>Look</b> in a minute.", DIAZ, "kim-77b0")
    page.get_by_role("button", name="Look for answers").click()
    expect(page.locator("#messages li.home")).to_contain_text("Yes. <b>Look</b> in a minute.")
    diaz.window.check("clip-thread")
    kim = Officer(people, sharing, "kim-77b0", size=PHONE)
    kim.page.goto("/work/clips/")
    kim.sign_in()
    kim.import_keys()
    kim.page.goto(f"/work/clips/{clip}/")
    expect(kim.page.locator("#messages li")).to_have_count(2)
    expect(kim.page.locator("#messages li").first).to_contain_text(question)
    kim.window.check("clip-thread")
    assert openings(sharing.street) == []


def test_a_message_that_does_not_open_is_counted_and_a_clip_taken_back_is_asked_nothing(people, sharing):
    clip, film, d = sharing.share(MEDIA)
    sharing.home_writes(film.made.c, d, "For Kim.", "kim-77b0")
    (kims,) = sharing.home_reads(film.made.c, d)
    sharing.mail(film.made.c, d, DIAZ, kims["sealed"])
    sharing.put(entries.Withdrawal, d, disclosure=clip)
    diaz = Officer(people, sharing, size=PHONE)
    diaz.page.goto("/work/clips/")
    diaz.sign_in()
    diaz.import_keys()
    diaz.page.goto(f"/work/clips/{clip}/")
    expect(diaz.page.get_by_role("status")).to_have_text("Messages that this browser's keys do not open: 1.")
    expect(diaz.page.get_by_text("so its home is not asked any longer")).to_be_visible()
    expect(diaz.page.get_by_label("Your message")).to_have_count(0)


EVENT = {"cells": ("8a2ab1072597fff",), "from_": 1, "to": 2, "kind": "vote"}


def test_a_clip_of_other_people_is_not_shown_and_the_page_may_talk_to_its_custodian_alone(people, sharing):
    clip, _, _ = sharing.share(MEDIA)
    stranger = Officer(people, sharing, "stone-0a0a")
    stranger.page.goto("/work/clips/")
    stranger.sign_in()
    expect(stranger.page.get_by_text("Nobody has shared a clip with you yet.")).to_be_visible()
    stranger.page.goto(f"/work/clips/{clip}/")
    expect(stranger.page.get_by_role("heading", level=1)).not_to_contain_text("Clip")
    kim = Officer(people, sharing, "kim-77b0")
    kim.page.goto("/work/clips/")
    kim.sign_in()
    answers = {path: kim.page.goto(path) for path in ("/work/device/", "/work/clips/", f"/work/clips/{clip}/")}
    policies = {path: answer.headers["content-security-policy"] for path, answer in answers.items()}
    assert f"connect-src 'self' {sharing.custodian.url};" in policies.pop(f"/work/clips/{clip}/") + ";"
    assert all("connect-src" not in policy for policy in policies.values())


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "http://a b", "http://x; script-src *", "ftp://x", "http://", "http://x,y"]
)
def test_a_custodians_address_widens_the_pages_policy_by_its_origin_and_nothing_else(url):
    assert custodians_origin(url) == []
    assert custodians_origin("https://keys.example.org:8443/a?b") == ["https://keys.example.org:8443"]
    assert custodians_origin("http://[::1]:8404") == ["http://[::1]:8404"]


def test_diaz_opens_a_clip_at_her_own_desk_with_this_releases_scripts(people, sharing):
    clip, _, _ = sharing.share(MEDIA)
    port = free_port()
    command = [sys.executable, "-m", "sunporch.cli.main", "desk", "serve", "--portal", sharing.url]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--parent-pipe"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        address = f"http://localhost:{port}"
        until(lambda: answers(f"{address}/static/web/sun.svg"), "the desk serves")
        diaz = Officer(people, sharing, address=address)
        diaz.page.goto("/")
        diaz.sign_in()
        diaz.import_keys()
        diaz.opens(clip)
        is_open(diaz)
        assert diaz.page.locator("canvas").evaluate(NUMBER_ON) == 0
        assert len(openings(sharing.street)) == 1
        diaz.page.get_by_role("button", name="Sign out").click()
        expect(diaz.page.get_by_role("link", name="Sign in")).to_be_visible()
    finally:
        process.stdin.close()
        process.wait(60)


def answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
