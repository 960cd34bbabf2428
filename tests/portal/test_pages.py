# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from sunporch.docket import entries, wire
from sunporch.docket.blobs import Blob
from sunporch.policy import presets
from sunporch.portal.board import actions as board_actions
from sunporch.portal.board.models import Line, Shown
from sunporch.portal.board.words import what
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.reader import audit
from sunporch.town.article import LINES
from tests.portal.feed_rules import ATOM, atom_faults, json_feed_faults
from tests.portal.street import NARRATIVE, TOWN, Visitor, error_of

PAGES = ("/", "/agencies/", "/rules/", "/statistics/", "/who-runs-what/", "/record/", "/nothing-here")


@pytest.fixture
def asked(street) -> int:
    note, narrative = street.appeal()
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    text = {"salt": narrative.salt.hex(), "text": narrative.text}
    board_actions.hand_in(entry_id, "request", street.cosign(note, "kim-77b0"), [text], street.now())
    street.drain()
    return street.rows()[entry_id].index


class Structure(HTMLParser):
    """What a page loads, runs and sets inline, and whether its elements are closed."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open, self.loads, self.ids = [], [], []
        self.scripts = self.inline = 0

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        # Data for a module is no script; a module comes from our own static files, and nothing depends on it.
        ours = values.get("type") == "module" and (values.get("src") or "").startswith("/static/web/js/")
        self.scripts += tag == "script" and not ours and values.get("type") != "application/json"
        self.inline += any(name == "style" or name.startswith("on") for name in values) or tag == "style"
        if tag in ("link", "img", "script", "iframe") and values.get("type") != "application/json":
            self.loads.append(values.get("href") or values.get("src") or "")
        if "id" in values:
            self.ids.append(values["id"])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


@pytest.mark.requirement("R13")
def test_every_public_page_needs_no_account_sets_no_cookie_and_runs_no_script_but_our_own_modules(street, asked):
    anyone = Visitor(street)
    for path in (*PAGES, f"/appeals/{asked}/"):
        answer = anyone.get(path)
        assert answer.cookies == {}, path
        assert "default-src 'self'" in answer["Content-Security-Policy"]
        assert "unsafe" not in answer["Content-Security-Policy"]
        page = Structure()
        page.feed(answer.content.decode())
        assert page.open == []
        assert (page.scripts, page.inline) == (0, 0)
        assert all(load.startswith("/") for load in page.loads), page.loads
        assert len(page.ids) == len(set(page.ids))
        assert 'name="viewport"' in answer.content.decode()


@pytest.mark.requirement("R11", "R13", "R14", "S3")
def test_an_appeals_page_tells_everything_and_that_nobody_knows_who_was_asked(street, asked):
    page = Visitor(street).get(f"/appeals/{asked}/").content.decode()
    text = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page)).replace("&#x27;", "'")
    for words in (
        NARRATIVE[:60],
        "Burglary or breaking and entering (220)",
        "diaz-4f2a",
        "kim-77b0",
        "You may ignore this and nobody is told.",
        "ask for a warrant",
        "Nobody knows.",
        f"Entry {asked}",
        "sunporch verify http://localhost/log",
        "UTC",
    ):
        assert words in text, words


@pytest.mark.requirement("R13", "R32")
def test_the_history_of_an_appeal_grows_with_every_act_about_it(street, asked):
    street.record(
        street.signed(entries.Review, "okafor-2c1d", action="suspended", target=asked, draft="", reason="wide")
    )
    page = Visitor(street).get(f"/appeals/{asked}/").content.decode()
    assert "suspended by a reviewer" in page
    assert "suspended: wide" in page
    street.advance(3 * 86_400)
    street.record(street.signed(entries.Outcome, "diaz-4f2a", request=asked, code="not_useful", clips="<5"))
    page = Visitor(street).get(f"/appeals/{asked}/").content.decode()
    assert "closed, with outcome" in page
    assert "of no use" in page


def test_a_page_shows_nothing_beyond_the_newest_co_signed_size(street, asked):
    Shown.objects.update(size=asked)
    answer = Visitor(street).get(f"/appeals/{asked}/")
    assert answer.status_code == 404


@pytest.mark.requirement("R2", "R3", "S11")
def test_rules_and_agencies_are_shown_in_plain_words_with_anchors(street):
    rules = Visitor(street).get("/rules/").content.decode()
    assert 'id="R8.area-min"' in rules
    assert 'id="R23.retention"' in rules
    agencies = Visitor(street).get("/agencies/").content.decode()
    assert "Resolution 12" in agencies
    assert "https://example.org/12" in agencies
    assert agencies.count("in force") >= 2


def test_feeds_keep_the_rules_of_their_formats_and_name_permanent_addresses(street, asked):
    for headers in ({}, {"Accept-Language": "es"}):
        atom = Visitor(street).get("/feeds/atom.xml", **headers)
        assert atom["Content-Type"] == "application/atom+xml; charset=utf-8"
        assert atom_faults(atom.content) == []
        feed = ElementTree.fromstring(atom.content)
        assert feed.find(f"{ATOM}entry/{ATOM}link").get("href") == f"http://localhost/appeals/{asked}/"
        answer = Visitor(street).get("/feeds/feed.json", **headers)
        assert answer["Content-Type"] == "application/feed+json"
        assert json_feed_faults(answer.content) == []
        (item,) = json.loads(answer.content)["items"]
        assert item["id"] == item["url"] == f"http://localhost/appeals/{asked}/"


def test_a_feed_without_an_appeal_is_a_valid_feed_too(street):
    assert atom_faults(Visitor(street).get("/feeds/atom.xml").content) == []
    assert json_feed_faults(Visitor(street).get("/feeds/feed.json").content) == []


def test_a_reader_of_the_feed_is_told_when_an_appeal_changes_or_closes(street, asked):
    def times() -> list[str]:
        entry = ElementTree.fromstring(Visitor(street).get("/feeds/atom.xml").content).find(f"{ATOM}entry")
        (item,) = json.loads(Visitor(street).get("/feeds/feed.json").content)["items"]
        updated = entry.findtext(f"{ATOM}updated")
        assert updated.replace("+00:00", "Z") == item["date_modified"]
        assert entry.findtext(f"{ATOM}published").replace("+00:00", "Z") == item["date_published"]
        return [item["date_published"], updated]

    published, first = times()
    street.advance(600)
    act = street.signed(entries.Review, "okafor-2c1d", action="suspended", target=asked, draft="", reason="wide")
    street.record(act)
    assert times()[0] == published
    suspended = times()[1]
    assert suspended > first
    street.advance(60 * 86_400)
    assert times()[1] > suspended


def test_words_that_xml_cannot_hold_do_not_stop_the_feed(street):
    text = json.loads(presets.make("consent", TOWN.grid, TOWN.places, name="Maple Street"))
    text["offences"]["220"]["title"] = dict.fromkeys(text["languages"], "Burglary\ufffe & <more>")
    rules = Blob.new(json.dumps(text))
    begin = street.now() + 60
    street.record(
        street.signed(
            entries.Policy,
            "council-1",
            "council-2",
            bundle=rules.commitment,
            in_force_from=begin,
            open_requests="keep",
        ),
        rules,
    )
    street.advance(120)
    note, narrative = street.appeal()
    entry_id = wire.entry_id(note.partition("\n\n")[0] + "\n")
    blob = {"salt": narrative.salt.hex(), "text": narrative.text}
    board_actions.hand_in(entry_id, "request", street.cosign(note, "kim-77b0"), [blob], street.now())
    street.drain()
    answer = Visitor(street).get("/feeds/atom.xml")
    assert atom_faults(answer.content) == []
    assert "Burglary\N{REPLACEMENT CHARACTER} & <more>" in ElementTree.fromstring(answer.content).findtext(
        f"{ATOM}entry/{ATOM}title"
    )


def test_the_rules_of_the_formats_find_what_is_wrong():
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>no address</id><title>a</title><title>b</title><updated>x'
        "</updated><entry><id>u:1</id><title/><updated>2026-02-30T00:00:00Z</updated></entry></feed>"
    )
    found = " ".join(atom_faults(atom.encode()))
    for section in ("4.2.6", "exactly one title", "3.3: updated", "an author", "link to itself", "without content"):
        assert section in found, section
    found = " ".join(json_feed_faults(b'{"version": "1", "author": {}, "items": [{"id": 7, "url": "x"}]}'))
    for rule in ("version", "title", "home_page_url", "authors", "own id", "content_text", "url is an address"):
        assert rule in found, rule


def test_long_records_are_shown_page_by_page(street, monkeypatch):
    monkeypatch.setattr("sunporch.portal.board.pages.LINES_A_PAGE", 5)
    newest = Line.objects.order_by("-index")[0].index
    page = Visitor(street).get("/record/").content.decode()
    assert f'id="entry-{newest}"' in page
    assert f"?from={newest - 5}" in page
    older = Visitor(street).get(f"/record/?from={newest - 5}").content.decode()
    assert f'id="entry-{newest - 5}"' in older
    assert f'id="entry-{newest}"' not in older
    assert Visitor(street).get("/record/?from=-1").status_code == 200


def test_every_entry_type_has_words(street):
    assert all(what(name) != name and "unknown type" not in what(name) for name in entries.TYPES)
    assert "unknown type" in what("zebra")


def test_the_log_is_served_as_files_that_a_stranger_can_audit(street, asked):
    anyone = Visitor(street)
    head = street.state().size

    def fetch(path: str) -> bytes | None:
        answer = anyone.get(f"/log/{path}")
        return b"".join(answer.streaming_content) if answer.status_code == 200 else None

    cosigned = TrustPolicy.parse(street.trust_policy()).open(fetch("checkpoint"), "demo.maple-street")
    assert cosigned.checkpoint.size == head
    audit(cosigned.checkpoint, fetch)


def test_log_files_have_the_right_types_cache_headers_and_ranges_and_are_the_same_for_everyone(street, asked):
    anyone, officer = Visitor(street), Visitor(street, "diaz-4f2a")
    size = street.state().size
    blob = next((street.data / "log" / "blob").iterdir()).name
    kinds = {
        "checkpoint": ("text/plain; charset=utf-8", "no-cache"),
        "checkpoints/sizes": ("text/plain; charset=utf-8", "no-cache"),
        f"checkpoints/{size}": ("text/plain; charset=utf-8", "public, max-age=31536000, immutable"),
        f"tile/entries/000.p/{size}": ("application/octet-stream", "public, max-age=31536000, immutable"),
        f"tile/0/000.p/{size}": ("application/octet-stream", "public, max-age=31536000, immutable"),
        f"blob/{blob}": ("application/json", "public, max-age=300"),
    }
    for path, (kind, cache) in kinds.items():
        answer = anyone.get(f"/log/{path}")
        data = b"".join(answer.streaming_content)
        assert (answer["Content-Type"], answer["Cache-Control"]) == (kind, cache), path
        assert "Vary" not in answer
        assert data == (street.data / "log" / path).read_bytes()
        again = officer.get(f"/log/{path}", **{"Accept-Language": "es"})
        assert b"".join(again.streaming_content) == data
        assert dict(again.headers) == dict(answer.headers)
        part = anyone.get(f"/log/{path}", Range="bytes=2-5")
        assert (part.status_code, b"".join(part.streaming_content)) == (206, data[2:6])
        unchanged = anyone.get(f"/log/{path}", **{"If-None-Match": answer["ETag"]})
        assert unchanged.status_code == 304


def test_nothing_but_the_public_log_is_served_under_log(street):
    anyone = Visitor(street)
    for path in (
        ".journal", ".lock", "../portal.toml", "..%2fkeys/log.key", "blob", "tile", "tile/0", "checkpoints",
        "blob/../../keys/log.key", f"blob/{'0' * 64}", "tile/0/000.p/0", "checkpoints/007", "tile/64/000",
    ):  # fmt: skip
        answer = anyone.get(f"/log/{path}")
        assert answer.status_code in (301, 404), path
        if answer.status_code == 404:
            assert error_of(answer) == "web.page-absent"


@pytest.mark.requirement("R14")
def test_metrics_name_no_person_no_agency_and_no_clip(street, asked):
    text = Visitor(street).get("/metrics").content.decode()
    assert "sunporch_record_entries" in text
    assert "{" not in text


def test_the_api_describes_itself(street):
    described = Visitor(street).get("/api/v1/openapi.json").json()
    assert "/api/v1/drafts/{draft_id}/countersign" in described["paths"]
    assert "security" in described["paths"]["/api/v1/drafts"]["post"]
    assert "security" not in described["paths"]["/api/v1/entries"]["post"]


@pytest.mark.parametrize("path", sorted({line.path for line in LINES if line.part == "portal"}))
def test_whoever_follows_a_line_of_the_article_comes_to_a_public_page(street, path):
    assert Visitor(street).get(path).status_code == 200
