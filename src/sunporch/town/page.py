# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town page: one plain page with every address, who is who, their codes of the moment, and what to try.

A process of its own, so that no part of the product hands out a code. It answers only requests for localhost:
a page elsewhere that makes this name point here gets nothing.
"""

from __future__ import annotations

import datetime
import html
import http.server

from sunporch.service.parent import end_with_pipe
from sunporch.town.cast import BY_NAME, MEMBERS, TOWN_NAME, read_accounts
from sunporch.town.clock import DAY, TownClock
from sunporch.town.layout import Layout
from sunporch.town.processes import LOOPBACK

REFRESH_SECONDS = 15
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       background: #fdfbf5; color: #1d1c1a; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
td, th { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ddd6c4; vertical-align: top; }
code { font: .95em ui-monospace, monospace; font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { body { background: #1d1c1a; color: #fdfbf5; } a { color: #f2c14e; } }
"""
PLACES = (
    ("portal", "the public record and the portal", "who may ask here, under which rules, what they asked"),
    ("hub", "Ana's home hub", "her camera, her inbox, her shares"),
    ("hub-omar", "Omar's home hub", "the same house, another street"),
    ("custodian", "the key custodian", "holds half of each clip's key; a machine's door, look at /status"),
)
TRY = (
    "SUNPORCH_CLOCK_OFFSET_FILE={clock} ./dev sunporch verify {portal} --pin {pin}",
    "./dev sunporch demo --advance 60d",
    "./dev sunporch demo --story --ports 9400",
)


def render(layout: Layout, now: int, behind: int) -> str:
    """Return the page; `now` is the town's time, `behind` how many seconds it lives behind the wall clock."""
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC)
    places = "".join(
        f'<tr><th scope="row"><a href="{layout.url(part)}/">{html.escape(name)}</a></th>'
        f"<td>{html.escape(text)}</td></tr>"
        for part, name, text in PLACES
    )
    accounts = read_accounts(layout.people)
    people = "".join(
        f'<tr><th scope="row">{html.escape(BY_NAME[who].title)}</th><td>{html.escape(BY_NAME[who].does)}</td>'
        f'<td><a href="{layout.url(BY_NAME[who].site)}/">{html.escape(BY_NAME[who].site)}</a></td>'
        f"<td><code>{html.escape(account.username)}</code></td><td><code>{html.escape(account.password)}</code></td>"
        f"<td><code>{account.code()}</code></td></tr>"
        for who, account in ((member.who, accounts[member.who]) for member in MEMBERS)
    )
    known = {"portal": layout.url("portal"), "clock": layout.clock, "pin": layout.pin}
    tries = "".join(f"<li><code>{html.escape(line.format(**known))}</code></li>" for line in TRY)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="{REFRESH_SECONDS}"><title>{TOWN_NAME}, a Sunporch town</title>
<link rel="stylesheet" href="/style.css"></head><body><main>
<h1>{TOWN_NAME}, {moment:%A %H:%M}</h1>
<p>A whole town on this machine. Its clock says {moment:%d %B %Y, %H:%M} UTC, {behind // DAY} days behind ours,
so that there is time to let a clip end.</p>
<h2>Places</h2><table>{places}</table>
<h2>People</h2>
<p>The code changes every 30 seconds; this page follows.</p>
<table><tr><th>Who</th><th>does</th><th>signs in at</th><th>name</th><th>password</th><th>code</th></tr>
{people}</table>
<h2>What to try</h2>
<p>In a second terminal, in the same folder:</p><ul>{tries}</ul>
<p>The keys of the cast lie in <code>{html.escape(str(layout.people))}</code>.
Ctrl-C in the first terminal ends the town.</p>
</main></body></html>
"""


def serve(layout: Layout) -> None:
    """Serve the page until the process's standard input closes."""
    clock = TownClock(layout.clock)
    names = {f"localhost:{layout.port('page')}", f"{LOOPBACK}:{layout.port('page')}", "localhost"}

    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers `/`, `/style.css` and `/readyz`."""

        timeout = 10

        def do_GET(self) -> None:
            if self.headers.get("Host") not in names:
                self.send_error(http.HTTPStatus.MISDIRECTED_REQUEST)
                return
            match self.path:
                case "/":
                    self._answer(render(layout, clock.now(), clock.behind), HEADERS["Content-Type"])
                case "/style.css":
                    self._answer(STYLE, "text/css")
                case "/readyz":
                    self._answer("ready\n", "text/plain")
                case _:
                    self.send_error(http.HTTPStatus.NOT_FOUND)

        def _answer(self, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(http.HTTPStatus.OK)
            for name, value in (HEADERS | {"Content-Type": kind, "Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep no list of who looked."""

    server = http.server.ThreadingHTTPServer((LOOPBACK, layout.port("page")), Handler)

    end_with_pipe(server.shutdown)
    server.serve_forever()
    server.server_close()
