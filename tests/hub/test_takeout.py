# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana hands out her own recording: as a file, or by a link that ends; and anybody checks what they were given."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import av
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from sunporch.base.errors import Error, all_kinds
from sunporch.cli import verify
from sunporch.hub import permissions
from sunporch.hub.takeout import actions, making
from sunporch.hub.takeout.models import Link
from sunporch.verify.film import Digests, check
from sunporch.web.limits import Limit
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import enter
from tests.hub.footage import FPS, people_video
from tests.hub.home import Resident
from tests.verify.film_vectors import FOLDER

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
NOTHING = "This link shows nothing"


@pytest.fixture
def ana(home):
    return Resident("ana")


@pytest.fixture
def porch(home):
    """Six seconds an hour ago."""
    return home.camera(start_s=home.clock.now() - 3600, video=people_video)


def found(film: bytes) -> Digests:
    return Digests(len(film), hashlib.sha256(film).hexdigest(), hashlib.sha512(film).hexdigest())


def wish(porch, start: int, **more) -> actions.Wish:
    fields = {"covered": False, "sound": False, "title": "Bicycle", "hours": 24, "most": None}
    return actions.Wish(porch.id, start + 1, start + 3, **(fields | more))


def hand_out(home, ana, porch, **more) -> tuple[Link, str]:
    """A link to two seconds whose film is made."""
    made, token = actions.make(home.vault, ana.user, wish(porch, home.clock.now() - 3600, **more), home.clock.now())
    home.making.step()
    return actions.find(made.id), token


