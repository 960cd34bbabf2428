# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's rules as a resident reads them: one sentence a clause, with the town's own numbers in it.

A bundle's sentences speak of one case ("the area is 3 cells; at least 4 are allowed"); a page about no case needs
general ones. They stand here for the clauses of the presets, and are shown only while a clause is written exactly as
there: a clause that a town changed or added is shown in the town's own words, with the case's values left open.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from cedarpy import policies_to_json_str
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy, ngettext

from sunporch.policy import Bundle, presets
from sunporch.policy.bundle import NARRATIVE_CLAUSES, Place
from sunporch.portal.board import words
from sunporch.web.templatetags.moments import span

CELL_HECTARES = 1.5
_HOUR = 3_600
_MINUTE = 60

# Heading and clauses, in the order of reading.
_GROUPS: tuple[tuple[Any, dict[str, Any]], ...] = (
    (
        gettext_lazy("Who may ask"),
        {
            "R2.nobody-asks": gettext_lazy("No agency may ask residents for footage."),
            "R2.warrant-only": gettext_lazy("No agency may ask residents for footage: it has to go to a court."),
            "R1.partnership": gettext_lazy(
                "Only an agency that the elected body approved in public may ask, and only while the approval lasts."
            ),
            "R5.agency-kind": gettext_lazy("No federal agency and no immigration agency can be approved."),
            "R12.two-people": gettext_lazy(
                "An officer and a supervisor of the agency must both sign. Nobody can ask alone."
            ),
            "R32.open-requests": gettext_lazy("An agency has at most %(open_requests_max)s appeals open at once."),
            "R32.outcome-overdue": gettext_lazy(
                "An agency tells what came of an appeal within %(outcome_days)s days after it closes. While one "
                "outcome is overdue, it may not ask again."
            ),
        },
    ),
    (
        gettext_lazy("What for"),
        {
            "R7.offence": gettext_lazy("Only for the offences listed below."),
            "R5.offence": gettext_lazy("Never for an immigration offence."),
            "R2.purpose": gettext_lazy("The appeal names its purpose: %(purposes)s."),
            "R2.basis": gettext_lazy("It rests on one of these: %(bases)s."),
            "R2.reach": gettext_lazy("It reaches homes by %(reaches)s."),
            "R7.case-number": gettext_lazy(
                "There is a real case number behind it. It is checked, and stays private."
            ),
            "R7.case-tag": gettext_lazy("A tag that is no placeholder stands for the case in public."),
            "R9.case-requests": gettext_lazy("At most %(case_requests_max)s appeals are made for one case."),
            "R2.policy-cited": gettext_lazy("It cites the rules that are in force on its day."),
        },
    ),
    (
        gettext_lazy("Where"),
        {
            "R8.area-min": gettext_lazy(
                "The area has at least %(cells_min)s map cells, about %(area_min)s hectares."
            ),
            "R8.area-max": gettext_lazy("It has at most %(cells_max)s map cells, about %(area_max)s hectares."),
            "R8.area-connected": gettext_lazy("It is one connected piece."),
            "R8.area-in-town": gettext_lazy("All of it lies in %(town)s."),
            "R8.households-min": gettext_lazy(
                "At least %(households_min)s households live in it, so that no single home is meant."
            ),
            "R8.households-max": gettext_lazy("At most %(households_max)s households live in it."),
        },
    ),
    (
        gettext_lazy("When"),
        {
            "R9.window-order": gettext_lazy("The time asked for is at least one minute long."),
            "R9.window-max": gettext_lazy("It is at most %(window_max)s long."),
            "R9.window-past": gettext_lazy("It is over: nobody can ask for what is still to come."),
            "R9.look-back": gettext_lazy("It began at most %(look_back_days)s days ago."),
            "R9.closes-min": gettext_lazy("Residents have at least %(closes_min)s to answer."),
            "R9.closes-max": gettext_lazy("An appeal stays open for at most %(closes_max)s."),
        },
    ),
    (
        gettext_lazy("What the appeal says"),
        {
            "R7.narrative-short": gettext_lazy(
                "Its account says what happened, in at least %(narrative_words_min)s different words that mean "
                "something."
            ),
            "R7.narrative-placeholder": gettext_lazy("An empty word such as “investigation” is no account."),
            "R11.pressure": gettext_lazy("It puts no pressure on residents: they may ignore it, and nobody is told."),
            "R11.race-only": gettext_lazy("Race or origin alone does not describe a person."),
            "R11.identity": gettext_lazy("It holds no names, telephone numbers or addresses of people."),
            "R10.flags-demanded": gettext_lazy("It carries the marks that its offence needs in the list below."),
        },
    ),
    (
        gettext_lazy("What is not asked for, or needs a reviewer's signature first"),
        {
            "R10.assembly": gettext_lazy("Never for an area and time of an announced assembly or vote."),
            "R10.review-worship": gettext_lazy(
                "A reviewer signs first near a place of worship, or during a service."
            ),
            "R10.review-health": gettext_lazy("A reviewer signs first near a clinic."),
            "R10.review-school": gettext_lazy("A reviewer signs first near a school."),
            "R10.review-event": gettext_lazy("A reviewer signs first for the area and time of a known event."),
            "R10.review-sexual": gettext_lazy("A reviewer signs first about a sexual offence."),
            "R10.review-domestic": gettext_lazy("A reviewer signs first about violence at home."),
            "R10.review-juvenile": gettext_lazy("A reviewer signs first where minors are concerned."),
            "R8.review-dense": gettext_lazy(
                "A reviewer signs first for an area of %(households_dense)s households or more."
            ),
        },
    ),
    (
        gettext_lazy("What happens to a clip"),
        {
            "R2.nothing-shared": gettext_lazy("No footage is shared through Sunporch."),
            "R2.share-warrant-only": gettext_lazy("Footage is shared only in answer to a court."),
            "R23.retention": gettext_lazy("Its key is destroyed %(retention_days)s days after it was shared."),
            "R19.recipients-min": gettext_lazy("At least %(recipients_min)s devices can open it."),
            "R19.recipients-max": gettext_lazy("At most %(recipients_max)s devices can open it."),
            "R19.recipient-officer": gettext_lazy("One of them belongs to an officer of the agency."),
            "R19.recipient-supervisor": gettext_lazy("One of them belongs to a supervisor of the agency."),
            "R24.export-unopened": gettext_lazy("No copy is exported of a clip that was never opened on the record."),
            "R24.sharing-unopened": gettext_lazy("A clip that was never opened on the record is not passed on."),
            "R25.sharing-justification": gettext_lazy("It is passed on only for one of these: %(justifications)s."),
            "R25.sharing-standard": gettext_lazy(
                "A state agency gets it by legal process only; consent is not enough."
            ),
            "R5.export-federal": gettext_lazy("No copy is made for a federal or an immigration agency."),
            "R5.sharing-federal": gettext_lazy("It is not passed on to a federal or an immigration agency."),
        },
    ),
)
_OWN_WORDS = gettext_lazy("More rules, in the town's own words")


