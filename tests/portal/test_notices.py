# SPDX-License-Identifier: AGPL-3.0-or-later
"""People of the portal are told that something waits, if they chose to; a notice says nothing about any case."""

from __future__ import annotations

import dataclasses
import json
import time

import h3
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.base.config import printable
from sunporch.base.errors import Error
from sunporch.base.notekeys import SignerKey
from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.portal.agencies import enrolment
from sunporch.portal.agencies.models import Account
from sunporch.portal.agencies.permissions import person_of
from sunporch.portal.appeals import actions as appeal_actions
from sunporch.portal.clerk import actions as clerk_actions
from sunporch.portal.complaints import actions as complaint_actions
from sunporch.portal.config import load
from sunporch.portal.record import public_record
from sunporch.portal.review import actions as review_actions
from sunporch.portal.worker import Worker
from sunporch.web.pings import actions, push
from sunporch.web.pings.actions import GIVE_UP_SECONDS, MAX_WAYS
from sunporch.web.pings.models import Choice, Kind, Ping, Way
from tests.browser import PHONE
from tests.outside import MailServer, PushService, WebServer
from tests.portal.office import Office
from tests.portal.street import AGENCY, CASE, DAY, NARRATIVE, TOWN, Street, Visitor
from tests.portal.test_authorisation import unenrolled
from tests.portal.test_clips import recorded_appeal, shared
from tests.portal.test_exports import ask

CHOSEN = {"act": "choose", "wanted": "yes", "when": "soon", "hour": "17"}


@pytest.fixture
def post():
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def town(street, post):
    """The street, with the mail server in its portal's settings."""
    street.settings = settings.SUNPORCH = dataclasses.replace(street.settings, **post.settings())
    return street


def at_work(name: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(username=name))
    return client


def chooses(name: str, *topics: str, **changes: str) -> str:
    """Choose topics and an address on the person's own page; return the address."""
    client, address = at_work(name), f"{name}@people.example"
    for form in (CHOSEN | {"topics": topics} | changes, {"act": "mail", "mail-target": address}):
        answer = client.post("/work/notices/", form)
        assert answer.status_code == 302, answer.content.decode()
    return address


def files(street: Street, officer: str = "diaz-4f2a", **changes) -> tuple[str, str]:
    """Let an officer submit an appeal; return the draft's id and its note."""
    note, narrative = street.appeal(officer, **changes)
    answer = Visitor(street, officer).submit(note, narrative)
    assert answer.status_code == 201, answer.content
    return answer.json()["id"], note


def let_go(street: Street) -> Worker:
    """Let a worker look for news and send what is due by email."""
    worker = Worker(street.settings, street.clock)
    worker.round()
    send(worker)
    return worker


def send(worker: Worker) -> None:
    while worker._outward.step(Kind.MAIL):
        pass


def told(post: MailServer) -> dict[str, list[str]]:
    """Return what each person was told: the local part of the address -> subjects."""
    found: dict[str, list[str]] = {}
    for mail in post.mails:
        found.setdefault(mail["To"].partition("@")[0], []).append(mail["Subject"])
    return found


@pytest.mark.requirement("S4")
def test_kim_chooses_email_on_her_phone_and_hears_that_an_appeal_waits_and_nothing_about_it(people, street, post):
    office = Office(street, people, site_url="https://portal.maple.example", **post.settings())
    try:
        kim = office.sign_in("kim-77b0", PHONE, key=False)
        page = kim.page
        page.get_by_role("link", name="Notices").click()
        kim.check("notices-first")
        assert page.get_by_role("radio", checked=True).count() == 0
        page.get_by_role("button", name="Save").click()
        page.get_by_label("Yes").check()
        page.get_by_label("An appeal waits for my countersignature").check()
        page.get_by_label("As it happens").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("there is no way yet")).to_be_visible()
        page.get_by_label("Email address").fill("kim@police.example")
        page.get_by_role("button", name="Add this address").click()
        expect(page.get_by_role("heading", name="kim@police.example")).to_be_visible()
        kim.check("notices")
        draft, _ = files(street)
        [mail] = post.wait_for(1)
    finally:
        office.close()
    assert mail["Subject"] == "An appeal waits for your countersignature."
    assert mail.get_content().split() == [*mail["Subject"].split(), "https://portal.maple.example/work/"]
    assert (mail["To"], mail["Auto-Submitted"]) == ("kim@police.example", "auto-generated")
    for detail in (draft, draft[:12], CASE, "diaz", "Burglary", "220", *NARRATIVE.split(" ")[1:3]):
        assert detail not in mail.as_string()


