# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the home hub's pings say: one sentence for everything, so that no lock screen or mail server learns which."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_lazy

from sunporch.hub.config import Settings
from sunporch.web.pings.actions import DAILY, EVERY_DAY, TRY
from sunporch.web.pings.message import Message
from sunporch.web.pings.models import When

APPEALS, SHARES, HOME = "appeals", "shares", "home"
# The one text of everything that is told as it happens.
WAITING = "waiting"

QUESTION = gettext_lazy("Do you want this hub to tell you elsewhere that something is waiting?")
LEAD = gettext_lazy(
    "If you say yes, whoever carries the notice (the push provider of a browser, a mail server) learns that "
    "something matched or happened in your home, and about when. So does whoever sees your locked phone. "
    "A notice says the same for everything; what it is stands only here, and you answer only here. "
    "If you say no, nothing is ever sent."
)
TOPICS = {
    APPEALS: gettext_lazy("An appeal concerns this home"),
    SHARES: gettext_lazy("A message, an opening or an outcome of something shared"),
    HOME: gettext_lazy("Something is wrong: an alarm, or a camera that is away"),
}
WHENS = {
    When.SOON: gettext_lazy("As it happens, after a wait of up to half an hour drawn at random"),
    When.DAILY: gettext_lazy("Once a day, if something is new"),
    When.ALWAYS: gettext_lazy("Every day, whether or not something is new: then a notice tells its carrier nothing"),
}
_WAITING = gettext_lazy("Something is waiting in your home hub.")
_SAID = {
    WAITING: _WAITING,
    DAILY: _WAITING,
    TRY: _WAITING,
    EVERY_DAY: gettext_lazy("Look into your home hub: it says this every day."),
}


def message(hub: Settings, text: str) -> Message:
    """Return the message of a text's code, in the language that is active."""
    return Message(title=gettext("Home hub"), text=str(_SAID[text]), path="/", url=f"{hub.address}/")
