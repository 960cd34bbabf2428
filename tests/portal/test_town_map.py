# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map beside the list: where somebody asks now, where somebody asked before, and nothing about any home."""

from __future__ import annotations

import re

import h3
import pytest

from sunporch.portal.appeals import area
from tests.browser import DESKTOP, PHONE
from tests.portal.running import Portal
from tests.portal.street import DAY, TOWN, Visitor
from tests.portal.test_clips import recorded_appeal

# A second place of the town, which does not touch the first.
ELSEWHERE = tuple(sorted(h3.grid_disk(sorted(h3.grid_ring(TOWN.centre, 4))[0], 1)))


def drawn(page: str) -> dict[int, tuple[bool, set[str]]]:
    """What the map shows: by appeal, whether it is open, and the outlines of its cells."""
    found = re.findall(r'<a href="/appeals/(\d+)/" tabindex="-1" class="asks( open)?">(.*?)</a>', page, re.DOTALL)
    return {
        int(index): (bool(is_open), set(re.findall('points="([^"]+)"', inside))) for index, is_open, inside in found
    }


def page_of(street, path: str = "/") -> str:
    return Visitor(street).get(path).content.decode()


@pytest.mark.requirement("R13")
def test_ruth_sees_on_a_map_where_an_open_appeal_asks_and_where_one_asked_before(street):
    assert "<svg" not in page_of(street)  # nobody asked yet
    before = recorded_appeal(street)
    street.advance(3 * DAY)
    street.drain()
    now = recorded_appeal(street, cells=ELSEWHERE)
    shown = drawn(page_of(street))
    assert {index: is_open for index, (is_open, _) in shown.items()} == {before: False, now: True}
    assert [len(outlines) for _, outlines in shown.values()] == [7, 7]
    assert not shown[before][1] & shown[now][1]
    assert f'class="label number">{now}</text>' in page_of(street)
    assert f'class="label number">{before}</text>' not in page_of(street)


@pytest.mark.requirement("R13")
def test_two_open_appeals_about_one_place_share_one_sign(street):
    first, second = recorded_appeal(street), recorded_appeal(street)
    page = page_of(street)
    assert f'class="label number">{first}, {second}</text>' in page
    assert drawn(page)[first][1] == drawn(page)[second][1]


@pytest.mark.requirement("R8", "R13")
def test_the_page_of_an_appeal_draws_its_area_and_tells_its_size_in_words(street):
    asked = recorded_appeal(street)
    page = page_of(street, f"/appeals/{asked}/")
    cells = h3.grid_disk(TOWN.centre, 1)
    households = sum(TOWN.grid[cell] for cell in cells)
    assert f"7 cells, about {area.hectares(7)} hectares, {households} households" in re.sub(r"\s+", " ", page)
    assert page.count(' on"></polygon>') == 7


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_map_stands_beside_the_list_and_needs_no_script(people, street, size):
    asked = recorded_appeal(street, cells=ELSEWHERE)
    recorded_appeal(street)
    portal = Portal(street)
    portal.wait_ready()
    try:
        window = people.window(f"http://127.0.0.1:{portal.port}", size)
        window.page.goto("/")
        window.check("public-map")
        window.page.locator(f'svg a[href="/appeals/{asked}/"] polygon').first.click()
        window.page.wait_for_url(f"**/appeals/{asked}/")
        window.check("public-appeal-map")
    finally:
        portal.end()
