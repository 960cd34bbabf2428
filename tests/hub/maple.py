# SPDX-License-Identifier: AGPL-3.0-or-later
"""Maple Street in memory and on disk: a real log with real keys and rules, behind a portal and a custodian that stand
in for the real ones (which a hub may not import) at their real addresses. They can be told to fail and to lie."""

from __future__ import annotations

import base64
import http.server
import io
import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import h3

from sunporch.base.clock import Clock
from sunporch.base.digests import sha256
from sunporch.base.notekeys import COSIGNATURE, SignerKey, VerifierKey
from sunporch.clip import header as clip_header
from sunporch.clip import keys
from sunporch.clip.open import open_clip, recipient_half
from sunporch.docket import custody, wire
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.policy import grid_text, presets
from sunporch.policy.sample_town import maple_street
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.notes import Note, sign
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail

ORIGIN = "demo.maple-street"
ORI = "OH0181500"
DAY = 86_400
HOUR = 3_600
SAMPLE = maple_street()
AREA = tuple(sorted(h3.grid_disk(SAMPLE.centre, 1)))
# A porch in the middle of the area, and a house far from it.
PORCH = tuple(round(degree * 10**7) for degree in h3.cell_to_latlng(SAMPLE.centre))
FAR = (PORCH[0] + 5 * 10**6, PORCH[1])
NARRATIVE = "Two people carried a bicycle away from the corner shop and left along Maple Street towards the river."
WITNESSES = tuple(f"witness-{number}" for number in range(1, 5))
QUORUM = 3


def person(name: str, kind: int = 1) -> SignerKey:
    """The same person has the same key in every run."""
    return SignerKey(name, sha256(b"hub test person", name.encode()), kind)


def device(name: str) -> str:
    """A person's private X25519 key, hex."""
    return sha256(b"hub test device", name.encode()).hex()


def device_public(name: str) -> str:
    return keys.public(device(name))


LOG_KEY = person(ORIGIN)
POLICY_TEXT = (
    f"log {LOG_KEY.verifier}\n"
    + "".join(f"witness {name} {person(name, COSIGNATURE).verifier}\n" for name in WITNESSES)
    + f"group all {QUORUM} {' '.join(WITNESSES)}\nquorum all\n"
)


