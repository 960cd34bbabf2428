# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/appeals/writing/<n>/`: an officer writes an appeal, one question a page, and signs it on the last.

Every answer is kept at once in a sketch that only this officer sees. The last page says what the rules answer to all
of it, shows what residents will see, and gives the browser what it signs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from sunporch.base.errors import Error
from sunporch.docket.entries import Request
from sunporch.docket.state import KeyState, State
from sunporch.policy import Allowance, Bundle, allowance
from sunporch.portal.agencies.permissions import AGENCY_ROLES, Gate, Person, who
from sunporch.portal.agencies.work import PAGES, TOGETHER_SECONDS, Refused, note_of, page, to_sign
from sunporch.portal.appeals import actions, area, casetags, forms, judging, store, streets
from sunporch.portal.appeals.models import Sketch
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import pages as board_pages
from sunporch.portal.board import words
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.errors import PAGE_ABSENT

OFFICER = Gate(PAGES, "officer")
STEPS: dict[str, Any] = {
    "offence": gettext_lazy("Offence"),
    "what": gettext_lazy("What"),
    "where": gettext_lazy("Where"),
    "when": gettext_lazy("When"),
    "who": gettext_lazy("Who"),
    "check": gettext_lazy("Check"),
}
_NAMES = tuple(STEPS)
# The page whose answer each clause is about, by the beginning of the clause's id; the longest that fits counts.
_ABOUT = {
    "R1": "offence", "R2": "offence", "R5": "offence", "R7": "offence", "R7.case": "what", "R7.narrative": "what",
    "R8": "where", "R9": "when", "R9.case": "what", "R10": "where", "R10.flags": "offence", "R11": "what",
    "R19": "who",
}  # fmt: skip
_NOTHING = "0" * 64
_MINUTE, _HOUR = 60, 3_600
USUAL_HOURS = 72


def step_of(clause: str) -> str:
    """Return the page on which the answer stands that a clause is about; empty where no answer can help."""
    found = [beginning for beginning in _ABOUT if clause.startswith(beginning)]
    return _ABOUT[max(found, key=len)] if found else ""


@dataclasses.dataclass(frozen=True)
class Writing:
    """What every page of the form needs: who writes what, under which rules, at which moment."""

    person: Person
    sketch: Sketch
    policy: int
    bundle: Bundle
    allowed: Allowance
    keys: list[KeyState]
    now: int

    @property
    def answers(self) -> dict[str, Any]:
        """What was answered so far."""
        found: dict[str, Any] = self.sketch.answers
        return found

    def address(self, step: str) -> str:
        """Return the address of a step."""
        return reverse("work-writing", args=[self.sketch.pk, step])


@signin.page(OFFICER)
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """`POST /work/appeals/new/`: a new appeal, from nothing or (`again`) from the answers of a draft."""
    person, now = who(request), public_record().now()
    again = request.POST.get("again", "")
    answers = answers_of(person, again) if again else {}
    sketch = actions.begin(person, answers, now)
    return redirect("work-writing", sketch.pk, _NAMES[0] if not answers else _NAMES[-1])


def answers_of(person: Person, draft_id: str) -> dict[str, Any]:
    """Return the answers in a draft that came back, so that it can be written again."""
    draft = store.draft_of(person, draft_id)
    entry = judging.request_of(draft.note)
    return {
        "offence": entry.offence,
        "purpose": entry.purpose,
        "flags": list(entry.flags),
        "narrative": draft.narrative.get("text", ""),
        "case_number": draft.case_number,
        "private_note": draft.private_note,
        "cells": list(entry.cells),
        "from": entry.from_,
        "to": entry.to,
        "recipients": list(entry.recipients),
    }


@signin.page(OFFICER)
@require_POST
def drop(request: HttpRequest, sketch: int) -> HttpResponse:
    """`POST .../drop/`: throw the sketch away."""
    actions.drop(who(request), sketch)
    return redirect("work")


