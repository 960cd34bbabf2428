# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form in which an agency tells what the record cannot: one text an item."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sunporch.portal.board.shown_text import ShownText
from sunporch.portal.reports.items import GENERAL, ITEMS, OWED
from sunporch.portal.reports.models import MAX_TEXT


class Explaining(forms.Form):
    """A text for each item that the record leaves open, and one for whatever else is to be said."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Make the fields of the items."""
        super().__init__(*arguments, **named)
        for item in ITEMS:
            if item.letter in OWED:
                self.fields[item.letter] = _field(f"{item.letter}. {item.title}", item.missing)
        self.fields[GENERAL] = _field(_("Anything else"), _("You may leave it empty."))


def _field(label: Any, hint: Any) -> ShownText:
    # With what stood there when the page was opened, so that nobody undoes what a colleague wrote meanwhile.
    return ShownText(
        label=label,
        help_text=hint,
        required=False,
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        show_hidden_initial=True,
    )
