# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page "Notices" of both sites: one question, of what and when, and the ways out. A site says what is its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from sunporch.base.errors import Error, all_kinds
from sunporch.web.answers import said
from sunporch.web.pings import actions
from sunporch.web.pings.config import PingSettings
from sunporch.web.pings.forms import ChoiceForm, MailForm
from sunporch.web.pings.models import Choice, Kind, Way, When

KIND_NAMES = {
    Kind.MAIL: gettext_lazy("Email"),
    Kind.PUSH: gettext_lazy("This or another browser"),
    Kind.APPRISE: gettext_lazy("Apprise"),
}


@dataclass(frozen=True)
class Offer:
    """What a site offers a person: the question, what there is to hear of, when, and what is so now."""

    user: User
    question: Any
    topics: Mapping[str, Any]
    whens: Mapping[When, Any]
    present: Callable[[], Sequence[actions.News]]
    settings: PingSettings
    now: int


def notices(request: HttpRequest, offer: Offer) -> HttpResponse | dict[str, Any]:
    """Do what a form of the page asks and lead back to the page, or return what the page shows."""
    sent = request.POST.get("act", "") if request.method == "POST" else ""
    choice = _choice_form(offer, request.POST if sent == "choose" else None)
    mail = MailForm(request.POST if sent == "mail" else None, prefix="mail")
    done, form = False, None
    match sent:
        case "choose" if choice.is_valid():
            done = _choose(offer, choice)
        case "mail" if mail.is_valid():
            address = mail.cleaned_data["address"]
            done = _add(offer, mail, "address", Kind.MAIL, address, address)
        case "drop" | "try":
            act = actions.drop_way if sent == "drop" else _try_at(offer.now)
            act(offer.user, _number(request.POST.get("way", "")))
            done = True
    if done:
        return redirect(request.path)
    form = next((one for one in (choice, mail) if one.errors), None)
    row = Choice.objects.filter(user=offer.user).first()
    return {
        "form": form,
        "choice": choice,
        "mail": mail if offer.settings.smtp_host else None,
        "ways": [_shown(way) for way in Way.objects.filter(user=offer.user).order_by("pk")],
        "wants": bool(row and row.topics),
        "most": actions.MAX_WAYS,
    }


def _try_at(now: int) -> Callable[[User, int], None]:
    return lambda user, way: actions.try_way(user, way, now)


def _number(untrusted_way: str) -> int:
    """Return the number of a way that a form named, 0 (which none has) for anything else."""
    return int(untrusted_way) if untrusted_way.isascii() and untrusted_way.isdecimal() else 0


def _choice_form(offer: Offer, data: Any) -> ChoiceForm:
    """Return the form of the question; before it was answered, no answer is chosen."""
    row = Choice.objects.filter(user=offer.user).first()
    before: dict[str, Any] = {"hour": "17"}
    if row is not None:
        before = {"wanted": "yes" if row.topics else "no", "topics": row.topics, "hour": str(row.hour)}
        before["when"] = row.when
    return ChoiceForm(offer.question, offer.topics, offer.whens, data=data, initial=before)


def _choose(offer: Offer, form: ChoiceForm) -> bool:
    given = form.cleaned_data
    topics = tuple(given["topics"]) if given["wanted"] == "yes" else ()
    when = When(given["when"] or next(iter(offer.whens)))
    actions.choose(offer.user, actions.Wish(topics, when, int(given["hour"] or 0)), offer.present())
    return True


def _add(offer: Offer, form: forms.Form, field: str, kind: Kind, target: str, name: str) -> bool:
    """Add a way; where it is refused, the form says why."""
    try:
        actions.add_way(offer.user, kind, target, name)
    except Error as error:
        told = said(error)
        form.add_error(field, f"{told['what']} {told['next']} [{told['id']}]")
        return False
    return True


def _shown(way: Way) -> dict[str, Any]:
    """Return what the page says of a way: what it is called, and why the last word did not arrive."""
    told: dict[str, Any] = {"id": way.pk, "name": way.name, "kind": KIND_NAMES[Kind(way.kind)]}
    kind = all_kinds().get(way.trouble_id)
    if kind is not None and kind.parameters <= set(way.trouble):
        told["what"] = gettext(kind.what).format(**way.trouble)
        told["next"] = gettext(kind.next).format(**way.trouble)
    return told
