# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import contextlib
import io
import json
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sunporch.base.errors import Error
from sunporch.client.server import Server
from tests.client.scripted import Scripted, answer, scripted


@contextlib.contextmanager
def failing(error_id):
    with pytest.raises(Error) as caught:
        yield caught
    assert caught.value.id == error_id


def test_an_answer_comes_back_whole():
    with scripted(answer("200 OK", b"hello", "Content-Type: Text/Plain; charset=x")) as server:
        said = Server(server.url + "/log/").ask("GET", "/checkpoint")
    assert (said.status, said.media_type, said.body) == (200, "text/plain", b"hello")
    assert server.asked[0].startswith(b"GET /log/checkpoint HTTP/1.1\r\n")


@pytest.mark.promise(4)
def test_nothing_that_is_sent_tells_one_home_from_another(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    asked = []
    for cookie in ("home=ana", "home=omar"):
        scripts = [answer("200 OK", b"", f"Set-Cookie: {cookie}; Path=/", 'ETag: "x"')] * 2
        with scripted(*scripts) as server:
            home = Server(server.url)
            home.ask("GET", "/checkpoint")
            home.ask("GET", "/checkpoint")
        asked += [text.replace(str(server.port).encode(), b"PORT") for text in server.asked]
    assert len(set(asked)) == 1
    assert asked[0] == (
        b"GET /checkpoint HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: keep-alive\r\nUser-Agent: sunporch\r\n"
        b"Accept: */*\r\nAccept-Encoding: identity\r\n\r\n"
    )


def test_a_refusal_carries_the_servers_own_error():
    clause = {"id": "area.homes", "cite": "s 4", "sentence": "Fewer than 100 homes."}
    error = {"id": "portal.appeal-forbidden", "what": "Not allowed.\x1b[2J", "where": "draft", "next": "Change it."}
    body = json.dumps({"error": error | {"clauses": [clause]}}).encode()
    with scripted(answer("422 Unprocessable", body)) as server, failing("client.answer-refused") as caught:
        Server(server.url).ask("POST", "/drafts", json={})
    assert caught.value.params["status"] == 422
    assert caught.value.params["error"] == error | {"what": "Not allowed. [2J", "clauses": [clause]}
    assert caught.value.what == "The server refused (422): Not allowed. [2J [portal.appeal-forbidden]"
    assert caught.value.next == "Change it."


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"error": 3}', b'{"error": {"id": "a", "what": 2, "where": "", "next": ""}}']
)
def test_a_refusal_without_an_error_of_ours_still_says_what_happened(body):
    with scripted(answer("503 Service Unavailable", body)) as server, failing("client.answer-refused") as caught:
        Server(server.url).ask("GET", "/")
    assert caught.value.what == "The server refused (503): Service Unavailable. [http.status-503]"


def test_a_redirection_is_not_followed():
    with (
        scripted(answer("200 OK")) as elsewhere,
        scripted(answer("302 Found", b"", f"Location: {elsewhere.url}/")) as server,
    ):
        with failing("client.answer-refused"):
            Server(server.url).ask("GET", "/checkpoint")
        assert elsewhere.asked == []


def test_an_answer_that_is_too_large_is_refused_before_it_is_read():
    def endless(connection, asked):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(b"x" * 65536)

    with scripted(endless) as server, failing("client.answer-oversize"):
        Server(server.url).ask("GET", "/blob", limit=1_000_000)


def test_a_packed_answer_is_refused_because_it_could_grow():
    with scripted(answer("200 OK", b"x", "Content-Encoding: gzip")) as server, failing("client.answer-malformed"):
        Server(server.url).ask("GET", "/")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "client.answer-malformed"),
        # It fell: no home takes that for a portal that says something strange.
        (b"", "client.server-unreachable"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "client.server-unreachable"),
    ],
)
def test_a_server_that_does_not_speak_http_is_named_as_such_and_one_that_fell_as_unreachable(said, error):
    def say(connection, asked):
        connection.sendall(said)

    with scripted(say) as server, failing(error):
        Server(server.url).ask("GET", "/")


def test_an_answer_that_is_not_json_is_named_as_such():
    deep = b"[" * 200_000
    with scripted(answer("200 OK", b"{"), answer("200 OK", deep)) as server:
        for _ in range(2):
            with failing("client.answer-malformed"):
                Server(server.url).ask_json("GET", "/")


