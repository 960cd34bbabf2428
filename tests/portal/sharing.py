# SPDX-License-Identifier: AGPL-3.0-or-later
"""A running portal, a running key custodian, and a home that shares a film with officers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
from playwright.sync_api import expect

from sunporch.base.digests import from_base64, sha256, to_base64
from sunporch.base.notekeys import SignerKey
from sunporch.client import CustodianClient, PortalClient
from sunporch.clip import keys as clip_keys
from sunporch.clip.header import MAX_HEADER
from sunporch.docket import custody, entries
from sunporch.portal.record import PublicRecord
from tests.browser import DESKTOP
from tests.portal.running import WAIT_SECONDS, Portal, free_port, until
from tests.portal.street import AGENCY, ORIGIN, Street, totp_code
from tests.portal.test_clips import recorded_appeal
from tests.web.films import SealedFilm, sealed_film

NAME = "custodian-web"
# What a home receives messages with; of one home, so that tests can answer in its name.
HOME_X25519_PRIVATE = "5d" * 32
DIAZ, OPEN = "diaz-4f2a", "Put my opening on record and open the clip"
HOME_X25519 = clip_keys.public(HOME_X25519_PRIVATE)


class Custodian:
    """`sunporch custodian run` of a custodian that the street enrolled."""

    def __init__(self, street: Street, log_url: str) -> None:
        self.folder = street.folder / NAME
        self.port = free_port()
        record = PublicRecord(street.settings, street.clock)
        with record.reading():
            pin = record._tail.current_pin()
        (street.folder / "pin.json").write_text(pin.to_json())
        made = self._call(
            *("init", "--origin", ORIGIN, "--data", str(self.folder), "--log-url", log_url),
            *("--pin", str(street.folder / "pin.json"), "--name", NAME, "--port", str(self.port)),
        )
        said = json.loads(made)
        self.config = Path(said["config"])
        fields = {"key": said["key"], "x25519": "", "role": "custodian", "agency": ""}
        fields |= {"url": self.url, "storage": "file, best effort"}
        street.record(street.signed(entries.KeyEntry, "council-1", "council-2", **fields))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _call(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "sunporch.cli.main", "custodian", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_SECONDS)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "sunporch.cli.main", "custodian", "run", "--config", str(self.config)]
        self.process = subprocess.Popen(
            [*command, "--parent-pipe"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until(self._ready, "the custodian read the record")

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(WAIT_SECONDS)
            self.process = None


class Sharing:
    """A street whose portal and custodian run."""

    def __init__(self, street: Street) -> None:
        self.street = street
        self.request = recorded_appeal(street)
        port = free_port()
        self.url = f"http://localhost:{port}"
        # Enrolled before the portal runs: a log has one writer.
        self.custodian = Custodian(street, f"http://127.0.0.1:{port}/log")
        self.portal = Portal(street, port)

    def start(self) -> None:
        self.portal.wait_ready()
        self.custodian.start()

    def end(self) -> None:
        self.custodian.stop()
        self.portal.end()

    def share(self, media: bytes, described: bytes | None = None) -> tuple[int, SealedFilm, SignerKey]:
        """Share a film as a home does; return the clip's number, what was sealed, and the clip's own key."""
        names = ("diaz-4f2a", "kim-77b0")
        expires = custody.expiry(self.street.now(), 60)
        film = sealed_film(
            media,
            described,
            private={name: self.street.x25519_private[name] for name in names},
            origin=ORIGIN,
            request=self.request,
            expires=expires,
            custodian=NAME,
        )
        assert len(film.made.header) <= MAX_HEADER
        d, made = SignerKey.generate("disclosure"), film.made
        portal, custodian = PortalClient(self.url), CustodianClient(self.custodian.url)
        try:
            portal.upload_header(made.c, made.header)
            portal.upload_sealed(made.c, [film.file], len(film.file))
            kept = custodian.put_half(
                made.c,
                header=made.header.decode(),
                salt=made.salt.hex(),
                sealed_sha256=sha256(film.file).hex(),
                s_k=made.s_k,
                d=str(d.verifier),
            )
            fields = {"agency": AGENCY, "c": made.c, "d": str(d.verifier), "d_x25519": HOME_X25519}
            fields |= {"custodian": self.street.index_of(NAME), "expires": kept.expires, "receipt": kept.signature}
            note = self.street.signed(entries.Disclosure, d, **fields, redacted=1, visible=0, sound=0)
            return self.record(portal, note), film, d
        finally:
            portal.close()
            custodian.close()

    def record(self, portal: PortalClient, note: str) -> int:
        """Hand an entry in to the running portal and return its index."""
        taken = portal.post_entry(note)
        fate: dict = {}

        def recorded() -> bool:
            fate.update(portal.entry(taken["id"], wait=5))
            return fate["state"] != "queued"

        until(recorded, "the entry is on record", self.portal)
        assert fate["state"] == "recorded", fate
        return fate["index"]

    def put(self, kind, /, *signers: str | SignerKey, **fields) -> int:
        """Have people of the street say something on record."""
        portal = PortalClient(self.url)
        try:
            return self.record(portal, self.street.signed(kind, *signers, **fields))
        finally:
            portal.close()

    def home_reads(self, c: str, d: SignerKey) -> list[dict]:
        """Return what the mailbox holds about a clip, as its home asks for it; `text` where it is for the home."""
        portal = PortalClient(self.url)
        try:
            found = portal.mailbox(c, self._authorization(c, d))
        finally:
            portal.close()
        private = clip_keys.load_private(HOME_X25519_PRIVATE)
        for item in found:
            if item["to"] == "disclosure":
                sealed = from_base64(item["sealed"], "the message")
                item["text"] = clip_keys.SUITE.decrypt(sealed, private, info=message_info(c, "disclosure")).decode()
        return found

    def home_writes(self, c: str, d: SignerKey, text: str, *names: str) -> None:
        """Answer in the home's name, sealed to each of these people."""
        for name in names:
            sealed = clip_keys.encrypt(text.encode(), self.street.x25519[name], message_info(c, name))
            self.mail(c, d, name, to_base64(sealed))

    def mail(self, c: str, d: SignerKey, to: str, sealed: str) -> None:
        """Leave a sealing in the mailbox in the home's name."""
        portal = PortalClient(self.url)
        try:
            portal.post_message(c, {"to": to, "sealed": sealed}, self._authorization(c, d))
        finally:
            portal.close()

    def _authorization(self, c: str, d: SignerKey) -> str:
        now = self.street.now()
        return f"Sunporch-D {now} {to_base64(d.sign(f'sunporch/mailbox/v1\n{ORIGIN}\n{c}\n{now}\n'.encode()))}"

    def custodian_reads(self, index: int) -> None:
        """Wait until the custodian has read the entry."""
        status = f"{self.custodian.url}/status"
        until(lambda: httpx.get(status, trust_env=False).json()["size"] > index, "the custodian read on", self.portal)

    def key_file(self, name: str) -> bytes:
        """Return the key file of a person's device as `sunporch desk key` writes it."""
        return f"{self.street.keys[name].secret_text()}\n{self.street.x25519_private[name]}\n".encode()


