# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes spec/vectors/verify: `python -m tests.verify.vectors`. One small log, and one case for each way to fail."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sunporch.base.digests import sha256
from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.base.strictjson import dumps
from sunporch.docket import entries as e
from sunporch.docket import wire
from sunporch.docket.blobs import Blob
from sunporch.tlog.checkpoints import Checkpoint, cosign
from sunporch.tlog.notes import Note, sign
from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from sunporch.verify import receipt
from sunporch.verify.tail import Tail, blob_path
from tests.verify.town import (
    COMPLAINT,
    CROWDED,
    DAY,
    LOG_KEY,
    ORIGIN,
    WITNESSES,
    LogTown,
    one_time,
    person,
    tlog_policy,
)

TARGET = Path(__file__).resolve().parents[2] / "spec" / "vectors" / "verify"
NEW_LOG_KEY = SignerKey(ORIGIN, sha256(b"second log key"))
ELM = SignerKey("demo.elm-street", sha256(b"another log"))
STRANGER = SignerKey("stranger", bytes(32), COSIGNATURE)
type Files = dict[str, bytes | None]


def counting() -> Callable[[int], bytes]:
    """Return what takes the place of chance, so that vectors that say the same are the same bytes."""
    numbers = itertools.count()
    return lambda size: sha256(b"vector", next(numbers).to_bytes(4, "big"))[:size]


def spelled(data: bytes | None) -> str | dict[str, str] | None:
    """Return a file for JSON: its text, or base64 where it is none; None for a file that is gone."""
    if data is None:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def read_back(value: str | dict[str, str] | None) -> bytes | None:
    """Return the file that `spelled` wrote."""
    if value is None:
        return None
    return value.encode() if isinstance(value, str) else base64.b64decode(value["base64"])


