# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana looks at what her camera sees now; the recorder that has it is not the process that serves the page."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import stat
import threading
import time

import pytest
from playwright.sync_api import expect

from sunporch.base.clock import SystemClock
from sunporch.hub.cameras import actions, door, live
from sunporch.hub.cameras.actions import NewCamera
from sunporch.hub.cameras.models import Camera
from tests.browser import PHONE
from tests.hub.browsing import arrive, enter
from tests.hub.home import Resident
from tests.hub.maple import PORCH
from tests.hub.watching import A_SECOND, LENGTH, for_ever
from tests.recorder.faultcam import STEP, FaultCamera
from tests.recorder.test_recorder import wait_for

pytestmark = pytest.mark.django_db(transaction=True)
MOST_BEHIND = 2 * A_SECOND
VIEWER = "00" * 8

# The number in the squares of the picture that the video shows; -1 while it shows none.
SHOWN = """video => {
  if (video.hidden || video.readyState < 2) return -1;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  let number = 0;
  for (let bit = 0; bit < 24; bit += 1) {
    const [x, y] = [8 + (bit % 12) * 24 + 12, 8 + Math.floor(bit / 12) * 24 + 12];
    number = number * 2 + (pen.getImageData(x, y, 1, 1).data[0] > 127 ? 1 : 0);
  }
  return number;
}"""


@pytest.fixture
def ana(home):
    return Resident("ana")


def hang(home, address, name="porch"):
    return actions.add(home.vault, NewCamera(name, address, "", "", None, PORCH, 0, 360, 30, False))


def behind(camera, shown):
    """By how many pictures what is shown is older than what the camera sent last."""
    return (camera.sent[-1][0] - shown) % LENGTH


def follows(camera, look):
    """Wait until the picture has been near for five seconds on end; it moved all the while."""
    seen = []

    def near():
        time.sleep(0.1)
        shown = look()
        seen.append(shown)
        if shown < 0 or behind(camera, shown) > MOST_BEHIND:
            seen.clear()
        return len(seen) >= 50

    wait_for(near)
    assert len(set(seen)) > 10


# What an iPhone has: the managed kind of MSE alone, which opens only where the film can play on no other screen.
IPHONE = """
    const Plain = window.MediaSource, element = HTMLMediaElement.prototype;
    const { set, ...src } = Object.getOwnPropertyDescriptor(element, "src");
    delete window.MediaSource;
    window.ManagedMediaSource = class extends Plain {};
    Object.defineProperty(element, "src", {
      ...src, set(value) { if (this.disableRemotePlayback) set.call(this, value); },
    });
"""


def test_ana_sees_what_her_camera_sees_at_most_two_seconds_later(people, live_server, home, ana, worker, pictures):
    with FaultCamera(pictures, for_ever) as camera:
        porch = hang(home, camera.address)
        worker.step()
        wait_for(lambda: worker.recorder.status()[porch.id].pictures > A_SECOND)
        worker.step()
        window = people.window(live_server.url, PHONE)
        page = window.page
        page.add_init_script(f"{{{IPHONE}}}")
        enter(page, ana)
        page.goto(f"/cameras/{porch.id}/")
        expect(page.locator("[data-state]")).to_have_text("live")
        video = page.locator("video")
        # A machine that plays too slowly: without care the picture would fall behind more and more.
        video.evaluate("video => { video.playbackRate = 0.25; }")
        follows(camera, lambda: video.evaluate(SHOWN))
        window.check("hub-camera-live")
        kept = [path for path in home.hub.data_dir.rglob("*") if path.is_file()]
        assert kept and not any(picture[-100:] in path.read_bytes() for picture in pictures[:60] for path in kept)


