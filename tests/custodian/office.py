# SPDX-License-Identifier: AGPL-3.0-or-later
"""A custodian beside a small real log, a home that seals real clips, and officers with real devices."""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sunporch.base.errors import Error
from sunporch.client import LogFolder
from sunporch.client.errors import SERVER_UNREACHABLE
from sunporch.clip import halves, keys
from sunporch.clip.header import Recipient
from sunporch.clip.index import Index
from sunporch.clip.open import open_clip, recipient_half
from sunporch.clip.seal import Sealed, seal
from sunporch.custodian.keeper import Deposit, Keeper, Kept, Opened
from sunporch.custodian.store import ROOT_NAME, Store
from sunporch.docket import custody
from sunporch.docket import entries as e
from sunporch.tlog.checkpoints import cosign
from sunporch.tlog.hashing import leaf_hash
from sunporch.tlog.proofs import inclusion
from sunporch.tlog.receipts import Receipt
from sunporch.verify.tail import Tail
from tests.verify.town import DAY, LOG_KEY, ORIGIN, LogTown, one_time, person

MEDIA = b"moof" * 5_000
"""What a clip holds: whoever has these bytes has seen it."""


INDEX = Index(
    camera="porch",
    start_ms=1,
    end_ms=2,
    media_type="video/mp4",
    media_sha256=hashlib.sha256(MEDIA).hexdigest(),
    media_sha512=hashlib.sha512(MEDIA).hexdigest(),
    original="00" * 32,
    redacted=1,
    reencoded=1,
    visible=0,
    sound=0,
    report="{}",
)


@dataclass
class Clip:
    """A sealed clip as the portal holds it, what the home gave away, and the key with which it shared."""

    number: int
    sealed: Sealed
    file: bytes
    kept: Kept
    share: int = -1

    @property
    def d(self):
        return one_time(self.number)


@dataclass
class Opening:
    """An opening on record: its leaf, its proof, and the officer's ephemeral private key."""

    leaf: bytes
    proof: str
    ephemeral: str


