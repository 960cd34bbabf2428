# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's rules as one text: Cedar clauses and schema, limits, offences, grid, places, words, sentences.

Format `sunporch/policy/v1`, strict JSON, described in spec/policy-bundle.md.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sunporch.base.errors import Error
from sunporch.base.strictjson import dumps, loads
from sunporch.docket.entries import CLAUSE_ID, FLAGS
from sunporch.docket.fields import MOST_TEXT, Refused, Text, Whole, check_cell
from sunporch.docket.verdict import Clause, Terms
from sunporch.policy import cedar
from sunporch.policy.errors import BUNDLE_MALFORMED, FORMAT_NEWER
from sunporch.policy.limits import LIMITS, SPANS, checked

FORMAT = "sunporch/policy/v1"
GRID_FORMAT = "sunporch/grid/v1"
PLACE_KINDS = ("worship", "clinic", "school", "other")
MOST_GRID_CELLS = 50_000
MOST_LANGUAGES = 20
MOST_NAME = 120
MOST_SOURCE = 10**6
MOST_WORDS = 1_000
WORD_LISTS = ("placeholders", "pressure", "origins", "features")
# What the narrative is held against. Only portal and reviewer see the private side, so only they can refuse by these.
NARRATIVE_CLAUSES: dict[str, str] = {
    "R7.case-number": "Sen. Markey's questions of 2019",
    "R7.narrative-short": "NYU audit 2021",
    "R7.narrative-placeholder": "released audit logs in which all reasons said 'Investigation'",
    "R11.pressure": "Sen. Markey's questions of 2019",
    "R11.race-only": "Request for Assistance rules 2021; EFF",
    "R11.identity": "Request for Assistance rules 2021",
}
CHECKED_BY_PEOPLE = ("portal", "reviewer")
_RESOLUTION = {"instrument", "link", "decided", "hearing"}
_KEYS = {
    *("format", "name", "preset", "languages", "cedar", "schema", "limits", "retention_days", "outcome_days"),
    *("offences", "purposes", "bases", "reaches", "justifications", "grid", "places", "words", "sentences"),
}


@dataclass(frozen=True)
class Offence:
    """One offence for which residents may be asked."""

    title: Mapping[str, str]
    flags: frozenset[str]
    immigration: bool


@dataclass(frozen=True)
class Place:
    """A sensitive place, as the cells that it touches."""

    kind: str
    name: str
    cells: frozenset[str]


@dataclass(frozen=True)
class Resolution:
    """By which decision the elected body adopted the rules: its name, its public address, its day, the hearing's."""

    instrument: str
    link: str
    decided: int  # Unix seconds
    hearing: int


@dataclass(frozen=True)
class Bundle:
    """Parsed rules. `text` is what the commitment is over."""

    text: str
    name: str
    preset: str
    languages: tuple[str, ...]
    rules: cedar.Rules
    limits: Mapping[str, int]
    retention_days: int
    outcome_days: int
    offences: Mapping[str, Offence]
    purposes: frozenset[str]
    bases: frozenset[str]
    reaches: frozenset[str]
    justifications: frozenset[str]
    grid: Mapping[str, int]
    places: tuple[Place, ...]
    words: Mapping[str, frozenset[str]]
    sentences: Mapping[str, Mapping[str, str]]
    resolution: Resolution | None = None

    @property
    def clauses_text(self) -> str:
        """The clauses in Cedar, as they were signed."""
        return str(loads(self.text, "bundle")["cedar"])

    @property
    def terms(self) -> Terms:
        """The two spans for all that happens under these rules."""
        return Terms(self.retention_days, self.outcome_days)

    @property
    def households_known(self) -> bool:
        """Say whether the grid tells how many households there are; without it only limits in cells hold."""
        return any(self.grid.values())

    def clause(self, clause_id: str, facts: Mapping[str, Any]) -> Clause:
        """Return the clause with its sentence in every language of the town, filled in with the facts."""
        rule = self.rules.rules.get(clause_id)
        people = CHECKED_BY_PEOPLE if clause_id in NARRATIVE_CLAUSES else ()
        cite = rule.cite if rule else NARRATIVE_CLAUSES.get(clause_id, FORMAT)
        filled = {"town": self.name, **self.limits, "retention_days": self.retention_days, **facts}
        sentences = {language: self._sentence(language, clause_id, filled) for language in self.languages}
        return Clause(clause_id, cite, sentences, people)

    def _sentence(self, language: str, clause_id: str, filled: Mapping[str, Any]) -> str:
        known = self.sentences[language].get(clause_id)
        if known is None:  # only `rules.error`, which no bundle writes a sentence for
            known = FAILED_SENTENCE.get(language, FAILED_SENTENCE["en"])
        said = known.format_map(filled).removesuffix(".")
        return f"{said} ({CLAUSE_WORD.get(language, '')}{clause_id})."


