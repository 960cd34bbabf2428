# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the house's sentences, which quote what one types between backticks, stand on a page."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def typed(sentence: str) -> SafeString:
    """Return the sentence with what stands between two backticks as `<code>`; one alone stays as it is."""
    *pairs, rest = sentence.split("`") if sentence.count("`") % 2 == 0 else [sentence]
    parts = ((format_html("<code>{}</code>", part) if n % 2 else part,) for n, part in enumerate([*pairs, rest]))
    return format_html_join("", "{}", parts)
