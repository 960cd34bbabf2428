# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which logs and co-signers a community trusts, and how many must agree (C2SP tlog-policy)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sunporch.base.errors import Error
from sunporch.base.notekeys import COSIGNATURE, ED25519, VerifierKey
from sunporch.tlog.checkpoints import Checkpoint, cosigned_at, parse_decimal
from sunporch.tlog.errors import ORIGIN_OTHER, POLICY_MALFORMED, QUORUM_MISSING, SIGNATURE_MISSING, TIME_MISSING
from sunporch.tlog.notes import Note

MAX_LOGS = 32
MAX_WITNESSES = 32
MAX_GROUPS = 32
MAX_POLICY = 64 * 2**10  # characters
NONE = "none"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint that carries the log's own signature; co-signers may be too few.

    `times` says when each co-signer that did answer saw it: name in the policy -> Unix seconds.
    """

    checkpoint: Checkpoint
    note: Note
    times: Mapping[str, int]

    @property
    def median_time(self) -> int:
        """The middle of the co-signers' times, the lower one of two (Unix seconds); `tlog.time-missing` if none."""
        if not self.times:
            raise TIME_MISSING(where=self.checkpoint.origin)
        return sorted(self.times.values())[(len(self.times) - 1) // 2]


@dataclass(frozen=True)
class CosignedCheckpoint(SignedCheckpoint):
    """A checkpoint signed by the log and by a quorum of co-signers. Only `TrustPolicy.open` makes one."""


@dataclass(frozen=True)
class Group:
    """Members (co-signers or groups) of which at least `threshold` must have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class TrustPolicy:
    """Logs, co-signers and groups by name, and the name that must have cosigned (`none`: nobody)."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def parse(cls, untrusted_text: str) -> TrustPolicy:
        """Return the policy, or raise `tlog.policy-malformed` naming the line."""
        if len(untrusted_text) > MAX_POLICY:
            raise POLICY_MALFORMED(reason=f"it has more than {MAX_POLICY} characters")
        if _CONTROL.search(untrusted_text):
            raise POLICY_MALFORMED(reason="it holds a control character")
        if not untrusted_text.endswith("\n"):
            raise POLICY_MALFORMED(reason="its last line does not end")
        draft = _Draft()
        for number, line in enumerate(untrusted_text[:-1].split("\n"), 1):
            words = [word for word in re.split(r"[ \t]+", line) if word]
            if words and not words[0].startswith("#"):
                try:
                    draft.take(words)
                except Error as error:
                    raise POLICY_MALFORMED(where=f"line {number}", reason=error.params.get("reason", "")) from error
        if draft.quorum is None:
            raise POLICY_MALFORMED(reason="it has no quorum line")
        return cls(tuple(draft.logs), draft.witnesses, draft.groups, draft.quorum)

    def open_signed(self, untrusted_note: bytes, origin: str | None) -> SignedCheckpoint:
        """Return the log's checkpoint after checking its own signature and every known cosignature, not the quorum.

        An `origin` of None means any log of this policy, as tlog-policy has it.
        Raises `tlog.note-malformed`, `tlog.checkpoint-malformed`, `tlog.origin-other`, `tlog.signature-missing`
        or `tlog.signature-wrong`.
        """
        note = Note.parse(untrusted_note)
        checkpoint = Checkpoint.parse(note.text)
        if origin is not None and checkpoint.origin != origin:
            raise ORIGIN_OTHER(found=checkpoint.origin, wanted=origin)
        if not note.verified(key for key in self.logs if key.name == checkpoint.origin):
            raise SIGNATURE_MISSING(origin=checkpoint.origin)
        times = {name: time for name, key in self.witnesses.items() if (time := cosigned_at(note, key)) is not None}
        return SignedCheckpoint(checkpoint, note, times)

    def open(self, untrusted_note: bytes, origin: str | None) -> CosignedCheckpoint:
        """Return the checkpoint after checking the log's signature and the quorum.

        Raises what `open_signed` raises, or `tlog.quorum-missing` saying how many answered and how many are needed.
        """
        signed = self.open_signed(untrusted_note, origin)
        self._require(self.quorum, signed)
        return CosignedCheckpoint(signed.checkpoint, signed.note, signed.times)

    def _met(self, name: str, signed: SignedCheckpoint) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name == NONE or name in signed.times
        return sum(self._met(member, signed) for member in group.members) >= group.threshold

    def _require(self, name: str, signed: SignedCheckpoint) -> None:
        """Raise `tlog.quorum-missing` for the innermost group that is not met."""
        if self._met(name, signed):
            return
        group = self.groups.get(name, Group(1, (name,)))
        for member in group.members:
            if member in self.groups:
                self._require(member, signed)
        answered = sum(self._met(member, signed) for member in group.members)
        raise QUORUM_MISSING(
            where=f"{name}, checkpoint of {signed.checkpoint.size} entries",
            answered=answered,
            all=len(group.members),
            needed=group.threshold,
        )


@dataclass
class _Draft:
    """A policy while its lines are read."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    quorum: str | None = None

    def take(self, words: list[str]) -> None:
        kinds: dict[str, Callable[[list[str]], None]] = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }
        if words[0] not in kinds:
            raise POLICY_MALFORMED(reason=f"{words[0]!r} is no kind of line")
        kinds[words[0]](words[1:])

    def _log(self, words: list[str]) -> None:
        if len(words) not in (1, 2):
            raise POLICY_MALFORMED(reason="a log has a key and at most an address")
        key = self._key(words[0], ED25519)
        if key.public in {log.public for log in self.logs}:
            raise POLICY_MALFORMED(reason="the same log stands twice")
        if len(self.logs) == MAX_LOGS:
            raise POLICY_MALFORMED(reason=f"more than {MAX_LOGS} logs")
        self.logs.append(key)

    def _witness(self, words: list[str]) -> None:
        if len(words) not in (2, 3):
            raise POLICY_MALFORMED(reason="a witness has a name, a key and at most an address")
        name = self._new(words[0])
        key = self._key(words[1], COSIGNATURE)
        if key.public in {witness.public for witness in self.witnesses.values()}:
            raise POLICY_MALFORMED(reason="the same witness stands twice")
        if len(self.witnesses) == MAX_WITNESSES:
            raise POLICY_MALFORMED(reason=f"more than {MAX_WITNESSES} witnesses")
        self.witnesses[name] = key

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise POLICY_MALFORMED(reason="a group has a name, a number and members")
        name, members = self._new(words[0]), tuple(words[2:])
        threshold = {"any": 1, "all": len(members)}.get(words[1], parse_decimal(words[1]))
        if threshold is None or not 1 <= threshold <= len(members):
            raise POLICY_MALFORMED(reason=f"{words[1]!r} of {len(members)} members is not possible")
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise POLICY_MALFORMED(reason=f"{member!r} is not defined before")
            if member in self.members:
                raise POLICY_MALFORMED(reason=f"{member!r} would count twice")
            self.members.add(member)
        if len(self.groups) == MAX_GROUPS:
            raise POLICY_MALFORMED(reason=f"more than {MAX_GROUPS} groups")
        self.groups[name] = Group(threshold, members)

    def _quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self.quorum is not None:
            raise POLICY_MALFORMED(reason="exactly one quorum of one name is needed")
        if words[0] not in (NONE, *self.witnesses, *self.groups):
            raise POLICY_MALFORMED(reason=f"{words[0]!r} is not defined before")
        self.quorum = words[0]

    def _new(self, name: str) -> str:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise POLICY_MALFORMED(reason=f"the name {name!r} is taken")
        return name

    @staticmethod
    def _key(text: str, kind: int) -> VerifierKey:
        key = VerifierKey.parse(text)
        if key.type != kind:
            raise POLICY_MALFORMED(reason=f"the key {key.name} is of type {key.type}, not {kind}")
        return key