@signin.page(OFFICER)
@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, sketch: int, step: str) -> HttpResponse:
    """`.../<step>/`: one question; an answer leads to the next, an answer saved on the way (`autosave`) stays."""
    if step not in STEPS:
        raise PAGE_ABSENT(where=request.path)
    at = _open(who(request), sketch)
    if step == _NAMES[-1]:
        return _check(request, at)
    form = _form(step, at, request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _asked(request, at, step, form)
    if "autosave" in request.POST:
        _keep_valid(at, form)
        return HttpResponse(status=204)
    if step == "where":
        return _chosen(request, at, form)
    if not form.is_valid():
        _keep_valid(at, form)
        return _asked(request, at, step, form)
    actions.write_on(at.person, at.sketch.pk, form.answers(), at.now)
    return _onward(request, at, step)


def _onward(request: HttpRequest, at: Writing, step: str) -> HttpResponse:
    """Go on to the next question, or back to the last page for whoever came from there."""
    last = _NAMES[-1]
    return redirect(at.address(last if "back" in request.GET else _NAMES[_NAMES.index(step) + 1]))


def _open(person: Person, sketch_id: int) -> Writing:
    sketch, now = store.sketch_of(person, sketch_id), public_record().now()
    policy, bundle = judging.rules_in_force(now)
    number = sketch.answers.get("case_number", "")
    tag = casetags.case_tag(person.agency, number) if number else ""
    with public_record().reading() as state:
        keys = devices(state, person.agency)
        return Writing(person, sketch, policy, bundle, allowance(state, bundle, person.agency, now, tag), keys, now)


def devices(state: State, agency: str) -> list[KeyState]:
    """Return the live keys of the agency's officers and supervisors that can receive."""
    live = [key for key in state.keys.values() if key.live and key.agency == agency and key.role in AGENCY_ROLES]
    return sorted((key for key in live if key.x25519), key=lambda key: (key.role, key.name))


def _form(step: str, at: Writing, untrusted: Mapping[str, Any] | None) -> Any:
    """Return the form of a step, filled with what was answered, or with what was sent now."""
    known, kept = (at.bundle, at.allowed), at.answers
    match step:
        case "offence":
            title = words.offence(at.bundle, kept["offence"]) if "offence" in kept else ""
            return forms.Offence(*known, untrusted, initial=kept | {"offence": title})
        case "what":
            return forms.What(*known, untrusted, initial=kept)
        case "where":
            return forms.Where(at.bundle, untrusted, initial={"cells": " ".join(kept.get("cells", ()))})
        case "when":
            start = {name: forms.local(kept[key]) for name, key in (("from_", "from"), ("to", "to")) if key in kept}
            hours = kept.get("open_hours", USUAL_HOURS)
            return forms.When(*known, untrusted, initial=start | {"open_hours": hours})
        case _:
            usual = kept.get("recipients", _usual_recipients(at))
            return forms.Who(at.keys, *known, untrusted, initial={"recipients": usual})


def _usual_recipients(at: Writing) -> list[int]:
    """Return the writer and every supervisor, as far as the rules allow so many."""
    own = [key.index for key in at.keys if key.name == at.person.name]
    supervisors = [key.index for key in at.keys if key.role == "supervisor"]
    return (own + supervisors)[: at.allowed.recipients_max]


def _keep_valid(at: Writing, form: Any) -> None:
    """Keep each answer as it stands, also where the page would not go on with it: nothing typed is lost."""
    form.is_valid()
    kept = {
        name: form.data.get(name, "")[: field.max_length]
        for name, field in form.fields.items()
        if name in ("narrative", "case_number", "private_note")
    }
    if not form.errors:
        kept = form.answers() if hasattr(form, "answers") else kept
    if isinstance(form, forms.Where) and "cells" in form.cleaned_data:
        kept = {"cells": form.cleaned_data["cells"]}
    actions.write_on(at.person, at.sketch.pk, kept, at.now)


def _asked(request: HttpRequest, at: Writing, step: str, form: Any) -> HttpResponse:
    """Show one question."""
    context: dict[str, Any] = {"form": form, "allowed": at.allowed, **_around(at, step)}
    if step == "where":
        context |= form.shown()
    if step in ("where", "when"):
        verdict = judging.checked(fields(at), at.now) if step in at.answers or _has(at, step) else None
        context["clauses"] = _about(verdict["clauses"], step) if verdict else []
        context["review"] = _about(verdict["review"], step) if verdict else []
        prefixes = [beginning for beginning, about in _ABOUT.items() if about == step]
        context["check"] = {"fields": fields(at), "step": step, "about": prefixes}
    return page(request, f"appeals/{step}.html", context)


def _has(at: Writing, step: str) -> bool:
    return {"where": "cells", "when": "from"}[step] in at.answers


def _about(clauses: list[dict[str, str]], step: str) -> list[dict[str, str]]:
    return [clause for clause in clauses if step_of(clause["id"]) == step]


def _chosen(request: HttpRequest, at: Writing, form: forms.Where) -> HttpResponse:
    """Take the cells as they are, or (`around`) all cells around a place."""
    if not form.is_valid():
        return _asked(request, at, "where", form)
    cells = form.cleaned_data["cells"]
    if "around" in request.POST:
        around = form.around()
        if around is None:
            return _asked(request, at, "where", form)
        cells = around
    actions.write_on(at.person, at.sketch.pk, {"cells": cells}, at.now)
    if "around" in request.POST:
        back = "?back" if "back" in request.GET else ""
        return redirect(f"{at.address('where')}{back}")
    if not cells:
        form.add_error("cells", str(_NO_CELLS))
        return _asked(request, at, "where", form)
    return _onward(request, at, "where")


_NO_CELLS = gettext_lazy("Choose the cells in which something could be seen.")


def fields(at: Writing) -> dict[str, Any]:
    """Return the fields of the appeal as far as they are answered, the rest as the rules would have them."""
    kept = at.answers
    hours = kept.get("open_hours", USUAL_HOURS)
    closes = min(max(at.now + hours * _HOUR, at.allowed.earliest_closes + _MINUTE), at.allowed.latest_closes)
    number = kept.get("case_number", "")
    return {
        "agency": at.person.agency,
        "policy": at.policy,
        "offence": kept.get("offence", at.allowed.offences[0] if at.allowed.offences else "999"),
        "purpose": kept.get("purpose", at.allowed.purposes[0] if at.allowed.purposes else "none"),
        "basis": "consent",
        "reach": "area",
        "case_tag": casetags.case_tag(at.person.agency, number),
        "flags": kept.get("flags", []),
        "cells": sorted(kept.get("cells") or [area.middle_of((), at.bundle)]),
        "from": kept.get("from", at.now - _HOUR),
        "to": kept.get("to", at.now),
        "closes": closes,
        "recipients": kept.get("recipients") or _usual_recipients(at),
        "narrative": _NOTHING,
    }


def _around(at: Writing, step: str) -> dict[str, Any]:
    """Return what stands on every page of the form: where one is in it."""
    return {
        "sketch": at.sketch,
        "step": step,
        "steps": [{"name": name, "title": title, "url": at.address(name)} for name, title in STEPS.items()],
        "number": _NAMES.index(step) + 1,
        "of": len(_NAMES),
    }


def missing(at: Writing) -> list[str]:
    """Return the pages that have no answer yet."""
    needs = {"offence": "offence", "what": "narrative", "where": "cells", "when": "from", "who": "recipients"}
    return [step for step, name in needs.items() if not at.answers.get(name)]


def _check(request: HttpRequest, at: Writing) -> HttpResponse:
    """Say what the rules answer, show what residents will see, take the signed appeal in."""
    open_steps = missing(at)
    if open_steps:
        return redirect(at.address(open_steps[0]))
    if request.method == "GET":
        return _checked(request, at)
    try:
        blob = board_entries.blob_of(request.POST.get("salt", ""), at.answers["narrative"])
        given = actions.Submission(
            note=note_of(request),
            narrative=blob,
            case_number=at.answers["case_number"],
            private_note=at.answers.get("private_note", ""),
        )
        draft = actions.submit(at.person, given, at.now)
    except Error as error:
        return _checked(request, at, Refused(error))
    actions.drop(at.person, at.sketch.pk)
    return redirect("work-draft", draft.id)


def _checked(request: HttpRequest, at: Writing, refused: Refused | None = None) -> HttpResponse:
    asked = fields(at)
    answer = judging.checked(asked, at.now)
    private = judging.check_private_side(at.answers["narrative"], at.answers["case_number"], at.now)
    clauses = [*answer["clauses"], *judging.shown(private)]
    with public_record().reading() as state:
        signing = to_sign(at.person, state, Request.TYPE, at.now + TOGETHER_SECONDS, **asked)
        agency = board_pages.agency_name(state, at.person.agency)
    context = {
        "appeal": told(at.bundle, agency, asked, {key.index: key.name for key in at.keys}),
        "answers": at.answers,
        "picture": area.picture(at.bundle, asked["cells"], streets.known().lines),
        "clauses": [{**clause, "url": _fix(at, clause["id"])} for clause in clauses],
        "review": answer["review"],
        "allowed": at.allowed,
        "signing": signing | {"commit": {"field": "narrative", "text": at.answers["narrative"]}},
        **_around(at, "check"),
    }
    return page(request, "appeals/check.html", context, refused)


def _fix(at: Writing, clause: str) -> str:
    step = step_of(clause)
    return f"{at.address(step)}?back" if step else ""


def told(bundle: Bundle, agency_name: str, asked: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    """Return an appeal in words, from its fields."""
    return {
        "agency_name": agency_name,
        "agency": asked["agency"],
        "offence": words.offence(bundle, asked["offence"]),
        "purpose": words.code(asked["purpose"]),
        "basis": words.code(asked["basis"]),
        "flags": [words.code(flag) for flag in asked["flags"]],
        "from_time": asked["from"],
        "to_time": asked["to"],
        "length": asked["to"] - asked["from"],
        "closes": asked["closes"],
        "cells": asked["cells"],
        "hectares": area.hectares(len(asked["cells"])),
        "households": area.households(bundle, asked["cells"]),
        "recipients": [names.get(index, str(index)) for index in asked["recipients"]],
    }