@functools.lru_cache(maxsize=8)
def _written(cedar: str) -> dict[str, Any]:
    """Return each clause of a Cedar text as it is written, by its id."""
    policies = json.loads(policies_to_json_str(cedar))["staticPolicies"].values()
    return {policy["annotations"]["id"]: policy for policy in policies}


@functools.cache
def _of_presets() -> dict[str, Any]:
    """Return the clauses that the general sentences are about, as the presets write them."""
    texts = [presets.clauses_text(preset) for preset in presets.TITLES]
    return {name: policy for text in texts for name, policy in _written(text).items()}


def groups(bundle: Bundle, language: str) -> list[dict[str, Any]]:
    """Return the clauses in force by heading: `title` and `clauses` of id, sentence and what it cites."""
    written = _written(bundle.clauses_text)
    known = {name for name, policy in written.items() if _of_presets().get(name) == policy}
    forbidding = in_force(bundle)
    known |= set(NARRATIVE_CLAUSES) - set(written)
    values = _values(bundle)
    shown = []
    for title, sentences in _GROUPS:
        clauses = [
            _clause(bundle, name, str(sentence) % values)
            for name, sentence in sentences.items()
            if name in forbidding & known
        ]
        shown.append({"title": title, "clauses": clauses})
    plain = {clause["id"] for group in shown for clause in group["clauses"]}
    own = [_clause(bundle, name, _own_words(bundle, name, language)) for name in sorted(forbidding - plain)]
    shown.append({"title": _OWN_WORDS, "clauses": own})
    return [group for group in shown if group["clauses"]]


