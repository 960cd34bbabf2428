# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an agency found about a clip: kept for that agency alone, in the order in which it was found."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from sunporch.portal.viewer import actions
from tests.portal.sharing import OPEN, Officer
from tests.portal.street import Visitor, error_of
from tests.portal.test_clips import recorded_appeal, shared
from tests.web.films import numbered

DIAZ, KIM = "diaz-4f2a", "kim-77b0"


@pytest.fixture
def clip(street):
    return shared(street, recorded_appeal(street))[0]


def remark(street, clip: int, code: str, name: str = DIAZ, **more):
    return Visitor(street, name).post(f"/api/v1/clips/{clip}/remarks", code=code, **more)


def listed(street, name: str, query: str = "") -> str:
    return Visitor(street, name).get(f"/work/clips/{query}").content.decode()


def test_a_clip_is_an_unverified_source_until_one_of_the_agency_has_found_something(street, clip):
    assert "unverified source</span>" in listed(street, KIM)
    assert remark(street, clip, "moment", moment_ms=1500).status_code == 201
    assert "unverified source</span>" in listed(street, KIM)
    remark(street, clip, "again", text="Which hand?")
    assert "to look at again</span>" in listed(street, KIM) and "Which hand?" in listed(street, KIM)
    remark(street, clip, "not-useful", KIM)
    assert f"Clip {clip}" in listed(street, DIAZ, "?found=not-useful")
    assert "No clip is in this list." in listed(street, DIAZ, "?found=again")


def test_remarks_are_seen_by_their_own_agency_in_order_and_by_nobody_else(street, clip):
    remark(street, clip, "useful", text="Canary of a remark.")
    remark(street, clip, "moment", KIM, moment_ms=900)
    seen = Visitor(street, KIM).get(f"/api/v1/clips/{clip}/remarks").json()
    assert [(one["code"], one["by"], one["moment_ms"]) for one in seen] == [
        ("useful", DIAZ, None),
        ("moment", KIM, 900),
    ]
    assert error_of(Visitor(street, "stone-0a0a").get(f"/api/v1/clips/{clip}/remarks")) == "portal.clip-absent"
    assert "Canary of a remark." not in listed(street, "stone-0a0a")
    street.drain()
    for path in street.data.rglob("*"):
        if path.is_file() and "portal.sqlite" not in path.name:
            assert b"Canary of a remark." not in path.read_bytes(), path


def test_what_is_no_finding_or_too_long_or_too_many_is_refused(street, clip, monkeypatch):
    wrong = ({"code": "guilty"}, {"code": "moment"}, {"code": "useful", "moment_ms": 1})
    wrong += ({"code": "moment", "moment_ms": -1}, {"code": "moment", "moment_ms": actions.MAX_MOMENT_MS + 1})
    for fields in wrong:
        assert error_of(remark(street, clip, **fields)) == "portal.remark-refused", fields
    monkeypatch.setattr(actions, "MAX_REMARKS", 1)
    assert remark(street, clip, "useful").status_code == 201
    assert error_of(remark(street, clip, "useful")) == "portal.remark-refused"


@pytest.mark.timeout(240)
def test_diaz_marks_a_moment_goes_back_to_it_and_calls_the_clip_useful(people, sharing):
    clip, *_ = sharing.share(numbered(48, 12))
    diaz = Officer(people, sharing)
    page = diaz.page
    page.goto("/work/clips/")
    diaz.sign_in()
    diaz.import_keys()
    page.goto(f"/work/clips/{clip}/")
    expect(page.get_by_role("button", name="Mark this moment")).to_be_hidden()
    page.get_by_role("button", name=OPEN).click()
    page.get_by_role("button", name="One frame on").click()
    expect(page.locator("#where")).to_contain_text("frame 1")
    page.get_by_label("Note").fill("The van turns.")
    page.get_by_role("button", name="Mark this moment").click()
    expect(page.locator("#remark-list li")).to_contain_text("The van turns.")
    page.get_by_role("button", name="One frame on").click()
    expect(page.locator("#where")).to_contain_text("frame 2")
    page.get_by_role("button", name="at 0.08 s").click()
    expect(page.locator("#where")).to_contain_text("frame 1")
    page.get_by_role("button", name="Keep this finding").click()
    expect(page.locator("#remark-list li")).to_have_count(2)
    diaz.window.check("clip-triage")
    page.goto("/work/clips/")
    expect(page.get_by_role("article").locator(".state").last).to_have_text("useful")
    diaz.window.check("clips-triage")
