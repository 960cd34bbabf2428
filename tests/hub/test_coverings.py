# SPDX-License-Identifier: AGPL-3.0-or-later
"""Drafts: the people in some seconds are found and covered, and a resident says who may be seen."""

from __future__ import annotations

import io

import av
import pytest

from sunporch.docket.entries import Disclosure
from sunporch.docket.entries import Review as ReviewEntry
from sunporch.hub import permissions
from sunporch.hub.coverings import actions, finding
from sunporch.hub.coverings.finding import MOST_ATTEMPTS, Finding
from sunporch.hub.coverings.models import Covering
from sunporch.hub.release.models import Release
from sunporch.redact.detect import YuNet
from sunporch.vault import TICKS
from sunporch.web.limits import Limit
from tests.hub.footage import FPS, STANDER, WALKER, people_video
from tests.hub.home import Resident


@pytest.fixture(scope="module")
def yunet():
    return YuNet()


@pytest.fixture
def asked(home, street):
    """Ana's porch saw two people an hour ago; Diaz asks for twenty minutes around them."""
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start, video=people_video)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    return appeal, porch, start


def begun(ana: Resident, asked, **more) -> dict:
    appeal, porch, start = asked
    body = {"appeal": appeal, "camera": porch.id, "from": start, "to": start + 5} | more
    status, draft = ana.ask("POST", "/coverings", body)
    assert status == 201, draft
    return draft


def looked(home, ana: Resident, asked, **more) -> dict:
    draft = begun(ana, asked, **more)
    home.finding.step()
    status, draft = ana.ask("GET", f"/coverings/{draft['id']}")
    assert (status, draft["state"]) == (200, "ready"), draft
    return draft


def faces(yunet: YuNet, media: bytes) -> list[list[int]]:
    """Return where faces are in each frame: the middles' x, in order."""
    with av.open(io.BytesIO(media)) as container:
        frames = list(container.decode(video=0))
    return [sorted(round(one.x + one.width / 2) for one in yunet.detect(frame)) for frame in frames]


def track_of(draft: dict, x: float) -> int:
    """Return the number of whom is largest about there."""
    return min(draft["tracks"], key=lambda one: abs(one["box"]["x"] + one["box"]["width"] / 2 - x))["track"]


def leave(home, ana: Resident, release: dict) -> Release:
    assert ana.ask("POST", f"/releases/{release['id']}/send-now")[0] == 200
    home.turn(2, seconds=6)
    return Release.objects.get(id=release["id"])


@pytest.mark.promise(10)
@pytest.mark.requirement("R21", "S5")
def test_ana_leaves_the_one_who_matches_visible_and_nobody_else_is_seen_by_anyone(home, street, ana, asked, yunet):
    draft = looked(home, ana, asked)
    assert len(draft["tracks"]) == 2 and all(one["covered"] for one in draft["tracks"])
    assert (draft["width"], draft["height"], draft["done_s"], draft["total_s"]) == (320, 180, 5, 5)
    match = track_of(draft, 250)
    path = f"/coverings/{draft['id']}"
    status, chosen = ana.ask("PUT", f"{path}/choices", {"uncovered": [{"track": match, "matches": True}]})
    assert status == 200 and {one["track"]: one["covered"] for one in chosen["tracks"]}[match] is False
    status, preview = ana.ask("GET", f"{path}/preview")
    assert status == 200
    seen = faces(yunet, preview)
    assert len(seen) == 5 * FPS
    assert all(len(there) == 1 and abs(there[0] - 250) < 10 for there in seen), seen
    status, made = ana.ask("POST", "/releases", {"covering": draft["id"]})
    assert (status, made["covering"]) == (201, draft["id"])
    release = leave(home, ana, made)
    index, media = street.opened(release.c)
    assert media == preview
    assert (index.visible, index.redacted) == (1, 1)
    with street.maple.lock:
        [record] = [one for one in street.maple.tail.fold.records if isinstance(one.entry, Disclosure)]
    assert (record.entry.visible, record.entry.redacted) == (1, 1)
    assert "yunet-2023mar" in index.report


@pytest.mark.promise(10)
@pytest.mark.requirement("R21")
def test_whoever_shares_without_looking_shares_no_face(home, street, ana, asked, yunet):
    appeal, porch, start = asked
    status, made = ana.wish(appeal, porch, start, start + 5)
    assert status == 201
    index, media = street.opened(leave(home, ana, made).c)
    assert [there for there in faces(yunet, media) if there] == []
    assert (index.visible, index.redacted) == (0, 1)


