# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a log on from where it was last verified, and folds what is recorded into what is in force.

The hub, the custodian, the portal and the auditor run this same code on the same files. Nothing is believed before
the log's signature, the co-signers' quorum and the hashes of every entry agree. State reaches exactly as far as the
newest kept checkpoint that a quorum signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.docket.blobs import Blob, commitments
from sunporch.docket.fold import Fold
from sunporch.policy import PolicyJudge
from sunporch.tlog import receipts
from sunporch.tlog.checkpoints import Checkpoint
from sunporch.tlog.edge import Edge
from sunporch.tlog.errors import FORK_FOUND, ROLLBACK_FOUND
from sunporch.tlog.hashing import CompactRange, leaf_hash
from sunporch.tlog.notes import Note
from sunporch.tlog.policies import CosignedCheckpoint, TrustPolicy
from sunporch.tlog.reader import CHECKPOINT, SIZES, advance, covering, kept_path, parse_sizes
from sunporch.tlog.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Fetch,
    Tile,
    bundles_of,
    decode_bundle,
    encode_bundle,
    fetch_leaves,
    width_at,
)
from sunporch.verify.errors import GENESIS_MALFORMED, INDEX_UNKNOWN, PATH_MISSING, PIN_BROKEN
from sunporch.verify.pin import Pin

# How far a leaf's time may lie from the co-signers' median, seconds (3.3 of the protocol).
MOST_TIME_DIFFERENCE = 300
# Entries read before what was read is folded and let go; bounds memory, not the log.
MOST_STEP = 16_384
# Texts that were missing before and are asked for again, at one advance.
MOST_RETRIES = 256
# What the text of an entry holds that adopts rules or a grid (a cheap first look; `would_apply` decides).
_RULES = ('"community"', '"trust"', '"policy"')

# Takes a file worth keeping; None instead of bytes means that it must be forgotten (a text was taken down).
type Keep = Callable[[str, bytes | None], None]


def blob_path(commitment: str) -> str:
    """Return where the text behind a commitment lies."""
    return f"blob/{commitment}"


@dataclass(frozen=True)
class _Stage:
    """One kept checkpoint as it was fetched; `head` only tells what it claims."""

    path: str
    note: bytes
    head: Checkpoint


