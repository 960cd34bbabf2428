# SPDX-License-Identifier: AGPL-3.0-or-later
"""Mr. Bell approves an agency, its registrar signs without an account, a second key signs: then it is on record."""

from __future__ import annotations

import html
import os
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.docket import entries
from sunporch.portal.clerk import decision_form
from sunporch.portal.clerk.models import Motion, Proposal
from tests.browser import PHONE
from tests.portal.office import Office, published
from tests.portal.street import AGENCY, DAY

NEW = "MN0620100"
REGISTRAR = SignerKey.generate("registrar-9")


@pytest.fixture
def office(street, people):
    made = Office(street, people)
    yield made
    made.close()


@pytest.fixture
def bell(street):
    """Mr. Bell's browser without its script: what the site itself refuses."""
    street.account("council-1")
    made = Client(headers={"host": "localhost"})
    made.force_login(User.objects.get(username="council-1"))
    return made


def told(answer) -> str:
    """Return what a page says is wrong beside its fields."""
    return html.unescape(" ".join(re.findall(r'<p class="error">(.*?)</p>', answer.content.decode())))


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def first_day(street) -> int:
    return decision_form.first_day(street.state().comment_days, street.now())


def answers(street, **changes) -> dict:
    first = first_day(street)
    days = {"hearing": iso(first), "in_force_from": iso(first), "ends": iso(first + 365 * DAY)}
    texts = {"agency": NEW, "name": "Police of Linden", "kind": "municipal", "registrar": str(REGISTRAR.verifier)}
    return {**texts, "instrument": "Resolution 30", "link": "https://linden.example/30", **days, **changes}


def approval(street, *signers, **changes) -> str:
    """Return the note of a partnership, signed."""
    first = first_day(street)
    fields = {
        **{"agency": NEW, "name": "Police of Linden", "kind": "municipal", "registrar": str(REGISTRAR.verifier)},
        **{"instrument": "Resolution 30", "link": "https://linden.example/30"},
        **{"hearing": first, "in_force_from": first, "ends": first + 365 * DAY},
    }
    return street.signed(entries.Partnership, *signers, **(fields | changes))


def begun(street, bell, **changes) -> Motion:
    """Let Bell sign an approval; return what waits."""
    at = bell.post("/work/partnerships/new/")["Location"]
    bell.post(at, answers(street, **changes))
    note = approval(street, "council-1", **changes)
    assert bell.post(f"{at}check/", {"note": note}).status_code == 302
    return Motion.objects.get()


@pytest.mark.requirement("R1", "R3", "R5", "S2")
def test_bell_approves_an_agency_whose_registrar_signs_with_a_key_file_and_without_an_account(
    office, people, tmp_path
):
    street = office.street
    bell = office.sign_in("council-1")
    page = bell.page
    page.get_by_role("link", name="Partnerships", exact=True).click()
    bell.check("partnerships")
    page.get_by_role("button", name="Approve an agency").click()
    for label, value in (
        ("Name of the agency", "Police of Linden"),
        ("Code of the agency", NEW),
        ("Public key of its registrar", str(REGISTRAR.verifier)),
        ("Address where", "https://linden.example/30"),
        ("Day of the public hearing", iso(first_day(street))),
        ("In force from", iso(first_day(street))),
        ("Ends on", iso(first_day(street) + 365 * DAY)),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_label("Decision", exact=True).fill("Resolution 30")
    page.get_by_label("For immigration").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("No town can decide otherwise here.").last).to_be_visible()
    bell.check("approval-refused")
    page.get_by_label("Of a town").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Police of Linden may ask residents for footage")).to_be_visible()
    bell.check("approval-check")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign the approval").click()
    address = page.locator("pre").filter(has_text="/registrar/").inner_text()
    bell.check("approval-motion")
    registrar = people.window(office.url, PHONE)
    registrar.page.goto(address)
    expect(registrar.page.get_by_text("Police of Linden may ask residents for footage")).to_be_visible()
    expect(registrar.page.get_by_role("button", name="Sign as the registrar")).to_be_disabled()
    registrar.check("registrar")
    file = tmp_path / "registrar.key"
    file.write_text(f"{REGISTRAR.secret_text()}\n{os.urandom(32).hex()}\n")
    with registrar.page.expect_navigation():
        registrar.page.get_by_label("Key file of registrar-9").set_input_files(file)
    with registrar.page.expect_navigation():
        registrar.page.get_by_role("button", name="Sign as the registrar").click()
    expect(registrar.page.get_by_text("The registrar has signed.")).to_be_visible()
    registrar.check("registrar-signed")
    second = office.sign_in("council-2", PHONE)
    second.page.get_by_role("link", name="An agency is approved").click()
    second.check("approval-second")
    second.page.get_by_role("button", name="Sign too").click()
    published(second)
    (made,) = (one for one in street.state().partnerships.values() if one.agency == NEW)
    assert (made.instrument, made.registrar) == ("Resolution 30", REGISTRAR.verifier)
    assert not Proposal.objects.exists()
    page.goto("/work/partnerships/")
    expect(page.get_by_text("approved, not in force yet")).to_be_visible()
    registrar.page.goto(f"/comments/{made.index}/")
    expect(registrar.page.get_by_role("heading", level=1)).to_have_text("Comments on Police of Linden")


