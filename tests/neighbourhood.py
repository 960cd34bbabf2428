# SPDX-License-Identifier: AGPL-3.0-or-later
"""A neighbourhood in miniature, in virtual time: one record, many readers of it, and the lies they can be told.

People ask, share, open, withdraw and let time pass, in an order drawn from a seed; hubs, custodian, portal and a
journalist read the record whenever they like, stay away, restart from their own copy, and are lied to by whoever
serves it. The pure rooms are the real ones (`tlog`, `docket`, `policy`, `verify`); nothing is mocked.

What must hold after every step: whoever read up to a size knows exactly what everybody knows who read up to it; a lie
is named and changes nothing; what the rules forbid is void for all. A failure is replayed by its seed.
"""

from __future__ import annotations

import random
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import h3

from sunporch.base.errors import Error
from sunporch.docket import entries as e
from sunporch.docket.lifecycle import ClipPhase
from sunporch.docket.state import Status
from sunporch.docket.wire import split_leaf
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify.tail import Tail
from tests.verify.town import CENTRE, CROWDED, DAY, WITNESSES, LogTown, one_time, person

READERS = ("ana", "omar", "lee", "custodian", "portal", "ruth")
TOO_WIDE = tuple(sorted(h3.grid_disk(CENTRE, 6)))
SEASON_DAYS = (0.01, 1, 7, 61)


@dataclass
class Reader:
    """Somebody who reads the record and keeps a copy of it."""

    tail: Tail
    copy: dict[str, bytes] = field(default_factory=dict)

    def keep(self, path: str, data: bytes | None) -> None:
        """Keep a file, or forget it."""
        if data is None:
            self.copy.pop(path, None)
        else:
            self.copy[path] = data


