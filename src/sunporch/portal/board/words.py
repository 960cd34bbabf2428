# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the screens (1-mission) for what the record calls by code names."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, gettext, gettext_lazy

from sunporch.docket.lifecycle import ClipPhase, RequestPhase
from sunporch.policy import Bundle
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
    "freeze": gettext_lazy("A clip is held as evidence"),
    "unfreeze": gettext_lazy("A clip is no longer held as evidence"),
    "withdrawal": gettext_lazy("A resident stops sharing a clip"),
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
_CLIP_PHASES = {
    ClipPhase.SHARED: (gettext_lazy("shared, not opened yet"), "open"),
    ClipPhase.OPENED: (gettext_lazy("opened"), "open"),
    ClipPhase.ENDED: (gettext_lazy("ended"), "ended"),
    ClipPhase.PRESERVED: (gettext_lazy("only preserved"), "waiting"),
    ClipPhase.DESTROYED: (gettext_lazy("ended, its key destroyed"), "ended"),
}
# The code words of entries and rules. A code that a town made up itself is shown as it is.
_CODES = {
    "identify-suspect": gettext_lazy("find out who did it"),
    "locate-vehicle": gettext_lazy("find a vehicle"),
    "find-missing-person": gettext_lazy("find a missing person"),
    "reconstruct-event": gettext_lazy("find out what happened"),
    "locate-property": gettext_lazy("find stolen things"),
    "clear-someone": gettext_lazy("clear somebody"),
    "consent": gettext_lazy("consent"),
    "statute": gettext_lazy("a law that demands it"),
    "subpoena": gettext_lazy("a subpoena"),
    "court_order": gettext_lazy("an order of a court"),
    "warrant": gettext_lazy("a warrant"),
    "emergency": gettext_lazy("an emergency"),
    "area": gettext_lazy("an area on the map"),
    "link": gettext_lazy("a link that the agency hands out"),
    "charges-filed": gettext_lazy("charges were filed"),
    "joint-investigation": gettext_lazy("agencies work on the case together"),
    "court-demand": gettext_lazy("a court demands it"),
    "defence-request": gettext_lazy("the defence asks for it"),
    "records-law": gettext_lazy("the law on public records demands it"),
    "sexual": gettext_lazy("sexual offence"),
    "domestic": gettext_lazy("violence at home"),
    "juvenile": gettext_lazy("minors"),
    "known_event": gettext_lazy("known event"),
    "charged": gettext_lazy("somebody was charged"),
    "cleared_someone": gettext_lazy("somebody was cleared"),
    "not_useful": gettext_lazy("of no use"),
    "not_viewed": gettext_lazy("not looked at"),
    "closed": gettext_lazy("closed without use"),
    "defence": gettext_lazy("defence"),
    "assembly": gettext_lazy("assembly"),
    "worship": gettext_lazy("service of worship"),
    "vote": gettext_lazy("vote"),
    "other": gettext_lazy("other"),
    "view": gettext_lazy("to look at it"),
    "filmed": gettext_lazy("somebody was filmed"),
    "appeal": gettext_lazy("an appeal"),
    "clip": gettext_lazy("a clip"),
    "deletion": gettext_lazy("deletion"),
    "conduct": gettext_lazy("how somebody was treated"),
    "returned": gettext_lazy("returned"),
    "suspended": gettext_lazy("suspended"),
    "reinstated": gettext_lazy("in force again"),
    "junk": gettext_lazy("junk"),
    "officer": gettext_lazy("officer"),
    "supervisor": gettext_lazy("supervisor"),
    "reviewer": gettext_lazy("reviewer"),
    "court": gettext_lazy("court"),
    "local": gettext_lazy("a local agency"),
    "state": gettext_lazy("a state agency"),
    "federal": gettext_lazy("a federal agency"),
    "immigration": gettext_lazy("an immigration agency"),
    "prosecutor": gettext_lazy("prosecutor"),
    "custodian": gettext_lazy("key custodian"),
    "portal": gettext_lazy("portal"),
}
# Why a reviewer acts, as the record names it, and in words. A code says why without a word about a person.
REASONS: dict[str, Any] = {
    "area-too-wide": gettext_lazy("The area is wider than the offence needs"),
    "time-too-long": gettext_lazy("The hours are longer than the offence needs"),
    "assembly": gettext_lazy("It touches an assembly, a vote, worship or health care"),
    "account-unclear": gettext_lazy("The account does not say what happened"),
    "names-a-person": gettext_lazy("The account could name a person"),
    "pressure": gettext_lazy("It puts pressure on residents"),
    "race-only": gettext_lazy("It describes people by race or origin alone"),
    "repeated": gettext_lazy("It asks for the same again"),
    "other": gettext_lazy("Another reason, in the reviewer's report"),
}
# What a reviewer found about a complaint, and about a random sample.
ANSWERS: dict[str, Any] = {
    "upheld": gettext_lazy("The complaint is right"),
    "partly-upheld": gettext_lazy("The complaint is right in part"),
    "not-upheld": gettext_lazy("The complaint is not right"),
    "not-for-us": gettext_lazy("Others have to answer it; the text says who"),
}
AUDITS: dict[str, Any] = {
    "in-order": gettext_lazy("All that was looked at is in order"),
    "faults-found": gettext_lazy("There are faults; the text says which"),
}
REINSTATED: dict[str, Any] = {
    "clarified": gettext_lazy("The agency explained it"),
    "mistaken": gettext_lazy("The suspension was a mistake"),
    "other": gettext_lazy("Another reason, in the reviewer's report"),
}
# Why a clip is no answer to anything.
JUNK: dict[str, Any] = {
    "no-recording": gettext_lazy("It is no recording of a camera"),
    "elsewhere": gettext_lazy("It shows another place or another time"),
    "flood": gettext_lazy("It is one of many that say nothing"),
    "other": gettext_lazy("Another reason"),
}
_ENDED_BY = {
    "community": gettext_lazy("ended by the elected body"),
    "registrar": gettext_lazy("ended by the agency's registrar"),
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
    "event": "kind",
    "request": "offence",
}


