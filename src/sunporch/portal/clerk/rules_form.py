# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's rules as a dozen numbers and check boxes. What cannot be rules is refused beside the number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from sunporch.policy import Bundle, amending, offences, presets
from sunporch.policy.bundle import Resolution
from sunporch.portal.board import plain_rules, words
from sunporch.portal.clerk.decision_form import Decision, day_field, seconds_of

START = {
    "nobody": (
        gettext_lazy("Nobody may ask"),
        gettext_lazy("No agency asks residents for footage, and nothing is shared through Sunporch."),
    ),
    "warrant-only": (
        gettext_lazy("Warrant only"),
        gettext_lazy("No agency asks residents. A home answers a court, and nobody else."),
    ),
    "consent": (
        gettext_lazy("Consent with guard-rails"),
        gettext_lazy("An approved agency may ask in public, within limits. Residents may answer, or not at all."),
    ),
}
_CELLS, _HOMES = gettext_lazy("map cells of 1.5 hectares"), gettext_lazy("households")
_DAYS, _HOURS, _MINUTES = gettext_lazy("days"), gettext_lazy("hours"), gettext_lazy("minutes")
_APPEALS, _DEVICES, _WORDS = gettext_lazy("appeals"), gettext_lazy("devices"), gettext_lazy("words")
# Heading, then number by number: what it means, and its unit.
_NUMBERS: tuple[tuple[Any, dict[str, tuple[Any, Any]]], ...] = (
    (
        gettext_lazy("How large an area"),
        {
            "cells_min": (gettext_lazy("Smallest area"), _CELLS),
            "cells_max": (gettext_lazy("Largest area"), _CELLS),
            "households_min": (gettext_lazy("Fewest households, so that no single home is meant"), _HOMES),
            "households_max": (gettext_lazy("Most households"), _HOMES),
            "households_dense": (gettext_lazy("A reviewer signs first from so many households on"), _HOMES),
        },
    ),
    (
        gettext_lazy("Which hours, and how long residents have"),
        {
            "window_max_minutes": (gettext_lazy("Longest time asked for"), _MINUTES),
            "look_back_days": (gettext_lazy("How long ago it may begin"), _DAYS),
            "closes_min_hours": (gettext_lazy("Shortest time to answer"), _HOURS),
            "closes_max_hours": (gettext_lazy("Longest time that an appeal is open"), _HOURS),
        },
    ),
    (
        gettext_lazy("How often, and what is owed"),
        {
            "case_requests_max": (gettext_lazy("Most appeals for one case"), _APPEALS),
            "open_requests_max": (gettext_lazy("Most appeals of an agency open at once"), _APPEALS),
            "outcome_days": (gettext_lazy("Time until the outcome is due"), _DAYS),
            "narrative_words_min": (gettext_lazy("Shortest account of what happened"), _WORDS),
        },
    ),
    (
        gettext_lazy("What happens to a clip"),
        {
            "retention_days": (gettext_lazy("Time until its key is destroyed"), _DAYS),
            "recipients_min": (gettext_lazy("Fewest devices that can open it"), _DEVICES),
            "recipients_max": (gettext_lazy("Most devices that can open it"), _DEVICES),
        },
    ),
)
_LISTS = {
    "purposes": gettext_lazy("What footage may be asked for"),
    "bases": gettext_lazy("On what an appeal may rest"),
    "reaches": gettext_lazy("How it may reach homes"),
    "justifications": gettext_lazy("Why a clip may be passed on"),
}
# The sentences of these have a number in them that this form asks for elsewhere.
_CLAUSES = {
    "R8.review-dense": gettext_lazy("A reviewer signs first where many households are, by the number above."),
    "R32.outcome-overdue": gettext_lazy("An agency that owes an outcome may not ask again before it has told it."),
}