def test_firefox_shows_what_her_camera_sees_at_most_two_seconds_later(
    firefox, live_server, home, ana, worker, pictures
):
    with FaultCamera(pictures, for_ever) as camera:
        porch = hang(home, camera.address)
        worker.step()
        tab = firefox.tab(live_server.url)
        arrive(tab, ana)
        tab.goto(f"/cameras/{porch.id}/")
        follows(camera, lambda: tab.evaluate(f"() => ({SHOWN})(document.querySelector('video'))"))
        assert tab.evaluate("() => document.querySelector('[data-state]').textContent") == "live"


def test_a_live_picture_says_that_it_is_paused_or_away_and_comes_back_by_itself(
    people, live_server, home, ana, worker, pictures
):
    leaves, back = threading.Event(), threading.Event()

    async def goes_away(session):
        for number in itertools.count():
            await session.unit(number % LENGTH, number * STEP)
            if leaves.is_set() and not back.is_set():
                session.reset()
                return

    with FaultCamera(pictures, goes_away) as camera:
        porch = hang(home, camera.address)
        worker.step()
        window = people.window(live_server.url, PHONE)
        page = window.page
        enter(page, ana)
        page.goto(f"/cameras/{porch.id}/")
        state, said = page.locator("[data-state]"), page.locator(".live [data-said]")
        expect(state).to_have_text("live")
        leaves.set()
        wait_for(lambda: worker.recorder.status()[porch.id].error is not None)
        worker.step()
        expect(state).to_have_text("not live")
        expect(said).to_contain_text("There is no live picture at this moment. The camera closed the connection.")
        window.check("hub-camera-away")
        back.set()
        expect(state).to_have_text("live", timeout=20_000)
        page.get_by_role("button", name="Pause recording").click()
        expect(said).to_contain_text("This camera is paused")
        window.check("hub-camera-paused")
        worker.step()
        page.get_by_role("button", name="Go on recording").click()
        worker.step()
        expect(state).to_have_text("live", timeout=20_000)


def test_a_page_that_nobody_looks_at_asks_for_nothing_and_goes_on_when_somebody_does(
    people, live_server, home, ana, worker, pictures
):
    with FaultCamera(pictures, for_ever) as camera:
        porch = hang(home, camera.address)
        worker.step()
        page = people.window(live_server.url).page
        enter(page, ana)
        page.goto(f"/cameras/{porch.id}/")
        expect(page.locator("[data-state]")).to_have_text("live")
        hide = "on => { Object.defineProperty(document, 'hidden', { value: on, configurable: true });"
        page.evaluate(hide + " document.dispatchEvent(new Event('visibilitychange')); }", True)
        expect(page.locator("video")).to_be_hidden()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(1_500)
        assert not asked
        page.evaluate(hide + " document.dispatchEvent(new Event('visibilitychange')); }", False)
        expect(page.locator("video")).to_be_visible()


REFUSES = "HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"


@pytest.mark.parametrize(
    "browser", ["MediaSource.isTypeSupported = () => false", REFUSES], ids=["has no codec", "plays nothing by itself"]
)
def test_a_film_that_the_browser_cannot_play_becomes_a_still_that_renews_and_the_page_says_so(
    people, live_server, home, ana, worker, pictures, browser
):
    with FaultCamera(pictures, for_ever) as camera:
        porch = hang(home, camera.address)
        worker.step()
        wait_for(lambda: worker.recorder.status()[porch.id].pictures > A_SECOND)
        worker.step()
        window = people.window(live_server.url, PHONE)
        page = window.page
        page.add_init_script(browser)
        enter(page, ana)
        page.goto(f"/cameras/{porch.id}/")
        expect(page.get_by_text("This browser cannot play what the camera sends")).to_be_visible()
        picture = page.locator("[data-picture]")
        first = picture.get_attribute("src")
        expect(picture).not_to_have_attribute("src", first)
        expect(page.locator("video")).to_be_hidden()
        window.check("hub-camera-stills")


