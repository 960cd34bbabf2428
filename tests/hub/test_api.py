# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doors of the hub: residents with a session, and nobody else; every bad question gets a sentence."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sunporch.hub import permissions
from sunporch.hub.cameras.models import Camera
from sunporch.hub.inbox.models import Alarm, Following, Notice
from sunporch.town.article import LINES
from sunporch.web.limits import Limit
from tests.hub.home import Resident, code, share
from tests.web.headings import well_ordered
from tests.web.signin import SIGN_IN_PAGES

OPERATIONS = {
    ("GET", "/cameras"),
    ("GET", "/cameras/{camera_id}/timeline"),
    ("GET", "/cameras/{camera_id}/live"),
    ("GET", "/cameras/{camera_id}/still"),
    ("GET", "/cameras/{camera_id}/video"),
    ("GET", "/dateless"),
    ("GET", "/dateless/{run}"),
    ("DELETE", "/dateless/{run}"),
    ("GET", "/inbox"),
    ("GET", "/inbox/{index}"),
    ("GET", "/alarms"),
    ("POST", "/coverings"),
    ("GET", "/coverings/{covering_id}"),
    ("DELETE", "/coverings/{covering_id}"),
    ("GET", "/coverings/{covering_id}/tracks/{track}/picture"),
    ("PUT", "/coverings/{covering_id}/choices"),
    ("GET", "/coverings/{covering_id}/preview"),
    ("POST", "/releases"),
    ("GET", "/releases/{release_id}"),
    ("DELETE", "/releases/{release_id}"),
    ("GET", "/releases/{release_id}/preview"),
    ("POST", "/releases/{release_id}/send-now"),
    ("GET", "/shares"),
    ("POST", "/shares/{disclosure}/withdraw"),
    ("GET", "/shares/{disclosure}/receipt"),
    ("GET", "/shares/{disclosure}/proof"),
    ("POST", "/shares/{disclosure}/proof"),
    ("GET", "/shares/{disclosure}/messages"),
    ("POST", "/shares/{disclosure}/messages"),
    ("GET", "/preferences"),
    ("PUT", "/preferences"),
}
# Pages of residents, and those that change something by a form (True).
RESIDENTS = {
    "cameras/": False,
    "cameras/add/": True,
    "cameras/<str:camera_id>/": True,
    "cameras/<str:camera_id>/take/": True,
    "cameras/<str:camera_id>/place/": True,
    "cameras/<str:camera_id>/connection/": True,
    "cameras/<str:camera_id>/remove/": True,
    "cameras/<str:camera_id>/masks/": True,
    "cameras/<str:camera_id>/erase/": True,
    "inbox/": False,
    "inbox/pin/": True,
    "inbox/<int:index>/": False,
    "inbox/<int:index>/<str:camera_id>/": True,
    "coverings/<str:covering_id>/": True,
    "coverings/<str:covering_id>/review/": True,
    "releases/<str:release_id>/": True,
    "shares/": False,
    "shares/<int:disclosure>/": True,
    "shares/<int:disclosure>/stop/": True,
    "shares/<int:disclosure>/receipt.pdf": False,
    "links/": False,
    "links/<str:link_id>/": True,
    "links/<str:link_id>/film.mp4": False,
    "settings/": True,
    "settings/pin/": True,
    "settings/notices/": True,
    "settings/adult/": True,
    "settings/adults/<int:adult_id>/": True,
    "settings/keep/": True,
    "settings/recovery/": True,
    "welcome/language/": True,
}
# Of whoever was given a link, and of whoever checks a film: no account, no cookie.
STRANGERS = {
    "film/<str:token>/",
    "film/<str:token>/<str:opened>/",
    "film/<str:token>/<str:opened>/film.mp4",
    "film/<str:token>/<str:opened>/film.proof",
    "check/",
}
# Pages of whoever sets the hub up, while nobody lives there: tests/hub/test_welcome_pages.py.
FIRST_RUN = {"welcome/", "welcome/adult/", "welcome/factor/", "welcome/later/"}
PAGES = {"", "healthz", "readyz", *SIGN_IN_PAGES, *RESIDENTS, *STRANGERS, *FIRST_RUN}
SIGN_IN = {"config", "auth/login", "auth/2fa/authenticate", "auth/session"}


