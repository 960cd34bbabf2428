# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a comment, and why one may be taken down."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sunporch.docket.fields import Refused, Text
from sunporch.portal.comments.models import MAX_NAME, MAX_TEXT

# Not for what somebody thinks: nobody is taken down for being against it.
REASONS = (
    ("names-a-person", _("It says who somebody is, where they live or how to reach them")),
    ("threat", _("It threatens or insults somebody")),
    ("flood", _("A machine sent it, or the same came many times")),
    ("asked", _("Who wrote it asked for that")),
)


class Commenting(forms.Form):
    """What somebody wants to say, and who they are if they wish."""

    text = forms.CharField(
        label=_("What do you want to say?"),
        help_text=_("Everybody can read it here, for good. Leave out names, addresses and telephone numbers."),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    name = forms.CharField(
        label=_("Your name, if you want it to stand there"),
        help_text=_("You may leave it empty."),
        required=False,
        max_length=MAX_NAME,
    )

    def clean(self) -> dict[str, Any]:
        """Refuse letters that turn round what stands beside them: everybody's page shows this."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name, most, lines in (("text", MAX_TEXT, True), ("name", MAX_NAME, False)):
            given[name] = given.get(name, "").replace("\r\n", "\n")
            try:
                Text(0, most, lines).read(given[name])
            except Refused:
                self.add_error(name, _("It has a character that cannot stand here."))
        return given


class TakingDown(forms.Form):
    """Why it goes."""

    reason = forms.ChoiceField(label=_("Why?"), choices=REASONS, widget=forms.RadioSelect)
