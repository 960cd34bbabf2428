# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ana draws a mask over her neighbour's window: whatever leaves her house is covered there, and home stays whole."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import expect

from sunporch.base.errors import Error
from sunporch.hub.cameras import actions as cameras
from sunporch.hub.coverings import actions as coverings
from sunporch.hub.takeout import actions as links
from sunporch.hub.takeout import films
from tests.browser import DESKTOP, PHONE
from tests.hub.browsing import enter
from tests.hub.footage import FPS, HEIGHT, PERSON, WIDTH, decoded, shows_the_person
from tests.hub.home import Resident

pytestmark = pytest.mark.django_db(transaction=True)
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
HUB = Path(films.__file__).resolve().parents[1]
# Over the person that stands in the test's picture all the while, in per cent of it.
OVER = {
    "x": PERSON["x"] * 100 / WIDTH,
    "y": PERSON["y"] * 100 / HEIGHT,
    "width": PERSON["width"] * 100 / WIDTH,
    "height": PERSON["height"] * 100 / HEIGHT,
}


@pytest.fixture
def ana(home):
    return Resident("ana")


@pytest.fixture
def porch(home):
    return home.camera(start_s=home.clock.now() - 3600)


def masked(porch) -> None:
    cameras.mask(porch.id, [OVER])


def visible(media: bytes) -> int:
    """On how many of the film's pictures the person can be seen."""
    return sum(shows_the_person(image) for _, image in decoded(media))


def kinds(report: dict) -> list[tuple[str, int]]:
    return [(item["kind"], item["frames"]) for item in report["covered"]]


def test_whatever_leaves_the_house_is_covered_by_the_mask_and_home_is_whole(home, ana, street, porch):
    start, now = home.clock.now() - 3600, home.clock.now()
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    ana.sign_in()
    masked(porch)
    made = films.make(home.vault, cameras.find(porch.id), start + 1, start + 3, covered=False, sound=False, now=now)
    assert visible(made.media) == 0 and kinds(made.film.report) == [("zone", 2 * FPS)]
    link, _ = links.make(
        home.vault, ana.user, links.Wish(porch.id, start + 1, start + 3, False, False, "", 1, None), now
    )
    home.making.step()
    film = home.vault.film(link.id)
    assert visible(b"".join(film.read(0, film.size))) == 0
    assert json.loads(links.find(link.id).proof.split("\n")[1])["report"] == made.film.report
    wish = coverings.Wish(appeal, porch.id, start + 1, start + 3, [], sound=False)
    draft = coverings.begin(home.vault, ana.user, wish, now)
    home.finding.step()
    clip = coverings.rendered(home.vault.footage(porch.id, start + 1, start + 3), coverings.find(draft.id))
    assert visible(clip.media) == 0 and clip.redacted == 1
    assert kinds(json.loads(clip.report)) == [("zone", 2 * FPS)]
    at_home = ana.ask("GET", f"/cameras/{porch.id}/video?from={start + 1}&to={start + 3}")[1]
    assert visible(at_home) == 2 * FPS


def test_a_mask_that_is_taken_away_still_covers_what_was_drafted_before_and_a_new_one_covers_it_too(
    home, ana, street, porch
):
    start, now = home.clock.now() - 3600, home.clock.now()
    appeal = street.maple.ask(start - 600, start + 600)
    home.turn()
    wish = coverings.Wish(appeal, porch.id, start + 1, start + 3, [], sound=False)
    before = coverings.begin(home.vault, ana.user, wish, now)
    masked(porch)
    after = coverings.begin(home.vault, ana.user, wish, now)
    home.finding.step()
    footage = home.vault.footage(porch.id, start + 1, start + 3)
    assert visible(coverings.rendered(footage, coverings.find(before.id)).media) == 0
    cameras.mask(porch.id, [])
    assert visible(coverings.rendered(footage, coverings.find(after.id)).media) == 0
    assert visible(coverings.rendered(footage, coverings.find(before.id)).media) == 2 * FPS


