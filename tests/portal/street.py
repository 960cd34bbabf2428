# SPDX-License-Identifier: AGPL-3.0-or-later
"""The street on which the portal's tests play: a town with keys, real co-signers, rules and a partner agency.

Everything goes through the portal's own front: `init`, its database file, its outbox, its sequencer. The co-signers
are the real ones behind real HTTP. The town is founded once a session and copied for each test.
"""

from __future__ import annotations

import http.server
import json
import os
import shutil
import threading
import time
from dataclasses import asdict
from pathlib import Path

import h3
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client

from sunporch.base.clock import OFFSET_VARIABLE, SystemClock
from sunporch.base.digests import sha256
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.clip import keys as clip_keys
from sunporch.clip.header import ENCAPSULATION_SIZE, Header, Recipient
from sunporch.docket import custody, entries, wire
from sunporch.docket.blobs import Blob
from sunporch.policy import grid_text, presets
from sunporch.policy.sample_town import maple_street
from sunporch.portal import config, founding, schema
from sunporch.portal.agencies import actions as agency_actions
from sunporch.portal.agencies import enrolment
from sunporch.portal.appeals.casetags import case_tag
from sunporch.portal.board import entries as board_entries
from sunporch.portal.board import store
from sunporch.portal.board.models import Outgoing
from sunporch.portal.record import PublicRecord
from sunporch.portal.sequencer.loop import Sequencer
from sunporch.tlog.notes import Note, sign
from sunporch.witness.cosigner import Conflict, Cosigner
from sunporch.witness.memory import Memory

ORIGIN = "demo.maple-street"
AGENCY, OTHER_AGENCY = "MN0620800", "MN0620900"
DAYS_BACK = 100
DAY = 86_400
WITNESSES = ("library", "newspaper", "university", "neighbour")
QUORUM = 3
SENDING_SECONDS = 3
TOWN = maple_street()
CASE = "24-001234"
SIGN_IN = "/_allauth/app/v1/auth"
NARRATIVE = (
    "A blue pickup truck with a dented left door backed into a garage and left north along the alley; two people in "
    "dark jackets loaded a bicycle and several boxes before driving away quickly."
)
# People of the record: name, role, agency.
PEOPLE = {
    "diaz-4f2a": ("officer", AGENCY),
    "nowak-11aa": ("officer", AGENCY),
    "kim-77b0": ("supervisor", AGENCY),
    "lopez-90cd": ("supervisor", AGENCY),
    "okafor-2c1d": ("reviewer", ""),
    "reyes-8e8e": ("defence", ""),
    "stone-0a0a": ("officer", OTHER_AGENCY),
    "marsh-0b0b": ("supervisor", OTHER_AGENCY),
}


