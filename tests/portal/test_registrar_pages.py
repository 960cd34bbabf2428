# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ms. Ito, the registrar, names her agency's people in the record from her browser, and ends what was lost."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from sunporch.base.digests import sha256
from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries
from sunporch.portal.agencies import enrolment
from sunporch.portal.agencies.models import Account, AdminAct, Invitation
from sunporch.portal.agencies.permissions import person_of
from sunporch.portal.worker import Worker
from tests.browser import PHONE
from tests.hands import NEW_PASSWORD as PASSWORD
from tests.hands import invite, join
from tests.portal.office import Office, published
from tests.portal.street import AGENCY, DAY, Visitor, error_of, let_in, totp_code

REGISTRAR, OTHER = "registrar-1", "registrar-2"
NEW = "roe-5e5e"


@pytest.fixture
def office(street, people):
    street.account(REGISTRAR)
    made = Office(street, people)
    yield made
    made.close()


def number_of(key: str, x25519: str) -> str:
    """Return what two people compare by voice, computed apart from the pages."""
    digits = str(int.from_bytes(sha256(f"sunporch/keys/v1\0{key}\n{x25519}\n".encode())) % 10**24).zfill(24)
    return " ".join(digits[at : at + 4] for at in range(0, 24, 4))


@pytest.mark.requirement("R6")
def test_a_registrar_enrols_a_browser_by_voice_and_its_officer_goes_to_work(office, people):
    ito = office.sign_in(REGISTRAR)
    expect(ito.page.get_by_text("Nothing waits for you.")).to_be_visible()
    ito.check("registrar-start")
    ito.page.goto("/work/people/invite/")
    ito.check("registrar-invite")
    link = invite(ito.page, "Rae Roe", NEW)
    ito.check("registrar-link")
    rae = people.window(office.url, PHONE)
    rae.page.goto(link)
    rae.check("invitation")
    rae.page.get_by_label("Choose a password").fill("password1234")
    rae.page.get_by_label("The same password again").fill("password1235")
    rae.page.get_by_label("Code that the app shows").fill("000000")
    rae.page.get_by_role("button", name="Make my account").click()
    expect(rae.page.locator("#errors")).to_contain_text("too common")
    rae.check("invitation-refused")
    join(rae, link)
    expect(rae.page.get_by_role("heading", level=1)).to_have_text("Your keys")
    rae.check("joining-make")
    rae.page.get_by_role("button", name="Make my keys in this browser").click()
    number = rae.page.locator("[data-number]")
    expect(number).to_have_text(re.compile(r"(\d{4} ){5}\d{4}"))
    rae.check("joining-number")
    row = Invitation.objects.get(pseudonym=NEW)
    assert number.inner_text() == number_of(row.key, row.x25519)
    ito.page.goto("/work/")
    ito.check("registrar-waits")
    ito.page.get_by_role("link", name="Enrol Rae Roe").click()
    expect(ito.page.locator("[data-number]")).to_have_text(number.inner_text())
    ito.check("registrar-enrol")
    ito.page.get_by_label("I heard the same number").check()
    ito.page.get_by_role("button", name="Sign and put on record").click()
    published(ito)
    expect(rae.page.get_by_role("heading", level=1)).to_have_text("My work", timeout=30_000)
    expect(rae.page.get_by_role("button", name="Write an appeal")).to_be_visible()
    rae.page.goto("/work/device/")
    expect(rae.page.get_by_text("on the public record", exact=True)).to_be_visible()
    enrolled = office.street.state().names[NEW]
    assert (enrolled.role, enrolled.agency) == ("officer", AGENCY)
    ito.page.goto("/work/people/")
    expect(ito.page.get_by_text("Rae Roe")).to_be_visible()
    ito.check("registrar-people")


@pytest.mark.requirement("R6")
def test_a_lost_device_is_told_by_its_officer_and_ended_by_the_registrar(office):
    elsewhere = let_in(office.street, "nowak-11aa")
    nowak = office.sign_in("nowak-11aa", PHONE)
    nowak.page.goto("/work/device/")
    nowak.check("device-may-lose")
    nowak.page.get_by_role("button", name="My device is lost").click()
    expect(nowak.page.get_by_text("signed out everywhere but here")).to_be_visible()
    nowak.check("device-lost")
    assert error_of(elsewhere.get("/api/v1/me")) == "web.session-absent"
    ito = office.sign_in(REGISTRAR)
    ito.check("registrar-lost")
    ito.page.get_by_role("link", name="End the lost key of Person nowak-11aa").click()
    ito.page.get_by_label("The device is lost or was stolen").check()
    ito.check("registrar-end-key")
    ito.page.get_by_role("button", name="Sign the end of the key").click()
    published(ito)
    assert not office.street.state().names["nowak-11aa"].live
    nowak.page.goto("/work/")
    expect(nowak.page.get_by_text("No key named nowak-11aa is live")).to_be_visible()


