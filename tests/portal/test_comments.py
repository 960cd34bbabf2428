# SPDX-License-Identifier: AGPL-3.0-or-later
"""Until new rules or a partnership begin, everybody can say something in public, and without an account."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from playwright.sync_api import expect

from sunporch.docket import entries
from sunporch.docket.blobs import Blob
from sunporch.policy import amending, parse_bundle, presets
from sunporch.policy.bundle import Resolution
from sunporch.portal.agencies.models import AdminAct
from sunporch.portal.agencies.permissions import Person
from sunporch.portal.comments import actions
from sunporch.portal.comments.models import Comment
from sunporch.portal.review import actions as review
from tests.browser import PHONE
from tests.portal.office import Office
from tests.portal.street import DAY, TOWN

WORDS = "Thirty days are too long.\nTen would do."


@pytest.fixture
def coming(street):
    """Rules that begin in ten days; their entry."""
    return coming_rules(street)


def coming_rules(street) -> int:
    """Have the council record rules that begin in ten days; return their entry."""
    base = parse_bundle(presets.make("consent", TOWN.grid, TOWN.places, name="Maple Street"))
    decision = Resolution("Resolution 21", "https://maple.example/21", street.now(), street.now() + 7 * DAY)
    codes = {name: tuple(getattr(base, name)) for name in amending.CODE_LISTS}
    clauses = frozenset(amending.choices_of(base))
    made = amending.Amendment({"retention_days": 30}, tuple(base.offences), codes, clauses, decision)
    rules = Blob.new(amending.amend(base, TOWN.grid, made).text)
    begin = street.now() + 10 * DAY
    fields = {"bundle": rules.commitment, "in_force_from": begin, "open_requests": "keep"}
    return street.record(street.signed(entries.Policy, "council-1", "council-2", **fields), rules)


@pytest.fixture
def office(street, coming, people):
    made = Office(street, people)
    yield made
    made.close()


@pytest.fixture
def anybody():
    return Client(headers={"host": "localhost"})


def say(anybody, index: int, text: str = WORDS, name: str = ""):
    return anybody.post(f"/comments/{index}/", {"text": text, "name": name})


@pytest.mark.requirement("R3", "S2", "S11")
def test_omar_reads_what_would_change_and_says_something_and_okafor_takes_an_address_down(office, coming, people):
    omar = people.window(office.url, PHONE)
    page = omar.page
    page.goto("/rules/")
    expect(page.get_by_text("New rules begin on")).to_be_visible()
    expect(page.get_by_text("Resolution 21. The public hearing is on")).to_be_visible()
    expect(page.get_by_text("1 clause, number or offence changes.")).to_be_visible()
    omar.check("rules-coming")
    page.get_by_role("link", name="The new rules, and what changes").click()
    expect(page.locator("ins").get_by_text("30 days after it was shared")).to_be_visible()
    omar.check("rules-version-coming")
    page.get_by_role("link", name="what people say").click()
    assert omar.context.cookies() == [] or page.get_by_label("What do you want to say?").is_visible()
    page.get_by_role("button", name="Publish the comment").click()
    page.get_by_label("What do you want to say?").fill(WORDS)
    page.get_by_label("Your name").fill("Omar")
    with page.expect_navigation():
        page.get_by_role("button", name="Publish the comment").click()
    expect(page.get_by_text("Thirty days are too long.")).to_be_visible()
    omar.check("comments")
    okafor = office.sign_in("okafor-2c1d", key=False)
    okafor.page.get_by_role("link", name="Comments", exact=True).click()
    okafor.check("comments-newest")
    okafor.page.get_by_role("link", name=re.compile("Take it down")).click()
    okafor.page.get_by_label("It says who somebody is").check()
    okafor.check("comment-take-down")
    with okafor.page.expect_navigation():
        okafor.page.get_by_role("button", name="Take it down").click()
    page.goto(f"/comments/{coming}/")
    expect(page.get_by_text("Taken down")).to_be_visible()
    expect(page.get_by_text("okafor-2c1d")).to_be_visible()
    expect(page.get_by_text("Thirty days")).to_have_count(0)
    omar.check("comments-taken-down")
    assert Comment.objects.get().text == "" and Comment.objects.get().name == ""
    assert AdminAct.objects.filter(operator="okafor-2c1d", act="comment taken down").count() == 1


@pytest.mark.requirement("R3")
def test_nobody_comments_once_the_rules_are_in_force_and_what_was_said_stays(street, coming, anybody):
    assert say(anybody, coming).status_code == 302
    street.advance(10 * DAY)
    answer = say(anybody, coming, "Too late.")
    assert (answer.status_code, "portal.comments-closed" in answer.content.decode()) == (409, True)
    page = anybody.get(f"/comments/{coming}/").content.decode()
    assert "Ten would do." in page and "The time for comments is over." in page
    assert "New rules begin on" not in anybody.get("/rules/").content.decode()


def test_only_rules_and_partnerships_have_comments(street, anybody):
    assert anybody.get("/comments/0/").status_code == 404
    assert anybody.get("/comments/9999999/").status_code == 404
    (first, *_) = street.state().partnerships
    assert anybody.get(f"/comments/{first}/").status_code == 200


@pytest.mark.parametrize(("text", "said"), [
    ("", "This field is required"),
    ("a\u202eb", "turn the order of letters"),
    ("x" * 2001, "at most 2000"),
])  # fmt: skip
def test_what_cannot_stand_there_is_refused_at_its_field(coming, anybody, text, said):
    answer = say(anybody, coming, text)
    assert answer.status_code == 200 and said in answer.content.decode()
    assert not Comment.objects.exists()


def test_one_address_comments_five_times_an_hour_and_nobody_without_end(street, coming, anybody):
    for number in range(5):
        assert say(anybody, coming, f"Number {number}").status_code == 302
    answer = say(anybody, coming, "Number 5")
    assert answer.status_code == 429 and "Number 5" in answer.content.decode()
    Comment.objects.bulk_create([Comment(about=coming, text="x", made_at=0) for _ in range(actions.MAX_COMMENTS)])
    with pytest.raises(Exception, match="comments on this already") as error:
        actions.say(coming, "", "one more", street.now())
    assert error.value.id == "portal.comments-full"


def test_a_comment_says_nothing_in_the_record_and_is_shown_as_text_only(street, coming, anybody):
    size = street.state().size
    say(anybody, coming, "<script>alert(1)</script>")
    street.drain()
    assert street.state().size == size
    page = anybody.get(f"/comments/{coming}/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_comment_is_taken_down_once(street, coming, anybody):
    say(anybody, coming, name="Omar")
    number = Comment.objects.get().pk
    okafor = Person("okafor-2c1d", street.state().names["okafor-2c1d"])
    given = (okafor, Comment, number, "comment taken down", "asked", street.now())
    review.take_down(*given)
    with pytest.raises(Exception, match="taken down before") as error:
        review.take_down(*given)
    assert error.value.id == "portal.words-absent"
    assert json.dumps(list(Comment.objects.values("text", "name"))) == '[{"text": "", "name": ""}]'
