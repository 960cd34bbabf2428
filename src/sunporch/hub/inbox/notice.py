# SPDX-License-Identifier: AGPL-3.0-or-later
"""The notice: fixed neutral sentences in the resident's language. An officer's words never stand among them (R11)."""

from __future__ import annotations

import datetime

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from sunporch.hub.inbox.models import Appeal


def offence_in(appeal: Appeal, language: str) -> str:
    """Return the offence in the language as the town's rules name it, else its code."""
    names = appeal.offence
    return str(names.get(language) or names.get("en") or appeal.fields["offence"])


def _when(seconds: int) -> str:
    """Return an instant in words, in UTC and saying so; pages turn it into local time."""
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{date_format(moment, 'DATE_FORMAT')} {moment:%H:%M} UTC"


def parts(appeal: Appeal, language: str) -> dict[str, str]:
    """Return the notice's sentences in order, each by what it says, so that a page can set one apart."""
    fields = appeal.fields
    with translation.override(language):
        who = appeal.agency_name or fields["agency"]
        asks = _(
            "%(who)s asks the homes around a place for footage. It asks everyone there; it asked nobody by name."
        )
        covered = _("If you share some seconds, what you cover is covered for good; sound is off unless you want it.")
        opened = _("A clip can be opened only after its opening is on the town's public record, where you see it.")
        ended = _("You can stop sharing at any time: the key is destroyed. What was opened cannot be called back.")
        return {
            "asks": asks % {"who": who},
            "about": _("It is about: %(offence)s.") % {"offence": offence_in(appeal, language)},
            "window": _("It asks for %(from)s to %(to)s.")
            % {"from": _when(fields["from"]), "to": _when(fields["to"])},
            "ignore": _("You may ignore this, and nobody is told: not that you read it, not that you had footage."),
            "warrant": _("You may also ask them to come back with a warrant."),
            "covered": covered,
            "opened": opened,
            "ended": ended,
            "house": _("The picture may show which house it is."),
            "closes": _("You can answer until %(closes)s.") % {"closes": _when(fields["closes"])},
        }


def sentences(appeal: Appeal, language: str) -> list[str]:
    """Return the notice's sentences, in order."""
    return list(parts(appeal, language).values())
