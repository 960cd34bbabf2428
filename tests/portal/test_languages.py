# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages in the reader's language: the catalogues are whole, and no English is left on a Spanish page."""

from __future__ import annotations

import html
import json
import re

import polib
import pytest
from django.test import Client
from django.utils import translation

from sunporch.docket import entries
from sunporch.policy import presets
from sunporch.portal.board import words
from tests.catalogues import APPS, LANGUAGES, file_of, in_module, module_of, texts_of
from tests.portal.feed_rules import atom_faults
from tests.portal.street import Visitor
from tests.portal.test_clips import recorded_appeal

# The same word in both languages.
SAME = {"no", "No", "Apprise", "portal", "supervisor", "PIN", "Clip", "Clips", "Clip %(number)s"}
SPANISH = {"Accept-Language": "es"}
CATALOGUES = [(app, language) for app in APPS for language in LANGUAGES]


def key(entry) -> tuple[str, ...]:
    return (entry.msgid, entry.msgid_plural) if entry.msgid_plural else (entry.msgid,)


def said(entry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize(("app", "language"), CATALOGUES)
def test_the_catalogue_has_exactly_what_the_pages_say_and_all_of_it_is_translated(app, language):
    catalogue = polib.pofile(str(file_of(app, language)))
    assert {key(entry) for entry in catalogue} == set(texts_of(app)), "run `./dev python -m tests.catalogues`"
    for entry in catalogue:
        assert not entry.fuzzy
        assert not entry.obsolete
        for text in said(entry):
            assert text.strip(), entry.msgid
            assert text != entry.msgid or text in SAME, entry.msgid


@pytest.mark.parametrize(("app", "language"), CATALOGUES)
def test_every_translation_keeps_what_is_filled_in_and_how_the_sentence_ends(app, language):
    def filled(text: str) -> list[str]:
        return sorted(re.findall(r"%\(\w+\)[sd]|%d|\{\w+\}", text))

    for entry in polib.pofile(str(file_of(app, language))):
        for text, english in zip(said(entry), key(entry), strict=True):
            assert filled(text) == filled(english), english
            assert (text[-1] in ".:") == (english[-1] in ".:"), english


def test_one_thing_has_one_spanish_word_on_the_pages_of_town_and_home():
    """The word that stands for it elsewhere, and other words for it that crept in before."""
    other = {"central": r"\bhub\b", "municipio": r"\bpueblo\b", "asientos": r"\bentradas?\b"}
    texts = {
        re.sub("`[^`]*`", "", text)
        for app in APPS
        for entry in polib.pofile(str(file_of(app, "es")))
        for text in said(entry)
    }
    for word, crept_in in other.items():
        assert any(word in text for text in texts), word
        assert [text for text in texts if re.search(crept_in, text, re.IGNORECASE)] == [], word


@pytest.mark.parametrize(("app", "language"), CATALOGUES)
def test_what_runs_is_what_was_written(app, language):
    path = file_of(app, language)
    written = {key(entry): said(entry) for entry in polib.pofile(str(path))}
    compiled = {key(entry): said(entry) for entry in polib.mofile(str(path.with_suffix(".mo")))}
    assert compiled == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browsers_own_refusals_are_those_of_the_catalogues(language):
    assert module_of(language).read_text(encoding="utf-8") == in_module(language), (
        "run `./dev python -m tests.catalogues`"
    )


@pytest.mark.requirement("S11")
def test_no_english_is_left_on_a_spanish_page(street):
    asked = recorded_appeal(street)
    street.record(
        street.signed(entries.Review, "okafor-2c1d", action="suspended", target=asked, draft="", reason="x")
    )
    ours = [text for app in APPS for texts in texts_of(app) for text in texts]
    english = {text for text in ours if re.fullmatch(r"[^%{}]{5,}", text) and text not in SAME}
    for path in ("/", "/agencies/", "/rules/", "/record/", f"/appeals/{asked}/", "/nothing-here", "/?before=0"):
        answer = Visitor(street).get(path, **SPANISH)
        # Ids of clauses, and the signed fields that a module compares, are no words of a language.
        shown = re.sub(r'<script id="said".*?</script>', "", answer.content.decode())
        text = re.sub(r"\bR\d+\.[\w-]+", "", re.sub("<[^>]*>", " ¦ ", shown))
        page = re.sub(r"\s+", " ", html.unescape(text))
        assert 'lang="es"' in answer.content.decode()
        assert answer["Content-Language"] == "es"
        assert "Accept-Language" in answer["Vary"]
        left = [text for text in english if re.search(rf"(?<!\w){re.escape(text)}(?!\w)", page)]
        assert left == [], (path, left)


def test_a_reader_who_chose_a_language_keeps_it_from_link_to_link_without_a_cookie(street):
    asked = recorded_appeal(street)
    front = Visitor(street).get("/", **{"Accept-Language": "en"})
    assert 'href="/es/"' in front.content.decode()
    spanish = Visitor(street).get("/es/", **{"Accept-Language": "en"})
    page = spanish.content.decode()
    assert (spanish["Content-Language"], spanish.cookies) == ("es", {})
    for address in ("/es/agencies/", "/es/rules/", "/es/record/", f"/es/appeals/{asked}/", "/en/", "/static/web/"):
        assert f'href="{address}' in page, address
    assert 'hreflang="en"' in page
    english = Visitor(street).get("/en/rules/", **SPANISH)
    assert english["Content-Language"] == "en"
    assert 'href="/en/record/"' in english.content.decode()
    assert 'href="/record/"' in Visitor(street).get("/rules/").content.decode()


def test_a_feed_in_a_chosen_language_names_the_same_appeals(street):
    recorded_appeal(street)
    plain, spanish = (
        json.loads(Visitor(street).get(path).content)["items"] for path in ("/feeds/feed.json", "/es/feeds/feed.json")
    )
    assert spanish[0]["id"] == plain[0]["id"] == plain[0]["url"]
    assert spanish[0]["url"] == plain[0]["url"].replace("localhost/", "localhost/es/")
    assert spanish[0]["title"].startswith("Petición")
    assert atom_faults(Visitor(street).get("/es/feeds/atom.xml").content) == []


def test_what_programs_fetch_has_one_address_only(street):
    for path in ("/es/log/checkpoint", "/es/api/v1/rules", "/es/healthz", "/xx/", "/es/es/"):
        assert Visitor(street).get(path).status_code == 404, path


def test_a_page_of_an_error_speaks_the_readers_language_and_a_program_gets_one_form(street):
    page = Client(headers={"host": "localhost"} | SPANISH).get("/no/such/page").content.decode()
    assert "No hay nada en esta dirección." in page
    answer = Visitor(street).get("/api/v1/entries/x", **SPANISH).json()
    assert answer["error"]["what"] == "No entry with this id was handed in here."


def test_times_and_states_are_in_the_readers_language(street):
    asked = recorded_appeal(street)
    page = Visitor(street).get(f"/appeals/{asked}/", **SPANISH).content.decode()
    assert re.search(r"\d+ de [a-z]+ de 20\d\d, \d\d:\d\d UTC", page)
    assert "abierta" in page


def test_every_code_word_of_the_rules_has_words():
    codes = {*presets.PURPOSES, *presets.JUSTIFICATIONS, *entries.FLAGS, *entries.OUTCOMES, *entries.ROLES}
    with translation.override("es"):
        spanish = {name: words.code(name) for name in codes | {"consent", "emergency", "defence", "area", "link"}}
    assert all("-" not in text and "_" not in text for text in spanish.values())
    assert {name for name, text in spanish.items() if text == name} <= SAME
    assert words.code("made-up-here") == "made-up-here"