def files_of(folder: Path) -> Files:
    """Return every public file of a log's folder."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".")}


@contextmanager
def continued(base: LogTown, folder: Path) -> Iterator[LogTown]:
    """Yield a copy of the base log that can be written on."""
    shutil.copytree(base.folder, folder)
    town = object.__new__(LogTown)
    town.__dict__.update(base.__dict__ | {"folder": folder, "keys": dict(base.keys)})
    town.writer = Writer(DirectoryStorage(folder))
    try:
        yield town
    finally:
        town.close()
        shutil.rmtree(folder)


def flip(data: bytes, place: int) -> bytes:
    at = place % len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def recosigned(town: LogTown, *keys: SignerKey) -> bytes:
    note = town.writer.sign_checkpoint(LOG_KEY)
    return note.with_signatures(*(cosign(key, note.text, town.now) for key in keys)).encode()


def file_cases(town: LogTown) -> dict[str, tuple[int, Files]]:
    """Return steps 1 to 5 and 8: one file of the sound log is changed or gone."""
    newest, size = f"checkpoints/{town.size}", town.size
    bundle, tile = f"tile/entries/000.p/{size}", f"tile/0/000.p/{size}"
    narrative = next(path for path in sorted((town.folder / "blob").iterdir()) if b"red coat" in path.read_bytes())
    text = f"blob/{narrative.name}"
    forged = sign(town.writer.sign_checkpoint(LOG_KEY).text, [SignerKey(ORIGIN, bytes(32))])
    forged = forged.with_signatures(*(cosign(key, forged.text, town.now) for key in WITNESSES))
    sound = Note.parse(town.fetch(newest))
    other = sign(Checkpoint(ORIGIN, size, sha256(b"another root")).encode(), [LOG_KEY])
    other = other.with_signatures(*(cosign(key, other.text, town.now) for key in WITNESSES)).encode()
    older = f"tile/0/000.p/{town.size - 1}"
    return {
        "1-checkpoint-gone": (1, {"checkpoint": None}),
        "1-checkpoint-no-note": (1, {newest: b"Welcome to Maple Street\n"}),
        "1-checkpoint-of-two-lines": (1, {newest: sign(f"{ORIGIN}\n{size}\n", [LOG_KEY]).encode()}),
        "1-sizes-shortened": (1, {"checkpoints/sizes": town.fetch("checkpoints/sizes")[:-1]}),
        "1-bundle-gone": (1, {bundle: None}),
        "1-tile-short": (1, {tile: town.fetch(tile)[:-1]}),
        "2-log-signature-forged": (2, {newest: forged.encode()}),
        "2-log-signature-wrong": (2, {newest: spoilt(sound, 0)}),
        "2-other-origin": (2, {newest: town.fetch(newest).replace(ORIGIN.encode(), b"demo.elm-street")}),
        "3-two-of-four": (3, {newest: recosigned(town, *WITNESSES[:2])}),
        "3-signer-unknown": (3, {newest: recosigned(town, *WITNESSES, STRANGER)}),
        "3-cosignature-wrong": (3, {newest: spoilt(sound, 2)}),
        "4-kept-checkpoint-of-another-size": (4, {"checkpoints/7": town.fetch(newest)}),
        "5-bundle-flipped": (5, {bundle: flip(town.fetch(bundle), -40)}),
        "5-tile-flipped": (5, {tile: flip(town.fetch(tile), 0)}),
        "5-root-of-another-tree": (5, {newest: other, "checkpoint": other}),
        "5-older-unfinished-tile-flipped": (5, {older: flip(town.fetch(older), 0)}),
        "8-narrative-gone": (8, {text: None}),
        "8-narrative-changed": (8, {text: Blob(bytes(16), "Another story.").to_json().encode()}),
        "8-narrative-no-text": (8, {text: b"Another story."}),
        "8-rules-gone": (8, {blob_path(town.bundle.commitment): None}),
    }


def spoilt(note: Note, at: int) -> bytes:
    """Return the note with one bit of one signature changed."""
    lines = list(note.signatures)
    lines[at] = replace(lines[at], blob=flip(lines[at].blob, -1))
    return Note(note.text, tuple(lines)).encode()


def stale(town: LogTown) -> None:
    """Nobody co-signs for hours, and then the verifier looks."""
    town.looked_at = town.now + 3 * 3_600


def earlier_leaf(town: LogTown) -> None:
    town.small()
    town.append(town.note(e.Complaint, person("portal"), **COMPLAINT), town.now - 60)


def too_new_rules(town: LogTown) -> None:
    bundle = Blob(b"\x03" * 16, '{"format":"sunporch/policy/v99"}')
    fields = {"bundle": town.blob(bundle), "in_force_from": town.now + 7 * DAY, "open_requests": "close"}
    policy = town.put(e.Policy, person("bell-1"), person("bell-2"), **fields)
    town.cosign()
    town.wait(days=8)
    town.put(e.Outcome, person("diaz"), request=town.appeal, code="charged", clips="<5")
    town.ask(policy=policy)


def unknown_type(town: LogTown) -> None:
    text = f'{wire.HEADING}\n{ORIGIN}\n{{"type":"parade","v":7}}\n'
    index = town.append(sign(text, [person("portal")]).encode())
    town.put(e.Outcome, person("diaz"), request=index, code="charged", clips="<5")


def expired_late(town: LogTown) -> None:
    outlived(town)
    town.put(e.Expiry, person("library"), disclosures=(town.share_index,), generation=1)


def overdue(town: LogTown) -> None:
    town.wait(days=5 + town.rules.outcome_days + 2)


def outlived(town: LogTown) -> None:
    town.wait(days=6)
    town.put(e.Outcome, person("diaz"), request=town.appeal, code="charged", clips="<5")
    town.cosign()
    town.wait(days=55)


def sealed_request(town: LogTown) -> None:
    fields = {"agency": "MA0120100", "process": "warrant", "unseal_by": town.now + 30 * DAY, "cameras": 1}
    town.put(e.SealedRequest, person("hall"), person("diaz"), seconds=60, sealed_content="ab" * 32, **fields)
    town.cosign()
    town.wait(days=31)


def late_leaf(town: LogTown) -> None:
    town.append(town.note(e.Complaint, person("portal"), **COMPLAINT), town.now - 301)


def change_log_key(town: LogTown) -> None:
    """Change the log's key, and go on under the new one."""
    town.change_log_key(NEW_LOG_KEY)
    town.small()


def old_log_key(town: LogTown) -> None:
    """Change the log's key and go on under the old one, as a thief of it would, with every co-signer's signature."""
    town.change_log_key(NEW_LOG_KEY)
    town.small()
    town.log_keys, town.policy_text = (LOG_KEY,), tlog_policy()


