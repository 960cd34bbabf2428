# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page "Notices" of both sites: one question, of what and when, and the ways out. A site says what is its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from sunporch.base.errors import Error, all_kinds
from sunporch.web.answers import said
from sunporch.web.errors import WAY_PROXIED
from sunporch.web.pings import actions, bridge, push
from sunporch.web.pings.config import PingSettings
from sunporch.web.pings.forms import AppriseForm, ChoiceForm, MailForm, PushForm
from sunporch.web.pings.models import Choice, Kind, Way, When

KIND_NAMES = {
    Kind.MAIL: gettext_lazy("Email"),
    Kind.PUSH: gettext_lazy("This or another browser"),
    Kind.APPRISE: gettext_lazy("Apprise"),
}
_FORMS: dict[str, type[Form]] = {"mail": MailForm, "push": PushForm, "apprise": AppriseForm}


@dataclass(frozen=True)
class Offer:
    """What a site offers a person: the question, what there is to hear of, when, and what is so now."""

    user: User
    question: Any
    topics: Mapping[str, Any]
    whens: Mapping[When, Any]
    present: Callable[[], Sequence[actions.News]]
    settings: PingSettings
    push_key: Path
    now: int
    proxied: bool = False


def notices(request: HttpRequest, offer: Offer) -> HttpResponse | dict[str, Any]:
    """Do what a form of the page asks and lead back to the page, or return what the page shows."""
    sent = request.POST.get("act", "") if request.method == "POST" else ""
    choice = _choice_form(offer, request.POST if sent == "choose" else None)
    forms: dict[str, Form] = {
        name: kind(request.POST if sent == name else None, prefix=name) for name, kind in _FORMS.items()
    }
    done = False
    match sent:
        case "choose" if choice.is_valid():
            done = _choose(offer, choice)
        case "mail" | "push" | "apprise" if forms[sent].is_valid():
            done = _add(offer, Kind(sent), forms[sent])
        case "drop" | "try":
            act = actions.drop_way if sent == "drop" else _try_at(offer.now)
            act(offer.user, _number(request.POST.get("way", "")))
            done = True
    if done:
        return redirect(request.path)
    row = Choice.objects.filter(user=offer.user).first()
    return {
        "form": next((one for one in (choice, *forms.values()) if one.errors), None),
        "choice": choice,
        "mail": forms["mail"] if offer.settings.smtp_host and not offer.proxied else None,
        "apprise": forms["apprise"] if offer.settings.apprise_schemes and not offer.proxied else None,
        "schemes": ", ".join(f"{scheme}://" for scheme in offer.settings.apprise_schemes),
        "push": forms["push"],
        "push_key": push.public_key(offer.push_key),
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


def _add(offer: Offer, kind: Kind, form: Form) -> bool:
    """Add a way; where it is refused, the form says why."""
    given = form.cleaned_data
    try:
        if offer.proxied and kind is not Kind.PUSH:
            raise WAY_PROXIED()
        match kind:
            case Kind.MAIL:
                target = name = given["target"]
            case Kind.PUSH:
                target, name = push.check(given["target"], offer.settings.push_services), given["name"]
            case _:
                target, name = given["target"], bridge.check(given["target"], offer.settings.apprise_schemes)
        actions.add_way(offer.user, kind, target, name)
    except Error as error:
        told = said(error)
        form.add_error("target", f"{told['what']} {told['next']} [{told['id']}]")
        return False
    return True


def _shown(way: Way) -> dict[str, Any]:
    """Return what the page says of a way: what it is called, which browser, why the last word did not arrive."""
    told: dict[str, Any] = {"id": way.pk, "name": way.name, "kind": KIND_NAMES[Kind(way.kind)]}
    if way.kind == Kind.PUSH:
        told["browser"] = push.browser_of(way.target)
    kind = all_kinds().get(way.trouble_id)
    if kind is not None and kind.parameters <= set(way.trouble):
        told["what"] = gettext(kind.what).format(**way.trouble)
        told["next"] = gettext(kind.next).format(**way.trouble)
    return told