@pytest.mark.requirement("R1", "R3", "R5")
@pytest.mark.parametrize(("change", "said"), [
    ({"kind": "federal"}, "No town can decide otherwise here."),
    ({"kind": "immigration"}, "No town can decide otherwise here."),
    ({"agency": "mn1"}, "An ORI is two capital letters"),
    ({"in_force_from": "2026-01-01"}, "Not before"),
    ({"hearing": "2099-01-01"}, "The hearing is held before"),
    ({"ends": "2026-01-01"}, "It ends after it has begun"),
    ({"registrar": "somebody"}, "not a public key of the form"),
    ({"registrar": str(SignerKey.generate("watcher", COSIGNATURE).verifier)}, "not a public key of the form"),
    ({"registrar": str(SignerKey.generate("okafor-2c1d").verifier)}, "in the record already"),
    ({"instrument": ""}, "This is needed"),
])  # fmt: skip
def test_what_cannot_be_a_partnership_is_refused_at_its_field(street, bell, change, said):
    at = bell.post("/work/partnerships/new/")["Location"]
    assert bell.post(at, answers(street)).status_code == 302
    assert bell.get(f"{at}check/").status_code == 200
    answer = bell.post(at, answers(street, **change))
    assert answer.status_code == 200 and said in told(answer)
    assert bell.get(f"{at}check/")["Location"] == f"{at}?wrong"


@pytest.mark.requirement("R1")
def test_a_renewal_begins_from_the_old_partnership_and_needs_a_decision_of_its_own(street, bell):
    old = next(one for one in street.state().partnerships.values() if one.agency == AGENCY)
    at = bell.post("/work/partnerships/new/", {"renew": old.index})["Location"]
    page = html.unescape(bell.get(at).content.decode())
    assert AGENCY in page and str(old.registrar) in page
    assert re.search(r'name="in_force_from" value="([^"]*)"', page)[1] >= iso(old.ends)
    assert 'name="instrument" maxlength' in page or 'name="instrument" value' not in page
    assert bell.get(f"{at}check/")["Location"] == f"{at}?wrong"
    assert bell.post("/work/partnerships/new/", {"renew": 99999}).status_code == 404
    assert bell.post("/work/partnerships/new/", {"renew": "x"}).status_code == 404


@pytest.mark.requirement("R1")
def test_keys_of_the_community_without_the_registrar_put_no_partnership_on_record(street, bell):
    motion = begun(street, bell)
    street.account("council-2")
    second = Client(headers={"host": "localhost"})
    second.force_login(User.objects.get(username="council-2"))
    signed = street.cosign(motion.note, "council-2")
    assert second.post(f"/work/motions/{motion.id}/", {"note": signed})["Location"] == f"/work/motions/{motion.id}/"
    assert "Waiting for the registrar" in second.get(f"/work/motions/{motion.id}/").content.decode()
    anybody = Client(headers={"host": "localhost"})
    at = f"/registrar/{motion.id}/"
    street.keys["registrar-9"], street.keys["mallory"] = REGISTRAR, SignerKey.generate("mallory")
    for note in (motion.note, street.cosign(motion.note, "mallory"), approval(street, "registrar-9")):
        assert "portal.signature-refused" in anybody.post(at, {"note": note}).content.decode()
    assert "tlog.note-malformed" in anybody.post(at, {"note": "nonsense"}).content.decode()
    assert Motion.objects.filter(id=motion.id).exists()
    kept = anybody.get(f"{at}note").content.decode()
    done = anybody.post(at, {"note": street.cosign(kept, "registrar-9").replace("\n", "\r\n")})
    assert done["Location"] == f"{at}signed/"
    street.drain()
    assert NEW in {one.agency for one in street.state().partnerships.values()}
    assert "on its way into the public record" in anybody.get(f"{at}signed/").content.decode()


def test_only_a_partnership_that_waits_has_a_page_for_its_registrar(street, bell):
    anybody = Client(headers={"host": "localhost"})
    note = street.signed(entries.PartnershipCancel, "council-1", partnership=2, reason="no longer wanted")
    (index,) = [one.index for one in street.state().partnerships.values() if one.agency == AGENCY]
    note = street.signed(entries.PartnershipCancel, "council-1", partnership=index, reason="no longer wanted")
    bell.post(f"/work/partnerships/{index}/end/", {"note": note})
    for motion in (Motion.objects.get().id, "ab" * 32):
        for tail in ("", "note"):
            assert anybody.get(f"/registrar/{motion}/{tail}").status_code == 404