CONTENT: dict[str, tuple[int, Callable[[LogTown], object]]] = {
    "0-log-key-changed": (0, change_log_key),
    "2-old-log-key": (2, old_log_key),
    "6-leaf-is-no-entry": (6, lambda town: town.append_leaf(b"no time")),
    "6-entry-signature-wrong": (
        6,
        lambda town: town.append(town.note(e.Complaint, person("portal"), **COMPLAINT).replace(b"filmed", b"filmee")),
    ),
    "3-checkpoint-of-hours-ago": (3, stale),
    "7-time-nobody-saw": (7, late_leaf),
    "7-time-that-goes-back": (7, earlier_leaf),
    "9-type-unknown-and-what-refers-to-it": (9, unknown_type),
    "10-reviewer-missing": (10, lambda town: town.ask(flags=("juvenile",))),
    "10-rules-too-new": (10, too_new_rules),
    "11-key-destroyed-late": (11, expired_late),
    "9-void-entry-listed": (
        9,
        lambda town: town.put(e.Outcome, person("diaz"), request=99, code="charged", clips="<5"),
    ),
    "10-rules-of-another-grid": (10, lambda town: town.adopt(CROWDED)),
    "10-forbidden-appeal": (10, lambda town: town.ask(offence="90Z")),
    "11-key-outlives-share": (11, outlived),
    "11-key-destroyed-early": (
        11,
        lambda town: town.put(e.Expiry, person("library"), disclosures=(town.share_index,), generation=1),
    ),
    "12-outcome-overdue": (12, overdue),
    "13-unseal-overdue": (13, sealed_request),
    "14-breach-recorded": (
        14,
        lambda town: town.put(e.Breach, person("library"), code="restored", clips=3, since=town.now, text=""),
    ),
}


