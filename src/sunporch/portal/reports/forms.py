# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form in which an agency tells what the record cannot: one text an item."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sunporch.docket.fields import Refused, Text
from sunporch.portal.reports.items import GENERAL, ITEMS, OWED
from sunporch.portal.reports.models import MAX_TEXT

_TEXT = Text(0, MAX_TEXT, lines=True)


class Explaining(forms.Form):
    """A text for each item that the record leaves open, and one for whatever else is to be said."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Make the fields of the items."""
        super().__init__(*arguments, **named)
        for item in ITEMS:
            if item.letter in OWED:
                self.fields[item.letter] = _field(f"{item.letter}. {item.title}", item.missing)
        self.fields[GENERAL] = _field(_("Anything else"), _("You may leave it empty."))

    def clean(self) -> dict[str, Any]:
        """Refuse letters that turn round what stands beside them: everybody's page shows this."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.fields.keys() & given.keys():
            given[name] = given[name].replace("\r\n", "\n")
            try:
                _TEXT.read(given[name])
            except Refused:
                self.add_error(name, _("It has a character that cannot stand here."))
        return given


def _field(label: Any, hint: Any) -> forms.CharField:
    # With what stood there when the page was opened, so that nobody undoes what a colleague wrote meanwhile.
    return forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        show_hidden_initial=True,
    )