class Tail:
    """One reader's view of one log. Not thread-safe.

    `pin` None means trust on first use: whatever the log's first entry says is taken, and `pin` holds it after.
    """

    def __init__(self, pin: Pin | None = None) -> None:
        self.pin = pin
        self.pinned = pin is not None
        self.blobs: dict[str, Blob] = {}
        self.missing: dict[str, Error] = {}
        self._wanted: list[str] = []  # texts of folded entries that nobody was asked for yet
        self.newest: CosignedCheckpoint | None = None
        self.served_size = 0
        self._fold: Fold | None = None
        self._range = CompactRange()
        self._edge = Edge()
        self._tiles: dict[str, bytes] = {}
        self._leaves: list[bytes] = []
        self._policies: dict[str, TrustPolicy] = {}
        self._first_policy = ""
        self.kept: list[int] = []
        self._handed = 0  # how many entries the mirror holds, and the stages verified since
        self._owed: list[_Stage] = []
        self.strangers: dict[str, tuple[str, ...]] = {}
        self._held: Checkpoint | None = None
        self._trusted: tuple[TrustPolicy, ...] = ()  # before the entries that only the newest checkpoint covers

    # What it knows ----------------------------------------------------------------------------------------------

    @property
    def fold(self) -> Fold:
        """What is in force; raises `verify.path-missing` before the first advance."""
        if self._fold is None:
            raise PATH_MISSING(where=CHECKPOINT)
        return self._fold

    @property
    def size(self) -> int:
        """How many entries were verified and folded."""
        return len(self._leaves)

    @property
    def root(self) -> bytes:
        """The root over them."""
        return self._edge.root()

    @property
    def quorum_time(self) -> int:
        """The median witness time of the newest co-signed checkpoint (Unix seconds), 0 before the first."""
        return self.newest.median_time if self.newest is not None else 0

    @property
    def cosigned(self) -> CosignedCheckpoint:
        """The newest checkpoint that a quorum signed; raises `verify.path-missing` before the first advance."""
        if self.newest is None:
            raise PATH_MISSING(where=CHECKPOINT)
        return self.newest

    def current_pin(self) -> Pin:
        """Return what to pin now: first entry and trust policy in force; raises as `fold` does."""
        return Pin(self.fold.origin, leaf_hash(self.leaf(0)), self.fold.trust_policy_text)

    def leaf(self, index: int) -> bytes:
        """Return a verified leaf's bytes; raises `verify.index-unknown`."""
        if not 0 <= index < self.size:
            raise INDEX_UNKNOWN(index=index, size=self.size)
        return self._leaves[index]

    def proof(self, index: int) -> receipts.Receipt:
        """Return the tlog-proof of an entry under the newest co-signed checkpoint; raises `verify.index-unknown`."""
        if self.newest is None or not 0 <= index < self.newest.checkpoint.size:
            raise INDEX_UNKNOWN(index=index, size=self.size)
        # Paths of unfinished tiles name their width: those of now are added to the full ones that are held.
        held = self._tiles | {tile.path: data for tile, data in self._edge.partials()}
        made = receipts.make(held.get, index, self.newest)
        # Whoever checks it knows the trust policy of now: a key that was replaced with these entries is left out.
        return replace(made, note=_signed_by(self.newest.note, [self._trust(self._policy_text)]).encode())

    def beginning(self, tile: Tile) -> bytes | None:
        """Return the file of an unfinished tile or bundle as it was when it held `tile.width` items."""
        if tile.level == ENTRIES:
            start = tile.number * TILE_WIDTH
            return encode_bundle(self._leaves[start : start + tile.width])
        return self._edge.beginning(tile)

    # Reading on -------------------------------------------------------------------------------------------------

    def hold_to(self, size: int, root: bytes) -> None:
        """Hold the log to a state that was trusted before and is not read yet, or not any more (after a crash).

        From now on a log that shows less is a rollback, and one with another root at that size is a fork, before
        any entry of it is folded. Raises `tlog.fork-found` where what was read already is another story.
        """
        if size > self.size:
            self._held = Checkpoint("", size, root)
        elif CompactRange().extended(map(leaf_hash, self._leaves[:size])).root() != root:
            raise FORK_FOUND(where=CHECKPOINT, size=size)

    def advance(self, fetch: Fetch, keep: Keep | None = None) -> None:
        """Read on to the newest kept, co-signed checkpoint.

        `fetch` returns a file's bytes, or None where there is none. `keep` is handed every file that a later
        replay needs, once it is verified. After an error, everything verified before it stands, and the next
        call goes on from there. Raises `verify.`, `tlog.` and `docket.blob-` errors that name the file.
        """
        served = _need(fetch, CHECKPOINT)
        head = _head(CHECKPOINT, served)
        self.served_size = head.size
        sizes = [size for size in parse_sizes(_need(fetch, SIZES)) if size <= head.size]
        held = self._held.size if self._held is not None else 0
        if head.size < self.size or max(sizes, default=0) < held:
            raise ROLLBACK_FOUND(where=CHECKPOINT, old=max(self.size, held), new=head.size)
        self._begin(fetch, sizes)
        self._retry(fetch, keep)
        while step := self._next_step(sizes):
            self._advance_to(step, sizes[-1], fetch, keep)
        self._take_served(served, head, keep)

    def _begin(self, fetch: Fetch, sizes: Sequence[int]) -> None:
        """Learn the origin and the first trust policy from entry 0, which must be the pinned one."""
        if self._fold is not None:
            return
        if not sizes or sizes[-1] == 0:
            raise PATH_MISSING(where=SIZES)
        first = fetch_leaves(fetch, Tile(ENTRIES, 0, width_at(ENTRIES, 0, sizes[-1])))[0]
        if self.pin is not None and leaf_hash(first) != self.pin.leaf0_hash:
            raise PIN_BROKEN(where="entry 0", reason="its first entry is another")
        try:
            text = Note.parse(wire.split_leaf(first)[1]).text
            origin, entry = wire.decode(text)
        except Error as error:
            raise GENESIS_MALFORMED(where="entry 0", reason=error.what.rstrip(".")) from error
        if not isinstance(entry, e.Community):
            raise GENESIS_MALFORMED(where="entry 0", reason="it is an entry of another type")
        if self.pin is None:
            self.pin = Pin(origin, leaf_hash(first), entry.tlog_policy)
        if self.pin.origin != origin:
            raise PIN_BROKEN(where="entry 0", reason=f"its name is {origin}")
        self._first_policy = entry.tlog_policy
        self._fold = Fold(origin, PolicyJudge(self.blobs.get))

    def _trust(self, text: str) -> TrustPolicy:
        """Return the trust policy, parsed once each time it changes."""
        if text not in self._policies:
            self._policies[text] = TrustPolicy.parse(text)
        return self._policies[text]

    def _next_step(self, sizes: Sequence[int]) -> list[int]:
        """Return the kept sizes of the next step: at most `MOST_STEP` entries, or one checkpoint, or what is held."""
        ahead = [size for size in sizes if size > self.size]
        reach = self.size + MOST_STEP
        if self._held is not None:  # nothing is folded before it is known to lead there
            reach = max(reach, covering(ahead, self._held.size - 1) or 0)
        return [size for size in ahead if size <= reach] or ahead[:1]

    def _advance_to(self, sizes: Sequence[int], final: int, fetch: Fetch, keep: Keep | None) -> None:
        stages = [_stage(fetch, size) for size in sizes]
        opened = self._open_ahead(stages)
        wide = _widening(fetch, final)
        through = [stage.head for stage in stages[:-1]]
        if self._held is not None:
            through.append(self._held)
        grown = advance(self._range, stages[-1].head, wide, through)
        self._held = None
        try:
            for stage in stages:
                before = (self._trust(self._policy_text),)
                cosigned = opened.get((stage.head.size, self._policy_text)) or self._open(stage)
                for leaf in grown.leaves[self.size - grown.first : stage.head.size - grown.first]:
                    self._take(leaf, cosigned.median_time, fetch, keep)
                self.newest = cosigned
                self.kept.append(stage.head.size)
                self._owed.append(stage)
                self._trusted = before
                self._note_strangers(stage.path, cosigned)
                self._fetch_wanted(fetch, keep)  # last: whoever does not answer leaves a stage that is whole
        finally:
            done = self.size - grown.first
            self._grow(grown.leaves[:done])
            whole = done == len(grown.leaves)
            self._range = grown.range if whole else self._range.extended(map(leaf_hash, grown.leaves[:done]))
            self._hand_over(keep)

    def _grow(self, leaves: Sequence[bytes]) -> None:
        """Add folded leaves to the tree that proofs are read from."""
        for tile, data in self._edge.extend(leaves):
            if tile.level != ENTRIES:
                self._tiles[tile.path] = data

    @property
    def _policy_text(self) -> str:
        """The trust policy in force: that of entry 0 until the fold knows one."""
        return self.fold.trust_policy_text or self._first_policy

    def _open(self, stage: _Stage) -> CosignedCheckpoint:
        """Check a stage under the trust policy that was in force before it."""
        policy = self._trust(self._policy_text)
        with _naming(stage.path):
            return policy.open(stage.note, self.fold.origin)

    def _note_strangers(self, path: str, cosigned: CosignedCheckpoint) -> None:
        """Remember who signed besides those whom the trust policies before and after these entries name.

        The checkpoint that brings a new policy carries signatures of both: of who hands over and of who takes over.
        """
        unknown = strangers(cosigned, *self._trusted, self._trust(self._policy_text))
        if unknown:
            self.strangers[path] = unknown

    def _open_ahead(self, stages: Sequence[_Stage]) -> dict[tuple[int, str], CosignedCheckpoint]:
        """Check the stages before any entry is fetched, as far as the trust policy of now goes.

        A later one may need the policy that a `trust` entry before it brings; only the first must pass now.
        """
        opened = {(stages[0].head.size, self._policy_text): self._open(stages[0])}
        for stage in stages[1:]:
            try:
                opened[stage.head.size, self._policy_text] = self._open(stage)
            except Error:
                break  # checked again, and raised, when its turn comes
        return opened

    def _take(self, leaf: bytes, median_time: int, fetch: Fetch, keep: Keep | None) -> None:
        """Fold one verified leaf and note the texts that it commits to."""
        time, text, signers, flaw = self._unwrap(leaf)
        if not flaw and abs(time - median_time) > MOST_TIME_DIFFERENCE:
            flaw = "time"
        if not flaw and any(kind in text for kind in _RULES):
            self._need_rules(time, text, signers, fetch, keep)
        record = self.fold.apply(self.size, time, text, signers, flaw)
        self._leaves.append(leaf)
        if not record.in_force or record.entry is None or isinstance(record.entry, e.UnknownEntry):
            return
        if isinstance(record.entry, e.Takedown):
            self._forget(record.entry.blob, keep)
        self._wanted += commitments(record.entry)

    def _need_rules(
        self, time: int, text: str, signers: tuple[VerifierKey, ...], fetch: Fetch, keep: Keep | None
    ) -> None:
        """Fetch the rules or grid that an entry adopts before it is folded: nothing after it can be judged without.

        A void entry needs nothing: nobody can stop all tails by citing a text that does not exist.
        """
        record = self.fold.would_apply(time, text, signers)
        if record.in_force and isinstance(record.entry, e.Community | e.Trust | e.Policy):
            for commitment in commitments(record.entry):
                self._fetch_blob(commitment, fetch, keep)
                if commitment in self.missing:
                    raise self.missing[commitment]

    def _unwrap(self, leaf: bytes) -> tuple[int, str, tuple[VerifierKey, ...], str]:
        """Return time, text, the keys that really signed, and the flaw: empty, `form` or `signature`."""
        try:
            time, note_bytes = wire.split_leaf(leaf)
            note = Note.parse(note_bytes)
        except Error:
            return self.fold.time, "", (), "form"
        names = {line.name for line in note.signatures}
        try:
            keys = [key for key in self.fold.candidate_keys(note.text) if key.name in names]
            return time, note.text, note.verified(keys), ""
        except Error:
            return time, note.text, (), "signature"

    # Texts beside the log ---------------------------------------------------------------------------------------

    def _fetch_blob(self, commitment: str, fetch: Fetch, keep: Keep | None) -> None:
        """Fetch a text; where it is not what the record commits to, `missing` says why."""
        if commitment in self.blobs or commitment in self.fold.takedowns:
            return
        path = blob_path(commitment)
        data = fetch(path)
        try:
            if data is None:
                raise PATH_MISSING(where=path)
            self.blobs[commitment] = Blob.parse(data, commitment)
        except Error as error:
            error.where = path
            self.missing[commitment] = error
            return
        self.missing.pop(commitment, None)
        if keep is not None:
            keep(path, self.blobs[commitment].to_json().encode())

    def _forget(self, commitment: str, keep: Keep | None) -> None:
        """A reviewer permitted removal: whoever keeps the salt could still show the text."""
        self.missing.pop(commitment, None)
        if self.blobs.pop(commitment, None) is not None and keep is not None:
            keep(blob_path(commitment), None)

    def _fetch_wanted(self, fetch: Fetch, keep: Keep | None) -> None:
        """Ask for the texts of what was folded; one that nobody answered for is asked for at the next advance."""
        while self._wanted:
            self._fetch_blob(self._wanted[0], fetch, keep)
            del self._wanted[0]

    def _retry(self, fetch: Fetch, keep: Keep | None) -> None:
        self._fetch_wanted(fetch, keep)
        for commitment in list(self.missing)[:MOST_RETRIES]:
            self._fetch_blob(commitment, fetch, keep)

    # Afterwards -------------------------------------------------------------------------------------------------

    def _take_served(self, served: bytes, head: Checkpoint, keep: Keep | None) -> None:
        """Take the served checkpoint where it is newer than the kept one of its size: only its times differ."""
        if head.size == self.size and (self.newest is None or served != self.newest.note.encode()):
            cosigned = self._open(_Stage(CHECKPOINT, served, head))
            self._note_strangers(CHECKPOINT, cosigned)
            if head.root != self.root:
                raise FORK_FOUND(where=CHECKPOINT, size=head.size)
            if cosigned.median_time > self.quorum_time:
                self.newest = cosigned
                if keep is not None:
                    keep(CHECKPOINT, served)
        if self.pinned and self.pin is not None and self.pin.tlog_policy not in self._policies:
            raise PIN_BROKEN(where="tlog_policy", reason="its co-signers were never those of the pin")

    def _hand_over(self, keep: Keep | None) -> None:
        """Give away what a replay needs, in an order in which a crash leaves a mirror that is only older.

        Also after an error: what was verified before it stands, and a mirror that lacked it could not be replayed.
        """
        if keep is not None and self._owed:
            for tile in bundles_of(self.kept[-1], self._handed):
                start = tile.number * TILE_WIDTH
                keep(tile.path, encode_bundle(self._leaves[start : start + tile.width]))
            for stage in self._owed:
                keep(kept_path(stage.head.size), stage.note)
            keep(SIZES, b"".join(b"%d\n" % kept for kept in self.kept))
            keep(CHECKPOINT, self._owed[-1].note)
        self._handed = self.kept[-1] if self.kept else 0
        self._owed.clear()


