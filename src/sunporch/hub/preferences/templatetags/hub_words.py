# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that templates of the hub use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

register = template.Library()


def _digits(at: datetime) -> str:
    """Return the time of day; tenths where there are any."""
    return f"{at:%H:%M:%S}" + (f".{at.microsecond // 100_000}" if at.microsecond >= 50_000 else "")


@register.filter
def exact(seconds: float) -> SafeString:
    """Return a `<time>` element: day and time to the second (and tenth), with the zone."""
    at = datetime.fromtimestamp(seconds, UTC)
    shown = f"{date_format(at, gettext('j F Y'))}, {_digits(at)} UTC"
    return format_html('<time datetime="{}" data-exact>{}</time>', _iso(at), shown)


@register.filter
def exact_clock(seconds: float) -> SafeString:
    """Return a `<time>` element with the time of day alone, to the second (and tenth)."""
    at = datetime.fromtimestamp(seconds, UTC)
    return format_html('<time datetime="{}" data-clock>{} UTC</time>', _iso(at), _digits(at))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.filter
def unlocalized(number: float) -> str:
    """Return a number as programs write it, whatever the page's language: 12.5."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


type Words = Mapping[str, Promise]


def _in_words(name: str, words: Words) -> None:
    """Make a filter that says a code in words; one that is not known here is shown as it is."""
    register.filter(name, lambda code: str(words.get(code, code)))


# Whom a copy went to.
_in_words(
    "recipient_words",
    {
        "local": gettext_lazy("a local agency"),
        "state": gettext_lazy("a state agency"),
        "federal": gettext_lazy("a federal agency"),
        "immigration": gettext_lazy("an immigration agency"),
        "court": gettext_lazy("court"),
        "defence": gettext_lazy("defence"),
    },
)
# On what legal ground a clip was passed on.
_in_words(
    "standard_words",
    {
        "consent": gettext_lazy("consent"),
        "subpoena": gettext_lazy("a subpoena"),
        "court_order": gettext_lazy("an order of a court"),
        "warrant": gettext_lazy("a warrant"),
        "statute": gettext_lazy("a law that demands it"),
    },
)
# An appeal's state.
_in_words(
    "appeal_state",
    {
        "open": gettext_lazy("open"),
        "suspended": gettext_lazy("suspended by a reviewer"),
        "closed": gettext_lazy("closed"),
        "overdue": gettext_lazy("closed, its outcome is overdue"),
        "done": gettext_lazy("closed, its outcome is told"),
    },
)
# How far a clip on its way came.
_in_words(
    "release_state",
    {
        "waiting": gettext_lazy("waits here"),
        "sealing": gettext_lazy("is being sealed"),
        "uploading": gettext_lazy("on its way"),
        "signed": gettext_lazy("on its way"),
        "posted": gettext_lazy("on its way"),
        "shared": gettext_lazy("shared"),
        "undone": gettext_lazy("taken back"),
        "refused": gettext_lazy("not shared"),
    },
)
# How a shared clip stands.
_in_words(
    "share_state",
    {
        "shared": gettext_lazy("shared, not opened"),
        "opened": gettext_lazy("shared, opened"),
        "ended": gettext_lazy("ended"),
        "preserved": gettext_lazy("held as evidence"),
        "destroyed": gettext_lazy("key destroyed"),
    },
)
# What became of an appeal.
_in_words(
    "outcome_words",
    {
        "charged": gettext_lazy("somebody was charged"),
        "cleared_someone": gettext_lazy("it cleared somebody"),
        "not_useful": gettext_lazy("it was not useful"),
        "not_viewed": gettext_lazy("it was not viewed"),
        "closed": gettext_lazy("the case was closed"),
    },
)
# Why there is no footage.
_in_words(
    "gap_cause",
    {
        "tcp_closed": gettext_lazy("the camera closed the connection"),
        "refused": gettext_lazy("the camera did not answer"),
        "frozen": gettext_lazy("the picture stood still"),
        "auth": gettext_lazy("the camera refused the password"),
        "pts_reset": gettext_lazy("the camera began anew"),
        "clock_step": gettext_lazy("the clock was set"),
        "disk_full": gettext_lazy("the disk was full"),
        "tail_lost": gettext_lazy("the last moments were lost"),
        "hub_off": gettext_lazy("the hub was off"),
        "paused_by_resident": gettext_lazy("recording was paused"),
        "key_locked": gettext_lazy("the archive was locked"),
        "unreadable": gettext_lazy("it cannot be read"),
        "erased": gettext_lazy("erased by you"),
        "expired": gettext_lazy("erased by its age"),
        "not_recorded": gettext_lazy("nothing was recorded"),
    },
)
