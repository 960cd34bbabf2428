# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words that templates of the hub use."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

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
def clock(seconds: float) -> SafeString:
    """Return a `<time>` element with the time of day alone, to the second (and tenth)."""
    at = datetime.fromtimestamp(seconds, UTC)
    return format_html('<time datetime="{}" data-clock>{} UTC</time>', _iso(at), _digits(at))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.filter
def unlocalized(number: float) -> str:
    """Return a number as programs write it, whatever the page's language: 12.5."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


@register.filter
def appeal_state(state: str) -> str:
    """Return an appeal's state in words."""
    words = {
        "open": gettext("open"),
        "suspended": gettext("suspended by a reviewer"),
        "closed": gettext("closed"),
        "overdue": gettext("closed, its outcome is overdue"),
        "done": gettext("closed, its outcome is told"),
    }
    return words.get(state, state)


@register.filter
def release_state(state: str) -> str:
    """Return in words how far a clip on its way came."""
    words = {
        "waiting": gettext("waits here"),
        "sealing": gettext("is being sealed"),
        "uploading": gettext("on its way"),
        "signed": gettext("on its way"),
        "posted": gettext("on its way"),
        "shared": gettext("shared"),
        "undone": gettext("taken back"),
        "refused": gettext("not shared"),
    }
    return words.get(state, state)


@register.filter
def share_state(state: str) -> str:
    """Return in words how a shared clip stands."""
    words = {
        "shared": gettext("shared, not opened"),
        "opened": gettext("shared, opened"),
        "ended": gettext("ended"),
        "preserved": gettext("held as evidence"),
        "destroyed": gettext("key destroyed"),
    }
    return words.get(state, state)


@register.filter
def outcome_words(code: str) -> str:
    """Return in words what became of an appeal."""
    words = {
        "charged": gettext("somebody was charged"),
        "cleared_someone": gettext("it cleared somebody"),
        "not_useful": gettext("it was not useful"),
        "not_viewed": gettext("it was not viewed"),
        "closed": gettext("the case was closed"),
    }
    return words.get(code, code)


@register.filter
def gap_cause(cause: str) -> str:
    """Return in words why there is no footage."""
    words = {
        "tcp_closed": gettext("the camera closed the connection"),
        "refused": gettext("the camera did not answer"),
        "frozen": gettext("the picture stood still"),
        "auth": gettext("the camera refused the password"),
        "pts_reset": gettext("the camera began anew"),
        "clock_step": gettext("the clock was set"),
        "disk_full": gettext("the disk was full"),
        "tail_lost": gettext("the last moments were lost"),
        "hub_off": gettext("the hub was off"),
        "paused_by_resident": gettext("recording was paused"),
        "key_locked": gettext("the archive was locked"),
        "unreadable": gettext("it cannot be read"),
        "erased": gettext("erased by you"),
        "expired": gettext("erased by its age"),
        "not_recorded": gettext("nothing was recorded"),
    }
    return words.get(cause, cause)