class Neighbourhood:
    """One run; `told` says what happened, for whoever replays the seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.town = LogTown(folder / "log").found()
        self.readers = {name: Reader(Tail(self.town.pin)) for name in READERS}
        self.reference = Tail(self.town.pin)
        self.truth: dict[int, object] = {}
        self.clips: dict[int, int] = {}  # disclosure -> number of its one-time key
        self.forbidden: list[int] = []
        self.generation = 0
        self.lies = 0
        self.told: list[str] = []
        self._publish()

    def close(self) -> None:
        """Close the files."""
        self.town.close()

    def run(self, steps: int) -> None:
        """Play so many steps, then let everybody read the truth."""
        for _ in range(steps):
            step = self.chance.choice((self._act, self._act, self._read, self._read, self._restart, self._lie))
            step()
        for name in READERS:
            self._advance(name)
        for index in self.forbidden:
            assert all(r.tail.fold.records[index].status is Status.VOID for r in self.readers.values()), index

    # What people do -------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        acts = (
            self._ask,
            self._ask_too_much,
            self._ask_alone,
            self._adopt_crowded,
            self._share,
            self._open,
            self._withdraw,
            self._suspend,
            self._freeze,
            self._replay,
            self._wait,
        )
        act = self.chance.choice(acts)
        self.told.append(act.__name__.strip("_"))
        act()
        self._publish()

    def _ask(self) -> None:
        self.town.ask()

    def _ask_too_much(self) -> None:
        self.forbidden.append(self.town.ask(cells=TOO_WIDE))

    def _ask_alone(self) -> None:
        self.forbidden.append(self.town.ask("diaz"))

    def _adopt_crowded(self) -> None:
        """Rules that count ten times as many homes as the community published."""
        self.forbidden.append(self.town.adopt(CROWDED))

    def _share(self) -> None:
        number = len(self.clips)
        self.clips[self.town.share(number)] = number

    def _open(self) -> None:
        if self.clips:
            self.town.open(self.chance.choice(list(self.clips)), ephemeral=secrets.token_hex(32))

    def _withdraw(self) -> None:
        if self.clips:
            index = self.chance.choice(list(self.clips))
            self.town.put(e.Withdrawal, one_time(self.clips[index]), disclosure=index)

    def _suspend(self) -> None:
        """The reviewer suspends an appeal, or lets it go on."""
        asked = self.reference.fold.requests
        if asked:
            target = self.chance.choice(list(asked))
            action = "reinstated" if asked[target].suspended else "suspended"
            self.town.put(e.Review, person("okafor"), action=action, target=target, draft="", reason="doubt")

    def _freeze(self) -> None:
        """The public defender keeps a clip, perhaps too late."""
        if self.clips:
            until = self.town.now + self.chance.choice((1, 30, 300)) * DAY
            self.town.put(e.Freeze, person("reyes"), disclosure=self.chance.choice(list(self.clips)), until=until)

    def _replay(self) -> None:
        """Somebody hands in an old entry again, letter by letter: it counts for nothing."""
        index = self.chance.randrange(self.reference.size)
        if not isinstance(self.reference.fold.records[index].entry, e.Withdrawal):
            self.forbidden.append(self.town.append(split_leaf(self.reference.leaf(index))[1]))

    def _wait(self) -> None:
        """Let time pass, a moment or a season; the custodian destroys what ended."""
        now = self.town.wait(days=self.chance.choice(SEASON_DAYS))
        clips = self.reference.fold.disclosures.items()
        ended = tuple(index for index, clip in clips if clip.phase(now) is ClipPhase.ENDED)
        if ended:
            self.generation += 1
            self.town.put(e.Expiry, person("library"), disclosures=ended, generation=self.generation)

    def _publish(self) -> None:
        """Three or four witnesses co-sign; the reference reads it, and what it knows is the truth at this size."""
        self.town.wait(seconds=self.chance.randint(1, 60))
        by = self.chance.sample(WITNESSES, self.chance.choice((3, 4)))
        self.town.cosign(by=by)
        self.reference.advance(self.town.fetch)
        self.truth[self.reference.size] = known(self.reference)

    # What readers do ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        self._advance(self.chance.choice(READERS))

    def _advance(self, name: str) -> None:
        reader = self.readers[name]
        reader.tail.advance(self.town.fetch, reader.keep)
        self._check(reader)

    def _check(self, reader: Reader) -> None:
        if reader.tail.size:
            assert known(reader.tail) == self.truth[reader.tail.size], self.told

    def _restart(self) -> None:
        """Forget everything but the own copy, replay it, and know the same again."""
        reader = self.readers[self.chance.choice(READERS)]
        if not reader.copy:
            return
        size, reader.tail = reader.tail.size, Tail(self.town.pin)
        reader.tail.advance(reader.copy.get)
        assert reader.tail.size == size
        self._check(reader)

    # What they are told ---------------------------------------------------------------------------------------------

    def _lie(self) -> None:
        """Serve one reader something else than the truth: it is named, and the reader knows no more and no less."""
        name = self.chance.choice(READERS)
        reader = self.readers[name]
        lie = self.chance.choice((self._withhold, self._alter, self._turn_back, self._fork))
        self.told.append(f"{lie.__name__.strip('_')} to {name}")
        before = reader.tail.size
        touched = lie(reader)
        if touched:
            self.lies += 1
        assert reader.tail.size in {0, before, *self.truth}, self.told
        self._check(reader)

    def _withhold(self, reader: Reader) -> bool:
        """One file is not there."""
        asked, at = [], self.chance.randint(1, 8)

        def fetch(path: str) -> bytes | None:
            asked.append(path)
            return None if len(asked) == at else self.town.fetch(path)

        return self._hears(reader, fetch, lied=lambda: len(asked) >= at)

    def _alter(self, reader: Reader) -> bool:
        """One byte of one file is another."""
        asked, at = [], self.chance.randint(1, 8)

        def fetch(path: str) -> bytes | None:
            asked.append(path)
            data = self.town.fetch(path)
            if len(asked) != at or not data:
                return data
            place = self.chance.randrange(len(data))
            return data[:place] + bytes([data[place] ^ 1 << self.chance.randrange(8)]) + data[place + 1 :]

        return self._hears(reader, fetch, lied=lambda: len(asked) >= at)

    def _turn_back(self, reader: Reader) -> bool:
        """An older checkpoint, rightly signed at its time, is served as the newest."""
        older = [size for size in self.truth if 0 < size < self.reference.size]
        if not older:
            return False
        size, served = self.chance.choice(older), []

        def fetch(path: str) -> bytes | None:
            served.append(path)
            return self.town.fetch(f"checkpoints/{size}" if path == "checkpoint" else path)

        return self._hears(reader, fetch, lied=lambda: size < reader.tail.size and bool(served))

    def _fork(self, reader: Reader) -> bool:
        """Log and witnesses collude: another history from here on, signed by all of them."""
        if not reader.tail.size:
            return False
        other = self.folder / "fork"
        shutil.copytree(self.town.folder, other)
        fork = LogTown.__new__(LogTown)
        fork.__dict__ |= self.town.__dict__
        fork.folder, fork.writer = other, Writer(DirectoryStorage(other))
        try:
            for _ in range(self.chance.randint(1, 3)):
                self.town.small()
            self._publish()
            reader.tail.advance(self.town.fetch, reader.keep)
            for _ in range(self.chance.randint(4, 6)):
                fork.small()
            fork.cosign()
            size = reader.tail.size
            try:
                reader.tail.advance(fork.fetch)
            except Error as error:
                assert error.id == "tlog.fork-found", error.id
                assert reader.tail.size == size
                return True
            raise AssertionError(f"a fork went unseen: {self.told}")
        finally:
            fork.writer.close()
            shutil.rmtree(other)

    def _hears(self, reader: Reader, fetch, lied) -> bool:
        """Let the reader hear it; an error is named, and the truth heals it."""
        try:
            reader.tail.advance(fetch, reader.keep)
        except Error as error:
            assert lied(), f"{error.id} without a lie: {self.told}"
            assert error.what
            reader.tail.advance(self.town.fetch, reader.keep)
            return True
        # What the reader did not ask for, or a text that is missing for now, stops nothing.
        reader.tail.advance(self.town.fetch, reader.keep)
        return False


def known(tail: Tail) -> object:
    """Return what a reader knows, in a form to compare: the root, each entry's fate, each clip's life."""
    records = [(r.index, r.time, r.id, r.status, r.reason) for r in tail.fold.records]
    clips = [
        (index, clip.lease_end, clip.withdrawn_at, clip.destroyed_at, tuple(clip.accesses), tuple(clip.freezes))
        for index, clip in sorted(tail.fold.disclosures.items())
    ]
    asked = sorted(tail.fold.requests.items())
    requests = [(index, request.closes_at, request.outcome, request.suspended) for index, request in asked]
    return tail.root, records, clips, requests
