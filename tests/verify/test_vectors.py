# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published vectors: one for each step of the verification, and of the check of a receipt."""

from __future__ import annotations

import json

import pytest

from sunporch.verify import procedure, receipt
from sunporch.verify.pin import Pin
from sunporch.verify.report import ReceiptStep, Step
from tests.verify.vectors import TARGET, read_back

CASES = sorted(path.name for path in TARGET.glob("[0-9]*.json"))
SOUND = json.loads((TARGET / "sound.json").read_text(encoding="utf-8"))
PIN = Pin.parse(json.dumps(SOUND["pin"]))


def run(case):
    files = {path: read_back(data) for path, data in (SOUND["files"] | case["files"]).items()}
    return procedure.run(files.get, PIN, case["now"])


def test_the_sound_log_is_sound():
    report = run(SOUND | {"files": {}})
    assert report.ok
    assert not any(result.findings for result in report.steps.values())


@pytest.mark.parametrize("name", CASES)
def test_each_case_is_found_at_its_step(name):
    case = json.loads((TARGET / name).read_text(encoding="utf-8"))
    found = [step.number for step, result in run(case).steps.items() if result.findings]
    assert found == ([case["step"]] if case["step"] else []), name


def test_every_step_has_a_vector():
    assert {int(name.partition("-")[0]) for name in CASES} == {0, *(step.number for step in Step)}


def test_the_receipt_is_sound_and_each_changed_one_is_refused_at_its_step():
    good = (TARGET / "receipt.json").read_bytes()
    assert receipt.check(good, PIN).ok
    refused = json.loads((TARGET / "receipts-refused.json").read_text(encoding="utf-8"))
    steps = {name: receipt.check(case["receipt"].encode(), PIN).first_wrong() for name, case in refused.items()}
    assert {name: step.number for name, step in steps.items()} == {n: case["step"] for n, case in refused.items()}
    assert set(steps.values()) == set(ReceiptStep)
