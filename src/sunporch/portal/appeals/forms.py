# SPDX-License-Identifier: AGPL-3.0-or-later
"""The questions that an officer answers, one form a page. What they refuse, they refuse in the rules' own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy, ngettext

from sunporch.docket.entries import FLAGS, MOST_NARRATIVE
from sunporch.docket.fields import MOST_CELLS, Refused, check_cell
from sunporch.docket.state import KeyState
from sunporch.docket.verdict import Clause
from sunporch.policy import Allowance, Bundle, check_narrative
from sunporch.portal.appeals import area, streets
from sunporch.portal.appeals.models import MAX_CASE_NUMBER, MAX_PRIVATE_NOTE, MAX_REASON
from sunporch.portal.board import words
from sunporch.portal.board.shown_text import ShownText
from sunporch.web.templatetags.moments import span

_MINUTE, _HOUR = 60, 3_600
_LOCAL = "%Y-%m-%dT%H:%M"
# How long an appeal may stay open, in hours, as far as the rules allow each.
_OPEN_HOURS = (6, 12, 24, 48, 72, 120, 168, 336, 720)
_CODE = re.compile(r".*\(([0-9A-Z]{2,6})\)\s*")


class _Ruled(forms.Form):
    """A form that knows the rules in force."""

    def __init__(self, bundle: Bundle, *arguments: Any, **named: Any) -> None:
        self.bundle = bundle
        super().__init__(*arguments, **named)
        for field in self.fields.values():
            field.error_messages["required"] = gettext("This is needed.")

    def refuse(self, field: str, clause: Clause) -> None:
        """Put the sentence of a clause beside the field that it is about."""
        self.add_error(field, clause.sentence(words.language()))


class _Steps(_Ruled):
    """A form that knows what the rules still allow, too."""

    def __init__(self, bundle: Bundle, allowed: Allowance, *arguments: Any, **named: Any) -> None:
        self.allowed = allowed
        super().__init__(bundle, *arguments, **named)


class Offence(_Steps):
    """Which offence, what the footage is for, and what a reviewer has to know."""

    offence = forms.CharField(label=gettext_lazy("Offence"), max_length=120)
    purpose = forms.ChoiceField(label=gettext_lazy("What is the footage for?"), widget=forms.RadioSelect)
    flags = forms.MultipleChoiceField(
        label=gettext_lazy("Does it concern any of these?"),
        help_text=gettext_lazy("A reviewer then signs before the appeal is public. Leave all open if none does."),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        offence, purpose = self.fields["offence"], self.fields["purpose"]
        offence.help_text = gettext("Begin to type; the town allows these %(count)s and no others.") % {
            "count": len(self.bundle.offences)
        }
        offence.widget.attrs |= {"list": "offences", "autocomplete": "off"}
        self.titles = [words.offence(self.bundle, code) for code in sorted(self.bundle.offences)]
        purposes = [(name, capfirst(words.code(name))) for name in self.allowed.purposes]
        purpose.choices = sorted(purposes, key=lambda one: one[1])  # type: ignore[attr-defined]
        self.fields["flags"].choices = [(name, capfirst(words.code(name))) for name in FLAGS]  # type: ignore[attr-defined]

    def clean_offence(self) -> str:
        """Return the code of what was typed: a title, a code, or both; refuse what is not on the town's list."""
        typed = self.cleaned_data["offence"].strip()
        named = _CODE.fullmatch(typed)
        wanted = named[1] if named else typed
        for code in self.bundle.offences:
            title = words.offence(self.bundle, code).rpartition(" (")[0]
            if wanted.casefold() in (code.casefold(), title.casefold()):
                return code
        raise forms.ValidationError(self.bundle.clause("R7.offence", {"offence": typed}).sentence(words.language()))

    def answers(self) -> dict[str, Any]:
        """Return what is kept. The marks that an offence needs are set by themselves."""
        given = self.cleaned_data
        flags = set(given["flags"]) | self.bundle.offences[given["offence"]].flags
        return {"offence": given["offence"], "purpose": given["purpose"], "flags": sorted(flags)}


