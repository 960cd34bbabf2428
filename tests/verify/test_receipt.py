# SPDX-License-Identifier: AGPL-3.0-or-later
"""One test for each numbered step of the offline check of a receipt."""

from __future__ import annotations

import base64
import json
import random

import pytest

from sunporch.base.notekeys import COSIGNATURE, SignerKey
from sunporch.base.strictjson import dumps
from sunporch.docket import custody, wire
from sunporch.docket import entries as e
from sunporch.tlog import notes
from sunporch.tlog.checkpoints import Checkpoint, cosign
from sunporch.tlog.hashing import leaf_hash
from sunporch.tlog.receipts import Receipt
from sunporch.verify import receipt
from sunporch.verify.pin import Pin
from sunporch.verify.report import ReceiptStep
from sunporch.verify.tail import Tail
from tests.client.test_server import failing
from tests.verify.town import LOG_KEY, ORIGIN, WITNESSES, LogTown, one_time, person, tlog_policy

NUMBER = 3


@pytest.fixture
def town(tmp_path):
    town = LogTown(tmp_path / "log").found()
    town.ask()
    yield town
    town.close()


def tailing(town):
    town.cosign()
    tail = Tail(town.pin)
    tail.advance(town.fetch)
    return tail


def withdrawal(town, index, number=NUMBER, **changes):
    return town.note(e.Withdrawal, one_time(number), **({"disclosure": index} | changes)).decode()


@pytest.fixture
def made(town):
    index = town.share(NUMBER)
    return json.loads(receipt.make(tailing(town), index, withdrawal(town, index)))


def wrong(town, fields, **changes):
    """Return the step and sentence of the alarm that the changed receipt gives."""
    report = receipt.check(dumps(fields | changes).encode(), town.pin)
    assert not report.ok
    step = report.first_wrong()
    return step, report.steps[step].findings[0].sentence


def test_a_receipt_proves_the_share_without_any_server(town, made):
    report = receipt.check(dumps(made).encode(), town.pin)
    assert report.ok
    assert (report.facts["origin"], report.facts["entry"]) == (ORIGIN, town.size - 1)
    assert report.as_json()["format"] == "sunporch/receipt-check/v1"
    assert "All is sound." in report.as_text()


def test_a_receipt_without_a_pin_says_that_it_vouches_for_itself(made):
    report = receipt.check(dumps(made).encode())
    assert (report.ok, report.pinned) == (True, False)
    assert "Trust on first use" in report.as_text()


def test_its_withdrawal_is_accepted_by_the_record(town, made):
    town.append(made["withdrawal"].encode())
    fold = tailing(town).fold
    assert fold.records[-1].in_force
    assert fold.disclosures[town.size - 2].withdrawn_at == town.now


def test_step_1_a_file_that_is_no_receipt_is_refused(town, made):
    for text in (b"", b"[]", b"{}", b"x" * (receipt.MOST_BYTES + 1)):
        report = receipt.check(text)
        assert report.first_wrong() is ReceiptStep.FORM
        assert report.steps[ReceiptStep.FORM].findings[0].id == "verify.receipt-malformed"
    for changes in (
        {"format": "sunporch/receipt/v9"},
        {"pin": "text"},
        {"pin": {}},
        {"withdrawal": 1},
        {"withdrawal": "no note"},
        {"share": "text"},
        {"share": {"leaf": "AA=="}},
        {"share": {"leaf": 1, "proof": ""}},
        {"custodian": {"leaf": "?", "proof": ""}},
        {"custodian": {"leaf": "", "proof": "no proof"}},
        {"more": 1},
    ):
        assert wrong(town, made, **changes)[0] is ReceiptStep.FORM
    assert not receipt.check(b"").steps[ReceiptStep.PIN].checked