def review_reason(name: str) -> str:
    """Return in words why a reviewer acted; a code that is not of our pages is shown as it is."""
    return str((JUNK | REASONS | REINSTATED).get(name, name))


def finding(name: str) -> str:
    """Return in words what a reviewer found; a code that is not of our pages is shown as it is."""
    return str((ANSWERS | AUDITS).get(name, name))


PLACES: dict[str, Any] = {
    "worship": gettext_lazy("place of worship"),
    "clinic": gettext_lazy("clinic"),
    "school": gettext_lazy("school"),
    "other": gettext_lazy("another place"),
}


def place(kind: str) -> str:
    """Return what kind of sensitive place it is, in words."""
    return str(PLACES[kind])


# What the journal of acts about accounts and the machine says of each.
_ACTS: dict[str, Any] = {
    "account added": gettext_lazy("account added"),
    "account ended": gettext_lazy("account ended"),
    "operator invited": gettext_lazy("operator invited"),
    "invited": gettext_lazy("invited"),
    "account made": gettext_lazy("account made"),
    "keys handed in": gettext_lazy("keys handed in"),
    "key enrolled": gettext_lazy("key enrolled"),
    "invitation withdrawn": gettext_lazy("invitation withdrawn"),
    "key ended": gettext_lazy("key ended"),
    "partnership ended": gettext_lazy("partnership ended"),
    "device lost": gettext_lazy("device lost"),
    "backed up": gettext_lazy("backup written"),
    "restored": gettext_lazy("brought back from a backup"),
    "caught up": gettext_lazy("missing entries taken from the public record"),
    "rebuilt": gettext_lazy("public tables made anew"),
    "proposal thrown away": gettext_lazy("proposal thrown away"),
    "signing dropped": gettext_lazy("signing dropped"),
    "comment taken down": gettext_lazy("comment taken down"),
    "report explained": gettext_lazy("report explained"),
    "wording taken down": gettext_lazy("wording taken down"),
    "finding answered": gettext_lazy("finding answered"),
    "answer taken down": gettext_lazy("answer taken down"),
}


def act(name: str) -> str:
    """Return an act of the journal in words; one that only a command writes is shown as it is."""
    return str(_ACTS.get(name, name))