class What(_Steps):
    """What happened, in words that everybody may read, and the number of the case, which stays here."""

    narrative = ShownText(
        label=gettext_lazy("What happened, and what do you look for?"),
        help_text=gettext_lazy("Everybody can read this. No names, telephone numbers or addresses of people."),
        max_length=MOST_NARRATIVE,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    case_number = forms.CharField(
        label=gettext_lazy("Case number"),
        help_text=gettext_lazy("It is checked and stays here; the public record shows a tag that tells nothing."),
        max_length=MAX_CASE_NUMBER,
    )
    private_note = forms.CharField(
        label=gettext_lazy("Note for your supervisor and the reviewers (not public)"),
        max_length=MAX_PRIVATE_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    _FIELD_OF = {"R7.case-number": "case_number"}  # noqa: RUF012  # never changed

    def clean(self) -> dict[str, Any]:
        """Hold the account against the clauses that only portal and reviewers can check."""
        given = super().clean() or self.cleaned_data
        if "narrative" in given and "case_number" in given:
            for clause in check_narrative(given["narrative"], given["case_number"], self.bundle):
                self.refuse(self._FIELD_OF.get(clause.id, "narrative"), clause)
        return given

    def answers(self) -> dict[str, Any]:
        """Return what is kept."""
        return {name: self.cleaned_data[name] for name in ("narrative", "case_number", "private_note")}


class Where(_Ruled):
    """Which cells of the map."""

    cells = forms.CharField(
        label=gettext_lazy("The chosen cells"),
        help_text=gettext_lazy("The names of the map cells (H3, resolution 10), with a space between two."),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "off"}),
    )
    place = forms.CharField(
        label=gettext_lazy("Around"),
        help_text=gettext_lazy("A street crossing or place of the list, or latitude and longitude."),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"list": "places", "autocomplete": "off"}),
    )
    radius = forms.IntegerField(
        label=gettext_lazy("Metres around it"),
        required=False,
        initial=200,
        min_value=area.LEAST_RADIUS,
        max_value=area.MOST_RADIUS,
    )

    def shown(self) -> dict[str, Any]:
        """Return what the templates `around` and `cells` show: the map, what is chosen, places that can be named."""
        chosen = [word for word in (self["cells"].value() or "").split() if word in self.bundle.grid]
        return {
            "drawing": area.draw(self.bundle, chosen, streets.known().lines),
            "chosen": {
                "count": len(chosen),
                "hectares": area.hectares(len(chosen)),
                "households": area.households(self.bundle, chosen),
                "cells": [{"id": cell, "households": self.bundle.grid[cell]} for cell in chosen],
            },
            "places": [*streets.known().crossings, *area.places_named(self.bundle)],
        }

    def around(self) -> list[str] | None:
        """Return all cells around the place that a valid form names; None, and say why, where it cannot be done."""
        centre = area.centre_of(self.cleaned_data["place"], self.bundle, streets.known().crossings)
        if centre is None:
            self.add_error("place", gettext("No crossing or place of that name is known here."))
            return None
        radius = self.cleaned_data["radius"] or self.fields["radius"].initial
        cells = list(area.around(centre, radius, self.bundle))
        try:
            self.check_number(len(cells))
        except forms.ValidationError as error:
            self.add_error("radius", error)
            return None
        return cells

    def clean_cells(self) -> list[str]:
        """Return the cells, sorted, each once; refuse what is no cell."""
        found = set()
        for word in self.cleaned_data["cells"].split():
            try:
                found.add(check_cell(word))
            except Refused as refused:
                raise forms.ValidationError(
                    gettext("“%(word)s” is not the name of a map cell.") % {"word": word[:20]}
                ) from refused
        self.check_number(len(found))
        return sorted(found)

    def check_number(self, cells: int) -> None:
        """Refuse more cells than an appeal can hold, whatever the town's rules say; raises `ValidationError`."""
        if cells > MOST_CELLS:
            raise forms.ValidationError(
                self.bundle.clause("R8.area-max", {"cells": cells}).sentence(words.language())
            )


class Moment(forms.CharField):
    """A day and a time (UTC) as a `datetime-local` field sends them; its value is Unix seconds."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": _MINUTE})

    def clean(self, value: Any) -> int | None:
        """Return Unix seconds, None for an empty field that need not be filled in."""
        text = super().clean(value)
        if not text:
            return None
        try:
            at = int(datetime.strptime(text[:16], _LOCAL).replace(tzinfo=UTC).timestamp())
            if at < 0:
                raise ValueError("no entry can name a time before 1970")
        except ValueError as error:
            raise forms.ValidationError(gettext("Write a day and a time, like 2026-11-25T18:04.")) from error
        return at


class When(_Steps):
    """Which hours, and until when residents may answer."""

    from_ = Moment(label=gettext_lazy("From"))
    to = Moment(label=gettext_lazy("To"))
    open_hours = forms.TypedChoiceField(label=gettext_lazy("How long may residents answer?"), coerce=int)

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        allowed = self.allowed
        least, most = (
            (edge - allowed.latest_to) // _HOUR for edge in (allowed.earliest_closes, allowed.latest_closes)
        )
        hours = [each for each in _OPEN_HOURS if least <= each <= most] or [most]
        self.fields["open_hours"].choices = [(each, span(each * _HOUR)) for each in hours]  # type: ignore[attr-defined]
        for name in ("from_", "to"):
            self.fields[name].widget.attrs |= {
                "min": local(allowed.earliest_from),
                "max": local(allowed.latest_to),
            }

    def answers(self) -> dict[str, Any]:
        """Return what is kept."""
        given = self.cleaned_data
        return {"from": given["from_"], "to": given["to"], "open_hours": given["open_hours"]}


def local(seconds: int) -> str:
    """Return Unix seconds as a `datetime-local` field holds them (UTC)."""
    return datetime.fromtimestamp(seconds, UTC).strftime(_LOCAL)


class Who(_Steps):
    """Whose devices can open what is shared."""

    recipients = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Who can open what residents share?"), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, keys: list[KeyState], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        field = self.fields["recipients"]
        field.choices = [(key.index, f"{key.name}, {words.code(key.role)}") for key in keys]  # type: ignore[attr-defined]
        field.help_text = ngettext(
            "At least %(least)d and at most %(most)d device, an officer's and a supervisor's among them.",
            "At least %(least)d and at most %(most)d devices, an officer's and a supervisor's among them.",
            self.allowed.recipients_max,
        ) % {"least": self.allowed.recipients_min, "most": self.allowed.recipients_max}

    def answers(self) -> dict[str, Any]:
        """Return what is kept."""
        return {"recipients": sorted(self.cleaned_data["recipients"])}


class Reason(forms.Form):
    """Why a draft goes back to its officer."""

    reason = forms.CharField(
        label=gettext_lazy("What has to change?"),
        help_text=gettext_lazy("The officer reads this. It stays here."),
        min_length=3,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
