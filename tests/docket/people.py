# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small town for tests: people with keys, a judge that says what a test wants, a log clock."""

from __future__ import annotations

from dataclasses import dataclass, field

import h3

from sunporch.base.digests import sha256
from sunporch.base.notekeys import SignerKey
from sunporch.docket import custody, wire
from sunporch.docket import entries as e
from sunporch.docket.fold import Fold
from sunporch.docket.verdict import Outcome, Terms, Verdict

ORIGIN = "demo.maple-street"
DAY = 86_400
START = 1_700_000_000 // DAY * DAY + 8 * 3600  # eight in the morning UTC of a day
ORI = "WA0170000"
OTHER_ORI = "WA0180000"
CENTRE = h3.latlng_to_cell(47.6205, -122.3493, 10)
CELLS = tuple(sorted(h3.grid_disk(CENTRE, 1)))
COMMENT_DAYS = 30
GRID = "aa" * 32
RETENTION = 60
OUTCOME_DAYS = 30


def person(name: str) -> SignerKey:
    """The same person has the same key in every run, so that a failing example can be replayed."""
    return SignerKey(name, sha256(b"test person", name.encode()))


def tlog_policy(log: str = "the log") -> str:
    """A trust policy of this log without co-signers; another `log`, another key."""
    return f"log {SignerKey(ORIGIN, sha256(b'test log', log.encode())).verifier}\nquorum none\n"


def device(name: str) -> str:
    return sha256(b"test device", name.encode()).hex()


@dataclass
class SteadyJudge:
    """Stands one floor up's place: permits all, unless told what to answer for an entry type."""

    answers: dict[str, Verdict] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def judge(self, entry, fold, now, signers=None):
        del fold, now, signers
        self.asked.append(entry.TYPE)
        return self.answers.get(entry.TYPE, Verdict(Outcome.PERMIT, terms=Terms(RETENTION, OUTCOME_DAYS)))


