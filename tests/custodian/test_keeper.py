# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import shutil

import pytest

from sunporch.docket import custody
from sunporch.docket import entries as e
from tests.client.test_server import failing
from tests.custodian.office import MEDIA, fold_of
from tests.verify.town import DAY, ORIGIN, WITNESSES, one_time, person

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