class Officer:
    """Somebody at a browser who signs in with password and code."""

    def __init__(self, people, sharing: Sharing, name: str = DIAZ, size=DESKTOP, address: str = "") -> None:
        self.name, self.sharing = name, sharing
        self.window = people.window(address or sharing.url, size, also=(sharing.custodian.url,))
        self.page = self.window.page

    def sign_in(self) -> None:
        account = self.sharing.street.account_of(self.name)
        self.page.get_by_label("Name").fill(account.username)
        self.page.get_by_label("Password").fill(account.password)
        self.page.get_by_role("button", name="Continue").click()
        self.page.get_by_label("Code").fill(totp_code(account.totp_secret))
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def import_keys(self) -> None:
        self.page.goto("/work/device/")
        file = {"name": "officer.key", "mimeType": "text/plain", "buffer": self.sharing.key_file(self.name)}
        self.page.get_by_label("Key file").set_input_files(file)
        expect(self.page.get_by_text("on the public record", exact=True)).to_be_visible()

    def opens(self, clip: int) -> None:
        self.page.goto(f"/work/clips/{clip}/")
        self.page.get_by_role("button", name=OPEN).click()


def message_info(c: str, name: str) -> bytes:
    """Return the HPKE info of a message to `name` (spec/sealed-clip.md 6.1)."""
    return b"sunporch/message/v1\0" + c.encode() + b"\0" + name.encode()


def openings(street: Street) -> list[int]:
    """Return the indices of all openings in force on the published record."""
    return [r.index for r in street.state().records if r.in_force and isinstance(r.entry, entries.Access)]
