# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana adds a camera in a browser, lets the hub find one, gives one another address, and takes one down."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from sunporch.base.errors import all_kinds
from sunporch.hub.cameras import actions
from sunporch.hub.cameras.models import Camera
from sunporch.hub.inbox.models import Alarm
from sunporch.hub.worker import Worker
from sunporch.recorder import discovery
from tests.browser import PHONE
from tests.hub.browsing import enter
from tests.hub.footage import street_video
from tests.hub.watching import for_ever
from tests.recorder.faultcam import FaultCamera
from tests.recorder.frigate import Frigate
from tests.recorder.onvifcam import OnvifCamera

pytestmark = pytest.mark.django_db(transaction=True)


def test_ana_adds_a_camera_and_a_file_of_the_hub_is_none(people, live_server, home, ana, pictures):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto("/")
    page.get_by_role("link", name="Add a camera").click()
    window.check("hub-camera-new")
    page.get_by_label("Name").fill("garden")
    page.get_by_label("Where this home is").fill("39.7589123,-84.1916069")
    with FaultCamera(pictures, for_ever) as camera:
        for address in (str(street_video()), "rtsp://127.0.0.1:9/stream", camera.address):
            assert not Camera.objects.exists()
            page.get_by_label("Address", exact=True).fill(address)
            page.get_by_label("The camera's password").fill("secret")
            page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("garden")
    made = Camera.objects.get()
    assert (made.password, made.sound, made.indoor, made.lat_e7, made.range_m) == (
        "secret",
        False,
        False,
        397589123,
        30,
    )
    assert "secret" not in page.content()
    page.goto("/cameras/add/")
    expect(page.get_by_label("Where this home is")).to_have_value("39.7589123,-84.1916069")


def test_ana_lets_frigate_or_the_hub_find_a_camera_and_needs_its_login_alone(
    people, live_server, home, ana, pictures, monkeypatch
):
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto("/cameras/add/")
    page.get_by_text("Frigate has my cameras already").click()
    with Frigate("porch_main") as there:
        page.get_by_label("Frigate's address").fill(there.address)
        page.get_by_label("Frigate's user").fill("ana")
        for password in ("wrong", "right"):
            page.get_by_label("Frigate's password").fill(password)
            page.get_by_role("button", name="Ask it for its cameras").click()
            if password == "wrong":
                expect(page.locator(".field.wrong")).to_contain_text("Frigate refuses the user name")
                window.check("hub-camera-frigate-wrong")
        page.get_by_role("button", name="porch main").click()
    expect(page.get_by_label("Address", exact=True)).to_have_value("rtsp://127.0.0.1:8554/porch_main")
    expect(page.get_by_text("Frigate passes it on without a login")).to_be_visible()
    page.goto("/cameras/add/")
    with (
        FaultCamera(pictures, for_ever, login=("cam", "right")) as stream,
        OnvifCamera(stream.address, login=("cam", "right")) as camera,
    ):
        monkeypatch.setattr(discovery, "GROUP", ("127.0.0.1", 9))
        with monkeypatch.context() as hasty:
            hasty.setattr(discovery, "ROUNDS_SECONDS", (0.01,))
            page.get_by_role("button", name="Look for cameras").click()
            expect(page.get_by_text("No camera answered on this network.")).to_be_visible()
        monkeypatch.setattr(discovery, "GROUP", camera.group)
        page.get_by_role("button", name="Look for them again").click()
        expect(page.get_by_role("heading", name="One camera answered")).to_be_visible()
        window.check("hub-camera-found")
        page.get_by_role("button", name="Front Door One").press("Enter")
        expect(page.get_by_label("Address", exact=True)).to_have_value(camera.address)
        page.get_by_label("Name").fill("garden")
        page.get_by_label("Where this home is").fill("39.7589123,-84.1916069")
        page.get_by_label("The camera's user").fill("cam")
        for password in ("wrong", "right"):
            assert not Camera.objects.exists()
            page.get_by_label("The camera's password").fill(password)
            page.get_by_label("The camera's password").press("Enter")
            if password == "wrong":
                expect(page.locator(".field.wrong")).to_contain_text("refuses the user name or the password")
        expect(page.get_by_role("heading", level=1)).to_have_text("garden")
    made = Camera.objects.get()
    assert (made.address, made.username, made.password) == (stream.address, "cam", "right")
    again = ana.client.post(f"/cameras/{made.id}/connection/", {"use": camera.address}, headers=ana.headers)
    assert camera.address in again.content.decode()


