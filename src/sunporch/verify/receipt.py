# SPDX-License-Identifier: AGPL-3.0-or-later
"""The resident's receipt of a share: one file that proves it without any server, and that can take it back.

Strict JSON (spec/verification.md, section "Receipt"): `format`, the `pin` of the record, `share` and `custodian`
(each `leaf` in base64 and `proof`, a C2SP tlog-proof), and `withdrawal`, a signed note ready to be posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sunporch.base.digests import from_base64, to_base64
from sunporch.base.errors import Error
from sunporch.base.notekeys import VerifierKey
from sunporch.base.strictjson import dumps, loads
from sunporch.docket import custody, wire
from sunporch.docket import entries as e
from sunporch.tlog.notes import Note
from sunporch.tlog.policies import CosignedCheckpoint, TrustPolicy
from sunporch.tlog.receipts import Receipt
from sunporch.verify.errors import RECEIPT_MALFORMED, RECEIPT_REFUSED
from sunporch.verify.pin import Pin
from sunporch.verify.report import Level, ReceiptStep, Report
from sunporch.verify.tail import MOST_TIME_DIFFERENCE, Tail, strangers

FORMAT = "sunporch/receipt/v1"
FORM = "sunporch/receipt-check/v1"
MOST_BYTES = 512 * 2**10
_FIELDS = {"format", "pin", "share", "custodian", "withdrawal"}


@dataclass(frozen=True)
class _Proven:
    """An entry of the log with the proof that it is one."""

    leaf: bytes
    proof: Receipt


@dataclass(frozen=True)
class _File:
    """A receipt in its form; nothing of it is believed yet."""

    pin: Pin
    share: _Proven
    custodian: _Proven
    withdrawal: Note


def make(tail: Tail, disclosure: int, withdrawal: str) -> str:
    """Return the receipt file of a recorded share; `withdrawal` is the signed note that takes it back.

    Raises `verify.path-missing` before the record was read, or `verify.receipt-refused` where the file would not
    pass its own check.
    """
    shared = tail.fold.disclosures.get(disclosure)
    if shared is None:
        raise RECEIPT_REFUSED(where=str(disclosure), reason="there is no such share in force")
    pin = tail.current_pin()
    fields: dict[str, Any] = {
        "format": FORMAT,
        "pin": loads(pin.to_json()),
        "share": _proven(tail, disclosure),
        "custodian": _proven(tail, shared.custodian),
        "withdrawal": withdrawal,
    }
    text = dumps(fields)
    for result in check(text.encode(), pin).steps.values():
        for finding in result.findings:
            raise RECEIPT_REFUSED(where=str(disclosure), reason=finding.sentence.rstrip("."))
    return text


def _proven(tail: Tail, index: int) -> dict[str, str]:
    return {"leaf": to_base64(tail.leaf(index)), "proof": tail.proof(index).encode().decode()}


def check(untrusted: bytes, pin: Pin | None = None) -> Report[ReceiptStep]:
    """Check a receipt file offline and return the report.

    Without a pin the receipt's own is taken and the report says so. What no file can show, whether the share was
    withdrawn or void by an entry elsewhere, only the log itself shows.
    """
    report = Report(ReceiptStep, FORM, pinned=pin is not None)
    step = ReceiptStep.FORM
    try:
        file = _parse(untrusted)
        step = ReceiptStep.PIN
        policy = _policy(file.pin, pin)
        step = ReceiptStep.PROOF
        origin = (pin or file.pin).origin
        seen = _seen(file.share, policy, origin)
        step = ReceiptStep.ENTRY
        entry, d = _share(file.share.leaf, origin, seen.median_time)
        report.facts |= {"origin": origin, "entry": file.share.proof.index, "agency": entry.agency, "clip": entry.c}
        report.facts |= {"ends": entry.expires, "time": seen.median_time}
        step = ReceiptStep.CUSTODY
        _custody(file.custodian, policy, entry, origin)
        step = ReceiptStep.WITHDRAWAL
        _withdrawal(file.withdrawal, origin, file.share.proof.index, d)
    except Error as error:
        report.add(step, Level.ALARM, error.id, error.where or step.name.lower(), error.what, error.next)
    report.checked_up_to(step)
    return report


def _parse(untrusted: bytes) -> _File:
    if len(untrusted) > MOST_BYTES:
        raise RECEIPT_MALFORMED(reason=f"it is longer than {MOST_BYTES} bytes")
    with _malformed():
        value = loads(untrusted)
        if set(value) != _FIELDS or value["format"] != FORMAT or not isinstance(value["pin"], dict):
            raise RECEIPT_MALFORMED(reason="it has other fields than a receipt")
        if not isinstance(value["withdrawal"], str):
            raise RECEIPT_MALFORMED(reason="its withdrawal is no text")
        return _File(
            Pin.parse(dumps(value["pin"])),
            _parse_proven(value["share"]),
            _parse_proven(value["custodian"]),
            Note.parse(value["withdrawal"].encode()),
        )


def _parse_proven(value: Any) -> _Proven:
    if not isinstance(value, dict) or set(value) != {"leaf", "proof"}:
        raise RECEIPT_MALFORMED(reason="an entry is not exactly leaf and proof")
    leaf, proof = value["leaf"], value["proof"]
    if not isinstance(leaf, str) or not isinstance(proof, str):
        raise RECEIPT_MALFORMED(reason="leaf or proof is no text")
    return _Proven(from_base64(leaf, "the leaf"), Receipt.parse(proof.encode()))


@contextmanager
def _malformed() -> Iterator[None]:
    """Whatever cannot be read makes the file no receipt."""
    try:
        yield
    except Error as error:
        if error.kind is RECEIPT_MALFORMED:
            raise
        raise RECEIPT_MALFORMED(reason=error.what.rstrip(".")) from error


def _policy(own: Pin, pin: Pin | None) -> TrustPolicy:
    if pin is not None and (own.origin, own.leaf0_hash) != (pin.origin, pin.leaf0_hash):
        raise RECEIPT_REFUSED(reason=f"it belongs to {own.origin}, another record than the pinned one")
    return TrustPolicy.parse((pin or own).tlog_policy)


def _seen(proven: _Proven, policy: TrustPolicy, origin: str) -> CosignedCheckpoint:
    """Return the co-signed checkpoint over the entry, which only those that the policy names may have signed.

    A trust policy may name more logs than one; an entry in another of them is no entry of this record.
    """
    cosigned = proven.proof.verify(proven.leaf, policy)
    if cosigned.checkpoint.origin != origin:
        raise RECEIPT_REFUSED(reason=f"its checkpoint is of {cosigned.checkpoint.origin}, another record")
    if strangers(cosigned, policy):
        raise RECEIPT_REFUSED(reason="its checkpoint carries a signature by somebody unknown")
    return cosigned


def _entry(leaf: bytes, origin: str) -> tuple[int, Note, Any]:
    """Return log time, note and decoded entry of a leaf of this log."""
    time, note_bytes = wire.split_leaf(leaf)
    note = Note.parse(note_bytes)
    named, entry = wire.decode(note.text)
    if named != origin:
        raise RECEIPT_REFUSED(reason=f"the entry was signed for {named}")
    return time, note, entry


def _share(leaf: bytes, origin: str, seen_at: int) -> tuple[e.Disclosure, VerifierKey]:
    time, note, entry = _entry(leaf, origin)
    if not isinstance(entry, e.Disclosure):
        raise RECEIPT_REFUSED(reason="the entry is not a share")
    d = VerifierKey.parse(entry.d)
    if note.verified([d]) != (d,):
        raise RECEIPT_REFUSED(reason="its one-time key did not sign it")
    if time - seen_at > MOST_TIME_DIFFERENCE:
        raise RECEIPT_REFUSED(reason="its time lies after the co-signers' time")
    return entry, d


def _custody(proven: _Proven, policy: TrustPolicy, share: e.Disclosure, origin: str) -> None:
    _seen(proven, policy, origin)
    _, _, entry = _entry(proven.leaf, origin)
    if proven.proof.index != share.custodian or not isinstance(entry, e.KeyEntry) or entry.role != "custodian":
        raise RECEIPT_REFUSED(reason="the key custodian's entry is not the one that the share names")
    key = VerifierKey.parse(entry.key)
    if not custody.check(key, share.receipt, origin, share.c, share.d, share.expires):
        raise RECEIPT_REFUSED(reason="the key custodian did not sign for this clip and this end")


def _withdrawal(note: Note, origin: str, index: int, d: VerifierKey) -> None:
    named, entry = wire.decode(note.text)
    if named != origin or not isinstance(entry, e.Withdrawal) or entry.disclosure != index:
        raise RECEIPT_REFUSED(reason="the withdrawal is not for this share")
    if note.verified([d]) != (d,):
        raise RECEIPT_REFUSED(reason="the withdrawal is not signed by the one-time key")