def test_who_did_not_choose_hears_nothing_and_costs_the_mail_server_no_question(town, post):
    at_work("kim-77b0").post("/work/notices/", {"act": "mail", "mail-target": "kim@police.example"})
    chooses("lopez-90cd", "countersign", wanted="no")
    files(town)
    let_go(town)
    assert (post.asked, Ping.objects.count()) == (0, 0)


@pytest.mark.requirement("R12")
def test_each_role_hears_of_what_waits_for_it_and_of_nothing_else(town, post):
    for name in ("council-1", "council-2"):
        town.account(name)
    chooses("diaz-4f2a", "published", "returned", "clip")
    chooses("kim-77b0", "countersign", "clip")
    chooses("nowak-11aa", "published", "returned")
    chooses("okafor-2c1d", "review", "complaint")
    chooses("marsh-0b0b", "countersign")
    chooses("council-1", "motion")
    chooses("council-2", "motion")
    first, note = files(town)
    Visitor(town, "kim-77b0").post(f"/api/v1/drafts/{first}/countersign", note=town.cosign(note, "kim-77b0"))
    town.drain()
    second, _ = files(town, closes=town.now() + DAY)
    Visitor(town, "kim-77b0").post(f"/api/v1/drafts/{second}/return", reason="Too wide")
    complaint_actions.complain(complaint_actions.Wish("conduct", -1, "They shouted.", ""), town.now())
    (appeal,) = town.state().requests
    shared(town, appeal)
    let_go(town)
    assert {name: sorted(heard) for name, heard in told(post).items()} == {
        "diaz-4f2a": [
            "A clip was shared with you.",
            "An appeal of yours came back.",
            "An appeal of yours is public.",
        ],
        "kim-77b0": ["A clip was shared with you."],
        "okafor-2c1d": ["A complaint came."],
    }


def test_reviewers_hear_of_a_flagged_draft_and_the_other_clerk_of_an_entry_that_waits_for_a_key(town, post):
    for name in ("council-1", "council-2"):
        town.account(name)
        chooses(name, "motion")
    chooses("okafor-2c1d", "review")
    worship = next(place for place in TOWN.places if place["kind"] == "worship")
    draft, note = files(town, cells=tuple(sorted(set(h3.grid_disk(worship["cells"][0], 2)) & set(TOWN.grid))))
    Visitor(town, "kim-77b0").post(f"/api/v1/drafts/{draft}/countersign", note=town.cosign(note, "kim-77b0"))
    with public_record().reading() as state:
        (partnership,) = [one.index for one in state.partnerships.values() if one.agency == AGENCY]
        bell = person_of(Account.objects.get(pseudonym="council-1"), state, town.now())
    fields = {"partnership": partnership, "reason": "Resolution 15"}
    clerk_actions.begin(bell, town.signed(entries.PartnershipCancel, "council-1", **fields), [], town.now())
    let_go(town)
    assert told(post) == {
        "okafor-2c1d": ["An appeal waits for a reviewer."],
        "council-2": ["An entry waits for another key of the community."],
    }


