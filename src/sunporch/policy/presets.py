# SPDX-License-Identifier: AGPL-3.0-or-later
"""Three sets of rules that an elected body can adopt as they are. None of them is a default."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from sunporch.policy import cedar, offences
from sunporch.policy.bundle import FORMAT, bundle_text, parse_bundle
from sunporch.policy.errors import LANGUAGE_UNKNOWN, PRESET_UNKNOWN
from sunporch.policy.limits import LIMITS, SPANS, checked

TITLES = {"nobody": "nobody may ask", "warrant-only": "warrant only", "consent": "consent with guard-rails"}
LANGUAGES = ("en", "es")
PURPOSES = (
    *("identify-suspect", "locate-vehicle", "find-missing-person", "reconstruct-event"),
    *("locate-property", "clear-someone"),
)
BASES = ("consent", "emergency", "defence")
REACHES = ("area", "link")
JUSTIFICATIONS = ("charges-filed", "joint-investigation", "court-demand", "defence-request", "records-law")


def _file(name: str) -> str:
    return (resources.files("sunporch.policy") / "rules" / name).read_text(encoding="utf-8")


def clauses_text(preset: str) -> str:
    """Return the clauses of a preset in Cedar."""
    return _file(f"{preset}.cedar") + "\n" + _file("onward.cedar")


def make(
    preset: str,
    grid: Mapping[str, int],
    places: Sequence[Mapping[str, Any]],
    languages: Sequence[str] = LANGUAGES,
    *,
    name: str = "the town",
    **limits: int,
) -> str:
    """Return the bundle text of a preset for the town's grid (cell -> households) and sensitive places.

    `places`: `{"kind": "worship"|"clinic"|"school"|"other", "name", "cells"}`. `limits`: any of
    `policy.limits.LIMITS` and SPANS. Raises `policy.preset-unknown`, `policy.language-unknown`, `policy.limit-...`.
    """
    if preset not in TITLES:
        raise PRESET_UNKNOWN(where=preset, name=preset, known=", ".join(TITLES))
    for language in languages:
        if language not in LANGUAGES:
            raise LANGUAGE_UNKNOWN(where=language, language=language, known=", ".join(LANGUAGES))
    asks = preset == "consent"
    spans = {key: limits.pop(key) for key in SPANS if key in limits}
    fields = {
        "format": FORMAT,
        "name": name,
        "preset": preset,
        "languages": list(languages),
        "cedar": clauses_text(preset),
        "schema": cedar.schema_text(),
        "limits": checked(LIMITS, limits),
        **checked(SPANS, spans),
        "offences": offences.listed(offences.GRAVE if asks else (), tuple(languages)),
        "purposes": list(PURPOSES) if asks else [],
        "bases": list(BASES) if asks else [],
        "reaches": list(REACHES) if asks else [],
        "justifications": list(JUSTIFICATIONS),
        "grid": dict(grid),
        "places": [{key: _plain(place[key]) for key in ("kind", "name", "cells")} for place in places],
        "words": json.loads(_file("words.json")),
        "sentences": {language: json.loads(_file(f"{language}.json")) for language in languages},
    }
    text = bundle_text(fields)
    parse_bundle(text)  # a preset that could not be read back must never be adopted
    return text


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else sorted(value)
