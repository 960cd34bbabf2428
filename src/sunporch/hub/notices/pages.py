# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/settings/notices/`: whether this resident wants to hear elsewhere, of what, when, and by which way.

It lies behind the PIN as the inbox does: why a notice did not arrive says that there was one.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from sunporch.hub import household, permissions
from sunporch.hub.forms import form_page
from sunporch.hub.notices import news, words
from sunporch.web.pings import pages


@form_page
@permissions.inbox_page
@never_cache
def notices(request: HttpRequest) -> HttpResponse:
    """Choose notices, none, or other ones."""
    hub, now = household.hub(), household.clock().now()
    offer = pages.Offer(
        user=permissions.resident(request),
        question=words.QUESTION,
        topics=words.TOPICS,
        whens=words.WHENS,
        present=lambda: news.present(now),
        settings=hub,
        push_key=hub.push_key,
        now=now,
        proxied=bool(hub.socks_proxy),
    )
    shown = pages.notices(request, offer)
    if isinstance(shown, HttpResponse):
        return shown
    return render(request, "pings/notices.html", shown | {"layout": "site.html", "lead": words.LEAD})