def test_step_2_a_receipt_of_another_record_than_the_pinned_one_is_refused(town, made):
    for pin in (Pin("demo.elm-street", town.pin.leaf0_hash, tlog_policy()), Pin(ORIGIN, bytes(32), tlog_policy())):
        report = receipt.check(dumps(made).encode(), pin)
        assert report.first_wrong() is ReceiptStep.PIN


def test_step_3_a_share_that_too_few_cosigners_saw_is_refused(town, made):
    head, _, checkpoint = made["share"]["proof"].partition("\n\n")
    weak = "\n".join(line for line in checkpoint.split("\n") if "witness-1" not in line and "witness-2" not in line)
    share = made["share"] | {"proof": f"{head}\n\n{weak}"}
    assert wrong(town, made, share=share)[0] is ReceiptStep.PROOF
    named = checkpoint.replace("witness-4", "witness-5")
    share = made["share"] | {"proof": f"{head}\n\n{named}"}
    step, sentence = wrong(town, made, share=share)
    assert (step, "somebody unknown" in sentence) == (ReceiptStep.PROOF, True)
    assert wrong(town, made, share=made["share"] | {"leaf": made["custodian"]["leaf"]})[0] is ReceiptStep.PROOF


def test_step_3_a_share_in_another_log_that_the_policy_names_too_is_refused(town, made):
    elm = SignerKey("demo.elm-street", bytes([7]) * 32)
    leaf = base64.b64decode(made["share"]["leaf"])
    note = notes.sign(Checkpoint(elm.name, 1, leaf_hash(leaf)).encode(), [elm])
    note = note.with_signatures(*(cosign(key, note.text, town.now) for key in WITNESSES))
    share = made["share"] | {"proof": Receipt(0, (), note.encode()).encode().decode()}
    pin = Pin(ORIGIN, town.pin.leaf0_hash, f"log {elm.verifier}\n{tlog_policy()}")
    report = receipt.check(dumps(made | {"share": share}).encode(), pin)
    assert report.first_wrong() is ReceiptStep.PROOF
    assert "another record" in report.steps[ReceiptStep.PROOF].findings[0].sentence


def test_step_3_a_receipt_cannot_bring_its_own_cosigners(town, made):
    mine = [SignerKey(key.name, bytes([number]) * 32, COSIGNATURE) for number, key in enumerate(WITNESSES)]
    fields = {"pin": made["pin"] | {"tlog_policy": tlog_policy(mine)}}
    for part in ("share", "custodian"):
        head, _, checkpoint = made[part]["proof"].partition("\n\n")
        note = notes.sign(checkpoint.partition("\n\n")[0] + "\n", [LOG_KEY])
        note = note.with_signatures(*(cosign(key, note.text, town.now) for key in mine))
        fields[part] = made[part] | {"proof": f"{head}\n\n{note.encode().decode()}"}
    assert wrong(town, made, **fields)[0] is ReceiptStep.PROOF
    assert receipt.check(dumps(made | fields).encode()).ok  # whoever has no pin believes whom the file names


def recorded(town, leaf_or_note, time=None):
    """Put a note (or leaf) on record and return it as a receipt holds it."""
    index = town.append(leaf_or_note, time)
    tail = tailing(town)
    return {"leaf": base64.b64encode(tail.leaf(index)).decode(), "proof": tail.proof(index).encode().decode()}, index


def test_step_4_an_entry_that_is_no_share_or_not_signed_by_its_key_is_refused(town, made):
    other, _ = recorded(
        town, town.note(e.Complaint, person("portal"), agency="", about=-1, code="x", received=1, text="")
    )
    assert wrong(town, made, share=other) == (
        ReceiptStep.ENTRY,
        "The receipt does not hold: the entry is not a share.",
    )
    share = wire.decode(notes.Note.parse(wire.split_leaf(base64.b64decode(made["share"]["leaf"]))[1]).text)[1]
    text = wire.encode(ORIGIN, share)
    unsigned, _ = recorded(town, notes.sign(text, [person("diaz")]).encode())
    assert wrong(town, made, share=unsigned)[0] is ReceiptStep.ENTRY
    abroad, _ = recorded(town, notes.sign(text.replace(ORIGIN, "demo.elm-street"), [one_time(NUMBER)]).encode())
    assert wrong(town, made, share=abroad)[0] is ReceiptStep.ENTRY
    late, _ = recorded(town, notes.sign(text, [one_time(NUMBER)]).encode(), town.now + 301)
    assert wrong(town, made, share=late)[0] is ReceiptStep.ENTRY


