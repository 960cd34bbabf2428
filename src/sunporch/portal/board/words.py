# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the screens (1-mission) for what the record calls by code names."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext, gettext_lazy

from sunporch.docket.lifecycle import RequestPhase
from sunporch.portal.board.models import Line

_TYPES = {
    "community": gettext_lazy("The community begins its record"),
    "trust": gettext_lazy("New keys or co-signers of the community"),
    "policy": gettext_lazy("The town adopts rules"),
    "event": gettext_lazy("A gathering is announced"),
    "partnership": gettext_lazy("An agency is approved"),
    "partnership_cancel": gettext_lazy("A partnership is ended"),
    "key": gettext_lazy("A key is enrolled"),
    "key_end": gettext_lazy("A key ends"),
    "request": gettext_lazy("Appeal for footage"),
    "review": gettext_lazy("A reviewer acts"),
    "takedown": gettext_lazy("A text is taken down"),
    "refusals": gettext_lazy("Refused drafts of one day"),
    "disclosure": gettext_lazy("A clip is shared"),
    "access": gettext_lazy("Opening of a clip"),
    "export": gettext_lazy("A copy is exported"),
    "sharing": gettext_lazy("A clip is passed on"),
    "freeze": gettext_lazy("A clip is kept from destruction"),
    "unfreeze": gettext_lazy("A clip is no longer kept from destruction"),
    "withdrawal": gettext_lazy("A resident takes a clip back"),
    "expiry": gettext_lazy("Keys are destroyed"),
    "outcome": gettext_lazy("Outcome"),
    "sealed_request": gettext_lazy("A sealed legal process"),
    "unseal": gettext_lazy("A legal process is unsealed"),
    "warrant_return": gettext_lazy("A legal process is answered"),
    "emergency_review": gettext_lazy("Review of an emergency"),
    "deletion_attest": gettext_lazy("Deletion is attested"),
    "complaint": gettext_lazy("A complaint is received"),
    "finding": gettext_lazy("A finding"),
    "breach": gettext_lazy("Something went wrong"),
    "letter": gettext_lazy("A letter to the elected body"),
    "letter_answer": gettext_lazy("An answer to a letter"),
    "unreadable": gettext_lazy("An entry that cannot be read"),
}
_PHASES = {
    RequestPhase.OPEN: (gettext_lazy("open"), "open"),
    RequestPhase.SUSPENDED: (gettext_lazy("suspended by a reviewer"), "ended"),
    RequestPhase.CLOSED: (gettext_lazy("closed, outcome due"), "waiting"),
    RequestPhase.OVERDUE: (gettext_lazy("closed, outcome overdue"), "ended"),
    RequestPhase.DONE: (gettext_lazy("closed, with outcome"), "waiting"),
}
# Which field of an entry says most, in the record's list.
_DETAIL = {
    "community": "name",
    "partnership": "name",
    "partnership_cancel": "reason",
    "key_end": "reason",
    "review": "reason",
    "takedown": "reason",
    "outcome": "code",
    "access": "purpose",
    "export": "recipient",
    "sharing": "recipient",
    "breach": "code",
    "complaint": "code",
    "finding": "code",
    "event": "kind",
    "request": "offence",
}


def what(entry_type: str) -> str:
    """Return what an entry of the type is, in words."""
    words = _TYPES.get(entry_type)
    return str(words) if words else gettext("Entry of the unknown type %(type)s") % {"type": entry_type}


def phase(of: RequestPhase) -> tuple[str, str]:
    """Return an appeal's state in words, and the style that marks it."""
    words, style = _PHASES[of]
    return str(words), style


def detail(line: Line) -> str:
    """Return the telling detail of a line: a name, a code, the action of a review, a key's name and role."""
    fields: dict[str, Any] = line.fields
    match line.type:
        case "review":
            return f"{fields.get('action', '')}: {fields.get('reason', '')}"
        case "key":
            return f"{str(fields.get('key', '')).partition('+')[0]}, {fields.get('role', '')}"
        case "refusals":
            return ", ".join(f"{clause}: {count}" for clause, count in sorted(fields.get("counts", {}).items()))
        case "expiry":
            return ", ".join(str(index) for index in fields.get("disclosures", []))
        case other:
            return str(fields.get(_DETAIL.get(other, ""), ""))
