# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real small log on disk: its own key, four witnesses, real notes, blobs and rules, under a clock that is told."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import h3

from sunporch.base.clock import ManualClock
from sunporch.base.digests import sha256
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.docket import custody, wire
from sunporch.docket import entries as e
from sunporch.docket.blobs import Blob
from sunporch.policy import grid_text, parse_bundle, presets
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.hashing import leaf_hash
from sunporch.tlog.notes import Note, sign
from sunporch.tlog.policies import TrustPolicy
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify.pin import Pin
from sunporch.verify.tail import Tail

ORIGIN = "demo.maple-street"
DAY = 86_400
START = 1_790_000_000 // DAY * DAY + 8 * 3600
ORI = "MA0120100"
OTHER_ORI = "MA0130100"
COMMENT_DAYS = 7
CENTRE = h3.latlng_to_cell(42.3736, -71.1097, 10)
TOWN_CELLS = sorted(h3.grid_disk(CENTRE, 8))
CELLS = tuple(sorted(h3.grid_disk(CENTRE, 1)))
GRID = dict.fromkeys(TOWN_CELLS, 30)
CROWDED = Blob(b"\x02" * 16, presets.make("consent", dict.fromkeys(TOWN_CELLS, 300), [], ["en"]))  # ten times as many
GRID_BLOB = Blob(b"\x01" * 16, grid_text(GRID))
COMPLAINT = {"agency": "", "about": -1, "code": "filmed", "received": START, "text": ""}
LOG_KEY = SignerKey(ORIGIN, sha256(b"log"))
WITNESSES = tuple(SignerKey(f"witness-{n}", sha256(b"witness", bytes([n])), COSIGNATURE) for n in range(1, 5))


def person(name: str) -> SignerKey:
    return SignerKey(name, sha256(b"person", name.encode()))


def one_time(number: int) -> SignerKey:
    return SignerKey("disclosure", sha256(b"one-time", b"%d" % number))


def tlog_policy(witnesses=WITNESSES, quorum: int = 3, log: SignerKey = LOG_KEY) -> str:
    lines = [f"log {log.verifier}"]
    lines += [f"witness {key.name} {key.verifier}" for key in witnesses]
    lines += [f"group quorum {quorum} {' '.join(key.name for key in witnesses)}", "quorum quorum"]
    return "".join(f"{line}\n" for line in lines)