class Office:
    """The custodian's folder and what runs on it."""

    def __init__(self, tmp_path: Path) -> None:
        self.town = LogTown(tmp_path / "log")
        self.devices = {name: keys.generate() for name in ("diaz", "kim", "mallory", "reyes", "hall")}
        self.town.device = lambda name: keys.public(self.devices[name])
        self.town.found()
        self.folder = tmp_path / "custodian"
        self.folder.mkdir(mode=0o700)
        Store.create(self.folder).close()
        self.handed_in: list[str] = []
        self.log_is_down = False
        self.out_of_reach = "-"
        self.portal_is_down = False
        self.number = 0
        self.appeal = self.town.ask()
        self.town.cosign()
        self.start()

    # -- running -----------------------------------------------------------------------------------------------------

    def start(self) -> Keeper:
        mirror = self.folder / "mirror"
        mirror.mkdir(mode=0o700, exist_ok=True)
        arguments = (person("library"), self.town.pin, Store(self.folder), LogFolder(mirror), self.town.clock)
        self.keeper = Keeper(*arguments, self.fetch, self)
        return self.keeper

    def restart(self) -> Keeper:
        self.keeper.close()
        return self.start()

    def close(self) -> None:
        self.keeper.close()
        self.town.close()

    def fetch(self, path: str) -> bytes | None:
        if self.log_is_down or path.startswith(self.out_of_reach):
            raise SERVER_UNREACHABLE(where=path, reason="the log is down in this test")
        return self.town.fetch(path)

    def post_entry(self, note: str) -> None:
        """The portal: append what the custodian hands in, once, and have it co-signed."""
        if self.portal_is_down:
            raise SERVER_UNREACHABLE(reason="the portal is down in this test")
        if note not in self.handed_in:
            self.handed_in.append(note)
            self.town.append(note.encode())
        self.town.cosign()

    def tick(self) -> None:
        self.keeper.tick()

    def wait(self, **span: int) -> None:
        """Let time pass; the log shows a fresh checkpoint as it does hourly."""
        self.town.wait(**span)
        self.town.cosign()

    # -- the home ----------------------------------------------------------------------------------------------------

    def seal(self, **changes) -> tuple[Sealed, bytes]:
        target = io.BytesIO()
        fields = {
            "origin": ORIGIN,
            "request": self.appeal,
            "expires": custody.expiry(self.town.now, self.town.rules.retention_days),
            "custodian": "library",
            "recipients": [Recipient(name, keys.public(self.devices[name])) for name in ("diaz", "kim")],
        }
        sealed = seal([MEDIA], INDEX, target, **(fields | changes))
        return sealed, target.getvalue()

    def deposit(self, sealed: Sealed, number: int, **changes) -> Deposit:
        fields = {
            "c": sealed.c,
            "header": sealed.header.decode(),
            "salt": sealed.salt.hex(),
            "sealed_sha256": sealed.file_sha256.hex(),
            "s_k": sealed.s_k,
            "d": str(one_time(number).verifier),
        }
        return Deposit(**(fields | changes))

    def give(self) -> Clip:
        """Seal a clip and hand the half to the custodian; nothing is on record yet."""
        self.number += 1
        sealed, file = self.seal()
        return Clip(self.number, sealed, file, self.keeper.take(self.deposit(sealed, self.number)))

    def record(self, clip: Clip, **changes) -> int:
        clip.share = self.town.share(clip.number, clip.sealed.c, clip.kept.expires, clip.kept.receipt, **changes)
        self.town.cosign()
        return clip.share

    def share(self) -> Clip:
        clip = self.give()
        self.record(clip)
        return clip

    def withdrawal(self, clip: Clip) -> str:
        return self.town.note(e.Withdrawal, clip.d, disclosure=clip.share).decode()

    # -- the officer -------------------------------------------------------------------------------------------------

    def sign_opening(self, clip: Clip, *signers: str) -> Opening:
        """Sign an opening, have it recorded and co-signed, and fetch its proof."""
        ephemeral = keys.generate()
        index = self.town.open(clip.share, *signers, ephemeral=keys.public(ephemeral))
        self.town.cosign()
        return self.proven(index, ephemeral)

    def proven(self, index: int, ephemeral: str) -> Opening:
        tail = Tail(self.town.pin)
        tail.advance(self.town.fetch)
        return Opening(tail.leaf(index), tail.proof(index).encode().decode(), ephemeral)

    def ask(self, opening: Opening) -> Opened:
        return self.keeper.give(opening.leaf, opening.proof)

    def watch(self, clip: Clip, opening: Opening, opened: Opened, who: str = "diaz") -> bytes:
        """Open the clip with the custodian's answer and return what is seen."""
        s_k = halves.open_half(opened.half, opening.ephemeral, leaf_hash(opening.leaf))
        return unsealed(clip, s_k, who, self.devices[who])


def unsealed(clip: Clip, s_k: bytes, who: str, device: str) -> bytes:
    half = recipient_half(clip.sealed.header, who, device)
    _, media = open_clip(clip.sealed.header, io.BytesIO(clip.file), half, s_k, clip.sealed.c)
    return b"".join(media)


@dataclass
class Thief:
    """Takes copies of the custodian's folder, and tries everything with them afterwards."""

    office: Office
    folder: Path
    copies: list[Path] = field(default_factory=list)

    def copy(self, *, without_root: bool) -> Path:
        target = self.folder / f"copy-{len(self.copies)}"
        ignored = shutil.ignore_patterns(ROOT_NAME) if without_root else None
        shutil.copytree(self.office.folder, target, ignore=ignored)
        self.copies.append(target)
        return target


def refusal(act) -> str:
    """Return the id of the error that the act must raise."""
    try:
        act()
    except Error as error:
        return error.id
    raise AssertionError("it was not refused")


def fold_of(office):
    tail = Tail(office.town.pin)
    tail.advance(office.town.fetch)
    return tail.fold


def forged_proof(town, index, witnesses):
    """Return leaf and proof under a checkpoint with the log's real signature and those witnesses only."""
    note = town.writer.sign_checkpoint(LOG_KEY)
    note = note.with_signatures(*(cosign(key, note.text, town.now) for key in witnesses))
    path = tuple(inclusion(town.writer.read, index, town.size))
    return Receipt(index, path, note.encode()).encode().decode()


def fold_leaf(office, index):
    tail = Tail(office.town.pin)
    tail.advance(office.town.fetch)
    return tail.leaf(index)


def freeze(office, clip, days=90, holder="reyes"):
    index = office.town.put(e.Freeze, person(holder), disclosure=clip.share, until=office.town.now + days * DAY)
    office.town.cosign()
    return index
