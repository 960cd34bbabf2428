# SPDX-License-Identifier: AGPL-3.0-or-later
"""What RFC 4287 (Atom) and JSON Feed 1.1 demand of a feed, written down from their texts; knows nothing of ours.

Each function returns the broken rules in words, an empty list for a valid feed. XML is read by the standard library.
"""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

ATOM = "{http://www.w3.org/2005/Atom}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
JSON_FEED = "https://jsonfeed.org/version/1.1"
# RFC 4287 section 3.3: RFC 3339 with an upper-case T, and an upper-case Z where no offset is given.
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ONCE = {
    "feed": ("generator", "icon", "logo", "rights", "subtitle"),
    "entry": ("content", "published", "rights", "source", "summary"),
}
_KNOWN = {
    "feed": {*_ONCE["feed"], "author", "category", "contributor", "entry", "id", "link", "title", "updated"},
    "entry": {*_ONCE["entry"], "author", "category", "contributor", "id", "link", "title", "updated"},
}


def is_address(text: str | None) -> bool:
    """Say whether a text is an absolute IRI."""
    parts = urlsplit(text or "")
    return bool(parts.scheme and (parts.netloc or parts.path)) and (text or "").strip() == text


def is_date(text: str | None) -> bool:
    """Say whether a text is a date as both formats want it, and a day that exists."""
    if _DATE.fullmatch(text or "") is None:
        return False
    try:
        return datetime.fromisoformat(str(text)).tzinfo is not None
    except ValueError:
        return False


def atom_faults(data: bytes) -> list[str]:
    """Return the rules of RFC 4287 that a feed document breaks."""
    root = ElementTree.fromstring(data)
    if root.tag != f"{ATOM}feed":
        return ["4.1.1: the document element is atom:feed"]
    faults = _parent(root, "feed")
    entries = root.findall(f"{ATOM}entry")
    if root.find(f"{ATOM}author") is None and any(e.find(f"{ATOM}author") is None for e in entries):
        faults.append("4.1.1: an author at the feed, or at every entry")
    if not any(link.get("rel") == "self" for link in root.findall(f"{ATOM}link")):
        faults.append("4.1.1: a feed should link to itself")
    for entry in entries:
        faults += _parent(entry, "entry")
        alternates = [link for link in entry.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
        if entry.find(f"{ATOM}content") is None and not alternates:
            faults.append("4.1.2: an entry without content has an alternate link")
    twice = [id for id, times in Counter(e.findtext(f"{ATOM}id") for e in entries).items() if times > 1]
    faults += [f"4.1.1: two entries with the id {id}" for id in twice]
    faults += [
        f"2: {e.get(XML_LANG)} is no language" for e in root.iter() if not _LANGUAGE.fullmatch(e.get(XML_LANG, "en"))
    ]
    return faults


def _parent(element: ElementTree.Element, kind: str) -> list[str]:
    """Check what feed and entry have in common, section by section of RFC 4287."""
    section = {"feed": "4.1.1", "entry": "4.1.2"}[kind]
    faults = []
    count = Counter(child.tag.removeprefix(ATOM) for child in element)
    faults += [f"{section}: exactly one {name}" for name in ("id", "title", "updated") if count[name] != 1]
    faults += [f"{section}: at most one {name}" for name in _ONCE[kind] if count[name] > 1]
    faults += [f"6: {name} does not belong here" for name in count if "{" not in name and name not in _KNOWN[kind]]
    if not is_address(element.findtext(f"{ATOM}id")):
        faults.append("4.2.6: an id is an absolute IRI")
    for name in ("updated", "published"):
        faults += [f"3.3: {name} is no date" for date in element.findall(f"{ATOM}{name}") if not is_date(date.text)]
    for name in ("title", "subtitle", "summary", "rights"):
        for text in element.findall(f"{ATOM}{name}"):
            if text.get("type", "text") not in ("text", "html", "xhtml"):
                faults.append(f"3.1.1: {name} of type {text.get('type')}")
            if text.get("type", "text") == "text" and len(text):
                faults.append(f"3.1.1.1: {name} is text and has children")
    for person in (*element.findall(f"{ATOM}author"), *element.findall(f"{ATOM}contributor")):
        if len(person.findall(f"{ATOM}name")) != 1 or not person.findtext(f"{ATOM}name"):
            faults.append("3.2.1: a person has exactly one name")
    seen: Counter[tuple[str, str]] = Counter()
    for link in element.findall(f"{ATOM}link"):
        if not is_address(link.get("href")):
            faults.append("4.2.7.1: a link has an address")
        if link.get("rel", "alternate") == "alternate":
            seen[link.get("type", ""), link.get("hreflang", "")] += 1
    faults += [f"{section}: two alternates of the same type and language" for times in seen.values() if times > 1]
    return faults


def json_feed_faults(data: bytes) -> list[str]:
    """Return the rules of JSON Feed 1.1 that a feed breaks."""
    feed = json.loads(data.decode("utf-8"))
    faults = [] if feed.get("version") == JSON_FEED else ["version is the address of the format"]
    if not isinstance(feed.get("title"), str) or not feed["title"]:
        faults.append("a feed has a title")
    faults += [f"{name} is an address" for name in ("home_page_url", "feed_url") if not is_address(feed.get(name))]
    if "author" in feed:
        faults.append("author is of version 1; now it is authors")
    faults += [
        "an author has a name, an address or a picture"
        for author in feed.get("authors", [])
        if not {"name", "url", "avatar"} & set(author)
    ]
    if not _LANGUAGE.fullmatch(feed.get("language", "en")):
        faults.append("language is a tag of RFC 5646")
    items = feed.get("items")
    if not isinstance(items, list):
        return [*faults, "items is a list"]
    ids = [item.get("id") for item in items]
    if not all(isinstance(id, str) and id for id in ids) or len(set(ids)) != len(ids):
        faults.append("every item has its own id, a text")
    for item in items:
        if not isinstance(item.get("content_text", item.get("content_html")), str):
            faults.append("an item has content_text or content_html")
        faults += [
            f"{name} is an address" for name in ("url", "external_url") if not is_address(item.get(name, "x:x"))
        ]
        for name in ("date_published", "date_modified"):
            if name in item and not is_date(item[name]):
                faults.append(f"{name} is a date of RFC 3339")
    return faults
