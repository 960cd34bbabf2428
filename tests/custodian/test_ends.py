# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import shutil

import pytest

from sunporch.custodian import ends, outbox
from sunporch.custodian import keeper as module
from sunporch.docket import entries as e
from sunporch.docket.lifecycle import ClipPhase
from sunporch.verify import procedure
from sunporch.verify.report import Level
from tests.client.test_server import failing
from tests.custodian.office import MEDIA, fold_of, freeze, refusal
from tests.verify.town import DAY, ORIGIN, LogTown, one_time, person

# Promise 2: the end -------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R23")
@pytest.mark.promise(2)
def test_at_its_end_a_half_is_destroyed_the_record_says_so_and_nothing_opens(office):
    clip = office.share()
    office.ask(office.sign_opening(clip))
    office.wait(days=70)
    opening = office.sign_opening(clip, "kim")  # void: the record knows that it ended
    with failing("custodian.access-void"):
        office.ask(opening)
    office.tick()
    office.tick()
    assert office.keeper.status()["halves"] == 0
    assert fold_of(office).disclosures[clip.share].phase(office.town.now) is ClipPhase.DESTROYED
    report = procedure.run(office.town.fetch, office.town.pin, office.town.now)
    assert not [f for r in report.steps.values() for f in r.findings if f.level is Level.ALARM]
    assert office.keeper.status()["waiting"] == 0


@pytest.mark.promise(2)
def test_an_opening_recorded_before_the_end_opens_nothing_after_it(office):
    clip = office.share()
    office.wait(seconds=clip.kept.expires - office.town.now - 60)
    opening = office.sign_opening(clip)
    office.town.wait(seconds=61)
    with failing("custodian.lease-ended"):
        office.ask(opening)
    office.town.cosign()
    with failing("custodian.lease-ended"):
        office.ask(opening)


@pytest.mark.promise(2)
def test_the_own_clock_ends_a_half_when_the_log_stands_still(office):
    clip = office.share()
    office.tick()
    office.log_is_down = office.portal_is_down = True
    office.town.wait(days=70)
    office.tick()
    assert office.keeper.status()["halves"] == 0
    assert office.handed_in == []
    office.log_is_down = office.portal_is_down = False
    office.town.cosign()
    office.tick()
    office.tick()
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None


@pytest.mark.promise(2)
def test_the_records_time_ends_a_half_when_the_own_clock_stands_still(office):
    office.share()
    office.town.wait(days=70)
    office.town.clock.advance(-70 * DAY)
    office.town.cosign()
    office.tick()
    assert office.keeper.status()["halves"] == 0


@pytest.mark.requirement("R26")
@pytest.mark.promise(2)
def test_a_withdrawn_clip_opens_for_nobody_at_once_and_is_destroyed_once_the_record_shows_it(office):
    straight, recorded = office.share(), office.share()
    openings = [office.sign_opening(clip) for clip in (straight, recorded)]
    office.keeper.withdraw(office.withdrawal(straight))
    office.keeper.withdraw(office.withdrawal(straight))
    with failing("custodian.lease-ended"):
        office.ask(openings[0])
    office.town.append(office.withdrawal(recorded).encode())
    office.town.cosign()
    office.tick()
    office.tick()
    assert office.keeper.status()["halves"] == 0
    for opening in openings:
        with failing("custodian.lease-ended"):
            office.ask(opening)
    office.tick()
    disclosures = fold_of(office).disclosures
    assert all(disclosures[clip.share].destroyed_at is not None for clip in (straight, recorded))
    assert all(disclosures[clip.share].withdrawn_at is not None for clip in (straight, recorded))


@pytest.mark.promise(2)
def test_a_withdrawal_needs_neither_log_nor_portal(office):
    clip = office.share()
    note = office.withdrawal(clip)
    office.tick()
    office.log_is_down = office.portal_is_down = True
    office.keeper.withdraw(note)
    office.restart()
    office.town.wait(seconds=ends.UNRECORDED_SECONDS - 1)
    office.tick()
    assert office.keeper.status()["halves"] == 1
    office.keeper.withdraw(note)  # a second copy of the receipt does not begin the hour anew
    office.town.wait(seconds=1)
    office.tick()
    assert office.keeper.status()["halves"] == 0
    assert office.keeper.status()["trouble"] == "client.server-unreachable"
    office.log_is_down = office.portal_is_down = False
    office.restart()
    for _ in range(3):
        office.town.cosign()
        office.tick()
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None
    assert [(entry.code, entry.clips) for entry in breaches(office)] == [(outbox.UNRECORDED, 1)]
    assert office.keeper.status()["waiting"] == 0


