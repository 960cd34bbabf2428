# SPDX-License-Identifier: AGPL-3.0-or-later
"""What Ana's hub tells her elsewhere: nothing unless she chose it, and then the same few words for everything."""

from __future__ import annotations

import dataclasses
import json
import time
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import expect

from sunporch.base.errors import Error
from sunporch.hub.errors import APPEAL_FORBIDDEN
from sunporch.hub.inbox import actions as inbox
from sunporch.hub.notices import news, words
from sunporch.hub.preferences import pin
from sunporch.hub.preferences.models import Preference
from sunporch.hub.shares.models import Message, Share
from sunporch.web.errors import PUSH_GONE
from sunporch.web.pings import actions, bridge, push
from sunporch.web.pings.models import Choice, Kind, Ping, Way, When
from sunporch.web.pings.sending import Outward
from tests.autopush import BY_HAND, DELIVERED, NO_SUBSCRIPTION, NOT_OPENED
from tests.browser import DESKTOP
from tests.hub.browsing import arrive, enter
from tests.hub.home import Home, Resident, share
from tests.outside import MailServer, PushService, WebServer

pytestmark = pytest.mark.django_db(transaction=True)
HALF_AN_HOUR = 1_800
SAID = "Something is waiting in your home hub."
CHOSEN = {"act": "choose", "wanted": "yes", "when": "soon", "hour": "17"}
EVERYTHING = ("appeals", "shares", "home")


@pytest.fixture
def outside():
    """A mail server, a push service and a web hook, all of them other people's."""
    servers = {"mail": MailServer(), "push": PushService(), "apprise": WebServer(200)}
    yield servers
    for server in servers.values():
        server.close()


@pytest.fixture
def hub(home, settings, outside):
    """Ana's hub, which could reach all of them."""
    push.make_key(home.hub.push_key)
    could = outside["mail"].settings() | {"push_services": [outside["push"].host]}
    settings.HUB = home.hub = dataclasses.replace(home.hub, **could)
    return home


def speak(home: Home) -> None:
    """Let the hub's worker look for news and tell it, now and after the longest wait."""
    outward = Outward(home.hub, home.hub.push_key, home.clock, partial(words.message, home.hub), home.hub.socks_proxy)
    news.tell_residents(home.clock.now())
    home.clock.advance(HALF_AN_HOUR)
    for kind in outward.ways():
        while outward.step(kind):
            pass


def at_home(resident: Resident) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=resident.username))
    return client


def chooses(resident: Resident, *topics: str, **changes: str) -> None:
    answer = at_home(resident).post("/settings/notices/", CHOSEN | {"topics": topics} | changes)
    assert answer.status_code == 302, answer.content.decode()


def adds(resident: Resident, kind: str, target: str):
    form = {"act": kind, f"{kind}-target": target, "push-name": "Browser on a phone"}
    return at_home(resident).post("/settings/notices/", form)


def adds_all(resident: Resident, outside) -> None:
    for kind, target in (
        ("mail", "ana@people.example"),
        ("push", outside["push"].subscription()),
        ("apprise", f"json://{outside['apprise'].host}/hook"),
    ):
        answer = adds(resident, kind, target)
        assert answer.status_code == 302, answer.content.decode()


def asked(outside) -> int:
    """Return how often anybody outside was asked anything."""
    return outside["mail"].asked + len(outside["push"].posted) + len(outside["apprise"].posted)


@pytest.mark.requirement("R16", "S4")
@pytest.mark.promise(4)
@pytest.mark.parametrize("answer", ["never asked", "no"])
def test_a_home_that_did_not_choose_notices_sends_nobody_anything(hub, street, outside, ana, answer):
    adds_all(ana, outside)
    if answer == "no":
        chooses(ana, wanted="no")
    start = hub.clock.now() - 3600
    hub.camera(start_s=start)
    street.maple.ask(start - 600, start + 600)
    hub.turn()
    assert inbox.Notice.objects.count() == 1
    inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
    speak(hub)
    assert (asked(outside), Ping.objects.count()) == (0, 0)