@dataclass
class Maple:
    """The town's record under construction. Times are the clock's."""

    folder: Path
    clock: Clock
    custodian_url: str = "http://127.0.0.1:9"
    limits: dict[str, int] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log_dir = self.folder / "log"
        self.writer = Writer(DirectoryStorage(self.log_dir))
        self.lock = threading.RLock()
        self.tail = Tail(None)
        self.last = 0
        self.found()

    def close(self) -> None:
        self.writer.close()

    def fetch(self, path: str) -> bytes | None:
        place = self.log_dir / path
        return place.read_bytes() if place.is_file() else None

    # -- writing ---------------------------------------------------------------------------------------------------

    def blob(self, text: str) -> str:
        made = Blob(sha256(text.encode())[:16], text)
        place = self.log_dir / "blob" / made.commitment
        place.parent.mkdir(exist_ok=True)
        place.write_text(made.to_json())
        return made.commitment

    def text(self, kind, /, **fields) -> str:
        stamp = {"nonce": wire.new_nonce()}
        if kind is not e.Withdrawal:
            stamp["not_after"] = self.clock.now() + HOUR
        return wire.encode(ORIGIN, kind(**(stamp | fields)))

    def append(self, note: Note, time: int | None = None) -> int:
        with self.lock:
            return self.writer.append([wire.leaf(time or self.clock.now(), note.encode())])

    def put(self, kind, /, *signers: str, time: int | None = None, **fields) -> int:
        return self.append(sign(self.text(kind, **fields), [person(name) for name in signers]), time)

    def cosign(self, witnesses: int = 4, time: int | None = None) -> None:
        """Have the present size co-signed and published."""
        with self.lock:
            note = self.writer.sign_checkpoint(LOG_KEY)
            lines = [
                cosign(person(name, COSIGNATURE), note.text, time or self.clock.now())
                for name in WITNESSES[:witnesses]
            ]
            note = note.with_signatures(*lines)
            self.writer.keep_checkpoint(TrustPolicy.parse(POLICY_TEXT).open(note.encode(), ORIGIN))
            self.last = time or self.clock.now()
            self.tail.advance(self.fetch)

    def good(self, kind, /, *signers: str, **fields) -> int:
        index = self.put(kind, *signers, **fields)
        self.cosign()
        record = self.tail.fold.records[index]
        assert record.in_force, (record.reason, record.verdict)
        return index

    # -- a town's beginnings ---------------------------------------------------------------------------------------

    def found(self) -> None:
        # One instant for all three, or a second that passes between them would be a comment period cut short.
        now = self.clock.now()
        self.put(
            e.Community,
            "bell",
            name="Maple Street",
            keys=(str(person("bell").verifier),),
            threshold=1,
            grid=self.blob(grid_text(SAMPLE.grid)),
            tlog_policy=POLICY_TEXT,
            comment_days=0,
            time=now,
        )
        rules = presets.make("consent", SAMPLE.grid, SAMPLE.places, name="Maple Street", **self.limits)
        self.at["policy"] = self.put(
            e.Policy, "bell", bundle=self.blob(rules), in_force_from=now, open_requests="keep", time=now
        )
        self.at["partnership"] = self.put(
            e.Partnership,
            *("bell", "registrar"),
            agency=ORI,
            name="Maple Street Police Department",
            kind="municipal",
            instrument="Resolution 7",
            link="https://town.example/7",
            hearing=now,
            in_force_from=now,
            ends=now + 365 * DAY,
            registrar=str(person("registrar").verifier),
            time=now,
        )
        for name, role in (("diaz", "officer"), ("kim", "supervisor")):
            self.at[name] = self.enrol(name, role, "registrar", agency=ORI, x25519=device_public(name))
        url = {"url": self.custodian_url, "storage": "file, best effort"}
        self.at["library"] = self.enrol("library", "custodian", "bell", **url)
        self.at["okafor"] = self.enrol("okafor", "reviewer", "bell")
        self.cosign()
        assert all(record.in_force for record in self.tail.fold.records), self.tail.fold.records

    def enrol(self, name: str, role: str, by: str, **changes) -> int:
        fields = {"x25519": "", "agency": "", "url": "", "storage": ""} | changes
        return self.put(e.KeyEntry, by, key=str(person(name).verifier), role=role, **fields)

    @property
    def pin(self) -> Pin:
        return self.tail.pin

    # -- asking ----------------------------------------------------------------------------------------------------

    def request_fields(self, from_s: int, to_s: int, **changes):
        fields = {
            "agency": ORI,
            "policy": self.at["policy"],
            "offence": "220",
            "purpose": "identify-suspect",
            "basis": "consent",
            "reach": "area",
            "case_tag": sha256(b"case", str(self.writer.size).encode()).hex()[:32],
            "flags": (),
            "cells": AREA,
            "from_": from_s,
            "to": to_s,
            "closes": self.clock.now() + 2 * DAY,
            "recipients": (self.at["diaz"], self.at["kim"]),
            "narrative": self.blob(NARRATIVE),
        }
        return fields | changes

    def ask(self, from_s: int, to_s: int, **changes) -> int:
        return self.good(e.Request, "diaz", "kim", **self.request_fields(from_s, to_s, **changes))


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False


class Door:
    """An HTTP server on a loopback port that can be taken away and brought back at the same port."""

    def __init__(self, handle) -> None:
        self._handle = handle
        self.port = 0
        self._server: _Server | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def log_message(self, *_):
                pass

            def answer(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size)
                status, data = door._handle(self.command, self.path, body, self.headers)
                data = json.dumps(data).encode() if not isinstance(data, bytes) else data
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    self.wfile.write(data)

            do_GET = do_PUT = do_POST = answer  # noqa: N815

        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def error(name: str, what: str = "It does not go.") -> dict:
    return {"error": {"id": name, "what": what, "where": "", "next": "Wait."}}