class WitnessServer:
    """A real co-signer behind real HTTP in a thread of this process."""

    def __init__(self, name: str, folder: Path, log_key, clock) -> None:
        self.name = name
        self._folder = folder
        self._log_key, self._clock = log_key, clock
        self.next_log_key = None
        key_file = folder / f"{name}.key"
        if not key_file.exists():
            key_file.write_text(SignerKey.generate(name, COSIGNATURE).secret_text())
            Memory.create(folder / f"{name}.sqlite3")
        self.signer = SignerKey.parse(key_file.read_text())
        self._server = None
        self.port = 0

    def start(self) -> None:
        self._memory = Memory(self._folder / f"{self.name}.sqlite3")
        cosigner = Cosigner(self.signer, self._log_key, self._memory, self._clock, self.next_log_key)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    answer, status = cosigner.add_checkpoint(body), 200
                except Exception as error:  # noqa: BLE001 - a test server hands every refusal back
                    answer, status = json.dumps({"error": error.as_json()}), 422
                kind = "text/plain"
                if isinstance(answer, Conflict):
                    answer, status, kind = f"{answer.size}\n", 409, "text/x.tlog.size"
                data = answer.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._memory.close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Street:
    """One town: folder, clock, keys, co-signers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "portal"
        self.offset_file = folder / "clock"
        self.clock = SystemClock(self.offset_file)
        self.witnesses: list[WitnessServer] = []
        self.keys: dict[str, SignerKey] = {}
        self.x25519_private = {name: sha256(name.encode()).hex() for name in PEOPLE}
        self.x25519 = {name: clip_keys.public(private) for name, private in self.x25519_private.items()}

    # Making and opening -----------------------------------------------------------------------------------------

    @classmethod
    def found(cls, folder: Path, seconds_back: int = DAYS_BACK * DAY) -> Street:
        """Make the town so long ago, with rules, partner and people, up to a co-signed record."""
        street = cls(folder)
        street.offset_file.write_text(str(-seconds_back))
        founding.init(ORIGIN, street.data, 0, [])
        (folder / "people").mkdir(mode=0o700)
        for name in ("council-1", "council-2", "registrar-1", "registrar-2", "custodian-lib", *PEOPLE):
            (folder / "people" / name).write_text(SignerKey.generate(name).secret_text())
        street.open()
        call_command("migrate", verbosity=0)
        schema.stamp(street.settings.database)
        street._adopt()
        accounts = {name: street.account(name) for name in PEOPLE}
        tokens = {name: sign_in(account) for name, account in accounts.items()}
        (folder / "tokens.json").write_text(json.dumps(tokens))
        (folder / "accounts.json").write_text(json.dumps({name: asdict(made) for name, made in accounts.items()}))
        return street

    @classmethod
    def copy(cls, seed: Path, folder: Path) -> Street:
        """Copy a founded town for one test."""
        shutil.copytree(seed, folder, dirs_exist_ok=True)
        street = cls(folder)
        street.open()
        return street

    def open(self) -> None:
        """Start the co-signers and point Django at the town's folder and database file."""
        os.environ[OFFSET_VARIABLE] = str(self.offset_file)
        self.keys = {path.name: SignerKey.parse(path.read_text()) for path in (self.folder / "people").iterdir()}
        self.log_key = founding.read_key(self.data / "keys" / founding.LOG_KEY).verifier
        self.portal_key = founding.read_key(self.data / "keys" / founding.PORTAL_KEY)
        (self.folder / "witnesses").mkdir(mode=0o700, exist_ok=True)
        self.witnesses = [
            WitnessServer(name, self.folder / "witnesses", self.log_key, self.clock) for name in WITNESSES
        ]
        for witness in self.witnesses:
            witness.start()
        self.settings = config.Settings(
            origin=ORIGIN,
            data_dir=self.data,
            secret_key=settings.SECRET_KEY,
            witnesses=[witness.url for witness in self.witnesses],
        )
        settings.SUNPORCH = self.settings
        connections["default"].close()
        connections.settings["default"]["NAME"] = str(self.settings.database)

    def close(self) -> None:
        connections["default"].close()
        for witness in self.witnesses:
            witness.stop()

    # Time and signing -------------------------------------------------------------------------------------------

    def now(self) -> int:
        return self.clock.now()

    def advance(self, seconds: int) -> None:
        self.offset_file.write_text(str(int(self.offset_file.read_text()) + seconds))

    def signed(self, kind, /, *signers: str | SignerKey, **fields) -> str:
        """Return the note of an entry of the type, signed by people of the street."""
        if kind is not entries.Withdrawal:
            fields.setdefault("not_after", self.now() + 3600)
        entry = kind(nonce=wire.new_nonce(), **fields)
        keys = [self.keys[s] if isinstance(s, str) else s for s in signers]
        return sign(wire.encode(ORIGIN, entry), keys).encode().decode()

    def post(self, note: str, *blobs: Blob) -> str:
        """Hand an entry in and return its id."""
        texts = [{"salt": blob.salt.hex(), "text": blob.text} for blob in blobs]
        return board_entries.take(note, texts, self.now()).id

    def drain(self) -> None:
        """Let a sequencer record everything that waits."""
        sequencer = Sequencer(self.settings, self.clock)
        try:
            while sequencer.turn():
                pass
        finally:
            sequencer.close()

    def record(self, note: str, *blobs: Blob) -> int:
        """Hand an entry in, have it recorded, return its index."""
        entry_id = self.post(note, *blobs)
        self.drain()
        row = store.outgoing(entry_id)
        assert row is not None
        assert row.state == "recorded", row.reason
        assert row.index is not None
        return row.index

    def state(self):
        """Return the fold of the published log, read anew."""
        with PublicRecord(self.settings, self.clock).reading() as fold:
            return fold

    # The town ---------------------------------------------------------------------------------------------------

    def trust_policy(self) -> str:
        lines = [f"log {self.log_key}"]
        lines += [f"witness {witness.name} {witness.signer.verifier}" for witness in self.witnesses]
        lines += [f"group town {QUORUM} {' '.join(WITNESSES)}", "quorum town"]
        return "\n".join(lines) + "\n"

    def _adopt(self) -> None:
        council = ("council-1", "council-2")
        grid = Blob.new(grid_text(TOWN.grid))
        self.record(
            self.signed(
                entries.Community,
                *council,
                name="Maple Street",
                keys=tuple(str(self.keys[name].verifier) for name in council),
                threshold=2,
                grid=grid.commitment,
                tlog_policy=self.trust_policy(),
                comment_days=0,
            ),
            grid,
        )
        rules = Blob.new(presets.make("consent", TOWN.grid, TOWN.places, name="Maple Street"))
        begin = self.now() + 60
        self.post(
            self.signed(entries.Policy, *council, bundle=rules.commitment, in_force_from=begin, open_requests="keep"),
            rules,
        )
        for agency, registrar in ((AGENCY, "registrar-1"), (OTHER_AGENCY, "registrar-2")):
            self.post(
                self.signed(
                    entries.Partnership,
                    *council,
                    registrar,
                    agency=agency,
                    name=f"Police of {agency}",
                    kind="municipal",
                    instrument="Resolution 12",
                    link="https://example.org/12",
                    hearing=self.now() - DAY,
                    in_force_from=begin,
                    ends=self.now() + 80 * DAY,
                    registrar=str(self.keys[registrar].verifier),
                )
            )
        self.drain()
        self.advance(120)
        self._enrol(council)
        self.drain()

    def _enrol(self, council: tuple[str, str]) -> None:
        registrars = {AGENCY: ("registrar-1",), OTHER_AGENCY: ("registrar-2",), "": council}
        for name, (role, agency) in PEOPLE.items():
            self.post(
                self.key_note(
                    name, role, agency, registrars[agency], x25519="" if role == "reviewer" else self.x25519[name]
                )
            )
        self.post(
            self.key_note(
                "custodian-lib", "custodian", "", council, url="http://127.0.0.1:1", storage="file, best effort"
            )
        )
        self.keys[self.portal_key.name] = self.portal_key
        self.post(self.key_note(self.portal_key.name, "portal", "", council))

    def key_note(self, name, role, agency, signers, x25519="", url="", storage=""):
        key = str(self.keys[name].verifier)
        values = {"key": key, "x25519": x25519, "role": role, "agency": agency, "url": url, "storage": storage}
        return self.signed(entries.KeyEntry, *signers, **values)

    def index_of(self, name: str) -> int:
        return self.state().names[name].index

    # Appeals and clips ------------------------------------------------------------------------------------------

    def appeal(self, officer: str = "diaz-4f2a", **changes) -> tuple[str, Blob]:
        """Return an appeal that the rules allow, signed by the officer, and its narrative."""
        state = self.state()
        agency = PEOPLE[officer][1]
        supervisor = next(name for name, (role, of) in PEOPLE.items() if role == "supervisor" and of == agency)
        narrative = Blob.new(changes.pop("text", NARRATIVE))
        start = self.now() - 7200 - self.now() % 60
        fields = {
            "agency": agency,
            "policy": state.policy_in_force(self.now()).index,
            "offence": "220",
            "purpose": "identify-suspect",
            "basis": "consent",
            "reach": "area",
            "case_tag": case_tag(agency, CASE),
            "flags": (),
            "cells": tuple(sorted(h3.grid_disk(TOWN.centre, 1))),
            "from_": start,
            "to": start + 3600,
            "closes": self.now() + 2 * DAY,
            "recipients": (state.names[officer].index, state.names[supervisor].index),
            "narrative": narrative.commitment,
        }
        return self.signed(entries.Request, officer, **(fields | changes)), narrative

    def cosign(self, note: str, name: str) -> str:
        """Return the note with one more signature."""
        parsed = Note.parse(note.encode())
        return parsed.with_signatures(*sign(parsed.text, [self.keys[name]]).signatures).encode().decode()

    def clip(self, request: int) -> tuple[str, bytes, bytes, SignerKey]:
        """Return c, header, sealed bytes and the clip's key of an answer to the request (no footage is in it)."""
        state = self.state()
        asked = state.requests[request].entry
        devices = [state.key_at(index) for index in asked.recipients]
        header = Header(
            id=os.urandom(16).hex(),
            origin=ORIGIN,
            request=request,
            expires=custody.expiry(self.now(), 60),
            custodian="custodian-lib",
            recipients=tuple(Recipient(device.name, device.x25519) for device in devices),
            encapsulations={device.name: os.urandom(ENCAPSULATION_SIZE) for device in devices},
        ).encode()
        sealed = os.urandom(70_000)
        return sha256(header, sealed).hex(), header, sealed, SignerKey.generate("disclosure")

    def disclosure(self, c: str, d: SignerKey, agency: str = AGENCY) -> str:
        """Return the note by which a home shares the clip, with the custodian's receipt."""
        expires = custody.expiry(self.now(), 60)
        receipt = custody.sign(self.keys["custodian-lib"], ORIGIN, c, str(d.verifier), expires)
        return self.signed(
            entries.Disclosure,
            d,
            agency=agency,
            c=c,
            d=str(d.verifier),
            d_x25519="ab" * 32,
            custodian=self.index_of("custodian-lib"),
            expires=expires,
            receipt=receipt,
            redacted=1,
            visible=0,
            sound=0,
        )

    # People -----------------------------------------------------------------------------------------------------

    def account(self, name: str) -> agency_actions.NewAccount:
        return agency_actions.add_account("operator", self.now(), f"Person {name}", name)

    def operator(self, username: str) -> None:
        """Make an operator's account, as whoever follows the address in the terminal does."""
        made = enrolment.invite_operator("root", "Pat Op", username, self.now())
        enrolment.accept(
            made.token, "four words and more", totp_code(enrolment.totp_secret(made.invitation)), self.now()
        )

    def account_of(self, name: str) -> agency_actions.NewAccount:
        """Return the password and the code's secret that the person was given."""
        return agency_actions.NewAccount(**json.loads((self.folder / "accounts.json").read_text())[name])

    def rows(self) -> dict[str, Outgoing]:
        return {row.id: row for row in Outgoing.objects.all()}