@pytest.mark.parametrize(
    "begin", [b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n"]
)
def test_a_server_that_drips_its_answer_is_given_up_at_the_deadline(begin):
    stop = threading.Event()

    def drip(connection, asked):
        connection.sendall(begin)
        for _ in range(60):  # without a deadline the answer would be whole after three seconds
            if stop.wait(0.05):
                return
            connection.sendall(b"x")
        connection.sendall(b"\r\n\r\n" + b"x" * 60)

    with scripted(drip, drip) as server:
        with failing("client.server-unreachable"):
            Server(server.url).ask("GET", "/", seconds=0.5)
        with failing("client.server-unreachable"):  # the time is already over when it would begin
            Server(server.url).ask("GET", "/", seconds=0)
        stop.set()


def test_a_machine_that_is_off_is_named_as_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with failing("client.server-unreachable") as caught:
        Server(f"http://127.0.0.1:{port}").ask("GET", "/")
    assert f"GET http://127.0.0.1:{port}/" in caught.value.where


def test_a_large_file_is_written_piece_by_piece_and_bounded():
    body = bytes(range(256)) * 1_000
    with scripted(answer("200 OK", body), answer("200 OK", body), answer("404 Not Found")) as server:
        sink = io.BytesIO()
        assert Server(server.url).download("/sealed", sink, limit=len(body)) == len(body)
        assert sink.getvalue() == body
        with failing("client.answer-oversize"):
            Server(server.url).download("/sealed", io.BytesIO(), limit=len(body) - 1)
        with failing("client.answer-refused"):
            Server(server.url).download("/sealed", io.BytesIO(), limit=1)


def test_an_answer_that_is_passed_on_may_be_taken_by_any_thread_and_is_bounded():
    body = bytes(range(256)) * 1_000
    with scripted(answer("404 Not Found", body), answer("200 OK", body)) as server:
        status, headers, pieces = Server(server.url).relay("GET", "/sealed", limit=len(body))
        with ThreadPoolExecutor(1) as other:
            taken = other.submit(lambda: b"".join(pieces)).result()
        assert (status, dict(headers)["content-length"], taken) == (404, str(len(body)), body)
        *_, pieces = Server(server.url).relay("GET", "/sealed", limit=len(body) - 1)
        with failing("client.answer-oversize"):
            list(pieces)


def test_a_large_file_is_sent_piece_by_piece():
    pieces = [bytes([number]) * 50_000 for number in range(20)]
    with scripted(answer("200 OK")) as server:
        Server(server.url).ask("PUT", "/x", content=iter(pieces), headers={"Content-Length": str(1_000_000)})
    assert server.asked[0].endswith(b"".join(pieces))


@pytest.mark.parametrize(
    "address", ["ftp://a", "http://", "portal", "http://u:p@a", "http://a/?q=1", "http://a:99999999", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(address):
    with failing("client.address-refused"):
        Server(address)


# SOCKS5 -------------------------------------------------------------------------------------------------------------


class SocksProxy:
    """A SOCKS5 proxy that remembers what it was asked for and connects to `target` whatever the name."""

    def __init__(
        self, target: Scripted | None, greeting: bytes = b"\x05\x00", status: int = 0, kind: int = 1
    ) -> None:
        self._target, self._greeting, self._status, self._kind = target, greeting, status, kind
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socks5h://127.0.0.1:{self._listener.getsockname()[1]}"
        self.wanted = b""
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(3)
            connection.sendall(self._greeting)
            self.wanted = connection.recv(300)
            if not self.wanted:
                return
            bound = {1: bytes(4), 3: b"\x01a", 4: bytes(16)}[self._kind]
            connection.sendall(bytes([5, self._status, 0, self._kind]) + bound + struct.pack(">H", 0))
            if self._target is None:
                return
            with socket.create_connection(("127.0.0.1", self._target.port)) as onward:
                onward.sendall(connection.recv(65536))
                while data := onward.recv(65536):
                    connection.sendall(data)

    def close(self) -> None:
        self._listener.close()
        self._thread.join(10)


@pytest.mark.parametrize("kind", [1, 3, 4])
@pytest.mark.parametrize(
    ("host", "spelled"),
    [
        ("portal.onion", b"\x03\x0cportal.onion"),
        ("127.0.0.9", b"\x01\x7f\x00\x00\x09"),
        ("[::1]", b"\x04" + bytes(15) + b"\x01"),
    ],
)
def test_a_hub_behind_tor_lets_the_proxy_find_the_portal(kind, host, spelled):
    with scripted(answer("200 OK", b"through")) as server:
        proxy = SocksProxy(server, kind=kind)
        assert Server(f"http://{host}:{server.port}", proxy.url).ask("GET", "/").body == b"through"
        proxy.close()
    assert proxy.wanted == b"\x05\x01\x00" + spelled + struct.pack(">H", server.port)


@pytest.mark.parametrize(("greeting", "status"), [(b"\x05\xff", 0), (b"\x05", 0), (b"\x05\x00", 5)])
def test_a_proxy_that_does_not_help_is_named(greeting, status):
    proxy = SocksProxy(None, greeting, status)
    with failing("client.server-unreachable"):
        Server("http://portal.onion", proxy.url).ask("GET", "/", seconds=2)
    proxy.close()


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:1", "socks5://a:1", "socks5h://", "socks5h://a:b"])
def test_a_proxy_that_would_leak_names_is_refused(proxy):
    with failing("client.address-refused"):
        Server("http://a", proxy)
