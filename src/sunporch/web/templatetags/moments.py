# SPDX-License-Identifier: AGPL-3.0-or-later
"""Times with their zone, spans in words. Values are Unix seconds UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

register = template.Library()
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def iso(seconds: int) -> str:
    """Return RFC 3339 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


@register.filter
def moment(seconds: int) -> SafeString:
    """Return a `<time>` element: day and minute in the reader's language, with the zone."""
    at = datetime.fromtimestamp(seconds, UTC)
    shown = f"{date_format(at, gettext('j F Y, H:i'))} UTC"
    return format_html('<time datetime="{}">{}</time>', iso(seconds), shown)


@register.filter
def until(start: int, end: int) -> SafeString:
    """Return two moments as one line, the day once where it is the same."""
    first, last = (datetime.fromtimestamp(seconds, UTC) for seconds in (start, end))
    if first.date() != last.date():
        return format_html("{} \N{EN DASH} {}", moment(start), moment(end))
    shown = f"{date_format(first, gettext('j F Y, H:i'))}"
    return format_html(
        '<time datetime="{}">{}</time> \N{EN DASH} <time datetime="{}">{}</time>',
        iso(start), shown, iso(end), last.strftime("%H:%M UTC"),
    )  # fmt: skip


@register.filter
def clock(seconds: int) -> SafeString:
    """Return a `<time>` element with the minute alone, the whole moment beside it for whoever points at it."""
    at = datetime.fromtimestamp(seconds, UTC)
    whole = f"{date_format(at, gettext('j F Y, H:i'))} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(seconds), whole, at.strftime("%H:%M UTC"))


@register.filter
def day(seconds: int) -> SafeString:
    """Return a `<time>` element with the day alone."""
    at = datetime.fromtimestamp(seconds, UTC)
    return format_html('<time datetime="{}">{}</time>', at.date().isoformat(), date_format(at, gettext("j F Y")))


@register.filter
def span(seconds: int) -> str:
    """Return a span in words: its two largest units."""
    parts = []
    rest = max(0, int(seconds))
    for size, name in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(_counted(name, count))
    return " ".join(parts[:2]) or _counted("second", 0)


def _counted(name: str, count: int) -> str:
    match name:
        case "day":
            return ngettext("%d day", "%d days", count) % count
        case "hour":
            return ngettext("%d hour", "%d hours", count) % count
        case "minute":
            return ngettext("%d minute", "%d minutes", count) % count
        case _:
            return ngettext("%d second", "%d seconds", count) % count