class Visitor:
    """Somebody at the portal's API, signed in as an app would be, or not at all."""

    def __init__(self, street: Street, name: str = "", token: str = "") -> None:
        self._client = Client(headers={"host": "localhost"})
        self.name = name
        if name and not token:
            token = json.loads((street.folder / "tokens.json").read_text())[name]
        self._headers = {"X-Session-Token": token} if token else {}

    def get(self, path: str, **headers):
        return self._client.get(path, headers=self._headers | headers)

    def post(self, path: str, /, **body):
        return self._client.post(path, body, content_type="application/json", headers=self._headers)

    def form(self, path: str, /, **fields):
        """Post a page's form."""
        return self._client.post(path, fields, headers=self._headers)

    def put(self, path: str, data: bytes, **headers):
        return self._client.generic(
            "PUT", path, data, content_type="application/octet-stream", headers=self._headers | headers
        )

    def submit(self, note: str, narrative: Blob, case_number: str = CASE, **more):
        text = {"salt": narrative.salt.hex(), "text": narrative.text}
        return self.post("/api/v1/drafts", note=note, narrative=text, case_number=case_number, **more)


def sign_in(account: agency_actions.NewAccount) -> str:
    """Sign in with password and code through the site's own door; return the session token."""
    client = Client(headers={"host": "localhost"})
    login = {"username": account.username, "password": account.password}
    answer = client.post(f"{SIGN_IN}/login", login, content_type="application/json")
    assert answer.status_code == 401, answer.content
    token = answer.json()["meta"]["session_token"]
    answer = client.post(
        f"{SIGN_IN}/2fa/authenticate",
        {"code": totp_code(account.totp_secret)},
        content_type="application/json",
        headers={"X-Session-Token": token},
    )
    assert answer.status_code == 200, answer.content
    return answer.json()["meta"]["session_token"]


def let_in(street: Street, name: str) -> Visitor:
    """Return somebody with an account, signed in: a session's key is a program's token too."""
    client = Client()
    client.force_login(User.objects.get(username=name))
    return Visitor(street, name, client.cookies["portal_session"].value)


def totp_code(secret: str) -> str:
    """Return the code of now (RFC 6238), by the wall clock as phones do; a code about to end is waited out."""
    if (left := 30 - time.time() % 30) < SENDING_SECONDS:
        time.sleep(left)
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def error_of(answer) -> str:
    """Return the id of the error in an answer."""
    return answer.json()["error"]["id"]
