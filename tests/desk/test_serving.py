# SPDX-License-Identifier: AGPL-3.0-or-later
"""`sunporch desk serve` in front of a portal that serves a bad viewer: none of its scripts ever runs."""

from __future__ import annotations

import asyncio
import concurrent.futures
import http.server
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest

from sunporch.client import Relay
from sunporch.desk.serving import MAX_CALL, site
from sunporch.web.viewer_files import viewer_files

EVIL = "document.title = 'evil'"
PAGE = f"""<!doctype html><html lang="en"><title>good</title><link rel="icon" href="data:,">
<h1>A page of the portal</h1>
<script>{EVIL}</script><script src="/evil.js"></script><script src="/static/evil.js"></script>
<script type="module" src="/static/web/js/page.js"></script></html>"""
POLICY = (
    "default-src *; script-src * 'unsafe-inline'; connect-src 'self' http://127.0.0.1:9 https://keys.example.org *"
)
WAIT_SECONDS = 60
PIECE = 1 << 16
LONG = 1_600 * PIECE  # bytes: more than all that lies between two programs


class BadPortal(http.server.ThreadingHTTPServer):
    """A portal whose operator wants the officer's keys; `asked` is what reached it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.on = threading.Event()  # until it is set, the rest of a long answer does not come
        self.left = threading.Event()  # nobody took the rest
        super().__init__(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


def _handler(portal: BadPortal):
    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            portal.asked.append((self.command, self.path, headers))
            script = self.path.endswith(".js")
            body = (EVIL if script else PAGE).encode()
            self.send_response(302 if self.path == "/work/" else 200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Set-Cookie", "portal_session=abc; HttpOnly; Path=/")
            self.send_header("Set-Cookie", "portal_csrf=def; HttpOnly; Path=/")
            self.send_header("X-Portal", "anything")
            if self.path == "/work/":
                self.send_header("Location", f"{portal.url}/sign-in/?next=/work/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self) -> None:
            if not self.path.startswith("/long/"):
                self.answer()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(LONG))
            self.end_headers()
            self.wfile.write(b"x" * PIECE)
            portal.on.wait(WAIT_SECONDS)
            try:
                for _ in range(0 if self.path == "/long/broken" else LONG // PIECE - 1):
                    self.wfile.write(b"x" * PIECE)
            except OSError:
                portal.left.set()
            self.close_connection = True

        do_POST = do_HEAD = answer  # noqa: N815 - http.server asks for these names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture(scope="module")
def bad_portal():
    made = BadPortal()
    yield made
    made.close()


@pytest.fixture(scope="module")
def desk(bad_portal):
    """The officer's own desk as a process; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sunporch.cli.main", "desk", "serve", "--portal", bad_portal.url]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--parent-pipe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert f"http://localhost:{port}/work/clips/" in process.stdout.readline().decode()
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            httpx.get(f"http://localhost:{port}/static/web/sun.svg", trust_env=False)
            break
        except httpx.TransportError:
            assert time.monotonic() < end
            time.sleep(0.05)
    yield f"http://localhost:{port}"
    process.stdin.close()
    process.wait(WAIT_SECONDS)
    process.stdout.close()


def ask(desk, path, method="GET", **headers):
    data = headers.pop("data", None)
    return httpx.request(method, desk + path, headers=headers, content=data, trust_env=False)


def test_no_script_of_a_bad_portal_runs_and_every_script_is_this_releases(people, desk, bad_portal):
    window = people.window(desk)
    window.page.goto("/work/clips/7/")
    assert window.page.evaluate("() => document.title") == "good"
    refused = [line for line in window.said if "Content Security Policy" in line]
    assert len(refused) >= 2
    window.said.clear()
    for path, data in viewer_files().items():
        assert ask(desk, f"/static/web/{path}").content == data
    assert not [path for _, path, _ in bad_portal.asked if path.startswith("/static/")]


def test_what_a_portal_calls_a_script_elsewhere_is_text_and_other_static_files_are_not_served(desk):
    answer = ask(desk, "/evil.js")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ask(desk, "/static/evil.js").status_code == 404
    assert ask(desk, "/static/web/js/evil.js").status_code == 404