def test_without_javascript_there_is_the_newest_still_with_its_time(people, live_server, home, ana, worker, pictures):
    with FaultCamera(pictures, for_ever) as camera:
        porch = hang(home, camera.address)
        worker.step()
        wait_for(lambda: worker.recorder.status()[porch.id].pictures > A_SECOND)
        worker.step()
        window = people.window(live_server.url, PHONE, java_script_enabled=False)
        enter(window.page, ana)
        window.page.goto(f"/cameras/{porch.id}/")
        expect(window.page.get_by_role("img", name="The newest picture of this camera")).to_be_visible()
        expect(window.page.get_by_text("Picture of")).to_contain_text("UTC")


def test_a_still_of_now_is_of_now_although_the_archive_cannot_be_opened_there_yet(home, ana, worker, pictures):
    ana.sign_in()
    with FaultCamera(pictures, for_ever) as camera:
        porch = hang(home, camera.address)
        worker.step()
        wait_for(lambda: worker.recorder.status()[porch.id].pictures > A_SECOND)
        answer = ana.client.get(f"/api/v1/cameras/{porch.id}/still", headers=ana.headers)
        assert answer.content[:2] == b"\xff\xd8"
        assert float(answer["X-Taken-At"]) > home.clock.now() - 3


def watch(ana, camera, viewer=VIEWER):
    path = f"/api/v1/cameras/{camera.id}/live?viewer={viewer}"
    return ana.client.get(path, headers=ana.headers)


def test_more_pages_than_the_hub_can_bear_are_refused_and_one_that_closed_makes_room(home, ana, monkeypatch):
    class Later(SystemClock):
        ahead = 0.0

        def monotonic(self):
            return super().monotonic() + self.ahead

    clock = Later()
    monkeypatch.setattr(live, "VIEWERS", live.Viewers(clock))
    ana.sign_in()
    porch = hang(home, "rtsp://127.0.0.1:9/x")
    for number in range(live.MOST_VIEWERS):
        assert watch(ana, porch, f"{number:016x}").status_code == 200
    answer = watch(ana, porch, "ff" * 8)
    assert (answer.status_code, answer.json()["error"]["id"]) == (429, "hub.live-crowded")
    assert watch(ana, porch, f"{0:016x}").status_code == 200
    clock.ahead = live.VIEWER_SECONDS
    assert watch(ana, porch, "ff" * 8).status_code == 200


def test_while_the_recording_part_is_away_the_page_says_so(home, ana):
    ana.sign_in()
    answer = watch(ana, hang(home, "rtsp://127.0.0.1:9/x"))
    assert answer.json()["away"]["id"] == "hub.worker-silent"
    assert answer["Cache-Control"] == "private, no-store"


def test_a_camera_that_gives_nothing_is_away_with_its_reason(home, ana, worker):
    ana.sign_in()
    porch = hang(home, "rtsp://127.0.0.1:9/x")
    worker.step()
    wait_for(lambda: worker.recorder.status()[porch.id].error is not None)
    worker.step()
    away = watch(ana, porch).json()["away"]
    assert away["id"] == "hub.live-away" and "at this moment. Nothing answers" in away["what"]
    Camera.objects.update(error_what="")  # as before it was tried
    assert watch(ana, porch).json()["away"]["what"] == "There is no live picture at this moment."
    actions.pause(porch.id, paused=True)
    assert watch(ana, porch).json()["away"]["id"] == "hub.live-paused"


def test_only_programs_of_the_same_user_are_let_in_at_the_recorders_door(home, worker, monkeypatch):
    place = home.hub.data_dir / door.NAME
    wait_for(place.exists)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600 and stat.S_ISSOCK(place.stat().st_mode)
    porch = hang(home, "rtsp://127.0.0.1:9/x")
    assert door.ask(home.hub.data_dir, porch.id) is None
    me = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: me + 1)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(20)
        stranger.connect(os.path.relpath(place))
        with contextlib.suppress(ConnectionError):  # it may be closed before the question came
            stranger.sendall(b'{"camera": "x", "run": "", "after": 0, "whole": true}\n')
            assert stranger.recv(100) == b""
