# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks the independent co-signers for their signatures over a checkpoint, all at once, until enough have answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from sunporch.base.errors import Error
from sunporch.client.witness import Conflict, WitnessClient
from sunporch.tlog import errors as tlog_errors
from sunporch.tlog.checkpoints import cosigned_at
from sunporch.tlog.notes import Note, Signature
from sunporch.tlog.policies import CosignedCheckpoint, TrustPolicy

# Once enough have signed, the others are given so long (seconds) to be named beside them.
GRACE_SECONDS = 0.05
MAX_WITNESSES = 32
# A witness that knows another size is asked again with the right proof, so often.
MAX_TRIES = 3
_LOGGER = logging.getLogger("sunporch.portal.sequencer")

type Prove = Callable[[int, int], Sequence[bytes]]


@dataclass(frozen=True)
class Answered:
    """The note with every good cosignature that came; `cosigned` where they are enough, else how many are missing."""

    note: Note
    cosigned: CosignedCheckpoint | None
    got: int
    needed: int


class Cosigners:
    """The witnesses at the given addresses; remembers the last size that each of them signed."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._clients = [WitnessClient(address) for address in addresses[:MAX_WITNESSES]]
        self._known = [0] * len(self._clients)
        # How many entries each says it has signed, where that is more than the log has; 0 else.
        self._beyond = [0] * len(self._clients)
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self._clients)), thread_name_prefix="witness")

    @property
    def beyond(self) -> int:
        """The most entries that a witness says it has signed, where they are more than the log has; 0 else."""
        return max(self._beyond, default=0)

    def close(self) -> None:
        """Stop asking and close the connections."""
        self._pool.shutdown(cancel_futures=True)
        for client in self._clients:
            client.close()

    def ask(self, policies: Sequence[TrustPolicy], origin: str, note: Note, size: int, prove: Prove) -> Answered:
        """Return the note with cosignatures; `prove(old, new)` is the consistency proof between two sizes.

        A checkpoint that brings a new trust policy needs the quorum of the old one and of the new one. Of several
        signatures by the log the witnesses are shown the last, which is the newest key's. Returns as soon as the
        quorums are met (and a moment later), or when all have answered or failed.
        """
        answered = _judge(policies, origin, note)
        shown = Note(note.text, note.signatures[-1:])
        waiting: set[Future[tuple[Signature, ...]]] = {
            self._pool.submit(self._ask_one, number, shown, size, prove) for number in range(len(self._clients))
        }
        while waiting:
            done, waiting = wait(
                waiting, timeout=GRACE_SECONDS if answered.cosigned else None, return_when=FIRST_COMPLETED
            )
            if not done:
                break
            for future in done:
                good = _good(policies, note, future.result())
                answered = _judge(policies, origin, answered.note.with_signatures(*good))
        return answered

    def _ask_one(self, number: int, note: Note, size: int, prove: Prove) -> tuple[Signature, ...]:
        client = self._clients[number]
        self._beyond[number] = 0
        try:
            for _ in range(MAX_TRIES):
                old = self._known[number]
                answer = client.add_checkpoint(old, prove(old, size), note.encode())
                if not isinstance(answer, Conflict):
                    self._known[number] = size
                    lines = answer.lines.decode("utf-8", "replace").split("\n")
                    return tuple(Signature.parse(line) for line in lines if line)
                if answer.size > size:
                    # It has signed more than we have: this log was rolled back. Never paper over that.
                    self._beyond[number] = answer.size
                    _LOGGER.error("witness %s has seen %d entries, this log has %d", number, answer.size, size)
                    return ()
                self._known[number] = answer.size
        except Error as error:
            _LOGGER.warning("witness %s: %s", number, error)
        return ()


def _good(policies: Sequence[TrustPolicy], note: Note, untrusted: Sequence[Signature]) -> list[Signature]:
    """Return the signatures that are by witnesses of the policies, over this note."""
    known = [key for policy in policies for key in policy.witnesses.values()]
    good = []
    for signature in untrusted:
        key = next((key for key in known if signature.is_of(key)), None)
        if key is None:
            continue
        try:
            cosigned_at(Note(note.text, (signature,)), key)
        except Error as error:
            _LOGGER.warning("witness %s: %s", key.name, error)
            continue
        good.append(signature)
    return good


def _judge(policies: Sequence[TrustPolicy], origin: str, note: Note) -> Answered:
    opened = []
    for policy in policies:
        try:
            opened.append(policy.open(note.encode(), origin))
        except Error as error:
            if error.kind is not tlog_errors.QUORUM_MISSING:
                raise
            return Answered(note, None, int(str(error.params["answered"])), int(str(error.params["needed"])))
    return Answered(note, opened[0], len(opened[0].times), len(opened[0].times))
