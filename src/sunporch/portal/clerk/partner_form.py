# SPDX-License-Identifier: AGPL-3.0-or-later
"""A partnership on paper: which agency, by which decision, from when until when, and its registrar's public key."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from sunporch.base.errors import Error
from sunporch.base.notekeys import ED25519, VerifierKey
from sunporch.docket.entries import AGENCY_KINDS
from sunporch.docket.rules_town import BARRED_KINDS
from sunporch.docket.state import State
from sunporch.portal.clerk.decision_form import Decision, day_field, seconds_of

KINDS: dict[str, Any] = {
    "municipal": gettext_lazy("Of a town"),
    "county": gettext_lazy("Of a county"),
    "state": gettext_lazy("Of the state"),
    "campus": gettext_lazy("Of a school or university"),
    "tribal": gettext_lazy("Of a tribe"),
    "federal": gettext_lazy("Of the federal government"),
    "immigration": gettext_lazy("For immigration"),
}
_ORI = r"[A-Z]{2}[A-Z0-9]{7}"
_MOST_NAME, _MOST_KEY = 120, 300


class Approval(Decision):
    """What the elected body approves. `state` is the record that it goes into."""

    agency = forms.RegexField(
        regex=rf"^{_ORI}$",
        label=gettext_lazy("Code of the agency (ORI)"),
        help_text=gettext_lazy("Two letters and seven letters or digits, for example MN0620800."),
        error_messages={
            "invalid": gettext_lazy("An ORI is two capital letters and seven capital letters or digits.")
        },
        strip=True,
    )
    name = forms.CharField(label=gettext_lazy("Name of the agency"), max_length=_MOST_NAME)
    kind = forms.ChoiceField(
        label=gettext_lazy("What kind of agency is it?"),
        choices=tuple((kind, KINDS[kind]) for kind in AGENCY_KINDS),
        widget=forms.RadioSelect,
    )
    ends = day_field(
        gettext_lazy("Ends on"), help_text=gettext_lazy("It ends by itself. Renewing it is a new decision.")
    )
    registrar = forms.CharField(
        label=gettext_lazy("Public key of its registrar"),
        help_text=gettext_lazy(
            "The line that `sunporch desk key` printed for the person who will enrol its officers: name+hash+key."
        ),
        max_length=_MOST_KEY,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "off"}),
    )

    def __init__(self, state: State, *arguments: Any, **named: Any) -> None:
        self.state = state
        super().__init__(*arguments, **named)

    def clean_kind(self) -> str:
        """Refuse what the record itself never lets in, whatever a town decides (R5)."""
        kind: str = self.cleaned_data["kind"]
        if kind in BARRED_KINDS:
            raise forms.ValidationError(
                gettext("Federal and immigration agencies cannot be partners. No town can decide otherwise here.")
            )
        return kind

    def clean_registrar(self) -> str:
        """Return the key as the record writes it; refuse what is no signing key, or another's name."""
        try:
            key = VerifierKey.parse(self.cleaned_data["registrar"].strip())
        except Error as error:
            raise forms.ValidationError(gettext("This is not a public key of the form name+hash+key.")) from error
        if key.type != ED25519:
            raise forms.ValidationError(gettext("This is not a public key of the form name+hash+key."))
        agency = self.data.get("agency", "").strip()
        taken = self.state.claims.get(key.name)
        known_as = self.state.publics.get(key.public, key.name)
        if known_as != key.name or taken not in (None, (key.public, f"registrar of {agency}")):
            raise forms.ValidationError(gettext("This name or key stands in the record already, as another's."))
        return str(key)

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the beginning."""
        given = super().clean()
        begins: date | None = given.get("in_force_from")
        if begins is not None and given.get("ends") is not None and given["ends"] <= begins:
            self.add_error("ends", gettext("It ends after it has begun, not before."))
        return given

    def fields_of_entry(self) -> dict[str, Any]:
        """Return the fields of the entry, of a form that is valid."""
        given = self.cleaned_data
        days = {name: seconds_of(given[name]) for name in ("hearing", "in_force_from", "ends")}
        return {name: given[name] for name in ("agency", "name", "kind", "instrument", "link", "registrar")} | days
