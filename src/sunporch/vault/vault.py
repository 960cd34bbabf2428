# SPDX-License-Identifier: AGPL-3.0-or-later
"""The home archive: what every other room uses. Knows cameras and times, never who asks or why.

Times in calls that end in `_s` are Unix seconds (UTC); all others are 90 kHz ticks since the epoch. Several threads
and processes may have the same archive open; each segment has one writer.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sunporch.base import durable
from sunporch.base.clock import Clock
from sunporch.vault import dateless, films, imports, recovery, retention, writer
from sunporch.vault import footage as footage_reader
from sunporch.vault.chain import CHECKPOINT_TITLE, sign_if_due
from sunporch.vault.dateless import Dateless
from sunporch.vault.errors import CAMERA_UNKNOWN, FOLDER_OCCUPIED, FOLDER_UNKNOWN, HOLD_TAKEN, SPAN_REFUSED
from sunporch.vault.films import SealedFilm
from sunporch.vault.footage import Footage, Part
from sunporch.vault.imports import Imported
from sunporch.vault.index import ANCHORED, CLOSED, OPEN, Index, SegmentRow
from sunporch.vault.journal import FILE as JOURNAL
from sunporch.vault.journal import Journal
from sunporch.vault.keys import Keyring, Mode, check_passphrase
from sunporch.vault.motion import Marks, Moved
from sunporch.vault.retention import Kept, Left, Storage
from sunporch.vault.segment import Kind
from sunporch.vault.store import SEGMENTS, Store
from sunporch.vault.timeline import TICKS, UNKNOWN_BEFORE_90K, Cause, Gap, Span, Timeline, lay_out
from sunporch.vault.writer import SegmentWriter

MAX_SPAN_DAYS = 400
MAIN = "main"


@dataclass(frozen=True)
class Camera:
    """A camera of the house; `id` is 16 hex digits, random, the same in every file."""

    id: str
    name: str
    indoor: bool


@dataclass(frozen=True)
class Hold:
    """A stretch of one camera that retention must not touch; times in 90 kHz ticks."""

    id: str
    camera: str
    start_90k: int
    end_90k: int


class Vault:
    """An open archive. Make one with `create` or `open`; close it after use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._marks = Marks()

    @classmethod
    def create(cls, folder: Path, clock: Clock, mode: Mode = Mode.SIMPLE, passphrase: str | None = None) -> Vault:
        """Make a new archive in an empty or absent folder (0700) and open it, unlocked.

        Raises `vault.folder-occupied`, `vault.passphrase-needed` (sealed mode, or one that is too short).
        """
        check_passphrase(mode, passphrase)
        if folder.exists() and any(folder.iterdir()):
            raise FOLDER_OCCUPIED(where=str(folder))
        durable.private_directory(folder)
        durable.private_directory(folder / SEGMENTS)
        Keyring.create(folder, mode, passphrase)
        return cls.open(folder, clock, passphrase)

    @classmethod
    def restore(cls, folder: Path, clock: Clock, keys: Mapping[str, bytes], cameras: Iterable[Camera]) -> Vault:
        """Open the archive of a household whose `household_keys` were kept elsewhere: a new one, or its old one.

        An absent folder becomes an archive without footage; in an old one, keys and cameras that are missing are
        added and nothing else is changed. Raises `vault.folder-unknown` (it is neither), `vault.household-foreign`,
        and what `open` raises.
        """
        if not folder.exists():
            durable.private_directory(folder)
            durable.private_directory(folder / SEGMENTS)
        elif not (folder / JOURNAL).exists():
            raise FOLDER_UNKNOWN(where=str(folder), reason="it has no journal")
        durable.check_private(folder, 0o700)
        Keyring.restore(folder, keys)
        vault = cls.open(folder, clock)
        known = {camera.id for camera in vault.cameras()}
        for camera in cameras:
            if camera.id not in known:
                vault._store.record("camera", camera=camera.id, name=camera.name, indoor=int(camera.indoor))
        return vault

    @classmethod
    def open(cls, folder: Path, clock: Clock, passphrase: str | None = None) -> Vault:
        """Open an archive and finish what a crash left; without the passphrase it may stay locked.

        Raises `vault.folder-unknown`, `vault.passphrase-wrong`, `vault.journal-damaged`.
        """
        keys = Keyring.load(folder)
        if passphrase is not None:
            keys.unlock(passphrase)
        vault = cls(Store(folder, clock, keys, Journal(folder), Index(folder)))
        try:
            vault._store.catch_up()
            recovery.recover(vault._store)
            vault._store.take_ballast()
        except BaseException:
            vault.close()
            raise
        return vault

    def close(self) -> None:
        """Give the files back. Segments that are being written are their writers' to close."""
        self._store.index.close()
        self._store.journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """Where the archive lies."""
        return self._store.folder

    @property
    def mode(self) -> Mode:
        """Simple or sealed."""
        return self._store.keys.mode

    @property
    def locked(self) -> bool:
        """Whether footage cannot be opened now; a sealed archive records all the same."""
        return self._store.keys.locked

    @property
    def public_key(self) -> str:
        """The verifier key (`name+hash+key`) of the household's chain checkpoints."""
        return str(self._store.keys.signer.verifier)

    def household_keys(self) -> dict[str, bytes]:
        """Return the household's and its cameras' keys as `restore` takes them; none of a recording or a film."""
        return Keyring.files(self.folder)

    def unlock(self, passphrase: str) -> None:
        """Take the household key out of its wrapping; raises `vault.passphrase-wrong`."""
        self._store.keys.unlock(passphrase)

    def lock(self) -> None:
        """Forget the household key, where a passphrase can bring it back."""
        self._store.keys.lock()
        self._marks.forget()

    def add_camera(self, name: str, *, indoor: bool = False) -> str:
        """Add a camera and return its id; raises `vault.key-locked` in a locked simple archive."""
        camera = secrets.token_hex(8)
        self._store.keys.add_camera(camera)
        self._store.record("camera", camera=camera, name=name, indoor=int(indoor))
        return camera

    def cameras(self) -> tuple[Camera, ...]:
        """Return the cameras in the order in which they were added."""
        self._store.catch_up()
        rows = self._store.index.query("SELECT id, name, indoor FROM camera ORDER BY rowid")
        return tuple(Camera(camera, name, bool(indoor)) for camera, name, indoor in rows)

    def begin_segment(
        self, camera: str, stream: str, run: str, start_90k: int, init: bytes,
        *, time_source: str = "rtp", counted_90k: int | None = None,
    ) -> SegmentWriter:  # fmt: skip
        """Begin a sealed segment of fragmented MP4 and return its writer; the camera's open gaps end at its start.

        `run` is 16 hex digits, the same for all segments of one uninterrupted stream with one init; media times go
        on through a run. `counted_90k` is its start in ticks of the monotonic clock (None: now), by which it is dated
        anew if the time of day was not known or wrong. Raises `vault.camera-unknown`, `vault.key-locked`,
        `vault.disk-full`, `vault.disk-failed`.
        """
        return writer.begin(
            self._store, camera, stream, run, start_90k, init,
            kind=Kind.FMP4, suffix=".mp4", time_source=time_source, counted_90k=counted_90k,
        )  # fmt: skip

    def import_file(self, camera: str, path: Path, start_s: int | None = None) -> Imported:
        """Seal a video file as it came; its first picture was taken at `start_s` (None: its last one is now).

        Raises `vault.import-` errors, `vault.key-locked`, `vault.disk-full`; nothing half-written is left.
        """
        self._check_camera(camera)
        return imports.import_file(self._store, camera, path, None if start_s is None else start_s * TICKS)

    def import_folder(self, camera: str, folder: Path, start_s: int) -> tuple[Imported, ...]:
        """Seal a folder's videos in the order of their names, laid end to end from `start_s`."""
        self._check_camera(camera)
        return imports.import_folder(self._store, camera, folder, start_s * TICKS)

    def timeline(self, camera: str, from_s: float, to_s: float) -> Timeline:
        """Return the camera's spans and gaps, which together are exactly [from, to); raises `vault.span-refused`."""
        return self._lay_out(camera, *self._span(camera, from_s, to_s))[0]

    def footage(self, camera: str, from_s: float, to_s: float) -> Footage:
        """Open what was recorded in [from, to).

        Raises `vault.footage-missing`, `vault.footage-unfinished`, `vault.key-locked`, `vault.segment-damaged`,
        `vault.segment-truncated`. Every seal is checked when the bytes are read.
        """
        timeline, rows = self._lay_out(camera, *self._span(camera, from_s, to_s))
        return footage_reader.make(self._store, camera, timeline, rows)

    def check(self, camera: str, from_s: float, to_s: float) -> int:
        """Open every byte of the segments in [from, to) and return their number; raises `vault.segment-damaged`."""
        _, rows = self._lay_out(camera, *self._span(camera, from_s, to_s))
        closed = [row for row in rows if row.state == CLOSED]
        for row in closed:
            footage_reader.check_whole(self._store, row)
        return len(closed)

    def motion(self, camera: str, from_s: float, to_s: float, *, least: int, join_s: int = 0) -> tuple[Moved, ...]:
        """Return when more moved than usual in [from, to), by at least the level `least` (1 to 255).

        Stretches that are at most `join_s` seconds apart are one. Raises `vault.span-refused`, `vault.key-locked`,
        `vault.segment-damaged`.
        """
        start, end = self._span(camera, from_s, to_s)
        self._store.catch_up()
        return self._marks.find(self._store, camera, start, end, least, join_s * TICKS)

    def hold(self, hold_id: str, camera: str, from_s: float, to_s: float) -> None:
        """Keep [from, to) of a camera from retention until `end_hold`; the same hold twice is one hold.

        Raises `vault.hold-taken` if the id keeps another stretch.
        """
        start, end = self._span(camera, from_s, to_s)
        with self._store.journal.locked():
            self._store.catch_up()
            known = self._store.index.query("SELECT camera, start, end FROM hold WHERE id = ?", hold_id)
            if known == [(camera, start, end)]:
                return
            if known:
                raise HOLD_TAKEN(where=camera, hold=hold_id)
            self._store.record("hold", hold=hold_id, camera=camera, **{"from": start, "to": end})

    def end_hold(self, hold_id: str) -> None:
        """Let retention have its way again; a hold that is not there has ended."""
        if self._store.index.query("SELECT 1 FROM hold WHERE id = ?", hold_id):
            self._store.record("hold_end", hold=hold_id)

    def holds(self) -> tuple[Hold, ...]:
        """Return the holds in force."""
        self._store.catch_up()
        rows = self._store.index.query("SELECT id, camera, start, end FROM hold ORDER BY rowid")
        return tuple(Hold(*row) for row in rows)

    def erase(self, camera: str, from_s: float, to_s: float, *, even_held: bool = False) -> int:
        """Destroy the keys of every segment that touches [from, to) and return how many: never less than asked.

        Raises `vault.footage-held` (unless `even_held`, the resident's own word), `vault.footage-unfinished`.
        """
        return retention.erase(self._store, camera, *self._span(camera, from_s, to_s), even_held=even_held)

    def erase_unheld(self, camera: str) -> int:
        """Destroy the keys of all segments of a camera but those that are held or being recorded; return how many."""
        return retention.erase_unheld(self._store, camera)

    def left(self, camera: str) -> Left:
        """Return what there still is of a camera."""
        self._store.catch_up()
        return retention.left(self._store, camera)

    def enforce_retention(self, days: int, max_bytes: int) -> Kept:
        """Erase what is older than `days`, then the oldest beyond `max_bytes`; never what is held."""
        dateless.settle(self._store)
        return retention.enforce(self._store, days, max_bytes)

    def make_room(self, wanted_bytes: int) -> int:
        """On a full disk: erase the oldest unheld footage and return the bytes freed (0: everything is held)."""
        return retention.make_room(self._store, wanted_bytes)

    def gap_begin(self, camera: str, cause: Cause, at_90k: int) -> None:
        """Write down that nothing is recorded from here on; the camera's open gap, if of another cause, ends here."""
        self._check_camera(camera)
        if at_90k < UNKNOWN_BEFORE_90K:
            return  # without a time of day there is nothing to file it under; the timeline says that the hub was off
        with self._store.journal.locked():
            self._store.catch_up()
            opened = self._store.index.query("SELECT cause FROM gap WHERE camera = ? AND end IS NULL", camera)
            if (cause.value,) in opened:
                return
            writer.end_gaps(self._store, camera, at_90k)
            self._store.record("gap", gap=secrets.token_hex(8), camera=camera, cause=cause.value, **{"from": at_90k})

    def gap_end(self, camera: str, at_90k: int) -> None:
        """Write down that the camera's open gap ends here (a new segment does so by itself)."""
        self._check_camera(camera)
        with self._store.journal.locked():
            self._store.catch_up()
            writer.end_gaps(self._store, camera, at_90k)

    def last_recorded_90k(self, camera: str) -> int | None:
        """Return the end of the camera's newest footage, None if there never was any."""
        self._store.catch_up()
        ((end,),) = self._store.index.query(
            f"SELECT max(end) FROM segment WHERE camera = ? AND state != 'void' AND {ANCHORED}",  # noqa: S608 - a constant
            camera,
        )
        return None if end is None else int(end)

    def newest(self) -> int:
        """Return the number of the newest segment, 0 before the first: all after it have greater ones."""
        self._store.catch_up()
        return int(self._store.index.query("SELECT coalesce(max(number), 0) FROM segment")[0][0])

    @property
    def clock_wrong(self) -> bool:
        """Whether this archive was told that the hub's clock is wrong, and not yet that it is right again."""
        self._store.catch_up()
        return self._store.index.clock_wrong

    def note_clock_wrong(self, after: int) -> None:
        """Write down that the hub's clock is wrong: what it dated after the segment of this number has no date.

        So does all that is recorded until `note_clock_right`; until then no age ends anything.
        """
        with self._store.journal.locked():
            if not self.clock_wrong:
                self._store.record("clock_wrong", after=after)

    def note_clock_right(self) -> None:
        """Write down that the hub's clock is right (again), and date what was recorded in this boot."""
        with self._store.journal.locked():
            if self.clock_wrong:
                self._store.record("clock_right")
                dateless.settle(self._store)

    def settle_dateless(self) -> None:
        """Date what was recorded in this boot without a time of day, if it is known now; say of the rest: older."""
        dateless.settle(self._store)

    def dateless(self) -> list[Dateless]:
        """Return what was recorded while the hub did not know the time of day and stands under no date."""
        return dateless.listed(self._store)

    def dateless_part(self, run: str) -> Part:
        """Open a whole run that stands under no date, to watch it or to take it away.

        Raises `vault.footage-missing`, `vault.footage-unfinished` (it is being recorded now), as `footage`.
        """
        return dateless.part(self._store, run)

    def erase_dateless(self, run: str) -> int:
        """Destroy the keys of a run that stands under no date and return the number of its segments.

        Raises `vault.footage-missing`, `vault.footage-unfinished` (it is being recorded now).
        """
        return dateless.erase(self._store, run)

    def sign_chain(self, camera: str) -> None:
        """Sign the camera's chain now (it is signed every five minutes by itself)."""
        sign_if_due(self._store, camera, now=True)

    def sign(self, text: str) -> bytes:
        """Return the household's signature (Ed25519) over a text with a title of its own in its first line.

        A text that could be taken for a checkpoint of the chain is a fault of the caller: ValueError.
        """
        if text.startswith(CHECKPOINT_TITLE):
            raise ValueError("checkpoints are signed by the chain alone")
        return self._store.keys.signer.sign(text.encode())

    def keep_film(self, film_id: str, camera: str, start_90k: int, media: bytes) -> None:
        """Seal a film that is to be given out, apart from the footage, until `destroy_film`.

        `film_id` is 32 hex digits; the same id again replaces it. Raises `vault.camera-unknown`, `vault.key-locked`,
        `vault.disk-full`, `vault.disk-failed`.
        """
        self._check_camera(camera)
        films.keep(self._store, film_id, camera, start_90k, media)

    def film(self, film_id: str) -> SealedFilm:
        """Open a film; raises `vault.footage-missing` (destroyed), `vault.key-locked`, `vault.segment-damaged`."""
        return films.find(self._store, film_id)

    def destroy_film(self, film_id: str) -> None:
        """Destroy a film's key and file; one that is not there is destroyed."""
        films.destroy(self._store, film_id)

    def storage(self) -> Storage:
        """Return used, held and free bytes, the number of segments and the oldest record."""
        self._store.catch_up()
        return retention.storage(self._store)

    def rebuild_index(self) -> None:
        """Make the index anew from journal and segment files."""
        with self._store.journal.locked():
            self._store.index.empty()
            self._store.catch_up()
            recovery.recover(self._store)

    def _check_camera(self, camera: str) -> None:
        self._store.catch_up()
        if not self._store.index.query("SELECT 1 FROM camera WHERE id = ?", camera):
            raise CAMERA_UNKNOWN(where=str(self.folder), camera=camera)

    def _span(self, camera: str, from_s: float, to_s: float) -> tuple[int, int]:
        self._check_camera(camera)
        if not 0 <= from_s < to_s:
            raise SPAN_REFUSED(where=camera, reason="it ends before it begins", most=MAX_SPAN_DAYS)
        if to_s - from_s > MAX_SPAN_DAYS * 86_400:
            raise SPAN_REFUSED(where=camera, reason="it is too long", most=MAX_SPAN_DAYS)
        # Fractions of a second mean something: a tick is 1/90,000 s, which a double still tells apart.
        return round(from_s * TICKS), round(to_s * TICKS)

    def _lay_out(self, camera: str, start: int, end: int) -> tuple[Timeline, list[SegmentRow]]:
        index = self._store.index
        rows = [row for row in index.in_span(camera, start, end) if row.stream == MAIN]
        live = [row for row in rows if row.state in (OPEN, CLOSED)]
        causes = {"erased": Cause.ERASED, "expired": Cause.EXPIRED, "disk_full": Cause.DISK_FULL}
        missing = [Gap(row.start, row.end, causes[row.state]) for row in rows if row.state in causes]
        now = self._store.now_90k()
        gaps = index.query(
            "SELECT start, coalesce(end, ?), cause FROM gap WHERE camera = ? AND start < ? AND coalesce(end, ?) > ?",
            now, camera, end, now, start,
        )  # fmt: skip
        missing += [Gap(begin, stop, Cause(cause)) for begin, stop, cause in gaps]
        ((first_segment,),) = index.query(
            f"SELECT min(start) FROM segment WHERE camera = ? AND state != 'void' AND {ANCHORED}",  # noqa: S608 - a constant
            camera,
        )
        ((first_gap,),) = index.query("SELECT min(start) FROM gap WHERE camera = ?", camera)
        first = min([at for at in (first_segment, first_gap) if at is not None], default=now)
        spans = [Span(row.start, row.end, row.run) for row in live if row.end > row.start]
        return lay_out(spans, missing, start, end, first, now), live