class StandInPortal:
    """`/log/` from the folder, and as much of `/api/v1/` as a hub asks; entries are dry-run by the real fold."""

    def __init__(self, maple: Maple) -> None:
        self.maple = maple
        self.quorum = True
        self.uploads: dict[tuple[str, str], bytes] = {}
        self.notes: dict[str, str] = {}
        self.waiting: list[str] = []
        self.recorded: dict[str, int] = {}
        self.mail: dict[str, list[dict]] = {}
        self.asked: list[str] = []
        self.posts: list[str] = []
        self.lies = {}
        self.before = lambda _method, _path: None
        self.door = Door(self.handle)

    def handle(self, method, path, body, headers):
        self.asked.append(f"{method} {path}")
        said = self.before(method, path)
        if said is not None:
            return said
        if path.startswith("/log/"):
            name = path.removeprefix("/log/")
            data = self.lies[name] if name in self.lies else self.maple.fetch(name)
            return (404, b"") if data is None else (200, data)
        path = path.removeprefix("/api/v1")
        if match := re.fullmatch(r"/uploads/([0-9a-f]{64})/(header|sealed)", path):
            self.uploads[match.groups()] = body
            return 201, {"c": match[1]}
        if path == "/entries":
            return self.post(json.loads(body)["note"])
        if match := re.fullmatch(r"/entries/([0-9a-f]{64})\?wait=\d+", path):
            return self.state(match[1])
        if match := re.fullmatch(r"/mailbox/([0-9a-f]{64})", path):
            return self.mailbox(method, match[1], body, headers)
        return 404, error("web.page-absent")

    def post(self, text: str):
        note = Note.parse(text.encode())
        identity = wire.entry_id(note.text)
        self.posts.append(identity)
        with self.maple.lock:
            if identity not in self.notes:
                fold = self.maple.tail.fold
                signers = note.verified(fold.candidate_keys(note.text))
                record = fold.would_apply(self.maple.clock.now(), note.text, signers)
                if not record.in_force:
                    return 422, error("portal.entry-void", str(record.reason))
                self.notes[identity] = text
                self.waiting.append(identity)
            self.drain()
        return 202, {"id": identity, "state": "queued"}

    def drain(self) -> None:
        with self.maple.lock:
            while self.quorum and self.waiting:
                identity = self.waiting.pop(0)
                self.recorded[identity] = self.maple.append(Note.parse(self.notes[identity].encode()))
                self.maple.cosign()

    def state(self, identity: str):
        if identity not in self.notes:
            return 404, error("portal.entry-absent")
        if identity in self.recorded:
            return 200, {"id": identity, "state": "recorded", "index": self.recorded[identity]}
        answer = {"id": identity, "state": "queued"}
        return 200, answer if self.quorum else answer | error("portal.quorum-missing")

    def mailbox(self, method, c, body, headers):
        word, time, signature = headers.get("Authorization", "  ").split(" ")
        shared = self.maple.tail.fold.disclosures[self.maple.tail.fold.clips[c]]
        text = f"sunporch/mailbox/v1\n{ORIGIN}\n{c}\n{time}\n".encode()
        if word != "Sunporch-D" or not shared.d.verify(base64.b64decode(signature), text):
            return 401, error("portal.mailbox-refused")
        if method == "POST":
            self.mail.setdefault(c, []).append(json.loads(body) | {"by": "disclosure", "at": self.maple.clock.now()})
            return 201, self.mail[c][-1]
        return 200, self.mail.get(c, [])


class StandInCustodian:
    """Checks `c` as the real one does, signs custody receipts with the library's key, hears withdrawals."""

    def __init__(self) -> None:
        self.maple: Maple | None = None
        self.halves: dict[str, dict] = {}
        self.withdrawn: list[str] = []
        self.forge = lambda receipt: receipt
        self.before = lambda _method, _path: None
        self.door = Door(self.handle)

    def handle(self, method, path, body, _headers):
        said = self.before(method, path)
        if said is not None:
            return said
        if method == "PUT" and (match := re.fullmatch(r"/halves/([0-9a-f]{64})", path)):
            return self.keep(match[1], json.loads(body))
        if path == "/withdrawals":
            note = Note.parse(json.loads(body)["note"].encode())
            entry = wire.decode(note.text)[1]
            d = self.maple.tail.fold.disclosures[entry.disclosure].d
            assert note.verified([d])
            self.withdrawn.append(wire.entry_id(note.text))
            return 200, {}
        return 404, error("custodian.page-absent")

    def keep(self, c: str, half: dict):
        header = clip_header.parse(half["header"].encode())
        sealed, salt = bytes.fromhex(half["sealed_sha256"]), bytes.fromhex(half["salt"])
        if clip_header.commitment(half["header"].encode(), sealed, salt) != c:
            return 422, error("custodian.clip-mismatched")
        VerifierKey.parse(half["d"])
        self.halves[c] = half | {"s_k": base64.b64decode(half["s_k"])}
        receipt = custody.sign(person("library"), ORIGIN, c, half["d"], header.expires)
        return 200, self.forge({"expires": header.expires, "receipt": receipt})


@dataclass
class Street:
    """Town, portal and custodian, ready."""

    maple: Maple
    portal: StandInPortal
    custodian: StandInCustodian

    @classmethod
    def build(cls, folder: Path, clock: Clock, **limits: int) -> Street:
        custodian = StandInCustodian()
        maple = Maple(folder, clock, custodian.door.url, limits)
        custodian.maple = maple
        (folder / "pin.json").write_text(maple.pin.to_json())
        return cls(maple, StandInPortal(maple), custodian)

    def close(self) -> None:
        self.portal.door.stop()
        self.custodian.door.stop()
        self.maple.close()

    def opened(self, c: str, who: str = "diaz"):
        """Open a clip as an officer does who got the custodian's half; return its index and media."""
        header, sealed = self.portal.uploads[c, "header"], self.portal.uploads[c, "sealed"]
        half = recipient_half(header, who, device(who))
        index, pieces = open_clip(header, io.BytesIO(sealed), half, self.custodian.halves[c]["s_k"], c)
        return index, b"".join(pieces)
