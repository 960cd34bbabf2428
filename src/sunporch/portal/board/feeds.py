# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appeals as feeds: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from sunporch.portal.board import store
from sunporch.portal.board.pages import summary, town
from sunporch.portal.record import public_record
from sunporch.web.templatetags.moments import iso

MOST_ITEMS = 50
# What a town's words may hold and XML 1.0 (section 2.2) cannot.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _items(request: HttpRequest) -> tuple[str, list[dict[str, Any]]]:
    """Return the town's name and the newest appeals with their permanent addresses."""
    now = public_record().now()
    with public_record().reading() as state:
        rows = [row for row in store.appeals(None, MOST_ITEMS) if row.index in state.requests]
        items = [summary(state, state.requests[row.index], now) for row in rows]
        name = town(state)["name"]
    newest = store.newest_about([item["index"] for item in items])
    for item in items:
        # What a reader would want to see again: an act about the appeal, and its closing, which is no act.
        closed = item["closes"] if item["closes"] <= now else 0
        item["changed"] = max(item["time"], newest.get(item["index"], 0), closed)
        # One id for ever, whatever language the reader chose.
        item["id"] = request.build_absolute_uri(f"/appeals/{item['index']}/")
        item["url"] = request.build_absolute_uri(reverse("appeal", args=[item["index"]]))
        item["title"] = gettext("Appeal %(index)d: %(offence)s") % {
            "index": item["index"],
            "offence": item["offence"],
        }
        item["words"] = gettext("%(agency)s asks for video from %(begin)s to %(end)s. State: %(state)s.") % {
            "agency": item["agency_name"],
            "begin": iso(item["from_time"]),
            "end": iso(item["to_time"]),
            "state": item["state"],
        }
    return name, items


@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    """`/feeds/atom.xml`."""
    name, items = _items(request)
    own = request.build_absolute_uri(reverse("feed-atom"))
    feed = Atom1Feed(
        title=_xml(gettext("%(town)s: appeals for footage") % {"town": name}),
        language=get_language(),
        link=request.build_absolute_uri(reverse("appeals")),
        description="",
        author_name=_xml(name),
        feed_url=own,
        feed_guid=own,
    )
    for item in items:
        feed.add_item(
            title=_xml(item["title"]),
            link=item["url"],
            description=_xml(item["words"]),
            unique_id=item["id"],
            pubdate=datetime.fromtimestamp(item["time"], UTC),
            updateddate=datetime.fromtimestamp(item["changed"], UTC),
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _xml(text: str) -> str:
    """Return the text with a mark in place of what XML cannot hold."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


@require_safe
def json_feed(request: HttpRequest) -> HttpResponse:
    """`/feeds/feed.json`."""
    name, items = _items(request)
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": gettext("%(town)s: appeals for footage") % {"town": name},
        "home_page_url": request.build_absolute_uri(reverse("appeals")),
        "feed_url": request.build_absolute_uri(reverse("feed-json")),
        "authors": [{"name": name}],
        "language": get_language(),
        "items": [
            {
                "id": item["id"],
                "url": item["url"],
                "title": item["title"],
                "content_text": item["words"],
                "date_published": iso(item["time"]),
                "date_modified": iso(item["changed"]),
            }
            for item in items
        ],
    }
    return HttpResponse(json.dumps(body, ensure_ascii=False), content_type="application/feed+json")