def test_nothing_leaves_as_long_as_nobody_has_looked_for_people(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start, start + 5)
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    for _ in range(3):
        home.reading.once()
        home.leaving.step()
    assert Release.objects.get().state == "sealing" and street.portal.uploads == {}
    status, said = ana.ask("GET", f"/releases/{made['id']}/preview")
    assert (status, said["error"]["id"]) == (409, "hub.covering-unready")
    home.turn(2, seconds=6)
    assert Release.objects.get().state == "shared"


def test_each_person_is_shown_to_ana_alone_and_no_picture_is_kept(home, ana, asked, yunet):
    draft = looked(home, ana, asked)
    before = {
        path: path.stat().st_size for path in home.folder.rglob("*") if path.suffix not in {".jsonl", ".sqlite3"}
    }
    for walker in (WALKER, STANDER):
        track = track_of(draft, 250) if walker is STANDER else 3 - track_of(draft, 250)
        answer = ana.client.get(f"/api/v1/coverings/{draft['id']}/tracks/{track}/picture", headers=ana.headers)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
        assert answer["Cache-Control"] == "private, no-store"
        assert answer.content[:2] == b"\xff\xd8" and b"Lavc" not in answer.content
        with av.open(io.BytesIO(answer.content)) as container:
            [frame] = container.decode(video=0)
        [one] = yunet.detect(frame.reformat(format="yuv420p"))
        assert abs(one.x + one.width / 2 - frame.width / 2) < frame.width / 4
    after = {
        path: path.stat().st_size for path in home.folder.rglob("*") if path.suffix not in {".jsonl", ".sqlite3"}
    }
    assert after == before
    status, said = ana.ask("GET", f"/coverings/{draft['id']}/tracks/99/picture")
    assert (status, said["error"]["id"]) == (404, "hub.track-absent")


def test_only_somebody_who_matches_the_appeal_can_be_left_visible(home, ana, asked):
    draft = looked(home, ana, asked)
    path = f"/coverings/{draft['id']}"
    for uncovered, status, name in (
        ([{"track": 1, "matches": False}], 422, "hub.uncovering-refused"),
        ([{"track": 1, "matches": True}, {"track": 2, "matches": False}], 422, "hub.uncovering-refused"),
        ([{"track": 7, "matches": True}], 404, "hub.track-absent"),
        ([{"track": 1}], 422, "web.input-refused"),
    ):
        got, said = ana.ask("PUT", f"{path}/choices", {"uncovered": uncovered})
        assert (got, said["error"]["id"]) == (status, name)
    assert all(one["covered"] for one in ana.ask("GET", path)[1]["tracks"])


def test_choices_replace_those_before_and_boxes_are_covered_besides(home, ana, asked, yunet):
    draft = looked(home, ana, asked)
    path = f"/coverings/{draft['id']}"
    both = [{"track": one["track"], "matches": True} for one in draft["tracks"]]
    box = {"x": 220, "y": 70, "width": 70, "height": 90, "from": 0, "to": 2.5}
    _, chosen = ana.ask("PUT", f"{path}/choices", {"uncovered": both, "boxes": [box]})
    assert chosen["boxes"] == [box]
    seen = faces(yunet, ana.ask("GET", f"{path}/preview")[1])
    assert [any(abs(x - 250) < 10 for x in there) for there in seen] == [False] * 25 + [True] * 25
    _, chosen = ana.ask("PUT", f"{path}/choices", {})
    assert chosen["boxes"] == [] and all(one["covered"] for one in chosen["tracks"])
    assert [there for there in faces(yunet, ana.ask("GET", f"{path}/preview")[1]) if there] == []


def test_a_draft_that_was_shared_cannot_be_changed_erased_or_shared_again(home, ana, asked):
    draft = looked(home, ana, asked)
    path = f"/coverings/{draft['id']}"
    assert ana.ask("POST", "/releases", {"covering": draft["id"]})[0] == 201
    for method, where, body in (
        ("PUT", f"{path}/choices", {"uncovered": [{"track": 1, "matches": True}]}),
        ("DELETE", path, None),
        ("POST", "/releases", {"covering": draft["id"]}),
    ):
        status, said = ana.ask(method, where, body)
        assert (status, said["error"]["id"]) == (409, "hub.covering-released")
    assert Release.objects.count() == 1
    assert len([hold for hold in home.vault.holds() if hold.id.startswith("release-")]) == 1


