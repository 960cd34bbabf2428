# SPDX-License-Identifier: AGPL-3.0-or-later
"""What rules and partnerships have in common on paper: by which decision, heard when, in force from when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.validators import MinValueValidator
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy, ngettext

from sunporch.docket.custody import DAY
from sunporch.portal.agencies.work import TOGETHER_SECONDS
from sunporch.web.templatetags.moments import day

_FIRST = date(1970, 1, 1)  # the record counts its seconds from here
MOST_INSTRUMENT, MOST_LINK = 120, 200
# What a form keeps while it is being written: so many values of a field, so many characters of each.
_MOST_VALUES, _MOST_VALUE = 300, 500


def first_day(comment_days: int, now: int) -> int:
    """Return the first midnight at which what is signed today can come into force: other keys may sign for a day."""
    soonest = now + comment_days * DAY + TOGETHER_SECONDS
    return -(-soonest // DAY) * DAY


def seconds_of(of: date) -> int:
    """Return the midnight (UTC) at which a day begins, Unix seconds."""
    return int(datetime(of.year, of.month, of.day, tzinfo=UTC).timestamp())


def day_field(label: Any, **more: Any) -> forms.DateField:
    """Return a field for a day, as browsers know it."""
    return forms.DateField(
        label=label,
        validators=[MinValueValidator(_FIRST)],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        **more,
    )


class Decision(forms.Form):
    """By which decision the elected body does it, where it can be read, when it is heard, when it begins."""

    instrument = forms.CharField(
        label=gettext_lazy("Decision"),
        help_text=gettext_lazy("As it is called in public, for example: Resolution 2026-14."),
        max_length=MOST_INSTRUMENT,
    )
    link = forms.URLField(
        label=gettext_lazy("Address where everybody can read it"),
        help_text=gettext_lazy("Begins with https://"),
        max_length=MOST_LINK,
        assume_scheme="https",
    )
    hearing = day_field(
        gettext_lazy("Day of the public hearing"), help_text=gettext_lazy("Not after the day on which it begins.")
    )
    in_force_from = day_field(gettext_lazy("In force from"))

    def __init__(self, comment_days: int, now: int, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.now, self.first = now, first_day(comment_days, now)
        self.fields["in_force_from"].help_text = format_html(
            "{} {}",
            ngettext(
                "People have %(n)d day to comment; it begins once this is recorded.",
                "People have %(n)d days to comment; they begin once this is recorded.",
                comment_days,
            )
            % {"n": comment_days},
            self._not_before(),
        )
        for field in self.fields.values():
            field.error_messages["required"] = gettext("This is needed.")

    def _not_before(self) -> str:
        return format_html(gettext("Not before {}."), day(self.first))

    def clean_in_force_from(self) -> date:
        """Refuse a day before the time for comments is over."""
        chosen: date = self.cleaned_data["in_force_from"]
        if seconds_of(chosen) < self.first:
            raise forms.ValidationError(self._not_before())
        return chosen

    def clean(self) -> dict[str, Any]:
        """Refuse a hearing after it has begun."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "hearing" in given and "in_force_from" in given and given["hearing"] > given["in_force_from"]:
            self.add_error("hearing", gettext("The hearing is held before it comes into force, not after."))
        return given


def kept(form: forms.Form, sent: QueryDict) -> dict[str, list[str]]:
    """Return what was sent for the fields of the form as it stands, right or wrong: nothing typed is lost."""
    most = {
        name: max(_MOST_VALUE, getattr(field, "max_length", None) or 0) + 1 for name, field in form.fields.items()
    }
    return {name: [value[: most[name]] for value in sent.getlist(name)[:_MOST_VALUES]] for name in form.fields}


def sent_again(answers: Mapping[str, list[str]]) -> MultiValueDict[str, str]:
    """Return kept answers as if they were sent now."""
    return MultiValueDict(answers)


def shown_again(form: forms.Form, answers: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return kept answers as the beginning of a form: a list where many can be chosen, else the one value."""
    many = {name for name, field in form.fields.items() if isinstance(field, forms.MultipleChoiceField)}
    return {name: values if name in many else (values or [""])[0] for name, values in answers.items()}