@pytest.mark.requirement("R16", "S4")
def test_a_match_a_message_an_outcome_and_an_alarm_are_the_same_words_by_every_way(hub, street, outside, ana):
    chooses(ana, *EVERYTHING)
    adds_all(ana, outside)
    start = hub.clock.now() - 3600
    porch = hub.camera(start_s=start)
    appeal = street.maple.ask(start - 600, start + 600)
    hub.turn()
    speak(hub)
    release = share(hub, ana, appeal, porch, start + 1, start + 3)
    speak(hub)
    given = Share.objects.get(release=release)
    Message.objects.create(share=given, number="1" * 64, ours=False, sender="diaz", text="Thank you, 24-1", at=1)
    speak(hub)
    inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
    speak(hub)
    mails, words_read = outside["mail"].mails, outside["push"].words()
    assert [mail["Subject"] for mail in mails] == [SAID] * 3
    assert {mail.get_content() for mail in mails} == {f"{SAID}\r\n\r\nhttp://localhost:8401/\r\n"}
    assert len({len(body) for _, _, body in outside["push"].posted}) == 1
    assert {word.rstrip() for word in words_read} == {
        json.dumps({"title": "Home hub", "text": SAID, "path": "/"}).encode()
    }
    assert len(words_read) == 3
    outside["push"].check_signed(push.public_key(hub.hub.push_key), time.time())
    hooked = [json.loads(body) for _, _, body in outside["apprise"].posted]
    said = {(hook["title"], *hook["message"].split()) for hook in hooked}
    assert said == {("Home hub", *SAID.split(), "http://localhost:8401/")}
    assert len(hooked) == 3


def test_a_word_of_any_kind_has_the_same_size_when_it_leaves(hub, outside, ana):
    adds(ana, "push", outside["push"].subscription())
    for text in (words.WAITING, actions.EVERY_DAY):
        push.send(hub.hub.push_key, "mailto:a@b.example", "", Way.objects.get().target, words.message(hub.hub, text))
    sizes = {len(body) for _, _, body in outside["push"].posted}
    assert (len(outside["push"].posted), len(sizes)) == (2, 1)


@pytest.mark.requirement("R16")
def test_a_home_whose_resident_takes_the_choice_back_is_silent_again(hub, outside, ana):
    chooses(ana, "home", when="always")
    adds_all(ana, outside)
    news.tell_residents(hub.clock.now())
    assert Ping.objects.count() == 3
    chooses(ana, wanted="no", when="always")
    inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
    for choice in Choice.objects.all():
        actions.tell(choice.user_id, news.present(hub.clock.now()), hub.clock.now(), 0)
    hub.clock.advance(86_400)
    speak(hub)
    assert asked(outside) == 0


def test_each_resident_hears_only_of_what_they_chose_and_in_their_own_language(hub, outside, ana):
    ben = Resident("ben")
    Preference.objects.filter(user__username="ben").update(language="es")
    chooses(ana, "appeals")
    chooses(ben, "home")
    adds(ana, "mail", "ana@people.example")
    adds(ben, "mail", "ben@people.example")
    inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
    speak(hub)
    [mail] = outside["mail"].mails
    assert (mail["To"], mail["Subject"]) == ("ben@people.example", "Algo le espera en su central del hogar.")


def test_a_camera_that_is_away_for_ten_minutes_is_told_once_and_again_when_it_is_away_again(hub, outside, ana):
    chooses(ana, "home")
    adds(ana, "mail", "ana@people.example")
    porch = hub.camera(start_s=hub.clock.now() - 3600)
    porch.taken_in, porch.recorded_until = False, hub.clock.now() - 500
    porch.save()
    news.tell_residents(hub.clock.now())
    assert not Ping.objects.exists()
    for _ in range(2):
        speak(hub)
    news.tell_residents(hub.clock.now())
    assert len(outside["mail"].mails) == 1
    for recorded_until in (hub.clock.now(), hub.clock.now() - 700):
        porch.recorded_until = recorded_until
        porch.save()
        news.tell_residents(hub.clock.now())
    speak(hub)
    assert len(outside["mail"].mails) == 2