def test_a_draft_is_not_shared_once_its_appeal_is_over(home, street, ana, asked):
    draft = looked(home, ana, asked)
    street.maple.good(ReviewEntry, "okafor", action="suspended", target=asked[0], draft="", reason="too-wide")
    home.turn()
    status, said = ana.ask("POST", "/releases", {"covering": draft["id"]})
    assert (status, said["error"]["id"]) == (409, "hub.appeal-ended")
    assert Release.objects.count() == 0


def test_an_unfinished_draft_takes_no_choices_and_has_no_preview(home, ana, asked):
    draft = begun(ana, asked)
    assert (draft["state"], draft["tracks"], draft["done_s"]) == ("finding", [], 0)
    for method, what in (("PUT", "choices"), ("GET", "preview")):
        status, said = ana.ask(method, f"/coverings/{draft['id']}/{what}", {} if method == "PUT" else None)
        assert (status, said["error"]["id"]) == (409, "hub.covering-unready")


def test_a_draft_is_erased_when_ana_says_so_and_by_itself_after_a_day(home, ana, asked):
    first, second = looked(home, ana, asked), looked(home, ana, asked)
    assert ana.ask("DELETE", f"/coverings/{first['id']}") == (200, {"erased": first["id"]})
    status, said = ana.ask("GET", f"/coverings/{first['id']}")
    assert (status, said["error"]["id"]) == (404, "hub.covering-absent")
    home.clock.advance(actions.DRAFT_SECONDS)
    home.finding.step()
    assert ana.ask("GET", f"/coverings/{second['id']}")[0] == 200
    home.clock.advance(1)
    home.finding.step()
    assert Covering.objects.count() == 0


def test_what_was_shared_keeps_its_covering_when_drafts_are_erased(home, ana, asked):
    draft = looked(home, ana, asked)
    ana.ask("POST", "/releases", {"covering": draft["id"]})
    home.clock.advance(actions.DRAFT_SECONDS + 1)
    home.finding.step()
    assert Covering.objects.get().id == draft["id"]


def test_only_so_many_drafts_wait_at_once_and_shared_ones_do_not_count(home, ana, asked, monkeypatch):
    monkeypatch.setattr(actions, "MOST_DRAFTS", 2)
    first, _ = begun(ana, asked), begun(ana, asked)
    appeal, porch, start = asked
    body = {"appeal": appeal, "camera": porch.id, "from": start, "to": start + 5}
    status, said = ana.ask("POST", "/coverings", body)
    assert (status, said["error"]["id"]) == (409, "hub.coverings-full")
    ana.ask("POST", "/releases", {"covering": first["id"]})
    assert ana.ask("POST", "/coverings", body)[0] == 201


def test_ana_sees_how_far_the_search_came(home, ana, asked, monkeypatch):
    monkeypatch.setattr(finding, "TOLD_SECONDS", 0)
    draft, told = begun(ana, asked), []

    def looking() -> bool:
        told.append(ana.ask("GET", f"/coverings/{draft['id']}")[1]["done_s"])
        return False

    Finding(home.clock, home.vault, looking).step()
    assert told == sorted(told) and len(set(told)) > 40 and told[-1] > 4.5


def test_a_search_ends_when_its_draft_is_erased_and_others_go_on(home, ana, asked, monkeypatch):
    monkeypatch.setattr(finding, "TOLD_SECONDS", 0)
    first, second, asks = begun(ana, asked), begun(ana, asked), []

    def erased() -> bool:
        asks.append(1)
        if len(asks) == 10:
            ana.ask("DELETE", f"/coverings/{first['id']}")
        return False

    Finding(home.clock, home.vault, erased).step()
    assert Covering.objects.get().id == second["id"] and Covering.objects.get().state == "ready"
    assert len(asks) < 70  # the first search went no further


def test_a_worker_that_is_stopped_in_the_middle_looks_again_after_it_starts(home, ana, asked):
    draft, asks = begun(ana, asked), []

    def stopped() -> bool:
        asks.append(1)
        return len(asks) > 20

    for _ in range(MOST_ATTEMPTS + 1):  # however often: being told to stop is nobody's fault
        asks.clear()
        Finding(home.clock, home.vault, stopped).step()
        assert Covering.objects.get().state == "finding"
    home.finding.step()
    assert ana.ask("GET", f"/coverings/{draft['id']}")[1]["state"] == "ready"


