# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the portal's pings say: one sentence for each code, in which no case can be told from another."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

from sunporch.portal.agencies.permissions import CLERK, RECIPIENT_ROLES, REGISTRAR
from sunporch.portal.config import Settings
from sunporch.web.pings.actions import DAILY, TRY
from sunporch.web.pings.message import Message
from sunporch.web.pings.models import When

COUNTERSIGN, REVIEW, COMPLAINT = "countersign", "review", "complaint"
PUBLISHED, RETURNED, CLIP, MOTION = "published", "returned", "clip", "motion"
EXPORT, JUNK, KEYS = "export", "junk", "keys"
FINDING, OUTCOME, LOST = "finding", "outcome", "lost"

QUESTION = gettext_lazy("Do you want the portal to tell you when something waits for you?")
LEAD = gettext_lazy(
    "A notice says in one sentence that something waits, and leads here. It says nothing about a case. "
    "Who carries it, a mail server or a push service, learns that you were told something, and when."
)
# What there is to hear of, and what a ping then says.
TOPICS = {
    COUNTERSIGN: gettext_lazy("An appeal waits for my countersignature"),
    EXPORT: gettext_lazy("A copy of a clip, or its passing on, waits for my signature"),
    REVIEW: gettext_lazy("An appeal waits for a reviewer"),
    COMPLAINT: gettext_lazy("A complaint came"),
    JUNK: gettext_lazy("A clip was reported as junk"),
    PUBLISHED: gettext_lazy("An appeal of mine is public"),
    RETURNED: gettext_lazy("An appeal of mine came back"),
    CLIP: gettext_lazy("A clip was shared with me"),
    MOTION: gettext_lazy("An entry waits for another key of the community"),
    KEYS: gettext_lazy("Somebody's new keys wait for my signature"),
    LOST: gettext_lazy("Somebody of my agency lost a device"),
    OUTCOME: gettext_lazy("An appeal closed, and its outcome is owed"),
    FINDING: gettext_lazy("A reviewer's finding about my agency is public"),
}
_SAID = {
    COUNTERSIGN: gettext_lazy("An appeal waits for your countersignature."),
    EXPORT: gettext_lazy("A copy of a clip, or its passing on, waits for your signature."),
    REVIEW: gettext_lazy("An appeal waits for a reviewer."),
    COMPLAINT: gettext_lazy("A complaint came."),
    JUNK: gettext_lazy("A clip was reported as junk."),
    PUBLISHED: gettext_lazy("An appeal of yours is public."),
    RETURNED: gettext_lazy("An appeal of yours came back."),
    CLIP: gettext_lazy("A clip was shared with you."),
    MOTION: gettext_lazy("An entry waits for another key of the community."),
    KEYS: gettext_lazy("Somebody's new keys wait for your signature."),
    LOST: gettext_lazy("Somebody of your agency lost a device."),
    OUTCOME: gettext_lazy("An appeal closed, and its outcome is owed."),
    FINDING: gettext_lazy("A reviewer's finding about your agency is public."),
    DAILY: gettext_lazy("There is something new for you at the portal."),
    TRY: gettext_lazy("This is how a notice of the portal looks."),
}
WHENS = {
    When.SOON: gettext_lazy("As it happens"),
    When.DAILY: gettext_lazy("Once a day, if something is new"),
}
_OF_ROLE = {
    "officer": (PUBLISHED, RETURNED, OUTCOME),
    "supervisor": (COUNTERSIGN, EXPORT, OUTCOME, FINDING),
    "reviewer": (REVIEW, COMPLAINT, JUNK),
    CLERK: (MOTION,),
    REGISTRAR: (KEYS, LOST),
}


def topics_of(role: str) -> dict[str, object]:
    """Return what somebody of this role can hear of, by code."""
    codes = (*_OF_ROLE.get(role, ()), *((CLIP,) if role in RECIPIENT_ROLES else ()))
    return {code: TOPICS[code] for code in codes}


def message(settings: Settings, text: str) -> Message:
    """Return the message of a text's code, in the language that is active."""
    path = "/work/"
    return Message(title=gettext("The town's portal"), text=str(_SAID[text]), path=path, url=settings.address + path)