def test_a_word_as_it_happens_waits_at_random_so_that_its_minute_says_little(hub, ana):
    chooses(ana, "home")
    adds(ana, "mail", "ana@people.example")
    waits = set()
    for number in range(8):
        inbox.raise_alarm(APPEAL_FORBIDDEN(), f"appeal {number}", hub.clock.now())
        news.tell_residents(hub.clock.now())
        waits.add(Ping.objects.get().due_at - hub.clock.now())
        Ping.objects.all().delete()
    assert len(waits) > 1
    assert all(0 <= wait <= news.MOST_WAIT for wait in waits)


@pytest.mark.requirement("R16")
def test_every_day_is_one_word_a_day_whether_or_not_anything_happened(hub, outside, ana):
    chooses(ana, *EVERYTHING, when="always", hour="17")
    adds(ana, "push", outside["push"].subscription())
    times = []
    for day in range(3):
        if day == 1:
            inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
        news.tell_residents(hub.clock.now())
        times.append(Ping.objects.get().due_at % 86_400 // 3600)
        hub.clock.advance(86_400)
        speak(hub)
        Ping.objects.all().delete()
    assert times == [17, 17, 17]
    assert len(set(outside["push"].words())) == 1
    assert len(outside["push"].posted) == 3


def test_behind_a_proxy_only_pushes_leave_and_they_go_through_it(hub, settings, outside, ana):
    chooses(ana, "home")
    adds_all(ana, outside)
    # A proxy that nobody runs: whatever arrived would have gone beside it.
    settings.HUB = hub.hub = dataclasses.replace(hub.hub, socks_proxy="socks5h://127.0.0.1:9")
    inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
    speak(hub)
    assert asked(outside) == 0
    trouble = {way.kind: way.trouble_id for way in Way.objects.all()}
    assert trouble == {"mail": "web.way-proxied", "push": "web.push-unsent", "apprise": "web.way-proxied"}
    assert "web.way-proxied" in adds(ana, "mail", "other@people.example").content.decode()
    page = at_home(ana).get("/settings/notices/").content.decode()
    assert "Add this address" not in page


@pytest.mark.parametrize(
    "changes",
    [
        {"endpoint": "https://printer.lan/push"},
        {"endpoint": "http://169.254.169.254/latest/meta-data"},
        {"endpoint": "https://fcm.googleapis.com.evil.example/x"},
        {"endpoint": "https://ana@fcm.googleapis.com/x"},
        {"endpoint": "file:///etc/passwd"},
        {"keys": {"p256dh": "AAAA", "auth": "AAAA"}},
        {"keys": {"p256dh": f"B{'A' * 86}", "auth": "A" * 22}},  # no point of the curve
        {"keys": None},
        {"endpoint": 7},
    ],
)
def test_a_subscription_cannot_make_the_hub_ask_another_machine(hub, outside, ana, changes):
    answer = adds(ana, "push", outside["push"].subscription(**changes))
    assert "web.push-refused" in answer.content.decode()
    for untrusted in ("", "{", "[]", '"x"', "9" * 2_001):
        assert adds(ana, "push", untrusted).status_code == 200
    assert not Way.objects.exists()


def test_the_services_of_the_browsers_are_asked_and_names_that_only_look_like_them_are_not(hub, outside):
    services = ["fcm.googleapis.com", "*.notify.windows.com"]
    for endpoint in ("https://fcm.googleapis.com/x", "https://wns2-by3p.notify.windows.com/w/?token=1"):
        assert endpoint in push.check(outside["push"].subscription(endpoint=endpoint), services)
    for endpoint in (
        "https://evilnotify.windows.com/x",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com:8/",
    ):
        with pytest.raises(Error, match=r"web\.push-refused"):
            push.check(outside["push"].subscription(endpoint=endpoint), services)


@pytest.mark.parametrize(
    "address",
    [
        "dbus://",
        "syslog://",
        "file:///etc/passwd",
        "json://",
        "ntfy",
        "json://127.0.0.1/?rto=9999",
        "json://[",
        "xyz://a",
    ],
)
def test_an_apprise_address_that_acts_on_this_machine_or_holds_the_hub_up_is_refused(hub, ana, address):
    assert "web.apprise-refused" in adds(ana, "apprise", address).content.decode()
    assert not Way.objects.exists()


def test_the_secret_of_an_apprise_address_is_not_shown(hub, ana):
    assert adds(ana, "apprise", "ntfys://ana:topsecret@ntfy.example/topic").status_code == 302
    page = at_home(ana).get("/settings/notices/").content.decode()
    assert "topsecret" not in page
    assert "ntfy.example" in page
    assert "topsecret" not in bridge.check("ntfys://ana:topsecret@ntfy.example/topic", ["ntfys"])


def test_a_service_that_refuses_is_said_at_its_way_and_a_browser_that_is_gone_is_not_asked_again(hub, outside, ana):
    chooses(ana, "home")
    adds_all(ana, outside)
    outside["push"].status, outside["apprise"].status = 410, 500
    inbox.raise_alarm(APPEAL_FORBIDDEN(), "appeal 9", hub.clock.now())
    speak(hub)
    speak(hub)
    page = at_home(ana).get("/settings/notices/").content.decode()
    assert "This browser takes no notices any more." in page
    assert "did not take the last notice" in page
    assert dict(Way.objects.values_list("kind", "trouble_id")) == {
        "mail": "",
        "push": "web.push-gone",
        "apprise": "web.apprise-unsent",
    }
    assert (len(outside["push"].posted), len(outside["apprise"].posted)) == (1, 2)
    outside["apprise"].status = 200
    speak(hub)
    assert Way.objects.get(kind=Kind.APPRISE).trouble_id == ""


def test_notices_lie_behind_the_pin_because_a_failed_one_says_that_there_was_one(hub, ana):
    Preference.objects.filter(user__username="ana").update(pin=pin.make_password("1234"))
    answer = at_home(ana).get("/settings/notices/")
    assert (answer.status_code, answer["Location"]) == (302, "/inbox/pin/?next=%2Fsettings%2Fnotices%2F")


REGISTER = """
async () => {
  const { installing } = await navigator.serviceWorker.register("/static/web/js/push_worker.js");
  await new Promise((resolve) => installing.addEventListener("statechange", () => {
    if (installing.state === "activated") resolve();
  }));
}
"""
CLICK = """
async () => {
  let notice;
  while (!notice) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    [notice] = await self.registration.getNotifications();
  }
  let opened = "";
  Object.defineProperty(self.clients, "openWindow", { value: async (url) => { opened = url; } });
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification: notice }));
  await new Promise((resolve) => setTimeout(resolve, 0));
  return { title: notice.title, body: notice.body, tag: notice.tag, actions: notice.actions.length, opened };
}
"""


def deliver(window, origin: str, data: bytes) -> None:
    """Hand a word to the browser's service worker as its push service would."""
    session = window.context.new_cdp_session(window.page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(item["registrationId"] for item in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    while not found:
        window.page.wait_for_timeout(20)
    order = {"origin": origin, "registrationId": found[0], "data": data.decode()}
    session.send("ServiceWorker.deliverPushMessage", order)


@pytest.mark.parametrize("path", ["/", "https://evil.example/", "//evil.example/x", "javascript:alert(1)", 7, None])
def test_a_press_on_a_notice_opens_the_hubs_own_page_whatever_came(people, live_server, hub, path):
    url = live_server.url.replace("127.0.0.1", "localhost")
    window = people.window(url, DESKTOP, permissions=["notifications"])
    page = window.page
    page.goto("/")
    page.evaluate(REGISTER)
    deliver(window, url, json.dumps({"title": "Home hub", "text": SAID, "path": path}).encode())
    shown = window.context.service_workers[0].evaluate(CLICK)
    opened = shown.pop("opened")
    assert shown == {"title": "Home hub", "body": SAID, "tag": "sunporch", "actions": 0}
    assert opened == f"{url}/" or (path != "/" and opened.startswith(f"{url}/"))


def test_a_browser_without_a_push_service_says_that_it_did_not_work(people, live_server, hub, ana):
    window = people.window(live_server.url.replace("127.0.0.1", "localhost"), DESKTOP)
    page = window.page
    enter(page, ana)
    page.goto("/settings/notices/")
    page.get_by_role("button", name="Show notices in this browser").click()
    expect(page.get_by_text("did not let the site show notices")).to_be_visible()
    assert not Choice.objects.exists()
    assert not Way.objects.exists()


SHOWN = """
async () => {
  const worker = document.querySelector("form[data-push]").dataset.worker;
  const registration = await navigator.serviceWorker.getRegistration(worker);
  const all = await registration.getNotifications();
  all.forEach((notice) => notice.close());
  return all.map((notice) => [notice.title, notice.body, notice.tag, notice.data]);
}
"""
KEPT = """
async () => {
  const worker = document.querySelector("form[data-push]").dataset.worker;
  const registration = await navigator.serviceWorker.getRegistration(worker);
  return (await registration.pushManager.getSubscription())?.endpoint;
}
"""


@pytest.mark.requirement("R16", "S4")
def test_firefox_opens_what_the_hub_sealed_shows_it_and_forgets_its_subscription_when_ana_removes_it(
    firefox, live_server, hub, settings, ana
):
    service = firefox.push
    settings.HUB = hub.hub = dataclasses.replace(hub.hub, push_services=[service.host])
    tab = firefox.tab(live_server.url.replace("127.0.0.1", "localhost"))
    tab.allow("notifications")
    arrive(tab, ana)
    tab.press("link", "Settings", leads=True)
    tab.press("link", "Your notices", leads=True)
    tab.press("radio", "Yes")
    tab.press("checkbox", str(words.TOPICS["home"]))
    tab.press("radio", str(words.WHENS[When.SOON]))
    tab.press("button", "Save", leads=True)
    tab.press("button", "Show notices in this browser", leads=True)
    tab.shoot("hub-notices")
    assert list(service.keys.values()) == [push.public_key(hub.hub.push_key)]
    tab.press("button", "Send one now", leads=True)
    speak(hub)
    service.wait_for(DELIVERED)
    assert tab.until(SHOWN) == [["Home hub", SAID, "sunporch", f"{tab.url}/"]]
    service.spoils = True
    tab.press("button", "Send one now", leads=True)
    speak(hub)
    service.wait_for(NOT_OPENED)
    assert tab.evaluate(SHOWN) == []
    service.spoils = False
    service.end_all()
    for alarm in ("appeal 8", "appeal 9"):
        inbox.raise_alarm(APPEAL_FORBIDDEN(), alarm, hub.clock.now())
        speak(hub)
    assert service.refused == [NO_SUBSCRIPTION]
    tab.goto("/settings/notices/")
    tab.until("(what) => document.body.innerText.includes(what)", PUSH_GONE.what)
    ended = tab.evaluate(KEPT)
    tab.press("button", "Remove", leads=True)
    service.wait_for(BY_HAND)
    assert tab.evaluate(KEPT) is None
    tab.press("button", "Show notices in this browser", leads=True)
    assert tab.evaluate(KEPT) not in (ended, None)
    tab.press("button", "Send one now", leads=True)
    speak(hub)
    service.wait_for(DELIVERED)
    tab.press("button", "Remove", leads=True)
    service.wait_for(BY_HAND)
    assert not service.keys
    assert not Way.objects.exists()