CLAUSE_WORD = {"en": "clause ", "es": "cláusula "}
FAILED_SENTENCE = {
    "en": "A rule could not be computed, so this is refused.",
    "es": "Una norma no se pudo calcular, así que se rechaza.",
}


def parse_bundle(untrusted_text: str) -> Bundle:
    """Return the rules; raise `policy.bundle-malformed`, `policy.cedar-refused`, `policy.limit-...`.

    `policy.format-unknown` means that this software is too old to say anything about them.
    """
    try:
        value = loads(untrusted_text, "bundle")
    except Error as error:
        raise BUNDLE_MALFORMED(where="bundle", reason=error.what) from error
    if value.get("format") != FORMAT:
        raise FORMAT_NEWER(where="format", format=value.get("format", "no format named"))
    if set(value) - {"resolution"} != _KEYS:
        odd = ", ".join(sorted((set(value) - {"resolution"}) ^ _KEYS))
        raise BUNDLE_MALFORMED(where=odd, reason=f"unknown or missing: {odd}")
    languages = _words(value, "languages", MOST_LANGUAGES, 1)
    rules = cedar.parse(*(_text(value[key], key, MOST_SOURCE, lines=True) for key in ("cedar", "schema")))
    return Bundle(
        text=untrusted_text,
        name=_text(value["name"], "name", MOST_NAME),
        preset=_text(value["preset"], "preset", MOST_NAME),
        languages=languages,
        rules=rules,
        limits=checked(LIMITS, _object(value, "limits")),
        **checked(SPANS, {name: value[name] for name in SPANS}),
        offences=_offences(value, languages),
        purposes=frozenset(_words(value, "purposes")),
        bases=frozenset(_words(value, "bases")),
        reaches=frozenset(_words(value, "reaches")),
        justifications=frozenset(_words(value, "justifications")),
        grid=_grid(value),
        places=_places(value),
        words=_word_lists(value),
        sentences=_sentences(value, languages, rules),
        resolution=_resolution(value) if "resolution" in value else None,
    )


def bundle_text(fields: Mapping[str, Any]) -> str:
    """Return the canonical text of a bundle's fields."""
    return dumps(dict(fields))


def grid_text(grid: Mapping[str, int]) -> str:
    """Return the one text of a grid (H3 cell -> households), to which the community's entries commit."""
    return dumps({"format": GRID_FORMAT, "cells": dict(grid)})


def _refuse(where: str, reason: str) -> Error:
    return BUNDLE_MALFORMED(where=where, reason=reason)


def _text(untrusted_value: Any, where: str, most: int = MOST_TEXT, *, lines: bool = False) -> str:
    """Return text that pages may show: by the same rule as the texts of entries."""
    try:
        return Text(1, most, lines).read(untrusted_value)
    except Refused as refused:
        raise _refuse(where, f"{where} must be {refused.wanted}") from refused


