# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import shutil

import pytest

from sunporch.clip import keys
from sunporch.custodian import keeper as module
from sunporch.custodian import outbox
from sunporch.custodian.keeper import MOST_STALE, REPEAT_SECONDS
from sunporch.docket import custody
from sunporch.docket import entries as e
from sunporch.docket.lifecycle import ClipPhase
from sunporch.docket.void import Void
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.notes import sign
from sunporch.tlog.proofs import inclusion
from sunporch.tlog.receipts import Receipt
from sunporch.verify import procedure
from sunporch.verify.report import Level
from sunporch.verify.tail import Tail
from tests.client.test_server import failing
from tests.custodian.office import MEDIA, Office, refusal
from tests.verify.town import DAY, LOG_KEY, ORI, ORIGIN, WITNESSES, LogTown, one_time, person


@pytest.fixture
def office(tmp_path):
    office = Office(tmp_path)
    yield office
    office.close()


def fold_of(office):
    tail = Tail(office.town.pin)
    tail.advance(office.town.fetch)
    return tail.fold


# The good way -------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R24")
@pytest.mark.promise(1)
def test_diaz_opens_what_ana_shared_after_the_opening_is_on_record(office):
    clip = office.share()
    opening = office.sign_opening(clip)
    assert office.watch(clip, opening, office.ask(opening)) == MEDIA


def test_a_receipt_is_the_custodians_word_for_exactly_this_clip_and_end(office):
    clip = office.give()
    assert clip.kept.expires == custody.expiry(office.town.now, office.town.rules.retention_days)
    key, d = person("library").verifier, str(clip.d.verifier)
    assert custody.check(key, clip.kept.receipt, ORIGIN, clip.sealed.c, d, clip.kept.expires)
    assert fold_of(office).disclosures == {}
    office.record(clip)
    assert clip.share in fold_of(office).disclosures


def test_the_same_deposit_again_gets_the_same_receipt(office):
    clip = office.give()
    deposit = office.deposit(clip.sealed, clip.number)
    assert office.keeper.take(deposit) == clip.kept
    office.restart()
    assert office.keeper.take(deposit) == clip.kept
    assert office.keeper.status()["halves"] == 1


# Taking a half ------------------------------------------------------------------------------------------------------


def test_another_half_or_key_for_the_same_clip_is_refused(office):
    clip = office.give()
    for changes in ({"s_k": bytes(32)}, {"d": str(one_time(99).verifier)}):
        with failing("custodian.half-exists"):
            office.keeper.take(office.deposit(clip.sealed, clip.number, **changes))


def test_a_name_that_is_not_of_this_header_file_and_salt_is_refused(office):
    sealed, _ = office.seal()
    other, _ = office.seal()
    for changes in (
        {"c": other.c},
        {"salt": other.salt.hex()},
        {"sealed_sha256": other.file_sha256.hex()},
        {"header": other.header.decode()},
    ):
        with failing("custodian.clip-mismatched"):
            office.keeper.take(office.deposit(sealed, 1, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"header": "{}"},
        {"salt": "00"},
        {"sealed_sha256": "zz"},
        {"s_k": b"short"},
        {"d": "disclosure"},
        {"d": str(person("diaz").verifier)},
        {"d": str(WITNESSES[0].verifier).replace("witness-1", "disclosure")},
    ],
)
def test_a_deposit_that_is_not_in_form_is_refused(office, changes):
    sealed, _ = office.seal()
    with failing("custodian.call-malformed"):
        office.keeper.take(office.deposit(sealed, 1, **changes))


@pytest.mark.parametrize("changes", [{"origin": "demo.elm-street"}, {"custodian": "university"}])
def test_a_clip_for_another_town_or_custodian_is_refused(office, changes):
    sealed, _ = office.seal(**changes)
    with failing("custodian.call-malformed"):
        office.keeper.take(office.deposit(sealed, 1))


@pytest.mark.promise(6)
def test_a_clip_for_an_appeal_that_the_rules_forbid_is_refused_although_all_keys_are_real(office):
    forbidden = office.town.ask(offence="90Z")
    office.town.cosign()
    sealed, _ = office.seal(request=forbidden)
    with failing("custodian.appeal-closed"):
        office.keeper.take(office.deposit(sealed, 1))
    assert office.keeper.status()["halves"] == 0


def test_a_clip_for_an_appeal_that_closed_or_was_suspended_is_refused(office):
    sealed, _ = office.seal()
    office.town.put(e.Review, person("okafor"), action="suspended", target=office.appeal, draft="", reason="doubt")
    office.town.cosign()
    with failing("custodian.appeal-closed") as caught:
        office.keeper.take(office.deposit(sealed, 1))
    assert "suspended" in caught.value.what
    office.wait(days=6)
    with failing("custodian.appeal-closed"):
        office.keeper.take(office.deposit(office.seal()[0], 1))


