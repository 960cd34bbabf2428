# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clip on its way out: what is checked, what waits, what leaves, and what the resident is told."""

from __future__ import annotations

import pytest

from sunporch.base.strictjson import dumps, loads
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.hub.release import actions
from sunporch.hub.release.models import Release
from sunporch.hub.release.states import ENDED, OWNERS, RETURNABLE, TRANSITIONS, Event, State
from sunporch.hub.shares.models import Share
from sunporch.vault import check_proof
from tests.hub.footage import FPS, PERSON, decoded, shows_the_person
from tests.hub.home import Resident, share
from tests.hub.maple import FAR


@pytest.mark.requirement("R17", "R19", "R21", "S5")
def test_ana_shares_exact_seconds_and_diaz_sees_those_and_nobody_who_was_covered(home, street, ana, asked):
    appeal, porch, start = asked
    status, made = ana.wish(appeal, porch, start + 2, start + 5, boxes=[PERSON])
    assert (status, made["state"]) == (201, "waiting")
    home.turn()
    assert street.portal.uploads == {}
    status, _ = ana.ask("POST", f"/releases/{made['id']}/send-now")
    assert status == 200
    home.turn(3, seconds=5)
    release = ana.ask("GET", f"/releases/{made['id']}")[1]
    assert release["state"] == "shared", release
    row = Release.objects.get()
    index, media = street.opened(row.c)
    frames = decoded(media)
    assert [number for number, _ in frames] == list(range(2 * FPS, 5 * FPS))
    assert not any(shows_the_person(image) for _, image in frames)
    assert index.media_sha256 == release["released_sha256"]
    assert (index.redacted, index.reencoded, index.sound) == (1, 1, 0)
    assert Share.objects.get().disclosure == release["disclosure"]
    assert release["sealed_bytes"] == len(street.portal.uploads[row.c, "sealed"])


def test_a_box_covers_only_while_it_was_drawn_for(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 4, boxes=[PERSON | {"from": 1, "to": 2}])
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    home.turn(2, seconds=5)
    _, media = street.opened(Release.objects.get().c)
    shown = [shows_the_person(image) for _, image in decoded(media)]
    assert shown == [True] * FPS + [False] * FPS + [True] * FPS


@pytest.mark.promise(11)
@pytest.mark.requirement("R20")
def test_what_was_recorded_is_what_is_released_and_its_chain_proves_it(home, street, ana, asked):
    appeal, porch, start = asked
    share(home, ana, appeal, porch, start + 1, start + 3)
    index, _ = street.opened(Release.objects.get().c)
    footage = home.vault.footage(porch.id, start + 1, start + 3)
    assert (index.start_ms, index.end_ms) == ((start + 1) * 1000, (start + 3) * 1000)
    # The clip commits to what proves it; Ana hands that over, if she wants.
    status, handed = ana.ask("GET", f"/shares/{Share.objects.get().disclosure}/proof")
    assert status == 200
    original = loads(Blob.parse(dumps(handed), index.original).text)
    assert original["sha256"] == footage.sha256
    assert original["camera_clock_ms"] == [], "a file that was taken in has no camera that tells its clock"
    proven = check_proof(original["chain"], home.vault.public_key, footage.original_chunks())
    assert proven <= home.clock.now()


