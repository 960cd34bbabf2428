# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town page: what Ana, Det. Diaz and anybody see now, what to try, who is who, and the article line by line.

A process of its own, so that no part of the product hands out a code. It answers only requests for localhost: a
page elsewhere that makes this name point here gets nothing, and no other page's form can act here.
"""

from __future__ import annotations

import datetime
import html
import http.server
import importlib.resources
import json
import string
import threading
from pathlib import Path
from typing import Any

from sunporch.base.errors import Error
from sunporch.service.parent import end_with_pipe
from sunporch.town import keys
from sunporch.town.article import LINES
from sunporch.town.cast import BY_NAME, MEMBERS, TOWN_NAME, read_accounts
from sunporch.town.clock import DAY, TownClock
from sunporch.town.entrance import Guest
from sunporch.town.layout import Layout
from sunporch.town.panes import Panes
from sunporch.town.processes import LOOPBACK
from sunporch.town.town import AFTER_END_SECONDS, PublicRecord, advance, next_end
from sunporch.town.visit import Account

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
MOST_BODY = 1_000
_STATIC = importlib.resources.files("sunporch.town") / "static"
_WEB = importlib.resources.files("sunporch.web") / "static" / "web"
FILES = {
    "/town.css": (_STATIC / "town.css", "text/css"),
    "/town.js": (_STATIC / "town.js", "text/javascript"),
    "/sunporch.css": (_WEB / "sunporch.css", "text/css"),
    "/sun.svg": (_WEB / "sun.svg", "image/svg+xml"),
}
PLACES = (
    ("portal", "/", "The public record and the portal"),
    ("hub", "/", "Ana's home hub"),
    ("hub-omar", "/", "Omar's home hub"),
    ("custodian", "/status", "What the key custodian tells"),
)
STEPS = (
    ("The council says yes, in public and until a date.", "portal", "/agencies/", ""),
    ("Det. Diaz asks, Sgt. Kim countersigns.", "", "", "diaz"),
    ("Ask for half the town: it is refused, with the clause. (The record tells it once a day.)", "", "", "diaz"),
    ("Ana shares a few seconds, covered.", "", "", "ana"),
    ("Det. Diaz opens them; that is on record before he sees anything.", "", "", "diaz"),
    ("The council ends it, by one act; a second key of the community signs too.", "", "", "bell"),
)
TRY = (
    "SUNPORCH_CLOCK_OFFSET_FILE={clock} ./dev sunporch verify {portal} --pin {pin}",
    "./dev sunporch demo --advance 60d",
    "./dev sunporch demo --story --ports 9400",
)


def render(layout: Layout, accounts: dict[str, Account], now: int, behind: int) -> str:
    """Return the page; `now` is the town's time, `behind` how many seconds it lives behind the wall clock."""
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    known = {"portal": layout.url("portal"), "clock": layout.clock, "pin": layout.pin}
    return string.Template((_STATIC / "town.html").read_text("utf-8")).substitute(
        town=TOWN_NAME,
        time=f"{moment:%A %H:%M}",
        day=f"{moment:%d %B %Y}",
        behind=behind // DAY,
        portal=layout.url("portal"),
        places="".join(_link(layout.url(part) + path, name) for part, path, name in PLACES),
        steps="".join(_step(layout, *step) for step in STEPS),
        people="".join(_person(layout, member.who, accounts[member.who]) for member in MEMBERS),
        lines="".join(
            f'<li class="{line.status.name.lower()}"><p class="told">{html.escape(line.told)}</p>'
            f"<p>{html.escape(line.here)}</p>"
            f'<p class="see">{_link(layout.url(line.part) + line.path, line.status)}</p></li>'
            for line in LINES
        ),
        tries="".join(f"<li><code>{html.escape(line.format(**known))}</code></li>" for line in TRY),
        folder=html.escape(str(layout.people)),
    )


def _link(url: str, text: str) -> str:
    return f'<a href="{html.escape(url)}">{html.escape(text)}</a>'


def _button(who: str) -> str:
    title = html.escape(BY_NAME[who].title)
    return f'<form method="post" action="/be/{who}"><button class="link">Be {title}</button></form>'


def _step(layout: Layout, text: str, part: str, path: str, who: str) -> str:
    return f"<li>{html.escape(text)} {_button(who) if who else _link(layout.url(part) + path, 'Look')}</li>"


def _person(layout: Layout, who: str, account: Account) -> str:
    member = BY_NAME[who]
    has_key = member.role and keys.key_file(layout.people, who).exists()
    key = f' <a href="/keys/{who}.key" download>Key file: {html.escape(who)}.key</a>' if has_key else ""
    code = "a new one soon" if account.spent() else account.code()
    typed = (("Name", account.username), ("Password", account.password), ("Code now", code))
    rows = "".join(f"<dt>{name}</dt><dd><code>{html.escape(text)}</code></dd>" for name, text in typed)
    return (
        f"<li><h3>{html.escape(member.title)}</h3><p>{html.escape(member.does)}.</p>"
        f'<p class="be">{_button(who)}{key}</p>'
        f"<details><summary>Or type it yourself</summary><dl>{rows}</dl></details></li>"
    )