@pytest.mark.requirement("R42")
def test_an_agency_leaves_by_its_registrar_and_its_clips_keep_their_end(office):
    ito = office.sign_in(REGISTRAR)
    ito.page.goto("/work/people/leave/")
    ito.page.get_by_label("Reason").fill("The chief withdrew from the programme")
    ito.check("registrar-leave")
    ito.page.get_by_role("button", name="Sign the end").click()
    expect(ito.page.get_by_text(f"{AGENCY} has no partnership in force here")).to_be_visible(timeout=30_000)
    (ended,) = [one for one in office.street.state().partnerships.values() if one.agency == AGENCY]
    assert (ended.cancelled_by, ended.cancelled_at is not None) == ("registrar", True)


# Without a browser: what nobody's page would send -----------------------------------------------------------------


@pytest.fixture
def ito(street):
    """The registrar, signed in."""
    street.account(REGISTRAR)
    street.account(OTHER)
    return let_in(street, REGISTRAR)


def invited(street, by=REGISTRAR, name=NEW, *, joined=True):
    """Return an invitation, with an account of its own."""
    registrar = person_of(Account.objects.get(pseudonym=by), street.state(), street.now())
    made = enrolment.invite(registrar, enrolment.Wish("Rae Roe", name, "officer"), street.now())
    if joined:
        code = totp_code(enrolment.totp_secret(made.invitation))
        enrolment.accept(made.token, PASSWORD, code, street.now())
    return made


def keys_of(street, name=NEW) -> dict[str, str]:
    street.keys[name] = SignerKey.generate(name)
    return {"key": str(street.keys[name].verifier), "x25519": sha256(name.encode()).hex()}


def hand_in(street, **fields):
    return form(let_in(street, NEW), "/work/joining/", **(keys_of(street) | fields))


def form(visitor: Visitor, address: str, **fields):
    """Post a page's form."""
    return visitor._client.post(address, fields, headers=visitor._headers)


def key_note(street, signer=REGISTRAR, **changes) -> str:
    """Return the entry that enrols the keys that were handed in, or what a faithless registrar makes of it."""
    fields = {"key": str(street.keys[NEW].verifier), "x25519": sha256(NEW.encode()).hex(), "role": "officer"}
    fields |= {"agency": AGENCY, "url": "", "storage": ""}
    return street.signed(entries.KeyEntry, signer, **(fields | changes))


@pytest.mark.requirement("R6")
def test_a_registrar_enrols_the_keys_that_were_handed_in_and_no_others(street, ito):
    made = invited(street)
    assert hand_in(street).status_code == 302
    address = f"/work/people/invited/{made.invitation.pk}/"
    other = str(SignerKey.generate(NEW).verifier)
    for changes in (
        {"key": other},
        {"x25519": "ab" * 32},
        {"role": "supervisor"},
        {"signer": OTHER},
        {"signer": "council-1"},
    ):
        answer = form(ito, address, note=key_note(street, **changes))
        assert "portal.signature-refused" in answer.content.decode(), changes
    foreign = street.signed(entries.KeyEnd, REGISTRAR, key=street.index_of("diaz-4f2a"), reason="device lost")
    assert "portal.signature-refused" in form(ito, address, note=foreign).content.decode()
    assert NEW not in street.state().names
    assert form(ito, address, note=key_note(street)).status_code == 302
    street.drain()
    assert street.state().names[NEW].live
    assert let_in(street, NEW).get("/api/v1/me").json()["role"] == "officer"
    Worker(street.settings, street.clock).round()
    assert not Invitation.objects.exists()
    assert User.objects.filter(username=NEW).exists()


def test_another_agencys_registrar_sees_neither_its_invitations_nor_its_people(street, ito):
    made = invited(street)
    hand_in(street)
    stranger = let_in(street, OTHER)
    address = f"/work/people/invited/{made.invitation.pk}/"
    assert stranger.get(address).status_code == 404
    assert form(stranger, address, note=key_note(street, OTHER)).status_code == 404
    assert form(stranger, f"{address}drop/").status_code == 404
    diaz = street.index_of("diaz-4f2a")
    note = street.signed(entries.KeyEnd, OTHER, key=diaz, reason="device lost")
    assert form(stranger, f"/work/people/{diaz}/end/", note=note).status_code == 404
    assert "Rae Roe" not in stranger.get("/work/people/").content.decode()
    assert street.state().names["diaz-4f2a"].live
    assert ito.get(address).status_code == 200