def test_a_mask_covers_every_pixel_of_its_place_and_nothing_far_from_it(home, porch):
    start = home.clock.now() - 3600
    cameras.mask(porch.id, [{"x": 0.1, "y": 50.3, "width": 33.3, "height": 49.7}])
    made = films.make(
        home.vault, cameras.find(porch.id), start, start + 1, covered=False, sound=False, now=home.clock.now()
    )
    with av.open(io.BytesIO(made.media)) as film:
        pictures = [frame.to_ndarray(format="rgb24").astype(int) for frame in film.decode(video=0)]
    top, right = int(0.503 * HEIGHT), int(np.ceil(0.334 * WIDTH))
    for picture in pictures:
        inside, beside = picture[top + 1 :, 1 : right - 1], picture[top + 8 :, right + 8 : PERSON["x"] - 8]
        assert abs(inside - inside.mean()).max() < 12 and inside.mean() < 60
        assert abs(beside - 96).max() < 12


def test_nothing_of_the_hub_renders_what_leaves_but_the_one_place_that_knows_the_masks():
    callers = set()
    for path in HUB.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "sunporch.redact.engine":
                callers.add(path.relative_to(HUB).as_posix())
    # The second one is for the household's own eyes.
    assert callers == {"coverings/rendering.py", "cameras/pictures.py"}


@SIZES
def test_ana_draws_a_mask_moves_it_by_numbers_and_takes_it_away(people, live_server, home, ana, porch, size):
    window = people.window(live_server.url, size)
    page = window.page
    enter(page, ana)
    page.goto(f"/cameras/{porch.id}/")
    page.get_by_role("link", name="Masks").click()
    page.wait_for_load_state("networkidle")
    window.check("hub-masks-none")
    box = page.locator("[data-over]").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.85, box["y"] + box["height"] * 0.9, steps=4)
    page.mouse.up()
    expect(page.get_by_label("From left")).to_have_value("60")
    page.get_by_label("Height").fill("50")
    window.check("hub-masks")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("One mask covers a part of whatever leaves this house.")).to_be_visible()
    assert cameras.find(porch.id).masks == [{"x": 600, "y": 400, "width": 250, "height": 500}]
    page.goto(f"/cameras/{porch.id}/take/?at={home.clock.now() - 3600}")
    expect(page.get_by_text("This camera's mask is covered, too.")).to_be_visible()
    page.get_by_role("link", name="Look at them").click()
    page.get_by_label("Width").fill("70")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("lies outside the picture")
    window.check("hub-masks-wrong")
    page.get_by_role("button", name="Remove this mask").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("porch")
    assert cameras.find(porch.id).masks == []


def test_ana_masks_by_numbers_without_javascript_and_before_there_is_a_picture(people, live_server, home, ana):
    hall = home.camera("hall")
    page = people.window(live_server.url, PHONE, java_script_enabled=False).page
    enter(page, ana)
    page.goto(f"/cameras/{hall.id}/masks/")
    expect(page.get_by_text("numbers work all the same")).to_be_visible()
    page.get_by_role("button", name="Add a mask").click()
    page.get_by_label("From left").fill("12.5")
    page.get_by_role("button", name="Save").click()
    assert cameras.find(hall.id).masks == [{"x": 125, "y": 400, "width": 200, "height": 200}]


@pytest.mark.parametrize(
    "bad",
    [
        {"x": -1},
        {"width": 0},
        {"height": 0.01},
        {"x": 90, "width": 10.2},
        {"y": 99.99},
    ],
)
def test_a_mask_that_is_none_is_refused_by_its_number(home, porch, bad):
    good = {"x": 40, "y": 40, "width": 20, "height": 20}
    for boxes, number in (([good, good | bad], 2), ([good] * 11, 11)):
        with pytest.raises(Error) as caught:
            cameras.mask(porch.id, boxes)
        assert (caught.value.id, caught.value.params["number"]) == ("hub.box-refused", number)