def strangers(cosigned: CosignedCheckpoint, *policies: TrustPolicy) -> tuple[str, ...]:
    """Return who signed besides those the policies name: C2SP says to ignore them, an auditor wants to hear of it."""
    known = _signed_by(cosigned.note, policies).signatures
    return tuple(line.name for line in cosigned.note.signatures if line not in known)


def _signed_by(note: Note, policies: Iterable[TrustPolicy]) -> Note:
    """Return the note with those signatures alone that are by somebody whom one of the policies names."""
    keys = [key for policy in policies for key in (*policy.logs, *policy.witnesses.values())]
    return Note(note.text, tuple(line for line in note.signatures if any(line.is_of(key) for key in keys)))


def _need(fetch: Fetch, path: str) -> bytes:
    data = fetch(path)
    if data is None:
        raise PATH_MISSING(where=path)
    return data


@contextmanager
def _naming(path: str) -> Iterator[None]:
    """Say of which file an error is; what parses bytes knows no names."""
    try:
        yield
    except Error as error:
        error.where = error.where or path
        raise


def _head(path: str, note: bytes) -> Checkpoint:
    with _naming(path):
        return Checkpoint.parse(Note.parse(note).text)


def _stage(fetch: Fetch, size: int) -> _Stage:
    path = kept_path(size)
    note = _need(fetch, path)
    head = _head(path, note)
    if head.size != size:
        raise FORK_FOUND(where=path, size=size)
    return _Stage(path, note, head)


def _widening(fetch: Fetch, final: int) -> Fetch:
    """Return a fetch that finds an unfinished bundle also in the wider one of the final size (as mirrors keep it)."""

    def wide(path: str) -> bytes | None:
        data = fetch(path)
        if data is not None or not path.startswith("tile/entries/"):
            return data
        tile = Tile.parse(path)
        wider = Tile(ENTRIES, tile.number, width_at(ENTRIES, tile.number, final))
        data = fetch(wider.path) if wider.width > tile.width else None
        return None if data is None else encode_bundle(decode_bundle(data, wider)[: tile.width])

    return wide
