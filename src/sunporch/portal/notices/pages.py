# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/work/notices/`: of what this person wants to hear, when, and by which way."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from sunporch.portal.agencies.models import Account
from sunporch.portal.agencies.permissions import Gate, who
from sunporch.portal.agencies.work import EVERYBODY, PAGES, page
from sunporch.portal.notices import news, words
from sunporch.portal.record import public_record
from sunporch.web import signin
from sunporch.web.pings import pages
from sunporch.web.pings.actions import News

NOTICES = Gate(PAGES, *EVERYBODY)


@signin.page(NOTICES)
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """Choose notices, none, or other ones."""
    person, now = who(request), public_record().now()

    def present() -> list[News]:
        with public_record().reading() as state:
            return news.present(person, state, now)

    user = Account.objects.select_related("user").get(pseudonym=person.name).user
    topics = words.topics_of(person.role)
    site = settings.SUNPORCH
    offer = pages.Offer(user, words.QUESTION, topics, words.WHENS, present, site, site.push_key, now)
    shown = pages.notices(request, offer)
    if isinstance(shown, HttpResponse):
        return shown
    return page(request, "pings/notices.html", shown | {"layout": "work.html", "lead": words.LEAD})