def test_the_end_is_the_one_that_the_rules_give_also_across_midnight(office):
    now, days = office.town.now, office.town.rules.retention_days
    for expires in (custody.expiry(now, days + 1), custody.expiry(now, days - 2)):
        with failing("custodian.expiry-mismatched"):
            office.keeper.take(office.deposit(office.seal(expires=expires)[0], 1))
    yesterday = custody.expiry(now, days - 1)
    assert office.keeper.take(office.deposit(office.seal(expires=yesterday)[0], 1)).expires == yesterday


def test_without_the_log_nothing_is_taken(office):
    sealed, _ = office.seal()
    office.log_is_down = True
    with failing("custodian.record-unreachable") as caught:
        office.keeper.take(office.deposit(sealed, 1))
    assert "client.server-unreachable" in caught.value.what


def test_a_custodian_whose_key_was_ended_takes_nothing(office):
    office.town.put(e.KeyEnd, person("bell-1"), person("bell-2"), key=office.town.keys["library"], reason="moved")
    office.town.cosign()
    with failing("custodian.key-unenrolled"):
        office.keeper.take(office.deposit(office.seal()[0], 1))


def test_a_half_whose_share_was_never_recorded_dies_after_a_day(office):
    office.give()
    office.wait(seconds=DAY - 1)
    office.tick()
    assert office.keeper.status()["halves"] == 1
    office.wait(seconds=1)
    office.tick()
    assert office.keeper.status()["halves"] == 0
    assert office.handed_in == []


def test_while_the_log_is_out_of_sight_no_half_dies_for_want_of_a_share(office):
    clip = office.give()
    office.tick()
    office.log_is_down = True
    office.record(clip)
    office.town.wait(days=3)
    office.tick()
    assert office.keeper.status()["halves"] == 1
    office.log_is_down = False
    office.town.cosign()
    office.tick()
    assert office.keeper.status()["halves"] == 1


def test_a_half_whose_share_on_record_says_otherwise_counts_as_never_shared(office):
    clip = office.give()
    office.record(clip, agency="MA0130100")
    opening = office.sign_opening(clip, "mallory")
    with failing("custodian.half-unknown"):
        office.ask(opening)
    office.wait(days=2)
    office.tick()
    assert office.keeper.status()["halves"] == 0


# Promise 1: nobody gets a half before the opening is in a quorum-cosigned checkpoint -------------------------------


def forged_proof(town, index, witnesses):
    """Return leaf and proof under a checkpoint with the log's real signature and those witnesses only."""
    note = town.writer.sign_checkpoint(LOG_KEY)
    note = note.with_signatures(*(cosign(key, note.text, town.now) for key in witnesses))
    path = tuple(inclusion(town.writer.read, index, town.size))
    return Receipt(index, path, note.encode()).encode().decode()


@pytest.mark.promise(1)
@pytest.mark.requirement("S5")
def test_a_log_with_two_of_four_cosigners_opens_nothing(office):
    clip = office.share()
    ephemeral = keys.generate()
    leaf_time = office.town.now
    note = office.town.note(e.Access, person("diaz"), disclosure=clip.share, e=keys.public(ephemeral), purpose="x")
    index = office.town.append(note, leaf_time)
    leaf = b"%d\n" % leaf_time + note
    proof = forged_proof(office.town, index, WITNESSES[:2])
    with failing("custodian.proof-refused") as caught:
        office.keeper.give(leaf, proof)
    assert "2 of 4" in caught.value.what
    # Even with a proof by three, as long as this custodian's own view of the log does not reach there.
    with failing("custodian.proof-refused"):
        office.keeper.give(leaf, forged_proof(office.town, index, WITNESSES[:3]))
    office.town.cosign()
    assert office.keeper.give(leaf, forged_proof(office.town, index, WITNESSES[:3])).expires == clip.kept.expires


@pytest.mark.promise(1)
def test_a_fork_that_shows_the_opening_to_the_custodian_alone_opens_nothing(office, tmp_path):
    """The log keeps two stories; three witnesses lie for the second one to the officer, not to the custodian."""
    clip = office.share()
    office.tick()
    fork = LogTown(tmp_path / "fork")
    fork.wait(seconds=office.town.now - fork.now)
    for index in range(office.town.size - 1):
        fork.append_leaf(fold_leaf(office, index))
    note = fork.note(e.Access, person("diaz"), disclosure=clip.share, e=keys.public(keys.generate()), purpose="x")
    index = fork.append(note)
    with failing("custodian.proof-refused"):
        office.keeper.give(b"%d\n" % fork.now + note, forged_proof(fork, index, WITNESSES))
    # And a custodian that is shown the fork itself sees that it is one.
    fork.small()
    fork.cosign()
    real, office.town = office.town, fork
    with failing("custodian.record-unreachable") as caught:
        office.keeper.give(b"%d\n" % fork.now + note, forged_proof(fork, index, WITNESSES))
    assert "tlog.fork-found" in caught.value.what
    office.town = real
    fork.close()