def test_a_camera_with_another_address_and_password_goes_on_once_it_gave_a_picture(
    people, live_server, home, ana, pictures, worker
):
    garden = home.camera("garden")
    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    worker.step()
    page.goto(f"/cameras/{garden.id}/")
    page.get_by_role("link", name="Address and login").click()
    window.check("hub-connection")
    with FaultCamera(pictures, for_ever, login=("cam", "right")) as camera:
        page.get_by_label("Address", exact=True).fill(camera.address)
        page.get_by_label("The camera's user").fill("cam")
        page.get_by_label("The camera's password").fill("wrong")
        page.get_by_role("button", name="Try it and save").click()
        expect(page.locator(".field.wrong")).to_contain_text("refuses the user name or the password")
        assert Camera.objects.get().address == garden.address
        page.get_by_label("The camera's password").fill("right")
        page.get_by_role("button", name="Try it and save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("garden")
        worker.step()
        expect(page.locator("[data-state]")).to_have_text("live")
        page.get_by_role("link", name="Address and login").click()
        page.get_by_label("Record its microphone").check()
        page.get_by_role("button", name="Try it and save").click()
        expect(page.get_by_text("with sound")).to_be_visible()
    garden.refresh_from_db()
    assert (garden.address, garden.username, garden.password) == (camera.address, "cam", "right")
    assert "right" not in page.content()


@pytest.fixture
def keeper(home):
    """The hub's real worker; a test does its steps."""
    made = Worker(home.hub, home.clock)
    yield made
    made._recording.stop()
    made.close()


def test_ana_removes_a_camera_and_only_what_is_kept_for_somebody_stays(
    people, live_server, home, street, ana, keeper
):
    start = home.clock.now() - 3600
    porch = home.camera(start_s=start)
    home.vault.import_file(porch.id, street_video(6), start - 1800)
    street.maple.ask(start - 600, start + 600)
    home.turn()
    Camera.objects.update(username="cam", password="secret")
    keeper._recording.step()

    def spans():
        return len(home.vault.timeline(porch.id, start - 3600, start + 60).spans)

    window = people.window(live_server.url, PHONE)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/")
    page.get_by_role("link", name="Remove this camera").press("Enter")
    expect(page.get_by_text("There is such footage of this camera.")).to_be_visible()
    window.check("hub-removal")
    page.get_by_label("stays, and goes by its age").press("ArrowDown")
    expect(page.get_by_label("is erased now")).to_be_checked()
    assert spans() == 2 and Camera.objects.get().removed_at is None
    page.get_by_role("button", name="Remove this camera").press("Enter")
    expect(page.get_by_role("heading", name="Removed")).to_be_visible()
    expect(page.get_by_text("No camera yet.")).to_be_visible()
    keeper._recording.step()
    keeper._erase_removed()
    assert spans() == 1
    page.reload()
    expect(page.get_by_text("erased, but for what is kept")).to_be_visible()
    window.check("hub-cameras-removed")
    page.get_by_role("link", name="porch").click()
    expect(page.get_by_text("removed on")).to_be_visible()
    window.check("hub-camera-removed")
    keeper._recording.step()
    porch.refresh_from_db()
    assert (porch.state, porch.address, porch.username, porch.password) == ("stopped", "", "", "")
    assert ana.ask("GET", "/cameras") == (200, [])
    answer = ana.client.post(f"/cameras/{porch.id}/", {"paused": "0"}, headers=ana.headers)
    assert all_kinds()["hub.camera-removed"].what in answer.content.decode() and Camera.objects.get().paused
    assert home.camera("porch").id != porch.id
    for hold in home.vault.holds():
        home.vault.end_hold(hold.id)
    keeper._erase_removed()
    assert spans() == 0
    page.goto("/cameras/")
    expect(page.get_by_role("heading", name="Removed")).to_have_count(0)


def test_a_removed_cameras_footage_goes_by_its_age_where_nobody_wants_it_erased(home, ana, keeper):
    porch = home.camera(start_s=home.clock.now() - 3600)
    assert (
        ana.client.post(f"/cameras/{porch.id}/remove/", {"footage": "kept"}, headers=ana.headers).status_code == 302
    )
    keeper._erase_removed()
    assert home.vault.left(porch.id).segments == 1
    assert "goes by its age" in ana.client.get("/cameras/", headers=ana.headers).content.decode()


def test_an_archive_that_cannot_erase_what_a_removed_camera_left_is_an_alarm(home, keeper):
    porch = home.camera(start_s=home.clock.now() - 3600)
    actions.remove(porch.id, home.clock.now(), erasing=True)
    with (home.hub.vault_folder / "journal").open("ab") as journal:
        journal.write(b"junk\n")
    keeper._erase_removed()
    assert Alarm.objects.get().kind == "vault.journal-damaged"
