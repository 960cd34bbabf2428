# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page x role x language x width x light and dark, from the URLconf: how a page is found and looked at.

A page is an address of a site's URLconf that answers a GET with HTML. Which addresses there are and who may see them
stands in one table a site (`tests/portal/test_authorisation.py`, `tests/hub/test_api.py`); what to fill into an
address stands beside the town or home that it is looked up in (`VALUES`). A page that needs neither a value nor
anything new to look at needs no line here; one that nobody reached fails and says what is missing.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polib

from tests import pseudo
from tests.browser import DESKTOP, PHONE, SCREENS, Window
from tests.catalogues import APPS, file_of

# Each page's own tests look at it in English, and colours are the same at both widths but for what one of them hides.
# So a run of all tests takes only the other language and the dark of the desk; a soak, and `make screens`, take all.
WHOLE = os.environ.get("SUNPORCH_SOAK") == "1" or bool(SCREENS)
LANGUAGES = ("en", "es") if WHOLE else ("es",)
DARK = (PHONE, DESKTOP) if WHOLE else (DESKTOP,)
_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
# A page is looked at with so many of the things that it can show; a word in an address makes a page of its own.
MOST_OF_ONE = 2
HTML = "text/html"
FOUND, ONLY_POSTED = 200, 405

# What somebody can read or hear: text of elements that are shown or can be opened, and names and hints of fields.
WORDS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const skip = node.parentElement.closest("script, style, template, noscript, [lang]:not(html)");
    if (!skip && node.data.trim()) found.push(node.data.replace(/\\s+/g, " ").trim());
  }
  for (const name of ["aria-label", "placeholder", "title", "alt"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      if (!element.closest("[lang]:not(html)")) found.push(element.getAttribute(name));
    }
  }
  return [document.title, ...found];
}"""


@dataclass(frozen=True)
class Place:
    """One page: its address in the URLconf, and one path that leads there."""

    address: str
    path: str

    @property
    def name(self) -> str:
        """What its pictures are called."""
        return re.sub(r"[0-9a-f]{32,}", "x", re.sub(r"\W+", "-", self.path).strip("-")) or "front"


def paths(address: str, values: Mapping[str, Sequence[Any]], where: str) -> Iterator[tuple[str, Any]]:
    """Yield every path of an address that the values make, each with the words (`<slug:...>`) in it."""
    names = _PARAMETER.findall(address)
    for _, name in names:
        assert name in values, (
            f"nobody says what stands for {name!r} in {address!r}: add `{name!r}: [...]` to VALUES in {where}"
        )
    for chosen in itertools.product(*(values[name] for _, name in names)):
        words = [value for (kind, _), value in zip(names, chosen, strict=True) if kind == "slug"]
        yield "/" + _PARAMETER.sub("{}", address).format(*chosen), words


@dataclass
class Table:
    """The addresses of a site and what is known of them; `ask(role, path)` gives the site's answer to a GET."""

    where: str
    values: Mapping[str, Sequence[Any]]
    ask: Callable[[str, str], Any]
    # Addresses that a browser test elsewhere looks at, because one gets there only on the way through a task.
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    def places(self, allowed: Mapping[str, Sequence[str]]) -> dict[str, list[Place]]:
        """Return each role's pages of the addresses that it may see; fail for one that led nobody to a page."""
        found: dict[str, list[Place]] = {role: [] for role in allowed}
        answered: dict[str, list[Any]] = {}
        for role, addresses in allowed.items():
            for address in addresses:
                seen: list[Any] = []
                for path, words in paths(address, self.values, self.where):
                    answer = self.ask(role, path)
                    answered.setdefault(address, []).append(answer)
                    if _is_page(answer) and seen.count(words) < MOST_OF_ONE:
                        seen.append(words)
                        found[role].append(Place(address, path))
        lost = {address for address, answers in answered.items() if _is_lost(answers)}
        assert not lost ^ self.elsewhere.keys(), (
            f"no page was found at {sorted(lost - self.elsewhere.keys())}: let {self.where} make what is shown there "
            "and name it in VALUES there, or add the address to ELSEWHERE beside the test of this matrix, with the "
            f"browser test that looks at it. Found, and to be taken out there: {sorted(self.elsewhere.keys() - lost)}"
        )
        return found


def _is_lost(answers: Sequence[Any]) -> bool:
    """Say whether nobody came to a page, nor to a file or a program's answer, nor is it only posted to."""
    if all(answer.status_code == ONLY_POSTED for answer in answers):
        return False
    return not any(answer.status_code == FOUND for answer in answers)


def _is_page(answer: Any) -> bool:
    return answer.status_code == FOUND and answer.get("Content-Type", "").startswith(HTML)


class English:
    """The English of our pages: what may not be left on a page in another language."""

    def __init__(self, language: str = "es") -> None:
        entries = [entry for app in APPS for entry in polib.pofile(str(file_of(app, language)))]
        pairs = [(entry.msgid, entry.msgstr) for entry in entries if not entry.msgid_plural]
        for entry in (entry for entry in entries if entry.msgid_plural):
            pairs += [(entry.msgid, entry.msgstr_plural[0]), (entry.msgid_plural, entry.msgstr_plural[1])]
        translated = {text for _, text in pairs}
        left = [english for english, other in pairs if english != other and english not in translated]
        self._words = {text for text in left if re.fullmatch(r"\w+", text)}
        # A sentence is looked for by its longest piece without a value in it.
        pieces = (max(re.split(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>", text), key=len).strip() for text in left)
        self._sentences = sorted({piece for piece in pieces if len(piece) >= 8 and " " in piece})

    def left(self, said: Sequence[str]) -> list[str]:
        """Return the English in what a page says: a sentence anywhere, a single word where it stands alone."""
        alone = [f"English: {text!r}" for text in said if text.strip(" .:") in self._words]
        page = "\n".join(said)
        return alone + [f"English: {text!r}" for text in self._sentences if text in page]


def look(window: Window, place: Place, language: str, who: str, english: English) -> list[str]:
    """Look at a page at both widths, light and dark; return what is wrong with it."""
    page, faults = window.page, []
    page.goto(place.path)
    page.wait_for_load_state("load")
    if (spoken := page.locator("html").get_attribute("lang")) != language:
        faults.append(f"lang is {spoken}")
    faults += window.headings()
    if language != "en":
        faults += english.left(page.evaluate(WORDS))
    for size in (PHONE, DESKTOP):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        faults += [f"at {size[0]} px: {said}" for said in (*window.too_wide(), *window.axe())]
        if SCREENS:
            window.shoot(f"matrix-{who}-{language}-{place.name}")
        if size in DARK:
            page.emulate_media(color_scheme="dark")
            faults += [f"in the dark at {size[0]} px: {said}" for said in window.axe("color-contrast")]
            page.emulate_media(color_scheme="light")
    faults += window.said
    window.said.clear()
    return [f"{place.address} ({who}, {language}): {fault}" for fault in faults]


def look_pseudo(window: Window, place: Place, data: list[str]) -> list[str]:
    """Look at a page in the language that nobody speaks; return what is cut off, too wide or not translatable."""
    page = window.page
    page.goto(place.path)
    page.wait_for_load_state("load")
    faults = [*window.too_wide(), *(f"cut off: {said}" for said in page.evaluate(pseudo.CUT_OFF))]
    faults += [f"not in the catalogues: {said}" for said in pseudo.unmarked(page.evaluate(pseudo.SHOWN), data)]
    if SCREENS:
        window.shoot(f"pseudo-{place.name}")
    window.said.clear()
    return [f"{place.address}: {fault}" for fault in faults]
