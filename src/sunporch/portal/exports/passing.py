# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/clips/<index>/pass-on/`: an officer asks to pass a clip on to somebody outside the agency.

The entry moves no byte: it is the ledger in which everybody reads who gets footage, on what legal ground and why. It
can be asked for after a clip's end too, since what was copied may be owed to a court later.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods

from sunporch.base.errors import Error
from sunporch.docket.entries import RECIPIENT_CLASSES, STANDARDS, Sharing
from sunporch.policy import Bundle
from sunporch.portal.agencies.permissions import Gate, Person, who
from sunporch.portal.agencies.work import PAGES, TOGETHER_SECONDS, Refused, note_of, page, to_sign
from sunporch.portal.appeals import judging
from sunporch.portal.board import words
from sunporch.portal.exports import actions, pages, store
from sunporch.portal.exports.models import MAX_REASON
from sunporch.portal.record import public_record
from sunporch.portal.viewer import store as clips
from sunporch.web import signin

OFFICER = Gate(PAGES, "officer")
NO_REASON = "none"


class Passing(forms.Form):
    """To whom, on what legal ground, why; and what the supervisor should know besides. The first three are public."""

    recipient = forms.ChoiceField(
        label=gettext_lazy("To whom does it go?"), help_text=gettext_lazy("This is public.")
    )
    standard = forms.ChoiceField(
        label=gettext_lazy("What is the legal ground?"), help_text=gettext_lazy("This is public.")
    )
    justification = forms.ChoiceField(
        label=gettext_lazy("Why?"),
        help_text=gettext_lazy("Reasons that the town's rules accept. This is public."),
    )
    why = forms.CharField(
        label=gettext_lazy("What is it for?"),
        help_text=gettext_lazy("Your supervisor reads this. It stays inside your agency."),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, bundle: Bundle, refused: set[str], *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        codes = {
            "recipient": [code for code in RECIPIENT_CLASSES if code not in refused],
            "standard": STANDARDS,
            "justification": sorted(bundle.justifications),
        }
        for name, choices in codes.items():
            field = self.fields[name]
            said = [("", gettext("Choose")), *((code, capfirst(words.code(code))) for code in choices)]
            field.choices = said  # type: ignore[attr-defined]  # a ChoiceField
            field.widget.attrs["data-entry"] = name


@signin.page(OFFICER)
@require_http_methods(["GET", "POST"])
def pass_on(request: HttpRequest, index: int) -> HttpResponse:
    """Ask a supervisor to sign that the clip is passed on; what the rules forbid is told with its clauses."""
    person, now, trouble = who(request), public_record().now(), None
    clips.clip_of(person, index)
    bundle = judging.rules_in_force(now)[1]
    forbidden = _forbidden(index, bundle, now)
    form = Passing(bundle, set(forbidden), request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = actions.Asked(note_of(request), form.cleaned_data["why"])
        try:
            return redirect("work-export", actions.ask(person, index, Sharing, asked, now).id)
        except Error as error:
            trouble = Refused(error)
    lines = [pages.line(row) for row in store.of_clip(person, index, Sharing.TYPE)]
    context = {
        "form": form,
        "index": index,
        "allowed": len(forbidden) < len(RECIPIENT_CLASSES),
        "forbidden": [{"words": words.code(code), "sentences": told} for code, told in forbidden.items()],
        "asked": [line for line in lines if line["index"] is None],
        **_on_record(person, index, now),
    }
    return page(request, "exports/pass_on.html", context, trouble)


def _forbidden(index: int, bundle: Bundle, now: int) -> dict[str, list[str]]:
    """Return the classes of recipients that not even a warrant and a good reason would help, with the clauses."""
    best = {"standard": "warrant", "justification": min(bundle.justifications, default=NO_REASON)}
    told = {
        code: [
            clause["sentence"]
            for clause in judging.shown(actions.against_passing(index, {"recipient": code, **best}, now))
        ]
        for code in RECIPIENT_CLASSES
    }
    return {code: sentences for code, sentences in told.items() if sentences}


def _on_record(person: Person, index: int, now: int) -> dict[str, Any]:
    """Return to whom the record says that the clip went, and what is signed to add to it."""
    with public_record().reading() as state:
        records = [state.records[at] for at in state.disclosures[index].sharings]
        return {
            "passed": [
                pages.in_words(record.entry) | {"index": record.index, "time": record.time}
                for record in records
                if isinstance(record.entry, Sharing)
            ],
            "signing": to_sign(person, state, Sharing.TYPE, now + TOGETHER_SECONDS, disclosure=index),
        }