@pytest.mark.requirement("R12")
def test_a_copy_a_clip_called_junk_and_new_keys_are_told_to_whoever_acts_on_them(town, post):
    unenrolled(town)
    clip = shared(town, recorded_appeal(town))[0]
    town.record(town.signed(entries.Access, "diaz-4f2a", disclosure=clip, e="ab" * 32, purpose="investigation"))
    for name, topic in (
        ("kim-77b0", "export"),
        ("marsh-0b0b", "export"),
        ("okafor-2c1d", "junk"),
        ("registrar-1", "keys"),
    ):
        chooses(name, topic)
    let_go(town)
    assert post.mails == []
    assert ask(town, clip).status_code == 201
    with public_record().reading() as state:
        diaz = person_of(Account.objects.get(pseudonym="diaz-4f2a"), state, town.now())
    review_actions.report_junk(diaz, clip, "elsewhere", town.now())
    enrolment.hand_in_keys("newcomer-1", str(SignerKey.generate("newcomer-1").verifier), "5e" * 32, town.now())
    let_go(town)
    assert told(post) == {
        "kim-77b0": ["A copy of a clip, or its passing on, waits for your signature."],
        "okafor-2c1d": ["A clip was reported as junk."],
        "registrar-1": ["Somebody's new keys wait for your signature."],
    }


@pytest.mark.requirement("R32", "R36")
def test_an_outcome_that_is_owed_a_finding_and_a_lost_device_are_told_to_whoever_has_to_act(town, post):
    appeal = recorded_appeal(town)
    town.account("registrar-1")
    for name, topics in (
        ("diaz-4f2a", ("outcome",)),
        ("nowak-11aa", ("outcome",)),
        ("kim-77b0", ("outcome", "finding")),
        ("marsh-0b0b", ("outcome", "finding")),
        ("registrar-1", ("lost",)),
    ):
        chooses(name, *topics)
    let_go(town)
    assert post.mails == []
    at_work("diaz-4f2a").post("/work/device/lost/")
    complaint_actions.complain(complaint_actions.Wish("conduct", appeal, "They shouted.", ""), town.now())
    town.drain()
    complaint = town.state().size - 1
    text = Blob.new("Her words were out of place.")
    found = town.signed(entries.Finding, "okafor-2c1d", complaint=complaint, code="upheld", text=text.commitment)
    town.record(found, text)
    town.advance(town.state().requests[appeal].closes_at - town.now() + 1)
    let_go(town)
    assert {name: sorted(heard) for name, heard in told(post).items()} == {
        "diaz-4f2a": ["An appeal closed, and its outcome is owed."],
        "kim-77b0": [
            "A reviewer's finding about your agency is public.",
            "An appeal closed, and its outcome is owed.",
        ],
        "registrar-1": ["Somebody of your agency lost a device."],
    }


def test_a_thing_is_told_once_however_often_it_is_looked_and_a_second_one_again(town, post):
    chooses("kim-77b0", "countersign")
    files(town)
    for _ in range(3):
        let_go(town)
    assert len(post.mails) == 1
    files(town, closes=town.now() + DAY)
    let_go(town)
    assert len(post.mails) == 2


def test_what_waited_already_when_kim_chose_is_no_news(town, post):
    files(town)
    chooses("kim-77b0", "countersign")
    let_go(town)
    assert post.mails == []


def test_a_notice_of_a_topic_that_was_not_chosen_never_goes_out(town, post):
    chooses("kim-77b0", "clip")
    files(town)
    let_go(town)
    assert post.mails == []


def test_a_key_that_ended_hears_nothing_more(town, post):
    chooses("kim-77b0", "countersign")
    index = town.index_of("kim-77b0")
    files(town)
    town.record(town.signed(entries.KeyEnd, "registrar-1", key=index, reason="left"))
    let_go(town)
    assert post.mails == []


