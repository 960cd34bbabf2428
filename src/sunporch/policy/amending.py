# SPDX-License-Identifier: AGPL-3.0-or-later
"""From rules that exist to rules that a town writes: numbers, codes, clauses, places, words, sentences.

Nobody writes Cedar here. A clause that may be chosen is taken out or put in whole, as the preset has it; all other
clauses stay, a town's own ones too.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cedarpy import policies_to_json_str

from sunporch.base.strictjson import loads
from sunporch.policy import offences, presets
from sunporch.policy.bundle import Bundle, Resolution, bundle_text, grid_text, parse_bundle
from sunporch.policy.errors import BUNDLE_MALFORMED, LIMITS_CROSSED
from sunporch.policy.limits import LIMITS, SPANS, Limit

# Clauses that a town may do without. What is not here holds in every town that writes its rules by these choices.
CHOSEN = (
    *("R10.assembly", "R10.review-worship", "R10.review-health", "R10.review-school", "R10.review-event"),
    *("R10.review-sexual", "R10.review-domestic", "R10.review-juvenile", "R8.review-dense", "R32.outcome-overdue"),
    *("R25.sharing-standard", "R5.export-federal", "R5.sharing-federal"),
)
TEXTS = ("name", "places", "words", "sentences")
CODE_LISTS = ("purposes", "bases", "reaches", "justifications")
# Which clause lets a town list codes; without it the list says nothing.
_LISTING = {
    "purposes": "R2.purpose",
    "bases": "R2.basis",
    "reaches": "R2.reach",
    "justifications": "R25.sharing-justification",
}
# The fact behind a clause counts by a number that its text does not name.
_COUNTED = {"retention_days": "R23.retention", "outcome_days": "R32.outcome-overdue"}
_LEAST_AND_MOST = (
    ("cells_min", "cells_max"),
    ("households_min", "households_max"),
    ("closes_min_hours", "closes_max_hours"),
    ("recipients_min", "recipients_max"),
)
# A clause ends at the first semicolon that is neither in a string nor in a comment (Cedar's grammar has no other).
_CLAUSE = re.compile(r'((?:[^;"/]|"(?:[^"\\]|\\.)*+"|//[^\n]*+|/(?!/))*+)(;|\Z)')


@dataclass(frozen=True)
class Amendment:
    """What a town chooses. `numbers` are limits and spans by name; `clauses` those of `CHOSEN` that hold.

    `texts` are those of `texts_of` that it writes anew, as the bundle's format has them.
    """

    numbers: Mapping[str, int]
    offences: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]
    clauses: frozenset[str]
    resolution: Resolution
    texts: Mapping[str, Any] = field(default_factory=dict)


def grid_of(untrusted_text: str) -> dict[str, int]:
    """Return the grid that a community published; raise `policy.bundle-malformed` for any other spelling of it."""
    grid = loads(untrusted_text, "grid").get("cells")
    if not isinstance(grid, dict) or grid_text(grid) != untrusted_text:
        raise BUNDLE_MALFORMED(where="grid", reason="the community's grid is not in its one spelling")
    return grid


def numbers_of(base: Bundle) -> dict[str, tuple[Limit, str]]:
    """Return each number that a clause of the rules uses, or would if it were chosen: its bounds, and the clause."""
    written = _written(base.clauses_text) | _written(_of_preset(base))
    used = {
        name: (limit, clause)
        for name, limit in LIMITS.items()
        for clause, policy in written.items()
        if f'"{name}"' in json.dumps(policy["conditions"])
    }
    if "R7.offence" in written:
        used["narrative_words_min"] = (LIMITS["narrative_words_min"], "R7.narrative-short")
    spans = {name: (SPANS[name], clause) for name, clause in _COUNTED.items() if clause in written}
    return used | spans


def choices_of(base: Bundle) -> dict[str, bool]:
    """Return the clauses that may be chosen for these rules, in their order, and whether each stands in them now."""
    known = base.rules.rules.keys() | _written(_of_preset(base)).keys()
    return {name: name in base.rules.rules for name in CHOSEN if name in known}


def lists_of(base: Bundle) -> tuple[str, ...]:
    """Return the lists of codes that a clause of these rules reads."""
    return tuple(name for name in CODE_LISTS if _LISTING[name] in base.rules.rules)


def texts_of(base: Bundle) -> dict[str, Any]:
    """Return the name, places, words and sentences of rules as they were written, in their order."""
    fields = loads(base.text, "bundle")
    return {name: fields[name] for name in TEXTS}


def crossed(numbers: Mapping[str, int]) -> list[tuple[str, str]]:
    """Return the pairs of a least and a most whose least is greater: nothing could be between them."""
    pairs = [(low, high) for low, high in _LEAST_AND_MOST if low in numbers and high in numbers]
    return [(low, high) for low, high in pairs if numbers[low] > numbers[high]]


def amend(base: Bundle, grid: Mapping[str, int], chosen: Amendment) -> Bundle:
    """Return the rules with what was chosen, over the community's grid.

    Raises `policy.limits-crossed` and what `parse_bundle` raises.
    """
    for low, high in crossed(chosen.numbers):
        raise LIMITS_CROSSED(where=low, low=low, least=chosen.numbers[low], high=high, most=chosen.numbers[high])
    fields: dict[str, Any] = json.loads(base.text)
    known = offences.listed(tuple(code for code in chosen.offences if code in offences.TITLES), base.languages)
    fields["offences"] = {code: fields["offences"].get(code) or known[code] for code in sorted(chosen.offences)}
    fields |= {name: sorted(codes) for name, codes in chosen.codes.items()}
    fields["limits"] = fields["limits"] | {name: chosen.numbers[name] for name in LIMITS if name in chosen.numbers}
    fields |= {name: chosen.numbers[name] for name in SPANS if name in chosen.numbers}
    fields |= {"grid": dict(grid), "resolution": asdict(chosen.resolution), "cedar": _clauses(base, chosen.clauses)}
    fields |= chosen.texts
    return parse_bundle(bundle_text(fields))


def _of_preset(base: Bundle) -> str:
    """Return the clauses of the preset that the rules began from; none for rules that began elsewhere."""
    return presets.clauses_text(base.preset) if base.preset in presets.TITLES else ""


@functools.lru_cache(maxsize=256)
def _written(cedar: str) -> dict[str, Any]:
    policies = json.loads(policies_to_json_str(cedar))["staticPolicies"].values() if cedar else ()
    return {policy["annotations"]["id"]: policy for policy in policies}


def _clauses(base: Bundle, wanted: frozenset[str]) -> str:
    """Return the Cedar text with exactly the wanted ones of the clauses that may be chosen."""
    now = choices_of(base)
    if all(held == (name in wanted) for name, held in now.items()):
        return base.clauses_text
    more = [block for block in _blocks(_of_preset(base)) if _name(block) in wanted - base.rules.rules.keys()]
    kept = [block for block in _blocks(base.clauses_text) if _name(block) not in now.keys() - wanted]
    return "\n\n".join([*kept, *more]) + "\n"


def _blocks(cedar: str) -> list[str]:
    """Return the text of each clause, with the comments before it; what stands after the last is none."""
    return [f"{text.strip()};" for text, end in _CLAUSE.findall(cedar) if end]


def _name(block: str) -> str:
    (name,) = _written(block)
    return name