def test_the_desks_own_policy_stands_on_every_answer_and_lets_pages_ask_the_custodian_alone(desk):
    for path in ("/work/clips/7/", "/static/web/js/viewer.js"):
        policy = ask(desk, path).headers["content-security-policy"]
        assert f"script-src {desk}/static/web/js/;" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
    assert (
        "connect-src 'self' http://127.0.0.1:9 https://keys.example.org;"
        in ask(desk, "/work/").headers["content-security-policy"]
    )


def test_cookies_pass_both_ways_and_nothing_else_of_the_browser_does(desk, bad_portal):
    bad_portal.asked.clear()
    headers = {"Cookie": "portal_session=abc", "X-CSRFToken": "t", "X-Other": "x", "Origin": desk}
    answer = ask(desk, "/api/v1/entries", "POST", data=b"{}", **headers)
    assert answer.headers.get_list("set-cookie") == [
        "portal_session=abc; HttpOnly; Path=/",
        "portal_csrf=def; HttpOnly; Path=/",
    ]
    assert "x-portal" not in answer.headers
    ((method, path, sent),) = bad_portal.asked
    assert (method, path) == ("POST", "/api/v1/entries")
    assert (sent["cookie"], sent["x-csrftoken"], sent["origin"]) == ("portal_session=abc", "t", bad_portal.url)
    assert "x-other" not in sent
    assert ask(desk, "/work/").headers["location"] == "/sign-in/?next=/work/"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"Origin": "https://evil.example"}),
        ("POST", {"Origin": "http://localhost:1"}),
        ("GET", {"Host": "evil.example"}),
        ("GET", {"Host": "localhost:1"}),
    ],
)
def test_another_page_or_name_cannot_use_the_desk(desk, bad_portal, method, headers):
    bad_portal.asked.clear()
    for path in ("/work/clips/", "/static/web/js/viewer.js", "/static/x.js", "/"):
        answer = ask(desk, path, method if not path.startswith("/static") and path != "/" else "GET", **headers)
        assert answer.status_code == 403
        assert "desk.caller-foreign" in answer.text
    assert bad_portal.asked == []


def test_too_much_at_once_is_refused_and_the_first_page_is_the_list_of_clips(desk):
    answer = ask(desk, "/api/v1/entries", "POST", data=b"x" * (MAX_CALL + 1), Origin=desk)
    assert (answer.status_code, "desk.call-oversize" in answer.text) == (413, True)
    first = ask(desk, "/")
    assert (first.status_code, first.headers["location"]) == (307, "/work/clips/")


def test_a_portal_that_is_down_is_told_and_the_releases_own_files_are_still_there():
    async def asked(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8406") as client:
            return [await client.get(path) for path in ("/work/clips/", "/static/web/js/viewer.js")]

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        relay = Relay(f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with concurrent.futures.ThreadPoolExecutor(1) as pool:  # this thread's own loop is the browser's
            page, script = pool.submit(lambda: asyncio.run(asked(site(relay, 8406)))).result()
        relay.close()
    assert (page.status_code, "client.server-unreachable" in page.text) == (502, True)
    assert script.content == viewer_files()["js/viewer.js"]


def test_a_long_answer_begins_before_the_portal_has_sent_the_rest_of_it(desk, bad_portal):
    bad_portal.on.clear()
    with httpx.stream("GET", f"{desk}/long/file", trust_env=False) as answer:
        pieces = answer.iter_raw()
        first = next(pieces)
        bad_portal.on.set()
        assert answer.headers["content-length"] == str(LONG)
        assert sum(map(len, pieces)) == LONG - len(first)


def test_an_answer_that_breaks_off_is_not_taken_for_whole(desk, bad_portal):
    bad_portal.on.set()
    with pytest.raises(httpx.RemoteProtocolError):
        ask(desk, "/long/broken")


def test_the_portal_is_left_when_the_browser_leaves(desk, bad_portal):
    bad_portal.on.clear()
    with httpx.stream("GET", f"{desk}/long/file", trust_env=False) as answer:
        next(answer.iter_raw())
    bad_portal.on.set()
    assert bad_portal.left.wait(WAIT_SECONDS)