def test_a_clip_waits_the_undo_time_and_a_random_while_and_nothing_leaves_meanwhile(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    assert 600 <= made["due_at"] - home.clock.now() <= 1800
    asked_before = len([item for item in street.portal.asked if "/log/" not in item])
    while home.clock.now() < made["due_at"] - 1:
        home.turn(seconds=min(300, made["due_at"] - 1 - home.clock.now()))
    assert len([item for item in street.portal.asked if "/log/" not in item]) == asked_before
    assert street.custodian.halves == {}
    home.turn(3, seconds=6)
    assert ana.ask("GET", f"/releases/{made['id']}")[1]["state"] == "shared"


def test_the_wait_differs_from_clip_to_clip(home, ana, asked):
    appeal, porch, start = asked
    waits = {ana.wish(appeal, porch, start + 1, start + 3)[1]["due_at"] for _ in range(8)}
    assert len(waits) > 1


@pytest.mark.requirement("R17")
def test_ana_takes_a_waiting_clip_back_and_nothing_has_left_the_house(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    assert [hold for hold in home.vault.holds() if hold.id == f"release-{made['id']}"]
    status, undone = ana.ask("DELETE", f"/releases/{made['id']}")
    assert (status, undone["state"], undone["can_be_taken_back"]) == (200, "undone", False)
    home.turn(3, seconds=4000)
    assert street.portal.uploads == {} and street.custodian.halves == {} and street.portal.posts == []
    assert not [hold for hold in home.vault.holds() if hold.id.startswith("release-")]


def test_a_shared_clip_cannot_be_undone_and_the_answer_says_what_to_do(home, ana, asked):
    appeal, porch, start = asked
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    status, answer = ana.ask("DELETE", f"/releases/{release.id}")
    assert (status, answer["error"]["id"]) == (409, "hub.release-left")
    status, answer = ana.ask("POST", f"/releases/{release.id}/send-now")
    assert (status, answer["error"]["id"]) == (409, "hub.release-moving")


def test_undo_and_the_worker_cannot_both_win(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    home.finding.step()
    pack = home.leaving._town.locked

    def undone_meanwhile():
        actions.undo(home.vault, made["id"], home.clock.now())
        return pack()

    home.leaving._town.locked = undone_meanwhile
    home.leaving.step()
    assert Release.objects.get().state == "undone"
    assert street.portal.uploads == {}


REFUSALS = {
    "an appeal that does not concern this home": ({"appeal": 3}, 404, "hub.appeal-absent"),
    "a camera that is not there": ({"camera": "00" * 8}, 404, "hub.camera-absent"),
    "a beginning before the window": ({"from": -601}, 422, "hub.window-outside"),
    "an end after the window": ({"from": 599, "to": 601}, 422, "hub.window-outside"),
    "no seconds at all": ({"from": 2, "to": 2}, 422, "hub.clip-length"),
    "more than fifteen minutes": ({"from": -450, "to": 451}, 422, "hub.clip-length"),
    "seconds that nobody recorded": ({"from": 60, "to": 90}, 404, "vault.footage-missing"),
    "a box without area": ({"boxes": [PERSON | {"width": 0}]}, 422, "hub.box-refused"),
    "a box after the end": ({"boxes": [PERSON | {"from": 1, "to": 3}]}, 422, "hub.box-refused"),
    "too many boxes": ({"boxes": [PERSON] * 101}, 422, "web.input-refused"),
    "a beginning that is no number": ({"from": float("nan")}, 422, "web.input-refused"),
    "an end without end": ({"to": float("inf")}, 422, "web.input-refused"),
    "a box at no time": ({"boxes": [PERSON | {"from": float("nan")}]}, 422, "hub.box-refused"),
    "words for seconds": ({"from": "soon"}, 422, "web.input-refused"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_wish_is_refused_with_a_sentence_that_says_why(home, ana, asked, what):
    appeal, porch, start = asked
    changes, status, name = REFUSALS[what]
    body = {"appeal": appeal, "camera": porch.id, "from": 1, "to": 3} | changes
    body |= {key: body[key] + start for key in ("from", "to") if not isinstance(body[key], str)}
    got, answer = ana.ask("POST", "/releases", body)
    assert (got, answer["error"]["id"]) == (status, name)
    assert answer["error"]["what"] and answer["error"]["next"]
    assert Release.objects.count() == 0 and not [h for h in home.vault.holds() if h.id.startswith("release-")]


@pytest.mark.requirement("R17")
def test_an_indoor_camera_is_never_shared_and_never_matched(home, street, ana, asked):
    appeal, _, start = asked
    kitchen = home.camera("kitchen", indoor=True, start_s=start)
    home.turn()
    assert kitchen.id not in {here["camera"] for here in ana.ask("GET", f"/inbox/{appeal}")[1]["here"]}
    status, answer = ana.wish(appeal, kitchen, start + 1, start + 3)
    assert (status, answer["error"]["id"]) == (403, "hub.camera-indoor")


def test_an_indoor_camera_stays_unshared_even_if_its_row_was_changed_after_the_choice(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    porch.indoor = True
    porch.save()
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    home.turn()
    release = ana.ask("GET", f"/releases/{made['id']}")[1]
    assert (release["state"], release["trouble"]["id"]) == ("refused", "hub.camera-indoor")
    assert street.portal.uploads == {}


def test_a_closed_appeal_takes_no_clip_and_a_waiting_clip_does_not_leave_for_it(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    street.maple.good(e.Review, "okafor", action="suspended", target=appeal, draft="", reason="too-wide")
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    home.turn()
    release = ana.ask("GET", f"/releases/{made['id']}")[1]
    assert (release["state"], release["trouble"]["id"]) == ("refused", "hub.appeal-ended")
    status, answer = ana.wish(appeal, porch, start + 1, start + 3)
    assert (status, answer["error"]["id"]) == (409, "hub.appeal-ended")
    assert street.portal.uploads == {}


def test_only_so_many_clips_wait_at_once(home, ana, asked):
    appeal, porch, start = asked
    answers = [ana.wish(appeal, porch, start + 1, start + 3) for _ in range(actions.MOST_UNDERWAY + 1)]
    assert [status for status, _ in answers[:-1]] == [201] * actions.MOST_UNDERWAY
    assert (answers[-1][0], answers[-1][1]["error"]["id"]) == (409, "hub.releases-full")


@pytest.mark.requirement("R17", "R21")
def test_what_ana_saw_covered_is_byte_for_byte_what_diaz_opens_and_fractions_of_a_second_count(
    home, street, ana, asked
):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1.25, start + 2.75, boxes=[PERSON])
    home.finding.step()
    status, preview = ana.ask("GET", f"/releases/{made['id']}/preview")
    assert status == 200 and street.portal.uploads == {}
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    home.turn(2, seconds=5)
    _, media = street.opened(Release.objects.get().c)
    assert media == preview
    assert [number for number, _ in decoded(media)] == list(range(13, 28))


def test_an_unknown_release_is_absent(ana, home):
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/send-now"), ("GET", "/preview")):
        status, answer = ana.ask(method, f"/releases/{'0' * 32}{path}")
        assert (status, answer["error"]["id"]) == (404, "hub.release-absent")


def test_the_original_is_held_at_home_against_retention_until_a_year_after_the_outcome(home, street, ana, asked):
    appeal, porch, start = asked
    share(home, ana, appeal, porch, start + 1, start + 3)
    home.clock.advance(40 * 86_400)
    kept = home.vault.enforce_retention(1, 1)
    assert kept.erased == 0
    assert home.vault.footage(porch.id, start + 1, start + 3).parts


def test_every_adult_of_the_home_may_share_and_take_back_and_the_release_names_who(home, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    ben = Resident("ben").sign_in()
    assert ben.ask("GET", f"/releases/{made['id']}")[1]["released_by"] == "ana"
    assert ben.ask("DELETE", f"/releases/{made['id']}")[0] == 200


def test_a_home_far_away_has_nothing_to_share_for_the_appeal(home, street, ana):
    start = home.clock.now() - 3600
    home.camera(place=FAR, start_s=start)
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    assert ana.ask("GET", "/inbox")[1] == []
    status, answer = ana.ask("GET", f"/inbox/{appeal}")
    assert (status, answer["error"]["id"]) == (404, "hub.appeal-absent")


def test_every_state_has_an_owner_and_every_state_can_be_reached_and_left():
    assert set(OWNERS) == set(State)
    reached = {State.WAITING} | set(TRANSITIONS.values())
    assert reached == set(State)
    left = {state for state, _ in TRANSITIONS}
    assert {state for state in State if state not in ENDED} <= left
    assert {event for _, event in TRANSITIONS} == set(Event)
    assert {State.WAITING, State.SEALING} == RETURNABLE


def test_a_move_that_is_not_in_the_table_is_a_fault_of_ours(home, ana, asked):
    appeal, porch, start = asked
    ana.wish(appeal, porch, start + 1, start + 3)
    with pytest.raises(ValueError, match="has no place"):
        actions.move(Release.objects.get(), State.WAITING, Event.RECORDED, 0)