class Town:
    """A record under construction: `put` signs and appends, and hands back what the fold made of it."""

    def __init__(self, *, founded=True, partner=True, judge=None, cells=CELLS, bundle="bb" * 32, grid=GRID) -> None:
        self.judge = SteadyJudge() if judge is None else judge
        self.cells = cells
        self.bundle, self.grid = bundle, grid
        self.fold = Fold(ORIGIN, self.judge)
        self.now = START
        self.nonces = 0
        self.log: list[tuple[int, str, tuple, str]] = []  # time, text, keys that signed, flaw from outside
        self.at: dict[str, int] = {}  # name -> index
        if founded:
            self.found()
        if partner:
            self.enrol()

    # -- writing ---------------------------------------------------------------------------------------------------

    def text(self, kind, /, **fields) -> str:
        return wire.encode(fields.pop("origin", ORIGIN), self.make(kind, **fields))

    def make(self, kind, /, **fields):
        self.nonces += 1
        stamp = {"nonce": sha256(b"nonce", str(self.nonces).encode())[:16].hex()}
        if kind is not e.Withdrawal:
            stamp["not_after"] = self.now + 3600
        return kind(**{**stamp, **fields})

    def put(self, kind, /, *signers: str, flaw: str = "", **fields):
        return self.put_text(self.text(kind, **fields), *signers, flaw=flaw)

    def put_text(self, text: str, *signers: str, flaw: str = ""):
        return self.put_keys(text, tuple(person(name).verifier for name in signers), flaw)

    def put_keys(self, text: str, keys: tuple, flaw: str = ""):
        foretold = self.fold.would_apply(self.now, text, keys)
        record = self.fold.apply(self.fold.size, self.now, text, keys, flaw)
        if not flaw:
            assert foretold == record, "the dry run said something else"
        self.log.append((self.now, text, keys, flaw))
        return record

    def good(self, kind, /, *signers: str, **fields) -> int:
        record = self.put(kind, *signers, **fields)
        assert record.in_force, record.reason
        return record.index

    def wait(self, *, days: float = 0, seconds: int = 0) -> int:
        self.now += round(days * DAY) + seconds
        return self.now

    # -- a town's beginnings ---------------------------------------------------------------------------------------

    def community_fields(self, **changes):
        keys = tuple(str(person(name).verifier) for name in ("bell-1", "bell-2", "bell-3"))
        fields = {"name": "Maple Street", "keys": keys, "threshold": 2, "grid": self.grid}
        return fields | {"tlog_policy": tlog_policy(), "comment_days": COMMENT_DAYS} | changes

    def found(self) -> None:
        self.good(e.Community, "bell-1", "bell-2", **self.community_fields())
        self.at["policy"] = self.adopt()
        for name, role in (
            ("okafor", "reviewer"),
            ("reyes", "defence"),
            ("judge-hall", "court"),
            ("ito", "prosecutor"),
        ):
            receives = device(name) if role != "reviewer" else ""
            self.at[name] = self.enrol_key(name, role, x25519=receives)
        self.at["library"] = self.enrol_key("library", "custodian", url="http://localhost:8403", storage="hardware")
        self.at["portal"] = self.enrol_key("portal", "portal")

    def adopt(self, bundle: str = "", open_requests: str = "keep", days: int = COMMENT_DAYS) -> int:
        start = self.now + days * DAY
        fields = {"bundle": bundle or self.bundle, "in_force_from": start, "open_requests": open_requests}
        return self.good(e.Policy, "bell-1", "bell-2", **fields)

    def partnership_fields(self, agency: str = ORI, **changes):
        start = self.now + COMMENT_DAYS * DAY
        fields = {"agency": agency, "name": "Maple Police", "kind": "municipal", "instrument": "Ordinance 12"}
        fields |= {"link": "https://town.example/12", "hearing": self.now + 5 * DAY, "in_force_from": start}
        fields |= {"ends": start + 365 * DAY, "registrar": str(person(f"registrar-{agency}").verifier)}
        return fields | changes

    def enrol(self) -> None:
        fields = self.partnership_fields()
        self.at["partnership"] = self.good(e.Partnership, "bell-1", "bell-2", f"registrar-{ORI}", **fields)
        self.wait(days=COMMENT_DAYS)
        for name, role in (("diaz", "officer"), ("novak", "officer"), ("kim", "supervisor"), ("ross", "supervisor")):
            self.at[name] = self.enrol_key(name, role, agency=ORI, x25519=device(name))

    def key_fields(self, name: str, role: str, **changes):
        fields = {
            "key": str(person(name).verifier),
            "x25519": "",
            "role": role,
            "agency": "",
            "url": "",
            "storage": "",
        }
        return fields | changes

    def enrol_key(self, name: str, role: str, **changes) -> int:
        agency = changes.get("agency", "")
        signers = (f"registrar-{agency}",) if agency else ("bell-1", "bell-3")
        return self.good(e.KeyEntry, *signers, **self.key_fields(name, role, **changes))

    # -- asking and sharing ----------------------------------------------------------------------------------------

    def request_fields(self, **changes):
        fields = {"agency": ORI, "policy": self.at["policy"], "offence": "220", "purpose": "identify-suspect"}
        fields |= {"basis": "consent", "reach": "area", "case_tag": "cc" * 16, "flags": (), "cells": self.cells}
        fields |= {"from_": self.now - 7200, "to": self.now - 3600, "closes": self.now + 7 * DAY}
        fields |= {"recipients": (self.at["diaz"], self.at["kim"]), "narrative": "dd" * 32}
        return fields | changes

    def ask(self, **changes) -> int:
        return self.good(e.Request, "diaz", "kim", **self.request_fields(**changes))

    def share_fields(self, number: int = 0, **changes):
        d = str(person_d(number).verifier)
        c = sha256(b"clip", str(number).encode()).hex()
        expires = changes.pop("expires", custody.expiry(self.now, RETENTION))
        fields = {"agency": ORI, "c": c, "d": d, "d_x25519": device(f"d{number}"), "custodian": self.at["library"]}
        fields |= {"expires": expires, "redacted": 1, "visible": 0, "sound": 0}
        receipt = custody.sign(person("library"), ORIGIN, c, d, expires)
        return fields | {"receipt": receipt} | changes

    def put_share(self, number: int = 0, kind=e.Disclosure, flaw: str = "", **changes):
        text = self.text(kind, **self.share_fields(number, **changes))
        return self.put_keys(text, (person_d(number).verifier,), flaw)

    def share(self, number: int = 0, **changes) -> int:
        record = self.put_share(number, **changes)
        assert record.in_force, record.reason
        return record.index

    def put_withdrawal(self, disclosure: int, number: int = 0, flaw: str = ""):
        text = self.text(e.Withdrawal, disclosure=disclosure)
        return self.put_keys(text, (person_d(number).verifier,), flaw)

    def put_access(self, disclosure: int, *signers: str):
        return self.put(e.Access, *signers, disclosure=disclosure, e="ee" * 32, purpose="investigation")

    def put_freeze(self, disclosure: int, holder: str, days: int = 100):
        return self.put(e.Freeze, holder, disclosure=disclosure, until=self.now + days * DAY)

    def put_expiry(self, *disclosures: int, generation: int = 1, custodian: str = "library"):
        return self.put(e.Expiry, custodian, disclosures=disclosures, generation=generation)


def person_d(number: int) -> SignerKey:
    return SignerKey("disclosure", sha256(b"one-time key", str(number).encode()))
