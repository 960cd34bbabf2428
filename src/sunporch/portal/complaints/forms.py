# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a complaint."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from sunporch.docket.fields import MOST_INDEX
from sunporch.portal.board.shown_text import ShownText
from sunporch.portal.complaints.models import MAX_CONTACT, MAX_TEXT
from sunporch.portal.record import public_record

# In the order of `actions.CODES`.
CHOICES = (
    ("filmed", _("I was filmed, or my home was")),
    ("appeal", _("An appeal should not have been made")),
    ("clip", _("A clip was used in a way that was not promised")),
    ("deletion", _("Something was not deleted in time")),
    ("conduct", _("I was pressed to share, or treated unfairly")),
    ("other", _("Something else")),
)


class ComplaintForm(forms.Form):
    """What it is about, an entry of the record if one is meant, what happened, and how to answer."""

    code = forms.ChoiceField(label=_("What is it about?"), choices=CHOICES, widget=forms.RadioSelect)
    about = forms.IntegerField(
        label=_("Number of the appeal or entry, if you know it"),
        help_text=_("It stands at the head of each page and line of the public record."),
        required=False,
        min_value=0,
        max_value=MOST_INDEX,
    )
    text = ShownText(
        label=_("What happened?"),
        help_text=_("Only the reviewers read this. It is never published, and erased after two years."),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    contact = ShownText(
        label=_("How can they reach you, if you want that?"),
        help_text=_("You may leave it empty: the next page has an address at which the answer will stand."),
        lines=False,
        required=False,
        max_length=MAX_CONTACT,
    )

    def clean_about(self) -> int:
        """Return the index, -1 for none; refuse a number that is not on record."""
        about: int | None = self.cleaned_data["about"]
        with public_record().reading() as state:
            if about is not None and about >= state.size:
                raise forms.ValidationError(_("The record has no entry of this number."))
        return -1 if about is None else about