def test_an_invitation_opens_once_and_not_for_ever(street, ito):
    made = invited(street, joined=False)
    link = f"/invitation/{made.token}/"
    nobody = Visitor(street)
    assert nobody.get(link).status_code == 200
    unknown = nobody.get(f"/invitation/{made.token}x/")
    assert (unknown.status_code, "portal.invitation-absent" in unknown.content.decode()) == (404, True)
    wrong = {"password": PASSWORD, "again": PASSWORD, "code": "1"}
    answer = form(nobody, link, **wrong)
    assert (answer.status_code, "portal.code-wrong" in answer.content.decode()) == (200, True)
    secret = enrolment.totp_secret(made.invitation)
    assert secret not in Invitation.objects.get().totp
    assert form(nobody, link, **(wrong | {"code": totp_code(secret)})).status_code == 302
    assert nobody.get(link).status_code == 404
    other = invited(street, name="late-0001", joined=False)
    street.advance(7 * DAY + 1)
    assert nobody.get(f"/invitation/{other.token}/").status_code == 404


def test_whoever_is_invited_and_never_enrolled_is_forgotten_with_the_account(street, ito):
    invited(street)
    street.advance(7 * DAY + 1)
    assert error_of(let_in(street, NEW).get("/api/v1/me")) == "portal.key-ended"
    Worker(street.settings, street.clock).round()
    assert not Invitation.objects.exists()
    assert not User.objects.filter(username=NEW).exists()


def test_an_invitation_that_is_taken_back_leaves_no_account(street, ito):
    made = invited(street)
    newcomer = let_in(street, NEW)
    assert form(ito, f"/work/people/invited/{made.invitation.pk}/drop/").status_code == 302
    assert not User.objects.filter(username=NEW).exists()
    assert error_of(newcomer.get("/api/v1/me")) == "web.session-absent"


@pytest.mark.parametrize("name", ["diaz-4f2a", REGISTRAR, "council-1", "library-person", "disclosure"])
def test_nobody_is_invited_under_a_name_that_is_used(street, ito, name):
    if name == "library-person":
        invited(street, name=name, joined=False)
    wanted = {"full_name": "Rae Roe", "role": "officer", "pseudonym": name}
    answer = form(ito, "/work/people/invite/", **wanted)
    assert "portal.invitation-refused" in answer.content.decode()
    assert Invitation.objects.count() == (1 if name == "library-person" else 0)


def test_an_agency_invites_only_so_many_people_at_once(street, ito, monkeypatch):
    monkeypatch.setattr(enrolment, "MAX_INVITED", 1)
    invited(street, joined=False)
    wanted = {"full_name": "Rae Roe", "role": "officer", "pseudonym": "second-0002"}
    answer = form(ito, "/work/people/invite/", **wanted).content.decode()
    assert "portal.invitations-exceeded" in answer


def test_keys_that_the_record_would_not_take_are_refused_before_anybody_signs(street, ito):
    invited(street)
    refused = "portal.keys-refused"
    for fields in (
        {"key": str(SignerKey.generate("diaz-4f2a").verifier)},
        {"key": f"{NEW}+abc+def"},
        {"x25519": street.x25519["diaz-4f2a"]},
        {"x25519": ""},
        {"x25519": "not hexadecimal"},
    ):
        assert refused in hand_in(street, **fields).content.decode(), fields
    assert Invitation.objects.get().key == ""


def test_a_newcomer_can_do_nothing_but_make_keys(street, ito):
    invited(street)
    newcomer = let_in(street, NEW)
    assert newcomer.get("/work/")["Location"] == "/work/joining/"
    assert error_of(newcomer.get("/api/v1/drafts")) == "portal.key-awaited"
    assert newcomer.get("/work/clips/").status_code == 403
    assert newcomer.get("/api/v1/me").json() == {"key": NEW, "index": -1, "role": "newcomer", "agency": AGENCY}


@pytest.mark.requirement("R45")
def test_every_act_about_people_is_written_down_with_who_did_it(street, ito):
    made = invited(street)
    hand_in(street)
    form(ito, f"/work/people/invited/{made.invitation.pk}/", note=key_note(street))
    street.drain()
    form(let_in(street, NEW), "/work/device/lost/")
    index = street.index_of(NEW)
    form(
        ito,
        f"/work/people/{index}/end/",
        note=street.signed(entries.KeyEnd, REGISTRAR, key=index, reason="device lost"),
    )
    acts = [(row.operator, row.act) for row in AdminAct.objects.filter(about=NEW).order_by("pk")]
    own, hers = NEW, REGISTRAR
    assert acts == [
        (hers, "invited"),
        (own, "account made"),
        (own, "keys handed in"),
        (hers, "key enrolled"),
        (own, "device lost"),
        (hers, "key ended"),
    ]


def test_a_registrar_whose_partnership_ended_can_do_nothing(street, ito):
    state = street.state()
    (partnership,) = [one for one in state.partnerships.values() if one.agency == AGENCY]
    note = street.signed(
        entries.PartnershipCancel, "council-1", "council-2", partnership=partnership.index, reason="Resolution 15"
    )
    street.record(note)
    assert error_of(ito.get("/api/v1/me")) == "portal.partnership-ended"