@pytest.mark.requirement("R39")
@pytest.mark.promise(2)
def test_each_clip_destroyed_because_the_portal_keeps_its_withdrawal_off_the_record_is_told(office):
    clips = [office.share() for _ in range(3)]
    openings = [office.sign_opening(clip) for clip in clips]
    freeze(office, clips[0])
    office.portal_is_down = True
    for clip in clips:
        office.keeper.withdraw(office.withdrawal(clip))
        office.wait(seconds=ends.UNRECORDED_SECONDS)
        office.tick()
        with failing("custodian.lease-ended"):
            office.ask(openings[clips.index(clip)])
    assert office.keeper.status()["halves"] == 1  # the frozen one
    office.portal_is_down = False
    for _ in range(3):
        office.tick()
    assert [(entry.code, entry.clips) for entry in breaches(office)] == [(outbox.UNRECORDED, 1)] * 2
    destroyed = [fold_of(office).disclosures[clip.share].destroyed_at is not None for clip in clips]
    assert destroyed == [False, True, True]


@pytest.mark.requirement("R44")
@pytest.mark.promise(2)
def test_the_defence_keeps_what_it_froze_before_the_withdrawal_was_on_record(office):
    clip = office.share()
    opening = office.sign_opening(clip)
    office.portal_is_down = True
    office.keeper.withdraw(office.withdrawal(clip))
    index = freeze(office, clip)
    with failing("custodian.lease-ended"):
        office.ask(opening)
    office.portal_is_down = False
    for _ in range(3):
        office.tick()
    assert fold_of(office).disclosures[clip.share].phase(office.town.now) is ClipPhase.PRESERVED
    with failing("custodian.lease-ended"):
        office.ask(opening)
    both = office.sign_opening(clip, "kim", "reyes")
    assert office.watch(clip, both, office.ask(both), "kim") == MEDIA
    office.town.put(e.Unfreeze, person("reyes"), freeze=index)
    office.town.cosign()
    for _ in range(2):
        office.tick()
    assert office.keeper.status()["halves"] == 0
    assert fold_of(office).disclosures[clip.share].phase(office.town.now) is ClipPhase.DESTROYED
    assert breaches(office) == []


@pytest.mark.promise(2)
def test_a_withdrawal_by_another_key_for_another_share_or_town_changes_nothing(office):
    clip, other = office.share(), office.share()
    town = office.town
    wrong = [
        town.note(e.Withdrawal, other.d, disclosure=clip.share).decode(),
        town.note(e.Withdrawal, one_time(77), disclosure=clip.share).decode(),
        town.note(e.Withdrawal, clip.d, disclosure=office.appeal).decode(),
        town.note(e.Complaint, clip.d, agency="", about=-1, code="x", received=1, text="").decode(),
        office.withdrawal(clip).replace(ORIGIN, "demo.elm-street"),
        "no note",
    ]
    for note in wrong:
        with failing("custodian.withdrawal-refused"):
            office.keeper.withdraw(note)
    assert office.keeper.status()["halves"] == 2


@pytest.mark.requirement("R42")
@pytest.mark.promise(2)
def test_when_the_community_ends_a_partnership_its_halves_are_destroyed(office):
    clip = office.share()
    office.town.put(
        e.PartnershipCancel,
        person("bell-1"),
        person("bell-2"),
        partnership=office.town.keys["partnership"],
        reason="voted",
    )
    office.town.cosign()
    with failing("custodian.access-void"):
        office.ask(office.sign_opening(clip))
    office.tick()
    office.tick()
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None


@pytest.mark.requirement("R44")
@pytest.mark.promise(2)
def test_a_frozen_clip_outlives_its_end_and_opens_only_with_the_holders_countersignature(office):
    clip = office.share()
    freeze(office, clip)
    office.wait(seconds=clip.kept.expires - office.town.now - 30)
    early = office.sign_opening(clip)
    office.wait(days=1)
    office.tick()
    assert office.keeper.status()["halves"] == 1
    with failing("custodian.access-void"):
        office.ask(office.sign_opening(clip))
    with failing("custodian.lease-ended"):
        office.ask(early)  # signed while it was live, without the holder
    both = office.sign_opening(clip, "diaz", "reyes")
    assert office.watch(clip, both, office.ask(both)) == MEDIA
    office.wait(days=90)
    office.tick()
    office.tick()
    assert office.keeper.status()["halves"] == 0
    assert refusal(lambda: office.ask(both)) == "custodian.lease-ended"


@pytest.mark.promise(2)
def test_a_withdrawn_clip_that_is_frozen_is_kept_for_the_defence_and_opens_for_nobody_alone(office):
    clip = office.share()
    opening = office.sign_opening(clip)
    index = freeze(office, clip)
    office.portal_is_down = True
    office.keeper.withdraw(office.withdrawal(clip))
    assert office.keeper.status()["halves"] == 1
    with failing("custodian.lease-ended"):
        office.ask(opening)
    office.portal_is_down = False
    for _ in range(3):
        office.tick()
    assert office.keeper.status()["halves"] == 1
    with failing("custodian.lease-ended"):
        office.ask(opening)
    both = office.sign_opening(clip, "kim", "reyes")
    assert office.watch(clip, both, office.ask(both), "kim") == MEDIA
    office.town.put(e.Unfreeze, person("reyes"), freeze=index)
    office.town.cosign()
    office.tick()
    assert office.keeper.status()["halves"] == 0


