# SPDX-License-Identifier: AGPL-3.0-or-later
"""Journalist Ruth presses "Check this in my browser": what holds, what does not, and what stays the portal's word."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import DESKTOP, PHONE
from tests.portal.running import Portal
from tests.portal.test_clips import recorded_appeal

pytestmark = pytest.mark.timeout(180)


class Ruth:
    """Somebody without an account, at a browser."""

    def __init__(self, people, street, size=DESKTOP) -> None:
        self.street = street
        self.request = recorded_appeal(street)
        self.portal = Portal(street)
        self.portal.wait_ready()
        self.window = people.window(f"http://localhost:{self.portal.port}", size)
        self.page = self.window.page

    def check(self, path: str, button: str) -> None:
        if path:
            self.page.goto(path)
        self.page.get_by_role("button", name=button).click()

    def found(self, text: str) -> None:
        expect(self.page.locator("#found")).to_contain_text(text)

    def refused(self, text: str) -> None:
        expect(self.page.locator("#refused")).to_contain_text(text)


@pytest.fixture(params=[DESKTOP], ids=["desktop"])
def ruth(people, street, request):
    made = Ruth(people, street, request.param)
    yield made
    made.portal.end()


# What the browser would remember of another town under the same address.
OTHER_TOWN = """async () => {
  const record = await import("/static/web/js/record.js");
  await record.remember({...(await record.remembered()), leaf0: "ab".repeat(32), root: new Uint8Array(32)});
}"""
RECORD, APPEAL = "Check this in my browser", "Check this appeal"


def test_ruth_checks_the_record_reads_a_raw_entry_and_is_told_of_a_page_that_lies(ruth):
    ruth.page.goto("/record/")
    ruth.window.check("record")
    ruth.check("", RECORD)
    ruth.found("everything that this page can check")
    ruth.found("co-signers confirmed")
    ruth.found("this browser saw no record here before")
    line = ruth.page.locator(f"#entry-{ruth.request}")
    line.get_by_text("The signed entry, as your browser found it").click()
    expect(line).to_contain_text("signed by kim-77b0, whose key entry")
    expect(line.locator("pre")).to_contain_text("sunporch/entry/v1")
    ruth.window.check("record-checked")
    ruth.check("", RECORD)
    ruth.found("that this browser saw before")
    line.evaluate("(item) => { item.dataset.time = '1'; }")
    ruth.check("", RECORD)
    ruth.found(f"entry {ruth.request}: this page says something else than the record")
    expect(ruth.page.locator("#found")).not_to_contain_text("everything that this page can check")


def test_firefox_finds_the_record_right_as_well_and_a_page_that_lies_wrong(ruth, firefox):
    tab = firefox.tab(f"http://localhost:{ruth.portal.port}")
    tab.goto("/record/")
    says = "(words) => document.querySelector('#found').textContent.includes(words)"
    tab.press("button", RECORD)
    tab.until(says, "everything that this page can check")
    assert tab.evaluate(says, "co-signers confirmed")
    tab.evaluate(f"() => {{ document.querySelector('#entry-{ruth.request}').dataset.time = '1'; }}")
    tab.press("button", RECORD)
    tab.until(says, f"entry {ruth.request}: this page says something else than the record")
    assert not tab.evaluate(says, "everything that this page can check")


def test_ruth_checks_one_appeal_keeps_its_proof_and_notices_another_account(ruth, tmp_path):
    address = f"/appeals/{ruth.request}/"
    ruth.page.goto(address)
    ruth.window.check("appeal")
    ruth.check("", APPEAL)
    ruth.found("everything that this page can check")
    ruth.found("the account of the officer is, word for word, the one that was signed for")
    ruth.window.check("appeal-checked")
    with ruth.page.expect_download() as waited:
        ruth.page.get_by_role("link", name="Save the proof").click()
    proof = waited.value.path().read_text()
    assert proof.startswith(f"c2sp.org/tlog-proof@v1\nindex {ruth.request}\n")
    ruth.page.locator("#narrative").evaluate("(text) => { text.append(' And a red car.'); }")
    ruth.page.locator("#said").evaluate("(block) => { block.textContent = block.textContent.replace('220', '13A'); }")
    ruth.check("", APPEAL)
    ruth.found("the account on this page is not the one that was signed for")
    ruth.found("this page says something else than what was signed: offence")


def test_a_record_that_was_rewritten_or_cut_is_refused_in_ruths_browser(ruth):
    ruth.check("/record/", RECORD)
    ruth.found("everything that this page can check")
    log = ruth.street.settings.log_dir
    bundle = max(log.glob("tile/entries/*.p/*"), key=lambda path: int(path.name))
    whole = bundle.read_bytes()
    at = whole.rindex(b'"nonce":"') + 10
    bundle.write_bytes(whole[:at] + (b"0" if whole[at : at + 1] != b"0" else b"1") + whole[at + 1 :])
    ruth.check("", RECORD)
    ruth.refused("The files of the log do not add up to the checkpoint")
    bundle.write_bytes(whole)
    served = (log / "checkpoint").read_bytes()
    sizes = [int(line) for line in (log / "checkpoints" / "sizes").read_text().split()]
    (log / "checkpoint").write_bytes((log / "checkpoints" / str(sizes[-2])).read_bytes())
    ruth.check("", RECORD)
    ruth.refused("entries although it had")
    (log / "checkpoint").write_bytes(served)
    ruth.check("", RECORD)
    ruth.found("everything that this page can check")


def test_a_town_founded_anew_is_refused_until_ruth_lets_her_browser_forget_the_old_one(ruth):
    memory = ruth.page.get_by_text("What this browser remembers")
    ruth.page.goto("/record/")
    expect(memory).to_be_hidden()
    ruth.check("", RECORD)
    ruth.found("this browser saw no record here before")
    ruth.page.evaluate(OTHER_TOWN)
    ruth.check("/record/", RECORD)
    ruth.refused("This is not the log that was pinned")
    memory.click()
    ruth.page.get_by_role("button", name="Forget what it saw").click()
    expect(memory).to_be_hidden()
    ruth.check("", RECORD)
    ruth.found("this browser saw no record here before")


def test_an_entry_that_counts_for_nothing_is_marked_as_the_portals_word(ruth):
    ruth.page.goto("/record/")
    line = ruth.page.locator(f"#entry-{ruth.request}")
    said = "(item) => item.append(Object.assign(document.createElement('span'), {textContent: 'does not count'}))"
    line.evaluate(said)
    line.evaluate("(item) => item.lastChild.setAttribute('data-reason', '')")
    ruth.check("", RECORD)
    ruth.found("everything that this page can check")
    line.get_by_text("The signed entry, as your browser found it").click()
    expect(line.get_by_text("That it does not count is what the portal says")).to_be_visible()


def test_the_pages_of_the_record_fit_a_telephone_and_say_what_needs_no_script(people, street):
    ruth = Ruth(people, street, PHONE)
    try:
        ruth.check(f"/appeals/{ruth.request}/", APPEAL)
        ruth.found("everything that this page can check")
        ruth.window.check("appeal-checked")
        ruth.check("/record/", RECORD)
        ruth.found("everything that this page can check")
        ruth.window.check("record-checked")
        expect(ruth.page.get_by_text("sunporch verify").first).to_be_visible()
    finally:
        ruth.portal.end()