def test_a_worker_killed_before_it_notes_that_mail_was_taken_sends_it_once_more_and_never_a_third_time(town, post):
    chooses("kim-77b0", "countersign")
    files(town)
    post.breaks_off = True  # the server took it; what our side would have noted is lost
    worker = let_go(town)
    post.breaks_off = False
    town.advance(actions.RETRY_SECONDS)
    send(worker)
    town.advance(actions.RETRY_SECONDS * 4)
    send(worker)
    first, second = post.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_a_dead_mail_server_stops_no_other_duty_and_is_said_on_kims_page_and_to_the_operator(town, post):
    chooses("kim-77b0", "countersign")
    draft, _ = files(town)
    port = post.port
    post.close()
    worker = let_go(town)
    assert Visitor(town).get("/metrics").content.decode().count("sunporch_notices_troubled 1.0") == 1
    page = at_work("kim-77b0").get("/work/notices/").content.decode()
    assert "The mail server did not take the last notice" in page
    town.advance(3 * DAY)
    worker.round()
    assert appeal_actions.Draft.objects.get(pk=draft).state == "expired"
    town.advance(-3 * DAY)
    again = MailServer(port)
    try:
        town.advance(actions.RETRY_SECONDS)
        send(worker)
        assert len(again.mails) == 1
    finally:
        again.close()
    assert "did not take" not in at_work("kim-77b0").get("/work/notices/").content.decode()