@pytest.mark.promise(1)
def test_a_fork_by_log_and_all_cosigners_that_swaps_one_opening_for_another_opens_nothing_and_robs_nobody(
    office, tmp_path
):
    """Where the custodian read that Diaz opened, they all swear to the officer that it was Mallory's device."""
    clip = office.share()
    opening = office.sign_opening(clip)
    office.town.small()
    office.town.cosign()
    office.tick()
    at = Receipt.parse(opening.proof.encode()).index
    fork = LogTown(tmp_path / "fork")
    fork.wait(seconds=office.town.now - fork.now)
    for index in range(at):
        fork.append_leaf(fold_leaf(office, index))
    mallory = keys.generate()
    note = fork.note(e.Access, person("diaz"), disclosure=clip.share, e=keys.public(mallory), purpose="investigation")
    assert fork.append(note) == at
    for _ in range(2):  # of a size that the custodian has seen, and of the very size it stands at
        with failing("custodian.proof-refused") as caught:
            office.keeper.give(b"%d\n" % fork.now + note, forged_proof(fork, at, WITNESSES))
        assert "another entry" in caught.value.what
        fork.small()
    assert office.watch(clip, opening, office.ask(opening)) == MEDIA
    fork.close()


@pytest.mark.promise(1)
def test_an_opening_that_the_record_holds_but_does_not_count_opens_nothing(office):
    """The right officer signed it, but it came after its own last moment, or under a time that no co-signer saw."""
    clip = office.share()
    ephemeral = keys.generate()

    def signed():
        fields = {"disclosure": clip.share, "e": keys.public(ephemeral), "purpose": "investigation"}
        return office.town.note(e.Access, person("diaz"), **fields)

    lapsed = signed()
    office.town.wait(seconds=3_601)
    backdated = office.town.append(signed(), office.town.now - 301)
    late = office.town.append(lapsed)
    office.town.cosign()
    for index, reason in ((backdated, Void.TIME), (late, Void.TOO_LATE)):
        with failing("custodian.access-void") as caught:
            office.ask(office.proven(index, ephemeral))
        assert reason.sentence in caught.value.what
    opening = office.sign_opening(clip)
    assert office.watch(clip, opening, office.ask(opening)) == MEDIA


def fold_leaf(office, index):
    tail = Tail(office.town.pin)
    tail.advance(office.town.fetch)
    return tail.leaf(index)


@pytest.mark.promise(1)
@pytest.mark.parametrize("wrong", ["", "no proof", "c2sp.org/tlog-proof@v1\nindex 0\n\nnote"])
def test_a_proof_that_is_none_opens_nothing(office, wrong):
    opening = office.sign_opening(office.share())
    with failing("custodian.proof-refused"):
        office.keeper.give(opening.leaf, wrong)


@pytest.mark.promise(1)
def test_a_proof_of_another_entry_opens_nothing(office):
    clip = office.share()
    opening = office.sign_opening(clip)
    other = office.proven(clip.share, opening.ephemeral)
    for leaf, proof in ((opening.leaf, other.proof), (other.leaf, opening.proof), (other.leaf, other.proof)):
        with failing("custodian.proof-refused"):
            office.keeper.give(leaf, proof)


@pytest.mark.promise(1)
def test_a_proof_of_another_town_opens_nothing(office):
    opening = office.sign_opening(office.share())
    head, _, _ = opening.proof.partition("\n\n")
    other = person("demo.elm-street")
    note = sign("demo.elm-street\n1\n" + "A" * 43 + "=\n", [other])
    with failing("custodian.proof-refused"):
        office.keeper.give(opening.leaf, f"{head}\n\n{note.encode().decode()}")


@pytest.mark.promise(1)
def test_a_replayed_opening_gets_the_same_answer_for_ten_minutes_and_then_nothing(office):
    clip = office.share()
    opening = office.sign_opening(clip)
    first = office.ask(opening)
    office.wait(seconds=REPEAT_SECONDS)
    assert office.ask(opening) == first
    office.restart()
    assert office.ask(opening) == first
    office.wait(seconds=1)
    for _ in range(2):
        with failing("custodian.access-repeated"):
            office.ask(opening)
    office.town.clock.advance(-2 * REPEAT_SECONDS)  # nor when the custodian's clock is set back
    with failing("custodian.access-repeated"):
        office.ask(opening)


