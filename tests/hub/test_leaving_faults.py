# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a resident is told, and what becomes of the clip, when somebody outside fails or lies while it leaves."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import DatabaseError, connection

from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.client import CustodianClient, PortalClient
from sunporch.docket import custody
from sunporch.docket import entries as e
from sunporch.hub.coverings.actions import Wish
from sunporch.hub.inbox.models import Alarm
from sunporch.hub.release import actions
from sunporch.hub.release.leaving import MOST_ATTEMPTS
from sunporch.hub.release.models import Release
from sunporch.hub.shares.models import Share
from sunporch.tlog.notes import Note
from sunporch.vault import Vault
from sunporch.vault.errors import DISK_FAILED
from tests.hub.home import share
from tests.hub.maple import error


def in_force(street) -> int:
    return len(street.maple.tail.fold.disclosures)


def settle(home, times=6, seconds=20):
    home.turn(times, seconds=seconds)
    return Release.objects.get()


def test_the_portal_is_down_and_the_clip_waits_with_that_name_and_goes_on_after(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.door.stop()
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("uploading", "hub.portal-unreachable")
    shown = ana.ask("GET", f"/releases/{release.id}")[1]["trouble"]
    assert shown["what"] and "goes on by itself" in shown["next"]
    street.portal.door.start()
    release = settle(home)
    assert (release.state, release.trouble_id) == ("shared", "")
    assert in_force(street) == 1


def test_the_custodian_is_down_and_the_clip_waits_with_that_name_and_goes_on_after(home, street, ana, asked):
    appeal, porch, start = asked
    street.custodian.door.stop()
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("uploading", "hub.custodian-unreachable")
    assert street.portal.posts == []
    street.custodian.door.start()
    assert settle(home).state == "shared"
    assert in_force(street) == 1


def test_a_custodian_that_cannot_now_is_asked_again_and_one_that_refuses_is_believed(home, street, ana, asked):
    appeal, porch, start = asked
    street.custodian.before = lambda *_: (503, error("custodian.record-behind"))
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("uploading", "hub.custodian-unreachable")
    street.custodian.before = lambda *_: (422, error("custodian.clip-refused", "The appeal is forbidden."))
    release = settle(home)
    assert (release.state, release.trouble_id) == ("refused", "hub.custodian-refused")
    assert "forbidden" in release.trouble_what
    assert street.portal.posts == []


def test_the_witnesses_are_too_few_and_the_clip_waits_with_that_name_and_goes_on_after(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("posted", "hub.quorum-missing")
    street.portal.quorum = True
    street.portal.drain()
    release = settle(home)
    assert (release.state, release.trouble_id) == ("shared", "")
    assert in_force(street) == 1


@pytest.mark.parametrize("step", ["/uploads/", "/entries"])
def test_a_portal_that_answers_with_its_own_fault_is_a_portal_that_is_away(home, street, ana, asked, step):
    appeal, porch, start = asked
    street.portal.before = lambda _, path: (500, error("web.server-failed")) if step in path else None
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert release.trouble_id == "hub.portal-unreachable"
    street.portal.before = lambda *_: (503, error("portal.quorum-missing")) if step in _[1] else None
    assert settle(home, 1).trouble_id == "hub.quorum-missing"
    street.portal.before = lambda *_: None
    assert settle(home).state == "shared"


def test_a_portal_that_refuses_the_clip_is_quoted(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.before = lambda _, path: (
        (409, error("portal.answers-exceeded", "It is full.")) if "up" in path else None
    )
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("refused", "hub.portal-refused")
    assert "It is full." in release.trouble_what
    assert street.custodian.halves == {}
    assert originals(home) == set()


def originals(home) -> set[str]:
    """What is kept as the original of a clip."""
    return {hold.id for hold in home.vault.holds() if hold.id.startswith("release-")}


def forged_key(receipt):
    return receipt | {"receipt": "A" * 86 + "=="}


def longer_lease(receipt):
    return receipt | {"expires": receipt["expires"] + 86_400}


@pytest.mark.parametrize("forge", [forged_key, longer_lease])
def test_a_custodian_that_forges_its_receipt_gets_nothing_posted_and_raises_an_alarm(home, street, ana, asked, forge):
    appeal, porch, start = asked
    street.custodian.forge = forge
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("refused", "hub.receipt-refused")
    assert street.portal.posts == []
    assert Alarm.objects.filter(kind="hub.receipt-refused").exists()


def test_a_stranger_who_signs_as_the_custodian_is_not_believed(home, street, ana, asked):
    appeal, porch, start = asked

    def by_a_stranger(receipt):
        (c, half), *_ = street.custodian.halves.items()
        stranger = SignerKey.generate("library")
        return receipt | {"receipt": custody.sign(stranger, home.town.origin, c, half["d"], receipt["expires"])}

    street.custodian.forge = by_a_stranger
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert release.trouble_id == "hub.receipt-refused"


FULL = """CREATE TEMP TRIGGER full BEFORE INSERT ON hub_shares_share
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""


def test_a_share_that_a_full_disk_refuses_leaves_the_release_where_it_was_until_it_can_be_written(
    home, street, ana, asked
):
    appeal, porch, start = asked
    with connection.cursor() as database:
        database.execute(FULL)
    with pytest.raises(DatabaseError, match="full"):
        share(home, ana, appeal, porch, start + 1, start + 3)
    assert in_force(street) == 1
    assert (Release.objects.get().state, Share.objects.count()) == ("posted", 0)
    with connection.cursor() as database:
        database.execute("DROP TRIGGER full")
    assert (settle(home).state, Share.objects.count()) == ("shared", 1)
    assert in_force(street) == 1


def test_a_portal_that_loses_the_entry_gets_the_same_one_again_and_it_counts_once(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    share(home, ana, appeal, porch, start + 1, start + 3)
    street.portal.notes.clear()
    street.portal.waiting.clear()
    street.portal.quorum = True
    assert settle(home).state == "shared"
    assert len(set(street.portal.posts)) == 1 and len(street.portal.posts) == 2
    assert in_force(street) == 1


def test_a_portal_that_says_recorded_and_shows_nothing_is_an_alarm(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    lie = {"id": release.disclosure_id, "state": "recorded", "index": 3}
    street.portal.before = lambda _, path: (200, lie) if "/entries/" in path else None
    release = settle(home, 2)
    assert (release.state, release.trouble_id) == ("posted", "hub.record-omitted")
    assert Alarm.objects.filter(kind="hub.record-omitted").exists()
    assert Share.objects.count() == 0


def test_a_portal_that_refuses_the_disclosure_and_records_it_all_the_same_is_found_out(home, street, ana, asked):
    """It holds the signed note: if it lies, the resident sees the share and can withdraw it."""
    appeal, porch, start = asked
    refuse = (422, error("portal.entry-void"))
    street.portal.before = lambda method, path: refuse if (method, path) == ("POST", "/api/v1/entries") else None
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert release.state == "refused"
    street.portal.before = lambda *_: None
    street.portal.post(release.disclosure_note)
    release = settle(home, 1)
    assert release.state == "shared"
    assert [item["id"] for item in ana.ask("GET", "/shares")[1]] == [release.disclosure]


def test_an_entry_that_the_portal_calls_void_is_told_with_its_reason(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    said = {"id": release.disclosure_id, "state": "void", "reason": "The agency has no partnership in force."}
    street.portal.before = lambda _, path: (200, said) if "/entries/" in path else None
    release = settle(home, 1)
    assert (release.state, release.trouble_id) == ("refused", "hub.portal-refused")
    assert "no partnership" in release.trouble_what


def test_a_disclosure_that_lapsed_unrecorded_is_sealed_anew_and_only_the_new_one_counts(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    first = share(home, ana, appeal, porch, start + 1, start + 3)
    home.clock.advance(25 * 3600)
    street.portal.waiting.clear()
    street.portal.notes.clear()
    street.portal.quorum = True
    street.maple.cosign()
    second = settle(home)
    assert second.state == "shared"
    assert second.c != first.c and second.attempts == 2
    assert in_force(street) == 1


def test_a_lapsed_disclosure_is_not_given_up_before_the_record_itself_is_past_it(home, street, ana, asked):
    """Only co-signed time counts: a hub whose clock runs ahead must not sign a second one that could count too."""
    appeal, porch, start = asked
    street.portal.quorum = False
    first = share(home, ana, appeal, porch, start + 1, start + 3)
    home.clock.advance(25 * 3600)  # no checkpoint has this time
    release = settle(home, 3)
    assert (release.c, release.attempts, release.state) == (first.c, 1, "posted")


def test_a_disclosure_that_the_record_shows_as_void_is_sealed_anew(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    first = share(home, ana, appeal, porch, start + 1, start + 3)
    street.portal.waiting.clear()
    late = home.clock.now() - 3600  # a log that dates it wrongly makes it void
    street.maple.append(Note.parse(first.disclosure_note.encode()), late)
    street.maple.cosign()
    street.portal.quorum = True
    second = settle(home)
    assert (second.state, second.attempts) == ("shared", 2)
    assert in_force(street) == 1


def test_a_clip_that_never_comes_on_the_record_is_given_up_after_some_attempts(home, street, ana, asked):
    _appeal, _porch, _start = asked
    release = share_held(home, street, ana, asked)
    Release.objects.filter(id=release.id).update(attempts=MOST_ATTEMPTS)
    home.clock.advance(25 * 3600)
    street.maple.cosign()
    release = settle(home, 2)
    assert (release.state, release.trouble_id) == ("refused", "hub.attempts-spent")


def share_held(home, street, ana, asked):
    appeal, porch, start = asked
    street.portal.quorum = False
    return share(home, ana, appeal, porch, start + 1, start + 3)


def test_a_town_without_a_custodian_gets_no_clip(home, street, ana, asked):
    appeal, porch, start = asked
    street.maple.good(e.KeyEnd, "bell", key=street.maple.at["library"], reason="closed")
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("refused", "hub.custodian-absent")


def test_an_appeal_whose_devices_are_gone_gets_no_clip(home, street, ana, asked):
    appeal, porch, start = asked
    street.maple.good(e.KeyEnd, "registrar", key=street.maple.at["kim"], reason="left the force")
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    assert (release.state, release.trouble_id) == ("refused", "hub.recipients-absent")
    assert street.portal.uploads == {}


def test_a_hub_that_never_read_the_record_lets_nothing_leave(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    for file in home.hub.mirror_folder.rglob("*"):
        if file.is_file():
            file.unlink()
    street.portal.door.stop()
    home.start()
    home.leaving.step()
    release = Release.objects.get()
    assert (release.state, release.trouble_id) == ("sealing", "hub.record-unread")


def test_footage_that_cannot_be_opened_is_told_by_the_vaults_own_name(home, street, ana, asked):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    home.vault.erase(porch.id, start, start + 6, even_held=True)
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    home.turn()
    release = Release.objects.get()
    assert (release.state, release.trouble_id) == ("refused", "vault.footage-missing")


def test_a_clip_that_waited_for_days_is_sealed_anew_with_the_end_that_the_rules_give(home, street, ana, asked):
    appeal, porch, start = asked
    street.custodian.door.stop()
    first = share(home, ana, appeal, porch, start + 1, start + 3)
    home.clock.advance(40 * 3600)
    street.maple.cosign()
    street.custodian.door.start()
    second = settle(home)
    assert (second.state, second.attempts) == ("shared", 2)
    assert second.expires > first.expires


def test_the_longer_it_fails_the_rarer_it_is_tried(home, street, ana, asked):
    appeal, porch, start = asked
    street.custodian.door.stop()
    release = share(home, ana, appeal, porch, start + 1, start + 3)
    waits = []
    for _ in range(12):
        before = Release.objects.get().tries
        home.leaving.step()
        release = Release.objects.get()
        if release.tries > before:
            waits.append(release.retry_at - home.clock.now())
        home.clock.advance(max(1, release.retry_at - home.clock.now()))
    assert waits == sorted(waits) and waits[-1] == 300


class Killed(BaseException):
    """Stands for kill -9 in this process: nothing of the worker's memory is used after it."""


def kill_at(monkeypatch, target, name, *, after):
    real = getattr(target, name)

    def dying(*arguments, **more):
        with suppress(Error):
            if after:
                real(*arguments, **more)
        raise Killed

    monkeypatch.setattr(target, name, dying)


def choose(home, ana, asked):
    appeal, porch, start = asked
    wish = Wish(appeal, porch.id, start + 1, start + 3, [], sound=False)
    return actions.choose(home.hub, home.vault, ana.user, wish, home.clock.now())


BOTH = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])


@BOTH
@pytest.mark.parametrize(("target", "step"), [(Release, "save"), (Vault, "hold")], ids=["row", "hold"])
def test_a_site_that_dies_while_a_clip_is_chosen_keeps_what_is_to_leave_and_nothing_else(
    home, ana, asked, target, step, after
):
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, target, step, after=after)
        with pytest.raises(Killed):
            choose(home, ana, asked)
    home.leaving.step()
    assert originals(home) == {actions.hold_of(release.id) for release in Release.objects.all()}
    assert Release.objects.count() == (step == "hold")