def test_a_mail_server_that_refuses_is_asked_less_and_less_often_and_after_a_day_no_more(town, post):
    chooses("kim-77b0", "countersign")
    files(town)
    post.refuses = "550 no such person"
    worker = let_go(town)
    send(worker)
    assert post.asked == 1
    for _ in range(GIVE_UP_SECONDS // 600 + 1):
        town.advance(600)
        send(worker)
    assert 24 <= post.asked <= 40
    assert Ping.objects.count() == 0
    page = at_work("kim-77b0").get("/work/notices/").content.decode()
    assert "550 no such person" in page


def test_a_mail_server_that_is_refused_here_names_nobody_but_its_own_words(town, post):
    chooses("kim-77b0", "countersign")
    post.refuses = "451 later"
    at_work("kim-77b0").post("/work/notices/", {"act": "try", "way": str(Way.objects.get().pk)})
    send(Worker(town.settings, town.clock))
    way = Way.objects.get()
    assert (way.trouble_id, way.trouble) == ("web.mail-unsent", {"reason": "451 later"})


def test_once_a_day_is_one_word_at_the_chosen_hour_however_much_is_new(town, post):
    hour = (town.now() // 3600 + 3) % 24
    chooses("kim-77b0", "countersign", when="daily", hour=str(hour))
    files(town)
    files(town, closes=town.now() + DAY)
    worker = let_go(town)
    assert post.mails == []
    due = actions.next_hour(hour, town.now())
    town.advance(due - town.now() - 1)
    send(worker)
    assert post.mails == []
    town.advance(2)
    send(worker)
    town.advance(DAY)
    let_go(town)
    assert told(post) == {"kim-77b0": ["There is something new for you at the portal."]}


def test_kim_hears_in_her_browser_and_by_apprise_where_the_operator_allows_it_and_in_words_of_one_size(town, post):
    service, hook = PushService(), WebServer(200)
    try:
        chooses("kim-77b0", "countersign", "clip")
        push_form = {"act": "push", "push-target": service.subscription(), "push-name": "Browser on a phone"}
        apprise_form = {"act": "apprise", "apprise-target": f"json://{hook.host}/kim"}
        for form, error in ((push_form, "web.push-refused"), (apprise_form, "web.apprise-refused")):
            assert error in at_work("kim-77b0").post("/work/notices/", form).content.decode()
        allowed = {"push_services": [service.host], "apprise_schemes": ["json"]}
        town.settings = settings.SUNPORCH = dataclasses.replace(town.settings, **allowed)
        for form in (push_form, apprise_form):
            assert at_work("kim-77b0").post("/work/notices/", form).status_code == 302
        files(town)
        worker = let_go(town)
        for kind in (Kind.PUSH, Kind.APPRISE):
            assert worker._outward.step(kind)
        Way.objects.exclude(kind=Kind.PUSH).delete()
        actions.try_way(User.objects.get(username="kim-77b0"), Way.objects.get().pk, town.now())
        assert worker._outward.step(Kind.PUSH)
        first, second = (json.loads(word) for word in service.words())
        assert first == {
            "title": "The town's portal",
            "text": "An appeal waits for your countersignature.",
            "path": "/work/",
        }
        assert second["text"] != first["text"]
        assert len({len(body) for _, _, body in service.posted}) == 1
        service.check_signed(push.public_key(town.settings.push_key), time.time())
        [(_, _, hooked)] = hook.posted
        assert json.loads(hooked)["message"].split()[:2] == ["An", "appeal"]
        assert NARRATIVE.split()[2] not in hooked.decode()
    finally:
        service.close()
        hook.close()


def test_the_mail_servers_password_is_masked_and_never_sent_in_clear_to_another_machine(town, tmp_path):
    shown = printable(dataclasses.replace(town.settings, smtp_password="topsecret"))
    assert "topsecret" not in str(shown)
    assert town.settings.push_key.stat().st_mode & 0o777 == 0o600
    for wrong in (
        'smtp_host = "mail.example"\nsmtp_from = "a@b.example"\nsmtp_security = "none"',
        'smtp_host = "mail.example"\nsmtp_from = "a@b.example"\nsmtp_security = "ssl"',
        'smtp_host = "mail.example"',
    ):
        file = tmp_path / "portal.toml"
        file.write_text(f'origin = "demo.x"\ndata_dir = "/tmp/x"\nsecret_key = "{"x" * 40}"\n{wrong}\n')
        with pytest.raises(Error, match=r"config\.value-refused"):
            load(file)


def test_nobody_removes_or_tries_another_persons_way(town, post):
    chooses("kim-77b0", "countersign")
    kims = Way.objects.get()
    for act in ("drop", "try"):
        at_work("lopez-90cd").post("/work/notices/", {"act": act, "way": str(kims.pk)})
        at_work("lopez-90cd").post("/work/notices/", {"act": act, "way": "x"})
    assert Way.objects.filter(pk=kims.pk).exists()
    assert not Ping.objects.exists()
    at_work("kim-77b0").post("/work/notices/", {"act": "drop", "way": str(kims.pk)})
    assert not Way.objects.exists()


def test_kim_has_at_most_eight_ways_and_her_role_decides_of_what_she_can_hear(town):
    for number in range(MAX_WAYS):
        at_work("kim-77b0").post("/work/notices/", {"act": "mail", "mail-target": f"{number}@police.example"})
    answer = at_work("kim-77b0").post("/work/notices/", {"act": "mail", "mail-target": "9@police.example"})
    assert "at most 8 ways" in answer.content.decode()
    assert "web.ways-exceeded" in answer.content.decode()
    assert Way.objects.count() == MAX_WAYS
    answer = at_work("kim-77b0").post("/work/notices/", CHOSEN | {"topics": "complaint"})
    assert answer.status_code == 200
    assert not Choice.objects.exists()


@pytest.mark.parametrize(
    "address", ["kim@police.example\r\nBcc: all@press.example", "kim", "a@b.example, c@d.example"]
)
def test_an_address_carries_no_second_recipient_and_no_header(town, address):
    assert at_work("kim-77b0").post("/work/notices/", {"act": "mail", "mail-target": address}).status_code == 200
    assert not Way.objects.exists()


def test_a_form_of_another_site_changes_nobodys_notices(town):
    client = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="kim-77b0"))
    assert client.post("/work/notices/", CHOSEN | {"topics": "countersign"}).status_code == 403
    assert not Choice.objects.exists()
