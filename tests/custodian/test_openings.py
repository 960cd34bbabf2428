# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import pytest

from sunporch.clip import keys
from sunporch.custodian.keeper import MOST_STALE, REPEAT_SECONDS
from sunporch.docket import entries as e
from sunporch.docket.void import Void
from sunporch.tlog.notes import sign
from sunporch.tlog.receipts import Receipt
from tests.client.test_server import failing
from tests.custodian.office import MEDIA, fold_leaf, forged_proof
from tests.verify.town import ORI, WITNESSES, LogTown, person

# Promise 1: nobody gets a half before the opening is in a quorum-cosigned checkpoint -------------------------------


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
