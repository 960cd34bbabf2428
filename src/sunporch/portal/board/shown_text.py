# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one form field for words that pages show to somebody else than who wrote them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from sunporch.docket.blobs import hides_something


class ShownText(forms.CharField):
    """Text with the line ends of the record, without what is not shown or turns round what stands beside it.

    Without `lines` it is one line, however many were typed.
    """

    def __init__(self, *, lines: bool = True, **named: Any) -> None:
        self.lines = lines
        super().__init__(**named)

    def to_python(self, value: Any) -> str:
        """Return the text as it is kept; a form sends each line end as CR LF."""
        text = str(super().to_python(value)).replace("\r\n", "\n").replace("\t", " ")
        return text if self.lines else text.replace("\n", " ")

    def validate(self, value: str) -> None:
        """Refuse what would show somebody another text than was written."""
        super().validate(value)
        if hides_something(value):
            raise forms.ValidationError(
                gettext_lazy(
                    "It holds characters that are not shown, or that turn the order of letters. Type it by hand."
                )
            )