class Page:
    """What the page does when asked: shows itself, signs somebody in, moves the clock. One move at a time."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.clock = TownClock(layout.clock)
        self.accounts = read_accounts(layout.people)
        self.guests = {m.who: Guest(layout.url(m.site), self.accounts[m.who]) for m in MEMBERS}
        self.panes = Panes(layout, self.guests)
        self._moving = threading.Lock()
        self._trouble = ""

    def now(self) -> dict[str, Any]:
        """Return what moves on the page, and what the last act came to."""
        return self.panes.now() | {"trouble": "The town clock moves..." if self._moving.locked() else self._trouble}

    def be(self, who: str) -> tuple[str, str]:
        """Return where the person goes and the cookie that lets them in."""
        guest = self.guests[who]
        name, value = guest.cookie("/api/v1/me" if BY_NAME[who].role else "/api/v1/preferences")
        start = "/work/" if BY_NAME[who].site == "portal" else "/"
        return f"{guest.site}{start}", f"{name}={value}; Path=/; HttpOnly; SameSite=Lax"

    def close(self) -> None:
        """Close the connections."""
        self.panes.close()
        for guest in self.guests.values():
            guest.close()

    def skip(self, to: str) -> None:
        """Move the town clock by a day, or to the end of the next clip, in the background."""
        if self._moving.acquire(blocking=False):
            threading.Thread(target=self._skip, args=(to,), daemon=True).start()

    def _skip(self, to: str) -> None:
        record = PublicRecord(self.layout)
        try:
            seconds = DAY
            if to == "end":
                end = next_end(record.read().fold, self.clock.now())
                seconds = end - self.clock.now() + AFTER_END_SECONDS if end is not None else 0
            if seconds:
                advance(self.clock, record, seconds, self.layout)
            self._trouble = ""
        except Error as error:
            self._trouble = f"{error.what} {error.next}"
        finally:
            record.close()
            self._moving.release()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for the page's own address only."""

    timeout = 20
    page: Page
    names: frozenset[str]

    def do_GET(self) -> None:
        """Show the page, its files, what is now, or a key file of the cast."""
        if not self._is_ours():
            return
        if self.path == "/":
            page = render(self.page.layout, self.page.accounts, self.page.clock.now(), self.page.clock.behind)
            self._answer(page.encode(), "text/html; charset=utf-8")
        elif self.path == "/now.json":
            self._answer(json.dumps(self.page.now()).encode(), "application/json")
        elif self.path == "/readyz":
            self._answer(b"ready\n", "text/plain")
        elif self.path in FILES:
            file, kind = FILES[self.path]
            self._answer(file.read_bytes(), kind)
        elif (key := self._key()) is not None:
            self._answer(key.read_bytes(), "application/octet-stream")
        else:
            self.send_error(http.HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Be somebody, or move the clock; only from this page itself."""
        origin = self.headers.get("Origin", "").removeprefix("http://")
        if not self._is_ours() or origin not in self.names:
            return self.send_error(http.HTTPStatus.FORBIDDEN)
        body = self.rfile.read(min(MOST_BODY, int(self.headers.get("Content-Length", "0")))).decode()
        who = self.path.removeprefix("/be/")
        if self.path == "/skip":
            self.page.skip(body.removeprefix("to="))
            self._go("/")
        elif who in BY_NAME:
            try:
                self._go(*self.page.be(who))
            except Error as error:
                self._answer(f"{error.what}\n{error.next}\n".encode(), "text/plain; charset=utf-8")
        else:
            self.send_error(http.HTTPStatus.NOT_FOUND)
        return None

    def _is_ours(self) -> bool:
        if self.headers.get("Host") in self.names:
            return True
        self.send_error(http.HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _key(self) -> Path | None:
        """Return the key file asked for: only those of the cast who have a key."""
        who = self.path.removeprefix("/keys/").removesuffix(".key")
        known = who in BY_NAME and BY_NAME[who].role and self.path == f"/keys/{who}.key"
        file = keys.key_file(self.page.layout.people, who)
        return file if known and file.exists() else None

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(http.HTTPStatus.OK)
        for name, value in (HEADERS | {"Content-Type": kind, "Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _go(self, where: str, cookie: str = "") -> None:
        self.send_response(http.HTTPStatus.SEE_OTHER)
        for name, value in (HEADERS | {"Location": where, "Content-Length": "0"}).items():
            self.send_header(name, value)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep no list of who looked."""


def serve(layout: Layout) -> None:
    """Serve the page until the process's standard input closes."""
    page = Page(layout)
    port = layout.port("page")
    known = {"page": page, "names": frozenset({f"localhost:{port}", f"{LOOPBACK}:{port}", "localhost"})}
    server = http.server.ThreadingHTTPServer((LOOPBACK, port), type("PageHandler", (Handler,), known))
    end_with_pipe(server.shutdown)
    server.serve_forever()
    server.server_close()
    page.close()