class Rules(Decision):
    """What a town chooses when it changes the rules of `base`."""

    decided = day_field(gettext_lazy("Day of the decision"))
    open_requests = forms.ChoiceField(
        label=gettext_lazy("What becomes of the appeals that are open when these rules begin?"),
        choices=(
            ("keep", gettext_lazy("They stay open, under the rules that they were made under")),
            ("close", gettext_lazy("They close on that day")),
        ),
        widget=forms.RadioSelect,
    )

    def __init__(self, base: Bundle, *arguments: Any, **named: Any) -> None:
        self.base = base
        super().__init__(*arguments, **named)
        self.names = amending.numbers_of(base)
        values = {**base.limits, "retention_days": base.retention_days, "outcome_days": base.outcome_days}
        for _, numbers in _NUMBERS:
            for name, (label, unit) in numbers.items():
                if name in self.names:
                    self.fields[name] = self._number(name, label, unit, values[name])
        if "R7.offence" in base.rules.rules:
            self.fields["offences"] = _boxes(gettext("Offences"), self._offences(), sorted(base.offences))
            self.fields["offences"].help_text = gettext("Residents may be asked for these and no others.")
        for name in amending.lists_of(base):
            listed = getattr(base, name)
            choices = [(code, capfirst(words.code(code))) for code in sorted(listed | _usual(name))]
            self.fields[name] = _boxes(str(_LISTS[name]), choices, sorted(listed))
        held = amending.choices_of(base)
        if held:
            choices = [(name, self._clause(name)) for name in held]
            self.fields["clauses"] = _boxes(
                gettext("Clauses that your town can choose"), choices, [name for name, holds in held.items() if holds]
            )
            self.fields["clauses"].required = False
            self.fields["clauses"].help_text = gettext("All other clauses hold in any case.")

    def _number(self, name: str, label: Any, unit: Any, value: int) -> forms.IntegerField:
        limit, clause = self.names[name]
        least, most = (number_format(bound, force_grouping=True) for bound in (limit.least, limit.most))
        about = gettext("%(unit)s, from %(least)s to %(most)s. Clause %(clause)s.")
        field = forms.IntegerField(label=label, min_value=limit.least, max_value=limit.most, initial=value)
        field.help_text = capfirst(about % {"unit": unit, "least": least, "most": most, "clause": clause})
        field.error_messages["required"] = gettext("This is needed.")
        return field

    def _offences(self) -> list[tuple[str, str]]:
        """Return the codes of the national list and the town's own; never one of immigration."""
        national = offences.listed(
            tuple(code for code in offences.TITLES if code not in offences.IMMIGRATION), self.base.languages
        )
        titles: dict[str, Any] = {code: about["title"] for code, about in national.items()}
        titles |= {code: one.title for code, one in self.base.offences.items() if not one.immigration}
        language = words.language()
        named = {code: title.get(language) or title[self.base.languages[0]] for code, title in titles.items()}
        return [(code, f"{named[code]} ({code})") for code in sorted(named, key=lambda code: named[code].casefold())]

    def _clause(self, name: str) -> str:
        return f"{_CLAUSES.get(name) or plain_rules.sentence(self.base, name)} ({name})"

    @property
    def number_groups(self) -> list[dict[str, Any]]:
        """Return the headings with the fields of the numbers below each."""
        groups = [
            {"title": title, "fields": [self[name] for name in numbers if name in self.fields]}
            for title, numbers in _NUMBERS
        ]
        return [group for group in groups if group["fields"]]

    @property
    def code_lists(self) -> list[Any]:
        """Return the fields of the lists of codes."""
        return [self[name] for name in _LISTS if name in self.fields]

    def clean(self) -> dict[str, Any]:
        """Refuse numbers between which nothing lies, at the smaller one's field."""
        given = super().clean()
        numbers = {name: given[name] for name in self.names if given.get(name) is not None}
        for low, high in amending.crossed(numbers):
            told = gettext("This is more than “%(other)s”: nothing lies between them.")
            self.add_error(low, told % {"other": self.fields[high].label})
        return given

    def amendment(self, texts: Mapping[str, Any]) -> amending.Amendment:
        """Return what was chosen, of a form that is valid, with the texts that are written elsewhere."""
        given = self.cleaned_data
        return amending.Amendment(
            numbers={name: given[name] for name in self.names},
            offences=tuple(given.get("offences", ())),
            codes={name: tuple(given[name]) for name in amending.lists_of(self.base)},
            clauses=frozenset(given.get("clauses", ())),
            resolution=Resolution(
                given["instrument"], given["link"], seconds_of(given["decided"]), seconds_of(given["hearing"])
            ),
            texts=texts,
        )


def _boxes(label: str, choices: list[tuple[str, str]], chosen: list[str]) -> forms.MultipleChoiceField:
    field = forms.MultipleChoiceField(
        label=label, choices=choices, initial=chosen, widget=forms.CheckboxSelectMultiple
    )
    field.error_messages["required"] = gettext("Choose at least one.")
    return field


def _usual(name: str) -> frozenset[str]:
    """Return the codes that every town can choose from, beside its own."""
    usual: dict[str, tuple[str, ...]] = {
        "purposes": presets.PURPOSES,
        "bases": presets.BASES,
        "reaches": presets.REACHES,
        "justifications": presets.JUSTIFICATIONS,
    }
    return frozenset(usual[name])
