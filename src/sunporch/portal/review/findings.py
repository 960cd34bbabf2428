# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/findings/` for everybody, and the reviewers' pages that answer a complaint or say what an audit found.

What a reviewer finds is public for ever, in words and under the reviewer's name: so it must not name anybody, and a
complaint itself stays unread by others. R34: a complaint without a finding after its days is listed as overdue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from sunporch.base.errors import Error
from sunporch.docket.custody import DAY
from sunporch.docket.entries import Finding
from sunporch.docket.state import State
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import ALONE_SECONDS, PAGES, Refused, note_of, page, to_sign
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import store as board_store
from sunporch.portal.board import words
from sunporch.portal.board.models import Line, Outgoing
from sunporch.portal.board.shown_text import ShownText
from sunporch.portal.complaints import actions as complaints
from sunporch.portal.record import public_record
from sunporch.portal.review import store
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

REVIEWER = Gate(PAGES, "reviewer")
OF_AN_AUDIT = -1
MOST_TEXT = 4_000
MOST_LISTED = 100


class FindingForm(forms.Form):
    """What a reviewer found: a code, and an account that everybody may read."""

    code = forms.ChoiceField(label=_("What did you find?"), widget=forms.RadioSelect)
    text = ShownText(
        label=_("Say it so that everybody understands it"),
        help_text=_("Public for ever, with your pseudonym. Name nobody, and quote nothing from the complaint."),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8, "data-commit": "text"}),
    )

    def __init__(self, codes: dict[str, Any], *arguments: Any, **named: Any) -> None:
        """`codes` are those that may be found here, each with its words."""
        super().__init__(*arguments, **named)
        self.fields["code"].choices = list(codes.items())  # type: ignore[attr-defined]  # it is a ChoiceField


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, index: int) -> HttpResponse:
    """`/work/complaints/<index>/`: answer the complaint of this entry by a signed, public finding."""
    with public_record().reading() as state:
        recorded = state.complaints.get(index)
        if recorded is None:
            raise PAGE_ABSENT(where=request.path)
        earlier = lines_of([row for row in board_store.lines_about(index) if row.type == Finding.TYPE], state)
        record_id = state.records[index].id
    context = {
        "index": index,
        "received": recorded.received,
        "due": due(recorded.received),
        "complaint": complaints.of_entry(record_id),
        "earlier": earlier,
    }
    return _find(request, index, words.ANSWERS, context)


@signin.page(REVIEWER)
@require_http_methods(["GET", "POST"])
def audit(request: HttpRequest) -> HttpResponse:
    """`/work/review/sample/finding/`: say in public what looking at the random sample brought to light."""
    return _find(request, OF_AN_AUDIT, words.AUDITS, {"index": None})


def _find(request: HttpRequest, complaint: int, codes: dict[str, Any], context: dict[str, Any]) -> HttpResponse:
    person, now, refused = who(request), public_record().now(), None
    form = FindingForm(codes, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(_hand_in(request, form.cleaned_data["text"], now))
        except Error as error:  # what was written stays in the form
            refused = Refused(error)
    with public_record().reading() as state:
        signing = to_sign(person, state, Finding.TYPE, now + ALONE_SECONDS, complaint=complaint)
    return page(request, "review/finding.html", context | {"form": form, "signing": signing}, refused)


def _hand_in(request: HttpRequest, text: str, now: int) -> Outgoing:
    """Hand in the signed finding with the text that it commits to."""
    blob = board_entries.blob_of(request.POST.get("salt", ""), text)
    return board_entries.take(note_of(request), [{"salt": blob.salt.hex(), "text": blob.text}], now)


@require_safe
def findings(request: HttpRequest) -> HttpResponse:
    """`/findings/`: what reviewers found, newest first, and which complaints still wait for it."""
    now = public_record().now()
    with public_record().reading() as state:
        rows = board_store.lines(None, MOST_LISTED, (Finding.TYPE,))
        waiting = sorted((one for one in state.complaints.values() if not one.findings), key=lambda one: one.index)
        context = {
            "town": board_pages.town(state),
            "findings": lines_of([row for row in rows if row.status == "in force"], state),
            "waiting": [
                {
                    "index": one.index,
                    "received": one.received,
                    "due": due(one.received),
                    "late": due(one.received) < now,
                }
                for one in waiting[:MOST_LISTED]
            ],
            "days": complaints.ANSWER_DAYS,
        }
    return board_pages.show(request, "review/findings.html", context)


def due(received: int) -> int:
    """Return until when a complaint must be answered, Unix seconds."""
    return received + complaints.ANSWER_DAYS * DAY


def lines_of(rows: Sequence[Line], state: State) -> list[dict[str, Any]]:
    """Return what lists say of findings, with what the agencies they are about answered."""
    said = store.answers(row.index for row in rows)
    return [
        _line_of(row, state)
        | {
            "answers": [
                {"agency": board_pages.agency_name(state, agency), "wordings": said.get((row.index, agency), [])}
                for agency in store.agencies_of(state, row.index)
            ]
        }
        for row in rows
    ]


def _line_of(row: Line, state: State) -> dict[str, Any]:
    """Return what a finding says; its text is None where a reviewer had it taken down."""
    entry = state.records[row.index].entry
    if not isinstance(entry, Finding):
        raise TypeError(f"entry {row.index} is no finding")
    blob = public_record().text(entry.text)
    return {
        "index": row.index,
        "time": row.time,
        "complaint": entry.complaint if entry.complaint >= 0 else None,
        "code": words.finding(entry.code),
        "text": blob.text if blob is not None else None,
        "signers": row.signers,
    }