@dataclass
class LogTown:
    """A record under construction. `put` appends, `cosign` shows what was appended."""

    folder: Path
    preset: str = "consent"
    now: int = START
    keys: dict[str, int] = field(default_factory=dict)
    size: int = 0
    chance: Callable[[int], bytes] = secrets.token_bytes

    def __post_init__(self) -> None:
        self.writer = Writer(DirectoryStorage(self.folder))
        self.clock = ManualClock(self.now)
        self.bundle = Blob(bytes(16), presets.make(self.preset, GRID, [], ["en"]))
        self.rules = parse_bundle(self.bundle.text)
        self.policy_text = tlog_policy()
        self.witnesses = WITNESSES
        self.log_keys = (LOG_KEY,)
        self.device = device

    def close(self) -> None:
        self.writer.close()

    # -- writing -----------------------------------------------------------------------------------------------------

    def wait(self, *, days: float = 0, seconds: int = 0) -> int:
        self.now += round(days * DAY) + seconds
        self.clock.advance(self.now - self.clock.now())
        return self.now

    def make(self, kind, /, **fields):
        stamp = {"nonce": self.chance(16).hex()}
        if kind is not e.Withdrawal:
            stamp["not_after"] = self.now + 3600
        return kind(**(stamp | fields))

    def note(self, kind, /, *signers: SignerKey, **fields) -> bytes:
        return sign(wire.encode(ORIGIN, self.make(kind, **fields)), signers).encode()

    def append(self, note: bytes, time: int | None = None) -> int:
        return self.append_leaf(wire.leaf(self.now if time is None else time, note))

    def append_leaf(self, leaf: bytes) -> int:
        index = self.writer.append([leaf])
        self.size = index + 1
        return index

    def put(self, kind, /, *signers: SignerKey, **fields) -> int:
        return self.append(self.note(kind, *signers, **fields))

    def small(self) -> int:
        """Append an entry that is in force and changes little."""
        return self.put(e.Complaint, person("portal"), **COMPLAINT)

    def blob(self, blob: Blob) -> str:
        path = self.folder / "blob" / blob.commitment
        path.parent.mkdir(exist_ok=True)
        path.write_text(blob.to_json(), encoding="utf-8")
        return blob.commitment

    def cosign(self, *, by=None, time: int | None = None) -> Note:
        """Sign a checkpoint, let the witnesses co-sign it at `time`, publish it."""
        note = self.writer.sign_checkpoint(*self.log_keys)
        when = self.now if time is None else time
        note = note.with_signatures(*(cosign(key, note.text, when) for key in by or self.witnesses))
        self.writer.keep_checkpoint(TrustPolicy.parse(self.policy_text).open(note.encode(), ORIGIN))
        return note

    def fetch(self, path: str) -> bytes | None:
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    @property
    def pin(self) -> Pin:
        first = wire.leaf(START, self.first)
        return Pin(ORIGIN, leaf_hash(first), tlog_policy())

    # -- a town's beginnings -----------------------------------------------------------------------------------------

    def found(self) -> LogTown:
        """Found the community, adopt rules, enrol offices, take a partner, enrol its people."""
        council = [person("bell-1"), person("bell-2")]
        self.first = self.note(
            e.Community,
            *council,
            name="Maple Street",
            keys=tuple(str(person(f"bell-{n}").verifier) for n in (1, 2, 3)),
            threshold=2,
            grid=self.blob(GRID_BLOB),
            tlog_policy=self.policy_text,
            comment_days=COMMENT_DAYS,
        )
        self.append(self.first)
        self.keys["policy"] = self.adopt(self.bundle)
        for name, role in (("okafor", "reviewer"), ("reyes", "defence"), ("hall", "court"), ("portal", "portal")):
            self.enrol(name, role, x25519=self.device(name) if role in ("defence", "court") else "")
        self.enrol("library", "custodian", url="http://localhost:8403", storage="file, best effort")
        self.cosign()
        self.keys["partnership"] = self.partner(ORI)
        self.partner(OTHER_ORI)
        self.cosign()
        self.wait(days=COMMENT_DAYS)
        for name, role in (("diaz", "officer"), ("kim", "supervisor")):
            self.enrol(name, role, agency=ORI, x25519=self.device(name))
        self.enrol("mallory", "officer", agency=OTHER_ORI, x25519=device("mallory"))
        self.cosign()
        return self

    def adopt(self, bundle: Blob, days: int = COMMENT_DAYS) -> int:
        fields = {"in_force_from": self.now + days * DAY, "open_requests": "keep"}
        return self.put(e.Policy, person("bell-1"), person("bell-2"), bundle=self.blob(bundle), **fields)

    def partner(self, ori: str) -> int:
        begins = self.now + COMMENT_DAYS * DAY
        return self.put(
            e.Partnership,
            person("bell-1"),
            person("bell-2"),
            person(f"registrar-{ori}"),
            agency=ori,
            name="Maple Police",
            kind="municipal",
            instrument="Ordinance 12",
            link="https://town.example/12",
            hearing=self.now + DAY,
            in_force_from=begins,
            ends=begins + 365 * DAY,
            registrar=str(person(f"registrar-{ori}").verifier),
        )

    def enrol(self, name: str, role: str, **fields) -> None:
        fields = {"x25519": "", "agency": "", "url": "", "storage": ""} | fields
        ori = fields["agency"]
        signers = [person(f"registrar-{ori}")] if ori else [person("bell-1"), person("bell-3")]
        self.keys[name] = self.put(e.KeyEntry, *signers, key=str(person(name).verifier), role=role, **fields)

    def change_log_key(self, key: SignerKey) -> int:
        """Name another log key in a `trust` entry and show it as a portal does: signed by the old key and the new."""
        policy = tlog_policy(log=key)
        keys = tuple(str(person(f"bell-{n}").verifier) for n in (1, 2, 3))
        fields = {"predecessor": self.keys.get("trust", 0), "keys": keys, "threshold": 2, "tlog_policy": policy}
        fields["grid"] = GRID_BLOB.commitment
        council = (person("bell-1"), person("bell-2"))
        self.keys["trust"] = self.put(e.Trust, *council, comment_days=COMMENT_DAYS, **fields)
        self.log_keys = (*self.log_keys, key)
        self.cosign()
        self.log_keys, self.policy_text = (key,), policy
        return self.keys["trust"]

    # -- asking and sharing ------------------------------------------------------------------------------------------

    def ask(self, *signers: str, **changes) -> int:
        narrative = self.blob(Blob(self.chance(16), "A man in a red coat left the shop at noon."))
        fields = {"agency": ORI, "policy": self.keys["policy"], "offence": "220", "purpose": "identify-suspect"}
        fields |= {"basis": "consent", "reach": "area", "case_tag": self.chance(16).hex(), "flags": ()}
        fields |= {"cells": CELLS, "from_": self.now - 7200, "to": self.now - 3600, "closes": self.now + 5 * DAY}
        fields |= {"recipients": (self.keys["diaz"], self.keys["kim"]), "narrative": narrative}
        return self.put(e.Request, *(person(name) for name in signers or ("diaz", "kim")), **(fields | changes))

    def share(self, number: int = 0, c: str = "", expires: int = 0, receipt: str = "", **changes) -> int:
        d = one_time(number)
        c = c or sha256(b"clip", b"%d" % number).hex()
        expires = expires or custody.expiry(self.now, self.rules.retention_days)
        receipt = receipt or custody.sign(person("library"), ORIGIN, c, str(d.verifier), expires)
        fields = {"agency": ORI, "c": c, "d": str(d.verifier), "d_x25519": device("d"), "expires": expires}
        fields |= {"custodian": self.keys["library"], "receipt": receipt, "redacted": 1, "visible": 0, "sound": 0}
        return self.put(e.Disclosure, d, **(fields | changes))

    def open(self, disclosure: int, *signers: str, ephemeral: str = "") -> int:
        fields = {"disclosure": disclosure, "e": ephemeral or device("e"), "purpose": "investigation"}
        return self.put(e.Access, *(person(name) for name in signers or ("diaz",)), **fields)


def device(name: str) -> str:
    return sha256(b"device", name.encode()).hex()


class Mirror(dict):
    """What `keep` was handed, as a door keeps it: a replacement for the log after a restart."""

    def keep(self, path, data):
        if data is None:
            del self[path]
        else:
            self[path] = data


def tailing(town):
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    return tail


def put_trust(town, **changes):
    keys = tuple(str(person(f"bell-{n}").verifier) for n in (1, 2, 3))
    fields = {"predecessor": 0, "keys": keys, "threshold": 2, "comment_days": COMMENT_DAYS}
    fields |= {"grid": GRID_BLOB.commitment, "tlog_policy": town.policy_text}
    return town.put(e.Trust, person("bell-1"), person("bell-2"), **(fields | changes))