def _object(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(value[key], dict):
        raise _refuse(key, f"{key} is not an object")
    return dict(value[key])


def _resolution(value: Mapping[str, Any]) -> Resolution:
    named = _object(value, "resolution")
    if set(named) != _RESOLUTION:
        raise _refuse("resolution", f"a resolution is not exactly {', '.join(sorted(_RESOLUTION))}")
    try:
        decided, hearing = (Whole().read(named[key]) for key in ("decided", "hearing"))
    except Refused as refused:
        raise _refuse("resolution", f"the days of the resolution must be {refused.wanted}") from refused
    texts = (_text(named["instrument"], "resolution", MOST_NAME), _text(named["link"], "resolution"))
    return Resolution(*texts, decided, hearing)


def _words(value: Mapping[str, Any], key: str, most: int = MOST_WORDS, least: int = 0) -> tuple[str, ...]:
    words = value[key]
    if not isinstance(words, list) or not least <= len(words) <= most:
        raise _refuse(key, f"{key} is not a list of {least} to {most}")
    read = tuple(_text(word, key) for word in words)
    if len(set(read)) != len(read):
        raise _refuse(key, f"{key} is not a list of words, each once")
    return read


def _offences(value: Mapping[str, Any], languages: tuple[str, ...]) -> dict[str, Offence]:
    offences = {}
    for code, about in _object(value, "offences").items():
        _text(code, "offences")
        if not isinstance(about, dict) or set(about) != {"title", "flags", "immigration"}:
            raise _refuse(code, f"the offence {code} is not title, flags and immigration")
        title, flags = about["title"], about["flags"]
        if not isinstance(title, dict) or set(title) != set(languages):
            raise _refuse(code, f"the offence {code} has no title in each language")
        for words in title.values():
            _text(words, code)
        known = isinstance(flags, list) and all(flag in FLAGS for flag in flags)
        if not known or about["immigration"] not in (0, 1):
            raise _refuse(code, f"the offence {code} has flags that requests do not have")
        offences[code] = Offence(title, frozenset(flags), bool(about["immigration"]))
    return offences


def _cell(untrusted_cell: Any, where: str) -> str:
    try:
        return check_cell(untrusted_cell)
    except Refused as refused:
        raise _refuse(where, f"{where} must name {refused.wanted}, not {untrusted_cell!r}") from refused


def _grid(value: Mapping[str, Any]) -> dict[str, int]:
    grid = _object(value, "grid")
    if not 1 <= len(grid) <= MOST_GRID_CELLS:
        raise _refuse("grid", f"the grid has not 1 to {MOST_GRID_CELLS} cells")
    for cell, households in grid.items():
        _cell(cell, "grid")
        if not isinstance(households, int) or households < 0:
            raise _refuse("grid", f"the households of {cell} are not a whole number from 0")
    return grid


def _places(value: Mapping[str, Any]) -> tuple[Place, ...]:
    if not isinstance(value["places"], list):
        raise _refuse("places", "places is not a list")
    places = []
    for about in value["places"]:
        if not isinstance(about, dict) or set(about) != {"kind", "name", "cells"} or about["kind"] not in PLACE_KINDS:
            raise _refuse("places", f"a place is not a kind ({', '.join(PLACE_KINDS)}), a name and cells")
        cells = frozenset(_cell(cell, "places") for cell in _words(about, "cells"))
        places.append(Place(about["kind"], _text(about["name"], "places", MOST_NAME), cells))
    return tuple(places)


def _word_lists(value: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    lists = _object(value, "words")
    if set(lists) != set(WORD_LISTS):
        raise _refuse("words", f"words is not exactly {', '.join(WORD_LISTS)}")
    return {name: frozenset(word.lower() for word in _words(lists, name)) for name in WORD_LISTS}


def _sentences(value: Mapping[str, Any], languages: tuple[str, ...], rules: cedar.Rules) -> dict[str, dict[str, str]]:
    """Check that each clause that can refuse has a sentence in each language, with the same parameters in all."""
    sentences = _object(value, "sentences")
    if set(sentences) != set(languages):
        raise _refuse("sentences", "sentences are not there in exactly the languages of the town")
    needed = {rule.id for rule in rules.rules.values() if rule.effect == "forbid"} | set(NARRATIVE_CLAUSES)
    for clause_id in needed:
        try:
            CLAUSE_ID.read(clause_id)
            named = {language: parameters(Text().read(sentences[language][clause_id])) for language in languages}
        except (KeyError, TypeError, ValueError, Refused) as error:
            raise _refuse(clause_id, f"the clause {clause_id} has no readable sentence in each language") from error
        allowed = known_parameters(rules, clause_id)
        if not all(names <= allowed for names in named.values()):
            raise _refuse(clause_id, f"a sentence of {clause_id} fills in what nobody computes")
    return sentences


def parameters(sentence: str) -> set[str]:
    """Return the names in braces that a sentence fills in; raises `ValueError` where braces hold anything else."""
    parts = list(string.Formatter().parse(sentence))
    if any(name is not None and (not name.isidentifier() or form or change) for _, name, form, change in parts):
        raise ValueError(sentence)
    return {name for _, name, _, _ in parts if name is not None}


_ABOUT = {
    "request": {
        *("agency", "offence", "purpose", "basis", "reach", "flags_demanded", "cells", "parts", "cells_outside"),
        *("households", "window_minutes", "minutes_after_now", "look_back_minutes", "open_minutes", "case_requests"),
        *("recipients", "officers_signed", "supervisors_signed", "overdue_outcomes", "open_requests"),
    },
    "disclosure": {"agency"},
    "export": {"agency", "recipient"},
    "sharing": {"agency", "recipient", "standard", "justification"},
    "partnership": {"agency", "kind"},
    "narrative": {"found", "words", "case_number"},
}
_ABOUT["unreviewed"] = _ABOUT["request"]


def known_parameters(rules: cedar.Rules, clause_id: str) -> set[str]:
    """Return the names that a sentence of the clause may fill in."""
    rule = rules.rules.get(clause_id)
    about = _ABOUT[rule.action if rule else "narrative"]
    return {"town", "retention_days", *LIMITS, *about}