def concrete(path: str) -> str:
    return re.sub(r"\{\w+\}", "7", path)


def addresses(patterns, prefix="") -> set[str]:
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= addresses(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            found.add(prefix + str(pattern.pattern))
    return found


def test_the_hub_has_exactly_these_addresses_and_no_other():
    found = addresses(get_resolver("sunporch.hub.urls").url_patterns)
    api = {"api/v1" + re.sub(r"\{(\w+)\}", r"<\1>", path) for _, path in OPERATIONS}
    spelled = {re.sub(r"<int:", "<", item) if item.startswith("api") else item for item in found}
    known = PAGES | {f"_allauth/app/v1/{name}" for name in SIGN_IN} | api
    known |= {"api/v1/openapi.json", "api/v1/"}
    assert not spelled - known, f"add to RESIDENTS, PAGES or OPERATIONS of this file: {spelled - known}"
    assert not known - spelled, f"no such address any more: {known - spelled}"


def test_the_description_of_the_api_names_every_operation(home, db):
    described = Client().get("/api/v1/openapi.json").json()
    found = {
        (method.upper(), path.removeprefix("/api/v1")) for path, item in described["paths"].items() for method in item
    }
    assert found == OPERATIONS


@pytest.mark.requirement("R6")
@pytest.mark.parametrize(("method", "path"), sorted(OPERATIONS))
def test_without_a_session_every_operation_answers_the_same_whatever_happened_here(home, method, path):
    for headers in ({}, {"X-Session-Token": "0" * 32}):
        answer = getattr(Client(), method.lower())(f"/api/v1{concrete(path)}", headers=headers)
        assert (answer.status_code, answer.json()["error"]["id"]) == (401, "web.session-absent")


@pytest.mark.requirement("R6")
@pytest.mark.parametrize("path", sorted(RESIDENTS))
def test_every_page_needs_a_resident_and_says_nothing_to_anybody_else(home, path):
    place = "/" + re.sub(r"<\w+:\w+>", "7", path)
    for headers in ({}, {"X-Session-Token": "0" * 32}):
        for method in ("get", "post"):
            answer = getattr(Client(), method)(place, headers=headers)
            if method == "post" and not RESIDENTS[path]:
                assert answer.status_code == 405
            else:
                assert (answer.status_code, answer.content) == (302, b"")
                assert answer["Location"] == f"/sign-in/?next={quote(place)}"


@pytest.mark.parametrize("path", sorted(path for path, changes in RESIDENTS.items() if changes))
def test_no_form_of_a_resident_works_from_another_sites_page(home, path):
    client = Client(enforce_csrf_checks=True)
    ana = Resident("ana")
    client.force_login(User.objects.get(username=ana.username))
    answer = client.post("/" + re.sub(r"<\w+:\w+>", "7", path), {"sure": "1"})
    assert answer.status_code == 403


def test_password_alone_is_no_session(home):
    ana = Resident("ana")
    login = {"username": ana.username, "password": ana.password}
    answer = Client().post("/_allauth/app/v1/auth/login", login, content_type="application/json")
    ana.headers = {"X-Session-Token": answer.json()["meta"]["session_token"]}
    status, said = ana.ask("GET", "/inbox")
    assert (status, said["error"]["id"]) == (401, "web.session-absent")
    assert code(ana.secret)


@pytest.mark.promise(5)
@pytest.mark.requirement("R14", "R15")
def test_nobody_without_a_session_learns_whether_anything_matched_or_was_shared(home, street, ana, asked):
    """The same bytes before and after: a match, a waiting clip, a share, an alarm."""
    appeal, porch, start = asked
    pages = (
        "/",
        "/healthz",
        "/readyz",
        "/api/v1/inbox",
        "/api/v1/shares",
        "/api/v1/inbox/7",
        "/api/v1/shares/9/receipt",
    )
    seen = []
    for change in ("matched", "waiting", "shared", "alarmed"):
        if change == "waiting":
            ana.wish(appeal, porch, start + 1, start + 3)
        if change == "shared":
            share(home, ana, appeal, porch, start + 1, start + 3)
        if change == "alarmed":
            Alarm.objects.create(kind="x", subject="y", what="w", next="n", first_seen=1, last_seen=1)
        answers = [Client().get(page) for page in pages]
        seen.append([(a.status_code, a.content, sorted(a.headers.items())) for a in answers])
    Notice.objects.all().delete()
    answers = [Client().get(page) for page in pages]
    seen.append([(a.status_code, a.content, sorted(a.headers.items())) for a in answers])
    assert all(other == seen[0] for other in seen[1:])


def test_the_first_page_tells_a_resident_how_things_stand(home, street, ana, asked):
    appeal, porch, start = asked

    def page() -> str:
        return Client().get("/", headers=ana.headers).content.decode()

    assert "Nothing has left this house" in page() and "porch" in page() and "3 days" in page()
    ana.wish(appeal, porch, start + 1, start + 3)
    assert "Nothing has left this house yet" in page() and "One clip is on its way." in page()
    share(home, ana, appeal, porch, start + 1, start + 3)
    assert "One clip is shared until" in page()
    assert well_ordered(page()) and well_ordered(Client().get("/").content.decode())
    street.portal.door.stop()
    home.turn()
    assert "The server does not answer" in page() and "Recording goes on." in page()
    street.portal.door.start()
    spanish = Client().get("/", headers=ana.headers | {"Accept-Language": "es"}).content.decode()
    assert '<html lang="es">' in spanish and "Nothing" not in spanish and "recording" not in spanish.lower()


def test_the_hub_is_ready_once_its_worker_has_tried_to_read(home, db):
    assert Client().get("/readyz").status_code == 503
    assert Client().get("/healthz").status_code == 200
    home.turn()
    assert Client().get("/readyz").status_code == 200
    assert Following.objects.get().size == home.town.size
    home.start()
    assert Client().get("/readyz").status_code == 503
    home.turn()
    assert Client().get("/readyz").status_code == 200


BAD = {
    "a timeline of an unknown camera": ("GET", "/cameras/0/timeline?from=1&to=2", None, 404, "hub.camera-absent"),
    "a timeline without times": ("GET", "/cameras/{camera}/timeline", None, 422, "web.input-refused"),
    "a timeline that ends first": ("GET", "/cameras/{camera}/timeline?from=9&to=2", None, 422, "vault.span-refused"),
    "a timeline of years": ("GET", "/cameras/{camera}/timeline?from=0&to=99999999", None, 422, "vault.span-refused"),
    "a still of what was never recorded": ("GET", "/cameras/{camera}/still?at=9", None, 404, "hub.picture-absent"),
    "a still of a camera that saw nothing": ("GET", "/cameras/{camera}/still", None, 404, "hub.picture-absent"),
    "a film of an hour": ("GET", "/cameras/{camera}/video?from=10&to=3610", None, 422, "hub.watch-length"),
    "a film of nothing": ("GET", "/cameras/{camera}/video?from=10&to=20", None, 404, "vault.footage-missing"),
    "a timeline in words": ("GET", "/cameras/{camera}/timeline?from=a&to=b", None, 422, "web.input-refused"),
    "an appeal in words": ("GET", "/inbox/seven", None, 404, "web.page-absent"),
    "an appeal that is not there": ("GET", "/inbox/99", None, 404, "hub.appeal-absent"),
    "a release without a body": ("POST", "/releases", None, 422, "web.input-refused"),
    "a release that is a list": ("POST", "/releases", [], 422, "web.input-refused"),
    "a release with a negative box": (
        *("POST", "/releases"),
        {"appeal": 1, "camera": "x", "from": 1, "to": 2, "boxes": [{"x": 1}]},
        *(422, "web.input-refused"),
    ),
    "a message without text": ("POST", "/shares/9/messages", {}, 422, "web.input-refused"),
    "a message about nothing": ("POST", "/shares/9/messages", {"text": "x"}, 404, "hub.share-absent"),
    "a language that no page has": ("PUT", "/preferences", {"language": "xx"}, 422, "web.input-refused"),
    "a share in words": ("POST", "/shares/nine/withdraw", {}, 404, "web.page-absent"),
    "a method that is not there": ("DELETE", "/inbox", None, 405, "web.method-refused"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_answered_in_the_house_form(home, ana, what):
    method, path, body, status, name = BAD[what]
    camera = home.camera()
    got, answer = ana.ask(method, path.format(camera=camera.id), body)
    assert (got, answer["error"]["id"]) == (status, name)
    assert answer["error"]["what"] and answer["error"]["next"]


def test_a_body_that_is_no_json_is_refused(home, ana):
    answer = ana.client.post("/api/v1/releases", b"{", content_type="application/json", headers=ana.headers)
    assert answer.json()["error"]["id"] == "web.input-refused"


def test_too_many_questions_are_refused_for_a_while(home, ana, monkeypatch):
    monkeypatch.setattr(permissions.reads, "_limit", Limit(2, 60))
    answers = [ana.ask("GET", "/cameras") for _ in range(3)]
    assert [status for status, _ in answers] == [200, 200, 429]
    assert answers[-1][1]["error"]["id"] == "web.rate-exceeded"


def test_a_resident_sees_which_cameras_listen_and_sound_is_off_unless_somebody_turned_it_on(home, ana):
    home.camera("door", sound=True)
    home.camera("porch")
    assert {camera["name"]: camera["sound"] for camera in ana.ask("GET", "/cameras")[1]} == {
        "door": True,
        "porch": False,
    }
    described = Client().get("/api/v1/openapi.json").json()["components"]["schemas"]["CameraOut"]
    assert described["properties"]["sound"]["type"] == "boolean"


def test_cameras_and_their_timeline_are_shown_with_gaps(home, ana):
    start = home.clock.now() - 600
    camera = home.camera(start_s=start)
    Camera.objects.filter(id=camera.id).update(state="waiting", error_id="recorder.x", error_what="W", error_next="N")
    (shown,) = ana.ask("GET", "/cameras")[1]
    assert (shown["name"], shown["indoor"], shown["trouble"]["id"]) == ("porch", False, "recorder.x")
    assert "rtsp" not in str(shown)
    timeline = ana.ask("GET", f"/cameras/{camera.id}/timeline?from={start - 10}&to={start + 20}")[1]
    (span,) = timeline["spans"]
    assert (span["from_90k"], span["to_90k"]) == (start * 90_000, (start + 6) * 90_000)
    assert [gap["cause"] for gap in timeline["gaps"]] == ["not_recorded", "hub_off"]


@pytest.mark.requirement("S4", "R11")
def test_notices_speak_the_residents_language_in_fixed_words(home, street, ana, asked):
    appeal, *_ = asked
    english = ana.ask("GET", f"/inbox/{appeal}")[1]
    assert english["language"] == "en"
    assert any("You may ignore this, and nobody is told" in sentence for sentence in english["sentences"])
    assert any("come back with a warrant" in sentence for sentence in english["sentences"])
    assert any("Maple Street Police Department" in sentence for sentence in english["sentences"])
    assert "bicycle" in english["in_their_words"] and not any("bicycle" in text for text in english["sentences"])
    assert ana.ask("PUT", "/preferences", {"language": "es"}) == (200, {"language": "es"})
    spanish = ana.ask("GET", f"/inbox/{appeal}")[1]
    assert spanish["language"] == "es" and len(spanish["sentences"]) == len(english["sentences"])
    assert not set(spanish["sentences"]) & set(english["sentences"])
    ana.ask("PUT", "/preferences", {"language": "en"})
    assert ana.ask("GET", "/preferences")[1] == {"language": "en"}


@pytest.mark.parametrize("path", sorted({line.path for line in LINES if line.part == "hub"}))
def test_a_resident_who_follows_a_line_of_the_article_comes_to_a_page(home, ana, path):
    browser = Client(SERVER_NAME="localhost")
    browser.force_login(ana.user)
    assert browser.get(path).status_code == 200