@BOTH
def test_a_site_that_dies_while_a_clip_is_taken_back_keeps_nothing_of_it(home, ana, asked, after):
    release = choose(home, ana, asked)
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, Vault, "end_hold", after=after)
        with pytest.raises(Killed):
            actions.undo(home.vault, release.id, home.clock.now())
    home.leaving.step()
    assert originals(home) == set()


def test_a_clip_whose_original_the_archive_cannot_keep_does_not_leave(home, street, ana, asked, monkeypatch):
    def failed(*_):
        raise DISK_FAILED(where="the archive", reason="in a test")

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "hold", failed)
        with pytest.raises(Error) as caught:
            choose(home, ana, asked)
    assert caught.value.id == "vault.disk-failed"
    home.turn(3, seconds=4000)
    assert Release.objects.get().state == "undone" and street.portal.uploads == {}


STEPS = ["upload_header", "upload_sealed", "put_half", "post_entry", "entry"]


@pytest.mark.promise(7)
@BOTH
@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_dies_at_any_step_shares_exactly_once_after_its_return(home, street, ana, asked, step, after):
    appeal, porch, start = asked
    _, made = ana.wish(appeal, porch, start + 1, start + 3)
    ana.ask("POST", f"/releases/{made['id']}/send-now")
    with pytest.MonkeyPatch.context() as patch:
        kill_at(patch, CustodianClient if step == "put_half" else PortalClient, step, after=after)
        with pytest.raises(Killed):
            home.turn(2, seconds=6)
    home.start()
    release = settle(home)
    assert release.state == "shared"
    assert in_force(street) == 1 and Share.objects.count() == 1
    _, media = street.opened(release.c)
    assert media
