# SPDX-License-Identifier: AGPL-3.0-or-later
"""A portal and a custodian over HTTP: the real custodian at work, and what a portal holds on a real log.

Both can be told to fail or to lie.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from sunporch.base.clock import SystemClock
from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.client import LogFolder
from sunporch.clip import keys
from sunporch.clip.header import Recipient
from sunporch.clip.index import Index
from sunporch.clip.seal import seal
from sunporch.custodian.keeper import Deposit, Keeper
from sunporch.custodian.store import Store
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.tlog.notes import Note
from sunporch.verify.tail import Tail
from tests.verify.town import CELLS, DAY, ORIGIN, LogTown, one_time, person

PEOPLE = ("diaz", "kim", "reyes", "mallory")
MEDIA = bytes(range(256)) * 1_000


class Doors:
    """Two HTTP servers, one for each door, on ports of the system's choice."""

    def __init__(self) -> None:
        self.answers = {}
        self.servers = {}
        for name in ("portal", "custodian"):
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, name))
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            self.servers[name] = server
        self.asked: list[str] = []

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.servers[name].server_port}"

    def close(self, *names: str) -> None:
        for name in names or tuple(self.servers):
            server = self.servers.pop(name)
            server.shutdown()
            server.server_close()


def _handler(doors: Doors, name: str):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body leave in one piece; two would wait for an acknowledgement between them

        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            path = self.path.split("?")[0]
            doors.asked.append(f"{self.command} {path}")
            status, body = doors.answers[name](
                self.command, path, self.rfile.read(size), self.headers.get("X-Session-Token")
            )
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815 - http.server asks for these names

        def log_message(self, *_):
            return

    return Handler


class Town(LogTown):
    """The town of the verifier's tests whose custodian has an address."""

    custodian_url = ""

    def enrol(self, name, role, **fields):
        if role == "custodian":
            fields["url"] = self.custodian_url
        super().enrol(name, role, **fields)


@dataclass
class Neighbours:
    """A town in which Ana shared one clip, and the two doors that an officer asks."""

    folder: object
    doors: Doors = field(default_factory=Doors)
    private: dict = field(
        default_factory=lambda: {name: keys.generate() for name in ("diaz", "kim", "reyes", "mallory")}
    )
    quorum: bool = True
    says_void: str = ""
    custodian_says: str = ""
    index_offset: int = 0
    crowded: bool = False  # another entry follows at once
    before_record: Callable[[], object] | None = None
    before_custodian: Callable[[], object] | None = None
    rewraps: list = field(default_factory=list)

    def __post_init__(self) -> None:
        started = SystemClock().now() // DAY * DAY - 30 * DAY
        Town.custodian_url = self.doors.url("custodian")
        self.town = Town(self.folder, now=started).found()
        self.appeal = self.town.ask()
        self.town.cosign()
        tail = Tail(None)
        tail.advance(self.town.fetch)
        self.pin = tail.pin
        self.keeper = self.hire(self.folder.with_name("custodian"))
        self.ids: dict[str, int] = {}
        self.shared = self.share(MEDIA)
        self.doors.answers = {"portal": self.portal, "custodian": self.custodian}

    def hire(self, folder) -> Keeper:
        folder.mkdir(mode=0o700)
        Store.create(folder).close()
        (folder / "mirror").mkdir(mode=0o700)
        mirror, portal = LogFolder(folder / "mirror"), SimpleNamespace(post_entry=lambda _: None)
        return Keeper(person("library"), self.pin, Store(folder), mirror, self.town.clock, self.town.fetch, portal)

    def share(self, media: bytes, described: bytes | None = None) -> int:
        """Seal and share a clip as Ana's hub does; `described` lets her index speak of another video."""
        said = media if described is None else described
        index = Index(
            camera="porch",
            start_ms=1_000,
            end_ms=3_000,
            media_type='video/mp4; codecs="avc1.42c01f"',
            media_sha256=hashlib.sha256(said).hexdigest(),
            media_sha512=hashlib.sha512(said).hexdigest(),
            original="a" * 64,
            redacted=1,
            reencoded=1,
            visible=0,
            sound=0,
            report="{}",
        )
        target = io.BytesIO()
        expires = self.town.now // DAY * DAY + self.town.rules.retention_days * DAY
        self.clip = seal(
            [media],
            index,
            target,
            origin=ORIGIN,
            request=self.appeal,
            expires=expires,
            custodian="library",
            recipients=[Recipient(name, keys.public(self.private[name])) for name in ("diaz", "kim")],
        )
        self.header, self.file = self.clip.header, target.getvalue()
        number = self.number = self.town.size
        deposit = Deposit(
            self.clip.c,
            self.header.decode(),
            self.clip.salt.hex(),
            self.clip.file_sha256.hex(),
            self.clip.s_k,
            str(one_time(number).verifier),
        )
        kept = self.keeper.take(deposit)
        disclosure = self.town.share(number=number, c=self.clip.c, expires=kept.expires, receipt=kept.receipt)
        self.town.cosign()
        return disclosure

    # -- the portal --------------------------------------------------------------------------------------------------

    def portal(self, method, path, body, session):
        if path.startswith("/log/"):
            data = self.town.fetch(path.removeprefix("/log/"))
            return (404, b"") if data is None else (200, data)
        if path.startswith("/_allauth/"):
            return 200, {"meta": {"session_token": "s"}}
        if method == "POST" and path == "/api/v1/entries":
            return self.take(json.loads(body)["note"])
        if path.startswith("/api/v1/entries/"):
            return 200, self.state_of(path.rpartition("/")[2])
        if session != "s":
            return 401, b""
        part = path.rpartition("/")[2]
        return 200, {"header": self.header, "sealed": self.file, "rewraps": self.rewraps}[part]

    def take(self, note):
        identity = wire.entry_id(Note.parse(note.encode()).text)
        if identity not in self.ids and self.quorum and not self.says_void:
            if self.before_record:
                self.before_record()
            self.ids[identity] = self.town.append(note.encode())
            if self.crowded:
                self.town.put(e.Event, person("bell-1"), person("bell-2"), cells=CELLS, from_=1, to=2, kind="vote")
            self.town.cosign()
        return 202, {"id": identity, "state": "queued"}

    def state_of(self, identity):
        if self.says_void:
            return {"id": identity, "state": "void", "index": 0, "time": 0, "reason": self.says_void}
        if not self.quorum:
            held = {"id": "portal.quorum-missing", "what": "2 of 3 co-signers answer.", "where": "", "next": "Wait."}
            return {"id": identity, "state": "queued", "error": held}
        return {"id": identity, "state": "recorded", "index": self.ids[identity] + self.index_offset, "time": 0}

    # -- the custodian -----------------------------------------------------------------------------------------------

    def custodian(self, method, path, body, _):
        assert (method, path) == ("POST", "/access")
        if self.custodian_says:
            what = "The custodian's own words."
            return 422, {"error": {"id": self.custodian_says, "what": what, "where": "", "next": "Its own advice."}}
        asked = json.loads(body)
        if self.before_custodian:
            self.before_custodian()
            self.town.cosign()
        try:
            opened = self.keeper.give(from_base64(asked["leaf"], "leaf"), asked["proof"])
        except Error as error:
            return 422, {"error": error.as_json()}
        return 200, {"half": to_base64(opened.half), "expires": opened.expires}

    def reopen_custodian(self, port: int) -> None:
        """The custodian comes back at its address."""
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self.doors, "custodian"))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.doors.servers["custodian"] = server

    def close(self) -> None:
        self.doors.close()
        self.keeper.close()
        self.town.close()
