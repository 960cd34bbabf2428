# SPDX-License-Identifier: AGPL-3.0-or-later
"""The form of a comment."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from sunporch.portal.board.shown_text import ShownText
from sunporch.portal.comments.models import MAX_NAME, MAX_TEXT


class Commenting(forms.Form):
    """What somebody wants to say, and who they are if they wish."""

    text = ShownText(
        label=_("What do you want to say?"),
        help_text=_("Everybody can read it here, for good. Leave out names, addresses and telephone numbers."),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    name = ShownText(
        label=_("Your name, if you want it to stand there"),
        help_text=_("You may leave it empty."),
        lines=False,
        required=False,
        max_length=MAX_NAME,
    )