def open_film(client: Client, token: str) -> str:
    """Press the button; return the address of the page that plays."""
    return client.post(f"/film/{token}/")["Location"]


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.requirement("S1", "S10")
@pytest.mark.parametrize("covered", [False, True])
def test_ana_takes_out_a_file_that_anybody_checks_in_a_browser(
    people, live_server, home, ana, porch, tmp_path, capsys, covered
):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    start = home.clock.now() - 3600
    page.goto(f"/cameras/{porch.id}/take/?at={start}")
    window.check("hub-take")
    page.get_by_label("From second").fill("1")
    page.get_by_label("To second").fill("3")
    page.get_by_label("Cover people").set_checked(covered)
    with page.expect_download() as got:
        page.get_by_role("button", name="Take it out").click()
    with zipfile.ZipFile(got.value.path()) as folder:
        folder.extractall(tmp_path)
        names = folder.namelist()
    film, proof = (next(tmp_path.glob(f"*.{end}")) for end in ("mp4", "proof"))
    said = check(proof.read_bytes(), found(film.read_bytes()), home.vault.public_key)
    assert (said.from_90k, said.to_90k) == ((start + 1) * 90_000, (start + 3) * 90_000)
    assert (said.report["frames"], bool(said.report["covered"])) == (2 * FPS, covered)
    assert json.loads((tmp_path / "original.json").read_text())["sha256"] == said.original_sha256
    sums = dict(reversed(line.split("  ")) for line in (tmp_path / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names[:-1]}
    told = (tmp_path / "CHECK.txt").read_text()
    assert f"{live_server.url}/check/" in told and home.vault.public_key in told
    assert verify.command(["--film", str(film), str(proof), "--key", home.vault.public_key]) == 0
    assert "It does not show that what is seen happened" in capsys.readouterr().out
    stranger = people.window(live_server.url, PHONE)
    stranger.page.goto(re.search(r"http://\S+/check/", told)[0])
    stranger.check("hub-check")
    stranger.page.get_by_label("The film").set_input_files(film)
    stranger.page.get_by_label("Its proof").set_input_files(proof)
    stranger.page.get_by_role("button", name="Check", exact=True).click()
    expect(stranger.page.get_by_text("Not one of them has changed since")).to_be_visible()
    covers = r"\d people, faces or boxes are covered" if covered else "Nothing in it is covered."
    expect(stranger.page.get_by_text(re.compile(covers))).to_be_visible()
    stranger.check("hub-check-unaltered")
    assert stranger.context.cookies() == []


@SIZES
def test_a_changed_film_or_another_hubs_proof_is_named_by_the_browser(people, live_server, home, porch, ana, size):
    _, token = hand_out(home, ana, porch)
    client = Client()
    place = open_film(client, token)
    film, proof = body(client.get(f"{place}film.mp4")), client.get(f"{place}film.proof").content
    foreign = (FOLDER / "film.proof").read_bytes()
    window = people.window(live_server.url, size)
    page = window.page
    page.goto("/check/")
    flipped = bytearray(film)
    flipped[len(film) // 2] ^= 1
    for one, note, sentence in (
        (bytes(flipped), proof, "its bytes differ"),
        (film, proof.replace(b'"sound":0', b'"sound":1'), "it was changed after it was signed"),
        ((FOLDER / "film.bin").read_bytes(), foreign, "Another hub signed this proof"),
        (film, b"my cat\n", "no empty line and signatures"),
    ):
        page.get_by_label("The film").set_input_files({"name": "a.mp4", "mimeType": "video/mp4", "buffer": one})
        page.get_by_label("Its proof").set_input_files({"name": "a.proof", "mimeType": "", "buffer": note})
        page.get_by_role("button", name="Check", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text(sentence)
        expect(page.locator("#found")).to_be_hidden()
    window.check("hub-check-refused")


def test_without_a_hubs_key_the_command_says_that_nobody_knows_who_signed(capsys):
    folder = FOLDER
    film = ["--film", str(folder / "film.bin"), str(folder / "film.proof")]
    key = (folder / "hub.vkey").read_text().strip()
    assert verify.command(film) == 1
    assert "NOT CHECKED whose hub signed" in capsys.readouterr().out
    assert verify.command([*film, "--json"]) == 1 and not json.loads(capsys.readouterr().out)["ok"]
    assert verify.command([*film, "--key", key, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == 5_000


@pytest.mark.requirement("S10")
@SIZES
def test_ana_makes_a_link_and_a_friend_without_an_account_watches_and_keeps_the_film(
    people, live_server, home, ana, porch, size
):
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/take/?at={home.clock.now() - 3600}")
    page.get_by_label("To second").fill("3")
    expect(page.get_by_label("The link ends after")).to_be_hidden()
    page.get_by_label("As a link that ends").check()
    page.get_by_label("What is it?").fill("The bicycle on Friday")
    page.get_by_label("How often can it be opened?").fill("2")
    window.check("hub-take-link")
    page.get_by_role("button", name="Take it out").click()
    window.check("hub-link-made")
    expect(page.get_by_text("works on this machine alone")).to_be_visible()
    address = page.get_by_label("Link", exact=True).input_value()
    friend = people.window(live_server.url, size)
    friend.page.goto(address)
    expect(friend.page.get_by_text("The hub is still making this film")).to_be_visible()
    friend.check("hub-film-making")
    home.making.step()
    friend.page.get_by_role("link", name="Look again").click()
    expect(friend.page.get_by_text("The bicycle on Friday")).to_be_visible()
    friend.check("hub-film")
    friend.page.get_by_role("button", name="Show the film").click()
    friend.page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    friend.check("hub-film-playing")
    with friend.page.expect_download() as film:
        friend.page.get_by_role("link", name="Keep the film").click()
    with friend.page.expect_download() as proof:
        friend.page.get_by_role("link", name="Keep its proof").click()
    media = film.value.path().read_bytes()
    assert check(proof.value.path().read_bytes(), found(media), home.vault.public_key).bytes == len(media)
    assert friend.context.cookies() == []
    for seen in ("porch", "Ana", "ana"):
        assert seen not in friend.page.locator("body").inner_text()
    page.goto("/links/")
    expect(page.get_by_text("Opened once")).to_be_visible()
    window.check("hub-links")
    page.get_by_role("link", name="The bicycle on Friday").click()
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2")
    window.check("hub-link")
    page.get_by_role("button", name="End it now").click()
    expect(page.get_by_text("The film behind it is destroyed")).to_be_visible()
    friend.page.reload()
    expect(friend.page.get_by_role("heading", level=1)).to_have_text(NOTHING)
    friend.check("hub-film-none")


@pytest.mark.parametrize(
    "how",
    ["ended", "time came", "spent", "failed", "unknown", "mistyped", "a pass of another", "a pass of yesterday"],
)
def test_a_link_that_shows_nothing_is_the_same_page_whatever_the_reason(home, ana, porch, how, monkeypatch):
    link, token = hand_out(home, ana, porch, most=1)
    client = Client()
    place = f"/film/{token}/"
    match how:
        case "ended":
            actions.end(home.vault, link.id, home.clock.now())
        case "time came":
            home.clock.advance(24 * 3600)
        case "spent":
            open_film(client, token)
        case "failed":
            Link.objects.update(state="failed")
        case "unknown":
            place = f"/film/{'A' * 43}/"
        case "mistyped":
            place = f"/film/{token[:-1]}/"
        case "a pass of another":
            until = home.clock.now() + actions.PASS_SECONDS
            place = f"/film/{token}/{until}-{actions._seal('0' * 32, until)}/"
        case "a pass of yesterday":
            place = open_film(client, token)
            home.clock.advance(actions.PASS_SECONDS)
    nothing = Client().get(f"/film/{'B' * 43}/")
    answer = client.get(place)
    assert (answer.status_code, answer.content) == (404, nothing.content)
    assert sorted(answer.headers.items()) == sorted(nothing.headers.items())
    assert NOTHING in answer.content.decode()
    assert client.post(place).status_code in (404, 405)


def test_a_link_asks_not_to_be_kept_or_indexed_sets_no_cookie_and_asks_for_none(home, ana, porch):
    _, token = hand_out(home, ana, porch)
    client = Client(enforce_csrf_checks=True)
    place = open_film(client, token)
    for path in (f"/film/{token}/", place, f"{place}film.mp4", f"{place}film.proof", "/check/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("private, no-store", "no-referrer")
        assert not answer.cookies


def test_the_film_is_given_in_any_part_and_a_look_without_the_button_is_not_counted(home, ana, porch):
    link, token = hand_out(home, ana, porch)
    client = Client()
    for _ in range(3):
        client.get(f"/film/{token}/")
    assert actions.find(link.id).opened == 0
    place = open_film(client, token)
    whole = body(client.get(f"{place}film.mp4"))
    part = client.get(f"{place}film.mp4", headers={"Range": "bytes=100-199"})
    assert (part.status_code, body(part)) == (206, whole[100:200])
    with av.open(io.BytesIO(whole)) as film:
        assert sum(1 for _ in film.decode(video=0)) == 2 * FPS
    assert actions.find(link.id).opened == 1
    answer = client.get(f"/links/{link.id}/film.mp4")
    assert answer.status_code == 302  # for residents only


def test_two_openings_at_once_are_two_and_the_last_one_is_given_once(home, ana, porch):
    link, token = hand_out(home, ana, porch, most=1)
    place = open_film(Client(), token)
    assert Client().post(f"/film/{token}/").status_code == 404
    assert actions.find(link.id).opened == 1
    # Whoever had the last one still watches it within the hour; then the film is destroyed.
    home.making.step()
    assert Client().get(place).status_code == 200
    home.clock.advance(actions.PASS_SECONDS)
    home.making.step()
    assert actions.find(link.id).cleared and not list((home.vault.folder / "films").iterdir())


def test_neither_token_nor_film_nor_anybodys_address_lies_on_the_disk(home, ana, porch):
    link, token = hand_out(home, ana, porch)
    client = Client(REMOTE_ADDR="203.0.113.77:4711")
    media = body(client.get(f"{open_film(client, token)}film.mp4"))
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    places = [path for path in home.folder.rglob("*") if path.is_file()]
    database = connection.settings_dict["NAME"]
    disk = b"".join(path.read_bytes() for path in (*places, Path(database)))
    assert link.token_sha256.encode() in disk
    for secret in (token.encode(), media[1000:1064], b"203.0.113"):
        assert secret not in disk


def test_footage_under_a_link_outlives_its_age_until_the_link_ends(home, ana, porch):
    start = home.clock.now() - 3600
    link, _ = hand_out(home, ana, porch, hours=actions.MOST_HOURS)
    home.clock.advance(10 * 86_400)
    assert home.vault.enforce_retention(3, 10**9).erased == 0
    home.making.step()
    assert home.vault.timeline(porch.id, start, start + 6).spans
    home.clock.advance(20 * 86_400)
    home.making.step()
    assert actions.find(link.id).ended_at == home.clock.now()
    assert home.vault.enforce_retention(3, 10**9).erased == 1
    home.clock.advance(actions.LISTED_SECONDS + 1)
    home.making.step()
    assert not Link.objects.exists()


def test_a_site_that_was_killed_after_it_wrote_a_link_down_leaves_its_footage_held_all_the_same(
    home, ana, porch, monkeypatch
):
    with monkeypatch.context() as killed:
        killed.setattr(actions, "hold", lambda *_: None)
        made, _ = actions.make(home.vault, ana.user, wish(porch, home.clock.now() - 3600), home.clock.now())
    assert not home.vault.holds()
    home.making.step()
    assert [hold.id for hold in home.vault.holds()] == [actions.hold_of(made.id)]


def test_erasing_what_a_link_shows_asks_first_and_then_ends_the_link(people, live_server, home, ana, porch):
    link, token = hand_out(home, ana, porch)
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/erase/?at={home.clock.now() - 3600}")
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("alert")).to_contain_text("or for a link")
    page.get_by_label("what a link shows").check()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erased")
    assert actions.find(link.id).cleared and Client().get(f"/film/{token}/").status_code == 404


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"hours": 0}, "hub.link-refused"),
        ({"hours": actions.MOST_HOURS + 1}, "hub.link-refused"),
        ({"most": 0}, "hub.link-refused"),
        ({"most": actions.MOST_OPENINGS + 1}, "hub.link-refused"),
        ({"title": "x" * 81}, "hub.link-refused"),
        ({"title": "a\nb"}, "hub.link-refused"),
    ],
)
def test_a_link_without_an_end_or_with_a_title_that_is_none_is_refused_and_holds_nothing(
    home, ana, porch, more, name
):
    with pytest.raises(Error) as caught:
        actions.make(home.vault, ana.user, wish(porch, home.clock.now() - 3600, **more), home.clock.now())
    assert caught.value.id == name
    assert not home.vault.holds() and not Link.objects.exists()


def test_so_many_links_and_no_more_and_a_long_or_empty_stretch_is_none(home, ana, porch):
    now, start = home.clock.now(), home.clock.now() - 3600
    for bad, name in (
        (actions.Wish(porch.id, start, start + 901, False, False, "", 1, None), "hub.watch-length"),
        (actions.Wish(porch.id, start - 900, start - 890, False, False, "", 1, None), "vault.footage-missing"),
    ):
        with pytest.raises(Error) as caught:
            actions.make(home.vault, ana.user, bad, now)
        assert caught.value.id == name
    for _ in range(actions.MOST_LIVE):
        actions.make(home.vault, ana.user, wish(porch, start), now)
    with pytest.raises(Error) as caught:
        actions.make(home.vault, ana.user, wish(porch, start), now)
    assert caught.value.id == "hub.links-full"
    assert len(home.vault.holds()) == actions.MOST_LIVE


def test_a_film_that_cannot_be_made_says_why_and_its_link_ends(people, live_server, home, ana, porch, monkeypatch):
    made, token = actions.make(home.vault, ana.user, wish(porch, home.clock.now() - 3600), home.clock.now())
    Link.objects.update(attempts=making.MOST_ATTEMPTS)
    home.making.step()
    home.making.step()
    assert actions.find(made.id).cleared and not home.vault.holds()
    window = people.window(live_server.url, PHONE)
    enter(window.page, ana)
    window.page.goto(f"/links/{made.id}/")
    expect(window.page.get_by_text("never came to an end")).to_be_visible()
    window.check("hub-link-failed")
    assert Client().get(f"/film/{token}/").status_code == 404


def test_a_link_that_is_ended_while_its_film_is_made_leaves_no_film(home, ana, porch, monkeypatch):
    made, _ = actions.make(home.vault, ana.user, wish(porch, home.clock.now() - 3600), home.clock.now())
    real = home.vault.keep_film

    def ended_meanwhile(*arguments):
        real(*arguments)
        actions.end(home.vault, made.id, home.clock.now())
        real(*arguments)  # the slower of the two

    monkeypatch.setattr(home.vault, "keep_film", ended_meanwhile)
    home.making.step()
    assert not list((home.vault.folder / "films").iterdir())
    assert actions.find(made.id).state == "making"


def test_whoever_tries_tokens_has_to_wait(home, db, monkeypatch):
    monkeypatch.setattr(permissions.looks, "_limit", Limit(3, 60))
    monkeypatch.setattr(permissions.openings, "_limit", Limit(1, 60))
    answers = [Client().post(f"/film/{n}/").status_code for n in range(2)]
    assert answers == [404, 429]
    assert [Client().get(f"/film/{n}/").status_code for n in range(2)] == [404, 429]


def test_a_resident_who_asks_for_a_link_that_is_not_there_hears_so(home, ana, porch):
    ana.sign_in()
    absent = all_kinds()["hub.link-absent"]().what
    for path in ("/links/7/", "/links/7/film.mp4"):
        answer = ana.client.get(path, headers=ana.headers)
        assert (answer.status_code, absent in answer.content.decode()) == (404, True)
    link, _ = hand_out(home, ana, porch)
    actions.end(home.vault, link.id, home.clock.now())
    assert ana.client.get(reverse("link-own-film", args=[link.id]), headers=ana.headers).status_code == 404


def test_the_pages_of_strangers_speak_their_language(people, live_server, home, ana, porch):
    hand_out(home, ana, porch)
    window = people.window(live_server.url, PHONE)
    page = window.page
    page.goto("/es/check/")
    page.get_by_label("La película").set_input_files({"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"x"})
    page.get_by_label("Su prueba").set_input_files(FOLDER / "film.proof")
    page.get_by_role("button", name="Comprobar", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Esta prueba la firmó otra central")
    window.check("hub-check-es")


def test_home_says_that_a_link_shows_something(people, live_server, home, ana, porch):
    hand_out(home, ana, porch)
    window = people.window(live_server.url, PHONE)
    enter(window.page, ana)
    window.page.goto("/")
    expect(window.page.get_by_role("heading", level=1)).to_have_text("One link shows a recording of yours")
    window.check("hub-home-link")
    window.page.get_by_role("link", name="Your links").click()
    expect(window.page.get_by_role("heading", level=1)).to_have_text("Your links")