def test_a_clip_whose_key_is_destroyed_is_never_taken_again(office):
    clip = office.share()
    deposit = office.deposit(clip.sealed, clip.number)
    office.keeper.withdraw(office.withdrawal(clip))
    for _ in range(2):
        office.tick()
    with failing("custodian.lease-ended"):
        office.keeper.take(deposit)


# What the custodian owes the record ---------------------------------------------------------------------------------


def test_an_expiry_waits_for_a_portal_that_is_down_and_is_the_same_note_each_time(office):
    clip = office.share()
    office.portal_is_down = True
    office.wait(days=70)
    office.tick()
    [waiting] = office.keeper._store.notes()
    office.restart()
    office.tick()
    assert office.keeper._store.notes() == [waiting]
    assert office.keeper.status()["trouble"] == "client.server-unreachable"
    office.portal_is_down = False
    office.tick()
    office.tick()
    assert office.handed_in == [waiting.note]
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None


@pytest.mark.promise(2)
def test_a_log_that_falls_silent_while_an_expiry_is_read_holds_up_no_later_one(office):
    office.keeper.withdraw(office.withdrawal(office.share()))
    office.tick()
    office.tick()
    assert [note.kind for note in office.keeper._store.notes()] == [e.Expiry.TYPE]
    office.appeal = office.town.ask()
    office.town.cosign()
    office.out_of_reach = "blob/"  # the expiry is read and counts; the words of the appeal after it do not come
    office.tick()
    assert office.keeper.status()["trouble"] == "client.server-unreachable"
    office.out_of_reach = "-"
    later = office.share()
    office.keeper.withdraw(office.withdrawal(later))
    for _ in range(3):
        office.tick()
    assert fold_of(office).disclosures[later.share].destroyed_at is not None
    assert office.keeper.status()["waiting"] == 0


def test_a_crash_between_destroying_and_telling_leaves_nothing_untold(office, monkeypatch):
    clip = office.share()
    office.wait(days=70)

    def crash(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(module.outbox, "expiry", crash)
        with pytest.raises(KeyboardInterrupt):
            office.tick()
    office.restart()
    assert office.keeper.status()["halves"] == 0
    office.tick()
    office.tick()
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None


@pytest.mark.promise(8)
def test_a_fork_stays_visible_in_the_custodians_status(office, tmp_path):
    office.tick()
    fork = LogTown(tmp_path / "fork").found()
    for _ in range(3):
        fork.small()
    fork.cosign()
    real, office.town = office.town, fork
    office.tick()
    assert office.keeper.status()["trouble"] == "tlog.fork-found"
    office.town = real
    fork.close()


def test_an_expiry_that_grew_too_old_is_signed_anew(office):
    clip = office.share()
    office.portal_is_down = True
    office.wait(days=70)
    office.tick()
    [old] = office.keeper._store.notes()
    office.wait(days=1)
    office.tick()
    office.tick()
    [new] = office.keeper._store.notes()
    assert new.entry != old.entry
    office.portal_is_down = False
    office.tick()
    office.tick()
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None


def test_more_ends_than_fit_one_entry_are_told_in_several_each_of_a_new_generation(office, monkeypatch):
    monkeypatch.setattr(module.ends, "MOST_EXPIRED", 2)
    for _ in range(5):
        office.share()
    office.wait(days=70)
    for _ in range(8):
        office.tick()
    assert len(office.handed_in) == 3
    assert all(clip.destroyed_at is not None for clip in fold_of(office).disclosures.values())


@pytest.mark.requirement("R39")
@pytest.mark.promise(2)
def test_a_table_restored_from_a_copy_is_purged_again_and_put_on_record(office, tmp_path):
    ended, live = office.share(), office.share()
    opening = office.sign_opening(ended)
    copy = shutil.copytree(office.folder, tmp_path / "backup")
    office.keeper.withdraw(office.withdrawal(ended))
    for _ in range(3):
        office.tick()
    generation = office.keeper.status()["generation"]
    office.keeper.close()
    shutil.rmtree(office.folder)
    copy.rename(office.folder)
    office.start()
    office.tick()
    assert office.keeper.status()["generation"] > generation
    assert office.keeper.status()["halves"] == 1
    with failing("custodian.lease-ended"):
        office.ask(opening)
    assert office.ask(office.sign_opening(live)).expires == live.kept.expires
    for _ in range(3):
        office.tick()
    fold = fold_of(office)
    assert [fold.records[index].entry.clips for index in fold.breaches] == [1]
    assert office.keeper.status()["waiting"] == 0


def test_a_breach_that_nobody_took_is_signed_again(office):
    note = outbox.breach(person("library"), ORIGIN, outbox.RESTORED, 3, office.town.now)
    office.keeper._store.add_note(note)
    office.wait(days=1)
    office.tick()
    office.tick()
    office.tick()
    assert [office_entry.clips for office_entry in breaches(office)] == [3]


def breaches(office):
    fold = fold_of(office)
    return [fold.records[index].entry for index in fold.breaches]