@pytest.mark.promise(1)
@pytest.mark.promise(12)
def test_an_officer_of_another_agency_opens_nothing(office):
    opening = office.sign_opening(office.share(), "mallory")
    with failing("custodian.access-void"):
        office.ask(opening)


@pytest.mark.promise(12)
def test_a_key_that_ended_before_or_after_signing_opens_nothing(office):
    clip = office.share()
    before = office.sign_opening(clip)
    office.town.put(e.KeyEnd, person(f"registrar-{ORI}"), key=office.town.keys["diaz"], reason="left")
    office.town.cosign()
    after = office.sign_opening(clip)
    for opening in (before, after):
        with failing("custodian.access-void"):
            office.ask(opening)
    assert office.watch(clip, *asked(office, clip, "kim"), "kim") == MEDIA


def asked(office, clip, who):
    opening = office.sign_opening(clip, who)
    return opening, office.ask(opening)


@pytest.mark.promise(1)
def test_a_cancelled_partnership_opens_nothing_whoever_cancelled_it(office):
    clip = office.share()
    before = office.sign_opening(clip)
    office.town.put(
        e.PartnershipCancel,
        person(f"registrar-{ORI}"),
        partnership=office.town.keys["partnership"],
        reason="we leave",
    )
    office.town.cosign()
    for opening in (before, office.sign_opening(clip)):
        with failing("custodian.access-void"):
            office.ask(opening)
    office.tick()
    assert office.keeper.status()["halves"] == 1  # an agency cannot destroy what clears someone
    outsider = office.sign_opening(clip, "reyes")
    assert office.ask(outsider).expires == clip.kept.expires


@pytest.mark.promise(1)
def test_a_record_that_is_older_than_two_minutes_opens_nothing(office):
    clip = office.share()
    opening = office.sign_opening(clip)
    office.town.wait(seconds=MOST_STALE)
    office.ask(opening)
    office.town.wait(seconds=1)
    with failing("custodian.record-stale"):
        office.ask(opening)
    office.town.cosign()
    office.ask(opening)


@pytest.mark.promise(1)
def test_without_the_log_nothing_opens(office):
    opening = office.sign_opening(office.share())
    office.log_is_down = True
    with failing("custodian.record-unreachable"):
        office.ask(opening)
    office.log_is_down = False
    office.ask(opening)


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
def test_a_withdrawal_ends_at_once_whether_it_comes_straight_or_by_the_record(office):
    straight, recorded = office.share(), office.share()
    openings = [office.sign_opening(clip) for clip in (straight, recorded)]
    office.keeper.withdraw(office.withdrawal(straight))
    office.keeper.withdraw(office.withdrawal(straight))
    assert office.keeper.status()["halves"] == 1
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
    assert office.keeper.status()["halves"] == 0
    office.tick()
    assert office.keeper.status()["trouble"] == "client.server-unreachable"
    office.log_is_down = office.portal_is_down = False
    office.restart()
    for _ in range(3):
        office.town.cosign()
        office.tick()
    assert fold_of(office).disclosures[clip.share].destroyed_at is not None
    assert office.keeper.status()["waiting"] == 0


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


def freeze(office, clip, days=90, holder="reyes"):
    index = office.town.put(e.Freeze, person(holder), disclosure=clip.share, until=office.town.now + days * DAY)
    office.town.cosign()
    return index


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
    office.tick()
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
    note = outbox.breach(person("library"), ORIGIN, 3, office.town.now)
    office.keeper._store.add_note(note)
    office.wait(days=1)
    office.tick()
    office.tick()
    office.tick()
    assert [office_entry.clips for office_entry in breaches(office)] == [3]


def breaches(office):
    fold = fold_of(office)
    return [fold.records[index].entry for index in fold.breaches]


# Starting -----------------------------------------------------------------------------------------------------------


def test_a_restarted_custodian_begins_from_its_mirror_while_the_log_is_down(office):
    office.share()
    office.tick()
    office.log_is_down = True
    office.restart()
    assert office.keeper.ready()
    assert office.keeper.status()["size"] == office.town.size


def test_a_damaged_mirror_is_read_again_from_the_log(office):
    office.share()
    office.tick()
    for path in (office.folder / "mirror").rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    office.restart()
    assert not office.keeper.ready()
    office.tick()
    assert office.keeper.ready()
    assert office.keeper.status()["trouble"] == ""


def test_before_the_first_reading_a_tick_destroys_nothing(office):
    office.share()
    office.keeper.close()
    shutil.rmtree(office.folder / "mirror")
    office.log_is_down = True
    office.start()
    office.tick()
    assert (office.keeper.ready(), office.keeper.status()["halves"]) == (False, 1)


def test_the_status_says_nothing_about_single_clips(office):
    office.share()
    status = office.keeper.status()
    assert set(status) == {"origin", "name", "generation", "halves", "size", "time", "waiting", "trouble"}