def in_force(bundle: Bundle) -> set[str]:
    """Return the clauses that can refuse something."""
    # What an account must say is checked by the software itself; where nobody may ask there is no account.
    own = NARRATIVE_CLAUSES.keys() if bundle.offences else ()
    return {name for name, rule in bundle.rules.rules.items() if rule.effect == "forbid"} | {*own}


def place(of: Place) -> str:
    """Return what a sensitive place is, and how large."""
    cells = ngettext("%(n)s map cell", "%(n)s map cells", len(of.cells)) % {"n": len(of.cells)}
    return f"{words.place(of.kind)}, {cells}"


def sentence(bundle: Bundle, name: str) -> str:
    """Return the general sentence of a clause that a preset has, with the rules' own numbers in it."""
    (found,) = (sentences[name] for _, sentences in _GROUPS if name in sentences)
    return str(found) % _values(bundle)


def _clause(bundle: Bundle, name: str, sentence: str) -> dict[str, str]:
    rule = bundle.rules.rules.get(name)
    return {"id": name, "sentence": sentence, "cite": rule.cite if rule else NARRATIVE_CLAUSES[name]}


def _values(bundle: Bundle) -> dict[str, str]:
    limits = bundle.limits
    numbers = {**limits, "retention_days": bundle.retention_days, "outcome_days": bundle.outcome_days}
    return {
        **{name: number_format(value, force_grouping=True) for name, value in numbers.items()},
        "town": bundle.name,
        "area_min": number_format(round(limits["cells_min"] * CELL_HECTARES), force_grouping=True),
        "area_max": number_format(round(limits["cells_max"] * CELL_HECTARES), force_grouping=True),
        "window_max": span(limits["window_max_minutes"] * _MINUTE),
        "closes_min": span(limits["closes_min_hours"] * _HOUR),
        "closes_max": span(limits["closes_max_hours"] * _HOUR),
        "purposes": _listed(bundle.purposes),
        "bases": _listed(bundle.bases),
        "reaches": _listed(bundle.reaches),
        "justifications": _listed(bundle.justifications),
    }


def _listed(codes: frozenset[str]) -> str:
    return ", ".join(words.code(name) for name in sorted(codes))


class _Open(dict[str, Any]):
    """What only a case can fill in stays open in the town's own sentence."""

    def __missing__(self, name: str) -> str:
        return "…"


def _own_words(bundle: Bundle, name: str, language: str) -> str:
    said: Mapping[str, str] = bundle.sentences.get(language) or bundle.sentences[bundle.languages[0]]
    values = _Open({"town": bundle.name, "retention_days": bundle.retention_days, **bundle.limits})
    return said[name].format_map(values)


def offences(bundle: Bundle, language: str) -> list[dict[str, Any]]:
    """Return the offences for which residents may be asked: `code`, `title` and the marks that each needs."""
    return [
        {
            "code": code,
            "title": offence.title.get(language) or offence.title[bundle.languages[0]],
            "flags": [words.code(flag) for flag in sorted(offence.flags)],
        }
        for code, offence in sorted(bundle.offences.items())
    ]