def write(name: str, value: object) -> None:
    (TARGET / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """Write all vectors anew."""
    for path in TARGET.glob("*.json"):
        path.unlink()
    scratch = Path(tempfile.mkdtemp())
    town = LogTown(scratch / "log", chance=counting()).found()
    town.looked_at = 0
    town.appeal = town.ask()
    town.cosign()
    town.share_index = town.share(1)
    town.cosign()
    town.open(town.share_index)
    town.cosign()
    sound = files_of(town.folder)
    pin = json.loads(town.pin.to_json())
    write("sound.json", {"pin": pin, "now": town.now, "files": {name: spelled(data) for name, data in sound.items()}})
    cases = {name: (step, town.now, files) for name, (step, files) in file_cases(town).items()}
    town.close()
    for name, (step, act) in CONTENT.items():
        with continued(town, scratch / "copy") as copy:
            act(copy)
            copy.cosign()
            changed = {path: data for path, data in files_of(copy.folder).items() if sound.get(path) != data}
            cases[name] = (step, copy.looked_at or copy.now, changed)
    for name, (step, now, files) in cases.items():
        write(
            f"{name}.json", {"step": step, "now": now, "files": {path: spelled(data) for path, data in files.items()}}
        )
    pinned_otherwise(pin, town.now, scratch)
    with continued(town, scratch / "copy") as copy:
        receipts(copy)
    shutil.rmtree(scratch)


def pinned_otherwise(pin: dict, now: int, scratch: Path) -> None:
    """Write the cases in which the verifier holds another pin (null: none), and texts that are no pin."""
    lonely = LogTown(scratch / "lonely")
    lonely.first = lonely.note(e.Complaint, person("portal"), **COMPLAINT)
    lonely.append(lonely.first)
    lonely.cosign()
    held = {path: spelled(data) for path, data in files_of(lonely.folder).items()}
    lonely.close()
    write("1-begins-with-a-complaint.json", {"step": 1, "now": lonely.now, "pin": None, "only": held, "files": {}})
    other = {
        "4-another-first-entry": {"leaf0": "00" * 32},
        "4-another-name": {"origin": "demo.elsewhere"},
        "4-cosigners-never-the-logs": {"tlog_policy": tlog_policy(quorum=4)},
    }
    for name, change in other.items():
        write(f"{name}.json", {"step": 4, "now": now, "pin": pin | change, "files": {}})
    texts = {
        "empty": "",
        "a-list": "[]",
        "a-field-more": dumps(pin | {"more": ""}),
        "a-field-less": dumps({name: value for name, value in pin.items() if name != "leaf0"}),
        "a-number": dumps(pin | {"leaf0": 1}),
        "hash-too-short": dumps(pin | {"leaf0": "00"}),
        "hash-in-capitals": dumps(pin | {"leaf0": pin["leaf0"].upper()}),
        "name-with-a-space": dumps(pin | {"origin": "maple street"}),
        "policy-of-no-quorum": dumps(pin | {"tlog_policy": "\n"}),
    }
    write("pins-refused.json", texts)


def own_cosigners(fields: dict, mine: list[SignerKey], now: int) -> dict:
    """Return a receipt's fields with a trust policy that nobody pinned, and proofs that fit it."""
    changed: dict = {"pin": fields["pin"] | {"tlog_policy": tlog_policy(mine)}}
    for part in ("share", "custodian"):
        head, _, checkpoint = fields[part]["proof"].partition("\n\n")
        note = sign(checkpoint.partition("\n\n")[0] + "\n", [LOG_KEY])
        note = note.with_signatures(*(cosign(key, note.text, now) for key in mine))
        changed[part] = fields[part] | {"proof": f"{head}\n\n{note.encode().decode()}"}
    return changed


def receipts(town: LogTown) -> None:
    """Write a sound receipt, and a change for each refusal of its check."""
    bad = bad_shares(town)
    tail = reading(town)
    withdrawal = town.note(e.Withdrawal, one_time(1), disclosure=town.share_index).decode()
    good = receipt.make(tail, town.share_index, withdrawal)
    fields = json.loads(good)
    head, _, checkpoint = fields["share"]["proof"].partition("\n\n")
    lines = checkpoint.split("\n")
    weak = "\n".join(line for line in lines if " witness-1 " not in line and " witness-2 " not in line)
    proven = {index: proof_of(tail, index) for index in (12, *bad.values())}
    other = proven[12]
    note = Note.parse(tail.proof(town.share_index).note)
    extra = note.with_signatures(cosign(STRANGER, note.text, town.now)).encode().decode()
    mine = [SignerKey(key.name, bytes([number]) * 32, COSIGNATURE) for number, key in enumerate(WITNESSES)]
    changes = {
        "1-format-unknown": (1, {"format": "sunporch/receipt/v9"}),
        "1-pin-no-object": (1, {"pin": "text"}),
        "1-withdrawal-no-text": (1, {"withdrawal": 1}),
        "1-withdrawal-no-note": (1, {"withdrawal": "text"}),
        "1-share-without-proof": (1, {"share": {"leaf": other["leaf"]}}),
        "1-leaf-no-text": (1, {"share": other | {"leaf": 1}}),
        "2-other-record": (2, {"pin": fields["pin"] | {"leaf0": "00" * 32}}),
        "3-two-of-four": (3, {"share": fields["share"] | {"proof": f"{head}\n\n{weak}"}}),
        "3-cosigners-of-its-own": (3, own_cosigners(fields, mine, town.now)),
        "3-signer-unknown": (3, {"share": fields["share"] | {"proof": f"{head}\n\n{extra}"}}),
        "4-not-a-share": (4, {"share": other}),
        "4-share-signed-for-another-town": (4, {"share": proven[bad["origin"]]}),
        "4-share-signed-by-another-key": (4, {"share": proven[bad["signer"]]}),
        "4-share-after-the-cosigners-time": (4, {"share": proven[bad["time"]]}),
        "5-receipt-by-another-custodian": (5, {"share": proven[bad["custodian"]]}),
        "6-withdrawal-by-another-key": (
            6,
            {"withdrawal": town.note(e.Withdrawal, one_time(2), disclosure=town.share_index).decode()},
        ),
        "5-not-a-custodian": (5, {"custodian": other}),
        "6-withdrawal-of-another-share": (
            6,
            {"withdrawal": town.note(e.Withdrawal, one_time(1), disclosure=town.share_index + 1).decode()},
        ),
    }
    (TARGET / "receipt.json").write_text(good, encoding="utf-8")
    refused = {n: {"step": s, "receipt": dumps(fields | c)} for n, (s, c) in changes.items()}
    # A pin may name two logs; a proof of the other one proves nothing about this record.
    two_logs = fields["pin"] | {"tlog_policy": f"log {ELM.verifier}\n{tlog_policy()}"}
    elm = sign(note.text.replace(ORIGIN, ELM.name), [ELM])
    elm = elm.with_signatures(*(cosign(key, elm.text, town.now) for key in WITNESSES))
    changed = {"share": fields["share"] | {"proof": f"{head}\n\n{elm.encode().decode()}"}, "pin": two_logs}
    refused["3-proof-of-another-log"] = {"step": 3, "receipt": dumps(fields | changed), "pin": two_logs}
    write("receipts-refused.json", refused)


def bad_shares(town: LogTown) -> dict[str, int]:
    """Append shares that are void or impossible, and return their indices by what is wrong with them."""
    sound = Note.parse(wire.split_leaf(reading(town).leaf(town.share_index))[1]).text
    elsewhere = sign(sound.replace(ORIGIN, ELM.name), [one_time(1)]).encode()
    found = {"origin": town.append(elsewhere), "signer": town.append(sign(sound, [one_time(2)]).encode())}
    found["custodian"] = town.share(3, receipt=base64.b64encode(bytes(64)).decode())
    found["time"] = town.append_leaf(wire.leaf(town.now + 301, sign(sound, [one_time(1)]).encode()))
    town.cosign()
    return found


def reading(town: LogTown) -> Tail:
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    return tail


def proof_of(tail: Tail, index: int) -> dict[str, str]:
    return {"leaf": base64.b64encode(tail.leaf(index)).decode(), "proof": tail.proof(index).encode().decode()}


if __name__ == "__main__":
    main()