def language() -> str:
    """Return the reader's language as rules name it: two letters."""
    return (get_language() or "en").partition("-")[0]


def offence(bundle: Bundle | None, code: str) -> str:
    """Return an offence's name in the reader's language, as the rules have it, with its code; the code alone else."""
    found = bundle.offences.get(code) if bundle is not None else None
    if bundle is None or found is None:
        return code
    return f"{found.title.get(language()) or found.title[bundle.languages[0]]} ({code})"


def what(entry_type: str) -> str:
    """Return what an entry of the type is, in words."""
    words = _TYPES.get(entry_type)
    return str(words) if words else gettext("Entry of the unknown type %(type)s") % {"type": entry_type}


def phase(of: RequestPhase) -> tuple[str, str]:
    """Return an appeal's state in words, and the style that marks it."""
    words, style = _PHASES[of]
    return str(words), style


def clip_phase(of: ClipPhase) -> tuple[str, str]:
    """Return a shared clip's state in words, and the style that marks it."""
    words, style = _CLIP_PHASES[of]
    return str(words), style


_TRIAGE = {
    "useful": gettext_lazy("useful"),
    "not-useful": gettext_lazy("not useful"),
    "again": gettext_lazy("to look at again"),
    "moment": gettext_lazy("a moment"),
    "": gettext_lazy("unverified source"),
}


def triage(name: str) -> str:
    """Return what an agency found about a clip in words; nothing found yet is an unverified source."""
    return _TRIAGE[name]  # type: ignore[return-value]  # lazy text


def code(name: str) -> str:
    """Return a code word of entries and rules in words."""
    return str(_CODES.get(name, name))


def ended_by(whom: str) -> str:
    """Return who ended a partnership, in words."""
    return str(_ENDED_BY[whom])


def reason(name: str) -> str:
    """Return why an entry counts for nothing, in words."""
    return gettext(name) if name else ""


def detail(line: Line) -> str:
    """Return the telling detail of a line: a name, a code, the action of a review, a key's name and role."""
    fields: dict[str, Any] = line.fields
    match line.type:
        case "review":
            return f"{code(fields.get('action', ''))}: {review_reason(fields.get('reason', ''))}"
        case "key":
            return f"{str(fields.get('key', '')).partition('+')[0]}, {code(fields.get('role', ''))}"
        case "finding":
            return finding(fields.get("code", ""))
        case "refusals":
            return ", ".join(f"{clause}: {count}" for clause, count in sorted(fields.get("counts", {}).items()))
        case "expiry":
            return ", ".join(str(index) for index in fields.get("disclosures", []))
        case other:
            return code(str(fields.get(_DETAIL.get(other, ""), "")))


def of_checking() -> dict[str, str]:
    """Return the texts of the module that checks the record in a browser."""
    return {
        "holds": gettext("Holds:"),
        "fails": gettext("Does not hold:"),
        "signed": gettext("the log {origin} signed it, and {n} of {of} co-signers confirmed {size} entries at {at}."),
        "root": gettext("all {size} entries lead to the signed root {root}."),
        "continues": gettext("it continues the {size} entries that this browser saw before."),
        "first": gettext("this browser saw no record here before; from now on it remembers these {size} entries."),
        "signatures": gettext("{n} signatures of the entries on this page are by keys that the record names."),
        "wrong": gettext("entry {n}: the signature that names {name} is not by it."),
        "agree": gettext("what this page says of {n} entries, their kind, time and signers, is what they say."),
        "differs": gettext("entry {n}: this page says something else than the record."),
        "proven": gettext("entry {n} is in the record, proven by {hashes} hashes from its tiles."),
        "same": gettext("what this page says of the appeal is what was signed."),
        "otherwise": gettext("this page says something else than what was signed: {fields}."),
        "narrative": gettext("the account of the officer is, word for word, the one that was signed for."),
        "another": gettext("the account on this page is not the one that was signed for."),
        "finished": gettext("everything that this page can check."),
        "good": gettext("signed by {name}, whose key entry {n} names"),
        "bad": gettext("names {name}, and is not by it"),
        "unknown": gettext("names {name}, a key that the record does not know"),
        "unreadable": gettext("This entry is not in form; it stays in the record and counts for nothing."),
    }