def test_step_5_a_receipt_by_another_custodian_or_for_another_end_is_refused(town, made):
    portal = {"leaf": "", "proof": ""}
    tail = tailing(town)
    for name in ("portal", "diaz"):
        index = town.keys[name]
        portal = {"leaf": base64.b64encode(tail.leaf(index)).decode(), "proof": tail.proof(index).encode().decode()}
        assert wrong(town, made, custodian=portal)[0] is ReceiptStep.CUSTODY
    d = str(one_time(9).verifier)
    expires = custody.expiry(town.now, town.rules.retention_days)
    own = custody.sign(person("diaz"), ORIGIN, "cd" * 32, d, expires)  # an officer plays the custodian
    index = town.share(9, "cd" * 32, expires, own, custodian=town.keys["diaz"])
    tail = tailing(town)
    shown = [
        {"leaf": base64.b64encode(tail.leaf(at)).decode(), "proof": tail.proof(at).encode().decode()}
        for at in (index, town.keys["diaz"])
    ]
    assert wrong(town, made, share=shown[0], custodian=shown[1])[0] is ReceiptStep.CUSTODY
    town.enrol("university", "custodian", url="http://localhost:1", storage="hardware")
    d = str(one_time(8).verifier)
    expires = custody.expiry(town.now, town.rules.retention_days)
    lie = custody.sign(person("university"), ORIGIN, "ab" * 32, d, expires)
    index = town.share(8, "ab" * 32, expires, lie)
    tail = tailing(town)
    share = {"leaf": base64.b64encode(tail.leaf(index)).decode(), "proof": tail.proof(index).encode().decode()}
    step, sentence = wrong(town, made, share=share)
    assert step is ReceiptStep.CUSTODY
    assert "did not sign" in sentence


def test_step_6_a_withdrawal_that_would_not_be_accepted_is_refused(town, made):
    index = town.size - 1
    elsewhere = notes.sign(
        wire.encode("demo.elm-street", town.make(e.Withdrawal, disclosure=index)), [one_time(NUMBER)]
    ).encode()
    for note in (
        withdrawal(town, index + 1),
        withdrawal(town, index, number=4),
        elsewhere.decode(),
        town.note(e.Complaint, one_time(NUMBER), agency="", about=-1, code="x", received=1, text="").decode(),
    ):
        assert wrong(town, made, withdrawal=note)[0] is ReceiptStep.WITHDRAWAL


def test_no_receipt_is_made_that_would_not_pass(town):
    index = town.share(NUMBER)
    with failing("verify.path-missing"):
        receipt.make(Tail(town.pin), index, withdrawal(town, index))
    tail = tailing(town)
    with failing("verify.receipt-refused"):
        receipt.make(tail, 0, withdrawal(town, index))
    with failing("verify.receipt-refused") as caught:
        receipt.make(tail, index, withdrawal(town, index, number=9))
    assert "one-time key" in caught.value.what


@pytest.mark.promise(11)
def test_one_flipped_bit_anywhere_in_a_receipt_is_seen(town, made, soak):
    data = dumps(made).encode()
    chosen = random.Random(20261124)
    places = range(len(data)) if soak else sorted(chosen.sample(range(len(data)), 150))
    for place in places:
        changed = data[:place] + bytes([data[place] ^ (1 << chosen.randrange(8))]) + data[place + 1 :]
        report = receipt.check(changed, town.pin)
        assert not report.ok or json.loads(changed)["pin"] != made["pin"], place