def test_a_draft_that_ends_its_worker_again_and_again_is_given_up_and_its_clip_refused(home, street, ana, asked):
    class Killed(BaseException):
        pass

    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start, start + 5)
    ana.ask("POST", f"/releases/{made['id']}/send-now")

    def killed() -> bool:
        if Covering.objects.get().attempts:
            raise Killed
        return False

    for _ in range(MOST_ATTEMPTS):
        Covering.objects.update(done_90k=0)
        with pytest.raises(Killed):
            Finding(home.clock, home.vault, _after_one(killed)).step()
    home.turn(2)
    row = ana.ask("GET", f"/coverings/{made['covering']}")[1]
    assert (row["state"], row["trouble"]["id"]) == ("failed", "hub.searches-spent")
    release = ana.ask("GET", f"/releases/{made['id']}")[1]
    assert (release["state"], release["trouble"]["id"]) == ("refused", "hub.searches-spent")
    assert street.portal.uploads == {}


def _after_one(act):
    """Return `act`, but say no the first time: what is asked before the search begins."""
    asks = []

    def later() -> bool:
        asks.append(1)
        return act() if len(asks) > 1 else False

    return later


def test_footage_that_cannot_be_read_is_named_and_the_draft_cannot_be_shared(home, ana, asked):
    draft = begun(ana, asked)
    for path in home.hub.vault_folder.rglob("*"):
        if path.is_file() and "segments" in path.parts:
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
    home.finding.step()
    failed = ana.ask("GET", f"/coverings/{draft['id']}")[1]
    assert failed["state"] == "failed" and failed["trouble"]["id"].startswith("vault.")
    assert failed["trouble"]["what"] and failed["trouble"]["next"]
    for method, path, body in (
        ("POST", "/releases", {"covering": draft["id"]}),
        ("GET", f"/coverings/{draft['id']}/preview", None),
    ):
        status, said = ana.ask(method, path, body)
        assert (status, said["error"]["id"]) == (409, "hub.covering-failed")


def test_seconds_that_are_still_being_recorded_are_looked_at_once_they_are_whole(home, ana, asked):
    appeal, porch, start = asked
    writer = home.vault.begin_segment(porch.id, "main", "0123456789abcdef", (start + 100) * TICKS, b"init")
    writer.append_gop(b"no pictures", 0, 2 * TICKS)
    draft = begun(ana, (appeal, porch, start + 100), to=start + 102)
    for _ in range(MOST_ATTEMPTS + 1):
        home.finding.step()
        assert ana.ask("GET", f"/coverings/{draft['id']}")[1]["state"] == "finding"
    writer.close()
    home.finding.step()
    looked_at = ana.ask("GET", f"/coverings/{draft['id']}")[1]
    assert (looked_at["state"], looked_at["trouble"]["id"]) == ("failed", "redact.source-unreadable")


def test_an_unknown_draft_is_absent(home, ana):
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("PUT", "/choices"),
        ("GET", "/preview"),
        ("GET", "/tracks/1/picture"),
    ):
        status, said = ana.ask(method, f"/coverings/{'0' * 32}{path}", {} if method == "PUT" else None)
        assert (status, said["error"]["id"]) == (404, "hub.covering-absent")
    status, said = ana.ask("POST", "/releases", {"covering": "0" * 32})
    assert (status, said["error"]["id"]) == (404, "hub.covering-absent")


def test_pictures_have_a_limit_of_their_own(home, ana, asked, monkeypatch):
    draft = looked(home, ana, asked)
    monkeypatch.setattr(permissions.pictures, "_limit", Limit(1, 60))
    answers = [ana.ask("GET", f"/coverings/{draft['id']}/tracks/1/picture")[0] for _ in range(2)]
    assert answers == [200, 429]


def test_any_adult_of_the_home_goes_on_with_a_draft_and_it_names_who_began_it(home, ana, asked):
    draft = looked(home, ana, asked)
    ben = Resident("ben").sign_in()
    assert ben.ask("GET", f"/coverings/{draft['id']}")[1]["made_by"] == "ana"
    assert ben.ask("POST", "/releases", {"covering": draft["id"]})[1]["released_by"] == "ben"
