# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verification of a whole log, step by numbered step (spec/verification.md). Bytes in, report out.

Steps 1 to 5 decide whether these files are one log that enough co-signers saw; an alarm there ends the
verification, since nothing after it could be believed. Steps 6 to 14 are about what the log says.
"""

from __future__ import annotations

from collections.abc import Iterator

from sunporch.base.errors import Error
from sunporch.tlog.errors import SIZES_MALFORMED
from sunporch.tlog.reader import CHECKPOINT, SIZES, audit, parse_sizes
from sunporch.tlog.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Fetch, Tile, width_at
from sunporch.verify import content
from sunporch.verify.errors import BEGINNING_DIFFERS
from sunporch.verify.pin import Pin
from sunporch.verify.report import Level, Report, Step, span
from sunporch.verify.tail import Tail

# A checkpoint is signed hourly even when nothing happens.
MOST_IDLE = 2 * 3_600
FORM = "sunporch/verification/v1"
_STEP_OF = {
    "client.answer-oversize": Step.STRUCTURE,  # no file of a log is so large
    "tlog.signature-missing": Step.LOG_SIGNATURE,
    "tlog.origin-other": Step.LOG_SIGNATURE,
    "tlog.quorum-missing": Step.QUORUM,
    "tlog.fork-found": Step.CONSISTENCY,
    "tlog.rollback-found": Step.CONSISTENCY,
    "verify.pin-broken": Step.CONSISTENCY,
    "verify.beginning-differs": Step.TREE,
    "tlog.bundle-differs": Step.TREE,
    "tlog.tile-differs": Step.TREE,
    "tlog.root-differs": Step.TREE,
}


def run(fetch: Fetch, pin: Pin | None = None, now: int = 0) -> Report[Step]:
    """Verify everything behind `fetch` and return the report; `now` in Unix seconds, 0 for none.

    `fetch` returns a file's bytes by path, or None. Its own errors (a dead network) pass through; all that is wrong
    with the log is in the report.
    """
    report = Report(Step, FORM, pinned=pin is not None)
    tail = Tail(pin)
    whole = _read(tail, fetch, report)
    if tail.pin is not None:
        report.facts |= {"origin": tail.pin.origin, "leaf0": tail.pin.leaf0_hash.hex()}
    report.facts |= {"size": tail.size, "root": tail.root.hex(), "time": tail.quorum_time}
    if whole:
        content.check(tail, report)
        if now - tail.quorum_time > MOST_IDLE:
            sentence = f"The newest co-signed checkpoint is {span(now - tail.quorum_time)} old."
            report.add(Step.QUORUM, Level.OWED, "checkpoint-stale", CHECKPOINT, sentence)
    return report


def _read(tail: Tail, fetch: Fetch, report: Report[Step]) -> bool:
    """Run steps 1 to 5 and say whether all of them, and so all of the rest, could be checked."""
    try:
        tail.advance(fetch)
        for path, names in tail.strangers.items():
            sentence = f"It carries a signature by somebody unknown: {', '.join(names)}."
            report.add(Step.QUORUM, Level.ALARM, "signer-unknown", path, sentence)
        if tail.strangers:
            report.checked_up_to(Step.QUORUM)
            return False
        _check_sizes(tail, fetch)
        audit(tail.cosigned.checkpoint, fetch)
        _check_older_files(tail, fetch)
    except Error as error:
        step = _step_of(error, tail)
        report.add(step, Level.ALARM, error.id, error.where, error.what, error.next)
        if step is Step.BLOBS:  # without the rules nothing can be judged, and the tree was not read to its end
            report.steps[step].checked = True
        else:
            report.checked_up_to(step)
        return False
    report.checked_up_to(Step.BREACHES)
    return True


def _step_of(error: Error, tail: Tail) -> Step:
    """Return the step that an error belongs to; raise the error itself if it came from `fetch`."""
    if error.where.startswith("blob/") or error.id.startswith("docket.blob-"):
        return Step.BLOBS
    if error.id == "tlog.signature-wrong":
        return Step.LOG_SIGNATURE if tail.pin and error.params["name"] == tail.pin.origin else Step.QUORUM
    if error.id in _STEP_OF:
        return _STEP_OF[error.id]
    if error.id.startswith(("tlog.", "verify.", "notekey.", "digest.")):
        return Step.STRUCTURE
    raise error


def _check_sizes(tail: Tail, fetch: Fetch) -> None:
    """The list of kept checkpoints must be whole and must end with the size that is served."""
    data = fetch(SIZES) or b""
    if not data.endswith(b"\n") or parse_sizes(data) != tail.kept or tail.served_size != tail.size:
        raise SIZES_MALFORMED(where=SIZES, reason="it is not the list of the checkpoints up to the served one")


def _check_older_files(tail: Tail, fetch: Fetch) -> None:
    """Files of unfinished tiles that older checkpoints promised may be gone; if there, they are a beginning."""
    for tile in sorted(set(_older_tiles(tail.kept))):
        data = fetch(tile.path)
        if data is not None and data != tail.beginning(tile):
            raise BEGINNING_DIFFERS(where=tile.path)


def _older_tiles(kept: list[int]) -> Iterator[Tile]:
    """Yield the unfinished files of older sizes that belong to a tile which is unfinished still."""
    for level in (ENTRIES, *range(kept[-1].bit_length() // TILE_HEIGHT + 1)):
        items = kept[-1] >> (TILE_HEIGHT * max(level, 0))
        number = items // TILE_WIDTH
        for size in reversed(kept[:-1]):
            width = width_at(level, number, size)
            if not width:
                break
            if width < items % TILE_WIDTH:
                yield Tile(level, number, width)
